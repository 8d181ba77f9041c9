"""What `study show` finds: sessions, people, scores, and what is to be put right."""

from __future__ import annotations

import os
from datetime import date

import pytest

from arousal.errors import SettingsError, UsageError
from arousal.monitor.study_folder import prepare_session
from arousal.study.adding import Adding, Candidate, Wishes
from arousal.study.adding_copy import MAKING
from arousal.study.folder import new_study
from arousal.study.inventory import take_inventory
from tests import small_session
from tests.small_session import beats, markers


@pytest.fixture
def study(tmp_path):
    """A study with two sessions of two people, of whom one agreed."""
    root = new_study(tmp_path / "north")
    header = (root / "participants.tsv").read_text().strip().split("\t")
    agreed = {"consent_record", "consent_research"}
    row = ["2026-03-01" if c in agreed else "n/a" for c in header]
    with (root / "participants.tsv").open("a") as file:
        file.write("\t".join(["P01", *row[1:]]) + "\n")
    adding = Adding.to(root)
    for number in (1, 2):
        streams = [beats(1, 2 + number), beats(2, 2 + number), markers()]
        path = small_session.write(tmp_path / f"m{number}.xdf", streams)
        wishes = Wishes(group="north", meeting=number)
        adding.carry_out(adding.plan(Candidate({"": path}), wishes), date(2026, 3, 12))
    return root


def test_a_sound_study_is_listed_without_a_word_of_complaint(study):
    found = take_inventory(study, verify=True)
    assert found.problems == ()
    assert (found.name, found.people, found.consent) == ("north", 2, "per person")
    assert [(s.id, s.meeting, s.group, s.people, s.agreed, s.added) for s in found.sessions] == [
        ("m1", 1, "north", 2, 1, "2026-03-12"),
        ("m2", 2, "north", 2, 1, "2026-03-12"),
    ]
    text = found.as_text()
    assert "2 sessions, 2 people, 1 group; balint-90; consent per person" in text
    assert found.as_json()["sessions"][1]["id"] == "m2"


def test_a_consent_that_lacks_the_one_to_be_recorded_is_told(study):
    table = study / "participants.tsv"
    header, *rows = (line.split("\t") for line in table.read_text().splitlines())
    for row in rows:
        row[header.index("consent_record")] = "n/a"
    table.write_text("\n".join("\t".join(x) for x in (header, *rows)) + "\n")
    found = take_inventory(study)
    assert [s.agreed for s in found.sessions] == [0, 0]
    told = "P01 agreed, but not to be recorded: without a date for 'record' no other consent counts"
    assert found.problems == (f"sessions/m1: {told}", f"sessions/m2: {told}")


def test_scores_are_counted_and_a_wrong_one_is_a_problem(study):
    table = study / "phenotype" / "brs.tsv"
    table.write_text("participant_id\twave\tbrs\nP01\t1\t3.5\nP01\t2\t4\nP02\t1\tn/a\n")
    (study / "phenotype" / "templates" / "brs.json").rename(study / "phenotype" / "brs.json")
    found = take_inventory(study)
    assert found.scores == (("brs", 2, 1),)
    assert "brs: 2, 1" in found.as_text()
    table.write_text("participant_id\twave\tbrs\nP01\t1\t9\n")
    [problem] = take_inventory(study).problems
    assert "line 2: brs is 9, allowed 1 to 5" in problem


def test_every_kind_of_trouble_is_told_and_the_rest_is_still_listed(study):
    sessions = study / "sessions"
    (sessions / "m1" / "recording.xdf").write_bytes(b"XDF:changed")
    (sessions / "m2" / "recording.xdf").unlink()
    for name, text in {
        "broken": "schema = ",
        "copy": 'id = "m1"\n[people.P09]\n',
        "bad": 'id = "bad"\n',
    }.items():
        (sessions / name).mkdir()
        (sessions / name / "session.toml").write_text(text)
        (sessions / name / "recording.xdf").write_bytes(b"XDF:")
    (sessions / "bad" / "sources.tsv").write_text("file\tname\nx\ty\n")
    (sessions / "empty").mkdir()
    left = study / f"{MAKING}x"
    left.mkdir()
    os.utime(left, (0, 0))
    found = take_inventory(study, verify=True)
    assert [s.id for s in found.sessions] == ["bad", "broken", "copy", "m1", "m2"]
    told = "\n".join(found.problems)
    for words in (
        "sessions/bad: its columns must be file, name, sha256, bytes, format, added",
        "sessions/broken: not valid TOML",
        "sessions/copy: session.toml says id = 'm1', the folder is 'copy'",
        "sessions/copy: not in participants.tsv: P09",
        "sessions/m1: changed or gone since it was added: recording.xdf",
        "sessions/m2: there is no recording.xdf",
        "2 sessions have the id m1",
        "sessions/empty: holds no session.toml",
        f"{MAKING}x: left by a run that was killed",
    ):
        assert words in told
    assert "changed" not in "\n".join(take_inventory(study).problems)


def test_a_session_that_is_only_prepared_is_listed_and_not_complained_about(study):
    prepare_session(study, "next")
    found = take_inventory(study)
    assert found.problems == ()
    assert found.sessions[-1].id == "next"
    assert found.sessions[-1].megabytes == 0
    (study / "sessions" / "next" / "journal.jsonl").write_text("{}")
    [problem] = take_inventory(study).problems
    assert "sessions/next: there is no recording.xdf" in problem


def test_a_wrong_table_of_participants_or_no_study_is_an_error(study, tmp_path):
    with (study / "participants.tsv").open("a") as file:
        file.write("P01\n")
    with pytest.raises(SettingsError, match=r"participants\.tsv"):
        take_inventory(study)
    with pytest.raises(UsageError, match="is no study"):
        take_inventory(tmp_path)
