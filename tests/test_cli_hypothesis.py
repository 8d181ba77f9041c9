"""Commands for hypotheses: what they write, what they print, what they refuse."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from arousal.cli_hypothesis import COMMANDS
from arousal.errors import SettingsError, UsageError
from arousal.hypothesis.hypothesis_file import load_hypothesis

BY_NAME = {command.name: command for command in COMMANDS}


def run(*words):
    name, *rest = (str(w) for w in words)
    result = CliRunner().invoke(BY_NAME[name], rest, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_commands_are_those_that_are_promised():
    assert list(BY_NAME) == ["hypothesis", "register", "test", "power", "calibrate"]
    assert all(command.help for command in COMMANDS)


def test_a_hypothesis_is_written_checked_and_registered(tmp_path):
    (tmp_path / "study.toml").write_text('schema = 1\nname = "s"\n')
    path = tmp_path / "mine.toml"
    assert run("hypothesis", "new", path).strip() == str(path)
    told = run("hypothesis", "check", path)
    assert "calms  primary" in told
    assert "settled  secondary" in told
    assert "never confirmatory" in told
    told = run("register", tmp_path, path)
    assert told.startswith("my-hypothesis version 1, sha256 ")
    assert load_hypothesis(path).sha256[:12] in told


def test_a_bundled_hypothesis_is_registered_by_name(tmp_path):
    (tmp_path / "study.toml").write_text('schema = 1\nname = "s"\n')
    assert run("register", tmp_path, "farkas2024").startswith("farkas2024 version 2")


def test_errors_reach_the_front_door_as_they_are(tmp_path):
    with pytest.raises(SettingsError, match="no hypothesis 'nothing'"):
        run("hypothesis", "check", "nothing")
    with pytest.raises(SettingsError, match="does not exist"):
        run("test", tmp_path)
    with pytest.raises(UsageError, match="must be like 6:40"):
        run("power", "--blocks", "many")


def test_power_prints_a_row_for_each_size():
    asked = ["--blocks", "6,12", "--members", "3", "--reps", "100", "--effect", "1.2"]
    lines = run("power", *asked).splitlines()
    assert lines[0].startswith("farkas2024, C2: ")
    assert [line.split()[0] for line in lines[2:4]] == ["6", "12"]
    assert lines[-1].startswith("power of one primary test is .80 or more")
    rows = json.loads(run("power", *asked, "--json"))["rows"]
    assert [r["blocks"] for r in rows] == [6, 12]
    assert f"{rows[0]['one_sided']:.3f}" in lines[2]


def test_calibrate_writes_the_page(tmp_path, monkeypatch):
    from arousal.hypothesis import calibration, calibration_runs

    plan = calibration.Plan  # the real one, made small
    monkeypatch.setattr(
        calibration_runs,
        "Plan",
        lambda **k: plan(**{**k, "blocks": (6,), "conditions": ("plain",), "members": 3}),
    )
    page = tmp_path / "calibration.md"
    told = run("calibrate", "--reps", "100", "--seed", "2", "--family", "ar80", "-o", page)
    assert told.strip() == str(page)
    text = page.read_text()
    assert "arousal calibrate --reps 100 --seed 2" in text
    assert "| plain | ar80 | t |" in text


@pytest.mark.parametrize(
    ("what", "reps", "small"),
    [
        ("events", 100, {"scenarios": ["arousal-triggered"], "matched": False}),
        ("synchrony", 6, {"scenarios": ["strangers"], "blocks": [1]}),
        ("recovery", 100, {"scenarios": ["wandering"], "blocks": [6]}),
    ],
)
def test_calibrate_makes_the_other_pages_too(monkeypatch, what, reps, small):
    from arousal.hypothesis import calibration_runs

    real, page = calibration_runs.RATES[what]
    monkeypatch.setitem(
        calibration_runs.RATES,
        what,
        (lambda _, seed, **more: real(reps, seed, **more, **small), page),
    )
    text = run("calibrate", "--what", what, "--reps", "100", "--family", "ar80")
    assert text.startswith(f"# Calibration: {what}\n")
    assert f"arousal calibrate --what {what} --reps 100 --seed 1" in " ".join(text.split())
    assert "| scenario | method | blocks | ar80 | studies |" in text


def test_calibrate_refuses_too_few_studies_and_an_unknown_subject():
    from arousal.errors import UsageError
    from arousal.hypothesis.calibration_runs import run_calibration

    with pytest.raises(UsageError, match="reps is 99, allowed 100 and above"):
        run_calibration("events", 99)
    with pytest.raises(UsageError, match="what is 'rain', allowed trajectory"):
        run_calibration("rain")


def test_a_study_test_is_printed_in_words_or_as_json_and_leaves_its_page(tmp_path, monkeypatch):
    from arousal.study import trajectory as study
    from tests.dashboards.test_results_page import study_test

    monkeypatch.setattr(study, "run_study_test", lambda *_, **__: study_test())
    lines = run("test", tmp_path).splitlines()
    assert lines[0] == "farkas2024 version 1: 12 of 12 sessions, 12 case blocks"
    assert "C2 heart_rate: SUPPORTED (confirmatory)" in lines
    assert "C18-late self_other: CANNOT TELL (not tested)" in lines
    assert lines[-1] == "A paragraph of methods."
    content = json.loads(run("test", tmp_path, "--json"))
    assert content["rows"][0]["verdict"] == "supported"
    assert content["rows"][-1]["p"] is None
    page = (tmp_path / "derivatives" / "results.html").read_text()
    assert "What the study says about farkas2024" in page
    told = CliRunner().invoke(BY_NAME["test"], [str(tmp_path)], catch_exceptions=False).stderr
    assert "warning: tested with 6, 12 sessions" in told.splitlines()
