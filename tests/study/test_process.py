"""A study is processed: what is computed, what is kept, what goes, what fails and why."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import arousal
from arousal.errors import DataError, NothingUsableError, SettingsError, UsageError
from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.hypothesis.registration import load_ledger, register
from arousal.places import sessions_of
from arousal.study import session_job
from arousal.study.dataset import part_path, part_sessions
from arousal.study.measured_session import measure_session
from arousal.study.process import Step
from arousal.study.query import ask, read_kind
from arousal.study.record import load_record
from tests.study.small_study import (
    NOW,
    add_session,
    half_written,
    in_this_process,
    made,
    make_study,
    run,
)

KINDS = ("features", "curves", "group", "phases", "quality")


@pytest.fixture(scope="module")
def known():
    """What was measured of each recording, so that most tests need not measure again."""
    return {}


@pytest.fixture(scope="module")
def processed(tmp_path_factory, known):
    """Two sessions as a first run leaves them; copy it before you change it."""

    def measured(root, folder, hypothesis):
        found = measure_session(root, folder, hypothesis)
        return known.setdefault((folder / "recording.xdf").read_bytes(), found)

    with pytest.MonkeyPatch.context() as patch:
        in_this_process(patch)
        patch.setattr(session_job, "measure_session", measured)
        study = make_study(tmp_path_factory.mktemp("made") / "study", ("s1", "s2"))
        report = run(study)
    assert (report.computed, report.failures) == (2, ())
    return study


@pytest.fixture
def real(processed, tmp_path, monkeypatch):
    """A copy of that study; what has to be computed again is."""
    in_this_process(monkeypatch)
    copy = tmp_path / "study"
    shutil.copytree(processed, copy)
    assert run(copy).kept == 2  # other inodes, same bytes: hashed once more and kept
    return copy


@pytest.fixture
def study(real, known, monkeypatch):
    """The same, but what was measured once of a recording is taken for its measure."""

    def remembered(root, folder, hypothesis):
        content = (folder / "recording.xdf").read_bytes()
        return known.get(content) or measure_session(root, folder, hypothesis)

    monkeypatch.setattr(session_job, "measure_session", remembered)
    return real


def states(report):
    return (report.computed, report.kept, len(report.failures))


def test_one_worker_and_two_make_the_same_bytes(tmp_path, processed):
    both = {}
    for jobs in (1, 2):
        study = tmp_path / f"jobs{jobs}"
        shutil.copytree(processed, study, ignore=shutil.ignore_patterns("derivatives"))
        assert states(run(study, jobs=jobs)) == (2, 0, 0)
        both[jobs] = made(study)
        assert half_written(study) == []
    assert both[1] == both[2] == made(processed)
    assert {name.split("/")[2] for name in both[1] if "/tables/" in name} == {
        *KINDS,
        "columns.json",
    }


def test_nothing_is_touched_where_nothing_changed(study):
    before = {p: p.stat().st_mtime_ns for p in study.rglob("*") if p.is_file()}
    assert states(run(study)) == (0, 2, 0)
    assert before == {p: p.stat().st_mtime_ns for p in study.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    "change",
    [
        lambda s: (s / "sessions/s2/timeline.tsv").write_text(
            "row\tmark\taction\tonset\tlabel\tmade_at\n1\tc1\tadd\t700\tphase/return\t"
            "2026-03-12T20:42:00+01:00\n"
        ),
        lambda s: (s / "sessions/s2/arousal.toml").write_text("[align]\nedge = 30\n"),
        lambda s: add_again(s, "s2", seed=7),
        lambda s: part_path(s, "phases", "s2").unlink(),
        lambda s: (s / "sessions/s2/derivatives/curves.tsv").write_text("spoiled"),
        lambda s: (s / "derivatives/jobs/s2.json").write_text("{"),
    ],
    ids=["timeline", "settings", "recording", "deleted", "spoiled", "record"],
)
def test_only_the_session_that_changed_is_computed_again(study, change):
    change(study)
    before = made(study)
    assert states(run(study)) == (1, 1, 0)
    after = made(study)
    assert {n for n in before if "s1" in n and before[n] != after[n]} == set()
    assert states(run(study)) == (0, 2, 0)


def add_again(study, name, seed):
    recording = study / "sessions" / name / "recording.xdf"
    recording.unlink()
    other = add_session(study.parent / "other", name, seed=seed)
    text = (study / "sessions" / name / "session.toml").read_text()
    for k in range(2):
        text = text.replace(f'P{3 + k:02}"', f'P{seed + k:02}"')
    (study / "sessions" / name / "session.toml").write_text(text)
    shutil.copy(other / "recording.xdf", recording)


def test_a_study_wide_setting_changes_every_session(study):
    (study / "arousal.toml").write_text("[align]\nedge = 30\n")
    assert states(run(study)) == (2, 0, 0)


def test_a_protocol_that_both_name_is_an_input_of_both(study):
    bundled = Path(arousal.__file__).parent / "protocols" / "balint-60.toml"
    shutil.copy(bundled, study / "ours.toml")
    toml = study / "study.toml"
    toml.write_text(toml.read_text().replace('"balint-60"', '"ours.toml"'))
    assert states(run(study)) == (2, 0, 0)
    assert states(run(study)) == (0, 2, 0)
    (study / "ours.toml").write_text((study / "ours.toml").read_text() + "# changed\n")
    assert states(run(study)) == (2, 0, 0)


def test_device_rules_that_lie_outside_of_the_session_are_an_input(study):
    rules = study / "rules.toml"
    rules.write_text("schema = 1\n")
    mapping = study / "sessions" / "s1" / "mapping.toml"
    mapping.write_text('schema = 1\ndevices = ["../../rules.toml"]\n')
    assert states(run(study)) == (1, 1, 0)
    assert states(run(study)) == (0, 2, 0)
    rules.write_text("schema = 1\n# changed\n")
    assert states(run(study)) == (1, 1, 0)


def test_a_hidden_folder_among_the_sessions_is_none(study):
    shutil.copytree(study / "sessions" / "s1", study / "sessions" / ".s1-conflict")
    assert states(run(study)) == (0, 2, 0)
    assert [p.name for p in sessions_of(study)] == ["s1", "s2"]


def test_a_new_time_of_a_file_alone_is_no_change(study):
    os.utime(study / "sessions/s1/recording.xdf")
    assert states(run(study)) == (0, 2, 0)


def test_force_computes_again_and_makes_the_same_bytes(study):
    before = made(study)
    assert states(run(study, force=True)) == (2, 0, 0)
    assert made(study) == before


def test_only_some_sessions_are_asked_for(study):
    assert states(run(study, only="*2", force=True)) == (1, 0, 0)
    with pytest.raises(UsageError, match="no session matches 'x'"):
        run(study, only="x")


def test_a_session_whose_folder_is_gone_loses_its_tables(study):
    shutil.rmtree(study / "sessions/s1")
    report = run(study)
    assert report.removed == ("s1",)
    assert [part_sessions(study, kind) for kind in KINDS] == [["s2"]] * len(KINDS)
    assert load_record(study, "s1") is None


def test_a_broken_session_is_told_with_its_reason_and_stops_nobody(study):
    (study / "sessions/s1/recording.xdf").write_bytes(b"no recording at all")
    add_session(study, "s3", seed=5)
    report = run(study)
    assert states(report) == (1, 1, 1)
    assert report.failures[0].session == "s1"
    assert "not an XDF file" in report.failures[0].reason
    assert str(study) not in report.failures[0].reason
    assert part_sessions(study, "phases") == ["s2", "s3"]
    assert not (study / "sessions/s1/derivatives/phases.tsv").exists()
    with pytest.raises(DataError, match="1 of 3 sessions have no tables"):
        report.check()
    again = run(study)
    assert states(again) == (0, 2, 1)
    assert again.failures == report.failures


def test_a_study_of_which_nothing_is_usable_says_so(study):
    for name in ("s1", "s2"):
        (study / "sessions" / name / "recording.xdf").write_bytes(b"no recording at all")
    with pytest.raises(NothingUsableError, match="2 of 2"):
        run(study).check()


def test_two_sessions_with_one_id_are_both_kept_out(study):
    shutil.copytree(study / "sessions/s1", study / "sessions/copy")
    report = run(study)
    assert states(report) == (0, 1, 2)
    assert {f.session for f in report.failures} == {"s1", "copy"}
    assert all("must not count twice" in f.reason for f in report.failures)
    assert part_sessions(study, "features") == ["s2"]
    shutil.rmtree(study / "sessions/copy")
    assert states(run(study)) == (1, 1, 0)


def test_a_folder_without_session_toml_is_told(study):
    (study / "sessions/odd").mkdir()
    report = run(study)
    assert [(f.session, f.reason) for f in report.failures] == [
        ("odd", "there is no session.toml in this folder")
    ]


def test_files_that_change_while_they_are_read_are_not_used(study, monkeypatch):
    measured = session_job.__dict__["measure_session"]

    def slow(root, folder, hypothesis):
        found = measured(root, folder, hypothesis)
        (folder / "timeline.tsv").write_text("row\tmark\taction\tonset\tlabel\tmade_at\n")
        return found

    monkeypatch.setattr(session_job, "measure_session", slow)
    report = run(study, only="s1", force=True)
    assert "changed while they were read" in report.failures[0].reason
    assert part_sessions(study, "phases") == ["s2"]
    monkeypatch.setattr(session_job, "measure_session", measured)
    assert states(run(study)) == (1, 1, 0)


def test_a_fault_of_ours_in_one_session_stops_nobody(study, monkeypatch):
    measured = session_job.__dict__["measure_session"]

    def fails(root, folder, hypothesis):
        if folder.name == "s1":
            raise ZeroDivisionError("oh")
        return measured(root, folder, hypothesis)

    monkeypatch.setattr(session_job, "measure_session", fails)
    report = run(study, force=True)
    assert states(report) == (1, 0, 1)
    assert report.failures[0].reason.startswith("ZeroDivisionError: oh (a fault of ours")
    monkeypatch.setattr(session_job, "measure_session", measured)
    assert states(run(study)) == (1, 1, 0)


def test_who_takes_a_consent_back_is_shown_by_no_table(real):
    study = real
    toml = study / "sessions/s1/session.toml"
    head, mine, rest = toml.read_text().partition("[consent.P02]")
    toml.write_text(head + mine + rest.replace("research = 2026-01-01", ""))
    hidden = ask(study, "select distinct session from phases")
    assert (hidden.rows, hidden.left_out) == ((("s2",),), ("s1",))
    assert states(run(study)) == (1, 1, 0)
    people = ask(study, "select distinct session, person from features order by all")
    assert people.rows == (("s1", "P01"), ("s2", "P01"), ("s2", "P02"))
    toml.write_text(toml.read_text().replace("research = 2026-01-01", ""))
    assert run(study).failures[0].reason.startswith("nobody agreed to 'research'")
    assert part_sessions(study, "features") == ["s2"]
    assert not (study / "sessions/s1/derivatives/features.tsv").exists()


def test_rows_of_participants_count_only_for_sessions_that_name_the_person(real):
    study = real
    shutil.rmtree(study / "sessions/s2")
    toml = study / "sessions/s1/session.toml"
    toml.write_text(toml.read_text().partition("[consent.P01]")[0])
    head = "participant_id\tage_band\tconsent_record\tconsent_research\n"
    rows = "P01\t30-39\t2026-01-01\t2026-01-01\nP02\t30-39\t2026-01-01\t2026-01-01\n"
    (study / "participants.tsv").write_text(head + rows)
    run(study)
    (study / "participants.tsv").write_text(head + rows + "P09\t40-49\t2026-01-01\t2026-01-01\n")
    assert states(run(study)) == (0, 1, 0)
    taken_back = head + rows.replace("P02\t30-39\t2026-01-01\t2026-01-01", "P02\t30-39\tn/a\tn/a")
    (study / "participants.tsv").write_text(taken_back)
    assert ask(study, "select distinct session from phases").left_out == ("s1",)
    run(study)
    people = ask(study, "select distinct person from features where session = 's1'")
    assert people.rows == (("P01",),)


def test_contrasts_come_with_a_hypothesis_and_change_with_it(real):
    study = real
    shutil.rmtree(study / "sessions/s2")
    run(study)
    assert read_kind(study, "contrasts").empty
    register(study, load_hypothesis("farkas2024"), NOW)
    assert states(run(study)) == (1, 0, 0)
    first = read_kind(study, "contrasts")
    assert set(first["session"]) == {"s1"}
    assert [look.sessions for look in load_ledger(study).looks] == [1]
    assert states(run(study)) == (0, 1, 0)
    text = load_hypothesis("farkas2024").content.decode()
    own = study.parent / "other.toml"
    own.write_text(text.replace('name = "farkas2024"', 'name = "another"', 1))
    register(study, load_hypothesis(own), NOW)
    assert states(run(study)) == (1, 0, 0)
    assert len(load_ledger(study).looks) == 2


def test_progress_says_how_many_how_fast_and_how_long(study):
    told: list[Step] = []
    run(study, force=True, progress=told.append)
    assert [(s.done, s.total) for s in told] == [(1, 2), (2, 2)]
    assert str(Step(30, 200, 2, 60.0)) == "30 of 200 sessions, 0.5/s, 5:40 left, 2 failed"
    assert str(Step(1, 1000, 0, 60.0)) == "1 of 1000 sessions, 1.0/min, 16:39:00 left"
    assert str(Step(0, 3, 0, 0.0)) == "0 of 3 sessions"


def test_what_is_no_study_is_said(tmp_path):
    with pytest.raises(SettingsError, match="does not exist"):
        run(tmp_path)
    (tmp_path / "study.toml").write_text('schema = 1\nname = "empty"\n')
    with pytest.raises(NothingUsableError, match="there is no session"):
        run(tmp_path)


def test_without_duckdb_one_line_says_what_to_install(study, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    with pytest.raises(UsageError, match=r'pip install "arousal\[study\]"'):
        run(study)
