"""Somebody withdraws from a study: tables of sessions without them stay, everything else goes."""

from __future__ import annotations

import shutil
from datetime import date

import pytest

from arousal.forget import forget
from arousal.study.dataset import KINDS, part_path, part_sessions
from arousal.study.query import read_kind
from arousal.study.record import recorded_sessions
from arousal.study.remaining import drop_made_of
from tests.study.small_study import add_session, in_this_process, made, make_study, run

TODAY = date(2026, 4, 1)
OTHERS = ("P03", "P04")


@pytest.fixture(scope="module")
def processed(tmp_path_factory):
    """Two sessions of P01 and P02, one of P03 and P04, and a page over all of them."""
    study = make_study(tmp_path_factory.mktemp("made") / "study", ("s1", "s2"))
    add_session(study, "s3", 5, people=OTHERS)
    with pytest.MonkeyPatch.context() as patch:
        in_this_process(patch)
        assert run(study).failures == ()
    (study / "derivatives" / "study.html").write_text("P01 and everybody")
    return study


@pytest.fixture
def study(processed, tmp_path, monkeypatch):
    in_this_process(monkeypatch)
    copy = tmp_path / "study"
    shutil.copytree(processed, copy)
    assert run(copy).kept == 3
    return copy


def tables_of(study, session):
    return {
        kind.name: part_path(study, kind.name, session).read_bytes()
        for kind in KINDS
        if part_path(study, kind.name, session).exists()
    }


def test_sessions_without_the_person_keep_their_tables_and_are_not_computed_again(study):
    before = tables_of(study, "s3")
    done = forget(study, "P01", today=TODAY, drop_tables=drop_made_of)
    assert done.sessions == ("s1", "s2")
    assert done.leftovers == ()
    line = "the study's tables and reports (the parts of 1 other sessions stay)"
    assert line in done.removed
    assert recorded_sessions(study) == ["s3"]
    assert {s for kind in KINDS for s in part_sessions(study, kind.name)} == {"s3"}
    assert tables_of(study, "s3") == before
    assert not (study / "derivatives" / "study.html").exists()
    report = run(study)
    assert (report.computed, report.kept, report.failures) == (2, 1, ())
    for kind in KINDS:
        assert "P01" not in read_kind(study, kind.name).to_csv()
    afresh = made(study)
    shutil.rmtree(study / "derivatives")
    assert run(study).computed == 3
    assert made(study) == afresh


def test_a_table_that_was_edited_or_whose_session_changed_does_not_stay(study, tmp_path):
    changed = tmp_path / "changed"
    shutil.copytree(study, changed)
    assert run(changed).kept == 3
    with (changed / "sessions" / "s3" / "session.toml").open("a") as file:
        file.write("# a word more\n")
    forget(changed, "P01", today=TODAY, drop_tables=drop_made_of)
    assert not (changed / "derivatives").exists()
    edited = part_path(study, "features", "s3")
    edited.write_bytes(part_path(study, "features", "s1").read_bytes())
    forget(study, "P01", today=TODAY, drop_tables=drop_made_of)
    assert not (study / "derivatives").exists()


def test_a_session_whose_record_names_the_person_does_not_stay(study):
    removed = drop_made_of(study, "P03", ())
    assert removed == ["the study's tables and reports (the parts of 2 other sessions stay)"]
    assert recorded_sessions(study) == ["s1", "s2"]
    assert drop_made_of(study, "P02", ("s1",)) == ["the study's tables and reports"]
    assert drop_made_of(study, "P02", ("s1",)) == []


def test_a_hypothesis_that_named_the_person_takes_all_tables_along(study, monkeypatch):
    """Its contrasts may bear the name, so its sessions must be computed with what it says now."""
    digests = iter([("hypotheses/h.toml", "0" * 64)])
    monkeypatch.setattr("arousal.study.remaining.registered_copy", lambda _: next(digests))
    drop_made_of(study, "P01", ("s1", "s2"))
    assert not (study / "derivatives").exists()
