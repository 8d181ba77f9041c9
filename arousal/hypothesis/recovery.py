"""How quickly a curve comes down from its peaks, against curves that only wander. Researchers only.

A slow curve "recovers" by itself: noise alone gives half-recovery times between one and seventeen
minutes, by its slowness (science, section 2, C12). So the times of a person in a block are held
against those of curves with the same spectrum and gaps and random phases, measured in the same way.
Peaks that have not come down when their phase ends, or when the data stop, are censored there and
enter by Kaplan-Meier; leaving them out would keep the quick ones only.

Exploratory. Says nothing about anybody's robustness, and nothing of it is shown to a leader.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import UsageError
from arousal.hypothesis.panel import session_panel
from arousal.hypothesis.session_windows import SessionFrames
from arousal.hypothesis.surrogates import phase_randomised
from arousal.phase_align.align import group_of

__all__ = [
    "Recovery",
    "Times",
    "half_recoveries",
    "recovery",
    "restricted_mean",
    "session_recoveries",
    "survival",
]

FloatArray = NDArray[np.float64]

PROMINENCE = 1.0
"""Height of a peak above the higher of its two feet, in robust SD of the curve."""
HORIZON = 600.0
"""Seconds up to which times are averaged."""
LEAST_PEAKS = 3
DRAWS = 199


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Half-recovery times of peaks, in order; shape (peaks,).

    Parameters
    ----------
    peak : ndarray of int
        Window of each peak.
    seconds : ndarray
        Time from the peak until half of its rise is gone, or until it was last seen above.
    censored : ndarray of bool
        Whether it was last seen above: the phase or the data ended.
    """

    peak: NDArray[np.int64]
    seconds: FloatArray
    censored: NDArray[np.bool_]

    def __len__(self) -> int:
        return int(self.peak.size)


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


def half_recoveries(curve: ArrayLike, stratum: ArrayLike, step: float) -> Times:
    """Find peaks and the time until half of their rise is gone.

    Parameters
    ----------
    curve : array_like, shape (n,)
        Up = more arousal; NaN = gap.
    stratum : array_like of int, shape (n,)
        Which stretch of which phase each window lies in; -1 = none.
    step : float
        Seconds between windows.

    Returns
    -------
    Times
        Peaks stand out from their surroundings by `PROMINENCE` robust SD (MAD x 1.4826) of the
        curve. The rise is counted from the lowest point since the last higher one, inside the
        phase.
    """
    from scipy.signal import find_peaks

    x, at = np.asarray(curve, dtype=np.float64), np.asarray(stratum, dtype=np.int64)
    known = x[np.isfinite(x)]
    least = PROMINENCE * 1.4826 * np.median(np.abs(known - np.median(known))) if known.size else 0
    found: list[tuple[int, float, bool]] = []
    if least > 0:
        for first, last in _stretches(np.isfinite(x), at):
            piece = x[first:last]
            tops, told = find_peaks(piece, prominence=least)
            for top, foot in zip(tops, told["left_bases"], strict=True):
                half = (piece[top] + piece[foot]) / 2
                below = np.flatnonzero(piece[top:] <= half)
                steps = int(below[0]) if below.size else piece.size - 1 - int(top)
                found.append((first + int(top), steps * step, not below.size))
    peak, seconds, censored = zip(*found, strict=True) if found else ((), (), ())
    return Times(
        np.array(peak, dtype=np.int64),
        np.array(seconds, dtype=np.float64),
        np.array(censored, dtype=bool),
    )


def _stretches(known: NDArray[np.bool_], stratum: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Runs of windows with a value in one stretch of one phase."""
    label = np.where(known & (stratum >= 0), stratum, -1)
    border = np.flatnonzero(np.diff(label, prepend=-2, append=-2))
    return [(int(a), int(b)) for a, b in pairwise(border) if label[a] >= 0]


def survival(times: Times) -> tuple[FloatArray, FloatArray]:
    """Kaplan-Meier estimate of the share of peaks that have not yet come down half-way.

    Parameters
    ----------
    times : Times
        Any number of peaks, at least one.

    Returns
    -------
    tuple of ndarray
        Times (s) at which the share steps down, and the share from then on
        (`scipy.stats.ecdf`).

    Raises
    ------
    UsageError
        If there is no peak.
    """
    from scipy import stats

    if not len(times):
        raise UsageError("no peak, no survival curve")
    data = stats.CensoredData(
        uncensored=times.seconds[~times.censored], right=times.seconds[times.censored]
    )
    found = stats.ecdf(data).sf
    return np.asarray(found.quantiles), np.asarray(found.probabilities)


def restricted_mean(times: Times, horizon: float = HORIZON) -> float:
    """Area under the Kaplan-Meier curve up to a horizon: mean time to half recovery, s.

    Peaks that are censored before the horizon are followed as long as they were seen; beyond the
    last of them the curve stays where it is.
    """
    if not len(times):
        return float("nan")
    at, share = survival(times)
    edges = np.concatenate([[0.0], np.clip(at, 0.0, horizon), [horizon]])
    heights = np.concatenate([[1.0], share])
    return float((np.diff(edges) * heights).sum())


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
        As `half_recoveries`.
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
    x = np.asarray(curve, dtype=np.float64)
    own = half_recoveries(x, stratum, step)
    censored = int(own.censored.sum())
    if len(own) < LEAST_PEAKS:
        return Recovery(peaks=len(own), censored=censored, reason=f"{len(own)} peaks, needed 3")
    mean = restricted_mean(own)
    others = [half_recoveries(s, stratum, step) for s in phase_randomised(x, draws, rng)]
    drawn = np.array([restricted_mean(t) for t in others if len(t) >= LEAST_PEAKS])
    drawn = drawn[drawn > 0]
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
