"""Correction of wrong beats after Lipponen & Tarvainen (2019), in numpy.

The rules are those of "A robust algorithm for heart rate variability time series artefact
correction using novel beat classification", J Med Eng Technol 43(3), 173-181,
doi:10.1080/03091902.2019.1640306, in the reading of NeuroKit2's
``signal_fixpeaks(method="Kubios", iterative=True)``. For the same whole-number peaks the result
is the same to the last sample (tests hold it there); the rolling quantiles are taken for all
positions at once (`rolling`), and only suspicious beats are visited one by one.

Where we differ: fewer than `FEWEST` beats are returned as they are (NeuroKit2 raises), and beats
are handed over in ticks of 0.1 ms, so that neither refined R peaks nor 1/1024-s straps lose
precision.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arousal.features.beats import BeatRun
from arousal.features.rolling import RollingQuantiles

__all__ = ["FEWEST", "TICKS_PER_SECOND", "correct_run", "fix_peaks", "run_of"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TICKS_PER_SECOND = 10_000
FEWEST = 5
"""Beats needed before the local statistics mean anything."""
ALPHA, SLOPE, INTERCEPT = 5.2, 0.13, 0.17
"""Threshold factor and the two lines that bound ectopic beats (the paper's alpha, c1, c2)."""
SLIGHT = 0.05
"""Share of the median interval; the method also moves some ordinary beats, by less than this.

Their differences are kept: leaving them out would take the largest true differences (RMSSD 2-3 %
lower on clean simulated beats). Extra beats of the heart are moved by more."""
QUARTILE_SPAN, MEDIAN_SPAN = 91, 11
"""Beats over which local quartiles and the local median are taken."""


class _Series(NamedTuple):
    rr: FloatArray
    change: FloatArray
    deviation: FloatArray
    neighbours: FloatArray
    followers: FloatArray
    median: FloatArray
    limit: FloatArray


class _Found(NamedTuple):
    extra: list[int]
    missed: list[int]
    ectopic: list[int]
    longshort: list[int]

    @property
    def number(self) -> int:
        return sum(len(part) for part in self)


def correct_run(times: FloatArray) -> BeatRun:
    """Correct the beats of one contiguous stretch.

    Parameters
    ----------
    times : ndarray, shape (m,)
        Beat times in seconds, increasing.

    Returns
    -------
    BeatRun
        A beat that was not touched keeps its time exactly.
    """
    ticks = _ticks(times, TICKS_PER_SECOND)
    return run_of(times, fix_peaks(ticks, TICKS_PER_SECOND), TICKS_PER_SECOND)


def run_of(times: FloatArray, fixed: IntArray, rate: float) -> BeatRun:
    """Say which beats of a run a correction touched.

    Parameters
    ----------
    times : ndarray, shape (m,)
        Beat times in seconds, increasing.
    fixed : ndarray of int, shape (n,)
        Corrected beats, as ticks after the first one.
    rate : float
        Ticks per second.

    Returns
    -------
    BeatRun
        Fewer than `FEWEST` beats are returned as they are.
    """
    if times.size < FEWEST:
        untouched = np.zeros(times.size, dtype=bool)
        return BeatRun(times, times, untouched, untouched)
    ticks = _ticks(times, rate)
    fixed = np.unique(fixed)
    position = np.minimum(np.searchsorted(ticks, fixed), ticks.size - 1)
    kept = ticks[position] == fixed
    clean = np.where(kept, times[position], times[0] + fixed / rate)
    corrected = _touched(ticks, fixed, kept)
    nearest = np.minimum(np.abs(ticks[position] - fixed), np.abs(ticks[position - 1] - fixed))
    slightly = (nearest > 0) & (nearest < SLIGHT * np.median(np.diff(fixed)))
    return BeatRun(clean, times, corrected, corrected & ~slightly)


def _ticks(times: FloatArray, rate: float) -> IntArray:
    return np.round((times - times[:1]) * rate).astype(np.int64)


def _touched(ticks: IntArray, fixed: IntArray, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Beats moved or inserted, and kept beats before which more went than came."""
    touched = ~kept
    anchors = np.flatnonzero(kept)
    if anchors.size < 2:
        return touched
    in_raw = np.diff(np.searchsorted(ticks, fixed[anchors]))
    in_fixed = np.diff(anchors)
    touched[anchors[1:][in_raw > in_fixed]] = True
    return touched


def fix_peaks(peaks: IntArray, sampling_rate: float) -> IntArray:
    """Return corrected peak positions, as ``nk.signal_fixpeaks(..., "Kubios", iterative=True)``.

    Parameters
    ----------
    peaks : ndarray of int, shape (m,)
        Sample positions, increasing.
    sampling_rate : float
        Samples per second.

    Returns
    -------
    ndarray of int, shape (n,)
    """
    if peaks.size < FEWEST:
        return peaks
    local = _Local()
    found = _classify(_series(peaks, sampling_rate, local))
    before, fixed = peaks, _apply(found, peaks)
    while fixed.size >= FEWEST and not np.array_equal(before, fixed):
        again = _classify(_series(fixed, sampling_rate, local))
        if again.number >= found.number:
            break
        found = again
        before, fixed = fixed, _apply(found, fixed)
    return fixed


class _Local:
    """Local statistics; from one round of corrections to the next few of them change."""

    def __init__(self) -> None:
        self.of_change = RollingQuantiles(QUARTILE_SPAN, (0.25, 0.75))
        self.of_deviation = RollingQuantiles(QUARTILE_SPAN, (0.25, 0.75))
        self.of_intervals = RollingQuantiles(MEDIAN_SPAN, (0.5,))


def _series(peaks: IntArray, sampling_rate: float, local: _Local) -> _Series:
    rr = np.ediff1d(peaks, to_begin=0) / sampling_rate
    rr[0] = np.mean(rr[1:])
    change = np.ediff1d(rr, to_begin=0)
    change[0] = np.mean(change[1:])
    _divide(change, _threshold(change, local.of_change))
    before, after, later = _shifted(change)
    neighbours = np.zeros(change.size)
    np.copyto(neighbours, np.maximum(before, after), where=change > 0)
    np.copyto(neighbours, np.minimum(before, after), where=change < 0)
    followers = np.zeros(change.size)
    np.copyto(followers, np.minimum(after, later), where=change >= 0)
    np.copyto(followers, np.maximum(after, later), where=change < 0)
    median = local.of_intervals.of(rr)[0]
    deviation = rr - median
    deviation[deviation < 0] *= 2
    limit = _threshold(deviation, local.of_deviation)
    _divide(deviation, limit)
    return _Series(rr, change, deviation, neighbours, followers, median, limit)


def _shifted(series: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Previous, next and next but one element; mirrored at both ends."""
    padded = np.pad(series, 2, "reflect")
    return padded[1:-3], padded[3:-1], padded[4:]


def _divide(series: FloatArray, threshold: FloatArray) -> None:
    np.divide(series, threshold, out=series, where=threshold != 0)
    series[threshold == 0] = np.nan


def _threshold(series: FloatArray, quartiles: RollingQuantiles) -> FloatArray:
    low, high = quartiles.of(np.abs(series))
    limit: FloatArray = ALPHA * ((high - low) / 2)
    return limit


def _classify(series: _Series) -> _Found:
    """Sort suspicious beats into extra, missed, ectopic and too long or short (Figure 1)."""
    change, neighbours = series.change, series.neighbours
    found = _Found([], [], [], [])
    with np.errstate(invalid="ignore"):
        ectopic = ((change > 1) & (neighbours < -SLOPE * change - INTERCEPT)) | (
            (change < -1) & (neighbours > -SLOPE * change + INTERCEPT)
        )
        suspicious = ~(np.abs(change) <= 1)
        odd = (np.abs(change) > 1) | (np.abs(series.deviation) > 3)
    position = 0
    for i in np.flatnonzero(suspicious[: change.size - 2]).tolist():
        if i < position:
            continue
        position = i + 1
        if ectopic[i]:
            found.ectopic.append(i)
        elif odd[i]:
            candidates = [i]
            if abs(change[i + 1]) < abs(change[i + 2]):
                candidates.append(i + 1)
            for candidate in candidates:
                _judge(series, candidate, found)
            position = i + len(candidates)
    return found


def _judge(series: _Series, j: int, found: _Found) -> None:
    long = series.change[j] > 1 and series.followers[j] < -1
    short = series.change[j] < -1 and series.followers[j] > 1
    if not (long or short or abs(series.deviation[j]) > 3):
        return
    pair = series.rr[j] + series.rr[j + 1]
    if short and abs(pair - series.median[j]) < series.limit[j]:
        found.extra.append(j)
    elif long and abs(series.rr[j] / 2 - series.median[j]) < series.limit[j]:
        found.missed.append(j)
    else:
        found.longshort.append(j)


def _apply(found: _Found, peaks: IntArray) -> IntArray:
    """Delete extra beats, insert missed ones, move the others between their neighbours."""
    missed, ectopic, longshort = found.missed, found.ectopic, found.longshort
    if found.extra:
        peaks = np.delete(peaks, found.extra)
        missed, ectopic, longshort = (
            _renumber(found.extra, part, -1) for part in (missed, ectopic, longshort)
        )
    if missed:
        peaks = _insert(peaks, missed)
        ectopic, longshort = (_renumber(missed, part, 1) for part in (ectopic, longshort))
    for part in (ectopic, longshort):
        if part:
            peaks = _move(peaks, part)
    return peaks


def _renumber(changed: list[int], indices: list[int], step: int) -> list[int]:
    numbers = np.array(indices, dtype=np.int64)
    for place in changed:
        numbers[numbers > place] += step
    return [int(n) for n in np.unique(numbers)]


def _insert(peaks: IntArray, indices: list[int]) -> IntArray:
    at = np.array([i for i in indices if 1 < i < peaks.size], dtype=np.int64)
    before, after = peaks[at - 1], peaks[at]
    return np.insert(peaks, at, before + (after - before) / 2)


def _move(peaks: IntArray, indices: list[int]) -> IntArray:
    at = np.array([i for i in indices if 1 < i < peaks.size - 1], dtype=np.int64)
    before, after = peaks[at - 1], peaks[at + 1]
    moved = (before + (after - before) / 2).astype(np.int64)
    return np.sort(np.concatenate((np.delete(peaks, at), moved)), kind="stable")
