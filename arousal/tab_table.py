"""Read the tab-separated tables that people keep by hand in a study, as BIDS writes them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from arousal.errors import SettingsError

__all__ = ["MISSING", "TabTable", "read_tab_table"]

MISSING = frozenset({"", "n/a"})
"""How a cell says that there is nothing."""


@dataclass(frozen=True, slots=True)
class TabTable:
    """A table as it was written.

    Parameters
    ----------
    columns : tuple of str
        The header.
    rows : tuple of (int, dict)
        Line in the file (the header is line 1), and the cells that hold something, by column.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


def read_tab_table(path: Path, first: str) -> TabTable:
    """Read a table; nothing in it is interpreted.

    Parameters
    ----------
    path : Path
        UTF-8, tab-separated, a header row; ``n/a`` or empty for missing.
    first : str
        What the first column must be called.

    Raises
    ------
    SettingsError
        If the file is missing or no such table, the first column is another, a column appears
        twice, or a line has another number of cells than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t", strict=True)
            columns = tuple(reader.fieldnames or ())
            rows = list(reader)
    except FileNotFoundError:
        raise SettingsError("the file does not exist", where=path) from None
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", where=path) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"not a UTF-8 tab-separated table: {error}", where=path) from None
    if columns[:1] != (first,):
        raise SettingsError(
            f"first column is {list(columns[:1])}, must be {first}",
            where=path,
            hint="tab-separated with a header row",
        )
    if twice := sorted({c for c in columns if columns.count(c) > 1}):
        raise SettingsError(f"columns appear twice: {', '.join(twice)}", where=path)
    return TabTable(columns, tuple(_row(row, n, path) for n, row in enumerate(rows, start=2)))


def _row(row: dict[str, str], line: int, path: Path) -> tuple[int, dict[str, str]]:
    if None in row or None in row.values():
        raise SettingsError(f"line {line} has another number of cells than the header", where=path)
    return line, {k: v.strip() for k, v in row.items() if v.strip() not in MISSING}
