"""What is written is its owner's alone, whole or not at all; a set is the old or the new one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from arousal.atomic import make_folder, replacing, replacing_all, write_text
from arousal.errors import UsageError
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


def test_a_folder_can_be_asked_for_twice(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def content(folder):
    return {p.name: p.read_text() for p in folder.iterdir()}


def test_a_file_is_written_whole_into_a_folder_that_is_made(tmp_path):
    write_text(tmp_path / "a" / "b.txt", "äµ\n")
    assert content(tmp_path / "a") == {"b.txt": "äµ\n"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_what_is_interrupted_leaves_the_old_file_and_nothing_else(tmp_path, error):
    write_text(tmp_path / "a.txt", "old")

    def fill(temporary):
        temporary.write_text("half")
        raise error

    with pytest.raises(error), replacing(tmp_path / "a.txt") as temporary:
        fill(temporary)
    assert content(tmp_path) == {"a.txt": "old"}


def test_a_full_disk_is_said_and_leaves_the_old_file(tmp_path):
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(UsageError, match="No space left") as caught, replacing(tmp_path / "a.txt"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.where.endswith("a.txt")
    assert content(tmp_path) == {"a.txt": "old"}


def test_a_set_of_files_changes_as_one(tmp_path):
    write_text(tmp_path / "a.txt", "old")
    write_text(tmp_path / "other.txt", "stays")
    with replacing_all(tmp_path) as new:
        write_text(new / "a.txt", "new")
        write_text(new / "b.txt", "new")
        assert content(tmp_path / new.name) == {"a.txt": "new", "b.txt": "new"}
        assert (tmp_path / "a.txt").read_text() == "old"
    assert content(tmp_path) == {"a.txt": "new", "b.txt": "new", "other.txt": "stays"}


def test_a_set_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    write_text(tmp_path / "a.txt", "old")

    def fill(new):
        write_text(new / "a.txt", "new")
        with replacing(new / "b.txt"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(UsageError) as caught, replacing_all(tmp_path) as new:
        fill(new)
    assert caught.value.where == str(tmp_path / "b.txt")
    assert content(tmp_path) == {"a.txt": "old"}


def test_only_an_ordinary_file_is_replaced(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, kind in (("folder", "a folder"), ("pipe", "no ordinary file")):
        with pytest.raises(UsageError, match=kind):
            write_text(tmp_path / name, "x")
    assert (tmp_path / "pipe").is_fifo()


def test_a_link_stays_a_link(tmp_path):
    write_text(tmp_path / "true.txt", "old")
    (tmp_path / "link.txt").symlink_to(Path("true.txt"))
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "true.txt").read_text() == "new"
