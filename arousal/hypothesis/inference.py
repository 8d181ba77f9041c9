"""Tests over case blocks: t, sign-flip, Hedges g, intervals, equivalence.

Every function takes values with the blocks (or other independent units) on the last axis and any
number of axes before it; NaN is a unit without a value. Distributions are scipy's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import NothingUsableError, UsageError

__all__ = [
    "EXACT_UNITS",
    "Alternative",
    "Summary",
    "all_signs",
    "cluster_means",
    "equivalence",
    "hedges_g",
    "hedges_g_interval",
    "mean_interval",
    "random_signs",
    "sign_flip",
    "student_t",
    "summarise",
]

Floats = NDArray[np.float64]
Alternative = Literal["greater", "less", "two-sided"]

EXACT_UNITS = 14
"""Units up to which all 2^n sign flips are made; beyond, a random draw of them."""
_CHUNK = 2_000_000
"""Numbers held at once while flipping signs."""


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """Moments over units; all arrays have shape (...).

    Parameters
    ----------
    n : ndarray
        Units with a value.
    mean, sd : ndarray
        Their mean and standard deviation (n - 1).
    """

    n: Floats
    mean: Floats
    sd: Floats

    @property
    def se(self) -> Floats:
        """Standard error of the mean."""
        return np.asarray(self.sd / np.sqrt(self.n))


def summarise(values: ArrayLike) -> Summary:
    """Count, mean and standard deviation over the last axis.

    Raises
    ------
    NothingUsableError
        If there is a single set of values and it holds fewer than two, or they are all equal: no
        test can be made of it. (Among several sets such a one gives NaN.)
    """
    x = np.asarray(values, dtype=np.float64)
    there = np.isfinite(x)
    n = there.sum(axis=-1).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, x, 0).sum(axis=-1) / n
        deviation = np.where(there, x - mean[..., None], 0)
        sd = np.sqrt((deviation**2).sum(axis=-1) / (n - 1))
        flat = sd <= 1e-12 * np.maximum(np.abs(mean), 1e-300)
    if x.ndim == 1:
        _check_single(int(n), bool(flat), float(mean) if n else np.nan)
    return Summary(n, mean, np.where((n < 2) | flat, np.nan, sd))


def _check_single(n: int, flat: bool, mean: float) -> None:
    if n == 0:
        raise NothingUsableError("no case block has a value")
    if n == 1:
        raise NothingUsableError("one case block has a value, a test needs several")
    if flat:
        raise NothingUsableError(f"all {n} case blocks have the same value, {mean:g}")


def student_t(
    values: ArrayLike, alternative: Alternative = "greater", against: float = 0.0
) -> tuple[Floats, Floats, Floats]:
    """One-sample t test.

    Parameters
    ----------
    values : array_like, shape (..., units)
        One number per unit.
    alternative : {"greater", "less", "two-sided"}
        What the mean is expected to be, compared with ``against``.
    against : float
        Mean under the null hypothesis.

    Returns
    -------
    tuple of ndarray, shape (...)
        t, degrees of freedom, p.

    Raises
    ------
    NothingUsableError
        As `summarise`.
    """
    from scipy import stats

    s = summarise(values)
    t = np.asarray((s.mean - against) / s.se)
    df = s.n - 1
    if alternative == "two-sided":
        return t, df, np.asarray(2 * stats.t.sf(np.abs(t), df))
    return t, df, np.asarray(stats.t.sf(t if alternative == "greater" else -t, df))


def sign_flip(
    values: ArrayLike,
    alternative: Alternative = "greater",
    *,
    flips: int = 9_999,
    rng: np.random.Generator | None = None,
) -> Floats:
    """Sign-flip test of a symmetric distribution around zero.

    All 2^n flips where there are at most `EXACT_UNITS` units; else ``flips`` random ones, with the
    identity counted among them (Phipson & Smyth 2010, doi:10.2202/1544-6115.1585).

    Parameters
    ----------
    values : array_like, shape (..., units)
        One number per unit; NaN does not enter.
    alternative : {"greater", "less", "two-sided"}
        As in `student_t`.
    flips : int
        Random flips.
    rng : numpy.random.Generator, optional
        For random flips; a fixed one if not given, so that a result can be repeated.

    Returns
    -------
    ndarray, shape (...)
        p.
    """
    x = np.asarray(values, dtype=np.float64)
    summarise(x)  # raises where a single set allows no test
    if alternative == "less":
        x = -x
    flat = np.nan_to_num(x).reshape(-1, x.shape[-1])
    units = flat.shape[1]
    exact = units <= EXACT_UNITS
    signs = all_signs(units) if exact else random_signs(units, flips, rng)
    seen = flat.sum(axis=1)
    # Rounding must not make the identity larger than itself.
    slack = 1e-10 * np.abs(flat).sum(axis=1)
    if alternative == "two-sided":
        seen = np.abs(seen)
    count = np.empty(len(flat))
    step = max(1, _CHUNK // signs.shape[1])
    for at in range(0, len(flat), step):
        sums = flat[at : at + step] @ signs
        if alternative == "two-sided":
            sums = np.abs(sums)
        count[at : at + step] = (sums >= (seen - slack)[at : at + step, None]).sum(axis=1)
    p = count / signs.shape[1] if exact else (count + 1) / (flips + 1)
    p = p.reshape(x.shape[:-1])
    return np.asarray(np.where(np.isfinite(x).sum(axis=-1) >= 2, p, np.nan))


def all_signs(units: int) -> Floats:
    """Every combination of signs, the identity first; shape (units, 2^units)."""
    codes = np.arange(2**units)[None, :] >> np.arange(units)[:, None]
    return np.asarray(1.0 - 2.0 * (codes & 1))


def random_signs(units: int, flips: int, rng: np.random.Generator | None) -> Floats:
    """Random signs, shape (units, flips); from a fixed seed where no generator is given."""
    generator = np.random.default_rng(20240401) if rng is None else rng
    return np.asarray(1.0 - 2.0 * generator.integers(0, 2, (units, flips)))


def mean_interval(values: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Two-sided confidence interval of the mean, by t; shapes (...)."""
    from scipy import stats

    s = summarise(values)
    half = stats.t.ppf((1 + level) / 2, s.n - 1) * s.se
    return np.asarray(s.mean - half), np.asarray(s.mean + half)


