"""Which files of a study are locked and unlocked, and what stands in the way."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from arousal.errors import UsageError
from arousal.ingest.journal import read_journal
from arousal.locked import LOCK_PAGE, LOCKED_ENDING
from arousal.protect.keys import PASSPHRASE_KEY

__all__ = [
    "check_quiet",
    "check_room",
    "plain_files",
    "remove_leftovers",
    "sealed_files",
    "settle",
]

_LEFTOVER = re.compile(r"\..+\.[a-z0-9_]{8}\.tmp")
"""Temporary files of `arousal.atomic` that a killed process left."""
_OWN = frozenset({LOCK_PAGE, PASSPHRASE_KEY})
SPARE = 16 * 2**20
"""Bytes that stay free while the largest file stands twice on the disk."""
FRESH = 60.0
"""Seconds after which a journal without an end is no recording under way."""


def _every(study: Path) -> list[Path]:
    return sorted(p for p in study.rglob("*") if p.is_file() and p.relative_to(study) not in own())


def own() -> frozenset[Path]:
    """Files at the study's top that belong to the lock itself."""
    return frozenset(Path(name) for name in _OWN)


def plain_files(study: Path) -> list[Path]:
    """Files that are not encrypted, in order."""
    return [p for p in _every(study) if not p.name.endswith(LOCKED_ENDING)]


def sealed_files(study: Path) -> list[Path]:
    """Files that are encrypted, in order."""
    return [p for p in _every(study) if p.name.endswith(LOCKED_ENDING)]


def remove_leftovers(study: Path) -> None:
    """Remove what a killed run had begun to write; nothing of it was in use."""
    for path in _every(study):
        if _LEFTOVER.fullmatch(path.name):
            path.unlink()


def check_quiet(study: Path) -> None:
    """Refuse a study in which something is going on, or that holds what cannot be locked.

    Raises
    ------
    UsageError
        If a session is open or being recorded, or there are links, devices or a git repository.
    """
    for path in sorted(study.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise UsageError(
                "is a link or a device, which cannot be locked",
                where=path,
                hint="put the file itself there, or move the link out of the study",
            )
        if path.name == ".git":
            raise UsageError(
                "the study is a git repository, whose history would keep plain copies",
                where=path,
                hint="move .git out of the study first",
            )
    for address in study.glob("sessions/*/.desk.json"):
        from arousal.monitor.channel import ChannelClient  # brings the whole live room

        if ChannelClient(address.parent).is_alive():
            raise UsageError("this session is open in `arousal live`", where=address.parent)
    for journal in study.rglob("*journal.jsonl"):
        entries, _ = read_journal(journal)
        if entries and entries[-1].type != "stop" and time.time() - entries[-1].utc < FRESH:
            raise UsageError("this session is being recorded", where=journal.parent)


def check_room(study: Path, files: Sequence[Path]) -> None:
    """Refuse if the largest file does not fit on the disk a second time.

    Raises
    ------
    UsageError
        With what is free and what is needed, in MB.
    """
    largest = max((p.stat().st_size for p in files), default=0)
    needed, free = largest + largest // 1000 + SPARE, shutil.disk_usage(study).free
    if free < needed:
        raise UsageError(
            f"{free / 1e6:.0f} MB are free and {needed / 1e6:.0f} MB are needed", where=study
        )


def settle(folder: Path) -> None:
    """Wait until a folder's renames are on the disk, where the system can tell (POSIX)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
