"""Standard error and degrees of freedom of a fixed effect in a model with one random intercept.

The usual standard error takes the two variances for known, and a covariate that varies within
clusters has nearly as many degrees of freedom as there are blocks, one that varies between them as
many as there are clusters. Kenward and Roger's method accounts for both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["SmallSample", "kenward_roger"]

Floats = NDArray[np.float64]


class SmallSample(NamedTuple):
    """Standard error and degrees of freedom of one effect."""

    se: float
    df: float


def kenward_roger(
    design: Floats, clusters: NDArray[np.generic], between: float, within: float, which: int
) -> SmallSample:
    """Standard error and degrees of freedom of one fixed effect.

    The variance is ``C + 2 C sum_ij A_ij (Q_ij - P_i C P_j) C`` (Kenward & Roger 1997,
    doi:10.2307/2533558, for variances in which V is linear); the degrees of freedom of a single
    effect are Satterthwaite's ``2 c^2 / (g' A g)``, with g the gradient of its variance c. A is the
    inverse of the expected REML information of the two variances, which there is also where
    ``between`` is 0. (lmerTest takes the observed one; the two agree within a few per cent.)

    Parameters
    ----------
    design : ndarray, shape (units, terms)
        Fixed terms.
    clusters : ndarray, shape (units,)
        Which cluster each unit belongs to.
    between, within : float
        Variances, from REML; ``within`` above 0.
    which : int
        Column of the effect.

    Returns
    -------
    SmallSample
        The degrees of freedom are at least 1 and at most units - terms.
    """
    same = np.asarray(clusters[:, None] == clusters[None, :], dtype=np.float64)
    parts = (same, np.eye(len(design)))
    inverse: Floats = np.asarray(
        np.linalg.inv(between * same + within * parts[1]), dtype=np.float64
    )
    left = inverse @ design
    covariance: Floats = np.asarray(np.linalg.inv(design.T @ left), dtype=np.float64)
    residual = inverse - left @ covariance @ left.T
    # tr(P V_i P V_j) / 2
    seen = [residual @ part for part in parts]
    information = np.array([[np.sum(a * b.T) for b in seen] for a in seen]) / 2
    spread: Floats = np.asarray(np.linalg.inv(information), dtype=np.float64)
    adjusted = covariance + _excess(parts, inverse, left, covariance, spread)
    weights = left @ covariance[:, which]
    gradient = np.array([weights @ part @ weights for part in parts])
    df = 2 * float(covariance[which, which]) ** 2 / float(gradient @ spread @ gradient)
    bounded = float(np.clip(df, 1.0, len(design) - design.shape[1]))
    return SmallSample(float(np.sqrt(adjusted[which, which])), bounded)


def _excess(
    parts: tuple[Floats, Floats], inverse: Floats, left: Floats, covariance: Floats, spread: Floats
) -> Floats:
    """What is added to the covariance because the variances are estimated."""
    total = np.zeros_like(covariance)
    first = [left.T @ part @ left for part in parts]  # -P_i
    for i, one in enumerate(parts):
        for j, other in enumerate(parts):
            second = left.T @ one @ inverse @ other @ left  # Q_ij
            total += spread[i, j] * (second - first[i] @ covariance @ first[j])
    return np.asarray(2 * covariance @ total @ covariance)
