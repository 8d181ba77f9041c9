"""Curves ready to draw: minutes and values as float32, with a hole wherever a window is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Line", "binned_mean", "group_line", "own_line", "phase_time_line"]

Array = NDArray[np.float32]
GAP_STEPS = 1.5
"""A line is broken where two windows lie further apart than this many steps of the grid."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One curve.

    Parameters
    ----------
    minutes : ndarray, shape (n,)
        Minutes since the recording began.
    mid : ndarray, shape (n,)
        Change from the own start: of one person, or median (mean in a small group); NaN = broken.
    low, high : ndarray, shape (n,)
        Quartiles over persons; NaN where there is no spread.
    people : ndarray, shape (n,)
        Persons behind each point.
    block, phase, progress : ndarray, shape (n,)
        Where in the session each point lies.
    """

    minutes: Array
    mid: Array
    low: Array
    high: Array
    people: Array
    block: NDArray[np.int64]
    phase: NDArray[np.object_]
    progress: Array

    @property
    def has_spread(self) -> bool:
        """Whether any point has a spread."""
        return bool(np.isfinite(self.low).any())


def own_line(rows: pd.DataFrame, zero: float) -> Line | None:
    """Return one person's curve in one measure.

    Parameters
    ----------
    rows : DataFrame
        Rows of `tables.CURVES`.
    zero : float
        Recording time of minute 0, in s.
    """
    rows = rows.assign(low=np.nan, high=np.nan, n=1).rename(columns={"change": "mid"})
    return _line(rows, zero)


def group_line(rows: pd.DataFrame, zero: float, fewest: int) -> Line | None:
    """Return a group's median and spread; broken where fewer than ``fewest`` people are behind it.

    Parameters
    ----------
    rows : DataFrame
        Rows of `tables.GROUP` for one group and measure.
    zero : float
        Recording time of minute 0, in s.
    fewest : int
        Fewest people for a point to be shown; the spread needs five in any case.
    """
    rows = rows.rename(columns={"median": "mid"})
    rows[["mid", "low", "high"]] = rows[["mid", "low", "high"]].where(rows["n"] >= fewest)
    rows[["low", "high"]] = rows[["low", "high"]].where(rows["n"] >= 5)
    return _line(rows, zero)


def binned_mean(rows: pd.DataFrame, zero: float, seconds: float, fewest: int) -> Line | None:
    """Return a small group's mean in coarse bins, each inside one phase.

    The mean of the persons' own bin means, so that nobody counts twice.

    Parameters
    ----------
    rows : DataFrame
        Rows of `tables.CURVES` for one measure, the contributors only.
    zero : float
        Recording time of minute 0, in s.
    seconds : float
        Bin width.
    fewest : int
        Fewest people for a bin to be shown.
    """
    rows = rows[rows["change"].notna()]
    if rows.empty:
        return None
    place = rows["phase_time"].where(rows["phase"] != "", rows["time"])
    rows = rows.assign(bin=(place // seconds).astype("int64"))
    keys = ["block", "phase", "bin"]
    own = rows.groupby([*keys, "person"])[["time", "progress", "change"]].mean()
    bins = own.groupby(keys).agg(
        time=("time", "mean"),
        progress=("progress", "mean"),
        mid=("change", "mean"),
        n=("change", "size"),
    )
    bins = bins[bins["n"] >= fewest].reset_index().assign(low=np.nan, high=np.nan)
    return _line(bins, zero, step=seconds)


def phase_time_line(rows: pd.DataFrame) -> Line | None:
    """Return a line on normalised phase time; minutes are those of no session, so they are NaN.

    Parameters
    ----------
    rows : DataFrame
        From `arousal.phase_align.curves.normalised_curves`, for one person or group.
    """
    if "median" in rows:
        rows = rows.rename(columns={"median": "mid"}).assign(n=np.nan)
    else:
        rows = rows.rename(columns={"change": "mid"}).assign(low=np.nan, high=np.nan, n=1)
    if not rows["mid"].notna().any():
        return None
    values = {
        name: rows[name].to_numpy(dtype=np.float32)
        for name in ("mid", "low", "high", "n", "progress")
    }
    return Line(
        np.full(len(rows), np.nan, dtype=np.float32),
        values["mid"],
        values["low"],
        values["high"],
        values["n"],
        rows["block"].to_numpy(dtype=np.int64),
        rows["phase"].to_numpy(dtype=object),
        values["progress"],
    )


def _line(rows: pd.DataFrame, zero: float, step: float | None = None) -> Line | None:
    """Order rows in time and put a hole where windows are missing."""
    rows = rows.sort_values("time")
    if rows.empty or not rows["mid"].notna().any():
        return None
    times = rows["time"].to_numpy(dtype=np.float64)
    steps = np.diff(times)
    usual = step or (float(np.median(steps)) if steps.size else 0.0)
    after = np.flatnonzero(steps > GAP_STEPS * usual) + 1
    hole = np.insert(np.arange(times.size), after, -1)

    def column(name: str) -> Array:
        values = np.append(rows[name].to_numpy(dtype=np.float32), np.float32(np.nan))
        return values[hole]

    at = np.where(hole < 0, np.maximum(np.roll(hole, 1), 0), hole)
    return Line(
        ((times[at] - zero) / 60).astype(np.float32),
        column("mid"),
        column("low"),
        column("high"),
        column("n"),
        rows["block"].to_numpy(dtype=np.int64)[at],
        rows["phase"].to_numpy(dtype=object)[at],
        column("progress"),
    )
