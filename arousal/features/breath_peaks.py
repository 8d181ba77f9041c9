"""Peaks of inhalation in a breathing signal, the same as NeuroKit2's to the last sample.

``nk.rsp_findpeaks(method="khodadad2018")`` after ``nk.rsp_clean(method="khodadad2018")``: between
two zero crossings lies one extremum; extremes that hardly rise above their neighbour are no breath,
and peaks and troughs must alternate (Khodadad et al. 2018, doi:10.1088/1361-6579/aad7e6). Where
NeuroKit2 raises (no breath at all) the result is empty.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from arousal.features.cleaning import clean_breathing

__all__ = ["breath_peaks", "peaks_of"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LEAST_RISE = 0.3
"""Share of the median rise from trough to peak that a breath has at least."""


def breath_peaks(values: FloatArray, rate: float) -> IntArray:
    """Find the peaks of inhalation in a contiguous breathing signal.

    Parameters
    ----------
    values : ndarray, shape (n,)
        As recorded, in any unit.
    rate : float
        Samples per second, above 6.

    Returns
    -------
    ndarray of int, shape (m,)
        Sample positions.
    """
    return peaks_of(clean_breathing(values, rate))


def peaks_of(clean: FloatArray) -> IntArray:
    """Find the peaks of inhalation in a wave that breathes around zero, as sample positions."""
    extremes = _extremes(clean)
    if extremes.size < 2:
        return np.empty(0, dtype=np.int64)
    rise = np.abs(np.diff(clean[extremes]))
    extremes = extremes[:-1][rise > LEAST_RISE * np.median(rise)]
    direction = np.sign(np.diff(clean[extremes]))
    unbroken = np.ones(extremes.size, dtype=bool)
    unbroken[1:-1] = direction[:-1] + direction[1:] == 0
    return _from_trough_to_peak(clean, extremes[unbroken])


def _extremes(clean: FloatArray) -> IntArray:
    """Highest or lowest sample between each two zero crossings, in turn."""
    above, below = clean > 0, clean < 0
    rising = np.flatnonzero(below[:-1] & above[1:])
    falling = np.flatnonzero(above[:-1] & below[1:])
    if not (rising.size and falling.size):
        return np.empty(0, dtype=np.int64)
    crossing = np.sort(np.concatenate((rising, falling)))
    # In turn by position, as NeuroKit2: a sample of exactly zero between two crossings hides one.
    upwards = bool(rising[0] < falling[0])
    places = [
        a + (clean[a:b].argmax() if upwards == (i % 2 == 0) else clean[a:b].argmin())
        for i, (a, b) in enumerate(pairwise(crossing.tolist()))
    ]
    return np.array(places, dtype=np.int64)


def _from_trough_to_peak(clean: FloatArray, extremes: IntArray) -> IntArray:
    """Peaks of the sequence that begins with a trough and ends with a peak."""
    height = clean[extremes]
    if extremes.size < 2:
        return np.empty(0, dtype=np.int64)
    first = int(height[0] > height[1])
    last = extremes.size - int(height[-1] < height[-2])
    peaks: IntArray = extremes[first:last][1::2]
    return peaks
