"""A table of a study in a form that other programs read: CSV, TSV, JSON, Parquet."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from arousal.atomic import replacing, write_text
from arousal.errors import UsageError
from arousal.study.dataset import KINDS, PARQUET, copy_to, quoted
from arousal.study.dictionary import dictionary
from arousal.study.query import Answer, opened, processed_sessions

__all__ = ["FORMATS", "as_csv", "as_json", "as_lines", "as_tsv", "export_tables", "write_new"]

COPY = {
    "csv": "FORMAT csv, HEADER, NULLSTR '', USE_TMP_FILE false",
    "tsv": "FORMAT csv, HEADER, DELIMITER '\t', NULLSTR 'n/a', USE_TMP_FILE false",
    "parquet": PARQUET,
}
"""How DuckDB writes each form."""
FORMATS = tuple(COPY)
Number = int | float | None
SHOWN = 40
"""Rows that are shown on a terminal."""
WIDEST = 48
"""Letters of a cell that are shown on a terminal."""


def as_csv(answer: Answer) -> str:
    """Return a table with commas; a missing value is empty."""
    return _separated(answer, ",", "")


def as_tsv(answer: Answer) -> str:
    """Return a table with tabs; a missing value is ``n/a``, as in BIDS."""
    return _separated(answer, "\t", "n/a")


def _separated(answer: Answer, mark: str, missing: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=mark, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows([missing if _gone(v) else v for v in row] for row in answer.rows)
    return text.getvalue()


def as_json(answer: Answer) -> str:
    """Return ``{"columns", "types", "rows": [{...}], "left_out"}``; a missing value is null."""
    rows = [
        {name: _plain(v) for name, v in zip(answer.columns, row, strict=True)}
        for row in answer.rows
    ]
    content = {
        "columns": answer.columns,
        "types": answer.types,
        "rows": rows,
        "left_out": answer.left_out,
    }
    return json.dumps(content, ensure_ascii=False) + "\n"


def as_lines(answer: Answer, most: int = SHOWN) -> str:
    """Lay a table out for a terminal."""
    shown = [[_cell(v) for v in row] for row in answer.rows[:most]]
    lines = [list(answer.columns), *shown]
    widths = [max(len(line[i]) for line in lines) for i in range(len(answer.columns))]
    numeric = [all(isinstance(r[i], Number) for r in answer.rows) for i in range(len(widths))]
    text = "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    )
    more = len(answer.rows) - len(shown)
    return f"{text}\n({more} more rows: --csv, --tsv or --json writes all)" if more else text


def _gone(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _cell(value: Any) -> str:
    if _gone(value):
        return "-"
    text = f"{value:.6g}" if isinstance(value, float) else " ".join(str(value).split())
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 3]}..."


def _plain(value: Any) -> Any:
    if _gone(value):
        return None
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return str(value)


def write_new(path: Path, text: str) -> None:
    """Write a file that does not exist yet.

    Raises
    ------
    UsageError
        If something stands there, or it cannot be written.
    """
    if path.exists():
        raise UsageError("exists, and is not overwritten", where=path, hint="choose another name")
    write_text(path, text)


def export_tables(
    study: Path, out: Path, form: str, kinds: Sequence[str] = ()
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Write whole tables of a study, each as one file, beside ``columns.json``.

    Parameters
    ----------
    study, out : Path
        The study's folder, and a folder in which none of these files exist.
    form : {"csv", "tsv", "parquet"}
        Form of the files.
    kinds : sequence of str
        Which tables; default: all that have rows.

    Returns
    -------
    files : tuple of Path
        What was written.
    left_out : tuple of str
        Sessions whose consents changed since they were processed.

    Raises
    ------
    UsageError
        If there is no such kind or form, a file stands there already, or it cannot be written.
    NothingUsableError
        If nothing was processed yet.
    """
    known = [t.name for t in KINDS]
    if form not in FORMATS:
        raise UsageError(f"form is {form!r}, must be one of {', '.join(FORMATS)}")
    if unknown := [k for k in kinds if k not in known]:
        raise UsageError(f"no table {unknown[0]!r}; known: {', '.join(known)}")
    shown, hidden = processed_sessions(study)
    with opened(study, shown, sealed=False) as connection:
        every = kinds or [k for k in known if connection.execute(f"FROM {quoted(k)}").fetchone()]
        targets = [out / f"{kind}.{form}" for kind in every]
        _check_free([*targets, out / "columns.json"])
        for kind, target in zip(every, targets, strict=True):
            with replacing(target) as temporary:
                copy_to(connection, f"(FROM {quoted(kind)})", temporary, COPY[form])
    described = json.dumps(dictionary(), indent=2, ensure_ascii=False) + "\n"
    write_text(out / "columns.json", described)
    return (*targets, out / "columns.json"), hidden


def _check_free(places: Iterable[Path]) -> None:
    if there := [p for p in places if p.exists()]:
        raise UsageError(
            "exists, and is not overwritten", where=there[0], hint="choose an empty folder"
        )
