"""A mixed model on block contrasts: one mean (or slope), a random intercept per cluster.

It is fitted to contrasts, one number per case block, never to windows. statsmodels gives the
estimate; the p comes from t with (clusters - 1) degrees of freedom instead of its normal
approximation, which is too small with few clusters.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import NothingUsableError
from arousal.hypothesis.inference import Alternative

__all__ = ["MixedFit", "mixed_mean"]

FLAT = 0.05
"""Ratio of the two standard deviations below which the optimiser has run into its boundary."""


@dataclass(frozen=True, slots=True)
class MixedFit:
    """A fitted effect.

    Parameters
    ----------
    estimate, se : float
        The mean over clusters, or the slope of the covariate, and its standard error.
    t, df, p : float
        Its test.
    between, within : float
        Standard deviation between clusters and of blocks within them.
    note : str
        What a reader should know: the variance between clusters was estimated as nothing.
    """

    estimate: float
    se: float
    t: float
    df: float
    p: float
    between: float
    within: float
    note: str = ""


def mixed_mean(
    values: ArrayLike,
    clusters: ArrayLike,
    alternative: Alternative = "greater",
    covariate: ArrayLike | None = None,
    adjust: ArrayLike | None = None,
) -> MixedFit:
    """Fit ``value ~ 1 + covariate + adjust + (1 | cluster)`` by REML.

    Parameters
    ----------
    values : array_like, shape (blocks,)
        One contrast per block; NaN does not enter.
    clusters : array_like, shape (blocks,)
        Person, session or group.
    alternative : {"greater", "less", "two-sided"}
        Of the mean, or of the slope where there is a covariate.
    covariate : array_like, optional, shape (blocks,)
        For instance the number of the meeting; centred here.
    adjust : array_like, optional, shape (blocks, k)
        Further columns that the slope is adjusted for; centred here. Without NaN.

    Raises
    ------
    NothingUsableError
        If there are fewer than three clusters, none has two blocks (then it is a t test), or there
        are no more clusters than columns.
    """
    from scipy import stats
    from statsmodels.regression.mixed_linear_model import MixedLM
    from statsmodels.tools.sm_exceptions import ConvergenceWarning

    y, names, design = _checked(values, clusters, covariate, adjust)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = MixedLM(y, design, groups=names).fit(reml=True)
    for warning in caught:
        # A variance on its boundary is an answer (nothing between clusters); all else is passed on.
        if not issubclass(warning.category, ConvergenceWarning | UserWarning):
            warnings.warn(warning.message, stacklevel=2)
    between = float(np.sqrt(max(float(np.asarray(fit.cov_re)[0, 0]), 0.0)))
    within = float(np.sqrt(fit.scale))
    which = 0 if covariate is None else 1
    estimate = float(fit.fe_params[which])
    se = float(np.sqrt(_covariance(design, names, between**2, within**2)[which, which]))
    df = float(np.unique(names).size - design.shape[1])
    t = estimate / se
    tails = {
        "greater": stats.t.sf(t, df),
        "less": stats.t.cdf(t, df),
        "two-sided": 2 * stats.t.sf(abs(t), df),
    }
    note = "" if between > FLAT * within else "no variance between clusters was found"
    return MixedFit(estimate, se, t, df, float(tails[alternative]), between, within, note)


def _covariance(
    design: NDArray[np.float64], names: NDArray[np.generic], between: float, within: float
) -> NDArray[np.float64]:
    """Covariance of the fixed effects by generalised least squares, given the two variances.

    statsmodels takes it from the Hessian of all parameters, which has no inverse where the variance
    between clusters is nothing; elsewhere the two agree.
    """
    information = design.T @ design / within
    for name in np.unique(names):
        own = names == name
        sums = design[own].sum(axis=0)
        shrink = between / (within * (within + own.sum() * between))
        information -= shrink * np.outer(sums, sums)
    return np.asarray(np.linalg.inv(information))


def _checked(
    values: ArrayLike,
    clusters: ArrayLike,
    covariate: ArrayLike | None,
    adjust: ArrayLike | None,
) -> tuple[NDArray[np.float64], NDArray[np.generic], NDArray[np.float64]]:
    y = np.asarray(values, dtype=np.float64)
    names = np.asarray(clusters)
    extra = None if covariate is None else np.asarray(covariate, dtype=np.float64)
    there = np.isfinite(y) if extra is None else np.isfinite(y) & np.isfinite(extra)
    y, names = y[there], names[there]
    sizes = np.unique(names, return_counts=True)[1] if y.size else np.zeros(0)
    if sizes.size < 3:
        raise NothingUsableError(f"{sizes.size} clusters, a mixed model needs 3")
    if sizes.max() < 2:
        raise NothingUsableError("no cluster has two blocks, so there is nothing to model")
    columns = [np.ones(y.size)] if extra is None else [np.ones(y.size), extra[there]]
    if adjust is not None:
        columns += list(np.asarray(adjust, dtype=np.float64)[there].T)
    if sizes.size <= len(columns):
        raise NothingUsableError(
            f"{sizes.size} clusters, a mixed model of {len(columns)} terms needs more"
        )
    design = np.column_stack([columns[0], *(c - c.mean() for c in columns[1:])])
    return y, names, design
