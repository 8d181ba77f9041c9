"""The marks of a running session: what may be said, what stands, what it means so far."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from typing import Protocol as Shape

from arousal.errors import DataError, UsageError
from arousal.ingest.marker_outlet import MARKER_NAME, PlacedMark
from arousal.marks import Mark, parse_mark
from arousal.phase_align import Timeline, build_timeline
from arousal.phase_align.standing import standing_marks
from arousal.protocol import INCIDENTS, INTERVENTIONS, Protocol
from arousal.recording import Event
from arousal.session import SessionFile

__all__ = ["MarkBook", "check_mark"]

KEPT_KEYS = 4096


class _Marker(Shape):
    def mark(self, text: str) -> PlacedMark: ...


def check_mark(mark: Mark, protocol: Protocol, session: SessionFile) -> None:
    """Refuse a mark that says more than the session's own words: no free text is ever stored.

    Raises
    ------
    DataError
        If it is a plain word, or names a phase, person, role or type that does not exist.
    """
    where = f"mark {str(mark)!r}"
    people = set(session.people)
    if mark.verb == "word":
        raise DataError("free text is not taken, because it could tell of the case", where=where)
    allowed: dict[str, list[set[str]]] = {
        "phase": [{p.id for p in protocol.phases}],
        "presenter": [people],
        "role": [people, set(protocol.roles)],
        "intervention": [set(INTERVENTIONS), people, people],
        "speech": [people],
        "probe": [people],
        "incident": [set(INCIDENTS), people],
    }
    for value, known in zip(mark.args, allowed.get(mark.verb, []), strict=False):
        if value not in known:
            raise DataError(f"{value!r} is not among {', '.join(sorted(known))}", where=where)


@dataclass(frozen=True, slots=True)
class _Line:
    """One mark of the visible log."""

    placed: PlacedMark
    onset: float


class MarkBook:
    """Set marks through a recorder, each once, and keep their meaning up to date.

    Parameters
    ----------
    recorder : Recorder
        Whatever has `Recorder.mark`.
    protocol, session
        Whose words are allowed.
    zero : float
        Start of the recording in s on the LSL clock.
    clock : callable
        The LSL clock.
    earlier : sequence of PlacedMark
        Marks that a recorder set which was killed; stamps on the same clock.
    """

    def __init__(
        self,
        recorder: _Marker,
        protocol: Protocol,
        session: SessionFile,
        zero: float,
        clock: Callable[[], float],
        earlier: Sequence[PlacedMark] = (),
    ) -> None:
        self._recorder, self._protocol, self._session = recorder, protocol, session
        self._zero, self._clock = zero, clock
        self._lock = threading.Lock()
        self._lines: list[_Line] = [_Line(mark, mark.stamp - zero) for mark in earlier]
        self._answers: dict[str, dict[str, Any]] = {}

    def narrow(self, session: SessionFile) -> None:
        """Take no more marks about people who are not in this session file: they withdrew."""
        with self._lock:
            self._session = session

    def mark(self, text: str, key: str) -> dict[str, Any]:
        """Set a mark.

        Parameters
        ----------
        text : str
            In the words of `arousal.marks`, without an id.
        key : str
            Made by the client: the same key again returns the first answer and marks nothing.

        Returns
        -------
        dict
            ``id``, ``text``, ``onset`` (s since the start), ``on_disk``, ``took`` (ms until then).

        Raises
        ------
        DataError, UsageError
            If the mark is not allowed, or there is nothing to undo or move.
        """
        with self._lock:
            if key in self._answers:
                return self._answers[key]
            mark = parse_mark(text)
            check_mark(mark, self._protocol, self._session)
            if mark.verb in {"undo", "move"} and not mark.of:
                text = f"{text} of={self._newest()}"
            return self._place(text, key)

    def shift(self, seconds: float, of: str, key: str) -> dict[str, Any]:
        """Let a marked thing begin ``seconds`` later (earlier if negative) than it stands now.

        Parameters
        ----------
        seconds : float
            Shift.
        of : str
            Id of the mark; empty = the newest that stands.
        key : str
            As `mark`.
        """
        with self._lock:
            if key in self._answers:
                return self._answers[key]
            target = of or self._newest()
            standing = {mark.id: mark.time for mark in self._standing()}
            if target not in standing:
                raise UsageError(f"no mark {target!r} stands", where="mark")
            now = self._clock() - self._zero
            ago = max(now - max(standing[target] + seconds, 0.0), 0.0)
            return self._place(f"move of={target} ago={ago:.2f}", key)

    def _place(self, text: str, key: str) -> dict[str, Any]:
        began = time.perf_counter()
        placed = self._recorder.mark(text)
        onset = placed.stamp - self._zero
        self._lines.append(_Line(placed, onset))
        answer = {
            "id": placed.mark.id,
            "text": str(placed.mark),
            "onset": onset,
            "on_disk": placed.on_disk,
            "took": round(1000 * (time.perf_counter() - began), 1),
        }
        if len(self._answers) >= KEPT_KEYS:
            self._answers.pop(next(iter(self._answers)))
        self._answers[key] = answer
        return answer

    def _newest(self) -> str:
        standing = {mark.id for mark in self._standing()}
        for line in reversed(self._lines):
            if line.placed.mark.id in standing:
                return line.placed.mark.id
        raise UsageError("there is no mark to take back or move", where="mark")

    @staticmethod
    def _events(lines: Sequence[_Line]) -> list[Event]:
        return [
            Event(line.onset, str(line.placed.mark), 0.0, line.placed.mark.id, MARKER_NAME)
            for line in lines
        ]

    def _standing(self, lines: Sequence[_Line] | None = None) -> Any:
        events = self._events(self._lines if lines is None else lines)
        return standing_marks(events, self._session.markers.codes).marks

    def _lines_now(self) -> list[_Line]:
        """What the display works on: a mark that is being set never waits for it."""
        with self._lock:
            return list(self._lines)

    def timeline(self, now: float) -> Timeline:
        """Work out the session so far; ``now`` in s since the start."""
        events = self._events(self._lines_now())
        end = max([now, *(event.onset for event in events)])
        return build_timeline(events, self._protocol, self._session, start=0.0, end=end)

    def log(self, newest: int = 40) -> list[dict[str, Any]]:
        """Return the newest marks as a page shows them, the newest first."""
        lines = self._lines_now()
        standing: Mapping[str, float] = {m.id: m.time for m in self._standing(lines)}
        return [
            {
                "id": line.placed.mark.id,
                "text": "/".join((line.placed.mark.verb, *line.placed.mark.args)),
                "of": line.placed.mark.of,
                "sent": line.onset,
                "onset": standing.get(line.placed.mark.id),
                "utc": line.placed.utc,
                "on_disk": line.placed.on_disk,
            }
            for line in reversed(lines[-newest:])
        ]

    @property
    def has_end(self) -> bool:
        """Whether the session's end is marked."""
        with self._lock:
            return any(mark.mark.verb == "end" for mark in self._standing())
