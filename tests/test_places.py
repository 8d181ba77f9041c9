"""However somebody points at a session, it is the same session, and the study's rules hold."""

import pytest

from arousal.errors import NothingUsableError, SettingsError
from arousal.pipeline import measure, open_session
from arousal.places import session_folder, study_folder
from tests import small_session

SESSION = """
schema = 1
id = "s1"
[people.P01]
streams = { rr = "RR P01", eda = "EDA P01" }
[people.P02]
streams = { rr = "RR P02", eda = "EDA P02" }
"""
STUDY = 'schema = 1\nname = "Pilot"\nprotocol = "own.toml"\n'
PROTOCOL = """
schema = 1
id = "own"
name = "Own"
minutes = 14
case_blocks = 0
baseline_phases = ["baseline"]
[[phase]]
id = "baseline"
name = "Baseline"
minutes = [3, 3]
[[phase]]
id = "presentation"
name = "Task"
minutes = [3, 11]
"""
CONSENTS = "participant_id\tconsent_record\tconsent_research\nP01\t2026-01-01\t2026-01-01\n"


@pytest.fixture
def study(tmp_path):
    """A study in which P01 agreed and P02 said nothing."""
    folder = tmp_path / "pilot" / "sessions" / "s1"
    folder.mkdir(parents=True)
    (folder / "session.toml").write_text(SESSION)
    (tmp_path / "pilot" / "study.toml").write_text(STUDY)
    (tmp_path / "pilot" / "own.toml").write_text(PROTOCOL)
    (tmp_path / "pilot" / "participants.tsv").write_text(CONSENTS)
    small_session.write(folder / "recording.xdf")
    return tmp_path / "pilot"


@pytest.mark.parametrize("entry", ["", "session.toml", "recording.xdf"])
def test_consents_hold_whatever_part_of_a_session_is_named(study, entry):
    source = open_session(study / "sessions" / "s1" / entry)
    assert source.folder == study / "sessions" / "s1"
    assert source.protocol.id == "own"
    assert measure(source).result("research").persons == ("P01",)


def test_a_recording_says_that_it_was_opened_as_its_session(study):
    source = open_session(study / "sessions" / "s1" / "recording.xdf")
    assert "session-found" in {f.code for f in source.findings}
    assert not open_session(study / "sessions" / "s1").findings


@pytest.mark.parametrize("place", ["stray.xdf", "sessions/stray.xdf", "sessions/s1/stray.xdf"])
def test_a_file_that_lies_anywhere_in_a_study_obeys_its_consents(study, place):
    small_session.write(study / place)
    source = open_session(study / place)
    assert source.folder is None
    assert measure(source).result("research").persons == ("P01",)
    (study / "participants.tsv").unlink()
    with pytest.raises(NothingUsableError, match="nobody agreed to 'record'"):
        measure(open_session(study / place))


def test_a_session_may_lie_deeper_in_its_study(study):
    deep = study / "sessions" / "2026" / "s1"
    deep.parent.mkdir()
    (study / "sessions" / "s1").rename(deep)
    assert study_folder(deep) == study.resolve()
    assert measure(open_session(deep)).result("research").persons == ("P01",)


def test_a_file_outside_of_any_study_is_its_researcher_s(tmp_path):
    path = small_session.write(tmp_path / "alone.xdf")
    assert (session_folder(path), study_folder(path)) == (None, None)
    assert measure(open_session(path)).result("research").persons == ("P01", "P02")


def test_a_broken_session_file_is_not_passed_by(study):
    (study / "sessions" / "s1" / "session.toml").write_text("schema = 1\n")
    with pytest.raises(SettingsError, match="id: Field required"):
        open_session(study / "sessions" / "s1" / "recording.xdf")
