"""What one session's number would be if its curve and the phases had nothing to do with each other.

Windows of one session are not independent, so no textbook p holds for them. Two surrogates keep the
curve's own slowness and break its tie to the phases: the curve turned round in a circle against
the phases by *every* number of windows, the identity included (leaving out near shifts makes the
test too liberal), and curves with the same spectrum and random phases (Theiler et al. 1992,
doi:10.1016/0167-2789(92)90102-S).

Nothing is filled in. A gap travels with the curve when it is turned. Spectra come from the circular
autocovariance over the pairs of windows that exist, divided by their number at each lag (without
gaps this is the periodogram, exactly); the gaps are then cut into each surrogate again.

Both assume that the curve's own level does not drift. A drift common to everyone in the room is
kept out by testing the presenter minus the members (`arousal.hypothesis.single_session`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import SettingsError, UsageError

__all__ = [
    "ContrastPattern",
    "Direction",
    "Pattern",
    "SurrogateTest",
    "TemplatePattern",
    "circular_shifts",
    "effective_windows",
    "phase_randomised",
    "surrogate_p",
]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Direction = Literal["greater", "less", "two-sided"]

MIN_VALID = 0.5
"""Share of a cell's or the template's windows that must hold a value."""
FLAT = 1e-12
"""Variance, as a share of the mean square, below which nothing varies."""
TIE = 1e-9
"""Two statistics closer than this share of their size are equal: rounding is no evidence."""


@dataclass(frozen=True, slots=True)
class SurrogateTest:
    """A number held against its surrogates.

    Parameters
    ----------
    method : {"circular shift", "phase randomisation"}
    p : float
        Share of surrogates at least as far in the expected direction; NaN with a reason.
    n : int
        Surrogates that could be evaluated (all shifts, or draws and the data themselves).
    low, high : float
        5th and 95th percentile of the surrogates.
    reason : str
        Why there is no p.
    """

    method: Literal["circular shift", "phase randomisation"]
    p: float
    n: int
    low: float
    high: float
    reason: str = ""


class Pattern(Protocol):
    """Something with which a curve is compared."""

    @property
    def weights(self) -> FloatArray:
        """How much each window counts, shape (n,); NaN where it does not."""

    def evaluate(self, curves: FloatArray) -> FloatArray:
        """Statistic of each curve, (b, n) -> (b,); NaN where too little is known."""


@dataclass(frozen=True, slots=True, eq=False)
class TemplatePattern:
    """Correlation with an expected course.

    Parameters
    ----------
    weights : ndarray, shape (n,)
        Expected heights, any unit; NaN where nothing is expected.
    min_valid : float
        Share of those windows that need a value.

    Raises
    ------
    SettingsError
        If the expected heights do not vary: nothing can go with a constant.
    """

    weights: FloatArray
    min_valid: float = MIN_VALID

    def __post_init__(self) -> None:
        heights = np.asarray(self.weights, dtype=np.float64)
        object.__setattr__(self, "weights", heights)
        known = heights[np.isfinite(heights)]
        if known.size < 2 or known.var() <= FLAT * np.mean(known**2):
            raise SettingsError(
                f"the template has no variance over the {known.size} windows that it covers",
                where="template",
                hint="give at least two phases of this session different heights",
            )

    def evaluate(self, curves: FloatArray) -> FloatArray:
        """Pearson's r over the windows known to both, (b, n) -> (b,)."""
        expected = np.isfinite(self.weights)
        known = np.isfinite(curves) & expected
        count = known.sum(axis=1).astype(np.float64)
        x = _centred(curves, known, count)
        y = _centred(np.broadcast_to(self.weights, curves.shape), known, count)
        xx, yy, xy = (np.einsum("bn,bn->b", a, b) for a, b in ((x, x), (y, y), (x, y)))
        scale = np.einsum("bn,bn->b", *(2 * (np.where(known, curves, 0.0),)))
        enough = (count >= max(3.0, self.min_valid * expected.sum())) & (xx > FLAT * scale)
        with np.errstate(invalid="ignore", divide="ignore"):
            r = xy / np.sqrt(xx * yy)
        return np.where(enough & (yy > 0), r, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class ContrastPattern:
    """Weighted sum of means over cells (phases, thirds of a phase), in the curve's own unit.

    Parameters
    ----------
    cells : ndarray of bool, shape (c, n)
        Windows of each cell.
    factors : ndarray, shape (c,)
        Weight of each cell; they sum to zero.
    min_valid : float
        Share of a cell's windows that need a value.

    Raises
    ------
    SettingsError
        If a cell is empty, the weights do not sum to zero, or all are zero.
    """

    cells: BoolArray
    factors: FloatArray
    min_valid: float = MIN_VALID

    def __post_init__(self) -> None:
        factors = np.asarray(self.factors, dtype=np.float64)
        object.__setattr__(self, "factors", factors)
        if self.cells.ndim != 2 or self.cells.shape[0] != factors.size:
            raise UsageError(f"{self.cells.shape} cells do not match {factors.size} weights")
        if abs(factors.sum()) > 1e-9 or not factors.any():
            raise SettingsError(
                f"weights sum to {factors.sum():g}, they must sum to 0 and not all be 0",
                where="contrast",
            )
        empty = np.flatnonzero(~self.cells.any(axis=1))
        if empty.size:
            raise SettingsError(f"cell {empty[0] + 1} holds no window", where="contrast")

    @property
    def weights(self) -> FloatArray:
        """Each cell's factor spread evenly over its windows; NaN outside all cells."""
        share = self.factors / self.cells.sum(axis=1)
        total = share @ self.cells
        return np.where(self.cells.any(axis=0), total, np.nan)

    def evaluate(self, curves: FloatArray) -> FloatArray:
        """Weighted sum of the cells' means, (b, n) -> (b,)."""
        known = np.isfinite(curves)
        cells = self.cells.T.astype(np.float64)
        count = known @ cells
        total = np.where(known, curves, 0.0) @ cells
        enough = (count >= self.min_valid * self.cells.sum(axis=1)) & (count > 0)
        means = np.divide(total, count, out=np.full_like(total, np.nan), where=enough)
        return np.asarray(means @ self.factors)


def _centred(values: FloatArray, known: BoolArray, count: FloatArray) -> FloatArray:
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=1) / np.maximum(count, 1.0)
    return np.where(known, filled - mean[:, None], 0.0)


