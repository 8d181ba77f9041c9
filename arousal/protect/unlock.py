"""Unlock a study: each encrypted file is decrypted whole, and only then taken away."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arousal.atomic import replacing
from arousal.errors import DataError, UsageError
from arousal.locked import LOCK_PAGE, LOCKED_ENDING, locked_folder
from arousal.protect.age import WrongKeyError, decrypt_into, fingerprint, require_pyrage
from arousal.protect.files import check_room, remove_leftovers, sealed_files, settle
from arousal.protect.keys import PASSPHRASE_KEY, Key, key_behind
from arousal.protect.page import recipients_on_page

__all__ = ["Unlocked", "unlock_study"]


@dataclass(frozen=True, slots=True)
class Unlocked:
    """What unlocking did.

    Parameters
    ----------
    files : int
        Files decrypted in this run.
    """

    files: int


def unlock_study(
    study: Path,
    keys: Sequence[Key] = (),
    *,
    passphrase: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Unlocked:
    """Decrypt every file of a locked study; interrupted, it is finished by running it again.

    Parameters
    ----------
    study : Path
        The locked study's folder.
    keys : sequence of Key
        Any one that it was locked for is enough.
    passphrase : str, optional
        Opens the study's own key instead.
    tell : callable, optional
        Told of each file before it is decrypted.

    Raises
    ------
    UsageError
        If it is not locked, there is no key, or none fits. Nothing has been changed then.
    DataError
        If files are damaged, or stand there both plain and encrypted with different content. They
        stay as they are and are named; all others are decrypted.
    """
    require_pyrage(study)
    if locked_folder(study) is None:
        raise UsageError("this study is not locked", where=study)
    if not (study / LOCK_PAGE).is_file() and not (study / f"study.toml{LOCKED_ENDING}").is_file():
        raise UsageError("is only a part of a locked study", where=study, hint="name its folder")
    if passphrase is not None:
        keys = (*keys, key_behind(study, passphrase))
    if not keys:
        raise UsageError(
            "unlocking needs a key", where=study, hint="--identity KEYFILE or --passphrase"
        )
    identities = [key.identity for key in keys]
    _check_fits(study, keys)
    remove_leftovers(study)
    files = sealed_files(study)
    check_room(study, files)
    troubles = []
    for number, path in enumerate(files, start=1):
        tell(f"unlocking {number} of {len(files)}: {path.relative_to(study)}")
        try:
            _open(path, identities)
        except (DataError, WrongKeyError) as error:
            troubles.append(error)
    if troubles:
        raise DataError(
            f"{len(troubles)} of {len(files)} files could not be unlocked: "
            + "; ".join(f"{error.where}: {error.message}" for error in troubles),
            where=study,
            hint="all others are plain again; restore these from a backup, then run this again",
        )
    (study / PASSPHRASE_KEY).unlink(missing_ok=True)
    (study / LOCK_PAGE).unlink(missing_ok=True)
    settle(study)
    return Unlocked(len(files))


def _check_fits(study: Path, keys: Sequence[Key]) -> None:
    """Refuse keys that the study was not locked for, before anything is touched."""
    listed = recipients_on_page(study)
    if not listed or {key.recipient for key in keys} & set(listed):
        return
    raise WrongKeyError(
        f"this key does not open the study: it is {keys[0].recipient}",
        where=study,
        hint=f"it opens with {', '.join(listed)}",
    )


def _open(path: Path, identities: Sequence[Any]) -> None:
    plain = path.with_name(path.name.removesuffix(LOCKED_ENDING))
    stat = path.stat()
    if plain.exists():
        # An earlier run was killed between the two steps below, or somebody put a file there.
        if decrypt_into(path, None, identities) != fingerprint(plain):
            raise DataError("stands there plain, too, and the two differ", where=path)
    else:
        with replacing(plain) as temporary:
            decrypt_into(path, temporary, identities)
            os.utime(temporary, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    settle(plain.parent)
    path.unlink()
