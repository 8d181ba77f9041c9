"""When half of a peak's rise is gone: peaks, their times, and the mean of censored times.

Peaks that have not come down when their phase ends, or when the data stop, are censored there and
enter by Kaplan-Meier; leaving them out would keep the quick ones only. Many curves are measured at
once, because every curve is held against a hundred others (`arousal.hypothesis.recovery`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import UsageError

__all__ = ["HORIZON", "Times", "half_recoveries", "mean_recoveries", "restricted_mean", "survival"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

PROMINENCE = 1.0
"""Height of a peak above the higher of its two feet, in robust SD of the curve."""
HORIZON = 600.0
"""Seconds up to which times are averaged."""
_LOOK = 64
"""Windows after a peak that are looked at together; most peaks have come down within them."""


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Half-recovery times of peaks, in order; shape (peaks,).

    Parameters
    ----------
    peak : ndarray of int
        Window of each peak.
    seconds : ndarray
        Time from the peak until half of its rise is gone, or until it was last seen above.
    censored : ndarray of bool
        Whether it was last seen above: the phase or the data ended.
    """

    peak: IntArray
    seconds: FloatArray
    censored: NDArray[np.bool_]

    def __len__(self) -> int:
        return int(self.peak.size)


class _Peaks(NamedTuple):
    """Peaks of many curves: whose, where, and how long; shape (peaks,)."""

    curve: IntArray
    at: IntArray
    steps: IntArray
    censored: NDArray[np.bool_]


def half_recoveries(curve: ArrayLike, stratum: ArrayLike, step: float) -> Times:
    """Find peaks and the time until half of their rise is gone.

    Parameters
    ----------
    curve : array_like, shape (n,)
        Up = more arousal; NaN = gap.
    stratum : array_like of int, shape (n,)
        Which stretch of which phase each window lies in; -1 = none.
    step : float
        Seconds between windows.

    Returns
    -------
    Times
        Peaks stand out from their surroundings by `PROMINENCE` robust SD (MAD x 1.4826) of the
        curve. The rise is counted from the lowest point since the last higher one, inside the
        phase.
    """
    found = _peaks(np.asarray(curve, dtype=np.float64)[None], np.asarray(stratum, dtype=np.int64))
    return Times(found.at, np.asarray(step * found.steps, dtype=np.float64), found.censored)


def mean_recoveries(
    curves: ArrayLike, stratum: ArrayLike, step: float, horizon: float = HORIZON
) -> tuple[FloatArray, IntArray]:
    """Restricted mean half-recovery of many curves with the same gaps.

    Parameters
    ----------
    curves : array_like, shape (curves, n)
        NaN = gap, in the same windows of each.
    stratum, step
        As `half_recoveries`.
    horizon : float
        As `restricted_mean`.

    Returns
    -------
    tuple of ndarray, shape (curves,)
        What `restricted_mean` gives for each, s (NaN without a peak); how many peaks each has.
    """
    x = np.asarray(curves, dtype=np.float64)
    found = _peaks(x, np.asarray(stratum, dtype=np.int64))
    seconds = np.asarray(step * found.steps, dtype=np.float64)
    return _areas(found.curve, seconds, found.censored, len(x), horizon)


