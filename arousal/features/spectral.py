"""HF and LF power of all windows at once.

Method: the window's intervals, placed at the beats that end them, are joined by the interpolating
quadratic spline, read off at 4 Hz and freed of their mean; Welch's periodogram (Hann, three
half-overlapping segments, zero-padded to twice their length) is summed over the band by the
trapezoid rule. That is ``nk.hrv_frequency(psd_method="welch", interpolation_rate=4,
normalize=False)`` with one difference: NeuroKit2 uses two or three segments by the parity of
N // 2, and so loses a quarter of the data in some windows; we always use three, of even length.
Where N // 2 is even the results agree.

A window in which the beats are not contiguous has no spectrum: nothing is interpolated across a
gap.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

from arousal.features.beats import Beats
from arousal.features.windows import Grid

__all__ = ["HF_BAND", "LF_BAND", "BandPower", "band_power"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

RATE = 4.0
LF_BAND = (0.04, 0.15)
HF_BAND = (0.15, 0.40)
FEWEST = 8
"""Intervals that a spectrum needs at least."""
CHUNK = 200_000
"""Intervals that are worked on together; bounds the memory to some tens of MB."""


class BandPower(NamedTuple):
    """Power in ms^2 per window, shape (w,) each; NaN where there is none."""

    lf: FloatArray
    hf: FloatArray


class _Blocks(NamedTuple):
    """Intervals of several windows, one block after the other; times count from its first beat."""

    x: FloatArray
    y: FloatArray
    first: IntArray
    size: IntArray

    @property
    def length(self) -> FloatArray:
        """Time from first to last beat of each block, in seconds."""
        length: FloatArray = self.x[self.first + self.size - 1]
        return length


def band_power(beats: Beats, grid: Grid, wanted: NDArray[np.bool_]) -> BandPower:
    """Return LF and HF power of the windows that are wanted.

    Parameters
    ----------
    beats : Beats
    grid : Grid
    wanted : ndarray of bool, shape (w,)
        Windows to work on; the others are NaN.
    """
    result = BandPower(np.full(len(grid), np.nan), np.full(len(grid), np.nan))
    first, last = grid.inside(beats.starts, beats.times)
    able = wanted & (last - first >= FEWEST)
    able[able] = beats.segment[first[able]] == beats.segment[last[able] - 1]
    rows = np.flatnonzero(able)
    edges = np.flatnonzero(np.diff(np.cumsum((last - first)[rows]) // CHUNK)) + 1
    for part in np.split(rows, edges):
        if part.size:
            tachograms, samples = _tachograms(_blocks(beats, first[part], last[part]))
            result.lf[part], result.hf[part] = _welch_bands(tachograms, samples)
    return result


def _blocks(beats: Beats, first: IntArray, last: IntArray) -> _Blocks:
    size = last - first
    start = np.cumsum(size) - size
    index = np.arange(int(size.sum())) + np.repeat(first - start, size)
    # Times from the intervals themselves, counted from the block's first beat, as NeuroKit2's.
    x: FloatArray = beats.times[index] - np.repeat(beats.times[first], size)
    return _Blocks(x, beats.intervals[index], start, size)


def _tachograms(blocks: _Blocks) -> tuple[FloatArray, IntArray]:
    """Intervals at 4 Hz without their mean: one row per window, zero beyond its own end.

    The number of samples is NeuroKit2's: up to the first one at or after the last beat, which
    takes the last interval's value.
    """
    samples = np.ceil(np.round((blocks.length + 1.0 / RATE) * RATE, 6)).astype(np.intp)
    grid = np.arange(samples.max()) / RATE
    at = np.minimum(grid[None, :], blocks.length[:, None])
    values = _spline(blocks, at)
    valid = np.arange(grid.size)[None, :] < samples[:, None]
    mean = np.sum(values, axis=1, where=valid) / samples
    return np.where(valid, values - mean[:, None], 0.0), samples


def _spline(blocks: _Blocks, at: FloatArray) -> FloatArray:
    """Interpolating quadratic spline of each block, read off at ``at`` (block, sample).

    Knots lie midway between the points, but for the first and the last midpoint, and are triple
    at the ends, as in scipy's ``interp1d(kind="quadratic")``. So piece p of a block begins at
    knot ``base + p + 2``, point i lies in piece i - 1, and the collocation matrix is tridiagonal.
    The blocks stand side by side in one banded system; they do not touch.
    """
    knots, base = _knots(blocks)
    point = np.arange(blocks.x.size) - np.repeat(blocks.first, blocks.size)
    piece = np.clip(point - 1, 0, np.repeat(blocks.size - 3, blocks.size))
    parts = _basis(knots, np.repeat(base, blocks.size) + piece + 2, blocks.x)
    bands = np.zeros((3, blocks.x.size))
    for offset, part in enumerate(parts):
        distance = piece + offset - point
        near = np.abs(distance) <= 1
        column = (np.arange(point.size) + distance)[near]
        bands[1 - distance[near], column] = part[near]
    weights = solve_banded((1, 1), bands, blocks.y, check_finite=False)
    pieces = _pieces_at(blocks, knots, base, at.shape[1])
    low, middle, high = _basis(knots, base[:, None] + pieces + 2, at)
    index = blocks.first[:, None] + pieces
    result: FloatArray = (
        low * weights[index] + middle * weights[index + 1] + high * weights[index + 2]
    )
    return result


def _knots(blocks: _Blocks) -> tuple[FloatArray, IntArray]:
    """Knots of all blocks in a row (3 more than points each), and where each block begins."""
    base = blocks.first + 3 * np.arange(blocks.first.size)
    block = np.repeat(np.arange(base.size), blocks.size + 3)
    place = np.arange(block.size) - base[block]
    last = blocks.first + blocks.size - 1
    left = np.clip(blocks.first[block] + place - 2, 0, blocks.x.size - 2)
    knots = (blocks.x[left] + blocks.x[left + 1]) / 2.0
    knots = np.where(place <= 2, blocks.x[blocks.first[block]], knots)
    return np.where(place >= blocks.size[block], blocks.x[last[block]], knots), base


def _basis(knots: FloatArray, span: IntArray, at: FloatArray) -> tuple[FloatArray, ...]:
    """Return the three quadratic B-splines that live between knots ``span`` and ``span + 1``."""
    begin, end = knots[span], knots[span + 1]
    width = end - begin
    low = (end - at) ** 2 / ((end - knots[span - 1]) * width)
    high = (at - begin) ** 2 / ((knots[span + 2] - begin) * width)
    return low, 1.0 - low - high, high


def _pieces_at(blocks: _Blocks, knots: FloatArray, base: IntArray, samples: int) -> IntArray:
    """Piece of the spline in which each 4 Hz sample lies: inner knots passed so far."""
    inner = blocks.size - 3
    block = np.repeat(np.arange(base.size), inner)
    place = np.arange(block.size) - np.repeat(np.cumsum(inner) - inner, inner)
    passed = np.ceil(knots[base[block] + 3 + place] * RATE).astype(np.intp)
    counts = np.bincount(
        block * (samples + 1) + np.minimum(passed, samples), minlength=base.size * (samples + 1)
    )
    table = counts.reshape(base.size, samples + 1)[:, :samples]
    return np.cumsum(table, axis=1)


def _welch_bands(tachograms: FloatArray, samples: IntArray) -> tuple[FloatArray, FloatArray]:
    lf, hf = np.empty(samples.size), np.empty(samples.size)
    quarters = samples // 4
    for quarter in np.unique(quarters).tolist():
        rows = np.flatnonzero(quarters == quarter)
        segments = np.stack(
            [tachograms[rows, i * quarter : (i + 2) * quarter] for i in range(3)], axis=1
        )
        density, frequency = _periodogram(segments)
        for band, target in ((LF_BAND, lf), (HF_BAND, hf)):
            inside = (frequency >= band[0]) & (frequency < band[1])
            power = np.trapezoid(density[:, inside], frequency[inside], axis=1)
            target[rows] = np.where(power > 0, power, np.nan)
    return lf, hf


def _periodogram(segments: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean one-sided density (ms^2/Hz) over segments (row, segment, sample), and frequencies."""
    length = segments.shape[-1]
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)
    spectrum = np.fft.rfft(segments * window, n=2 * length, axis=-1)
    density = (spectrum.real**2 + spectrum.imag**2).mean(axis=1) / (RATE * (window**2).sum())
    density[:, 1:-1] *= 2.0
    return density, np.arange(length + 1) * (RATE / (2 * length))
