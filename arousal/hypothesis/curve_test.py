"""Curves over phase-normalised time: where they differ from zero across blocks.

The unit is the case block: whole curves change sign, so that neighbouring points may depend on
each other as they like (Maris & Oostenveld 2007, doi:10.1016/j.jneumeth.2007.03.024; signs instead
of labels, as for one sample). A found stretch says that there is an effect, and only roughly where.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import NothingUsableError
from arousal.hypothesis.inference import EXACT_UNITS, Alternative, all_signs, random_signs

__all__ = ["Band", "CurveTest", "Stretch", "curve_clusters", "simultaneous_band"]

Floats = NDArray[np.float64]
LEAST_CURVES = 3


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of bins beyond the threshold: ``first`` to ``last`` (included), its mass and p."""

    first: int
    last: int
    mass: float
    p: float


@dataclass(frozen=True, slots=True, eq=False)
class CurveTest:
    """Result of a cluster permutation.

    Parameters
    ----------
    t : ndarray, shape (bins,)
        Student's t in each bin; for reading, not for deciding.
    stretches : tuple of Stretch
        By place.
    p : float
        Smallest p of any stretch; 1 without one.
    n : int
        Curves.
    """

    t: Floats
    stretches: tuple[Stretch, ...]
    p: float
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Mean curve with a band that holds the whole true curve; arrays of shape (bins,).

    Parameters
    ----------
    mean, low, high : ndarray
        In the curves' unit; NaN where fewer than three curves have a value.
    n : ndarray of int
        Curves with a value in each bin.
    """

    mean: Floats
    low: Floats
    high: Floats
    n: NDArray[np.int64]


def curve_clusters(
    curves: ArrayLike,
    alternative: Alternative = "greater",
    *,
    forming: float = 0.05,
    flips: int = 9_999,
    rng: np.random.Generator | None = None,
) -> CurveTest:
    """Find stretches in which curves differ from zero, corrected over the whole curve.

    Parameters
    ----------
    curves : array_like, shape (blocks, bins)
        One curve per block; NaN where it has no value.
    alternative : {"greater", "less", "two-sided"}
        Expected direction.
    forming : float
        One-sided p at which a bin begins to count (a choice of sensitivity, not a test).
    flips : int
        Random flips where there are more than `EXACT_UNITS` blocks; else all.
    rng : numpy.random.Generator, optional
        As in `arousal.hypothesis.inference.sign_flip`.

    Raises
    ------
    NothingUsableError
        If there are fewer than three curves.
    """
    from scipy import stats

    x = _checked(curves)
    if alternative == "less":
        x = -x
    n = np.isfinite(x).sum(axis=0)
    with np.errstate(invalid="ignore"):
        beyond = stats.t.isf(forming, np.maximum(n - 1, 1))
    seen = _flipped_t(x, np.ones((1, len(x))))[0]
    flipped = _flipped_t(x, _signs(len(x), flips, rng))
    both = alternative == "two-sided"
    largest = _largest_mass(flipped, beyond)
    if both:
        largest = np.maximum(largest, _largest_mass(-flipped, beyond))
    stretches = _stretches(seen, beyond, largest, len(x))
    if both:
        stretches += _stretches(-seen, beyond, largest, len(x))
    ordered = tuple(sorted(stretches, key=lambda s: s.first))
    shown = -seen if alternative == "less" else seen
    return CurveTest(shown, ordered, min((s.p for s in ordered), default=1.0), len(x))


def simultaneous_band(
    curves: ArrayLike,
    level: float = 0.95,
    *,
    flips: int = 9_999,
    rng: np.random.Generator | None = None,
) -> Band:
    """Mean curve with a simultaneous confidence band.

    Its half-width is the standard error times the ``level`` quantile of the largest absolute t over
    the curve when the signs of the curves' deviations from their mean are flipped.

    Parameters
    ----------
    curves : array_like, shape (blocks, bins)
        One curve per block; NaN where it has no value.
    level : float
        Coverage of the whole curve.
    flips, rng
        As in `curve_clusters`.

    Raises
    ------
    NothingUsableError
        If there are fewer than three curves.
    """
    x = _checked(curves)
    n = np.isfinite(x).sum(axis=0)
    enough = n >= LEAST_CURVES
    mean, se = np.full(n.shape, np.nan), np.full(n.shape, np.nan)
    mean[enough] = np.nanmean(x[:, enough], axis=0)
    se[enough] = np.nanstd(x[:, enough], axis=0, ddof=1) / np.sqrt(n[enough])
    # Deviations from the mean are smaller than from the truth by sqrt((n-1)/n).
    spread = (x - mean) * np.sqrt(n / np.maximum(n - 1, 1))
    t = np.abs(_flipped_t(spread, _signs(len(x), flips, rng)))
    largest = np.nanmax(np.where(np.isfinite(t), t, 0.0), axis=1)
    factor = float(np.quantile(largest, level, method="higher"))
    return Band(mean, mean - factor * se, mean + factor * se, n)


def _checked(curves: ArrayLike) -> Floats:
    x = np.asarray(curves, dtype=np.float64)
    x = x[np.isfinite(x).any(axis=1)]
    if len(x) < LEAST_CURVES:
        raise NothingUsableError(f"{len(x)} curves, {LEAST_CURVES} are needed")
    return x


def _signs(count: int, flips: int, rng: np.random.Generator | None) -> Floats:
    signs = all_signs(count) if count <= EXACT_UNITS else random_signs(count, flips, rng)
    return signs.T


def _flipped_t(x: Floats, signs: Floats) -> Floats:
    """Student's t in each bin under each set of signs, shape (flips, bins)."""
    n = np.isfinite(x).sum(axis=0).astype(np.float64)
    zeroed = np.nan_to_num(x)
    mean = signs @ zeroed / np.maximum(n, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = ((zeroed**2).sum(axis=0) - n * mean**2) / (n - 1)
        t = mean / np.sqrt(np.maximum(variance, 0) / n)
    return np.where((n >= LEAST_CURVES) & (variance > 0), t, 0.0)


def _largest_mass(t: Floats, beyond: Floats) -> Floats:
    """Largest sum of t over a run beyond the threshold, for each row; 0 without one."""
    running = np.zeros(len(t))
    largest = np.zeros(len(t))
    for at in range(t.shape[1]):
        running = np.where(t[:, at] > beyond[at], running + t[:, at], 0.0)
        largest = np.maximum(largest, running)
    return largest


def _stretches(t: Floats, beyond: Floats, largest: Floats, blocks: int) -> list[Stretch]:
    over = np.concatenate([[False], t > beyond, [False]])
    starts, ends = np.flatnonzero(np.diff(over)).reshape(-1, 2).T
    found = []
    for first, end in zip(starts.tolist(), ends.tolist(), strict=True):
        mass = float(t[first:end].sum())
        count = int((largest >= mass - 1e-10 * mass).sum())
        exact = blocks <= EXACT_UNITS
        p = count / largest.size if exact else (count + 1) / (largest.size + 1)
        found.append(Stretch(first, end - 1, mass, p))
    return found
