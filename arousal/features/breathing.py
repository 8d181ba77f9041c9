"""Breaths from a breathing signal, and the breathing rate of every window.

Cleaning and peaks are NeuroKit2's (`breath_peaks`), once per usable stretch. HF power has a
meaning only where the breathing rate lies inside its band (Quintana et al. 2016,
doi:10.1038/tp.2016.73).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arousal.features.engines import AROUSAL, Engine
from arousal.features.segments import wave_stretches
from arousal.features.spans import as_spans, merge
from arousal.features.windows import Grid, range_sum
from arousal.recording import Signal

__all__ = ["breathing_rate", "find_breaths"]

FloatArray = NDArray[np.float64]

SHORTEST, LONGEST = 1.0, 20.0
"""Seconds from breath to breath that are taken as one breath."""
MIN_SECONDS = 30.0
SLOWEST = 7.0
"""Hz; NeuroKit2's 3 Hz low-pass needs more than 6."""
MIN_COVERAGE = 0.5
"""Share of a window that whole breaths must cover for a rate."""


def find_breaths(signal: Signal, engine: Engine = AROUSAL) -> FloatArray:
    """Return whole breaths as spans (k, 2), from peak to peak of inhalation, in seconds."""
    found = [as_spans([])]
    for stretch in wave_stretches(signal, MIN_SECONDS)[0] if len(signal) else []:
        if stretch.rate >= SLOWEST:
            found_at = engine.breaths(stretch.values, stretch.rate)
            peaks = stretch.time_at(found_at.astype(np.float64))
            spans = np.column_stack((peaks[:-1], peaks[1:]))
            length = spans[:, 1] - spans[:, 0]
            found.append(spans[(length >= SHORTEST) & (length <= LONGEST)])
    return np.concatenate(found)


def breathing_rate(breaths: FloatArray, grid: Grid) -> FloatArray:
    """Return breaths per minute in each window, NaN where breaths cover too little of it.

    Parameters
    ----------
    breaths : ndarray, shape (k, 2)
        Sorted, in seconds.
    grid : Grid

    Returns
    -------
    ndarray, shape (w,)
        60 / mean length of the breaths that lie wholly in the window.
    """
    first, last = grid.inside(breaths[:, 0], breaths[:, 1])
    seconds = range_sum(breaths[:, 1] - breaths[:, 0], first, last)
    known = (last > first) & (grid.share(merge(breaths)) >= MIN_COVERAGE)
    rate = np.full(len(grid), np.nan)
    np.divide(60.0 * (last - first), seconds, out=rate, where=known)
    return rate
