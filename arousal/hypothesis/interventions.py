"""What follows an intervention or a silence: one adjusted number per session and type of event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from arousal.errors import UsageError
from arousal.hypothesis.events import (
    POST,
    PRE,
    Moments,
    adjusted_change,
    matched_change,
    moments,
    recently,
)
from arousal.hypothesis.panel import Panel, members_at, session_panel
from arousal.hypothesis.session_windows import SessionFrames
from arousal.phase_align.align import group_of
from arousal.phase_align.timeline import PointEvent, clock
from arousal.protocol import INTERVENTIONS

__all__ = [
    "EVENT_TYPES",
    "Left",
    "SessionEvents",
    "Whose",
    "session_events",
]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
Whose = Literal["auto", "presenter", "members", "target"]

SILENCE = "silence"
EVENT_TYPES: Mapping[str, frozenset[str]] = {
    **{name: frozenset({name}) for name in INTERVENTIONS},
    "levels 1-2": frozenset({"empathy", "exploration"}),
    "levels 3-4": frozenset({"affect", "relationship"}),
    SILENCE: frozenset({SILENCE}),
}
"""Name -> marks that belong to it. MBT level 1 = empathy, 2 = exploration, 3 = affect, 4 =
relationship."""


@dataclass(frozen=True, slots=True)
class Left:
    """An event that does not enter: when (s), what, why."""

    onset: float
    type: str
    reason: str


@dataclass(frozen=True, slots=True)
class SessionEvents:
    """One session's answer to one type of event.

    Parameters
    ----------
    session : str
        Session id.
    type : str
        One of `EVENT_TYPES`.
    measure, unit : str
        What, and in which unit.
    whose : str
        Whose arousal: ``"presenter"``, ``"members"`` or ``"target"``.
    value : float
        Change 60-180 s after against the minute before, beyond what follows such a level; up =
        more arousal. NaN with a reason.
    weight : float
        How many events it is worth (`arousal.hypothesis.events.Adjusted`).
    n : int
        Events behind it.
    candidates : int
        Moments that they were compared with.
    matched : float
        The same by pseudo-events (a check without a model); NaN if no event has three.
    n_matched : int
        Events that have three pseudo-events or more.
    followed : int
        Events that another one follows within 180 s; they stay in (`arousal.hypothesis.events`).
    speech : bool
        Whether own speech before and after was adjusted for.
    left : tuple of Left
        Events that do not enter.
    reason : str
        Why there is no value.
    audience : str
        Always ``"researcher"``: a leader's page shows times without before and after.
    """

    session: str
    type: str
    measure: str
    unit: str
    whose: str
    value: float = np.nan
    weight: float = 0.0
    n: int = 0
    candidates: int = 0
    matched: float = np.nan
    n_matched: int = 0
    followed: int = 0
    speech: bool = False
    left: tuple[Left, ...] = ()
    reason: str = ""
    audience: Literal["researcher"] = field(default="researcher", init=False)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Curves of those whose arousal is looked at, on one grid; shapes (rows, n)."""

    persons: tuple[str, ...]
    values: FloatArray
    speech: FloatArray
    stratum: IntArray
    whose: str


def session_events(
    session: SessionFrames, measure: str = "heart_rate", whose: Whose = "auto"
) -> tuple[SessionEvents, ...]:
    """Adjusted change after every type of event that was marked in a session.

    Parameters
    ----------
    session : SessionFrames
        With 30-s windows (``short``).
    measure : str
        ``heart_rate``, ``scr_rate`` or ``ln_scl``; lnRMSSD needs two minutes and is refused.
    whose : {"auto", "presenter", "members", "target"}
        Whose arousal. ``auto``: the presenter of the case; without cases the one person who does
        not lead, else those whom the marks name as targets, else the members' median.

    Returns
    -------
    tuple of SessionEvents
        One per type with at least one mark; what cannot be computed has its reason.

    Raises
    ------
    UsageError
        If the measure is lnRMSSD.
    NothingUsableError
        If the session has no 30-s windows of this measure.
    """
    if measure == "ln_rmssd":
        raise UsageError("lnRMSSD needs windows of 120 s; events look at one minute before")
    panel = session_panel(session, measure, short=True)
    line = session.timeline
    points = sorted((*line.interventions, *line.silences), key=lambda p: p.onset)
    rows = _rows(panel, session, whose, points)
    cut = moments(rows.values, rows.stratum, panel.step, panel.window)
    told = moments(rows.speech, rows.stratum, panel.step, panel.window)
    talk = [told.before.mean(axis=0), told.after]
    spoken = bool(cut.usable.any() and all(np.isfinite(t[cut.usable]).all() for t in talk))
    where = _Placed(session, panel, rows, cut, tuple(points), talk if spoken else [])
    kinds = {_kind(p) for p in points}
    return tuple(where.answer(name) for name, members in EVENT_TYPES.items() if members & kinds)


