"""Raters' four polarities of mentalizing: read, checked, laid on phases.

A rater's file is a table with tabs: ``onset``, ``duration`` (s), ``rater``, ``person`` (a
pseudonym, or ``group``), four numbers from -1 to 1 (-1 = automatic, self, external, affective;
+1 = the opposite pole; 0 = balanced; blank = not codable), and, if wanted, ``quality`` (0-4) and
``mode``.
There is no column for free text, and none is accepted: it could tell the case.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from arousal.errors import DataError, FormatError, NothingUsableError, UsageError
from arousal.hypothesis.prediction import POLARITIES
from arousal.hypothesis.session_windows import GROUP
from arousal.phase_align.timeline import Timeline
from arousal.tables import RATINGS, Column

__all__ = ["MODES", "phase_ratings", "rating_quality", "rating_windows", "read_ratings"]

FloatArray = NDArray[np.float64]

REQUIRED = ("onset", "duration", "rater", "person", *POLARITIES)
MODES: Mapping[str, str] = {
    "pretend": "pretend",
    "pseudo": "pretend",
    "psychic equivalence": "psychic_equivalence",
    "psychic_equivalence": "psychic_equivalence",
    "teleological": "teleological",
}
"""Words for a non-mentalizing mode -> as tables write it."""
BLANK = frozenset({"", "n/a", "na", "nan"})
STEP = 10.0
"""Seconds of the windows that ratings are laid out in."""
BEST = 4.0
"""Highest rated quality."""
ROUNDING = 1e-6
OVERLAP = 1.5
"""Seconds by which a row may begin before the one before it ends: onset, duration and the next
onset may each be rounded to a whole second."""


class _Line(NamedTuple):
    """One line of a file that holds something."""

    number: int
    cells: list[str]


def read_ratings(path: Path) -> pd.DataFrame:
    """Read one file of ratings.

    Parameters
    ----------
    path : Path
        A table with tabs, UTF-8 (a byte-order mark is accepted), one header line; columns in any
        order. Decimal commas are read as points.

    Returns
    -------
    DataFrame
        `arousal.tables.RATINGS`, by rater, person and onset.

    Raises
    ------
    FormatError
        If it is missing or not text, or a column is missing, unknown or named twice.
    DataError
        If a cell is no number or out of range, a mode is unknown, or a rater rated the same
        person twice at the same time; names the line.
    NothingUsableError
        If it holds no rating.
    """
    lines = _lines(path)
    header = [name.strip().lower() for name in lines[0].cells] if lines else []
    if "person" not in header and GROUP in header:
        header[header.index(GROUP)] = "person"
    _check_header(header, path)
    if len(lines) == 1:
        raise NothingUsableError("the file holds no rating", where=path)
    rows = [_row(line, header, path) for line in lines[1:]]
    _check_overlap(rows, [line.number for line in lines[1:]], path)
    table = RATINGS.frame({name: [row[name] for row in rows] for name in RATINGS.names})
    return table.sort_values(["rater", "person", "onset"], ignore_index=True)


def _lines(path: Path) -> list[_Line]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            return [_Line(n, row) for n, row in enumerate(rows, 1) if any(c.strip() for c in row)]
    except FileNotFoundError:
        raise FormatError("the file does not exist", where=path) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"not a text file with tabs: {error}", where=path) from None
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", where=path) from None


def _check_header(header: list[str], path: Path) -> None:
    missing = [name for name in REQUIRED if name not in header]
    other = [name for name in header if name not in RATINGS.names]
    hint = f"columns are {', '.join(RATINGS.names)}, separated by tabs; no free text"
    if missing:
        raise FormatError(f"no column {', '.join(missing)}", where=path, hint=hint)
    if other:
        raise FormatError(f"unknown column {other[0]!r}", where=path, hint=hint)
    if len(set(header)) < len(header):
        raise FormatError("a column is named twice", where=path, hint=hint)


def _row(line: _Line, header: list[str], path: Path) -> dict[str, str | float]:
    where = f"{path}, line {line.number}"
    if len(line.cells) != len(header):
        raise DataError(f"{len(line.cells)} cells, the header has {len(header)}", where=where)
    given = {name: cell.strip() for name, cell in zip(header, line.cells, strict=True)}
    row: dict[str, str | float] = {}
    for column in RATINGS.columns:
        text = given.get(column.name, "")
        row[column.name] = _number(text, column, where) if column.dtype == "float" else text
    for name in ("rater", "person"):
        if not row[name]:
            raise DataError(f"{name} is empty", where=where)
    for name in ("onset", "duration"):
        if not np.isfinite(float(row[name])) or (name == "duration" and not float(row[name]) > 0):
            raise DataError(f"{name} is {given[name]!r}, needed a number of seconds", where=where)
    if str(row["person"]).lower() == GROUP:
        row["person"] = GROUP
    row["mode"] = _mode(str(row["mode"]), where)
    return row


def _number(text: str, column: Column, where: str) -> float:
    if text.lower() in BLANK:
        return float("nan")
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise DataError(f"{column.name} is {text!r}, not a number", where=where) from None
    low, high = column.low, column.high
    outside = (low is not None and value < low) or (high is not None and value > high)
    if outside or not np.isfinite(value):
        bounds = f"{low:g} to {high:g}" if high is not None else f"{low or 0:g} and above"
        raise DataError(f"{column.name} is {text}, allowed {bounds}", where=where)
    return value


def _mode(text: str, where: str) -> str:
    plain = text.lower()
    if plain in BLANK:
        return ""
    if plain not in MODES:
        known = ", ".join(dict.fromkeys(MODES))
        raise DataError(f"mode is unknown; known: {known}", where=where)
    return MODES[plain]


def _check_overlap(rows: list[dict[str, str | float]], numbers: list[int], path: Path) -> None:
    """A rater says one thing at a time about one person."""
    order = sorted(
        range(len(rows)),
        key=lambda i: (str(rows[i]["rater"]), str(rows[i]["person"]), float(rows[i]["onset"])),
    )
    for i, j in pairwise(order):
        one, other = rows[i], rows[j]
        same = one["rater"] == other["rater"] and one["person"] == other["person"]
        end = float(one["onset"]) + float(one["duration"])
        if same and float(other["onset"]) < end - OVERLAP - ROUNDING:
            raise DataError(
                f"line {numbers[j]} rates a time that line {numbers[i]} has rated already",
                where=path,
            )


def rating_quality(ratings: pd.DataFrame) -> pd.Series[float]:
    """Quality of mentalizing from 0 to 1 in each row.

    Parameters
    ----------
    ratings : DataFrame
        `arousal.tables.RATINGS`.

    Returns
    -------
    Series
        Rated quality / 4 where any row has one (rows without are NaN: two scales are not mixed),
        else 1 - mean ``|polarity|`` over the codable polarities.
    """
    if ratings["quality"].notna().any():
        return ratings["quality"] / BEST
    return 1.0 - ratings[list(POLARITIES)].abs().mean(axis=1)


def rating_windows(ratings: pd.DataFrame, step: float = STEP) -> pd.DataFrame:
    """Lay ratings out window by window, mean over raters.

    Parameters
    ----------
    ratings : DataFrame
        `arousal.tables.RATINGS` of one session.
    step : float
        Seconds; windows follow each other from time 0.

    Returns
    -------
    DataFrame
        ``person``, ``onset``, ``duration``, ``measure`` (a polarity), ``value``: what
        `arousal.hypothesis.session_windows.SessionFrames` takes. A rating fills the windows that
        lie wholly inside it. Where nobody rated the ``group`` as a whole, it is the mean over the
        people rated in that window (in the presentation that is mostly the presenter).

    Raises
    ------
    UsageError
        If ``step`` is not positive.
    """
    if not step > 0:
        raise UsageError(f"step is {step:g} s, must be above 0")
    first = np.ceil(ratings["onset"].to_numpy() / step - ROUNDING).astype(np.int64)
    ends = (ratings["onset"] + ratings["duration"]).to_numpy()
    last = np.floor(ends / step + ROUNDING).astype(np.int64)
    count = np.maximum(last - first, 0)
    rows = ratings.loc[ratings.index.repeat(count), ["rater", "person", *POLARITIES]]
    begins = np.repeat(first, count) + _counting(count)
    rows = rows.assign(window=begins).melt(
        id_vars=["rater", "person", "window"], var_name="measure", value_name="value"
    )
    rows = rows[rows["value"].notna()]
    key = ["person", "window", "measure"]
    people = rows.groupby(key, sort=True)["value"].mean().reset_index()
    whole = people[people["person"] == GROUP]
    others = people[people["person"] != GROUP]
    mean = others.groupby(["window", "measure"], sort=True)["value"].mean().reset_index()
    mean = mean.assign(person=GROUP)
    known = pd.MultiIndex.from_frame(whole[["window", "measure"]])
    mean = mean[~pd.MultiIndex.from_frame(mean[["window", "measure"]]).isin(known)]
    every = pd.concat([people, mean], ignore_index=True)
    every = every.assign(onset=every["window"] * step, duration=step)
    every = every.sort_values(["person", "measure", "onset"], ignore_index=True)
    return every[["person", "onset", "duration", "measure", "value"]]


def _counting(count: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, ... within each run of the given lengths."""
    total = int(count.sum())
    starts = np.repeat(np.cumsum(count) - count, count)
    return np.arange(total, dtype=np.int64) - starts


