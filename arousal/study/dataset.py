"""The study's tables on disk: one Parquet dataset per kind, one part per session.

``STUDY/derivatives/tables/<kind>/session=<id>/part.parquet``, written by DuckDB with the types that
`arousal.tables` declares, in the order of the rows as they were computed, on one thread: the same
table gives the same bytes. A missing number is NULL.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from arousal.atomic import replacing
from arousal.errors import UsageError
from arousal.tables import CONTRASTS, CURVES, FEATURES, GROUP, PHASES, QUALITY, Table

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

__all__ = [
    "KINDS",
    "PARQUET",
    "columns_of",
    "copy_to",
    "drop_parts",
    "load_duckdb",
    "part_path",
    "part_sessions",
    "quoted",
    "tables_folder",
    "write_part",
    "writer",
]

KINDS: tuple[Table, ...] = (FEATURES, CURVES, GROUP, PHASES, QUALITY, CONTRASTS)
"""Every kind of table that a study has, in the order in which they are told."""
PARQUET = "FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false"
"""How DuckDB writes it."""
SQL_TYPES = {"str": "VARCHAR", "float": "DOUBLE", "int": "BIGINT", "bool": "BOOLEAN"}
ALONE = {
    "threads": 1,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""How every connection is opened: nothing is fetched from anywhere."""


def load_duckdb() -> ModuleType:
    """Import DuckDB.

    Raises
    ------
    UsageError
        If the extra is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise UsageError(
            "the tables of a study need DuckDB, which is not installed",
            hint='pip install "arousal[study]"',
        ) from None
    return duckdb


def tables_folder(study: Path) -> Path:
    """Return where a study's tables are."""
    return study / "derivatives" / "tables"


def part_path(study: Path, kind: str, session: str) -> Path:
    """Return where a session's part of a dataset is; its name is escaped as in an address."""
    name = f"session={quote(session, safe=' ')}"
    return tables_folder(study) / kind / name / "part.parquet"


def part_sessions(study: Path, kind: str) -> list[str]:
    """Return the sessions that have a part of this kind."""
    parts = tables_folder(study).glob(f"{kind}/session=*/part.parquet")
    return sorted(unquote(p.parent.name.partition("=")[2]) for p in parts)


def columns_of(table: Table) -> dict[str, str]:
    """Return column -> SQL type of a table's parts; the session is in their folder's name."""
    return {c.name: SQL_TYPES[c.dtype] for c in table.columns if c.name != "session"}


def quoted(name: str, mark: str = '"') -> str:
    """Quote a name (or, with ``'``, a text) for SQL."""
    return mark + name.replace(mark, mark * 2) + mark


@contextmanager
def writer() -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection for `write_part`; one is enough for all parts of a session.

    Raises
    ------
    UsageError
        If DuckDB is missing.
    """
    with load_duckdb().connect(":memory:", config=ALONE) as connection:
        yield connection


def write_part(
    connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame, table: Table, path: Path
) -> None:
    """Write one session's part of a dataset, whole or not at all.

    Parameters
    ----------
    connection : DuckDBPyConnection
        From `writer`.
    frame : DataFrame
        As declared by ``table``; checked.
    table : Table
        Its declaration.
    path : Path
        From `part_path`.

    Raises
    ------
    DataError
        If the frame breaks the declaration.
    UsageError
        If the place cannot be written to.
    """
    table.check(frame)
    columns = columns_of(table)
    names = ", ".join(map(quoted, columns))
    declared = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    connection.execute(f"CREATE OR REPLACE TABLE part ({declared})")
    connection.register("frame", frame)
    connection.execute(f"INSERT INTO part SELECT {names} FROM frame")  # noqa: S608
    connection.unregister("frame")
    with replacing(path) as temporary:
        copy_to(connection, "part", temporary, PARQUET)


def copy_to(connection: duckdb.DuckDBPyConnection, source: str, path: Path, form: str) -> None:
    """Let DuckDB write a table or ``(FROM ...)`` to a file.

    Parameters
    ----------
    connection : DuckDBPyConnection
        That knows the source.
    source : str
        In SQL.
    path : Path
        Written in place: give a temporary file.
    form : str
        Options of COPY.

    Raises
    ------
    OSError
        If it cannot be written, in the system's own words.
    """
    place = quoted(str(path), "'")
    try:
        connection.execute(f"COPY {source} TO {place} ({form})")
    except load_duckdb().IOException as error:
        raise _as_told_by_the_system(str(error)) from None


def _as_told_by_the_system(message: str) -> OSError:
    """Return the system's error by the number that DuckDB tells, else its words at the end."""
    if found := re.search(r'"errno":"(\d+)"', message):
        number = int(found[1])
        return OSError(number, os.strerror(number))
    return OSError(message.splitlines()[0].rpartition(": ")[2].strip())


def drop_parts(study: Path, session: str, kinds: Iterable[str] | None = None) -> int:
    """Delete a session's parts (of these kinds, or of all); return how many there were.

    Raises
    ------
    UsageError
        If one cannot be deleted.
    """
    dropped = 0
    for kind in kinds if kinds is not None else (t.name for t in KINDS):
        folder = part_path(study, kind, session).parent
        if not folder.is_dir():
            continue
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise UsageError(f"cannot be deleted: {error.strerror}", where=folder) from None
        with suppress(OSError):
            folder.parent.rmdir()
        dropped += 1
    return dropped
