"""The word confirmatory is kept for what was fixed before anybody looked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from arousal.errors import SettingsError
from arousal.hypothesis.hypothesis_file import load_hypothesis, new_hypothesis
from arousal.hypothesis.registration import (
    LEDGER,
    load_ledger,
    mark_read,
    register,
    registered,
    status_of,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=30)


@pytest.fixture
def study(tmp_path):
    (tmp_path / "study.toml").write_text('schema = 1\nname = "s"\n')
    return tmp_path


def status(study, contrast="C2"):
    file, entry = registered(study)
    return status_of(file.hypothesis.contrast(contrast), file, entry, load_ledger(study))


def test_name_version_hash_and_time_are_kept_and_the_file_is_copied(study):
    file = load_hypothesis("farkas2024")
    entry = register(study, file, NOW)
    assert load_ledger(study).registered == (entry,)
    assert (entry.name, entry.version, entry.registered) == ("farkas2024", "2", NOW)
    copied, again = registered(study)
    assert copied.sha256 == entry.sha256 == file.sha256
    assert again == entry


def test_registering_the_same_bytes_again_changes_nothing(study):
    first = register(study, load_hypothesis("farkas2024"), NOW)
    before = (study / LEDGER).read_bytes()
    assert register(study, load_hypothesis("farkas2024"), LATER) == first
    assert (study / LEDGER).read_bytes() == before


def test_other_content_needs_another_version(study, tmp_path):
    path = new_hypothesis(tmp_path / "mine.toml")
    register(study, load_hypothesis(path), NOW)
    path.write_text(path.read_text() + "# later\n")
    with pytest.raises(SettingsError, match="registered with other content"):
        register(study, load_hypothesis(path), LATER)
    path.write_text(path.read_text().replace('version = "1"', 'version = "2"'))
    register(study, load_hypothesis(path), LATER)
    assert [r.version for r in load_ledger(study).registered] == ["1", "2"]
    assert registered(study)[1].version == "2"


def test_what_was_registered_before_data_were_read_is_confirmatory(study):
    register(study, load_hypothesis("farkas2024"), NOW)
    assert status(study).confirmatory
    mark_read(study, load_hypothesis("farkas2024"), 6, LATER)
    assert status(study).confirmatory
    assert load_ledger(study).first_read == LATER


def test_a_contrast_without_drift_control_and_an_exploratory_one_are_refused_the_word(study):
    register(study, load_hypothesis("farkas2024"), NOW)
    plain = status(study, "C2-plain")
    assert not plain.confirmatory
    assert "drift common to everyone" in plain.reasons[0]
    assert "exploratory by its own file" in status(study, "C4").reasons[0]


def test_a_shape_within_one_phase_is_refused_the_word_for_a_drift_that_bends(study):
    register(study, load_hypothesis("farkas2024"), NOW)
    assert status(study, "C6").reasons == (
        "a bent drift common to everyone is not controlled for (presenter minus members is)",
    )
    assert status(study, "C6-difference").confirmatory


@pytest.mark.parametrize("contrast", ["C18-late", "C18-questions", "C18-return"])
def test_ratings_are_refused_the_word_because_raters_drift_too(study, contrast):
    register(study, load_hypothesis("farkas2024"), NOW)
    assert status(study, contrast).reasons == (
        "a drift common to all ratings is not controlled for (presenter minus members is)",
    )


def test_a_file_changed_after_data_were_read_is_refused_the_word(study):
    entry = register(study, load_hypothesis("farkas2024"), NOW)
    mark_read(study, load_hypothesis("farkas2024"), 6, LATER)
    copy = study / entry.file
    copy.write_text(copy.read_text().replace("min_members = 3", "min_members = 2"))
    changed = status(study)
    assert not changed.confirmatory
    assert "changed after data were first read" in changed.reasons[0]


def test_a_file_changed_before_data_were_read_is_simply_registered_again(study):
    entry = register(study, load_hypothesis("farkas2024"), NOW)
    (study / entry.file).write_text("# all new\n")
    with pytest.raises(SettingsError, match="register it again"):
        registered(study)


def test_what_was_registered_after_data_were_read_is_refused_the_word(study, tmp_path):
    register(study, load_hypothesis("farkas2024"), NOW)
    mark_read(study, load_hypothesis("farkas2024"), 6, NOW + timedelta(days=1))
    register(study, load_hypothesis(new_hypothesis(tmp_path / "mine.toml")), LATER)
    late = status(study, "calms")
    assert not late.confirmatory
    assert "after data were first read (2026-03-02" in late.reasons[0]


def test_a_hypothesis_that_was_never_registered_is_refused_the_word(study):
    file = load_hypothesis("farkas2024")
    never = status_of(file.hypothesis.contrast("C2"), file, None, load_ledger(study))
    assert never.reasons == ("the hypothesis was not registered",)


def test_looks_are_counted_for_each_hypothesis(study):
    file = load_hypothesis("farkas2024")
    register(study, file, NOW)
    mark_read(study, file, 6, NOW)
    mark_read(study, file, 9, LATER)
    assert [look.sessions for look in load_ledger(study).looks_at(file.sha256)] == [6, 9]
    assert load_ledger(study).looks_at("other") == ()


def test_nothing_registered_no_study_and_a_damaged_ledger_are_told(study, tmp_path):
    with pytest.raises(SettingsError, match="no hypothesis is registered"):
        registered(study)
    with pytest.raises(SettingsError, match="it is no study"):
        register(tmp_path / "other", load_hypothesis("farkas2024"), NOW)
    (study / LEDGER).write_text("[[registered]]\nname = 1\n")
    with pytest.raises(SettingsError, match=r"hypotheses\.toml: registered"):
        load_ledger(study)
