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

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arousal.features.beats import Beats
from arousal.features.tachogram import RATE, Tachograms, tachograms
from arousal.features.windows import Grid

__all__ = ["HF_BAND", "LF_BAND", "BandPower", "band_power"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

LF_BAND = (0.04, 0.15)
HF_BAND = (0.15, 0.40)
FEWEST = 8
"""Intervals that a spectrum needs at least."""
WITHOUT_THREADS = 260_000
"""Multiplications that OpenBLAS does in the calling thread."""
CHUNK = 100_000
"""Intervals that are worked on together; bounds the memory to some tens of MB."""


class BandPower(NamedTuple):
    """Power in ms^2 per window, shape (w,) each; NaN where there is none."""

    lf: FloatArray
    hf: FloatArray


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
    for group in _together((last - first)[rows]):
        if (part := rows[group]).size:
            result.lf[part], result.hf[part] = _welch_bands(
                tachograms(beats, first[part], last[part])
            )
    return result


def _together(size: IntArray) -> list[IntArray]:
    """Group windows of some intervals each: of similar size, and not too many at once."""
    order = np.argsort(size, kind="stable")
    size = size[order]
    breaks = np.diff(np.cumsum(size) // CHUNK) + np.diff(np.frexp(size)[1])
    return np.split(order, np.flatnonzero(breaks) + 1)


def _welch_bands(rows: Tachograms) -> tuple[FloatArray, FloatArray]:
    """LF and HF power of each row, all rows with segments of one length together."""
    lf, hf = np.empty(len(rows.samples)), np.empty(len(rows.samples))
    quarters = rows.samples // 4
    for quarter in np.unique(quarters).tolist():
        some = np.flatnonzero(quarters == quarter)
        frequency, density = _density(rows.values[some], rows.mean[some], quarter)
        for band, target in ((LF_BAND, lf), (HF_BAND, hf)):
            inside = (frequency >= band[0]) & (frequency < band[1])
            power = np.trapezoid(density[:, inside], frequency[inside], axis=1)
            target[some] = np.where(power > 0, power, np.nan)
    return lf, hf


def _density(values: FloatArray, mean: FloatArray, quarter: int) -> tuple[FloatArray, FloatArray]:
    """Frequencies (Hz) from LF to HF, and Welch's one-sided density (ms^2/Hz) of each row there.

    Only a fifth of the bins lies in the two bands: a product with their cosines and sines is
    faster than a transform of everything. Time counts from a segment's middle, where the Hann
    window is symmetric, so the cosines meet the sum of both halves and the sines the difference.
    """
    frequency, cosines, sines = _waves(quarter)
    even = np.empty((3, len(values), quarter))
    odd = np.empty_like(even)
    for segment in range(3):
        middle = (segment + 1) * quarter
        later = values[:, middle : middle + quarter]
        earlier = values[:, middle : middle - quarter : -1]
        np.add(later, earlier, out=even[segment])
        np.subtract(later, earlier, out=odd[segment])
    even -= 2.0 * mean[:, None]
    power = _product(even.reshape(-1, quarter), cosines) ** 2
    power += _product(odd.reshape(-1, quarter), sines) ** 2
    density = power.reshape(3, len(values), -1).sum(axis=0)
    # Two sides, the mean of three segments, the window's power (sum of squares: 3/8 of 2 quarters).
    return frequency, density * (2.0 / (3.0 * RATE * 0.75 * quarter))


@lru_cache(maxsize=8)
def _waves(quarter: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Frequencies (Hz) of both bands, and half a Hann window times their cosines and sines.

    Kept: one window length has two or three segment lengths, the same for everybody (0.5 MB each
    for five minutes).
    """
    frequency = np.arange(2 * quarter + 1) / quarter
    bins = np.flatnonzero((frequency >= LF_BAND[0]) & (frequency < HF_BAND[1]))
    place = np.arange(quarter)
    window = 0.5 + 0.5 * np.cos(np.pi * place / quarter)[:, None]
    circle = 4 * quarter  # a cosine has no more values than that: looked up, not computed again
    turn = np.multiply.outer(place, bins) % circle
    angle = 2.0 * np.pi / circle * np.arange(circle)
    cosines, sines = np.cos(angle)[turn] * window, np.sin(angle)[turn] * window
    cosines[0] /= 2.0  # the middle sample stands in both halves
    return frequency[bins], cosines, sines


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
