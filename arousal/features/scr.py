"""Skin conductance responses by an absolute trough-to-peak amplitude.

A response is a rise of the (low-passed) conductance by at least the site's threshold in µS from
a trough to the following peak, within the longest rise time of a response. NeuroKit2's
``eda_peaks`` compares with the largest response of the recording instead, so that one artefact of
5 µS hides nearly all responses and a flat signal yields some; a test shows both numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

__all__ = ["Responses", "find_responses"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

LONGEST_RISE = 5.0
"""Seconds from onset to peak: 1-3 s are usual, more is drift (SPR 2012,
doi:10.1111/j.1469-8986.2012.01384.x)."""
RIPPLE = 0.2
"""A dip smaller than this share of the threshold does not separate two responses."""
ONSET_SHARE = 0.15
"""Onset: where the rise last stood within this share of the amplitude above the trough; less than
0.1 moves onsets up to 2 s ahead where the level drifts (simulated, noise 2-10 nS)."""


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """Responses in order of their peaks; shape (n,) each.

    Parameters
    ----------
    onset, peak : ndarray
        Seconds.
    amplitude : ndarray
        Trough to peak, in uS.
    """

    onset: FloatArray
    peak: FloatArray
    amplitude: FloatArray

    def __len__(self) -> int:
        return int(self.peak.size)


def find_responses(
    times: FloatArray, conductance: FloatArray, rate: float, threshold: float
) -> Responses:
    """Find the responses in one contiguous stretch.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Seconds, evenly spaced.
    conductance : ndarray, shape (n,)
        Skin conductance in uS, not detrended: a high-pass would bend what stands beside a bump.
    rate : float
        Samples per second.
    threshold : float
        Smallest amplitude in uS.
    """
    peaks, _ = find_peaks(conductance, prominence=RIPPLE * threshold)
    if not peaks.size:
        return Responses(np.empty(0), np.empty(0), np.empty(0))
    reach = int(np.ceil(LONGEST_RISE * rate))
    begin = np.maximum(np.concatenate(([0], peaks[:-1])), peaks - reach)
    trough = np.minimum.reduceat(conductance, np.column_stack((begin, peaks)).ravel())[::2]
    amplitude = conductance[peaks] - trough
    tall = amplitude >= threshold
    peaks, begin, trough, amplitude = peaks[tall], begin[tall], trough[tall], amplitude[tall]
    onset = _onsets(conductance, begin, peaks, trough + ONSET_SHARE * amplitude)
    return Responses(times[onset], times[peaks], amplitude)


def _onsets(
    conductance: FloatArray, begin: IntArray, peaks: IntArray, level: FloatArray
) -> IntArray:
    """Last sample before each peak that is not above its level."""
    if not peaks.size:
        return peaks
    level_at = np.repeat(level, peaks - begin)
    index = np.concatenate([np.arange(a, b) for a, b in zip(begin, peaks, strict=True)])
    low = np.where(conductance[index] <= level_at, index, -1)
    starts = np.cumsum(peaks - begin) - (peaks - begin)
    return np.maximum.reduceat(low, starts)
