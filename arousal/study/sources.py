"""Where a session's files came from: ``sources.tsv`` beside ``session.toml``.

One row per data file: where it lies in the session's folder, what it was called (the name, never
the path), its sha256 when it was added, its size, what it was read as, and the day. So the same
file is never added twice, and a file that was changed afterwards can be told. What a withdrawal
rewrote has one more row, with the checksum that it has since.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import astuple, dataclass, field, fields
from datetime import date
from pathlib import Path

from arousal.errors import SettingsError
from arousal.tab_table import read_tab_table

__all__ = ["SOURCES", "KnownFiles", "SourceFile", "changed_files", "read_sources", "sources_text"]

SOURCES = "sources.tsv"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One row.

    Parameters
    ----------
    file : str
        Path in the session's folder, with ``/``.
    name : str
        What it was called where it came from; inside an export folder, the path in it.
    sha256 : str
        Of its bytes.
    size : int
        Bytes.
    format : str
        Short name of what it was read as (``"xdf"``).
    added : date
        When.
    """

    file: str
    name: str
    sha256: str
    size: int
    format: str
    added: date


COLUMNS = tuple("bytes" if f.name == "size" else f.name for f in fields(SourceFile))


def read_sources(folder: Path) -> tuple[SourceFile, ...]:
    """Read a session's ``sources.tsv``; empty if it has none (it was recorded in place).

    Raises
    ------
    SettingsError
        If a row breaks a rule.
    """
    path = folder / SOURCES
    if not path.exists():
        return ()
    return tuple(_source(cells, f"{path}, line {n}") for n, cells in _rows(path))


def _rows(path: Path) -> tuple[tuple[int, dict[str, str]], ...]:
    table = read_tab_table(path, COLUMNS[0])
    if table.columns != COLUMNS:
        raise SettingsError(f"its columns must be {', '.join(COLUMNS)}", where=path)
    return table.rows


def _source(cells: dict[str, str], where: str) -> SourceFile:
    try:
        row = SourceFile(
            cells["file"],
            cells.get("name", ""),
            cells["sha256"],
            int(cells["bytes"]),
            cells.get("format", ""),
            date.fromisoformat(cells["added"]),
        )
    except (KeyError, ValueError) as error:
        raise SettingsError(f"a cell is missing or wrong ({error})", where=where) from None
    if not _SHA256.fullmatch(row.sha256):
        raise SettingsError("sha256 must be 64 digits and letters a-f", where=where)
    return row


def sources_text(rows: tuple[SourceFile, ...]) -> str:
    """Write the table."""
    lines = ["\t".join(COLUMNS)]
    lines += ["\t".join(re.sub(r"[\t\r\n]", " ", str(c)) for c in astuple(row)) for row in rows]
    return "\n".join(lines) + "\n"


def changed_files(folder: Path) -> tuple[str, ...]:
    """Return which files of a session are gone, or other than when they were added.

    A file out of which a withdrawal took somebody has a second row, which holds then.

    Raises
    ------
    SettingsError
        As `read_sources`.
    """
    last = {row.file: row for row in read_sources(folder)}
    return tuple(name for name, row in last.items() if _differs(folder / name, row))


def _differs(path: Path, row: SourceFile) -> bool:
    if not path.is_file() or path.stat().st_size != row.size:
        return True
    return sha256_of(path) != row.sha256


def sha256_of(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(slots=True)
class KnownFiles:
    """Which data a study holds already, to be asked before more are added.

    Sessions without ``sources.tsv`` (recorded in place) are hashed only where a size fits.

    Parameters
    ----------
    by_sha256 : dict
        sha256 -> session id.
    by_size : dict
        Size in bytes -> files that were not hashed yet, with their session's id.
    """

    by_sha256: dict[str, str] = field(default_factory=dict)
    by_size: dict[int, list[tuple[Path, str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, sessions: Path) -> KnownFiles:
        """Look through the sessions of a study.

        Raises
        ------
        SettingsError
            If a ``sources.tsv`` breaks a rule.
        """
        known = cls()
        for folder in sorted(p.parent for p in sessions.glob("*/session.toml")):
            if rows := read_sources(folder):
                known.add(folder.name, rows)
                continue
            for path in folder.rglob("*"):
                inside = path.relative_to(folder).parts
                if inside[0] != "derivatives" and path.is_file():
                    known.by_size.setdefault(path.stat().st_size, []).append((path, folder.name))
        return known

    def add(self, session: str, rows: tuple[SourceFile, ...]) -> None:
        """Remember a session's files."""
        for row in rows:
            self.by_sha256.setdefault(row.sha256, session)

    def session_of(self, sha256: str, size: int) -> str | None:
        """Return which session holds a file; ``None`` if none does."""
        for path, session in self.by_size.pop(size, []):
            self.by_sha256.setdefault(sha256_of(path), session)
        return self.by_sha256.get(sha256)
