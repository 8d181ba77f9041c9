"""``sources.tsv`` of a session out of which a person goes: what was added, and what it is now.

The checksum of a file as it was added stays, so that the same data cannot come back; below it
stands the one of the file as it was rewritten, so that it does not look spoiled.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from arousal.atomic import write_text
from arousal.forget.leaver import TOMBSTONE, Leaver

__all__ = ["forget_in_sources", "unchanged_sources"]

SOURCES = "sources.tsv"
FILE, SHA256, BYTES = 0, 2, 3
"""Columns; see `arousal.study.sources`, which stands beside this package."""


def unchanged_sources(folder: Path) -> dict[str, list[str]]:
    """Return the files of a session that still are what ``sources.tsv`` says, with their rows."""
    last = {row[FILE]: row for row in _rows(folder)}
    return {
        name: row
        for name, row in last.items()
        if len(row) > BYTES and (folder / name).is_file() and _told(folder / name) == _tells(row)
    }


def forget_in_sources(folder: Path, who: Leaver, whole: dict[str, list[str]]) -> list[str]:
    """Take a person's files and names out, and note what was rewritten.

    Parameters
    ----------
    folder : Path
        The session's.
    who : Leaver
        Whom.
    whole : dict
        From `unchanged_sources`, before anything was rewritten.

    Returns
    -------
    list of str
        What was removed.
    """
    path = folder / SOURCES
    if not path.is_file():
        return []
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    there = [x for x in lines if (folder / x.split("\t", 1)[0]).exists()]
    kept = [who.hidden.without(line, TOMBSTONE) for line in there]
    new = [who.hidden.without(line, TOMBSTONE) for line in _rewritten(folder, whole)]
    if [*kept, *new] != lines:
        write_text(path, "".join(f"{line}\n" for line in (head, *kept, *new)))
    return ["names of files in sources.tsv"] if kept != lines else []


def _rewritten(folder: Path, whole: dict[str, list[str]]) -> list[str]:
    found = []
    for name, row in whole.items():
        if (folder / name).is_file() and (now := _told(folder / name)) != _tells(row):
            found.append("\t".join([*row[:SHA256], *now, *row[BYTES + 1 :]]))
    return found


def _rows(folder: Path) -> list[list[str]]:
    path = folder / SOURCES
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [line.split("\t") for line in lines[1:]]


def _tells(row: list[str]) -> tuple[str, str]:
    return row[SHA256], row[BYTES]


def _told(path: Path) -> tuple[str, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return digest, str(path.stat().st_size)
