"""One cell of a calibration table: how often a method claims what is not there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["CalibrationRow", "rate_row"]


class CalibrationRow(NamedTuple):
    """A rate of false positives at a nominal .05.

    Parameters
    ----------
    method : str
        What was tested, and how.
    scenario : str
        What the simulated world was like.
    family : str
        Noise family.
    blocks : int
        Case blocks or sessions per study; 1 = a single session.
    rate, se : float
        Share of simulated studies with p <= .05, and its Monte-Carlo standard error.
    repetitions : int
        Simulated studies.
    """

    method: str
    scenario: str
    family: str
    blocks: int
    rate: float
    se: float
    repetitions: int


def rate_row(
    method: str, scenario: str, family: str, blocks: int, p: ArrayLike, alpha: float = 0.05
) -> CalibrationRow:
    """Count p values; a NaN (nothing could be tested) is no claim.

    Parameters
    ----------
    p : array_like
        One p per simulated study.
    alpha : float
        Nominal rate.
    """
    values = np.asarray(p, dtype=np.float64).ravel()
    rate = float(np.mean(values <= alpha))
    se = float(np.sqrt(rate * (1 - rate) / values.size))
    return CalibrationRow(method, scenario, family, blocks, rate, se, int(values.size))
