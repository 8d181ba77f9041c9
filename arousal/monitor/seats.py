"""A seat for each person: how their sensors do, in words a glance can take in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from arousal.findings import Finding, Severity
from arousal.ingest.people import Claim
from arousal.ingest.raw import StreamInfo
from arousal.ingest.roster import Roster
from arousal.ingest.stream_health import State, StreamHealth
from arousal.monitor.monitor import Monitor
from arousal.monitor.state import finding_state
from arousal.recording import Kind
from arousal.session import SessionFile

__all__ = ["Strips", "seats"]

MetBy = Callable[[StreamInfo], tuple[Claim, ...]]

LEVELS = ("good", "weak", "none")
"""Of a seat: all well; recorded, but something is wrong; a signal is missing."""
STRIP_SECONDS = 300
"""Seconds of health that a tile shows."""
STRIP_CELLS = 60
OPENING = 3.0
"""Seconds that streams take to be found and opened."""
WORDS = {
    "stream-silent": "No signal",
    "stream-lost": "Sender gone",
    "stream-missing": "Not found",
    "flat-line": "No contact",
    "values-invalid": "Poor contact",
    "values-outside": "Poor contact",
    "rate-off": "Losing samples",
    "clock-stale": "Clock not answering",
    "stamps-ahead": "Clock jumps",
    "stamps-backward": "Clock jumps",
    "no-consent": "Not agreed",
    "claim-ambiguous": "Whose is it?",
    "id-ambiguous": "Whose is it?",
}
"""Finding -> what a tile says in two words."""
_BROKEN = {"stream-silent", "stream-lost", "stream-missing", "flat-line", "no-consent"}
LOW_BATTERY = 20.0


def seats(
    session: SessionFile,
    roster: Roster,
    met_by: MetBy,
    readings: Iterable[StreamHealth],
    monitor: Monitor | None,
    now: float,
) -> list[dict[str, Any]]:
    """Describe every person of the session, in the file's order.

    Parameters
    ----------
    session, roster
        Who should be there.
    met_by : callable
        `Roster.met_by`, or something that remembers its answers (asked twice a second).
    readings : iterable of StreamHealth
        Newest health of every stream.
    monitor : Monitor or None
        Live numbers, while recording.
    now : float
        In s on this computer's LSL clock.
    """
    own: dict[str, list[StreamHealth]] = {person: [] for person in session.people}
    for reading in readings:
        if reading.person in own and reading.state is not State.REPLACED:
            own[reading.person].append(reading)
    return [
        _seat(person, session, roster, met_by, own[person], monitor, now)
        for person in session.people
    ]


def _seat(
    person: str,
    session: SessionFile,
    roster: Roster,
    met_by: MetBy,
    readings: Sequence[StreamHealth],
    monitor: Monitor | None,
    now: float,
) -> dict[str, Any]:
    findings = [f for r in readings for f in r.findings if f.severity is not Severity.NOTE]
    findings += _missing(person, roster, met_by, readings)
    agreed = roster.consents.allows(person, "record")
    if not agreed:
        text, hint = (
            "no consent to be recorded: nothing of theirs is written",
            "tick it once signed",
        )
        findings.insert(0, Finding("no-consent", text, Severity.PROBLEM, person, hint))
    expected = [claim for claim in roster.claims if claim.person == person]
    level, word = _judge(findings, bool(expected), readings)
    worst = findings[0] if findings else None
    body = monitor.bodies.get(person) if monitor is not None else None
    waiting = any(r.state is State.WAITING for r in readings)
    if level == "good" and waiting:
        level, word = "weak", "Waiting"
    coverage = {} if body is None else body.coverage(now)
    return {
        "id": person,
        "role": session.people[person].role,
        "level": level,
        "word": word,
        "trouble": None if worst is None else finding_state(worst),
        "flowing": bool(expected) and agreed and level != "none" and not waiting,
        "expected": [str(claim.kind) for claim in expected],
        "parts": [_part(r) for r in readings],
        "beat_age": None if body is None else body.beat_age(now),
        "coverage": {str(kind): round(share, 3) for kind, share in coverage.items()},
        "battery": None if body is None else body.battery,
    }


def _missing(
    person: str, roster: Roster, met_by: MetBy, readings: Sequence[StreamHealth]
) -> list[Finding]:
    there = {claim for r in readings for claim in met_by(r.info)}
    return [
        Finding(
            "stream-missing",
            f"no stream named {claim.stream!r}",
            Severity.PROBLEM,
            f"{person} {claim.kind}",
            "worn and switched on? bridge running, same network?",
        )
        for claim in roster.claims
        if claim.person == person and claim not in there
    ]


def _judge(
    findings: list[Finding], expected: bool, readings: Sequence[StreamHealth]
) -> tuple[str, str]:
    order = list(Severity)[::-1]
    findings.sort(key=lambda f: (f.code not in _BROKEN, order.index(f.severity)))
    if not expected and not readings:
        return "none", "No sensor"
    if not findings:
        return "good", "Good"
    worst = findings[0]
    return ("none" if worst.code in _BROKEN else "weak"), WORDS.get(worst.code, "Weak")


def _part(reading: StreamHealth) -> dict[str, Any]:
    loud = [f for f in reading.findings if f.severity is not Severity.NOTE]
    broken = any(f.code in _BROKEN for f in loud)
    level = "none" if broken else "weak" if loud else "good"
    name = _short(reading)
    return {"name": name, "level": level, "rate": reading.rate, "age": reading.age}


def _short(reading: StreamHealth) -> str:
    names = {Kind.TEMPERATURE: "TEMP", Kind.RESPIRATION: "RESP", Kind.ACCELERATION: "ACC"}
    kinds = [names.get(kind, kind.upper()) for kind in reading.kinds]
    return "+".join(kinds) or reading.info.type or reading.info.name


class Strips:
    """Each seat's level over the last five minutes, in cells of 5 s; the worst second counts."""

    def __init__(self) -> None:
        self._cells: dict[str, deque[str]] = {}
        self._cell = -1
        self._first: float | None = None

    def add(self, people: Iterable[dict[str, Any]], now: float) -> None:
        """Enter everybody's level at a time (s); the first seconds, while streams open, not."""
        self._first = now if self._first is None else self._first
        if now < self._first + OPENING:
            return
        cell = int(now // (STRIP_SECONDS / STRIP_CELLS))
        fresh = cell != self._cell
        self._cell = cell
        for seat in people:
            cells = self._cells.setdefault(seat["id"], deque(maxlen=STRIP_CELLS))
            code = str(LEVELS.index(seat["level"]))
            if fresh or not cells:
                cells.append(code)
            else:
                cells[-1] = max(cells[-1], code)

    def of(self, person: str) -> str:
        """Levels of a person's last cells, oldest first: 0 good, 1 weak, 2 none."""
        return "".join(self._cells.get(person, ()))
