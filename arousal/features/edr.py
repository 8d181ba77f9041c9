"""Breaths from the heart's rhythm: respiration without a belt, for whoever asks for it.

"EDR" is used for two things. One reads breathing off the changing height of the R wave, which needs
the ECG itself; this is the other, which needs only beats and so works on a device's intervals, too:
the heart beats faster while breathing in (respiratory sinus arrhythmia). The heart rate of each
contiguous run, at 4 Hz, keeps its 0.1-0.4 Hz (``nk.ecg_rsp(method="vangent2019")``; van Gent et al.
2019, doi:10.1016/j.trf.2019.09.015) and its peaks are breaths, found as in a belt's signal.

Two limits, which are why ``[windows] breathing = "heart"`` is not the default. The estimate can
only lie between 6 and 24 breaths a minute, so it cannot say that somebody breathes outside of the
HF band when they do. And where the arrhythmia is weak it follows noise, which in this band has a
rhythm of 12-18 a minute, too; nothing tells the two apart. Measured against a belt in 60 s windows
on two recordings: in 8 minutes of rest the median error was 0.1 and the largest 1.4 breaths a
minute (a test holds 0.3 and 2); in two and a half minutes of a task the estimate was 0.5 to 3 too
low. A belt is always preferred.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arousal.features.beats import Beats
from arousal.features.breath_peaks import peaks_of
from arousal.features.cleaning import breathing_in_heart_rate
from arousal.features.spans import as_spans

__all__ = ["breaths_from_beats"]

FloatArray = NDArray[np.float64]

RATE = 4.0
SHORTEST_RUN = 30.0
"""Seconds of beats without a gap that are needed."""
SHORTEST, LONGEST = 2.5, 10.0
"""Seconds from breath to breath: the pass band's, nothing else can be seen."""
AROUND = 5
"""Breaths that are looked at together."""
STEADY = 0.5
"""A breath further than this share from the median of those around is not used."""


def breaths_from_beats(beats: Beats) -> FloatArray:
    """Estimate breaths from the heart rate's own swing.

    Parameters
    ----------
    beats : Beats
        From ECG or a device's intervals; a slow pulse wave gives nothing.

    Returns
    -------
    ndarray, shape (k, 2)
        From peak to peak of the heart rate, in seconds.
    """
    found = [as_spans([])]
    if not beats.hrv or not len(beats):
        return found[0]
    cuts = np.flatnonzero(np.diff(beats.segment)) + 1
    for run in np.split(np.arange(len(beats)), cuts):
        times = beats.times[run]
        if times[-1] - times[0] >= SHORTEST_RUN:
            grid = np.arange(times[0], times[-1], 1.0 / RATE)
            rate = np.interp(grid, times, 60_000.0 / beats.intervals[run])
            peaks = grid[peaks_of(breathing_in_heart_rate(rate, RATE))]
            found.append(_whole(np.column_stack((peaks[:-1], peaks[1:]))))
    return np.concatenate(found)


def _whole(spans: FloatArray) -> FloatArray:
    """Breaths of a possible length that resemble those around them."""
    from scipy.ndimage import median_filter

    length = spans[:, 1] - spans[:, 0]
    if length.size < AROUND:
        return as_spans([])
    usual = median_filter(length, AROUND, mode="nearest")
    like = np.abs(length - usual) <= STEADY * usual
    return spans[like & (length >= SHORTEST) & (length <= LONGEST)]