def phase_ratings(ratings: pd.DataFrame, timeline: Timeline) -> pd.DataFrame:
    """Mean rating of every rater per phase: what agreement is computed on, and what is drawn.

    Parameters
    ----------
    ratings : DataFrame
        `arousal.tables.RATINGS` of one session.
    timeline : Timeline
        Phases with unknown bounds are left out.

    Returns
    -------
    DataFrame
        ``block``, ``phase``, ``person``, ``rater``, ``measure``, ``value`` (weighted by the
        seconds that a rating shares with the phase), ``seconds``.
    """
    columns = ["block", "phase", "person", "rater", "measure", "value", "seconds"]
    onset = ratings["onset"].to_numpy(dtype=np.float64)
    end = onset + ratings["duration"].to_numpy(dtype=np.float64)
    parts = []
    for phase in (p for p in timeline.phases if p.certain and p.phase):
        shared = np.minimum(end, phase.end) - np.maximum(onset, phase.onset)
        here = ratings[shared > ROUNDING].assign(seconds=shared[shared > ROUNDING])
        parts.append(here.assign(block=phase.block, phase=phase.phase))
    if not parts:
        return pd.DataFrame(columns=columns)
    rows = pd.concat(parts, ignore_index=True).melt(
        id_vars=["block", "phase", "person", "rater", "seconds"],
        value_vars=list(POLARITIES),
        var_name="measure",
        value_name="value",
    )
    rows = rows[rows["value"].notna()]
    rows = rows.assign(weighted=rows["value"] * rows["seconds"])
    by = rows.groupby(["block", "phase", "person", "rater", "measure"], sort=False)
    sums = by[["weighted", "seconds"]].sum().reset_index()
    told: pd.DataFrame = sums.assign(value=sums["weighted"] / sums["seconds"])[columns]
    return told