def _kind(point: PointEvent) -> str:
    return SILENCE if point.kind == "silence" else point.type


def _rows(
    panel: Panel, session: SessionFrames, whose: Whose, points: Sequence[PointEvent]
) -> _Rows:
    layout, places = panel.layout(session.timeline)
    stratum = np.full(panel.onset.size, -1, dtype=np.int64)
    stratum[places] = layout.stretch
    chosen = _choose(panel, session, whose, points)
    if chosen == "members":
        curve = panel.median_of(members_at(panel, session), least=1)
        unknown = np.full((1, curve.size), np.nan)
        return _Rows(("members",), curve[None], unknown, stratum[None], chosen)
    own: dict[str, IntArray] = {}
    if chosen == "presenter":
        blocks = np.array([*(p.block for p in session.timeline.phases), 0])
        for block in session.timeline.blocks:
            if block.presenter in panel.persons:
                here = np.where(blocks[stratum] == block.index, stratum, -1)
                known = own.get(block.presenter or "", np.full_like(stratum, -1))
                own[block.presenter or ""] = np.maximum(known, here)
    else:
        named = {p.target for p in points} | _only_patient(panel, session)
        own = {person: stratum for person in panel.persons if person in named}
    at = [panel.persons.index(p) for p in own]
    strata = np.array(list(own.values()), dtype=np.int64).reshape(-1, stratum.size)
    return _Rows(tuple(own), panel.values[at], panel.speech[at], strata, chosen)


def _only_patient(panel: Panel, session: SessionFrames) -> set[str]:
    """The one person who does not lead, if there is exactly one."""
    line = session.timeline
    middle = (line.onset + line.end) / 2
    protocol = session.protocol
    others = {p for p in panel.persons if group_of(line.role_of(p, middle), protocol) != "leaders"}
    return others if len(others) == 1 else set()


