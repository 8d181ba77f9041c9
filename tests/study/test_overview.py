"""What a study's page reads: only those who agree now, every session with its state and reason."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from arousal.derivatives import write_derivatives
from arousal.errors import DataError, SettingsError
from arousal.study.overview import read_overview
from arousal.study.record import record_path
from arousal.study.stored import read_table
from arousal.tables import CURVES, PHASES
from tests.dashboards.synthetic import NOW, session_result

PEOPLE = tuple(f"P{k:02d}" for k in range(1, 9))


def session_text(name, agree=PEOPLE, group="G1", meeting=1):
    lines = [f'schema = 1\nid = "{name}"\ngroup = "{group}"\nmeeting = {meeting}\n']
    lines += [f"[people.{p}]\n" for p in PEOPLE]
    lines += [f"[consent.{p}]\nrecord = 2026-03-01\nresearch = 2026-03-01\n" for p in agree]
    return "".join(lines)


@pytest.fixture(scope="module")
def processed(tmp_path_factory):
    """A session's derivatives."""
    folder = tmp_path_factory.mktemp("processed")
    write_derivatives(session_result(8), folder / "derivatives", NOW)
    return folder / "derivatives"


@pytest.fixture
def study(tmp_path, processed):
    """One processed session of eight people who agree."""
    (tmp_path / "study.toml").write_text('schema = 1\nname = "demo"\n')
    add(tmp_path, "s1", processed)
    return tmp_path


def add(study, name, processed=None, **more):
    folder = study / "sessions" / name
    folder.mkdir(parents=True)
    (folder / "session.toml").write_text(session_text(name, **more))
    if processed is not None:
        shutil.copytree(processed, folder / "derivatives")
    return folder


def withdraw(study, *people):
    rest = tuple(p for p in PEOPLE if p not in people)
    (study / "sessions" / "s1" / "session.toml").write_text(session_text("s1", agree=rest))


def test_curves_are_means_over_the_people_of_a_group_in_twelfths_of_a_phase(study):
    overview = read_overview(study)
    one = overview.curves.query(
        "measure == 'heart_rate' and phase == 'discussion' and group == 'members'"
    )
    assert one["bin"].tolist() == list(range(12))
    assert set(one["people"]) == {5}  # eight less two leaders and the presenter
    raw = read_table(study / "sessions/s1/derivatives/curves.tsv", CURVES)
    members = raw[(raw["role"] == "member") & (raw["phase"] == "discussion")]
    members = members[(members["measure"] == "heart_rate") & (members["progress"] < 1 / 12)]
    expected = members.groupby("person")["change"].mean().mean()
    assert one["change"].iloc[0] == pytest.approx(expected)


def test_phase_means_and_blocks_are_there_for_presenter_members_and_leaders(study):
    overview = read_overview(study)
    rows = overview.phases.query("measure == 'heart_rate' and phase == 'presentation'")
    assert dict(zip(rows["group"], rows["people"], strict=True)) == {
        "leaders": 2,
        "members": 5,
        "presenter": 1,
    }
    assert overview.sessions[0].blocks == (1,)
    assert overview.sessions[0].references["baseline"] == 8 * 4


def test_whoever_withdraws_their_consent_is_gone_from_every_number(study):
    before = read_overview(study)
    withdraw(study, "P05", "P03")
    after = read_overview(study)
    assert after.sessions[0].people == tuple(p for p in PEOPLE if p not in {"P05", "P03"})
    assert after.sessions[0].withheld == 2
    assert "presenter" not in set(after.phases["group"])
    key = "measure == 'heart_rate' and phase == 'discussion' and group == 'members'"
    assert set(after.curves.query(key)["people"]) == {4}
    assert not np.allclose(before.curves.query(key)["change"], after.curves.query(key)["change"])
    assert {q.people for q in after.sessions[0].quality} == {6}
    told = {p for q in after.sessions[0].quality for who in q.sensors.values() for p in who}
    assert not told & {"P05", "P03"}


