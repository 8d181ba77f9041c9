"""What is written is its owner's alone, whole or not at all."""

from __future__ import annotations

import os

import pytest

from arousal.atomic import make_folder, replacing, write_text
from arousal.ingest.journal import Journal
from arousal.ingest.session_writer import write_session
from arousal.session import SessionFile
from tests import small_session


def modes_of(root):
    return {str(p.relative_to(root)): p.stat().st_mode & 0o777 for p in root.rglob("*")}


@pytest.fixture(autouse=True)
def _open_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_files_and_new_folders_are_closed_to_others_and_old_folders_keep_their_mode(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    write_text(shared / "study" / "sessions" / "a.txt", "x")
    small_session.write(shared / "study" / "b.xdf")
    Journal(shared / "study" / "b.journal.jsonl", lambda: 0.0).close()
    assert shared.stat().st_mode & 0o777 == 0o755
    assert modes_of(shared) == {
        "study": 0o700,
        "study/sessions": 0o700,
        "study/sessions/a.txt": 0o600,
        "study/b.xdf": 0o600,
        "study/b.journal.jsonl": 0o600,
    }


def test_a_session_that_is_written_is_closed_to_others(tmp_path):
    import arousal

    path = small_session.write(tmp_path / "evening.xdf")
    recording = arousal.load(path)
    people: dict[str, dict] = {p.id: {} for p in recording.persons}
    session = SessionFile.model_validate({"id": "s1", "people": people})
    write_session(tmp_path / "study" / "s1", recording, session)
    assert set(modes_of(tmp_path / "study").values()) == {0o700, 0o600}


def test_a_failure_midway_leaves_the_old_file_and_nothing_else(tmp_path):
    write_text(tmp_path / "a.txt", "old")

    def stopped_midway():
        with replacing(tmp_path / "a.txt") as temporary:
            temporary.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        stopped_midway()
    assert (tmp_path / "a.txt").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_can_be_asked_for_twice(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