def circular_shifts(curve: ArrayLike) -> FloatArray:
    """Turn a curve round by every number of windows.

    Parameters
    ----------
    curve : array_like, shape (n,)
        Gaps are NaN and travel along.

    Returns
    -------
    ndarray, shape (n, n)
        Row ``s`` is the curve turned by ``s`` windows; row 0 is the curve itself.
    """
    values = np.asarray(curve, dtype=np.float64)
    n = values.size
    doubled = np.concatenate([values, values])
    rows = np.lib.stride_tricks.sliding_window_view(doubled, n)
    return np.asarray(rows[n - np.arange(n)])


def phase_randomised(curve: ArrayLike, draws: int, rng: np.random.Generator) -> FloatArray:
    """Draw curves with the same spectrum, random phases and the same gaps.

    Parameters
    ----------
    curve : array_like, shape (n,)
        Gaps are NaN; at least three windows with a value.
    draws : int
        How many.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (draws, n)

    Notes
    -----
    With gaps the estimated spectrum may dip below zero at some frequencies; it is set to zero
    there and rescaled to the variance of the windows that exist.
    """
    values = np.asarray(curve, dtype=np.float64)
    known = np.isfinite(values)
    n, mean = values.size, float(values[known].mean())
    deviation = np.where(known, values - mean, 0.0)
    products = np.fft.irfft(np.abs(np.fft.rfft(deviation)) ** 2, n)
    pairs = np.round(np.fft.irfft(np.abs(np.fft.rfft(known.astype(np.float64))) ** 2, n))
    covariance = np.divide(products, pairs, out=np.zeros(n), where=pairs > 0)
    power = np.clip(np.fft.rfft(covariance).real, 0.0, None)
    power[0] = 0.0
    both = np.full(power.size, 2.0)
    both[0] = 1.0
    if n % 2 == 0:
        both[-1] = 1.0
    variance = float((power * both).sum()) / n
    if variance > 0:
        power *= covariance[0] / variance
    turn = np.exp(2j * np.pi * rng.random((draws, power.size)))
    if n % 2 == 0:
        turn[:, -1] = np.sign(turn[:, -1].real)  # the last term of an even series is real
    drawn = np.fft.irfft(np.sqrt(power * n) * turn, n) + mean
    return np.where(known, drawn, np.nan)


