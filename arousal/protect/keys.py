"""Keys that open a locked study: made, read from files, or kept behind a passphrase.

A key file is what ``age-keygen`` writes: a line ``AGE-SECRET-KEY-1...`` and comments. A passphrase
opens no data itself (age would then need seconds and half a gigabyte for every file): it opens a
key of the study's own, ``arousal-lock-key.age`` in the study's folder, which opens the data. That
is age's own way (``age -d -i arousal-lock-key.age x.age`` asks for the passphrase).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arousal.atomic import make_folder, write_bytes
from arousal.errors import UsageError
from arousal.places import study_folder
from arousal.protect.age import require_pyrage

__all__ = [
    "PASSPHRASE_KEY",
    "SHORTEST",
    "Key",
    "key_behind",
    "make_key",
    "new_key_behind",
    "parse_recipients",
    "read_keys",
    "readable_by_others",
]

PASSPHRASE_KEY = "arousal-lock-key.age"  # noqa: S105 - a file's name
"""The study's own key, encrypted with the passphrase; in the study's folder."""
SHORTEST = 12
"""Fewest characters of a passphrase: four or five words."""
_SECRET = "AGE-SECRET-KEY-1"  # noqa: S105 - how such a line begins, no secret
_HEADERS = (b"age-encryption.org/", b"-----BEGIN AGE")


@dataclass(frozen=True, slots=True)
class Key:
    """Something that opens age files.

    Parameters
    ----------
    recipient : str
        Its public half (``age1...``), which may be seen by anybody and encrypts.
    identity : object
        The secret half, as pyrage holds it; never shown.
    """

    recipient: str
    identity: Any = field(repr=False)


def make_key(path: Path) -> str:
    """Make a key file, readable by its owner only.

    Parameters
    ----------
    path : Path
        Where; nothing that exists is overwritten.

    Returns
    -------
    str
        The public half, to be given to others as a recipient.

    Raises
    ------
    UsageError
        If something stands there, it lies in a study (a key beside what it opens protects
        nothing), or it cannot be written.
    """
    pyrage = require_pyrage(path)
    if (study := study_folder(path)) is not None:
        raise UsageError(
            "a key does not belong into the study that it opens",
            where=study,
            hint="keep it elsewhere: a USB stick, a password manager, a safe",
        )
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    text = f"# a key of arousal, in the age format\n# public key: {recipient}\n{identity}\n"
    try:
        make_folder(path.resolve().parent)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError("something stands there already", where=path) from None
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=path) from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return recipient


def read_keys(paths: Iterable[Path]) -> tuple[Key, ...]:
    """Read key files.

    Raises
    ------
    UsageError
        If a file is missing, holds no key, or is itself encrypted.
    """
    return tuple(key for path in paths for key in _keys_in(path))


def _keys_in(path: Path) -> list[Key]:
    pyrage = require_pyrage(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=path) from None
    if raw.startswith(_HEADERS):
        raise UsageError(
            "this key file is itself encrypted",
            where=path,
            hint="open it first: age -d KEYFILE > plain-key; or use --passphrase for a study's own",
        )
    lines = [line.strip() for line in raw.decode("utf-8", errors="replace").splitlines()]
    secrets = [line for line in lines if line.startswith(_SECRET)]
    if not secrets:
        raise UsageError(
            "holds no key: no line begins with AGE-SECRET-KEY-1",
            where=path,
            hint="make one with `arousal key FILE` or `age-keygen`",
        )
    return [_key(pyrage, line, path) for line in secrets]


def _key(pyrage: Any, line: str, where: Path) -> Key:
    try:
        identity = pyrage.x25519.Identity.from_str(line)
    except pyrage.IdentityError:
        # Never the line itself: it is the secret.
        raise UsageError("holds a key that was mistyped or cut", where=where) from None
    return Key(str(identity.to_public()), identity)


def readable_by_others(path: Path) -> bool:
    """Whether others on this computer may read a key file (always false on Windows)."""
    return os.name == "posix" and bool(path.stat().st_mode & 0o077)


def parse_recipients(texts: Sequence[str]) -> list[Any]:
    """Return pyrage recipients.

    Raises
    ------
    UsageError
        If a text is no X25519 recipient (``age1...``).
    """
    pyrage = require_pyrage()
    found = []
    for text in texts:
        if text.upper().startswith(_SECRET):
            raise UsageError(
                "this is a secret key, not a recipient",
                hint="give the line that begins with age1; a secret on a command line is no secret",
            )
        try:
            found.append(pyrage.x25519.Recipient.from_str(text.strip()))
        except pyrage.RecipientError:
            raise UsageError(f"{text!r} is no recipient: it begins with age1") from None
    return found


def new_key_behind(study: Path, passphrase: str) -> Key:
    """Make the study's own key and put it behind a passphrase; return it as read back.

    Raises
    ------
    UsageError
        If the passphrase is too short.
    """
    pyrage = require_pyrage(study)
    if len(passphrase) < SHORTEST:
        raise UsageError(
            f"the passphrase has {len(passphrase)} characters, {SHORTEST} are needed",
            hint="take four or five words that have nothing to do with each other",
        )
    identity = pyrage.x25519.Identity.generate()
    write_bytes(
        study / PASSPHRASE_KEY, pyrage.passphrase.encrypt(f"{identity}\n".encode(), passphrase)
    )
    return key_behind(study, passphrase)


def key_behind(study: Path, passphrase: str) -> Key:
    """Open the study's own key with its passphrase.

    Raises
    ------
    UsageError
        If the study has none (it was locked with a key file), or the passphrase is another.
    """
    pyrage = require_pyrage(study)
    path = study / PASSPHRASE_KEY
    if not path.is_file():
        raise UsageError(
            "this study was not locked with a passphrase",
            where=study,
            hint="open it with --identity KEYFILE",
        )
    try:
        line = pyrage.passphrase.decrypt(path.read_bytes(), passphrase)
    except pyrage.DecryptError:
        raise UsageError("the passphrase does not fit", where=path) from None
    return _key(pyrage, line.decode().strip(), path)
