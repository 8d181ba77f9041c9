"""How suspicious a stretch of skin conductance is, as a number that can be compared with experts.

The steepest slope in a window separates what three experts called artefacts from clean data: area
under the ROC curve .99 (lunch) and .95 (walking) on the Alan Walks Wales recordings (Zhang et al.
2017, doi:10.1145/3123021.3123054). Kleckner's rule (10 uS/s, `electrodermal`) is the fixed
threshold that decides; this score is for looking and for choosing another one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arousal.features.segments import finite_part
from arousal.features.windows import Grid
from arousal.recording import Signal

__all__ = ["steepest_slope"]


def steepest_slope(signal: Signal, grid: Grid) -> NDArray[np.float64]:
    """Return the largest absolute slope of a signal in each window.

    Parameters
    ----------
    signal : Signal
        Skin conductance in uS.
    grid : Grid

    Returns
    -------
    ndarray, shape (w,)
        uS/s; NaN where a window holds fewer than two samples of one contiguous stretch.
    """
    part = finite_part(signal)
    result = np.full(len(grid), np.nan)
    if len(part) < 2:
        return result
    slope = np.abs(np.diff(part.values)) / np.diff(part.times)
    slope[[piece.stop - 1 for piece in part.segments()[:-1]]] = -1.0
    first, last = grid.holding(part.times)
    last = np.minimum(last - 1, slope.size)
    some = last > first
    bounds = np.column_stack((first[some], last[some])).ravel()
    # reduceat takes no bound past the end: one more value that never wins.
    steepest = (
        np.maximum.reduceat(np.append(slope, -1.0), bounds)[::2] if bounds.size else slope[:0]
    )
    result[some] = np.where(steepest >= 0, steepest, np.nan)
    return result
