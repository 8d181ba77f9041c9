"""Degrees of freedom of a fixed effect in a model with one random intercept, after Satterthwaite.

A covariate that varies within clusters has nearly as many as there are blocks, one that varies
between them as many as there are clusters; this finds where a given one lies.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["satterthwaite"]

Floats = NDArray[np.float64]


def satterthwaite(
    design: Floats, clusters: NDArray[np.generic], between: float, within: float, which: int
) -> float:
    """Degrees of freedom of one fixed effect's t.

    ``2 c² / (g' A g)``: c is the effect's variance as a function of the two variances, g its
    gradient and A the inverse of their expected REML information (Satterthwaite 1946,
    doi:10.2307/3002019; as in Kuznetsova et al. 2017, doi:10.18637/jss.v082.i13, with the expected
    in place of the observed information, which has an inverse also where ``between`` is 0).

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
    float
        At least 1, at most units - terms.
    """
    same = np.asarray(clusters[:, None] == clusters[None, :], dtype=np.float64)
    parts = (same, np.eye(len(design)))
    inverse = np.linalg.inv(between * same + within * parts[1])
    left = inverse @ design
    covariance = np.linalg.inv(design.T @ left)
    residual = inverse - left @ covariance @ left.T
    weights = left @ covariance[:, which]
    gradient = np.array([weights @ part @ weights for part in parts])
    # tr(P V_i P V_j) / 2, both matrices symmetric.
    seen = [residual @ part for part in parts]
    information = np.array([[np.sum(a * b.T) for b in seen] for a in seen]) / 2
    spread = float(gradient @ np.linalg.inv(information) @ gradient)
    df = 2 * float(covariance[which, which]) ** 2 / spread
    return float(np.clip(df, 1.0, len(design) - design.shape[1]))