def _peaks(curves: FloatArray, stratum: IntArray) -> _Peaks:
    from scipy.signal import find_peaks

    known = np.asarray(np.isfinite(curves).all(axis=0))
    least = _least_rise(curves[:, known])
    spans = _stretches(known, stratum) if (least > 0).any() else []
    if not spans:
        nothing = np.empty(0, dtype=np.int64)
        return _Peaks(nothing, nothing, nothing, nothing.astype(bool))
    # Stretch after stretch in one row, curve after curve. A NaN between them is neither above nor
    # below anything, so that no peak, and no foot of one, reaches over it.
    places = np.concatenate([np.append(np.arange(a, b), -1) for a, b in spans])
    row = np.where(places >= 0, curves[:, places], np.nan)
    line, width = np.ascontiguousarray(row.ravel()), places.size
    # A curve that does not vary has no peaks: nothing rises by more than without end.
    needed = np.repeat(np.where(least > 0, least, np.inf), width)
    tops, told = find_peaks(line, prominence=needed)
    half = (line[tops] + line[told["left_bases"]]) / 2
    steps, censored = _until(line, tops, half)
    return _Peaks(tops // width, places[tops % width], steps, censored)


def _least_rise(known: FloatArray) -> FloatArray:
    if not known.shape[1]:
        return np.zeros(len(known))
    middle = np.median(known, axis=1, keepdims=True)
    return np.asarray(PROMINENCE * 1.4826 * np.median(np.abs(known - middle), axis=1))


def _stretches(known: NDArray[np.bool_], stratum: IntArray) -> list[tuple[int, int]]:
    """Runs of windows with a value in one stretch of one phase."""
    label = np.where(known & (stratum >= 0), stratum, -1)
    border = np.flatnonzero(np.diff(label, prepend=-2, append=-2))
    return [(int(a), int(b)) for a, b in pairwise(border) if label[a] >= 0]


def _until(
    line: FloatArray, tops: IntArray, half: FloatArray
) -> tuple[IntArray, NDArray[np.bool_]]:
    """Windows from each top until the line is at half or below, or is last seen before a NaN."""
    steps = np.zeros(tops.size, dtype=np.int64)
    censored = np.zeros(tops.size, dtype=bool)
    left = np.arange(tops.size)
    ahead = 1
    while left.size:
        # The line ends with a NaN, so what lies beyond it need not be looked at.
        places = np.minimum(tops[left, None] + ahead + np.arange(_LOOK), line.size - 1)
        seen = line[places]
        lost = np.isnan(seen)
        over = lost | (seen <= half[left, None])
        done = over.any(axis=1)
        first = over.argmax(axis=1)
        ended = lost[np.arange(left.size), first]
        steps[left[done]] = (ahead + first - ended)[done]
        censored[left[done]] = ended[done]
        left, ahead = left[~done], ahead + _LOOK
    return steps, censored


def survival(times: Times) -> tuple[FloatArray, FloatArray]:
    """Kaplan-Meier estimate of the share of peaks that have not yet come down half-way.

    Parameters
    ----------
    times : Times
        Any number of peaks, at least one.

    Returns
    -------
    tuple of ndarray
        Times (s) at which the share steps down, and the share from then on
        (`scipy.stats.ecdf`).

    Raises
    ------
    UsageError
        If there is no peak.
    """
    from scipy import stats

    if not len(times):
        raise UsageError("no peak, no survival curve")
    data = stats.CensoredData(
        uncensored=times.seconds[~times.censored], right=times.seconds[times.censored]
    )
    found = stats.ecdf(data).sf
    return np.asarray(found.quantiles), np.asarray(found.probabilities)


def restricted_mean(times: Times, horizon: float = HORIZON) -> float:
    """Area under the Kaplan-Meier curve up to a horizon: mean time to half recovery, s.

    Peaks that are censored before the horizon are followed as long as they were seen; beyond the
    last of them the curve stays where it is.
    """
    alone = np.zeros(len(times), dtype=np.int64)
    return float(_areas(alone, times.seconds, times.censored, 1, horizon)[0][0])


def _areas(
    curve: IntArray, seconds: FloatArray, censored: NDArray[np.bool_], curves: int, horizon: float
) -> tuple[FloatArray, IntArray]:
    """Areas under `survival` of many curves; `scipy.stats.ecdf` takes .3 ms for each of them.

    Among equal times those that came down go first, as Kaplan and Meier have it; leaving one after
    the other, they lower the share as much as together.
    """
    count = np.bincount(curve, minlength=curves).astype(np.int64)
    order = np.lexsort((censored, seconds, curve))
    place = np.arange(curve.size) - np.repeat(np.cumsum(count) - count, count)
    shape = (curves, int(count.max(initial=0)))
    time, share = np.full(shape, np.inf), np.ones(shape)
    own = curve[order]
    time[own, place] = seconds[order]
    at_risk = count[own] - place
    share[own, place] = np.where(censored[order], 1.0, 1.0 - 1.0 / at_risk)
    edges = np.clip(time, 0.0, horizon)
    edges = np.concatenate([np.zeros((curves, 1)), edges, np.full((curves, 1), horizon)], axis=1)
    heights = np.concatenate([np.ones((curves, 1)), np.cumprod(share, axis=1)], axis=1)
    area = (np.diff(edges, axis=1) * heights).sum(axis=1)
    return np.where(count > 0, area, np.nan), count
