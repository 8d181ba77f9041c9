"""Lock a study: each of its files is encrypted, read back, compared, and only then replaced."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from arousal.atomic import replacing
from arousal.errors import DataError, UsageError
from arousal.locked import LOCKED_ENDING, locked_folder
from arousal.protect.age import decrypt_into, encrypt_into, require_pyrage
from arousal.protect.files import (
    check_quiet,
    check_room,
    plain_files,
    remove_leftovers,
    sealed_files,
    settle,
)
from arousal.protect.keys import (
    PASSPHRASE_KEY,
    Key,
    key_behind,
    new_key_behind,
    parse_recipients,
)
from arousal.protect.page import recipients_on_page, write_page

__all__ = ["Locked", "lock_study"]


@dataclass(frozen=True, slots=True)
class Locked:
    """What locking did.

    Parameters
    ----------
    files : int
        Files encrypted in this run.
    size : int
        Their bytes before.
    recipients : tuple of str
        Who can open the study: public halves of keys. With one, a lost key is a lost study.
    """

    files: int
    size: int
    recipients: tuple[str, ...]


def lock_study(
    study: Path,
    keys: Sequence[Key] = (),
    *,
    recipients: Sequence[str] = (),
    passphrase: str | None = None,
    today: date | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Locked:
    """Encrypt every file of a study; interrupted, it is finished by running it again.

    Parameters
    ----------
    study : Path
        Folder with ``study.toml``.
    keys : sequence of Key
        Keys that shall open it. At least one of these or a passphrase is needed, because every
        encrypted file is opened again before its original goes.
    recipients : sequence of str
        Public halves of further keys that shall open it as well: the spare in the safe.
    passphrase : str, optional
        Shall open it, too.
    today : date, optional
        For the page ``LOCKED.txt``.
    tell : callable, optional
        Told of each file before it is encrypted.

    Raises
    ------
    UsageError
        If this is no study, there is no key to try it with, something is going on in it, it is
        locked already, or an earlier run was begun with other keys. Nothing has been changed then.
    DataError
        If a file cannot be encrypted, or does not come back as it was. It stays as it was.
    """
    require_pyrage(study)
    begun = _begun(study)
    if not keys and passphrase is None:
        raise UsageError(
            "locking needs a key to try it with",
            hint="--identity KEYFILE (make one: arousal key KEYFILE), or --passphrase",
        )
    check_quiet(study)
    parse_recipients(recipients)
    if passphrase is not None:
        keys = (*keys, _own_key(study, passphrase, begun))
    everyone = tuple(dict.fromkeys((*(key.recipient for key in keys), *recipients)))
    if begun and set(everyone) != set(recipients_on_page(study)):
        raise UsageError(
            "locking was begun with other keys",
            where=study,
            hint="give the same keys to finish it, or unlock the study first",
        )
    remove_leftovers(study)
    files = plain_files(study)
    check_room(study, files)
    write_page(study, everyone, today or datetime.now(UTC).date())
    targets, identities = parse_recipients(everyone), [key.identity for key in keys]
    size = 0
    for number, path in enumerate(files, start=1):
        tell(f"locking {number} of {len(files)}: {path.relative_to(study)}")
        size += _seal(path, targets, identities)
    return Locked(len(files), size, everyone)


def _begun(study: Path) -> bool:
    """Whether an earlier run was interrupted; refuses what is no study or locked already."""
    if locked_folder(study) is None:
        if not (study / "study.toml").is_file():
            raise UsageError("is no study (no study.toml)", where=study)
        if foreign := sealed_files(study):
            raise UsageError(
                "ends in .age already, and would be taken for one of the lock's own files",
                where=foreign[0],
                hint="move it out of the study, or give it another ending",
            )
        return False
    if not plain_files(study):
        raise UsageError("this study is locked already", where=study)
    if not recipients_on_page(study):
        raise UsageError(
            "this study is locked, and its page LOCKED.txt is gone",
            where=study,
            hint="unlock it first: arousal unlock",
        )
    return True


def _own_key(study: Path, passphrase: str, begun: bool) -> Key:
    # A key that lies there without a locked study is left over from a run that encrypted nothing.
    if begun and (study / PASSPHRASE_KEY).is_file():
        return key_behind(study, passphrase)
    return new_key_behind(study, passphrase)


def _seal(path: Path, recipients: Sequence[Any], identities: Sequence[Any]) -> int:
    """Encrypt one file in its folder; return its size before."""
    before = path.stat()
    sealed = path.with_name(f"{path.name}{LOCKED_ENDING}")
    with replacing(sealed) as temporary:
        written = encrypt_into(path, temporary, recipients)
        if decrypt_into(temporary, None, identities) != written:
            raise DataError("does not come back from encryption as it was", where=path)
        os.utime(temporary, ns=(before.st_atime_ns, before.st_mtime_ns))
    settle(path.parent)
    now = path.stat()
    if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        sealed.unlink()
        raise DataError(
            "changed while it was being locked", where=path, hint="end what writes to it, run again"
        )
    path.unlink()
    return before.st_size
