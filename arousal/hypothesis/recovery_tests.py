"""Do curves come down quicker than they would by themselves? One number per case block (C12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from arousal.errors import NothingUsableError
from arousal.hypothesis import inference
from arousal.hypothesis.hypothesis_file import LEAST_BLOCKS
from arousal.hypothesis.recovery import Recovery

__all__ = ["BlockRecovery", "RecoveryTest", "recovery_tests"]

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
        Two-sided; NaN with a reason.
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
    recoveries: Sequence[BlockRecovery], clusters: Mapping[str, str] | None = None
) -> tuple[RecoveryTest, ...]:
    """Test recovery over case blocks, for the presenter and for the members.

    Parameters
    ----------
    recoveries : sequence of BlockRecovery
        Of any number of sessions. The members of a block are averaged: one number per block.
    clusters : mapping, optional
        Session id -> what repeats; blocks that share it count as one.

    Returns
    -------
    tuple of RecoveryTest
        One for each part and measure. Fewer than six blocks are described, not tested.
    """
    groups: dict[tuple[Who, str], list[BlockRecovery]] = {}
    for one in recoveries:
        groups.setdefault((one.who, one.measure), []).append(one)
    return tuple(_test(who, name, rows, clusters or {}) for (who, name), rows in groups.items())


def _test(
    who: Who, measure: str, rows: Sequence[BlockRecovery], clusters: Mapping[str, str]
) -> RecoveryTest:
    good = [r for r in rows if np.isfinite(r.found.ratio)]
    blank = RecoveryTest(who, measure)
    if not good:
        return replace(blank, reason=rows[0].found.reason)
    names = [clusters.get(r.session, f"{r.session}/{r.found.block}") for r in good]
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
    if told.n < LEAST_BLOCKS:
        return replace(told, reason=f"{told.n} blocks, {LEAST_BLOCKS} are needed")
    try:
        low, high = inference.mean_interval(units)
        p_t = inference.student_t(units, "two-sided")[2]
    except NothingUsableError as error:
        return replace(told, reason=error.message)
    flip = float(inference.sign_flip(units, "two-sided"))
    return replace(told, low=float(low), high=float(high), p_t=float(p_t), p_flip=flip)


def _units(
    values: Sequence[float], blocks: Sequence[str], clusters: Sequence[str]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Persons' mean per block, then the blocks' mean per cluster."""
    cluster = dict(zip(blocks, clusters, strict=True))
    means = inference.cluster_means(np.array(values), list(blocks))
    order = list(dict.fromkeys(blocks))
    return np.asarray(inference.cluster_means(means, [cluster[b] for b in order]))
