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
WITHOUT_THREADS = 200_000
"""Multiplications that OpenBLAS does in the calling thread."""
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
    values = _spline(blocks, int(samples.max()))
    valid = np.arange(values.shape[1]) < samples[:, None]
    np.multiply(values, valid, out=values)
    values -= (values.sum(axis=1) / samples)[:, None]
    return np.multiply(values, valid, out=values), samples


def _spline(blocks: _Blocks, width: int) -> FloatArray:
    """Interpolating quadratic spline of each block at 4 Hz: shape (blocks, width).

    Knots lie midway between the points, but for the first and the last midpoint, and are triple
    at the ends, as in scipy's ``interp1d(kind="quadratic")``. So piece p of a block begins at
    knot ``base + p + 2``, point i lies in piece i - 1, and the collocation matrix is tridiagonal.
    The blocks stand side by side in one banded system; they do not touch. Beyond the last point
    the spline keeps its last value.
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
    return _evaluate(blocks, knots, base, weights, width)


def _evaluate(
    blocks: _Blocks, knots: FloatArray, base: IntArray, weights: FloatArray, width: int
) -> FloatArray:
    """Turn each piece into a parabola from its begin on, and read it off at its 4 Hz samples."""
    pieces = blocks.size - 2
    block = np.repeat(np.arange(base.size), pieces)
    place = np.arange(block.size) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    span, weight = base[block] + place + 2, blocks.first[block] + place
    begin, length = knots[span], knots[span + 1] - knots[span]
    middle = weights[weight + 1]
    falling = (weights[weight] - middle) / ((knots[span + 1] - knots[span - 1]) * length)
    rising = (weights[weight + 2] - middle) / ((knots[span + 2] - begin) * length)
    # Samples of a piece: from the first one at or after its begin to the next piece's first.
    since = np.minimum(np.ceil(begin * RATE).astype(np.intp), width)
    until = np.append(since[1:], width)
    until[np.cumsum(pieces) - 1] = width
    count = until - since
    at = np.minimum(np.arange(width) / RATE, blocks.length[:, None]).ravel()
    at -= np.repeat(begin, count)
    values: FloatArray = np.repeat(falling + rising, count)
    values *= at
    values -= np.repeat(2.0 * falling * length, count)
    values *= at
    values += np.repeat(middle + falling * length**2, count)
    return values.reshape(base.size, width)


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


def _welch_bands(tachograms: FloatArray, samples: IntArray) -> tuple[FloatArray, FloatArray]:
    lf, hf = np.empty(samples.size), np.empty(samples.size)
    quarters = samples // 4
    for quarter in np.unique(quarters).tolist():
        rows = np.flatnonzero(quarters == quarter)
        frequency, density = _density(tachograms[rows, : 4 * quarter], quarter)
        for band, target in ((LF_BAND, lf), (HF_BAND, hf)):
            inside = (frequency >= band[0]) & (frequency < band[1])
            power = np.trapezoid(density[:, inside], frequency[inside], axis=1)
            target[rows] = np.where(power > 0, power, np.nan)
    return lf, hf


def _density(tachograms: FloatArray, quarter: int) -> tuple[FloatArray, FloatArray]:
    """Frequencies (Hz) from LF to HF, and Welch's one-sided density (ms^2/Hz) of each row there.

    Only a fifth of the bins lies in the two bands: a product with their cosines and sines is
    faster than a transform of everything. Time counts from a segment's middle, where the Hann
    window is symmetric, so the cosines meet the sum of both halves and the sines the difference.
    """
    frequency = np.arange(2 * quarter + 1) / quarter
    bins = np.flatnonzero((frequency >= LF_BAND[0]) & (frequency < HF_BAND[1]))
    place = np.arange(quarter)
    window = 0.5 + 0.5 * np.cos(np.pi * place / quarter)
    angle = np.pi / (2 * quarter) * np.outer(place, bins)
    cosines, sines = np.cos(angle) * window[:, None], np.sin(angle) * window[:, None]
    cosines[0] /= 2.0  # the middle sample stands in both halves
    power = np.zeros((len(tachograms), bins.size))
    for middle in (quarter, 2 * quarter, 3 * quarter):
        later = tachograms[:, middle : middle + quarter]
        earlier = tachograms[:, middle : middle - quarter : -1]
        power += _product(later + earlier, cosines) ** 2
        power += _product(later - earlier, sines) ** 2
    # Two sides, the mean of three segments, the window's power (sum of squares: 3/8 of 2 quarters).
    return frequency[bins], power * (2.0 / (3.0 * RATE * 0.75 * quarter))


def _product(rows: FloatArray, waves: FloatArray) -> FloatArray:
    """``rows @ waves`` in pieces for which no BLAS starts threads.

    Its threads would wait for more by spinning, which costs ten times the CPU of the product
    itself, and takes it from the other sessions of a study.
    """
    height = max(1, WITHOUT_THREADS // waves.size)
    whole = len(rows) // height * height
    result = np.empty((len(rows), waves.shape[1]))
    np.matmul(
        rows[:whole].reshape(-1, height, len(waves)),
        waves,
        out=result[:whole].reshape(-1, height, waves.shape[1]),
    )
    np.matmul(rows[whole:], waves, out=result[whole:])
    return result
