"""Questions to a study's tables in SQL: read-only, alone, and only of those who still agree.

>>> from arousal.study.query import ask
>>> ask(Path("study"), "select phase, avg(value) from phases group by phase")    # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from arousal.errors import NothingUsableError, UsageError
from arousal.session import load_study, participants_of
from arousal.study.dataset import ALONE, KINDS, columns_of, load_duckdb, part_path, quoted
from arousal.study.dictionary import columns_with_session
from arousal.study.plan import may_be_shown
from arousal.study.record import load_record, recorded_sessions
from arousal.tables import Table

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

__all__ = ["Answer", "ask", "opened", "processed_sessions", "read_kind", "shown_sessions"]


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of a question.

    Parameters
    ----------
    columns, types : tuple of str
        Names, and their types in SQL.
    rows : tuple of tuple
        Values; ``None`` for a missing one.
    left_out : tuple of str
        Sessions that are not in it: a consent changed since they were processed.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    left_out: tuple[str, ...] = ()


def shown_sessions(study: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which sessions' tables may be read, and which may not any more.

    A session may not if its ``session.toml``, ``study.toml`` or the consents of its people were
    changed since its tables were made, until `arousal process` has run again.
    """
    load_study(study / "study.toml")
    people = participants_of(study)
    shown: list[str] = []
    hidden: list[str] = []
    for name in recorded_sessions(study):
        record = load_record(study, name)
        if record is None or record.reason:
            continue
        (shown if may_be_shown(study, record, people) else hidden).append(name)
    return tuple(shown), tuple(hidden)


@contextmanager
def opened(
    study: Path, sessions: Sequence[str], *, sealed: bool = True
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection with one view per kind of table: features, curves, group, ...

    Parameters
    ----------
    study : Path
        The study's folder.
    sessions : sequence of str
        From `shown_sessions`.
    sealed : bool
        It can read the parts of these sessions and no other file, write none, fetch nothing and
        change no setting. Whoever asks for another runs no SQL but their own.
    """
    module = load_duckdb()
    with module.connect(":memory:", config=ALONE) as connection:
        parts: list[str] = []
        for table in KINDS:
            parts += _make_view(connection, study, table, sessions)
        if sealed:
            _seal(connection, parts)
        yield connection


def _seal(connection: duckdb.DuckDBPyConnection, parts: Sequence[str]) -> None:
    listed = ", ".join(quoted(part, "'") for part in parts)
    connection.execute(f"SET allowed_paths = [{listed}]")
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _make_view(
    connection: duckdb.DuckDBPyConnection, study: Path, table: Table, sessions: Sequence[str]
) -> list[str]:
    places = [part_path(study.resolve(), table.name, name) for name in sessions]
    parts = [str(place) for place in places if place.is_file()]
    names = ", ".join(quoted(c.name) for c in columns_with_session(table))
    listed = ", ".join(quoted(part, "'") for part in parts)
    source = (
        f"read_parquet([{listed}], hive_partitioning = true, hive_types = {{'session': VARCHAR}})"
        if parts
        else f"({_nothing(table)})"
    )
    connection.execute(f"CREATE VIEW {quoted(table.name)} AS SELECT {names} FROM {source}")  # noqa: S608
    return parts


def _nothing(table: Table) -> str:
    """A table of no rows with the declared types."""
    types = {"session": "VARCHAR", **columns_of(table)}
    cells = ", ".join(f"NULL::{kind} AS {quoted(name)}" for name, kind in types.items())
    return f"SELECT {cells} WHERE false"


def ask(study: Path, question: str) -> Answer:
    """Answer one SELECT over the tables of a study.

    Parameters
    ----------
    study : Path
        The study's folder.
    question : str
        SQL as DuckDB speaks it; the tables are ``features``, ``curves``, ``group``, ``phases``,
        ``quality`` and ``contrasts``.

    Raises
    ------
    UsageError
        If it is no single SELECT, or DuckDB refuses it.
    NothingUsableError
        If nothing was processed yet.
    """
    shown, hidden = processed_sessions(study)
    module = load_duckdb()
    with opened(study, shown) as connection:
        _check(connection, module, question)
        try:
            result = connection.execute(question)
            described = result.description or []
            rows = tuple(result.fetchall())
        except module.Error as error:
            raise UsageError(_told(error), where="query") from None
    columns = tuple(str(d[0]) for d in described)
    return Answer(columns, tuple(str(d[1]) for d in described), rows, hidden)


def read_kind(study: Path, kind: str) -> pd.DataFrame:
    """Return a whole table of a study, in order of sessions and as each was written.

    Parameters
    ----------
    study : Path
        The study's folder.
    kind : str
        ``"features"``, ``"curves"``, ``"group"``, ``"phases"``, ``"quality"`` or ``"contrasts"``.

    Returns
    -------
    DataFrame
        As declared in `arousal.tables`, with ``session`` as first column; missing numbers are NaN.

    Raises
    ------
    UsageError
        If there is no such kind.
    NothingUsableError
        If nothing was processed yet.
    """
    if kind not in {t.name for t in KINDS}:
        raise UsageError(f"no table {kind!r}; known: {', '.join(t.name for t in KINDS)}")
    shown, _ = processed_sessions(study)
    with opened(study, shown) as connection:
        return connection.execute(f"FROM {quoted(kind)}").df()


def processed_sessions(study: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what `shown_sessions` does, where there is anything at all.

    Raises
    ------
    NothingUsableError
        If nothing was processed yet.
    """
    shown, hidden = shown_sessions(study)
    if not shown and not hidden:
        raise NothingUsableError(
            "there are no tables yet", where=study, hint=f"arousal process {study}"
        )
    return shown, hidden


def _check(connection: duckdb.DuckDBPyConnection, module: ModuleType, question: str) -> None:
    try:
        statements = connection.extract_statements(question)
    except module.Error as error:
        raise UsageError(_told(error), where="query") from None
    if [s.type for s in statements] != [module.StatementType.SELECT]:
        raise UsageError(
            "must be one SELECT: a query reads and changes nothing",
            where="query",
            hint='arousal query STUDY "select * from phases limit 5"',
        )


def _told(error: Exception) -> str:
    """DuckDB's words without its drawing of where it is."""
    return " ".join(str(error).split("\n\nLINE ")[0].split())
