"""Do raters agree? Intraclass correlations for raters drawn at random, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from arousal.errors import UsageError
from arousal.hypothesis.prediction import POLARITIES

__all__ = ["Agreement", "Icc", "agreement", "icc"]

LEAST_TARGETS = 3


@dataclass(frozen=True, slots=True)
class Icc:
    """Intraclass correlation, two-way random effects, absolute agreement.

    Parameters
    ----------
    single, single_low, single_high : float
        ICC(2,1): of one rater.
    mean, mean_low, mean_high : float
        ICC(2,k): of the mean of these k raters, which is what is tested.
    consistency : float
        ICC(3,1): of one rater, if raters' own levels did not matter.
    targets, raters : int
        n and k.
    """

    single: float
    single_low: float
    single_high: float
    mean: float
    mean_low: float
    mean_high: float
    consistency: float
    targets: int
    raters: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on one polarity.

    Parameters
    ----------
    measure : str
        The polarity.
    icc : Icc or None
        ``None`` with a reason.
    reason : str
        Why there is none.
    """

    measure: str
    icc: Icc | None
    reason: str = ""


def icc(scores: ArrayLike, level: float = 0.95) -> Icc:
    """Intraclass correlations after Shrout & Fleiss (1979, doi:10.1037/0033-2909.86.2.420).

    Parameters
    ----------
    scores : array_like, shape (targets, raters)
        Without gaps.
    level : float
        Of the two-sided intervals (their eq. on p. 424; for the mean by Spearman-Brown).

    Returns
    -------
    Icc
        Estimates may lie below 0 and are left there.

    Raises
    ------
    UsageError
        If there are fewer than two raters or targets, a score is missing, or none differs.
    """
    from scipy import stats

    x = np.asarray(scores, dtype=np.float64)
    if x.ndim != 2 or min(x.shape) < 2 or not np.isfinite(x).all():
        raise UsageError(f"scores of shape {x.shape}: needed 2 targets, 2 raters and no gap")
    n, k = x.shape
    rows, columns = x.mean(axis=1), x.mean(axis=0)
    between = k * ((rows - x.mean()) ** 2).sum() / (n - 1)
    judges = n * ((columns - x.mean()) ** 2).sum() / (k - 1)
    rest = x - rows[:, None] - columns + x.mean()
    error = (rest**2).sum() / ((n - 1) * (k - 1))
    if not between + judges + error > 0:
        raise UsageError("all scores are equal: nothing to agree about")
    single = (between - error) / (between + (k - 1) * error + k * (judges - error) / n)
    # The interval's degrees of freedom after Satterthwaite.
    a = k * single / (n * (1 - single)) if single < 1 else np.inf
    b = 1 + k * single * (n - 1) / (n * (1 - single)) if single < 1 else np.inf
    if error > 0 and np.isfinite(a):
        v = (a * judges + b * error) ** 2 / (
            (a * judges) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
        )
        tail = (1 + level) / 2
        upper, lower = stats.f.ppf(tail, n - 1, v), stats.f.ppf(tail, v, n - 1)
        noise = k * judges + (k * n - k - n) * error
        low = n * (between - upper * error) / (upper * noise + n * between)
        high = n * (lower * between - error) / (noise + n * lower * between)
    else:
        low = high = 1.0
    return Icc(
        float(single),
        float(low),
        float(high),
        _of_mean(single, k),
        _of_mean(low, k),
        _of_mean(high, k),
        float((between - error) / (between + (k - 1) * error)),
        n,
        k,
    )


def _of_mean(single: float, raters: int) -> float:
    """Spearman-Brown."""
    return float(raters * single / (1 + (raters - 1) * single))


def agreement(phases: Sequence[pd.DataFrame]) -> tuple[Agreement, ...]:
    """Agreement on each polarity over everything that all raters rated.

    Parameters
    ----------
    phases : sequence of DataFrame
        From `arousal.hypothesis.polarities.phase_ratings`, one per session.

    Returns
    -------
    tuple of Agreement
        One per polarity. A target is one person (or the group) in one phase of one session; phases
        of a session depend on each other, so intervals are narrower than they should be.
    """
    rows = pd.concat([table.assign(session=i) for i, table in enumerate(phases)], ignore_index=True)
    return tuple(_agreement(name, rows[rows["measure"] == name]) for name in POLARITIES)


def _agreement(measure: str, rows: pd.DataFrame) -> Agreement:
    wide = rows.pivot_table(
        index=["session", "block", "phase", "person"], columns="rater", values="value"
    )
    if wide.shape[1] < 2:
        return Agreement(measure, None, f"{wide.shape[1]} rater: agreement needs two")
    whole = wide.dropna()
    if len(whole) < LEAST_TARGETS:
        reason = f"{len(whole)} phases were rated by all {wide.shape[1]} raters, needed 3"
        return Agreement(measure, None, reason)
    try:
        return Agreement(measure, icc(whole.to_numpy()))
    except UsageError as error:
        return Agreement(measure, None, error.message)
