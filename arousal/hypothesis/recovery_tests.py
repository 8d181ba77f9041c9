"""Do curves come down quicker than they would by themselves? One number per case block (C12).

A spectrum is estimated within one block, so surrogates are a little quicker than the person even
where nothing is there, by up to 4 % of the time. That stands still while standard errors shrink
with blocks and members; it is granted before anything is claimed (docs/calibration_recovery.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import NothingUsableError
from arousal.hypothesis import inference
from arousal.hypothesis.recovery import Recovery
from arousal.hypothesis.units import Repeats, too_few_units

__all__ = ["GRANTED", "BlockRecovery", "RecoveryTest", "beyond_granted", "recovery_tests"]

FloatArray = NDArray[np.float64]
GRANTED = 0.04
"""Logarithm of a ratio of times, either way, that surrogates alone can make."""
Who = Literal["presenter", "members"]


@dataclass(frozen=True, slots=True)
class BlockRecovery:
    """One person's recovery in one block, and where it belongs.

    Parameters
    ----------
    session, measure : str
        Where, and of what.
    who : {"presenter", "members"}
        The person's part in that block.
    found : Recovery
        From `arousal.hypothesis.recovery.session_recoveries`.
    """

    session: str
    measure: str
    who: Who
    found: Recovery


@dataclass(frozen=True, slots=True)
class RecoveryTest:
    """Half-recovery over blocks, against surrogates of the same curves. Two-sided.

    Parameters
    ----------
    who, measure : str
        Whose, and of what.
    n : int
        Blocks (or clusters of them) with a value.
    curves, peaks : int
        Persons' curves, and their peaks.
    censored : float
        Share of these peaks that had not come down when the phase or the data ended.
    seconds, expected : float
        Geometric means over blocks of the half-recovery time and of what surrogates give, s.
    ratio, low, high : float
        Mean over blocks of the logarithm of their ratio, with its 95 % interval.
    p_t, p_flip : float
        Two-sided, of a ratio beyond `GRANTED`; NaN with a reason.
    reason : str
        Why nothing was tested.
    """

    who: Who
    measure: str
    n: int = 0
    curves: int = 0
    peaks: int = 0
    censored: float = np.nan
    seconds: float = np.nan
    expected: float = np.nan
    ratio: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p_t: float = np.nan
    p_flip: float = np.nan
    reason: str = ""
    status: Literal["exploratory"] = field(default="exploratory", init=False)


def recovery_tests(
    recoveries: Sequence[BlockRecovery], repeats: Repeats | None = None
) -> tuple[RecoveryTest, ...]:
    """Test recovery over case blocks, for the presenter and for the members.

    Parameters
    ----------
    recoveries : sequence of BlockRecovery
        Of any number of sessions. The members of a block are averaged: one number per block.
    repeats : Repeats, optional
        Which blocks count as one; default: none.

    Returns
    -------
    tuple of RecoveryTest
        One for each part and measure. Fewer than six units are described, not tested.
    """
    groups: dict[tuple[Who, str], list[BlockRecovery]] = {}
    for one in recoveries:
        groups.setdefault((one.who, one.measure), []).append(one)
    found = repeats or Repeats()
    return tuple(_test(who, name, rows, found) for (who, name), rows in groups.items())


def _test(who: Who, measure: str, rows: Sequence[BlockRecovery], repeats: Repeats) -> RecoveryTest:
    good = [r for r in rows if np.isfinite(r.found.ratio)]
    blank = RecoveryTest(who, measure)
    if not good:
        return replace(blank, reason=rows[0].found.reason)
    names = [repeats.unit(r.session, r.found.block, presenter=who == "presenter") for r in good]
    blocks = [f"{r.session}/{r.found.block}" for r in good]
    units = _units([r.found.ratio for r in good], blocks, names)
    times = _units([float(np.log(r.found.mean)) for r in good], blocks, names)
    peaks = sum(r.found.peaks for r in good)
    told = replace(
        blank,
        n=int(units.size),
        curves=len(good),
        peaks=peaks,
        censored=sum(r.found.censored for r in good) / peaks,
        seconds=float(np.exp(times.mean())),
        expected=float(np.exp((times - units).mean())),
        ratio=float(units.mean()),
    )
    if few := too_few_units(told.n, len(set(blocks))):
        return replace(told, reason=few)
    try:
        low, high = inference.mean_interval(units)
        p_t, p_flip = beyond_granted(units)
    except NothingUsableError as error:
        return replace(told, reason=error.message)
    return replace(told, low=float(low), high=float(high), p_t=float(p_t), p_flip=float(p_flip))


def beyond_granted(units: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """P of a mean logarithm that lies further from 0 than surrogates alone can make it.

    Parameters
    ----------
    units : array_like, shape (..., units)
        Logarithms of ratios, one per block or cluster; NaN = none.

    Returns
    -------
    tuple of ndarray, shape (...)
        By Student's t and by sign-flip: twice the smaller of the two one-sided p, at most 1.

    Raises
    ------
    NothingUsableError
        As `arousal.hypothesis.inference.summarise`.
    """
    x = np.asarray(units, dtype=np.float64)
    slower, quicker = x - GRANTED, x + GRANTED
    t = [inference.student_t(slower, "greater")[2], inference.student_t(quicker, "less")[2]]
    flip = [inference.sign_flip(slower, "greater"), inference.sign_flip(quicker, "less")]
    p_t, p_flip = (np.minimum(1.0, 2 * np.minimum(*p)) for p in (t, flip))
    return np.asarray(p_t), np.asarray(p_flip)


def _units(values: Sequence[float], blocks: Sequence[str], clusters: Sequence[str]) -> FloatArray:
    """Persons' mean per block, then the blocks' mean per cluster."""
    cluster = dict(zip(blocks, clusters, strict=True))
    means = inference.cluster_means(np.array(values), list(blocks))
    order = list(dict.fromkeys(blocks))
    return np.asarray(inference.cluster_means(means, [cluster[b] for b in order]))
