"""A study's folder is read, its registered hypothesis tested, and everything told."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from arousal.errors import NothingUsableError, SettingsError
from arousal.findings import Severity
from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.hypothesis.registration import load_ledger, register
from arousal.ingest.session_writer import write_session
from arousal.recording import Kind
from arousal.simulate import Level, SimulationSettings, simulate
from arousal.study.reading import read_session
from arousal.study.trajectory import run_study_test
from arousal.tables import CONTRASTS, RESULTS

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EXPLORED = ("events", "synchrony", "recovery", "bands", "case_course")
"""What hearts, speech and marks show beside the hypothesis."""
STUDY = 'schema = 1\nname = "demo"\nconsent = "held elsewhere"\n'


@pytest.fixture(scope="module")
def evening(tmp_path_factory):
    """One short evening with hearts and speech, as a session folder."""
    folder = tmp_path_factory.mktemp("evening") / "s"
    settings = SimulationSettings(
        signals=(Kind.RR, Kind.SPEECH), minutes=40, artefacts=Level.NONE, dropouts=Level.NONE
    )
    made = simulate("balint-60", 6, 5, settings)
    write_session(folder, made.recording, made.session, protocol=made.protocol)
    return folder


@pytest.fixture(scope="module")
def tested(evening, tmp_path_factory):
    """A study of seven copies of one evening and one folder that cannot be read."""
    study = tmp_path_factory.mktemp("study")
    (study / "study.toml").write_text(STUDY)
    (study / "participants.tsv").write_text("participant_id\tage_band\tsex\nP01\t30-39\tF\n")
    register(study, load_hypothesis("farkas2024"), NOW)
    for i in range(2):
        shutil.copytree(evening, study / "sessions" / f"s{i}")
    broken = study / "sessions" / "s9"
    shutil.copytree(evening, broken)
    (broken / "recording.xdf").write_bytes(b"not a recording")
    return study, run_study_test(study, NOW)


def test_the_files_are_written_as_declared(tested):
    study, result = tested
    folder = study / "derivatives"
    beside = {f"{name}.{kind}" for name in EXPLORED for kind in ("tsv", "json")}
    tests = {"contrasts.tsv", "contrasts.json", "results.tsv", "results.json"}
    assert {p.name for p in folder.iterdir()} == tests | beside
    contrasts = pd.read_csv(folder / "contrasts.tsv", sep="\t")
    assert list(contrasts.columns) == CONTRASTS.names
    results = pd.read_csv(folder / "results.tsv", sep="\t")
    assert list(results.columns) == RESULTS.names
    assert len(results) == len(result.results)


def test_the_json_describes_columns_rows_methods_and_checklist(tested):
    study, result = tested
    content = json.loads((study / "derivatives" / "results.json").read_text())
    assert content["hypothesis"]["sha256"] == load_hypothesis("farkas2024").sha256
    assert set(content["columns"]) == set(RESULTS.names)
    assert content["rows"][0]["contrast"] == "C2"
    assert content["rows"][0]["p"] is None
    assert content["methods"] == result.methods
    assert {i["state"] for i in content["checklist"]} == {"filled", "missing", "not applicable"}


def test_two_evenings_are_described_and_not_tested(tested):
    _, result = tested
    row = result.results.set_index(["contrast", "measure"]).loc[("C2-plain", "heart_rate")]
    assert (row["verdict"], row["n_blocks"]) == ("cannot tell", 2)
    assert np.isfinite(row["mean"])
    assert np.isnan(row["p"])
    assert result.curves == ()


def renamed(reading, session, presenter, rng):
    """The same evening under another name, with another presenter and other numbers."""
    contrasts = reading.contrasts.assign(session=session, presenter=presenter)
    contrasts["value"] += rng.normal(size=len(contrasts))
    curves = tuple(
        replace(
            one,
            curve=replace(
                one.curve,
                session=session,
                presenter=presenter,
                values=one.curve.values + rng.normal(size=one.curve.values.size),
            ),
        )
        for one in reading.curves
    )
    return replace(
        reading,
        session=session,
        contrasts=contrasts,
        curves=curves,
        presenters=dict.fromkeys(reading.presenters, presenter),
    )


@pytest.mark.parametrize("again", [0, 1, 2])
def test_the_curve_counts_the_units_that_the_test_counts(evening, tmp_path, again):
    study = tmp_path / "study"
    shutil.copytree(evening, study / "sessions" / "s0")
    (study / "study.toml").write_text(STUDY)
    register(study, load_hypothesis("farkas2024"), NOW)
    rng = np.random.default_rng(1)

    def reader(sessions, file):
        read = read_session(sessions[0], file)
        presenters = [f"P{20 + max(i, again)}" for i in range(7)]  # one of them presents again
        return [renamed(read, f"s{i}", who, rng) for i, who in enumerate(presenters)]

    result = run_study_test(study, NOW, reader=reader)
    rows = result.results.set_index(["contrast", "measure"])
    units = {c: int(rows["n_units"][c, "heart_rate"]) for c in ("C2", "C7")}
    assert units == {"C2": 7 - again, "C7": 7}
    curves = {c.contrast: c for c in result.curves if c.measure == "heart_rate"}
    assert max(curves["C7"].n) == 7
    if units["C2"] < 6:
        assert "C2" not in curves
    else:
        assert (max(curves["C2"].n), curves["C2"].blocks) == (units["C2"], 7)


def test_a_session_that_cannot_be_read_is_left_out_with_the_reason(tested):
    _, result = tested
    gone = result.contrasts[result.contrasts["session"] == "s9"]
    assert gone["excluded"].all()
    assert (gone["block"] == 0).all()
    assert [f.where for f in result.findings] == ["s9"]
    assert result.counted == "2 of 3 sessions, 2 case blocks"


def test_a_measure_that_nobody_wore_is_told(tested):
    _, result = tested
    rows = result.contrasts[result.contrasts["measure"] == "scr_rate"]
    assert rows["excluded"].all()
    assert rows["reason"].str.contains("no valid window").any()


def test_the_look_at_the_data_is_noted(tested):
    study, _ = tested
    (look,) = load_ledger(study).looks
    assert (look.time, look.sessions) == (NOW, 3)


def test_a_hypothesis_changed_after_the_data_were_read_is_told(tested, tmp_path):
    study = tmp_path / "study"
    shutil.copytree(tested[0], study)
    shutil.rmtree(study / "sessions" / "s1")
    copy = next((study / "hypotheses").glob("*.toml"))
    copy.write_text(copy.read_text().replace("alpha = 0.05", "alpha = 0.04"))
    result = run_study_test(study, NOW)
    first = result.findings[0]
    assert (first.code, first.severity) == ("hypothesis-changed", Severity.PROBLEM)
    assert first.where == f"hypotheses/{copy.name}"
    assert "What was tested is not what was registered" in result.methods
    assert not result.results["confirmatory"].any()


def test_the_methods_name_what_the_study_was_made_of(tested):
    _, result = tested
    assert "2 of 3 recorded sessions (balint-60)" in result.methods
    filled = {(i.number, i.item): i for i in result.checklist}
    assert filled["1e", "Age, sex, activity, smoking"].text == "participants.tsv: age, sex"
    assert filled["2b", "Sampling rate"].text == "rr as sent by the device"
    assert filled["site", "Recording site"].state == "not applicable"


def test_nothing_is_tested_without_a_registered_hypothesis(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    with pytest.raises(SettingsError, match="no hypothesis is registered"):
        run_study_test(tmp_path, NOW)
    with pytest.raises(SettingsError, match="does not exist"):
        run_study_test(tmp_path / "none", NOW)


def test_a_study_without_sessions_and_one_without_any_value_are_told(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    register(tmp_path, load_hypothesis("farkas2024"), NOW)
    with pytest.raises(NothingUsableError, match="no session"):
        run_study_test(tmp_path, NOW)
    assert load_ledger(tmp_path).first_read is None
    folder = tmp_path / "sessions" / "s1"
    folder.mkdir(parents=True)
    (folder / "session.toml").write_text('schema = 1\nid = "s1"\n')
    with pytest.raises(NothingUsableError, match="no case block gives any contrast a value"):
        run_study_test(tmp_path, NOW)
    assert (tmp_path / "derivatives" / "contrasts.tsv").is_file()
