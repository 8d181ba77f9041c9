"""The data dictionary: every column of a study's tables, from their declarations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from arousal import __version__
from arousal.atomic import write_text
from arousal.errors import UsageError
from arousal.study.dataset import KINDS, tables_folder
from arousal.tables import SCHEMA_VERSION, Column, Table

__all__ = ["SESSION", "as_lines", "columns_with_session", "dictionary", "write_dictionary"]

SESSION = Column(
    "session", "str", "", "Session id: the name of its folder", source="STUDY/sessions/<session>/"
)
MADE_BY = {
    "features": "arousal.features.table",
    "curves": "arousal.phase_align.curves",
    "group": "arousal.phase_align.curves",
    "phases": "arousal.phase_align.phase_means",
    "quality": "arousal.features.quality",
    "contrasts": "arousal.hypothesis.contrasts",
}
"""Where the formula of a column stands that names no paper and no function of another package."""


def columns_with_session(table: Table) -> tuple[Column, ...]:
    """Return a table's columns as a study has them: the session first."""
    return (SESSION, *(c for c in table.columns if c.name != SESSION.name))


def dictionary(only: str | None = None) -> dict[str, Any]:
    """Return every kind of table with its columns: name, type, unit, definition, source, bounds.

    Parameters
    ----------
    only : str, optional
        This table alone.

    Raises
    ------
    UsageError
        If there is no such table.
    """
    known = [table.name for table in KINDS]
    if only is not None and only not in known:
        raise UsageError(f"no table {only!r}; known: {', '.join(known)}")
    return {
        "schema_version": SCHEMA_VERSION,
        "arousal": __version__,
        "missing": "NULL in Parquet and JSON, n/a in TSV, empty in CSV",
        "tables": {t.name: _described(t) for t in KINDS if only in {None, t.name}},
    }


def _described(table: Table) -> dict[str, Any]:
    key = table.key if SESSION.name in table.key else (SESSION.name, *table.key)
    columns = [_column(c, table) for c in columns_with_session(table)]
    return {"definition": table.meaning, "key": list(key), "columns": columns}


def _column(column: Column, table: Table) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": column.name,
        "type": column.dtype,
        "unit": column.unit,
        "definition": column.meaning,
        "source": column.source or MADE_BY[table.name],
    }
    if column.levels:
        entry["levels"] = list(column.levels)
    if column.low is not None:
        entry["minimum"] = column.low
    if column.high is not None:
        entry["maximum"] = column.high
    return entry


def as_lines(described: dict[str, Any]) -> str:
    """Lay a dictionary out for a terminal."""
    lines = []
    for name, table in described["tables"].items():
        lines.append(f"{name}: {table['definition']} Key: {', '.join(table['key'])}.")
        for column in table["columns"]:
            unit = f" [{column['unit']}]" if column["unit"] else ""
            lines.append(f"  {column['name']}{unit}  {column['definition']}  ({column['source']})")
        lines.append("")
    return "\n".join(lines).rstrip()


def write_dictionary(study: Path) -> Path:
    """Write ``derivatives/tables/columns.json``; raises as `arousal.atomic.replacing`."""
    path = tables_folder(study) / "columns.json"
    write_text(path, json.dumps(dictionary(), indent=2, ensure_ascii=False) + "\n")
    return path