def hedges_g(values: ArrayLike) -> Floats:
    """Mean / SD, corrected for small n by the exact factor of Hedges (1981).

    doi:10.3102/10769986006002107; here of one sample, with n - 1 degrees of freedom.

    Returns
    -------
    ndarray, shape (...)
    """
    s = summarise(values)
    return np.asarray(_correction(s.n - 1) * s.mean / s.sd)


def hedges_g_interval(values: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Confidence interval of `hedges_g` from the noncentral t distribution.

    Returns
    -------
    tuple of ndarray, shape (...)
        Lower and upper bound: the noncentralities under which the seen t would lie at either end
        (Cumming & Finch 2001, doi:10.1177/0013164401614002), / sqrt(n), corrected as g is.
    """
    s = summarise(values)
    t, df = np.asarray(s.mean / s.se), s.n - 1
    tail = (1 - level) / 2
    scale = _correction(df) / np.sqrt(s.n)
    bounds = [np.vectorize(_noncentrality)(t, df, p) for p in (1 - tail, tail)]
    return np.asarray(scale * bounds[0]), np.asarray(scale * bounds[1])


def _correction(df: Floats) -> Floats:
    from scipy.special import gammaln

    return np.asarray(np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2))


def _noncentrality(t: float, df: float, p: float) -> float:
    """Noncentrality under which a t of this size has probability p below it."""
    from scipy import optimize, stats

    if not np.isfinite(t):
        return float("nan")
    reach = 10.0 + abs(t)

    def beyond(nc: float) -> float:
        below = float(stats.nct.cdf(t, df, nc))
        if np.isnan(below):  # scipy gives up where the answer is 0 or 1 to all digits
            below = 0.0 if nc > t else 1.0
        return below - p

    return float(optimize.brentq(beyond, t - reach, t + reach, xtol=1e-8))


def equivalence(values: ArrayLike, margin: float) -> tuple[Floats, Floats, Floats]:
    """Two one-sided tests that the mean lies within ±margin (Schuirmann 1987).

    doi:10.1007/BF01068419.

    Parameters
    ----------
    values : array_like, shape (..., units)
        One number per unit.
    margin : float
        Half-width, above 0, in the values' unit.

    Returns
    -------
    tuple of ndarray, shape (...)
        The t nearer to zero, its degrees of freedom, the larger p.

    Raises
    ------
    UsageError
        If the margin is not above 0.
    """
    if not margin > 0:
        raise UsageError(f"margin is {margin}, allowed above 0")
    above, df, p_above = student_t(values, "greater", -margin)
    below, _, p_below = student_t(values, "less", margin)
    nearer = np.where(np.abs(above) < np.abs(below), above, below)
    return np.asarray(nearer), df, np.maximum(p_above, p_below)


def cluster_means(values: ArrayLike, clusters: ArrayLike) -> Floats:
    """Mean of each cluster, so that what repeats counts once.

    A t test or a sign-flip of these is the cluster t and the cluster sign-flip test: the sign of a
    whole cluster flips at once.

    Parameters
    ----------
    values : array_like, shape (..., blocks)
        One number per block; NaN does not enter.
    clusters : array_like, shape (blocks,)
        Which person, session or group each block belongs to.

    Returns
    -------
    ndarray, shape (..., clusters)
        In order of first appearance; NaN where a cluster has no value.
    """
    x = np.asarray(values, dtype=np.float64)
    names = np.asarray(clusters)
    order = list(dict.fromkeys(names.tolist()))
    member = (names[:, None] == np.array(order, dtype=names.dtype)).astype(np.float64)
    there = np.isfinite(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(there, x, 0) @ member / (there.astype(np.float64) @ member))
