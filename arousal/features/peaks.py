"""R peaks and pulse peaks, the same as NeuroKit2's to the last sample, without a loop over beats.

Both of NeuroKit2's detectors mark regions in which a smoothed signal exceeds a moving threshold,
and take the most prominent local maximum of each region:

- ECG, ``ecg_findpeaks(method="neurokit")``: the smoothed gradient against its own moving average;
- pulse wave, ``ppg_findpeaks(method="elgendi")``: two moving averages of the squared positive half
  (Elgendi et al. 2013, doi:10.1371/journal.pone.0076585).

NeuroKit2 calls a peak finder once per region; here all maxima are found at once and only regions
with several of them are compared. Where NeuroKit2 raises (no region at all, a signal shorter than
the smoothing) the result is empty.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks

__all__ = ["pulse_peaks", "r_peaks"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

MIN_DELAY = 0.3
"""Seconds from one beat to the next at least (both detectors)."""
CHUNK = 2_000_000
"""Samples that are compared together; bounds the memory."""


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
    steep = uniform_filter1d(np.abs(np.gradient(clean)), short, mode="nearest")
    usual = uniform_filter1d(steep, long, mode="nearest")
    begin, end = _regions(steep > 1.5 * usual)
    if not begin.size:
        return begin
    shortest = np.mean(end - begin) * 0.4
    return _most_prominent(clean, begin, end, end - begin >= shortest, _size(MIN_DELAY, rate))


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
    pulse = uniform_filter1d(squared, short, mode="nearest")
    beat = uniform_filter1d(squared, long, mode="nearest")
    begin, end = _regions(pulse > beat + 0.02 * np.mean(squared))
    return _most_prominent(clean, begin, end, end - begin >= short, _size(MIN_DELAY, rate))


def _size(seconds: float, rate: float) -> int:
    return int(np.rint(seconds * rate))


def _regions(above: NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
    """Regions that begin and end inside the signal: last sample before, last sample inside."""
    begin = np.flatnonzero(~above[:-1] & above[1:])
    end = np.flatnonzero(above[:-1] & ~above[1:])
    if begin.size:
        end = end[end > begin[0]]
    number = min(begin.size, end.size)
    return begin[:number], end[:number]


def _most_prominent(
    wave: FloatArray, begin: IntArray, end: IntArray, wanted: NDArray[np.bool_], delay: int
) -> IntArray:
    """Most prominent maximum of each wanted region ``[begin, end)``, not closer than ``delay``."""
    begin, end = begin[wanted], end[wanted]
    peaks, edges = find_peaks(wave, plateau_size=1)
    region = np.searchsorted(begin, peaks, side="right") - 1
    # A maximum needs a lower sample of its own region on both sides.
    inside = (region >= 0) & (edges["right_edges"] + 1 < end[region.clip(0)])
    inside &= edges["left_edges"] > begin[region.clip(0)]
    peaks, region = peaks[inside], region[inside]
    first = np.flatnonzero(np.diff(region, prepend=-1))
    several = np.diff(np.append(first, peaks.size)) > 1
    chosen = peaks[first]
    crowd = np.isin(region, region[first[several]])
    if crowd.any():
        chosen[several] = _winners(wave, peaks[crowd], begin[region[crowd]], end[region[crowd]])
    return _spaced(chosen, delay)


def _winners(wave: FloatArray, peaks: IntArray, begin: IntArray, end: IntArray) -> IntArray:
    """Of the maxima that share a region, the most prominent (the first of equals)."""
    height = np.empty(peaks.size)
    width = int((end - begin).max())
    for part in np.array_split(np.arange(peaks.size), peaks.size * width // CHUNK + 1):
        p, b, e = peaks[part], begin[part], end[part]
        left = _lowest(wave, p, np.minimum(p - b, width), -1)
        right = _lowest(wave, p, np.minimum(e - 1 - p, width), 1)
        height[part] = wave[p] - np.maximum(left, right)
    starts = np.flatnonzero(np.diff(begin, prepend=-1))
    best = np.maximum.reduceat(height, starts)
    size = np.diff(np.append(starts, peaks.size))
    place = np.where(height == np.repeat(best, size), np.arange(peaks.size), peaks.size)
    winners: IntArray = peaks[np.minimum.reduceat(place, starts)]
    return winners


def _lowest(wave: FloatArray, peaks: IntArray, reach: IntArray, direction: int) -> FloatArray:
    """Lowest value on one side of each peak, up to a higher sample or the region's border."""
    offset = np.arange(1, int(reach.max()) + 1)
    at = (peaks[:, None] + direction * offset).clip(0, wave.size - 1)
    side = wave[at]
    beyond = np.logical_or.accumulate(side > wave[peaks, None], axis=1)
    beyond |= offset > reach[:, None]
    lowest: FloatArray = np.where(beyond, np.inf, side).min(axis=1)
    return lowest


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
