"""The front door: outputs where they belong, one line per error, the right exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest

from arousal.cli import cli
from tests import small_session
from tests.small_session import MARKS, START, beats, markers, skin


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def last_line(err):
    return err.strip().splitlines()[-1]


def files(folder):
    return sorted(p.name for p in folder.iterdir())


# ---- what it does


def test_help_is_light_and_names_every_command():
    code = (
        "import sys\n"
        "from arousal.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'neurokit2', 'pandas', 'scipy', 'plotly', 'pylsl', 'pydantic'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    order = (
        "live",
        "record",
        "simulate",
        "inspect",
        "report",
        "study",
        "process",
        "forget",
        "lock",
    )
    places = [done.stdout.index(f"\n  {command} ") for command in order]
    assert places == sorted(places)  # as somebody needs them, not by the alphabet


def test_no_command_of_a_group_is_cut_short_in_its_help(run):
    groups = [name for name, command in cli.commands.items() if isinstance(command, click.Group)]
    assert {"study", "hypothesis"} <= set(groups)
    for group in groups:
        status, out, _ = run(group, "--help")
        assert status == 0
        assert not [line for line in out.partition("Commands:")[2].splitlines() if "..." in line]


def test_importing_the_package_loads_nothing_heavy():
    code = "import arousal, sys; print({'pandas', 'neurokit2', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_public_name_can_be_had():
    import arousal

    assert [getattr(arousal, name) for name in arousal.__all__]
    with pytest.raises(AttributeError, match="stress"):
        arousal.stress  # noqa: B018


def test_the_version_is_the_packages(run):
    import arousal

    assert run("--version") == (0, f"arousal, version {arousal.__version__}\n", "")


def test_a_single_files_outputs_stand_in_the_working_directory(run, here):
    small_session.write(here / "evening.xdf")
    code, out, _ = run("report", "evening.xdf")
    assert (code, out) == (0, "evening_report.html\n")
    code, out, _ = run("features", "evening.xdf")
    assert (code, out) == (0, "evening_features.tsv\n")
    assert files(here) == [
        "evening.xdf",
        "evening_features.json",
        "evening_features.tsv",
        "evening_report.html",
    ]
    page = (here / "evening_report.html").read_text()
    assert "P01" in page  # a single file's page is the researcher's


def test_the_output_goes_where_it_is_told(run, here):
    small_session.write(here / "evening.xdf")
    code, out, _ = run("features", "evening.xdf", "-o", "tables/f.tsv")
    assert (code, out) == (0, "tables/f.tsv\n")
    sidecar = json.loads((here / "tables" / "f.json").read_text())
    header = (here / "tables" / "f.tsv").read_text().splitlines()[0].split("\t")
    assert list(sidecar) == header


def test_the_phase_table_as_json_is_one_object_on_stdout(run, here):
    small_session.write(here / "evening.xdf")
    code, out, _ = run("phases", "evening.xdf", "--json")
    table = json.loads(out)
    assert (code, table["schema_version"]) == (0, 1)
    keys = ["person", "role", "block", "phase", "measure", "value", "unit", "n", "coverage"]
    assert all(list(row)[: len(keys)] == keys for row in table["rows"])
    phases = {row["phase"] for row in table["rows"]}
    assert {"baseline", "presentation", "questions", "discussion", "return"} <= phases
    rates = [r for r in table["rows"] if r["measure"] == "heart_rate" and r["person"] == "P01"]
    assert all(abs(r["value"]) < 2 for r in rates if r["value"] is not None)
    assert any(r["value"] is not None and r["n"] > 0 for r in rates)


def test_the_phase_table_is_also_for_people(run, here):
    small_session.write(here / "evening.xdf")
    code, out, _ = run("phases", "evening.xdf")
    assert code == 0
    assert out.splitlines()[0].split()[:4] == ["person", "role", "block", "phase"]


def test_inspect_says_what_is_there(run, here):
    small_session.write(here / "evening.xdf")
    code, out, _ = run("inspect", "evening.xdf")
    assert code == 0
    for word in ("P01", "eda", "rr", "4 Hz", "phase/discussion", "6 marks"):
        assert word in out
    code, out, _ = run("inspect", "evening.xdf", "--json")
    facts = json.loads(out)
    assert code == 0
    assert {(r["person"], r["kind"]) for r in facts["rows"]} == {
        (p, k) for p in ("P01", "P02") for k in ("rr", "eda")
    }


def test_a_users_own_protocol_and_marker_words_work(run, here):
    small_session.write(
        here / "task.xdf", [beats(1), skin(1), markers([(0, "rest"), (400, "2"), (800, "end")])]
    )
    (here / "own.toml").write_text(
        'schema = 1\nid = "task"\nname = "A task"\nminutes = 14\ncase_blocks = 0\n'
        'baseline_phases = ["rest"]\nleader_roles = []\n[roles]\nmember = "Participant"\n'
        '[[phase]]\nid = "rest"\nname = "Rest"\nminutes = [5, 7]\nquiet = true\n'
        '[[phase]]\nid = "task"\nname = "Task"\nminutes = [5, 7]\naliases = ["2"]\n'
    )
    code, out, _ = run("phases", "task.xdf", "--protocol", "own.toml", "--json")
    assert code == 0
    assert {"rest", "task"} <= {row["phase"] for row in json.loads(out)["rows"]}


# ---- what is wrong with the call or the file


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["report"], 2, "PATH"),
        (["report", "x.xdf", "--audience", "public"], 2, "public"),
        (["no-such-command"], 2, "no-such-command"),
        (["report", "none.xdf"], 3, "none.xdf"),
        (["inspect", "none.xdf"], 3, "none.xdf"),
        (["simulate", "out", "--people", "99"], 2, "99"),
        (["simulate", "out", "--protocol", "balint-45"], 4, "balint-45"),
    ],
)
def test_a_wrong_call_is_one_line_and_its_code(run, here, words, code, says):
    got, out, err = run(*words)
    assert (got, out) == (code, "")
    assert says in last_line(err)
    assert "Traceback" not in err
    assert files(here) == []


def spoiled(path, kind):
    """Write a file that is wrong in one way."""
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "random bytes":
        path.write_bytes(np.random.default_rng(3).bytes(4000))
    elif kind == "text":
        path.write_text("time,ECG\n0,1\n")
    elif kind == "header only":
        whole = small_session.write(path.with_name("whole.xdf"))
        path.write_bytes(whole.read_bytes()[:4])
        whole.unlink()
    return path


@pytest.mark.parametrize("kind", ["empty", "random bytes", "text"])
@pytest.mark.parametrize("command", ["report", "features", "phases", "inspect"])
def test_a_file_that_is_no_xdf_is_bad_data_and_leaves_nothing(run, here, kind, command):
    spoiled(here / "bad.xdf", kind)
    code, out, err = run(command, "bad.xdf")
    assert (code, out) == (3, "")
    assert "bad.xdf" in last_line(err)
    assert "Traceback" not in err
    assert files(here) == ["bad.xdf"]


def test_markers_without_signals_leave_nothing_usable(run, here):
    small_session.write(here / "m.xdf", [markers()])
    code, _, err = run("report", "m.xdf")
    assert code == 5
    assert "no signal" in last_line(err)
    assert files(here) == ["m.xdf"]


def test_all_missing_and_flat_signals_leave_nothing_usable_and_say_so(run, here):
    flat = skin(1, values=np.zeros(14 * 240))
    nothing = beats(2)
    nothing = replace(nothing, values=np.full_like(nothing.values, np.nan))
    small_session.write(here / "f.xdf", [flat, nothing, markers()])
    code, _, err = run("report", "f.xdf")
    assert code == 5
    assert "arousal inspect" in last_line(err)
    assert "skin conductance never changes" in last_line(err)


def test_a_wrong_session_file_is_a_settings_error(run, here):
    (here / "s").mkdir()
    (here / "s" / "session.toml").write_text('schema = 1\nid = "s"\nprotocoll = "balint-90"\n')
    code, _, err = run("report", "s")
    assert code == 4
    assert "protocoll" in last_line(err)


def test_a_table_under_another_ending_is_refused(run, here):
    small_session.write(here / "e.xdf")
    code, _, err = run("features", "e.xdf", "-o", "f.csv")
    assert code == 2
    assert "f.csv" in last_line(err)
    assert files(here) == ["e.xdf"]


def test_a_place_that_cannot_be_written_to_is_said(run, here):
    small_session.write(here / "e.xdf")
    (here / "taken").write_text("")
    code, _, err = run("report", "e.xdf", "-o", "taken/r.html")
    assert code == 2
    assert "cannot be written" in last_line(err)


def test_a_recording_shorter_than_a_window_says_so(run, here):
    small_session.write(here / "s.xdf", [beats(1, minutes=0.5), skin(1, minutes=0.5)])
    code, _, err = run("phases", "s.xdf")
    assert code == 5
    assert "last 30 s" in last_line(err)


@pytest.mark.parametrize("words", [["phases"], ["phases", "x", "--nope"], ["nope"]])
def test_a_wrong_call_says_one_line_and_where_help_is(run, here, words):
    code, out, err = run(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("arousal: ")
    assert "--help)" in err


@pytest.mark.parametrize(
    "name", ["x" * 300 + ".xdf", "a\nb\x1b[31m.xdf", "loop.xdf", "e.xdf/y.xdf"]
)
def test_a_name_that_leads_nowhere_is_bad_data_on_one_line(run, here, name):
    small_session.write(here / "e.xdf")
    (here / "loop.xdf").symlink_to("loop.xdf")
    code, out, err = run("inspect", name)
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "\x1b" not in err


def test_names_with_line_ends_stay_on_their_line(run, here):
    named = replace(beats(1), info=replace(beats(1).info, name="RR\nP01\x1b[31m"))
    small_session.write(here / "n.xdf", [named, skin(1), markers([(10, "a\nb\x1b[2J")])])
    for command in ("inspect", "phases"):
        code, out, err = run(command, "n.xdf")
        assert code == 0
        assert "\x1b" not in out + err
        assert "\nP01\\x1b" not in out
        assert "\nb" not in out + err


def test_nothing_of_somebody_elses_is_overwritten(run, here):
    recording = small_session.write(here / "e.xdf")
    before = recording.read_bytes()
    (here / "notes.html").write_text("my notes")
    (here / "f.json").write_text('{"SamplingFrequency": 50}')
    (here / "timeline.tsv").write_text("row\tmark\n")
    (here / "folder.html").mkdir()
    for command, target in [
        ("report", "e.xdf"),
        ("report", "notes.html"),
        ("report", "folder.html"),
        ("features", "f.tsv"),
        ("features", "timeline.tsv"),
    ]:
        code, _, err = run(command, "e.xdf", "-o", target)
        assert code == 2, target
        assert target.split(".")[0] in last_line(err)
        assert "windows" not in err  # said before the work, not after
    assert recording.read_bytes() == before
    assert (here / "notes.html").read_text() == "my notes"
    assert files(here) == ["e.xdf", "f.json", "folder.html", "notes.html", "timeline.tsv"]
    for _ in range(2):  # an output of ours is made anew
        assert run("features", "e.xdf", "-o", "ours.tsv")[0] == 0


def test_debug_shows_where_it_happened():
    done = subprocess.run(
        [sys.executable, "-m", "arousal.cli", "--debug", "inspect", "none.xdf"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert "Traceback" in done.stderr


# ---- what is interrupted


def test_a_reader_that_has_seen_enough_is_no_fault(here):
    small_session.write(here / "e.xdf")
    command = [sys.executable, "-m", "arousal.cli", "inspect", "e.xdf"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_ctrl_c_stops_with_130_and_leaves_the_old_output(run, here, monkeypatch):
    import arousal.derivatives

    folder = here / "s"
    folder.mkdir()
    small_session.write(folder / "recording.xdf")
    (folder / "session.toml").write_text('schema = 1\nid = "s"\n[people.P01]\n[people.P02]\n')
    assert run("report", "s")[0] == 0
    before = {f.name: f.read_bytes() for f in (folder / "derivatives").iterdir()}

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(arousal.derivatives, "provenance", interrupted)
    code, out, err = run("report", "s")
    assert (code, out) == (130, "")
    assert last_line(err) == "arousal: stopped"
    assert {f.name: f.read_bytes() for f in (folder / "derivatives").iterdir()} == before


def test_a_leaders_page_does_not_need_anyones_consent_to_research(run, here):
    folder = here / "s"
    folder.mkdir()
    small_session.write(folder / "recording.xdf")
    agreed = "record = 2026-01-01\ngroup_view = 2026-01-01\n"
    (folder / "session.toml").write_text(
        f'schema = 1\nid = "s"\n[people.P01]\n[people.P02]\n[consent.P01]\n{agreed}'
    )
    code, _, err = run("report", "s")
    assert code == 0
    assert "no tables were written" in err
    assert files(folder / "derivatives") == ["report.html"]


# ---- what is wrong inside and does not stop the work


@pytest.fixture
def noticed(run, here):
    """Analyse the streams and give the codes that `inspect` and the report notice, and stderr."""

    def call(streams):
        small_session.write(here / "x.xdf", streams)
        code, out, err = run("phases", "x.xdf", "--json")
        assert code == 0, err
        return json.loads(out)["rows"], err

    return call


def test_a_truncated_file_gives_what_precedes_the_cut(run, here):
    whole = small_session.write(here / "x.xdf").read_bytes()
    (here / "x.xdf").write_bytes(whole[: int(len(whole) * 0.8)])
    code, out, err = run("phases", "x.xdf", "--json")
    assert code == 0
    assert "ends" in err or "cut" in err or "truncated" in err
    by_phase = {
        (r["phase"], r["measure"]): r for r in json.loads(out)["rows"] if r["person"] == "P01"
    }
    assert by_phase["presentation", "heart_rate"]["value"] is not None


@pytest.mark.parametrize("kept", [60_000, 150_000])
def test_a_file_cut_in_its_first_minutes_still_gets_a_page(run, here, kept):
    sample = Path(__file__).parents[1] / "recordings" / "sample" / "recording.xdf"
    with sample.open("rb") as file:
        (here / "x.xdf").write_bytes(file.read(kept))
    code, out, err = run("report", "x.xdf")
    assert (code, out.strip()) == (0, "x_report.html"), err
    assert "the file ends inside a chunk" in err
    assert "quiet start" in (here / "x_report.html").read_text(encoding="utf-8")


def test_a_recording_without_markers_is_one_stretch_and_says_so(noticed):
    rows, err = noticed([beats(1), skin(1)])
    assert {row["phase"] for row in rows} <= {""}
    assert "mark" in err


def test_an_unknown_word_is_reported_with_the_nearest_phase(noticed):
    marks = [(t, "phase/discusion" if "discussion" in m else m) for t, m in MARKS]
    rows, err = noticed([beats(1), skin(1), markers(marks)])
    assert "'discusion'" in err
    assert "closest: discussion" in err
    refused = [r for r in rows if r["phase"] in {"questions", "discussion"}]
    assert refused  # where the questions ended is not known either
    assert all(r["value"] is None and "no mark" in r["reason"] for r in refused)


def test_without_a_baseline_another_reference_is_taken_and_named(noticed):
    marks = [(t, m) for t, m in MARKS if "baseline" not in m]
    rows, _ = noticed([beats(1), skin(1), markers(marks)])
    assert {r["baseline"] for r in rows if r["measure"] == "heart_rate"} == {"session"}


def test_stamps_twice_and_backwards_are_reported(noticed, run):
    wrong = beats(1)
    stamps = wrong.stamps.copy()
    stamps[100] = stamps[99]
    stamps[200] = stamps[190]
    wrong = replace(wrong, stamps=stamps, times=stamps)
    rows, _ = noticed([wrong, skin(1), markers()])
    _, out, _ = run("inspect", "x.xdf")
    assert "RR P01: 2 samples" in out
    rate = [r for r in rows if r["measure"] == "heart_rate" and r["phase"] == "discussion"]
    assert rate[0]["value"] is not None


def test_a_wrong_unit_is_refused_and_said(noticed):
    raw = skin(1, values=np.random.default_rng(1).normal(21000, 50, 14 * 240))
    rows, err = noticed([beats(1), raw, markers()])
    assert "EDA P01" in err or "skin conductance" in err
    level = [r for r in rows if r["measure"] == "ln_scl"]
    assert all(r["value"] is None for r in level)


def test_flat_skin_conductance_has_no_contact_and_no_counts(noticed):
    rows, _ = noticed([beats(1), skin(1, values=np.full(14 * 240, 3.0)), markers()])
    counts = [r for r in rows if r["measure"] == "scr_rate"]
    assert counts
    assert all(r["value"] is None and r["reason"] for r in counts)
    assert all("contact" in r["reason"] for r in counts if r["person"] == "P01")


def test_the_small_session_starts_where_it_says():
    assert small_session.markers().times[0] == START
