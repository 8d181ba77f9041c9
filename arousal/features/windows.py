"""The window grid, and sums over every window at once.

No loop over windows: a window is a range ``[first, last)`` of a sorted series, found for all
windows by binary search, and its sum is a difference of two running totals. Values are centred
and totals kept in extended precision, so that variances keep about 12 digits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import UsageError
from arousal.features.spans import covered

__all__ = ["Grid", "range_sum"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

ROUNDING = 1e-9
"""Seconds by which binary rounding may move a window's edge; beats that close still belong."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Windows, each ``[onset, onset + duration)`` in recording time.

    Parameters
    ----------
    onset : ndarray, shape (w,)
        Seconds since the recording's zero.
    duration : ndarray, shape (w,)
        Seconds, > 0.

    Raises
    ------
    UsageError
        If the shapes differ or a duration is not positive.
    """

    onset: FloatArray
    duration: FloatArray

    def __post_init__(self) -> None:
        onset = np.atleast_1d(np.array(self.onset, dtype=np.float64))
        duration = np.atleast_1d(np.array(self.duration, dtype=np.float64))
        if onset.ndim != 1 or onset.shape != duration.shape:
            raise UsageError(f"{onset.shape} onsets do not match {duration.shape} durations")
        if not (np.isfinite(onset).all() and (duration > 0).all()):
            raise UsageError("a window has no finite onset or no positive duration")
        object.__setattr__(self, "onset", onset)
        object.__setattr__(self, "duration", duration)

    def __len__(self) -> int:
        return int(self.onset.size)

    @property
    def end(self) -> FloatArray:
        """End of each window in seconds, shape (w,)."""
        return self.onset + self.duration

    @classmethod
    def regular(
        cls, onset: float, end: float, durations: Iterable[float] | float, step: float
    ) -> Grid:
        """Windows every ``step`` s from ``onset``, each wholly inside ``[onset, end]``.

        Parameters
        ----------
        onset, end : float
            Stretch to cover, in seconds.
        durations : float or iterable of float
            Window lengths in seconds; the grid holds all windows of the first, then of the next.
        step : float
            Distance between onsets in seconds.

        Raises
        ------
        UsageError
            If step or a duration is not positive.
        """
        lengths = [durations] if isinstance(durations, int | float) else list(durations)
        if not step > 0 or not all(length > 0 for length in lengths):
            raise UsageError(f"step {step} s and durations {lengths} s must be > 0")
        onsets, each = [], []
        for length in lengths:
            count = max(0, int(np.floor((end - onset - length) / step + ROUNDING)) + 1)
            onsets.append(onset + step * np.arange(count))
            each.append(np.full(count, float(length)))
        if not onsets:
            return cls(np.empty(0), np.empty(0))
        return cls(np.concatenate(onsets), np.concatenate(each))

    @classmethod
    def of(cls, onsets: ArrayLike, durations: ArrayLike) -> Grid:
        """Windows at given onsets; one duration for all, or one each (seconds)."""
        starts = np.atleast_1d(np.asarray(onsets, dtype=np.float64))
        return cls(starts, np.broadcast_to(np.asarray(durations, dtype=np.float64), starts.shape))

    def share(self, spans: FloatArray) -> FloatArray:
        """Return the share of each window that spans (k, 2) cover: 0 to 1, shape (w,)."""
        return np.minimum(covered(spans, self.onset, self.end) / self.duration, 1.0)

    def inside(self, starts: FloatArray, ends: FloatArray) -> tuple[IntArray, IntArray]:
        """Return the range of items that lie wholly in each window.

        Parameters
        ----------
        starts, ends : ndarray, shape (n,)
            Both sorted; item ``i`` lasts from ``starts[i]`` to ``ends[i]`` (seconds).

        Returns
        -------
        first, last : ndarray of int, shape (w,)
            Items ``first <= i < last`` have both ends inside the window; ``last >= first``.
        """
        first = np.searchsorted(starts, self.onset - ROUNDING, side="left")
        last = np.searchsorted(ends, self.end + ROUNDING, side="right")
        return first, np.maximum(first, last)

    def holding(self, times: FloatArray) -> tuple[IntArray, IntArray]:
        """Return the range of sorted points with ``onset <= time < end`` of each window."""
        first = np.searchsorted(times, self.onset - ROUNDING, side="left")
        last = np.searchsorted(times, self.end - ROUNDING, side="left")
        return first, np.maximum(first, last)


def range_sum(values: ArrayLike, first: IntArray, last: IntArray) -> FloatArray:
    """Return ``sum(values[first:last])`` for every window at once.

    Parameters
    ----------
    values : array_like, shape (n,)
        Should be centred near zero where precision matters.
    first, last : ndarray of int, shape (w,)
        What lies beyond the last value counts as nothing.

    Returns
    -------
    ndarray, shape (w,)
    """
    array = np.asarray(values)
    size = array.size
    running: NDArray[Any] = np.zeros(size + 1, np.intp if array.dtype == bool else np.longdouble)
    np.cumsum(array, dtype=running.dtype, out=running[1:])
    difference: NDArray[Any] = running[np.minimum(last, size)] - running[np.minimum(first, size)]
    return difference.astype(np.float64)
