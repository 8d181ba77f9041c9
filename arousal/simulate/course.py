"""The planted course of arousal: per role and phase, in SD of a person's own fluctuation.

The shape follows what the text of Farkas, Csukly & Fonagy (2024) lets one expect of the presenter
and the members (science: C1-C7); the heights are ours. No course is predicted for leaders: theirs
is flat. A simulation proves that the analysis finds what is there, never that the text is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arousal.protocol import PlannedPhase
from arousal.simulate.roster import Seat
from arousal.simulate.timetable import Timetable

__all__ = ["COURSES", "GAINS", "RAMP", "Arc", "Gain", "course", "course_role", "followed"]

RAMP = 30.0
"""Seconds in which a level passes from one phase to the next."""


class Arc(NamedTuple):
    """Level at the beginning, the middle and the end of a phase, straight in between."""

    first: float
    middle: float
    last: float


def _flat(level: float) -> Arc:
    return Arc(level, level, level)


_MEMBER = {
    "opening": _flat(0.3),
    "invitation": _flat(0.5),
    "presentation": Arc(0.5, 0.7, 0.8),
    "questions": _flat(0.7),
    "discussion": Arc(0.7, 1.4, 0.5),
    "outer_circle": _flat(0.5),
    "return": _flat(0.4),
    "closing": _flat(0.3),
    "session": Arc(0.4, 1.0, 0.5),
}
COURSES: dict[str, dict[str, Arc]] = {
    "presenter": {
        "invitation": Arc(0.5, 0.8, 1.2),
        "presentation": _flat(2.0),
        "questions": _flat(1.1),
        "discussion": Arc(1.5, 0.9, 0.3),
        "outer_circle": _flat(0.2),
        "return": _flat(0.1),
    },
    "member": _MEMBER,
    "observer": {**_MEMBER, "discussion": _flat(0.5), "outer_circle": _flat(0.9)},
    "patient": {**_MEMBER, "session": Arc(0.5, 1.3, 0.6)},
    "leads": {phase: _flat(0.3) for phase in _MEMBER if phase not in {"opening", "closing"}},
}
"""Course -> phase -> arc; a phase that is not listed is 0 = as at the quiet start."""


class Gain(NamedTuple):
    """How one SD of level shows in a measure.

    Parameters
    ----------
    per_sd : float
        Change of the measure, in its own unit.
    unit : str
        Unit of the change, as in ``arousal.tables.MEASURES``.
    """

    per_sd: float
    unit: str


GAINS: dict[str, Gain] = {
    "heart_rate": Gain(3.0, "bpm"),
    "scr_rate": Gain(1.8, "1/min"),
    "ln_scl": Gain(0.10, "ln uS"),
    "ln_rmssd": Gain(-0.12, "ln ms"),
}
"""Measure -> how it follows the level, linearly, the same for everyone."""


def course_role(seat: Seat, planned: PlannedPhase, presenters: Mapping[int, str]) -> str:
    """Return the key of `COURSES` that a person follows in a phase.

    The presenter of a case block is presenter in that block only. Leaders of every protocol
    follow ``"leads"``; a role without a course of its own follows ``"member"``.
    """
    if planned.block and presenters.get(planned.block) == seat.person:
        return "presenter"
    if seat.leads:
        return "leads"
    return seat.role if seat.role in COURSES else "member"


def followed(seat: Seat, presenters: Mapping[int, str], timetable: Timetable) -> tuple[str, ...]:
    """Return which of `COURSES` a person follows in each phase of a meeting."""
    return tuple(course_role(seat, planned, presenters) for planned in timetable.phases)


def course(keys: tuple[str, ...], timetable: Timetable) -> NDArray[np.float64]:
    """Return a planted level at 1 Hz, before any factor and noise.

    Parameters
    ----------
    keys : tuple of str
        Key of `COURSES` for each phase, as `followed` gives it.
    timetable : Timetable
        When the phases are.

    Returns
    -------
    ndarray, shape (timetable.seconds,)
        SD; exactly the arc after the first `RAMP` seconds of each phase.
    """
    time = np.arange(timetable.seconds, dtype=np.float64)
    level = np.zeros(timetable.seconds)
    before = 0.0
    for key, planned in zip(keys, timetable.phases, strict=True):
        arc = COURSES[key].get(planned.phase, _flat(0.0))
        # The last phase's level holds until the recording ends.
        first = int(np.ceil(planned.onset))
        since = time[first:] - planned.onset
        length = planned.end - planned.onset
        target = np.interp(since / length, (0.0, 0.5, 1.0), arc)
        share = np.clip(since / min(RAMP, length / 2), 0.0, 1.0)
        share = share * share * (3.0 - 2.0 * share)
        level[first:] = before + share * (target - before)
        before = arc.last
    return level
