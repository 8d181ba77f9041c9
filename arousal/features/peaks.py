"""R peaks and pulse peaks, the same as NeuroKit2's to the last sample, without a loop over beats.

Both of NeuroKit2's detectors mark regions in which a smoothed signal exceeds a moving threshold,
and take the most prominent local maximum of each region:

- ECG, ``ecg_findpeaks(method="neurokit")``: the smoothed gradient against its own moving average;
- pulse wave, ``ppg_findpeaks(method="elgendi")``: two moving averages of the squared positive half
  (Elgendi et al. 2013, doi:10.1371/journal.pone.0076585).

NeuroKit2 calls a peak finder once per region; here it is called once for all of them. Where
NeuroKit2 raises (no region at all, a signal shorter than the smoothing) the result is empty.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks, peak_prominences

__all__ = ["pulse_peaks", "r_peaks"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

MIN_DELAY = 0.3
"""Seconds from one beat to the next at least (both detectors)."""
BLOCK = 16_384
"""Samples to which a rule is applied together."""


def r_peaks(clean: FloatArray, rate: float) -> IntArray:
    """Find R peaks in a cleaned ECG.

    Parameters
    ----------
    clean : ndarray, shape (n,)
        From ``nk.ecg_clean(method="neurokit")``.
    rate : float
        Samples per second.

    Returns
    -------
    ndarray of int, shape (m,)
        Sample positions.
    """
    short, long = _size(0.1, rate), _size(0.75, rate)
    if clean.size < max(long, 2) or short < 1:
        return np.empty(0, dtype=np.intp)

    def steeper_than_usual(wave: FloatArray) -> NDArray[np.bool_]:
        steep = _moving_mean(np.abs(np.gradient(wave)), short)
        steeper: NDArray[np.bool_] = steep > 1.5 * _moving_mean(steep, long)
        return steeper

    begin, end = _regions(_marked(clean, short + long, steeper_than_usual))
    if not begin.size:
        return begin
    wanted = end - begin >= np.mean(end - begin) * 0.4
    peaks = _most_prominent(clean, begin[wanted], end[wanted])
    return _spaced(peaks, _size(MIN_DELAY, rate))


def pulse_peaks(clean: FloatArray, rate: float) -> IntArray:
    """Find systolic peaks in a cleaned pulse wave.

    Parameters
    ----------
    clean : ndarray, shape (n,)
        From ``nk.ppg_clean(method="elgendi")``.
    rate : float
        Samples per second.

    Returns
    -------
    ndarray of int, shape (m,)
        Sample positions.
    """
    short, long = _size(0.111, rate), _size(0.667, rate)
    if clean.size < max(long, 2) or short < 1:
        return np.empty(0, dtype=np.intp)
    squared = np.maximum(clean, 0.0) ** 2
    offset = 0.02 * np.mean(squared)

    def above_the_beat(wave: FloatArray) -> NDArray[np.bool_]:
        above: NDArray[np.bool_] = _moving_mean(wave, short) > _moving_mean(wave, long) + offset
        return above

    begin, end = _regions(_marked(squared, short + long, above_the_beat))
    wanted = end - begin >= short
    peaks = _most_prominent(clean, begin[wanted], end[wanted])
    return _spaced(peaks, _size(MIN_DELAY, rate))


def _size(seconds: float, rate: float) -> int:
    return int(np.rint(seconds * rate))


def _marked(
    wave: FloatArray, margin: int, rule: Callable[[FloatArray], NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    """Apply a rule that looks ``margin`` samples around, in pieces that fit the processor's cache.

    (A pass over fresh memory of a whole session costs five times as much as one in the cache.)
    """
    marked = np.empty(wave.size, dtype=np.bool_)
    for begin in range(0, wave.size, BLOCK):
        low = max(begin - margin, 0)
        piece = rule(wave[low : begin + BLOCK + margin])
        marked[begin : begin + BLOCK] = piece[begin - low : begin - low + BLOCK]
    return marked


def _moving_mean(values: FloatArray, size: int) -> FloatArray:
    """``scipy.ndimage.uniform_filter1d(values, size, mode="nearest")``, four times as fast.

    Sums of 2, 4, 8, ... samples come from the sums of half as many; those of which ``size`` is
    made up are added. No running total, so no rounding builds up.
    """
    sums = np.pad(values, (size // 2, size - 1 - size // 2), mode="edge")
    total, done, length = np.zeros(values.size), 0, 1
    while True:
        if size & length:
            total += sums[done : done + values.size]
            done += length
        if 2 * length > size:
            return total / size
        sums = sums[:-length] + sums[length:]
        length *= 2


def _regions(above: NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
    """Regions that begin and end inside the signal: last sample before, last sample inside."""
    begin = np.flatnonzero(~above[:-1] & above[1:])
    end = np.flatnonzero(above[:-1] & ~above[1:])
    if begin.size:
        end = end[end > begin[0]]
    number = min(begin.size, end.size)
    return begin[:number], end[:number]


def _most_prominent(wave: FloatArray, begin: IntArray, end: IntArray) -> IntArray:
    """Most prominent maximum of each region ``[begin, end)``; none where it has no maximum.

    The regions stand one after the other with infinity between them, which no maximum and no
    prominence crosses; so one search does for all what NeuroKit2 does for each.
    """
    size = end - begin + 1
    wall = np.cumsum(size) - size
    index = np.arange(int(size.sum())) + np.repeat(begin - 1 - wall, size)
    walled = np.append(wave[index], np.inf)
    walled[wall] = np.inf
    maxima, _ = find_peaks(walled)
    maxima = maxima[np.isfinite(walled[maxima])]
    height, _, _ = peak_prominences(walled, maxima)
    region = np.repeat(np.arange(size.size), size)[maxima]
    # The highest of each region comes first, the first of equals where there are two.
    order = np.lexsort((-height, region))
    first = np.flatnonzero(np.diff(region[order], prepend=-1))
    chosen: IntArray = index[maxima[order[first]]]
    return chosen


def _spaced(peaks: IntArray, delay: int) -> IntArray:
    """Leave out what comes within ``delay`` samples of the beat before it (or of the start)."""
    if (np.diff(peaks, prepend=0) > delay).all():
        return peaks
    kept, last = [], 0
    for peak in peaks.tolist():
        if peak - last > delay:
            kept.append(peak)
            last = peak
    return np.array(kept, dtype=np.intp)
