"""Do interventions calm, do silences arouse? One adjusted number per session, over sessions.

Claims C9-C11: MBT levels 1 and 2 and acknowledging a misunderstanding calm, the therapist's silence
arouses; nothing is expected of the other types, so theirs are tested two-sided. All exploratory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import NothingUsableError
from arousal.hypothesis import inference
from arousal.hypothesis.allowance import flip_beyond, t_beyond
from arousal.hypothesis.hypothesis_file import LEAST_BLOCKS
from arousal.hypothesis.interventions import SILENCE, SessionEvents
from arousal.tables import measure as declared

__all__ = ["ALLOWANCE", "EXPECTED", "EventTest", "over_sessions", "session_units"]

ALLOWANCE = 0.06
"""Bias, in SD of sessions' numbers, that is granted before anything is claimed. Where events do
nothing and follow high arousal, the adjusted number is off by up to .08 SD, mostly by less than .05
(docs/calibration_events.md): a level and a slope that are estimated within one short session are
off in opposite directions and do not quite cancel."""

EXPECTED: Mapping[str, inference.Alternative] = {
    "empathy": "less",
    "exploration": "less",
    "levels 1-2": "less",
    "misunderstanding": "less",
    SILENCE: "greater",
}
"""Direction of arousal that the texts let one expect (C9-C11); the others are two-sided."""


@dataclass(frozen=True, slots=True)
class EventTest:
    """One type of event over sessions.

    Parameters
    ----------
    type, measure, unit : str
        What.
    direction : {"less", "greater", "two-sided"}
        Of arousal.
    effect : float
        Mean adjusted answer per event, in the measure's unit.
    low, high : float
        Its 95 % interval.
    g : float
        Hedges g of the sessions' sums.
    p_t, p_flip : float
        By t and by sign-flip, beyond `ALLOWANCE`; NaN with a reason.
    n : int
        Sessions (or clusters of them) with a value.
    events : int
        Events behind it.
    matched : float
        Weighted mean of the check by pseudo-events.
    agrees : bool or None
        Whether that check has the same sign; ``None`` without one.
    reason : str
        Why nothing was tested.
    status : str
        Always ``"exploratory"``.
    """

    type: str
    measure: str
    unit: str
    direction: inference.Alternative
    effect: float = np.nan
    low: float = np.nan
    high: float = np.nan
    g: float = np.nan
    p_t: float = np.nan
    p_flip: float = np.nan
    n: int = 0
    events: int = 0
    matched: float = np.nan
    agrees: bool | None = None
    reason: str = ""
    status: Literal["exploratory"] = field(default="exploratory", init=False)


def over_sessions(
    answers: Sequence[SessionEvents], clusters: Mapping[str, str] | None = None
) -> tuple[EventTest, ...]:
    """Test each type and measure over sessions.

    Parameters
    ----------
    answers : sequence of SessionEvents
        Of any number of sessions.
    clusters : mapping, optional
        Session id -> who or what repeats (a patient, a group); sessions that share it count as one.

    Returns
    -------
    tuple of EventTest
        Fewer than six units: described, not tested.
    """
    groups: dict[tuple[str, str], list[SessionEvents]] = {}
    for answer in answers:
        groups.setdefault((answer.type, answer.measure), []).append(answer)
    return tuple(_test(name, key, rows, clusters or {}) for (name, key), rows in groups.items())


def _test(
    name: str, measure: str, rows: Sequence[SessionEvents], clusters: Mapping[str, str]
) -> EventTest:
    direction = EXPECTED.get(name, "two-sided")
    good = [r for r in rows if np.isfinite(r.value)]
    blank = EventTest(name, measure, declared(measure).unit, direction)
    if not good:
        return replace(blank, reason=rows[0].reason)
    names = [clusters.get(r.session, r.session) for r in good]
    sums = session_units(np.array([r.value for r in good]), np.array([r.weight for r in good]))
    units = inference.cluster_means(sums, names)
    checks = [r for r in good if r.n_matched]
    matched = np.nan
    if checks:
        counts = [r.n_matched for r in checks]
        matched = float(np.average([r.matched for r in checks], weights=counts))
    effect = float(np.mean(units))
    described = replace(
        blank,
        effect=effect,
        n=int(units.size),
        events=sum(r.n for r in good),
        matched=matched,
        agrees=bool(np.sign(matched) == np.sign(effect)) if checks else None,
    )
    if units.size < LEAST_BLOCKS:
        return replace(described, reason=f"{units.size} sessions, {LEAST_BLOCKS} are needed")
    try:
        low, high = inference.mean_interval(units)
        p_t = t_beyond(units, direction, ALLOWANCE)
    except NothingUsableError as error:
        return replace(described, reason=error.message)
    return replace(
        described,
        low=float(low),
        high=float(high),
        g=float(inference.hedges_g(units)),
        p_t=float(p_t),
        p_flip=float(flip_beyond(units, direction, ALLOWANCE)),
    )


def session_units(value: ArrayLike, weight: ArrayLike) -> NDArray[np.float64]:
    """What is tested: the sum of each session's adjusted answers, on the scale of one answer.

    Parameters
    ----------
    value, weight : array_like, shape (..., sessions)
        Of `arousal.hypothesis.events.Adjusted`; NaN = no value.

    Returns
    -------
    ndarray, shape (..., sessions)
        ``value * weight / mean weight``: their mean is the mean answer per event, in the measure's
        unit.
    """
    v, w = np.asarray(value, dtype=np.float64), np.asarray(weight, dtype=np.float64)
    known = np.isfinite(v)
    count = np.maximum(known.sum(axis=-1, keepdims=True), 1)
    mean = np.where(known, w, 0.0).sum(axis=-1, keepdims=True) / count
    units = np.divide(v * w, mean, out=np.full(v.shape, np.nan), where=known & (mean > 0))
    return np.asarray(units)