def _choose(
    panel: Panel, session: SessionFrames, whose: Whose, points: Sequence[PointEvent]
) -> str:
    if whose != "auto":
        return whose
    if session.protocol.case_blocks:
        return "presenter"
    targets = {p.target for p in points} & set(panel.persons)
    return "target" if targets or _only_patient(panel, session) else "members"


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """Events on the grid of moments."""

    session: SessionFrames
    panel: Panel
    rows: _Rows
    cut: Moments
    points: tuple[PointEvent, ...]
    talk: list[FloatArray]

    def moment(self, time: float) -> int:
        """The last moment at or before a time: what comes before never holds the event."""
        panel = self.panel
        return int(np.floor((time - panel.start - panel.window) / panel.step + 1e-6))

    def answer(self, name: str) -> SessionEvents:
        rows, panel = self.rows, self.panel
        blank = SessionEvents(self.session.id, name, panel.measure, panel.unit, rows.whose)
        shape = self.cut.usable.shape
        if not shape[0]:
            return replace(blank, reason="nobody whose arousal could answer has usable windows")
        allowed = np.broadcast_to(~self._crowded() & ~self._disturbed(), shape)
        events = np.zeros(shape, dtype=bool)
        left: list[Left] = []
        for point in (p for p in self.points if _kind(p) in EVENT_TYPES[name]):
            reason = self._mark(point, events, allowed)
            if reason:
                left.append(Left(point.onset, _kind(point), reason))
        flat = Moments(
            self.cut.before.reshape(2, -1), self.cut.after.ravel(), self.cut.usable.ravel()
        )
        # Everybody's every phase has its own mean.
        stratum = (rows.stratum + 1000 * np.arange(shape[0])[:, None]).ravel()
        where = (events.ravel(), allowed.ravel(), stratum)
        time = np.broadcast_to(panel.end, shape).ravel()
        talk = [t.ravel() for t in self.talk]
        found = adjusted_change(flat, *where, time, panel.step, covariates=talk)
        matched, n_matched, _ = matched_change(flat, *where, panel.step)
        value = float(found.value)
        return replace(
            blank,
            value=value * panel.sign,
            weight=float(found.weight),
            n=int(found.n),
            candidates=int(found.candidates),
            matched=matched * panel.sign,
            n_matched=n_matched,
            followed=self._followed(events),
            speech=bool(self.talk),
            left=tuple(left),
            reason="" if np.isfinite(value) else _why(int(found.n), left),
        )

    def _happened(self) -> BoolArray:
        at = np.zeros(self.cut.usable.shape[-1], dtype=bool)
        places = [self.moment(p.onset) for p in self.points]
        at[[i for i in places if 0 <= i < at.size]] = True
        return at

    def _crowded(self) -> BoolArray:
        return recently(self._happened(), self.panel.step)

    def _disturbed(self) -> BoolArray:
        """Moments with an incident (break, movement, technical trouble, ...) around them."""
        ends = self.panel.end
        near = np.zeros(ends.size, dtype=bool)
        for incident in self.session.timeline.incidents:
            near |= (ends - PRE <= incident.onset) & (incident.onset <= ends + POST[1])
        return near

    def _mark(self, point: PointEvent, events: BoolArray, allowed: BoolArray) -> str:
        """Put one event where it belongs, or say why it does not enter."""
        rows = self._answering(point)
        i = self.moment(point.onset)
        if not rows:
            return "nobody whose arousal could answer"
        if not 0 <= i < events.shape[1]:
            return "outside the recorded time"
        usable = [r for r in rows if self.cut.usable[r, i]]
        if not usable:
            return self._unusable(point, rows[0], i)
        if not allowed[0, i]:
            around = "an incident" if self._disturbed()[i] else "another event"
            when = "around it" if around == "an incident" else "in the 180 s before"
            return f"{around} {when}"
        if events[usable, i].all():
            return "another event in the 180 s before"
        events[usable, i] = True
        return ""

    def _answering(self, point: PointEvent) -> list[int]:
        rows = self.rows
        everyone = list(range(len(rows.persons)))
        if rows.whose != "target":
            return everyone
        if point.target:
            return [rows.persons.index(point.target)] if point.target in rows.persons else []
        return everyone if len(everyone) == 1 else []

    def _unusable(self, point: PointEvent, row: int, i: int) -> str:
        phase = self.session.timeline.index_at([point.onset])[0]
        if phase < 0 or not self.session.timeline.phases[phase].certain:
            return "in no phase with known bounds"
        stratum = self.rows.stratum[row]
        first = i - round(self.panel.window / self.panel.step)
        last = i + round(POST[1] / self.panel.step)
        inside = first >= 0 and last < stratum.size and stratum[i] >= 0
        if not inside or not (stratum[[first, last]] == stratum[i]).all():
            return "60 s before to 180 s after do not lie in one phase without its edge"
        return "too few windows with a value around it"

    def _followed(self, events: BoolArray) -> int:
        happened = self._happened()
        reach = int(np.ceil(POST[1] / self.panel.step - 1e-9))
        places = np.flatnonzero(events.any(axis=0))
        return int(sum(happened[i + 1 : i + 1 + reach].any() for i in places))


def _why(n: int, left: Sequence[Left]) -> str:
    if n:
        return "fewer than ten minutes, or nothing alike, to compare with"
    if not left:
        return "no event"
    first = left[0]
    more = f" and {len(left) - 1} more" if len(left) > 1 else ""
    return f"no event counts: at {clock(first.onset)} {first.reason}{more}"
