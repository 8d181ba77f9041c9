"""Locking loses nothing, whatever happens midway."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from arousal.errors import DataError, UsageError
from arousal.ingest.journal import Journal
from arousal.locked import check_unlocked, locked_folder
from arousal.protect import Key, age, lock_study, make_key, read_keys, unlock_study
from arousal.protect import lock as lock_module
from arousal.session import load_study

FILES = {
    "study.toml": b'schema = 1\nname = "s"\n',
    "participants.tsv": b"participant_id\nP01\n",
    "sessions/2026-03-12/session.toml": b'schema = 1\nid = "2026-03-12"\n',
    "sessions/2026-03-12/recording.xdf": bytes(range(256)) * 1000,
    "sessions/2026-03-12/derivatives/empty.tsv": b"",
    "notes – größer.txt": b"Notiz",
}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    root = tmp_path / "study"
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
        os.utime(root / name, ns=(10**18, 10**18 + 7))
    return root


@pytest.fixture
def key(tmp_path: Path) -> Key:
    make_key(tmp_path / "key.txt")
    return read_keys([tmp_path / "key.txt"])[0]


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_a_round_trip_gives_back_every_byte_and_date(study: Path, key: Key) -> None:
    done = lock_study(study, [key])

    assert done.files == len(FILES)
    assert done.size == sum(map(len, FILES.values()))
    assert set(contents(study)) == {f"{name}.age" for name in FILES} | {"LOCKED.txt"}
    assert not any(FILES["participants.tsv"] in data for data in contents(study).values())

    assert unlock_study(study, [key]).files == len(FILES)
    assert contents(study) == FILES
    for name in FILES:
        assert (study / name).stat().st_mtime_ns == 10**18 + 7
        if os.name == "posix":
            assert (study / name).stat().st_mode & 0o777 == 0o600


def test_a_locked_file_is_plain_age_that_needs_nothing_of_ours(study: Path, key: Key) -> None:
    lock_study(study, [key])
    sealed = (study / "sessions/2026-03-12/recording.xdf.age").read_bytes()

    assert sealed.startswith(b"age-encryption.org/v1\n")
    assert pyrage.decrypt(sealed, [key.identity]) == FILES["sessions/2026-03-12/recording.xdf"]


def test_any_one_of_the_keys_opens_and_the_page_lists_their_public_halves(
    study: Path, key: Key, tmp_path: Path
) -> None:
    spare = make_key(tmp_path / "spare.txt")
    done = lock_study(study, [key], recipients=[spare])

    assert done.recipients == (key.recipient, spare)
    page = (study / "LOCKED.txt").read_text(encoding="utf-8")
    assert key.recipient in page
    assert spare in page
    assert "AGE-SECRET" not in page
    unlock_study(study, read_keys([tmp_path / "spare.txt"]))
    assert contents(study) == FILES


def test_another_key_is_refused_before_anything_changes(
    study: Path, key: Key, tmp_path: Path
) -> None:
    lock_study(study, [key])
    before = contents(study)
    make_key(tmp_path / "other.txt")
    with pytest.raises(UsageError, match=f"does not open the study.*{key.recipient}"):
        unlock_study(study, read_keys([tmp_path / "other.txt"]))
    assert contents(study) == before


class Killed(BaseException):
    """Stands for a process that is gone at this moment."""


def _killed_at(at: int, run: Callable[[], object]) -> None:
    """Run until the ``at``-th change of the disk (a rename or a removal), which never happens."""
    count = iter(range(10**6))
    real_replace, real_unlink = Path.replace, Path.unlink

    def gone(path: Path) -> bool:
        # What `atomic` tidies up behind itself does not happen in a killed process either.
        return path.suffix != ".tmp" and next(count) == at

    def replace(self: Path, target: Path) -> Path:
        if gone(target):
            raise Killed
        return real_replace(self, target)

    def unlink(self: Path, missing_ok: bool = False) -> None:
        if gone(self):
            raise Killed
        real_unlink(self, missing_ok=missing_ok)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        patch.setattr(Path, "unlink", unlink)
        with pytest.raises(Killed):
            run()


def _all_readable(study: Path, key: Key) -> None:
    for name, content in FILES.items():
        plain, sealed = study / name, study / f"{name}.age"
        assert plain.exists() or sealed.exists()
        if plain.exists():
            assert plain.read_bytes() == content
        if sealed.exists():
            assert pyrage.decrypt(sealed.read_bytes(), [key.identity]) == content


def test_a_kill_at_any_step_leaves_every_file_readable_and_the_next_run_ends_it(
    study: Path, key: Key, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(study, kept)
    killed = 0
    for step in range(2 * len(FILES) + 1):
        shutil.rmtree(study)
        shutil.copytree(kept, study)
        _killed_at(step, lambda: lock_study(study, [key]))
        killed += 1
        _all_readable(study, key)
        if step > 0:  # before the page nothing has happened
            with pytest.raises(UsageError, match="arousal unlock"):
                check_unlocked(study / "sessions")
        # Either way out: finish locking, or go back.
        if step % 2:
            lock_study(study, [key])
            assert set(contents(study)) == {f"{name}.age" for name in FILES} | {"LOCKED.txt"}
        if locked_folder(study) is not None:
            unlock_study(study, [key])
        assert contents(study) == FILES
    assert killed == 13


def test_a_kill_while_unlocking_leaves_every_file_readable_and_the_next_run_ends_it(
    study: Path, key: Key, tmp_path: Path
) -> None:
    lock_study(study, [key])
    kept = tmp_path / "kept"
    shutil.copytree(study, kept)
    for step in range(2 * len(FILES) + 1):
        shutil.rmtree(study)
        shutil.copytree(kept, study)
        _killed_at(step, lambda: unlock_study(study, [key]))
        _all_readable(study, key)
        with pytest.raises(UsageError, match="locked"):
            check_unlocked(study)
        (study / ".notes.txt.abcdefgh.tmp").write_bytes(b"half")
        unlock_study(study, [key])
        assert contents(study) == FILES


def test_an_original_stays_if_it_does_not_come_back_as_it_was(
    study: Path, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_module, "decrypt_into", lambda *_: hashlib.sha256(b"x").hexdigest())
    with pytest.raises(DataError, match="does not come back"):
        lock_study(study, [key])
    assert {k: v for k, v in contents(study).items() if k != "LOCKED.txt"} == FILES


def test_an_original_that_changes_meanwhile_stays(
    study: Path, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = age.decrypt_into

    def busy(source: Path, target: Path | None, identities: list) -> str:
        with next(study.glob("notes*.txt")).open("ab") as file:
            file.write(b" and more")
        return real(source, target, identities)

    monkeypatch.setattr(lock_module, "decrypt_into", busy)
    with pytest.raises(DataError, match="changed while"):
        lock_study(study, [key])
    assert next(study.glob("notes*.txt")).read_bytes() == b"Notiz and more"


def test_a_damaged_file_is_named_and_all_others_come_back(study: Path, key: Key) -> None:
    lock_study(study, [key])
    sealed = study / "sessions/2026-03-12/recording.xdf.age"
    whole = sealed.read_bytes()
    sealed.write_bytes(whole[:-100])
    with pytest.raises(DataError, match=r"1 of 6 files could not.*recording\.xdf\.age"):
        unlock_study(study, [key])
    assert not (study / "sessions/2026-03-12/recording.xdf").exists()
    assert (study / "participants.tsv").read_bytes() == FILES["participants.tsv"]
    with pytest.raises(UsageError, match="locked"):
        load_study(study / "study.toml")

    sealed.write_bytes(whole)
    unlock_study(study, [key])
    assert contents(study) == FILES


def test_a_plain_file_that_differs_from_its_locked_one_is_not_replaced(
    study: Path, key: Key
) -> None:
    lock_study(study, [key])
    (study / "participants.tsv").write_bytes(b"mine")
    with pytest.raises(DataError, match="the two differ"):
        unlock_study(study, [key])
    assert (study / "participants.tsv").read_bytes() == b"mine"
    assert (study / "participants.tsv.age").exists()


def test_locking_goes_on_only_with_the_keys_it_was_begun_with(
    study: Path, key: Key, tmp_path: Path
) -> None:
    _killed_at(3, lambda: lock_study(study, [key]))
    make_key(tmp_path / "other.txt")
    with pytest.raises(UsageError, match="begun with other keys"):
        lock_study(study, read_keys([tmp_path / "other.txt"]))
    lock_study(study, [key])
    with pytest.raises(UsageError, match="locked already"):
        lock_study(study, [key])


def test_what_cannot_be_locked_is_refused_before_anything_changes(
    study: Path, key: Key, tmp_path: Path
) -> None:
    def refused(words: str) -> None:
        with pytest.raises(UsageError, match=words):
            lock_study(study, [key])
        assert not (study / "LOCKED.txt").exists()

    (study / "old.age").write_bytes(b"x")
    refused(r"\.age already")
    (study / "old.age").unlink()
    (study / ".git").mkdir()
    refused("git")
    (study / ".git").rmdir()
    if os.name == "posix":
        (study / "link").symlink_to(tmp_path / "key.txt")
        refused("link")
        (study / "link").unlink()
    journal = Journal(study / "sessions/2026-03-12/journal.jsonl", lambda: 0.0)
    journal.write("start", {})
    journal.close()
    refused("being recorded")
    with pytest.raises(UsageError, match="no study"):
        lock_study(tmp_path, [key])
    with pytest.raises(UsageError, match="needs a key to try"):
        lock_study(study, recipients=[key.recipient])


def test_memory_does_not_grow_with_the_file(study: Path, key: Key) -> None:
    resource = pytest.importorskip("resource")
    big = study / "sessions/2026-03-12/recording.xdf"
    with big.open("wb") as file:
        for _ in range(64):
            file.write(os.urandom(1 << 20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lock_study(study, [key])
    unlock_study(study, [key])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024
