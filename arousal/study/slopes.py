"""The slope of block contrasts over a covariate: which model holds, its fit, or why there is none.

One number per case block enters, never windows. Blocks of one group are alike, so a group gets a
random intercept; where there are fewer than five groups, they are held fixed instead, and people
who present more than once get one. The p comes from t after Kenward and Roger:
(clusters - fixed terms) would make a slope within groups far too cautious (.007 for .05).
A random intercept takes it that all groups have the same slope. Where they do not it finds too much
(.13 for .05), so a t test over the groups' own slopes stands beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from arousal.errors import NothingUsableError
from arousal.hypothesis.inference import student_t
from arousal.hypothesis.kenward_roger import kenward_roger
from arousal.hypothesis.mixed_model import mixed_mean

__all__ = ["LEAST_CLUSTERS", "LEAST_UNITS", "Slope", "fit_slope"]

Floats = NDArray[np.float64]

LEAST_UNITS = 10
"""Case blocks (or presenters) below which no slope is estimated; ours."""
LEAST_CLUSTERS = 5
"""Groups or presenters below which their variance is not estimated; ours."""
LEAST_DF = 3
LEAST_OWN = 3
"""Units from which a group's own slope is taken."""
LEAST_SIDE = 3
"""Units on either side of a yes and no."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A fitted slope.

    Parameters
    ----------
    model : str
        As `arousal.tables.LONGITUDINAL` names it.
    clusters : int
        With a random intercept; 0 without.
    slope, se, low, high : float
        Estimate, standard error, bounds of the 95 % interval.
    t, df, p : float
        Its two-sided test.
    p_groups : float
        p of a t test over the groups' own slopes; NaN where fewer than five groups have one.
    """

    model: str
    clusters: int
    slope: float
    se: float
    low: float
    high: float
    t: float
    df: float
    p: float
    p_groups: float = float("nan")


def fit_slope(
    values: Floats,
    covariate: Floats,
    groups: Sequence[str],
    presenters: Sequence[str],
    adjust: Floats | None = None,
) -> Slope:
    """Fit the slope of block contrasts over a covariate.

    Parameters
    ----------
    values, covariate : ndarray, shape (units,)
        Without NaN.
    groups, presenters : sequence of str
        Pseudonyms; empty where not told (a presenter who is not told is nobody else).
    adjust : ndarray, optional, shape (units, k)
        Further columns; those that do not vary are left out.

    Raises
    ------
    NothingUsableError
        If there is too little to go by; the message says what is there and what is needed.
    """
    _check_enough(covariate)
    known = [g for g in dict.fromkeys(groups) if g]
    extra = [c for c in (adjust.T if adjust is not None else ()) if np.ptp(c) > 0]
    told = np.array([p or f"#{i}" for i, p in enumerate(presenters)], dtype=object)
    if len(known) >= LEAST_CLUSTERS:
        names = np.array([g or f"#{i}" for i, g in enumerate(groups)], dtype=object)
        own = _own_slopes(values, covariate, names)
        fit = _fit(values, covariate, names, "by group", extra)
        return replace(fit, p_groups=own)
    # A presenter is told apart from their namesake in another group.
    names = np.array([f"{g}/{p}" for g, p in zip(groups, told, strict=True)], dtype=object)
    if len(set(names)) < min(LEAST_CLUSTERS, names.size):
        held = [(names == k).astype(np.float64) for k in dict.fromkeys(names)][1:]
        return _fit(values, covariate, None, ", presenters held fixed", [*extra, *held])
    held = [np.array([g == k for g in groups], dtype=np.float64) for k in known[1:]]
    suffix = ", groups held fixed" if held else ""
    return _fit(values, covariate, names, f"by presenter{suffix}", [*extra, *held])


def _own_slopes(values: Floats, covariate: Floats, names: NDArray[np.object_]) -> float:
    """Two-sided p of the mean of the groups' own slopes, each group counting once."""
    slopes = []
    for name in dict.fromkeys(names):
        x, y = covariate[names == name], values[names == name]
        if x.size >= LEAST_OWN and np.ptp(x) > 0:
            slopes.append(float(np.polyfit(x, y, 1)[0]))
    if len(slopes) < LEAST_CLUSTERS:
        return float("nan")
    return float(student_t(slopes, "two-sided")[2])


def _check_enough(covariate: Floats) -> None:
    counts = Counter(covariate.tolist())
    if covariate.size < LEAST_UNITS:
        raise NothingUsableError(f"{covariate.size} numbers, {LEAST_UNITS} are needed")
    if len(counts) < 2:
        raise NothingUsableError("it is the same in all of them")
    if len(counts) == 2 and min(counts.values()) < LEAST_SIDE:
        least = min(counts.values())
        raise NothingUsableError(f"only {least} on one side, {LEAST_SIDE} are needed on either")


def _fit(
    values: Floats,
    covariate: Floats,
    names: NDArray[np.object_] | None,
    by: str,
    extra: list[Floats],
) -> Slope:
    design = np.column_stack([np.ones(values.size), covariate, *extra])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise NothingUsableError("it cannot be told apart from what it is adjusted for")
    sizes = Counter(names.tolist()) if names is not None else Counter()
    if names is None or max(sizes.values()) < 2:
        _check_df(values.size - design.shape[1], values.size, design.shape[1], "numbers")
        held = by[by.index(",") :] if "," in by else ""
        return _least_squares(values, design, f"regression{held}")
    _check_df(len(sizes) - design.shape[1], len(sizes), design.shape[1], "clusters")
    adjust = np.column_stack(extra) if extra else None
    fit = mixed_mean(values, names, "two-sided", covariate, adjust)
    small = kenward_roger(design, names, fit.between**2, fit.within**2, 1)
    return _slope(f"mixed, {by}", len(sizes), fit.estimate, small.se, small.df)


def _check_df(df: int, count: int, terms: int, what: str) -> None:
    if df < LEAST_DF:
        raise NothingUsableError(f"{count} {what} for {terms} terms, {terms + LEAST_DF} are needed")


def _least_squares(values: Floats, design: Floats, model: str) -> Slope:
    inverse = np.linalg.inv(design.T @ design)
    weights = inverse @ design.T @ values
    df = values.size - design.shape[1]
    variance = float(((values - design @ weights) ** 2).sum() / df)
    return _slope(model, 0, float(weights[1]), float(np.sqrt(variance * inverse[1, 1])), df)


def _slope(model: str, clusters: int, slope: float, se: float, df: float) -> Slope:
    from scipy import stats

    if not se > 0:
        raise NothingUsableError("the numbers do not vary around the line")
    half = float(stats.t.ppf(0.975, df)) * se
    p = float(2 * stats.t.sf(abs(slope / se), df))
    return Slope(model, clusters, slope, se, slope - half, slope + half, slope / se, float(df), p)