def surrogate_p(
    pattern: Pattern,
    curve: ArrayLike,
    direction: Direction,
    *,
    draws: int = 0,
    rng: np.random.Generator | None = None,
) -> SurrogateTest:
    """Hold a curve's statistic against its surrogates.

    Parameters
    ----------
    pattern : Pattern
        Template or contrast.
    curve : array_like, shape (n,)
        NaN = gap.
    direction : {"greater", "less", "two-sided"}
        What was expected.
    draws : int
        0 = circular shifts, all of them; else that many phase-randomised curves, plus the curve
        itself.
    rng : numpy.random.Generator, optional
        Needed for draws.

    Returns
    -------
    SurrogateTest
        Shifts under which a cell or the template has too few windows are left out and not counted;
        with fewer than 20 surrogates left no p is given, since it could not be below .05.

    Raises
    ------
    UsageError
        If draws are asked for without a generator.
    """
    values = np.asarray(curve, dtype=np.float64)
    method: Literal["circular shift", "phase randomisation"]
    if draws:
        if rng is None:
            raise UsageError("phase randomisation needs a random generator")
        method, observed = "phase randomisation", values[None]
        if np.isfinite(values).sum() >= 3:
            observed = np.vstack([values, phase_randomised(values, draws, rng)])
        statistics = pattern.evaluate(observed)
    else:
        method, statistics = "circular shift", pattern.evaluate(circular_shifts(values))
    usable = statistics[np.isfinite(statistics)]
    if not np.isfinite(statistics[0]):
        return _refused(method, usable.size, "too few windows hold a value, or none varies")
    if usable.size < 20:
        return _refused(method, usable.size, f"only {usable.size} surrogates, needed 20")
    far = _distance(usable, direction)
    limit = far[0] - TIE * max(abs(far[0]), float(np.abs(usable).max()))
    low, high = np.quantile(usable, [0.05, 0.95])
    p = float(np.mean(far >= limit))
    return SurrogateTest(method, p, int(usable.size), float(low), float(high))


def _refused(
    method: Literal["circular shift", "phase randomisation"], n: int, reason: str
) -> SurrogateTest:
    return SurrogateTest(method, np.nan, n, np.nan, np.nan, reason)


def _distance(statistics: FloatArray, direction: Direction) -> FloatArray:
    if direction == "two-sided":
        return np.abs(statistics)
    return statistics if direction == "greater" else -statistics


def effective_windows(curve: ArrayLike, weights: ArrayLike) -> float:
    """How many independent windows the comparison of a curve with a pattern is worth.

    Parameters
    ----------
    curve, weights : array_like, shape (n,)
        NaN = unknown.

    Returns
    -------
    float
        ``1 / n_eff = 1/n + 2/n * sum_j (1 - j/n) r_x(j) r_y(j)`` (Bayley & Hammersley 1946,
        doi:10.2307/2983560; Pyper & Peterman 1998, doi:10.1139/f98-104), with autocorrelations
        over the pairs that exist, divided by n as usual, up to lag n/5 as Pyper & Peterman advise
        at most; between 2 and n. NaN if either does not vary.
    """
    x, y = _autocorrelation(curve), _autocorrelation(weights)
    known = np.isfinite(np.asarray(curve)) & np.isfinite(np.asarray(weights))
    n = int(known.sum())
    if n < 3 or x is None or y is None:
        return float("nan")
    lags = np.arange(1, max(2, n // 5 + 1))
    shared = np.sum((1 - lags / n) * x[lags] * y[lags])
    return float(np.clip(n / max(1.0 + 2.0 * shared, 1.0), 2.0, n))


def _autocorrelation(values: ArrayLike) -> FloatArray | None:
    series = np.asarray(values, dtype=np.float64)
    known = np.isfinite(series)
    if known.sum() < 3:
        return None
    deviation = np.where(known, series - series[known].mean(), 0.0)
    size = 2 * series.size
    products = np.fft.irfft(np.abs(np.fft.rfft(deviation, size)) ** 2, size)[: series.size]
    if products[0] <= FLAT * np.sum(series[known] ** 2):
        return None
    return np.asarray(products / products[0])
