"""When each row of a table was measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arousal.errors import DataError
from arousal.findings import Finding, Severity
from arousal.ingest.table_plan import Plan

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Clock", "row_times", "stamps_of"]

FloatArray = NDArray[np.float64]
_SCALE = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "unix": 1.0, "unix-ms": 1e-3}
UNIX_FROM, UNIX_TO = 6.3e8, 4.1e9
"""1990 to 2100: what a time in Unix seconds can be."""


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """Times of the rows, and what they are counted on.

    Parameters
    ----------
    times : ndarray, shape (rows,)
        Seconds since the first row; NaN where a row has none.
    origin : float
        Reading of the clock at zero, in seconds.
    name : str
        ``"unix"`` or ``"file"``.
    findings : tuple of Finding
        What was noticed.
    """

    times: FloatArray
    origin: float
    name: str
    findings: tuple[Finding, ...] = ()


def row_times(table: pd.DataFrame, plan: Plan, path: Path) -> Clock:
    """Time of each row, from the time column or the rate.

    Raises
    ------
    DataError
        If the time column holds no times, or Unix times that are none.
    """
    if plan.table.time is None:
        rate = plan.table.rate or 1.0  # without either the table is intervals in a row
        return Clock(np.arange(len(table)) / rate, 0.0, "file")
    unit = plan.table.time_unit
    stamps, findings, dated = stamps_of(table[plan.table.time], unit, path)
    known = stamps[np.isfinite(stamps)]
    if not known.size:
        raise DataError(f"time column {plan.table.time!r} holds no time", where=path)
    origin = float(known.min())
    return Clock(stamps - origin, origin, "unix" if dated else "file", findings)


def stamps_of(
    cells: pd.Series[Any], unit: str, path: Path
) -> tuple[FloatArray, tuple[Finding, ...], bool]:
    """Read a column of times.

    Returns
    -------
    stamps : ndarray, shape (rows,)
        Seconds; NaN for an empty cell.
    findings : tuple of Finding
        ``time-zone-unknown`` for dates without a time zone.
    dated : bool
        Whether they are seconds since 1970, UTC.

    Raises
    ------
    DataError
        If a cell is no time, or a Unix time lies outside of 1990 to 2100.
    """
    import pandas as pd

    if unit == "iso":
        return _from_words(cells, path)
    numbers = pd.to_numeric(cells, errors="coerce")
    wrong = cells[numbers.isna() & cells.notna()]
    if len(wrong):
        raise DataError(
            f"time {str(wrong.iloc[0])!r} is no number",
            where=path,
            hint='dates and times in words: time_unit = "iso"',
        )
    stamps = numbers.to_numpy(dtype=np.float64) * _SCALE[unit]
    dated = unit.startswith("unix")
    known = stamps[np.isfinite(stamps)]
    if dated and known.size and not UNIX_FROM <= float(np.median(known)) <= UNIX_TO:
        raise DataError(
            f"times around {np.median(known):.10g} s are not Unix times of 1990 to 2100",
            where=path,
            hint="say the time_unit under [table] with --map",
        )
    return stamps, (), dated


def _from_words(cells: pd.Series[Any], path: Path) -> tuple[FloatArray, tuple[Finding, ...], bool]:
    import pandas as pd

    words = cells.astype("string")
    zoned = bool(words.dropna().str.contains(r"(?:Z|[+-]\d\d:?\d\d)$", regex=True).all())
    try:
        parsed = pd.to_datetime(words, format="ISO8601", utc=True)
    except ValueError:
        raise DataError(
            f"times such as {words.dropna().iloc[0]!r} are not ISO dates (2026-03-12T18:00:00)",
            where=path,
        ) from None
    nanoseconds = parsed.astype("datetime64[ns, UTC]").astype("int64").to_numpy()
    stamps = np.where(parsed.isna(), np.nan, nanoseconds / 1e9)
    if zoned:
        return stamps, (), True
    text = "times have no time zone; they count as seconds, and the wall-clock time is not known"
    return stamps, (Finding("time-zone-unknown", text, Severity.NOTE),), False
