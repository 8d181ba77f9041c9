"""Intervals of all windows at an even 4 Hz, as a spectrum needs them.

The intervals of a window, placed at the beats that end them, are joined by the interpolating
quadratic spline (scipy's ``interp1d(kind="quadratic")``, which NeuroKit2's interpolation calls) and
read off four times a second from the window's first beat on. All windows are solved as one banded
system, side by side; they do not touch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

from arousal.features.beats import Beats

__all__ = ["RATE", "Tachograms", "tachograms"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

RATE = 4.0
"""Samples per second."""


class Tachograms(NamedTuple):
    """Intervals of some windows at 4 Hz.

    Parameters
    ----------
    values : ndarray, shape (w, n)
        Milliseconds, one row per window; beyond a window's own end the last interval stands on.
    samples : ndarray of int, shape (w,)
        How many of them belong to the window.
    mean : ndarray, shape (w,)
        Their mean in ms.
    """

    values: FloatArray
    samples: IntArray
    mean: FloatArray


class _Blocks(NamedTuple):
    """Beats of several windows, one block after the other; times count from its first beat."""

    times: FloatArray
    intervals: FloatArray
    start: IntArray
    end: IntArray


class _Parabolas(NamedTuple):
    """One piece of the spline per beat: ``level + u * (slope + u * bend)``, u s after ``begin``.

    The first beat of a block has none (the second's holds there, too); the last one's is constant.
    """

    begin: FloatArray
    level: FloatArray
    slope: FloatArray
    bend: FloatArray


def tachograms(beats: Beats, first: IntArray, last: IntArray) -> Tachograms:
    """Interpolate the intervals of each window.

    Parameters
    ----------
    beats : Beats
    first, last : ndarray of int, shape (w,)
        Each window's intervals are ``first <= i < last``, at least four of one contiguous run.

    Notes
    -----
    The number of samples is NeuroKit2's: up to the first one at or after the last beat, which
    takes the last interval's value.
    """
    blocks = _blocks(beats, first, last)
    length = blocks.times[blocks.end]
    samples = np.ceil(np.round((length + 1.0 / RATE) * RATE, 6)).astype(np.intp)
    values = _read_off(_parabolas(blocks), blocks.end, samples)
    beyond = (values.shape[1] - samples) * values[:, -1]
    return Tachograms(values, samples, (values.sum(axis=1) - beyond) / samples)


def _blocks(beats: Beats, first: IntArray, last: IntArray) -> _Blocks:
    size = last - first
    start = np.cumsum(size) - size
    index = np.arange(int(size.sum())) + np.repeat(first - start, size)
    # Counted from the first beat, as NeuroKit2 does from the intervals alone.
    times: FloatArray = beats.times[index] - np.repeat(beats.times[first], size)
    return _Blocks(times, beats.intervals[index], start, start + size - 1)


def _parabolas(blocks: _Blocks) -> _Parabolas:
    """Solve for the spline's weights, and turn each of its pieces into a parabola.

    Knots lie midway between beats, but for the first and the last midpoint, and are triple at the
    ends; so one beat lies in each piece (two in the first and the last), and only its own weight
    and its neighbours' meet there: the system is tridiagonal, and at the ends trivial.
    """
    times, ends = blocks.times, np.concatenate((blocks.start, blocks.end))
    knots = _knots(blocks)
    begin, until, further = knots[1:-2], knots[2:-1], knots[3:].copy()
    further[blocks.end - 1] = times[blocks.end]
    length = until - begin
    length[ends] = 0.0
    left, right = (until - knots[:-3]) * length, (further - begin) * length
    left[ends] = right[ends] = np.inf
    low, high = (until - times) ** 2 / left, (times - begin) ** 2 / right
    bands = np.zeros((3, times.size))
    bands[0, 1:], bands[1], bands[2, :-1] = high[:-1], 1.0 - low - high, low[1:]
    weights = solve_banded((1, 1), bands, blocks.intervals, overwrite_ab=True, check_finite=False)
    step = np.diff(weights, prepend=0.0, append=0.0)
    falling, rising = -step[:-1] / left, step[1:] / right
    slope = -2.0 * falling * length
    return _Parabolas(begin, weights - slope * length / 2.0, slope, falling + rising)


def _knots(blocks: _Blocks) -> FloatArray:
    """Begin of each beat's piece (shape n + 3, so that a piece's neighbours are at hand)."""
    times = blocks.times
    knots = np.empty(times.size + 3)
    begin = knots[1:-2]
    begin[1:] = (times[1:] + times[:-1]) / 2.0
    begin[blocks.start] = begin[blocks.start + 1] = 0.0
    begin[blocks.end] = times[blocks.end]
    knots[0], knots[-2:] = begin[0], begin[-1]
    return knots


def _read_off(pieces: _Parabolas, end: IntArray, samples: IntArray) -> FloatArray:
    """Evaluate every sample by the piece in which it lies: shape (blocks, most samples)."""
    width = int(samples.max())
    since = np.ceil(pieces.begin * RATE).astype(np.intp)
    since[end] = samples - 1
    count = np.diff(since, append=0)
    count[end] = width - since[end]
    after = np.empty((samples.size, width))
    after[:] = np.arange(width) / RATE
    u = after.ravel()
    u -= np.repeat(pieces.begin, count)
    values = np.repeat(pieces.bend, count)
    values *= u
    values += np.repeat(pieces.slope, count)
    values *= u
    values += np.repeat(pieces.level, count)
    return values.reshape(after.shape)
