"""What follows an event, beyond what follows such a level anyway.

Leaders act when people are aroused, and a high level falls by itself: the plain difference after
minus before "finds" calming in 100 % of simulated studies in which nothing happened (science,
section 4). Here every moment of the same phase, event or not, tells what usually follows such a
level; an event's effect is what is left (analysis of covariance over candidate times).

Two rules keep the comparison fair, and both look back only:

* A moment counts only if no event lies in the 180 s before it, whether it is an event itself or
  not: it would begin inside another's answer.
* What comes *after* a moment never decides whether it counts. Leaving out moments that are followed
  by an event selects calm futures where leaders answer arousal; such a comparison makes every
  intervention look arousing (or, where events followed by events are left out, calming). What is
  lost is size: some comparison moments hold part of a later answer (with four events in 75 min the
  estimate is about a quarter too small).

Within a session moments are not independent, so no p value is made of them: one number per session
goes into a test over sessions. That number is the *sum* of a session's adjusted answers (value x
weight), not their mean: how many events there are depends on what came after the first of them,
and a mean weighs each event by how few followed it (the selection bias of streaks: Miller &
Sanjurjo 2018, doi:10.3982/ECTA14943). What is left: the level and the slope of a
person are estimated within one short session, each is off by something, in opposite directions,
and the two do not quite cancel. The test over sessions grants that (`event_tests.ALLOWANCE`);
figures with leaders who act at high arousal stand in docs/calibration_events.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import UsageError

__all__ = [
    "POST",
    "PRE",
    "Adjusted",
    "Moments",
    "adjusted_change",
    "matched_change",
    "moments",
    "recently",
]

Floats = NDArray[np.floating[Any]]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

PRE = 60.0
"""Seconds before a moment that tell its level."""
POST = (60.0, 180.0)
"""Seconds after a moment in which an answer is looked for."""
MIN_VALID = 0.5
"""Share of the windows after a moment that need a value; before it, all do."""
LEAST_SECONDS = 600.0
"""Time of a session, in s, that comparison moments must cover."""
LEAST_MATCHES = 3
MOST_MATCHES = 10
"""Pseudo-events per event."""
CALIPER = 0.5
"""How far a pseudo-event's level may lie from the event's, in SD of the session's moments."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Level before and after each moment; a moment is the end of a window.

    Parameters
    ----------
    before : ndarray, shape (2, ..., n)
        First and second half of the minute before, in the measure's unit. Both halves: a level
        that is rising goes on differently from one that is falling.
    after : ndarray, shape (..., n)
        Mean 60-180 s after.
    usable : ndarray of bool, shape (..., n)
        All of it lies in one phase and holds enough values.
    """

    before: Floats
    after: Floats
    usable: BoolArray

    @property
    def change(self) -> Floats:
        """After minus before, shape (..., n)."""
        return np.asarray(self.after - self.before.mean(axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class Adjusted:
    """One number per session; all arrays have shape (...).

    Parameters
    ----------
    value : ndarray
        Change after events beyond what follows such a level, in the measure's unit; NaN where it
        cannot be told.
    weight : ndarray
        How many events it is worth: their number less what their levels explain of it. The sum of
        a session's adjusted answers is ``value * weight``; this is what goes into a test.
    n : ndarray of int
        Events behind it.
    candidates : ndarray of int
        Moments without an event that it is compared with.
    """

    value: Floats
    weight: Floats
    n: IntArray
    candidates: IntArray


def moments(values: ArrayLike, stratum: ArrayLike, step: float, window: float) -> Moments:
    """Cut the time before and after every window's end.

    Parameters
    ----------
    values : array_like, shape (..., n)
        Windows of ``window`` s, ``step`` s apart; NaN = refused.
    stratum : array_like of int, shape (n,) or (..., n)
        Which stretch of which phase each window lies in, wholly; -1 = in none.
    step, window : float
        Seconds; two windows make a minute, and a whole number of steps a window.

    Returns
    -------
    Moments
        Moment ``i`` is the end of window ``i``.

    Raises
    ------
    UsageError
        If the windows are not 30 s long or their distance does not divide 30 s.
    """
    x = np.asarray(values, dtype=np.float64)
    at = np.broadcast_to(np.asarray(stratum, dtype=np.int64), x.shape)
    per = round(window / step)
    if abs(2 * window - PRE) > 1e-6 or abs(per * step - window) > 1e-6:
        raise UsageError(
            f"windows of {window:g} s every {step:g} s; events need windows of {PRE / 2:g} s "
            "at a distance that divides them"
        )
    first = _moved(x, -per)
    offsets = [round((window + t) / step) for t in np.arange(POST[0], POST[1] - 1e-6, window)]
    later = np.array([_moved(x, k) for k in offsets])
    there = np.isfinite(later)
    count = there.sum(axis=0)
    total = np.where(there, later, 0.0).sum(axis=0)
    after = np.where(count >= MIN_VALID * len(offsets), total / np.maximum(count, 1), np.nan)
    inside = (at >= 0) & (_moved(at, -per) == at) & (_moved(at, offsets[-1]) == at)
    known = np.isfinite(x) & np.isfinite(first) & np.isfinite(after)
    return Moments(np.stack([first, x]), after, inside & known)


def _moved(values: NDArray[Any], by: int) -> NDArray[Any]:
    """What lies ``by`` windows later; NaN (or -9) beyond the ends."""
    beyond: Any = np.nan if values.dtype.kind == "f" else -9
    found = np.full(values.shape, beyond, dtype=values.dtype)
    n = values.shape[-1]
    if by >= 0:
        found[..., : max(n - by, 0)] = values[..., by:]
    else:
        found[..., -by:] = values[..., : n + by]
    return found


def recently(events: ArrayLike, step: float) -> BoolArray:
    """Which moments have an event in the 180 s before them (the moment itself not counted).

    Parameters
    ----------
    events : array_like of bool, shape (..., n)
        Moments at which any event happened.
    step : float
        Seconds between moments.
    """
    happened = np.asarray(events, dtype=bool)
    reach = int(np.ceil(POST[1] / step - 1e-9))
    running = np.cumsum(happened, axis=-1)
    earlier = np.zeros(happened.shape, dtype=running.dtype)
    earlier[..., reach:] = running[..., :-reach]
    return np.asarray(running - earlier - happened > 0)


def adjusted_change(
    found: Moments,
    events: ArrayLike,
    allowed: ArrayLike,
    stratum: ArrayLike,
    time: ArrayLike,
    step: float,
    covariates: Sequence[ArrayLike] = (),
) -> Adjusted:
    """Analysis of covariance within sessions: change ~ stratum + time + both halves before + event.

    Parameters
    ----------
    found : Moments
        Of many sessions at once; shape (..., n).
    events : array_like of bool, shape (..., n)
        Moments of the events in question.
    allowed : array_like of bool, shape (..., n)
        Moments that count (see the module's two rules).
    stratum : array_like of int, shape (n,) or (..., n)
        Each has its own mean.
    time : array_like, shape (n,) or (..., n)
        When the moments are, any unit: a straight drift over the session makes late levels high,
        and late interventions with them, without their falling by themselves.
    step : float
        Seconds between moments.
    covariates : sequence of array_like, shape (..., n)
        Own speech before and after, where known; NaN takes the moment out.

    Returns
    -------
    Adjusted
        NaN where no event counts or the moments without one cover less than ten minutes.
    """
    y, event = found.change, np.asarray(events, dtype=bool)
    extra = [np.broadcast_to(np.asarray(c, dtype=np.float64), y.shape) for c in covariates]
    good = found.usable & np.asarray(allowed, dtype=bool)
    for column in extra:
        good = good & np.isfinite(column)
    n = (good & event).sum(axis=-1)
    candidates = (good & ~event).sum(axis=-1)
    when = np.broadcast_to(np.asarray(time, dtype=np.float64), y.shape)
    when = (when - when.mean(axis=-1, keepdims=True)) / max(float(np.ptp(when)), step)
    columns = [when, *found.before, *extra, event.astype(np.float64), y]
    stacked = np.stack([np.where(good, c, 0.0) for c in columns], axis=-2)
    within = _within(stacked, good, np.broadcast_to(np.asarray(stratum), y.shape))
    products = within @ np.swapaxes(within, -1, -2)
    # Frisch-Waugh: what is left of event and change once the covariates are taken out of both.
    inner = np.linalg.pinv(products[..., :-2, :-2], hermitian=True)
    slopes = inner @ products[..., :-2, -2:]
    left = products[..., -2:, -2:] - np.swapaxes(products[..., :-2, -2:], -1, -2) @ slopes
    weight, total = left[..., 0, 0], left[..., 0, 1]
    told = (n > 0) & (candidates * step >= LEAST_SECONDS)
    told &= weight > 1e-6 * np.maximum(n, 1)  # else nothing like the events is there to compare
    value = np.divide(total, weight, out=np.full(n.shape, np.nan), where=told)
    return Adjusted(value, np.where(told, weight, 0.0), n, candidates)


def _within(columns: Floats, good: BoolArray, stratum: NDArray[Any]) -> Floats:
    """Take each stratum's mean away; columns (..., k, n)."""
    centred = columns
    for name in np.unique(stratum[good]):
        here = (good & (stratum == name))[..., None, :]
        count = np.maximum(here.sum(axis=-1, keepdims=True), 1)
        mean = np.where(here, columns, 0.0).sum(axis=-1, keepdims=True) / count
        centred = np.where(here, columns - mean, centred)
    return np.where(good[..., None, :], centred, 0.0)


def matched_change(
    found: Moments, events: ArrayLike, allowed: ArrayLike, stratum: ArrayLike, step: float
) -> tuple[float, int, int]:
    """Check of one session without a model: events minus pseudo-events of the same level.

    Parameters
    ----------
    found : Moments
        Of one session; shape (n,).
    events, allowed, stratum, step
        As `adjusted_change`, shape (n,).

    Returns
    -------
    value : float
        Mean over events of their change minus that of 3-10 pseudo-events: moments of the same
        phase, a minute or more from the event and from each other, nearest in both halves before
        and within half an SD of it. NaN if no event has three.
    n : int
        Events with enough pseudo-events.
    without : int
        Events with fewer.
    """
    event = np.asarray(events, dtype=bool)
    good = found.usable & np.asarray(allowed, dtype=bool)
    at = np.broadcast_to(np.asarray(stratum), good.shape)
    spread = np.std(found.before[:, good], axis=1, keepdims=True) if good.any() else np.ones((2, 1))
    level = found.before / np.where(spread > 0, spread, 1.0)
    apart = round(PRE / step)
    effects: list[float] = []
    without = 0
    for i in np.flatnonzero(good & event):
        pool = np.flatnonzero(good & ~event & (at == at[i]))
        pool = pool[np.abs(pool - i) >= apart]
        far = np.abs(level[:, pool] - level[:, [i]]).max(axis=0)
        chosen = _spaced(pool[far <= CALIPER], far[far <= CALIPER], apart)
        if len(chosen) < LEAST_MATCHES:
            without += 1
            continue
        effects.append(float(found.change[i] - found.change[chosen].mean()))
    return (float(np.mean(effects)) if effects else np.nan), len(effects), without


def _spaced(pool: NDArray[np.intp], far: Floats, apart: int) -> list[int]:
    """Nearest first, none closer in time to another than ``apart`` moments."""
    chosen: list[int] = []
    for candidate in pool[np.argsort(far, kind="stable")]:
        if all(abs(int(candidate) - c) >= apart for c in chosen):
            chosen.append(int(candidate))
        if len(chosen) == MOST_MATCHES:
            break
    return chosen
