"""A name leaves the registered copy, and the hypothesis stays the one that was registered."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from arousal.errors import SettingsError
from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.hypothesis.registration import (
    load_ledger,
    mark_read,
    register,
    registered,
    status_of,
)
from arousal.hypothesis.withdrawn import forget_in_hypotheses

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = datetime(2026, 3, 9, tzinfo=UTC)
TODAY = date(2026, 4, 1)


@pytest.fixture
def study(tmp_path):
    """A study whose hypothesis leaves P04 and P05 out, tested once."""
    (tmp_path / "study.toml").write_text('schema = 1\nname = "s"\n')
    own = tmp_path / "own.toml"
    text = load_hypothesis("farkas2024").content.decode()
    named = 'persons = { P04 = "takes a beta blocker", P05 = "wore no strap" }\n'
    own.write_text(text.replace("[exclusions]\n", f"[exclusions]\n{named}") + "# P04 was asked.\n")
    register(tmp_path, load_hypothesis(own), NOW)
    own.unlink()
    file, _ = registered(tmp_path)
    mark_read(tmp_path, file, 6, LATER)
    return tmp_path


def status(study, contrast="C2"):
    file, entry = registered(study)
    return status_of(file.hypothesis.contrast(contrast), file, entry, load_ledger(study))


def test_the_name_and_its_reason_are_gone_and_the_others_stay(study):
    (path,) = forget_in_hypotheses(study, "P04", TODAY)
    text = path.read_text()
    assert "P04" not in text
    assert "beta blocker" not in text
    assert registered(study)[0].hypothesis.exclusions.persons == {"P05": "wore no strap"}
    assert "P04" not in (study / "hypotheses.toml").read_text()


def test_it_still_is_the_hypothesis_that_was_registered(study):
    assert status(study).confirmatory
    forget_in_hypotheses(study, "P04", TODAY)
    assert status(study).confirmatory
    forget_in_hypotheses(study, "P05", TODAY)
    assert status(study).confirmatory
    file, entry = registered(study)
    assert len(load_ledger(study).looks_at(file.sha256)) == 1
    assert register(study, file, LATER) == entry


def test_any_other_change_is_still_one(study):
    (path,) = forget_in_hypotheses(study, "P04", TODAY)
    path.write_text(path.read_text().replace("min_members = 3", "min_members = 2"))
    assert "changed after data were first read" in status(study).reasons[0]


def test_whoever_is_in_no_hypothesis_changes_nothing(study):
    before = (study / "hypotheses.toml").read_text()
    assert forget_in_hypotheses(study, "P07", TODAY) == ()
    assert (study / "hypotheses.toml").read_text() == before


def test_a_copy_that_would_be_no_hypothesis_without_the_name_is_left_as_it_was(study):
    (path,) = (study / "hypotheses").glob("*.toml")
    before = path.read_bytes()
    with pytest.raises(SettingsError):
        forget_in_hypotheses(study, "discussion", TODAY)
    assert path.read_bytes() == before
