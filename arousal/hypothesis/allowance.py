"""A t test that grants a method its own known bias before it speaks of an effect.

Where an estimator is a little biased even when nothing is there, its t test errs the more often the
more units there are: the bias stands still and the standard error shrinks. Here the null hypothesis
is not "the mean is 0" but "the mean is at most so many SD, as the method alone can make it"; t then
follows a noncentral t distribution (Johnson & Welch 1940, doi:10.1093/biomet/31.3-4.362).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import UsageError
from arousal.hypothesis.inference import Alternative, sign_flip, student_t, summarise

__all__ = ["flip_beyond", "t_beyond"]

Floats = NDArray[np.float64]


def t_beyond(values: ArrayLike, alternative: Alternative, allowance: float) -> Floats:
    """P of a mean that lies beyond what the method's own bias can make.

    Parameters
    ----------
    values : array_like, shape (..., units)
        One number per unit; NaN = none.
    alternative : {"greater", "less", "two-sided"}
        Two-sided: twice the smaller of the two one-sided p, at most 1.
    allowance : float
        Bias that is granted in the direction in question, in SD of the units; 0 = Student's t.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    UsageError
        If the allowance is negative.
    NothingUsableError
        As `arousal.hypothesis.inference.summarise`.
    """
    from scipy import stats

    _check(allowance)
    t, df, _ = student_t(values)
    shift = allowance * np.sqrt(df + 1)
    above = stats.nct.sf(t, df, shift)
    below = stats.nct.sf(-t, df, shift)
    tails = {"greater": above, "less": below, "two-sided": 2 * np.minimum(above, below)}
    return np.asarray(np.minimum(tails[alternative], 1.0))


def flip_beyond(values: ArrayLike, alternative: Alternative, allowance: float) -> Floats:
    """The same by flipping signs, after the allowance was taken off the units.

    Parameters
    ----------
    values, alternative, allowance
        As `t_beyond`.
    """
    _check(allowance)
    x = np.asarray(values, dtype=np.float64)
    off = allowance * summarise(x).sd[..., None]
    above, below = sign_flip(x - off, "greater"), sign_flip(x + off, "less")
    tails = {"greater": above, "less": below, "two-sided": 2 * np.minimum(above, below)}
    return np.asarray(np.minimum(tails[alternative], 1.0))


def _check(allowance: float) -> None:
    if not allowance >= 0:
        raise UsageError(f"allowance is {allowance:g}, must be 0 or above")