def test_a_session_in_which_nobody_agrees_shows_nothing(study):
    withdraw(study, *PEOPLE)
    overview = read_overview(study)
    assert overview.sessions[0].state == "no consent"
    assert overview.curves.empty
    assert overview.sessions[0].people == ()


def test_a_sensor_without_contact_is_named_with_its_person(study):
    quality = {q.measure: q for q in read_overview(study).sessions[0].quality}
    assert quality["heart_rate"].share == pytest.approx(1.0)
    assert quality["heart_rate"].people == 8
    assert quality["ln_scl"].sensors


def test_who_agreed_and_sent_nothing_counts_as_nothing(study):
    text = (study / "sessions/s1/session.toml").read_text()
    more = "[people.P09]\n[consent.P09]\nrecord = 2026-03-01\nresearch = 2026-03-01\n"
    (study / "sessions/s1/session.toml").write_text(text + more)
    quality = read_overview(study).sessions[0].quality[0]
    assert (quality.usable, quality.people) == (8, 9)
    assert quality.sensors["no-signal"] == ("P09",)


def test_sessions_that_were_not_processed_or_cannot_be_read_stop_nothing(study, processed):
    add(study, "s2")
    broken = add(study, "s3")
    (broken / "session.toml").write_text("schema = 7\n")
    cut = add(study, "s4", processed)
    (cut / "derivatives" / "curves.tsv").write_text("person\trole\nP01\n")
    failed = add(study, "s5", processed)
    path = record_path(study, failed.name)
    path.parent.mkdir(parents=True)
    record = {"form": 1, "session": "s5", "id": "s5", "key": "", "consents": "", "people": []}
    record |= {"more": [], "files": {}, "outputs": {}, "exit_code": 3, "remarks": 0}
    path.write_text(json.dumps({**record, "reason": "not a recording"}))
    overview = read_overview(study)
    states = {s.id: (s.state, s.reason) for s in overview.sessions}
    assert states["s1"] == ("processed", "")
    assert states["s2"] == ("not processed", "run arousal process")
    assert states["s3"][0] == "unreadable"
    assert states["s4"][0] == "unreadable"
    assert "not a table as declared" in states["s4"][1]
    assert states["s5"] == ("failed", "not a recording")
    assert set(overview.curves["session"]) == {"s1"}


def test_sessions_that_share_an_id_are_told_as_such_and_neither_is_counted(study, processed):
    add(study, "copy", processed)
    toml = study / "sessions" / "copy" / "session.toml"
    toml.write_text(toml.read_text().replace('id = "copy"', 'id = "s1"'))
    overview = read_overview(study)
    assert [(s.id, s.state) for s in overview.sessions] == [("copy", "failed"), ("s1", "failed")]
    assert all("one evening must not count twice" in s.reason for s in overview.sessions)
    assert overview.curves.empty


def test_a_study_without_tests_says_what_to_run(study):
    overview = read_overview(study)
    assert overview.tested is None
    assert overview.untested == "there is no results.json yet; run arousal test"
    assert overview.no_course == "there is no longitudinal.json yet; run arousal longitudinal"


def test_a_folder_that_is_no_study_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="does not exist"):
        read_overview(tmp_path)


def test_progress_counts_sessions(study):
    said: list[str] = []
    read_overview(study, said.append)
    assert said == ["s1 (1 of 1)"]


def test_a_table_reads_back_as_it_was_written(study):
    path = study / "sessions/s1/derivatives/phases.tsv"
    result = session_result(8)
    pd.testing.assert_frame_equal(read_table(path, PHASES), result.phases)
    some = read_table(path, PHASES, ("person", "value"))
    assert list(some.columns) == ["person", "value"]


def test_a_table_that_is_missing_or_another_is_refused(study):
    with pytest.raises(DataError, match="missing"):
        read_table(study / "none.tsv", PHASES)
    with pytest.raises(DataError, match="not a table as declared"):
        read_table(study / "sessions/s1/derivatives/phases.tsv", CURVES, ("person", "z"))
