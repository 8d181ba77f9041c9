"""What the operator marks during a simulated session, slips included."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from arousal.marks import Mark
from arousal.protocol import INTERVENTIONS
from arousal.recording import Event
from arousal.simulate.faults import Fault, FaultKind
from arousal.simulate.latent import LatentSession
from arousal.simulate.settings import SimulationSettings, SpeechForm

__all__ = ["MARKER_STREAM", "mark_session"]

MARKER_STREAM = "ArousalMarkers"
LATE = 20.0
"""Seconds by which the late mark is late."""
PROBED = ("baseline", "presentation", "session", "discussion", "return", "recovery")
"""Phases at the end of which everyone rates their own arousal."""
_EVERY = 480.0
"""Mean seconds between two interventions."""
_STILL = 10.0
"""Seconds before the end of the invitation at which the presenter is clear."""


@dataclass(frozen=True, slots=True)
class _Draft:
    sent: float
    mark: Mark


def mark_session(
    latent: LatentSession,
    faults: tuple[Fault, ...],
    settings: SimulationSettings,
    rng: np.random.Generator,
) -> tuple[Event, ...]:
    """Return the marks of a session in the order in which they were sent.

    Phases at their onset (one of them 20 s late, said with ``ago=20``), a wrong phase taken back
    after 4 s, the presenter at the end of the invitation, leaders' interventions, a silence,
    self-reports, movements that spoil a sensor, and the end. Ids are ``m1``, ``m2``, ...
    """
    drafts = [
        *_phases(latent, settings.slips),
        *_presenters(latent),
        *_interventions(latent, rng),
        *_silence(latent),
        *_probes(latent, rng),
        *_movements(faults),
    ]
    if settings.speech_form is SpeechForm.MARKS:
        drafts += _speech(latent)
    ordered = sorted(drafts, key=lambda d: d.sent)
    events = []
    for number, draft in enumerate(ordered, start=1):
        mark = replace(draft.mark, id=f"m{number}")
        if mark.verb == "undo":
            wrong = next(i for i, d in enumerate(ordered, start=1) if d.mark.id == "wrong")
            mark = replace(mark, of=f"m{wrong}")
        onset = round(draft.sent, 3)
        events.append(Event(onset, str(mark), id=mark.id, source=MARKER_STREAM))
    return tuple(events)


def _phases(latent: LatentSession, slips: bool) -> list[_Draft]:
    phases = latent.timetable.phases
    late = max(1, next((i for i, p in enumerate(phases) if p.phase == "questions"), 1))
    drafts = []
    for i, planned in enumerate(phases):
        ago = LATE if slips and i == late and planned.end - planned.onset > 2 * LATE else 0.0
        drafts.append(_Draft(planned.onset + ago, Mark("phase", (planned.phase,), ago=ago)))
    drafts.append(_Draft(phases[-1].end, Mark("end")))
    longest = latent.timetable.longest
    after = phases.index(longest) + 1
    if slips and after < len(phases):
        pressed = longest.onset + 0.4 * (longest.end - longest.onset)
        drafts.append(_Draft(pressed, Mark("phase", (phases[after].phase,), id="wrong")))
        drafts.append(_Draft(pressed + 4.0, Mark("undo")))
    return drafts


def _presenters(latent: LatentSession) -> list[_Draft]:
    drafts = []
    for block, person in latent.presenters.items():
        own = [p for p in latent.timetable.phases if p.block == block]
        first = own[0]
        # Without an invitation the presenter is clear when the first phase of the case is on.
        still = min(_STILL, (first.end - first.onset) / 2)
        when = first.end - still if first.phase == "invitation" else first.onset + 3.0
        drafts.append(_Draft(when, Mark("presenter", (person,))))
    return drafts


def _interventions(latent: LatentSession, rng: np.random.Generator) -> list[_Draft]:
    leaders = [s.person for s in latent.seats if s.leads]
    quiet = {p.id for p in latent.protocol.phases if p.quiet}
    working = [p for p in latent.timetable.phases if p.phase not in quiet]
    if not leaders or not working:
        return []
    onset, end = working[0].onset, working[-1].end
    drafts = []
    now = onset + float(rng.exponential(_EVERY))
    while now < end - 5.0:
        block = next(p.block for p in working if p.onset <= now < p.end)
        kind = str(rng.choice(list(INTERVENTIONS)))
        actor = str(rng.choice(leaders))
        target = latent.presenters.get(block)
        towards = (target,) if target and rng.random() < 0.5 else ()
        drafts.append(_Draft(now, Mark("intervention", (kind, actor, *towards))))
        now += 60.0 + float(rng.exponential(_EVERY - 60.0))
    return drafts


def _silence(latent: LatentSession) -> list[_Draft]:
    if not any(seat.leads for seat in latent.seats):
        return []
    onset, end = latent.timetable.silence
    return [_Draft(onset, Mark("silence", ("start",))), _Draft(end, Mark("silence", ("end",)))]


def _probes(latent: LatentSession, rng: np.random.Generator) -> list[_Draft]:
    level = latent.level
    drafts = []
    for planned in latent.timetable.phases:
        if planned.phase not in PROBED:
            continue
        asked = planned.end - 5.0
        recent = slice(max(int(planned.onset), int(asked) - 120), int(asked))
        felt = 3.0 + 1.2 * level[:, recent].mean(axis=1) + rng.standard_normal(len(latent.seats))
        for seat, value in zip(latent.seats, felt, strict=True):
            answer = str(int(np.clip(np.rint(value), 1, 9)))
            sent = asked + 0.4 * seat.index
            drafts.append(_Draft(sent, Mark("probe", (seat.person, answer))))
    return drafts


def _movements(faults: tuple[Fault, ...]) -> list[_Draft]:
    return [
        _Draft(f.onset, Mark("incident", ("movement", f.person)))
        for f in faults
        if f.what is FaultKind.BUMP
    ]


def _speech(latent: LatentSession) -> list[_Draft]:
    return [
        _Draft(when, Mark("speech", (turn.person, edge)))
        for turn in latent.turns
        for edge, when in (("start", turn.onset), ("end", turn.end))
    ]
