"""A phase in pieces, each without what is slower than itself, and without the own talking.

Nothing is filled in: a piece counts only where every second of it is there and varies.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import UsageError

__all__ = ["cut", "lagged", "own_speech_out"]

FloatArray = NDArray[np.float64]

FLAT = 1e-9
"""A piece whose deviation is below this share of its size does not vary."""
SPEECH_MEMORY = (10, 30)
"""Seconds over which own speech is averaged, beside the speech of the moment: the heart follows."""


def cut(values: ArrayLike, length: int) -> FloatArray:
    """Cut series into segments that follow each other.

    Parameters
    ----------
    values : array_like, shape (..., seconds)
        One value per second; NaN = missing.
    length : int
        Seconds per segment; what is left over at the end is not used.

    Returns
    -------
    ndarray, shape (..., segments, length)
        Without mean and line, of length one; all NaN where a second is missing or nothing varies.

    Raises
    ------
    UsageError
        If a segment has fewer than four seconds: three are a line and a point.
    """
    if length < 4:
        raise UsageError(f"segments of {length} s, allowed 4 and above")
    x = np.asarray(values, dtype=np.float64)
    count = x.shape[-1] // length
    return _detrended(x[..., : count * length].reshape(*x.shape[:-1], count, length))


def lagged(values: ArrayLike, length: int, lag: int) -> FloatArray:
    """Cut series into windows, at every lag in turn.

    Parameters
    ----------
    values : array_like, shape (..., seconds)
        One value per second; NaN = missing.
    length : int
        Seconds per window.
    lag : int
        Seconds by which a window may lie earlier or later; as much room is left at either end.

    Returns
    -------
    ndarray, shape (..., windows, 2 lag + 1, length)
        As `cut`; the middle of the lags is the window itself.
    """
    x = np.asarray(values, dtype=np.float64)
    count = max(0, (x.shape[-1] - 2 * lag) // length)
    if not count:
        return np.empty((*x.shape[:-1], 0, 2 * lag + 1, length))
    every = np.lib.stride_tricks.sliding_window_view(x, length, axis=-1)
    begins = length * np.arange(count)[:, None] + np.arange(2 * lag + 1)
    return _detrended(every[..., begins, :])


def _detrended(segments: FloatArray) -> FloatArray:
    """Bring what is left without mean and line to length one; NaN stays."""
    left, length = _level_free(segments), segments.shape[-1]
    size = np.sqrt(np.einsum("...t,...t->...", left, left))
    scale = np.maximum(segments.max(axis=-1), -segments.min(axis=-1)) * np.sqrt(length)
    varies = size > FLAT * scale  # False where a second is missing
    left /= np.where(varies, size, np.nan)[..., None]
    return left


def _level_free(segments: FloatArray) -> FloatArray:
    """Take mean and straight line out of the last axis."""
    line = np.linspace(-1.0, 1.0, segments.shape[-1])
    line /= np.sqrt((line**2).sum())
    left = segments - segments.mean(axis=-1, keepdims=True)
    left -= (left @ line)[..., None] * line
    return np.asarray(left)


def own_speech_out(values: ArrayLike, speech: ArrayLike, length: int) -> FloatArray:
    """Take each person's own talking out of their series.

    Parameters
    ----------
    values : array_like, shape (persons, seconds)
        One value per second of one phase; NaN = missing.
    speech : array_like, shape (persons, seconds)
        Share of each second that the person spoke; a person without known speech is left as is.
    length : int
        Seconds of the segments within which the slopes are estimated, so that the course of a
        phase is not taken for an effect of speech.

    Returns
    -------
    ndarray, shape (persons, seconds)
        Values less own slopes times speech now and over the last 10 and 30 s.
    """
    x = np.asarray(values, dtype=np.float64).copy()
    talk = np.asarray(speech, dtype=np.float64)
    count = x.shape[-1] // length
    if not count:
        return x  # shorter than a segment: no slope can be told, and no segment is cut from it
    for i in range(len(x)):
        if not np.isfinite(talk[i]).all() or np.ptp(talk[i]) == 0:
            continue
        effects = np.array([talk[i], *(_trailing(talk[i], m) for m in SPEECH_MEMORY)])
        rows = np.vstack([x[i], effects])[:, : count * length].reshape(-1, count, length)
        whole = np.isfinite(rows[0]).all(axis=-1)
        flat = _level_free(rows[:, whole]).reshape(len(rows), -1)
        slopes = np.linalg.lstsq(flat[1:].T, flat[0], rcond=None)[0]
        x[i] -= slopes @ effects
    return x


def _trailing(values: FloatArray, seconds: int) -> FloatArray:
    """Mean over the last seconds; at the beginning, over those there are."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    first = np.maximum(np.arange(values.size) + 1 - seconds, 0)
    last = np.arange(values.size) + 1
    return np.asarray((total[last] - total[first]) / (last - first))
