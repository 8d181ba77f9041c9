"""Columns of numbers in a text file whose layout is known -> arrays; broken cells are counted."""

from __future__ import annotations

import codecs
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from arousal.errors import DataError, FormatError
from arousal.findings import Finding, Severity

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NumberTable", "first_lines", "read_cells", "read_numbers", "text_below"]

FloatArray = NDArray[np.float64]
MOST_BROKEN = 0.5
"""A file of which more lines than this are broken is not what its header says."""


@dataclass(frozen=True, slots=True, eq=False)
class NumberTable:
    """Columns by name, one value a line.

    Parameters
    ----------
    columns : dict of str to ndarray, shape (n,)
        NaN where a cell was no number.
    findings : tuple of Finding
        ``lines-broken`` and ``line-cut``.
    """

    columns: dict[str, FloatArray]
    findings: tuple[Finding, ...]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def first_lines(path: Path, count: int, size: int = 65_536) -> list[str]:
    """Return the first lines of a text file, without reading more than ``size`` bytes."""
    with path.open("rb") as file:
        head = file.read(size)
    return head.decode("utf-8-sig", "replace").splitlines()[:count]


def read_cells(
    path: Path,
    names: Sequence[str],
    *,
    separator: str,
    skip: int,
    as_text: bool = False,
    content: bytes | None = None,
    exact: bool = False,
) -> pd.DataFrame:
    """Read the cells below a header of ``skip`` lines.

    Parameters
    ----------
    path : Path
        Text file; named in errors only where ``content`` is given.
    names : sequence of str
        One for each column.
    separator : str
        Between cells.
    skip : int
        Lines before the first line of data.
    as_text : bool
        Keep every cell as text.
    content : bytes, optional
        What the file holds, where it had to be unpacked.
    exact : bool
        Read each number to the nearest 64-bit float; else it may be one or two floats beside it,
        which is faster.

    Raises
    ------
    DataError
        If a line has more cells than there are names.
    FormatError
        If there is no line of data.
    """
    import pandas as pd

    raw = path.read_bytes() if content is None else content
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # cells beyond the last name
            table: pd.DataFrame = pd.read_csv(
                io.BytesIO(text_below(raw, skip)),
                sep=separator,
                header=None,
                names=list(names),
                index_col=False,
                skipinitialspace=True,
                encoding="utf-8",
                encoding_errors="replace",
                dtype=str if as_text else None,
                na_values=["n/a"],
                low_memory=False,
                float_precision="round_trip" if exact else None,
            )
    except pd.errors.ParserWarning:
        raise DataError(f"its lines have more than {len(names)} cells", where=path) from None
    except pd.errors.ParserError as error:
        reason = str(error).split("C error:")[-1].strip()
        raise DataError(f"is not one table: {reason}", where=path) from None
    except pd.errors.EmptyDataError:
        raise FormatError("there is no line of data in it", where=path) from None
    if table.empty:
        raise FormatError("there is no line of data in it", where=path)
    return table


def text_below(raw: bytes, skip: int) -> bytes:
    """Return the text below ``skip`` lines of header, with plain line ends and without NUL.

    pandas' own ``skiprows`` takes all memory there is on some damaged headers (a quote, NUL and
    bare carriage returns in 35 kB ate 24 GB).
    """
    text = raw.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    parts = text.split(b"\n", skip)
    return parts[skip].replace(b"\0", b" ") if len(parts) > skip else b""


def read_numbers(
    path: Path,
    names: Sequence[str],
    *,
    separator: str,
    skip: int,
    need: Sequence[str] = (),
    may_miss: bool = False,
    content: bytes | None = None,
    exact: bool = False,
) -> NumberTable:
    """Read columns of numbers.

    Parameters
    ----------
    path : Path
        Text file.
    names : sequence of str
        One for each column; a separator at the end of the lines is no column.
    separator : str
        Between cells.
    skip : int
        Lines before the first line of data.
    need : sequence of str, optional
        Columns without which a line is broken; default: all.
    may_miss : bool
        Whether cells may be empty or ``n/a``; then only words in the place of numbers are broken.
    content : bytes, optional
        What the file holds, where it had to be unpacked.
    exact : bool
        As `read_cells`.

    Raises
    ------
    DataError
        If a line has more cells than there are names.
    FormatError
        If there is no line of data, or more than half of the lines are broken.
    """
    import pandas as pd

    cells = read_cells(path, names, separator=separator, skip=skip, content=content, exact=exact)
    wanted = set(need or names)
    numbers: dict[str, FloatArray] = {}
    whole = np.ones(len(cells), dtype=bool)
    for name in names:
        column = cells.pop(name)  # one at a time: a long recording is large
        numbers[name] = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
        if name in wanted:
            known = np.isfinite(numbers[name])
            whole &= known | column.isna().to_numpy() if may_miss else known
    bad = int((~whole).sum())
    if bad > MOST_BROKEN * whole.size:
        raise FormatError(
            f"{bad} of {whole.size} lines are not {len(wanted)} numbers: "
            "it is not what its header says, or it is damaged",
            where=path,
        )
    findings: list[Finding] = []
    keep = slice(0, whole.size)
    if not whole[-1]:
        keep, bad = slice(0, whole.size - 1), bad - 1
        text = "the last line is cut; it is left out, and the file may have been longer"
        findings.append(Finding("line-cut", text, Severity.WARNING, path.name))
    if bad:
        text = f"{bad} of {whole.size} lines are not {len(wanted)} numbers and count as missing"
        findings.append(Finding("lines-broken", text, Severity.WARNING, path.name))
    return NumberTable({name: values[keep] for name, values in numbers.items()}, tuple(findings))
