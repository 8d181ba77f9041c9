"""The command asks, tells what it removed, and says what it could not."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from arousal.cli_consent import COMMANDS
from arousal.errors import DataError
from arousal.session import load_session
from tests.test_forget import contents, make_session, make_study

(FORGET,) = COMMANDS


@pytest.fixture
def study(tmp_path):
    root = tmp_path / "study"
    make_study(root, "P04", "strapXYZ")
    for page in root.glob("sessions/*/derivatives/report.html"):
        page.unlink()
    return root


def test_nothing_happens_without_a_yes(study):
    before = sorted(contents(study))
    result = CliRunner().invoke(FORGET, [str(study), "P04"], input="n\n")
    assert result.exit_code == 1
    assert sorted(contents(study)) == before


def test_it_tells_what_was_removed(study):
    result = CliRunner().invoke(FORGET, [str(study), "P04", "--yes"])
    assert result.exit_code == 0
    assert "removed: s1: 3 streams in recording.xdf" in result.output
    assert "removed: a row of participants.tsv" in result.output
    assert result.output.endswith("2 sessions changed; nothing there names the person any more\n")


def test_a_file_that_still_names_the_person_is_an_error(study):
    (study / "notes.txt").write_text("P04 called on Monday")
    result = CliRunner().invoke(FORGET, [str(study), "P04"], input="y\n")
    assert isinstance(result.exception, DataError)
    assert "notes.txt" in str(result.exception)


def test_a_session_outside_of_a_study_is_forgotten_by_its_folder(tmp_path):
    folder = tmp_path / "evening"
    make_session(folder, "P04", "strapXYZ")
    (folder / "derivatives" / "report.html").unlink()
    asked = CliRunner().invoke(FORGET, [str(folder), "P04"], input="y\n")
    assert asked.exit_code == 0
    assert "Remove P04 from session evening for good?" in asked.output
    assert asked.output.endswith("1 session changed; nothing there names the person any more\n")
    assert set(load_session(folder / "session.toml").people) == {"K1", "K2"}
