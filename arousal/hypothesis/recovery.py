"""How quickly a curve comes down from its peaks, against curves that only wander. Researchers only.

A slow curve "recovers" by itself: noise alone gives half-recovery times between one and seventeen
minutes, by its slowness (science, section 2, C12). So the times of a person in a block are held
against those of curves with the same spectrum and gaps and random phases, measured in the same way
(`arousal.hypothesis.half_recovery`). A curve that rises as slowly as it falls has nothing that its
surrogates do not have: what can be found are falls that are slower, or quicker, than the rises.

The straight course of the curve is taken out first, and its spectrum is that of the curve and its
mirror image. Random phases join the end of a curve to its beginning: a drift becomes a jump there,
the jump quick ripples everywhere, and whoever falls would seem quick to recover.

Exploratory. Says nothing about anybody's robustness, and nothing of it is shown to a leader.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import UsageError
from arousal.hypothesis.half_recovery import half_recoveries, mean_recoveries, restricted_mean
from arousal.hypothesis.panel import session_panel
from arousal.hypothesis.session_windows import SessionFrames
from arousal.hypothesis.surrogates import phase_randomised
from arousal.phase_align.align import group_of

__all__ = ["Recovery", "recovery", "session_recoveries"]

FloatArray = NDArray[np.float64]

FLAT = 1e-9
"""A curve that keeps to its line within this share of its size does not vary."""
LEAST_PEAKS = 3
DRAWS = 199


@dataclass(frozen=True, slots=True)
class Recovery:
    """One curve's half-recovery against its surrogates.

    Parameters
    ----------
    mean : float
        Restricted mean half-recovery time, s, up to ten minutes; NaN with a reason.
    expected : float
        Its geometric mean over surrogates.
    ratio : float
        Natural logarithm of mean / expected: the number for a test over blocks (below 0 = quicker
        than such a curve by itself). Both are logarithms before they are averaged; against the
        plain mean of the surrogates, curves that only wander would seem a little quick.
    p : float
        Two-sided: twice the share of surrogates (and the data) in the nearer tail.
    peaks, censored : int
        How many peaks, and how many did not come down in time.
    reason : str
        Why there is no number.
    person : str
        Whose curve; empty where only a curve was given.
    block : int
        Case block; 0 outside.
    """

    mean: float = np.nan
    expected: float = np.nan
    ratio: float = np.nan
    p: float = np.nan
    peaks: int = 0
    censored: int = 0
    reason: str = ""
    person: str = ""
    block: int = 0
    exploratory: Literal[True] = field(default=True, init=False)
    audience: Literal["researcher"] = field(default="researcher", init=False)


def recovery(
    curve: ArrayLike,
    stratum: ArrayLike,
    step: float,
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Recovery:
    """Hold one person's half-recovery in one block against curves that only wander.

    Parameters
    ----------
    curve, stratum, step
        As `arousal.hypothesis.half_recovery.half_recoveries`; peaks are looked for in the curve
        less its straight course.
    rng : numpy.random.Generator
        For surrogates.
    draws : int
        Phase-randomised curves with the same gaps.

    Returns
    -------
    Recovery
        Without a number where the curve has fewer than three peaks. Peaks of one curve depend on
        each other, so no logrank p is given: its place is taken by the surrogates.
    """
    x = _without_line(np.asarray(curve, dtype=np.float64))
    own = half_recoveries(x, stratum, step)
    censored = int(own.censored.sum())
    if len(own) < LEAST_PEAKS:
        return Recovery(peaks=len(own), censored=censored, reason=f"{len(own)} peaks, needed 3")
    mean = restricted_mean(own)
    drawn, peaks = mean_recoveries(_alike(x, draws, rng), stratum, step)
    drawn = drawn[(peaks >= LEAST_PEAKS) & (drawn > 0)]
    if drawn.size < 20 or not mean > 0:
        return Recovery(
            mean=mean,
            peaks=len(own),
            censored=censored,
            reason=f"only {drawn.size} surrogates have three peaks",
        )
    expected = float(np.exp(np.log(drawn).mean()))
    every = np.concatenate([[mean], drawn])
    tail = min(np.mean(every <= mean + 1e-9), np.mean(every >= mean - 1e-9))
    ratio = float(np.log(mean / expected))
    return Recovery(mean, expected, ratio, min(1.0, 2 * float(tail)), len(own), censored)


def _without_line(curve: FloatArray) -> FloatArray:
    """Take the straight course out; gaps stay."""
    known = np.isfinite(curve)
    if known.sum() < 2:
        return curve
    time = np.arange(curve.size) - np.flatnonzero(known).mean()
    level = curve[known].mean()
    slope = (time[known] @ (curve[known] - level)) / (time[known] @ time[known])
    left = np.asarray(curve - level - slope * time)
    # What rounding leaves of a straight line would have peaks of its own.
    flat = np.abs(left[known]).max() <= FLAT * np.abs(curve[known]).max()
    return np.where(known, 0.0, np.nan) if flat else left


def _alike(curve: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
    """Curves with the spectrum of a curve and its mirror image, whose ends meet; same gaps."""
    both = np.concatenate([curve, curve[::-1]])
    return phase_randomised(both, draws, rng)[:, : curve.size]


def session_recoveries(
    session: SessionFrames,
    measure: str = "heart_rate",
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> tuple[Recovery, ...]:
    """Half-recovery of everybody who does not lead, per case block (or over the session without).

    Parameters
    ----------
    session : SessionFrames
        An analysed session; 30-s windows are used.
    measure : str
        Of `arousal.tables.MEASURES`, except lnRMSSD, whose windows are longer than recoveries.
    rng, draws
        As `recovery`.

    Raises
    ------
    UsageError
        If the measure is lnRMSSD.
    NothingUsableError
        If the session has no windows of this measure.
    """
    if measure == "ln_rmssd":
        raise UsageError("lnRMSSD needs windows of 120 s; peaks come and go within them")
    panel = session_panel(session, measure, short=True)
    line, protocol = session.timeline, session.protocol
    layout, places = panel.layout(line)
    stratum = np.full(panel.onset.size, -1, dtype=np.int64)
    stratum[places] = layout.stretch
    blocks = np.array([*(p.block for p in line.phases), -1])[stratum]
    found = []
    for block in [b.index for b in line.blocks] or [0]:
        here = np.where(blocks == block, stratum, -1)
        shown = np.flatnonzero(here >= 0)
        if not shown.size:
            continue
        span = slice(int(shown[0]), int(shown[-1]) + 1)
        middle = float(panel.middle[span].mean())
        for row, person in enumerate(panel.persons):
            if group_of(line.role_of(person, middle), protocol) in {"members", "presenter"}:
                curve = panel.sign * panel.values[row, span]
                told = recovery(curve, here[span], panel.step, rng=rng, draws=draws)
                found.append(replace(told, person=person, block=block))
    return tuple(found)
