"""An empty folder becomes a study; a session is prepared, and changed only within its rules."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from arousal.errors import SettingsError, UsageError
from arousal.monitor.study_folder import (
    choose_session,
    open_study,
    prepare_session,
    write_setup,
)
from arousal.session import load_session, load_study

NOW = datetime(2026, 3, 12, 18, tzinfo=UTC)


def test_an_empty_or_new_folder_becomes_a_study_and_a_full_one_does_not(tmp_path):
    root = open_study(tmp_path / "new", "balint-60")
    assert load_study(root / "study.toml").protocol == "balint-60"
    assert open_study(root, "balint-90") == root
    assert load_study(root / "study.toml").protocol == "balint-60"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letters.txt").write_text("private")
    with pytest.raises(UsageError, match="not empty"):
        open_study(tmp_path / "full")
    session = prepare_session(root, "s1")
    with pytest.raises(UsageError, match="--session s1"):
        open_study(session)


def test_the_prepared_session_is_chosen_and_a_recorded_one_is_not(tmp_path):
    root = open_study(tmp_path / "study")
    name = choose_session(root, date(2026, 3, 12))
    assert name == "2026-03-12"
    folder = prepare_session(root, name)
    assert choose_session(root, date(2026, 3, 13)) == "2026-03-12"
    (folder / "recording.xdf").write_bytes(b"XDF:")
    assert choose_session(root, date(2026, 3, 12)) == "2026-03-12-2"


def test_the_next_session_takes_over_who_wears_what_but_no_consents(tmp_path):
    root = open_study(tmp_path / "study", "balint-60")
    first = prepare_session(root, "s1")
    people = {"P01": {"role": "leader", "streams": {"ecg": "H10-1"}}}
    write_setup(first, {"people": people, "consent": {"P01": ["record"]}}, NOW)
    second = load_session(prepare_session(root, "s2") / "session.toml")
    assert second.people["P01"].streams == {"ecg": "H10-1"}
    assert second.consent == {}
    with pytest.raises(SettingsError):
        prepare_session(root, "../outside")


def test_a_tick_is_dated_today_and_an_older_date_is_kept(tmp_path):
    folder = prepare_session(open_study(tmp_path / "study"), "s1")
    write_setup(folder, {"people": {"P01": {}}, "consent": {"P01": ["record"]}}, NOW)
    later = datetime(2026, 4, 1, tzinfo=UTC)
    written = write_setup(folder, {"consent": {"P01": ["record", "research"]}}, later)
    assert isinstance(written.consent, dict)
    assert written.consent["P01"].record == date(2026, 3, 12)
    assert written.consent["P01"].research == date(2026, 4, 1)
    assert load_session(folder / "session.toml") == written


@pytest.mark.parametrize(
    "changes",
    [
        {"people": {"Anna Smith": {}}},
        {"people": {"P01": {"role": "boss"}}},
        {"protocol": "unheard"},
        {"id": "other"},
        {"consent": {"P09": ["record"]}},
    ],
)
def test_what_would_break_the_session_is_refused_and_nothing_is_written(tmp_path, changes):
    folder = prepare_session(open_study(tmp_path / "study"), "s1")
    before = (folder / "session.toml").read_text()
    with pytest.raises(SettingsError):
        write_setup(folder, changes, NOW)
    assert (folder / "session.toml").read_text() == before


def test_somebody_new_with_what_looks_like_a_name_is_written_only_if_it_was_confirmed(tmp_path):
    folder = prepare_session(open_study(tmp_path / "study"), "s1")
    before = (folder / "session.toml").read_bytes()
    with pytest.raises(UsageError, match="looks like a name") as caught:
        write_setup(folder, {"people": {"P01": {}, "Jane": {}}}, NOW)
    assert "Jane" not in str(caught.value)
    assert (folder / "session.toml").read_bytes() == before
    write_setup(folder, {"people": {"P01": {}, "Owl": {}}, "pseudonyms": ["Owl"]}, NOW)
    later = write_setup(folder, {"people": {"Owl": {}, "P02": {}}}, NOW)  # stands there already
    assert set(later.people) == {"Owl", "P02"}


def test_quick_changes_name_only_what_they_change_and_never_undo_each_other(tmp_path):
    folder = prepare_session(open_study(tmp_path / "new", "balint-60"), "s1")
    write_setup(folder, {"patch": {p: {"role": "member"} for p in ("P01", "P02", "P03")}}, NOW)
    # Each as a page sends it that has not heard of the one before.
    for person in ("P01", "P02", "P03"):
        write_setup(folder, {"tick": {person: {"record": True}}}, NOW)
    write_setup(folder, {"tick": {"P01": {"research": True}}}, NOW)
    write_setup(folder, {"tick": {"P02": {"record": False}}}, NOW)
    write_setup(folder, {"patch": {"P01": {"role": "leader"}}}, NOW)
    write_setup(folder, {"patch": {"P01": {"streams": {"ecg": "strap-P01", "eda": "skin"}}}}, NOW)
    write_setup(folder, {"patch": {"P01": {"streams": {"eda": None}}}}, NOW)
    written = write_setup(folder, {"patch": {"P03": None}}, NOW)
    assert isinstance(written.consent, dict)
    assert written.people.keys() == {"P01", "P02"}
    assert written.consent.keys() == {"P01"}
    assert written.consent["P01"].research == date(2026, 3, 12)
    assert written.people["P01"].role == "leader"
    assert written.people["P01"].streams == {"ecg": "strap-P01"}
    assert written.people["P02"].role == "member"
