"""A text table (CSV, TSV, semicolons, decimal commas) -> named columns.

Separator and decimal sign are found strictly: the header and the first lines must agree on one
reading of the file, else the user is asked.
"""

from __future__ import annotations

import codecs
import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from arousal.errors import DataError, FormatError, SettingsError
from arousal.ingest.mapping import TableMapping
from arousal.ingest.number_table import text_below

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Layout", "find_layout", "looks_like_text", "read_table"]

SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "bar"}
LOOK_LINES = 40
LOOK_BYTES = 262_144
_COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+")
_POINT_NUMBER = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Layout:
    """How the file writes a table.

    Parameters
    ----------
    separator : str
        Between cells; empty for a single column.
    decimal : {".", ","}
        Decimal sign.
    encoding : str
        Of the text.
    columns : tuple of str
        Names from the header, or ``"1"``, ``"2"``, ...
    skip : int
        Lines before the first line of data.
    """

    separator: str
    decimal: str
    encoding: str
    columns: tuple[str, ...]
    skip: int


def looks_like_text(path: Path) -> bool:
    """Whether the file's beginning is text."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    control = sum(byte < 32 and byte not in b"\t\r\n\f" for byte in head)
    return bool(head) and control == 0


def find_layout(path: Path, told: TableMapping) -> Layout:
    """Find separator, decimal sign and column names.

    Parameters
    ----------
    path : Path
        Text file.
    told : TableMapping
        What the user says wins.

    Raises
    ------
    FormatError
        If the file has no line of data, or its lines cannot be read as one table.
    """
    encoding = _encoding(path)
    with path.open(encoding=encoding, errors="replace", newline=None) as file:
        text = file.read(LOOK_BYTES)
    lines = text.splitlines()[told.skip :]
    skip = told.skip
    if lines and (said := re.fullmatch(r'"?sep=(.)"?', lines[0].strip())):
        lines, skip = lines[1:], skip + 1
        told = told.model_copy(update={"delimiter": told.delimiter or said[1]})
    blank = next((i for i, line in enumerate(lines) if line.strip()), 0)
    lines, skip = lines[blank:], skip + blank
    lines = [line for line in lines[: LOOK_LINES + 1] if line.strip()]
    if len(lines) < 1 + told.header:
        raise FormatError("there is no line of data in it", where=path)
    separator = told.delimiter if told.delimiter is not None else _separator(lines, told, path)
    cells = [_split(line, separator) for line in lines]
    names = tuple(cells[0]) if told.header else tuple(str(i + 1) for i in range(len(cells[0])))
    if told.header:
        _check_names(names, path)
    decimal = told.decimal or _decimal(cells[told.header :], separator, path)
    return Layout(separator, decimal, encoding, names, skip + told.header)


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(LOOK_BYTES)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        head[: max(len(head) - 4, 0)].decode("utf-8")  # the cut may fall inside a letter
    except UnicodeDecodeError:
        return "cp1252"  # what Excel writes in Western Europe; only names and units are concerned
    return "utf-8-sig"


def _split(line: str, separator: str) -> list[str]:
    import csv

    if not separator:
        return [line.strip().strip('"')]
    row = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    return [cell.strip() for cell in row]


def _separator(lines: list[str], told: TableMapping, path: Path) -> str:
    fitting: dict[str, int] = {}
    for separator in SEPARATORS:
        counts = {len(_split(line, separator)) for line in lines}
        if len(counts) == 1 and (count := counts.pop()) > 1:
            fitting[separator] = count
    if len(fitting) == 1:
        return next(iter(fitting))
    if not fitting:
        if told.header and "," in lines[0]:
            raise FormatError(
                "its lines do not have the same number of cells",
                where=path,
                hint="say skip and delimiter under [table] with --map",
            )
        return ""
    if set(fitting) >= {",", ";"} or set(fitting) >= {",", "\t"}:
        # "1,5;2,5": each line has as many decimal commas. Names hold none if that is so.
        others = [s for s in fitting if s != ","]
        if told.header and "," not in lines[0] and len(others) == 1:
            return others[0]
    names = " and ".join(SEPARATORS[s] for s in fitting)
    raise FormatError(
        f"both {names} could separate its cells",
        where=path,
        hint="say delimiter under [table] with --map",
    )


def _check_names(names: tuple[str, ...], path: Path) -> None:
    if all(re.fullmatch(r"[+-]?[\d.,eE+-]+", name) for name in names):
        raise FormatError(
            "its first line holds numbers and no names of columns",
            where=path,
            hint="say header = false under [table] with --map; columns are then '1', '2', ...",
        )
    named = [name for name in names if name]
    if len(set(named)) != len(named):
        twice = sorted({name for name in named if named.count(name) > 1})
        raise FormatError(f"columns appear twice: {', '.join(twice)}", where=path)


def _decimal(rows: list[list[str]], separator: str, path: Path) -> str:
    if separator == ",":
        return "."
    cells = [cell for row in rows for cell in row]
    commas = any(_COMMA_NUMBER.fullmatch(cell) for cell in cells)
    points = any(_POINT_NUMBER.fullmatch(cell) for cell in cells)
    if commas and points:
        raise FormatError(
            "some numbers have a decimal comma and some a decimal point",
            where=path,
            hint="say decimal under [table] with --map",
        )
    return "," if commas else "."


def read_table(path: Path, layout: Layout) -> pd.DataFrame:
    """Read all columns.

    Returns
    -------
    pandas.DataFrame
        Columns named as in ``layout``; numbers where every cell of a column is one.

    Raises
    ------
    DataError
        If a line has more cells than the header; the message has the line's number.
    FormatError
        If there is no line of data.
    """
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # cells beyond the last name
            return pd.read_csv(
                io.BytesIO(_data(path, layout)),
                sep=layout.separator or "\x1f",  # a character that no text holds: one column
                decimal=layout.decimal,
                encoding="utf-8",
                encoding_errors="replace",
                header=None,
                names=list(layout.columns),
                index_col=False,
                skipinitialspace=True,
                skip_blank_lines=True,
                na_values=["n/a", "N/A", "nan", "NaN", "-", ""],
                low_memory=False,  # else a column's type may change half-way
            )
    except pd.errors.ParserWarning:
        count = len(layout.columns)
        raise DataError(
            f"its first line of data has more cells than the header, which has {count}",
            where=path,
            hint="give each column a name, or say skip and delimiter under [table] with --map",
        ) from None
    except pd.errors.ParserError as error:
        reason = str(error).split("C error:")[-1].strip()
        raise DataError(f"is not one table: {reason}", where=path) from None
    except pd.errors.EmptyDataError:
        raise FormatError("there is no line of data in it", where=path) from None


def _data(path: Path, layout: Layout) -> bytes:
    """The file in UTF-8, its header as blank lines: pandas then counts lines as an editor does."""
    raw = path.read_bytes()
    if layout.encoding != "utf-8-sig":
        raw = raw.decode(layout.encoding, errors="replace").encode()
    return b"\n" * layout.skip + text_below(raw, layout.skip)


def check_column(name: str, layout: Layout, path: Path) -> str:
    """Return the column's name, or say that there is none.

    Raises
    ------
    SettingsError
        If the table has no such column.
    """
    if name not in layout.columns:
        raise SettingsError(
            f"the mapping names column {name!r}; columns: {', '.join(layout.columns)}", where=path
        )
    return name
