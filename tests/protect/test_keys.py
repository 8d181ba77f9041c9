"""Keys: made once, kept private, never shown."""

from __future__ import annotations

import os
from pathlib import Path

import pyrage
import pytest

from arousal.errors import UsageError
from arousal.protect import keys as keys_module
from arousal.protect import lock_study, make_key, read_keys, readable_by_others, unlock_study


def test_a_key_file_is_its_owners_alone_and_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "new" / "key.txt"
    recipient = make_key(path)
    before = path.read_bytes()

    (key,) = read_keys([path])
    assert key.recipient == recipient
    assert "SECRET" not in repr(key)
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
        assert not readable_by_others(path)
        path.chmod(0o644)
        assert readable_by_others(path)
    with pytest.raises(UsageError, match="stands there already"):
        make_key(path)
    assert path.read_bytes() == before


def test_a_key_does_not_lie_in_a_study(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text('name = "s"', encoding="utf-8")
    with pytest.raises(UsageError, match="does not belong into the study"):
        make_key(tmp_path / "keys" / "key.txt")
    assert not (tmp_path / "keys").exists()


def test_a_wrong_key_file_says_what_it_lacks_and_never_quotes_it(tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    with pytest.raises(UsageError, match="cannot be read"):
        read_keys([path])
    path.write_text("hello", encoding="utf-8")
    with pytest.raises(UsageError, match="holds no key"):
        read_keys([path])
    path.write_text("AGE-SECRET-KEY-1QQQQ\n", encoding="utf-8")
    with pytest.raises(UsageError, match="mistyped or cut") as caught:
        read_keys([path])
    assert "QQQQ" not in str(caught.value)
    path.write_bytes(b"age-encryption.org/v1\n...")
    with pytest.raises(UsageError, match="itself encrypted"):
        read_keys([path])


def test_a_recipient_is_a_public_half(tmp_path: Path) -> None:
    study = _study(tmp_path)
    make_key(tmp_path / "key.txt")
    keys = read_keys([tmp_path / "key.txt"])
    with pytest.raises(UsageError, match="no recipient"):
        lock_study(study, keys, recipients=["age1nonsense"])
    with pytest.raises(UsageError, match="secret key, not a recipient") as caught:
        lock_study(study, keys, recipients=[str(keys[0].identity)])
    assert str(keys[0].identity) not in str(caught.value)
    assert not (study / "LOCKED.txt").exists()


LONG = "four words and a half"


@pytest.fixture
def quick_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for scrypt, which takes seconds and half a gigabyte on purpose (once below)."""
    locks: dict[bytes, str] = {}

    class Passphrase:
        @staticmethod
        def encrypt(plain: bytes, passphrase: str) -> bytes:
            locks[plain] = passphrase
            return plain[::-1]

        @staticmethod
        def decrypt(sealed: bytes, passphrase: str) -> bytes:
            if locks[sealed[::-1]] != passphrase:
                raise pyrage.DecryptError("Decryption failed")
            return sealed[::-1]

    monkeypatch.setattr(pyrage, "passphrase", Passphrase)


def _study(tmp_path: Path) -> Path:
    study = tmp_path / "study"
    study.mkdir()
    (study / "study.toml").write_text('schema = 1\nname = "s"\n', encoding="utf-8")
    (study / "data.bin").write_bytes(b"data")
    return study


def test_a_passphrase_locks_and_unlocks(tmp_path: Path, quick_passphrases: None) -> None:
    study = _study(tmp_path)
    with pytest.raises(UsageError, match="12 are needed"):
        lock_study(study, passphrase=LONG[:5])
    lock_study(study, passphrase=LONG)
    assert (study / keys_module.PASSPHRASE_KEY).is_file()
    with pytest.raises(UsageError, match="passphrase does not fit"):
        unlock_study(study, passphrase=LONG.upper())
    assert (study / "data.bin.age").is_file()
    unlock_study(study, passphrase=LONG)
    assert sorted(p.name for p in study.iterdir()) == ["data.bin", "study.toml"]
    assert (study / "data.bin").read_bytes() == b"data"


def test_a_key_file_opens_beside_the_passphrase(tmp_path: Path, quick_passphrases: None) -> None:
    study = _study(tmp_path)
    spare = make_key(tmp_path / "spare.txt")
    done = lock_study(study, passphrase=LONG, recipients=[spare])
    assert len(done.recipients) == 2
    unlock_study(study, read_keys([tmp_path / "spare.txt"]))
    assert (study / "data.bin").read_bytes() == b"data"


def test_a_study_without_a_passphrase_says_so(tmp_path: Path) -> None:
    study = _study(tmp_path)
    make_key(tmp_path / "key.txt")
    lock_study(study, read_keys([tmp_path / "key.txt"]))
    with pytest.raises(UsageError, match="not locked with a passphrase"):
        unlock_study(study, passphrase=LONG)
    with pytest.raises(UsageError, match="needs a key"):
        unlock_study(study)


def test_without_the_library_the_error_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyrage", None)
    with pytest.raises(UsageError, match=r"arousal\[encrypt\]"):
        lock_study(_study(tmp_path))
