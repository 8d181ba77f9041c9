"""Somebody withdraws while a session is being recorded: their streams are closed at once.

The session file is looked at twice a second for ``withdrawn = [...]``, so that `arousal forget` or
a page needs nothing but the folder to reach a recorder, whoever started it, and a recorder that is
started again still knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from arousal.errors import SettingsError, UsageError
from arousal.findings import Finding, Severity
from arousal.ingest.roster import Roster
from arousal.ingest.stream_book import Segment
from arousal.ingest.tape import Tape
from arousal.session import load_session

__all__ = ["Leaving", "check_alone", "drop", "hang_up"]

PATIENCE = 1.0
"""Seconds that closing a stream waits for the thread that is pulling from it."""


class Leaving:
    """Notice withdrawals that are written into the session file.

    Parameters
    ----------
    path : Path or None
        ``session.toml``; ``None`` for a recording without one.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self.trouble: tuple[Finding, ...] = ()
        """What keeps a withdrawal from being done."""

    def news(self) -> tuple[str, ...]:
        """Return who withdrew, when the file changed since the last look; else nobody."""
        if self._path is None:
            return ()
        try:
            stat = self._path.stat()
            if (stat.st_mtime_ns, stat.st_size) == self._seen:
                return ()
            self._seen = stat.st_mtime_ns, stat.st_size
            session = load_session(self._path)
        except (OSError, SettingsError) as error:
            self.failed("the session file cannot be read", str(error))
            return ()
        self.trouble = ()
        return session.withdrawn

    def look(self, gone: frozenset[str], withdraw: Callable[[str], object]) -> None:
        """Let whoever is newly listed withdraw; what keeps them from it is `trouble`."""
        for person in self.news():
            try:
                if person not in gone:
                    withdraw(person)
            except UsageError as error:
                self.failed("somebody withdraws and is still recorded", error.message)

    def failed(self, what: str, why: str) -> None:
        """Say that a withdrawal could not be done or seen."""
        hint = "a withdrawal written there is not noticed; end the recording to be safe"
        self.trouble = (
            Finding("withdrawal-stuck", f"{what}: {why}", Severity.PROBLEM, "session.toml", hint),
        )


def check_alone(segments: Iterable[Segment], roster: Roster, person: str) -> None:
    """Refuse to close a stream that carries other people's channels as well.

    Raises
    ------
    UsageError
        If there is such a stream.
    """
    for segment in segments:
        people = {claim.person for claim in roster.met_by(segment.info)}
        if roster.withdrew(segment.info) and people - roster.gone - {person}:
            raise UsageError(
                f"the stream {segment.info.name} carries other people's channels as well",
                where="withdraw",
                hint="nothing was closed; end the recording to stop it",
            )


def drop(segments: Iterable[Segment], roster: Roster, tape: Tape, now: float) -> tuple[int, ...]:
    """Close the streams of who withdrew; return their numbers.

    Parameters
    ----------
    segments : iterable of Segment
        Streams that are open.
    roster : Roster
        Knows who withdrew.
    tape : Tape
        What they are written to.
    now : float
        In s on the LSL clock.
    """
    closed = []
    for segment in segments:
        if segment.dropped or not roster.withdrew(segment.info):
            continue
        # The thread that pulls looks at `dropped` before it hands anything on: even if it hangs
        # inside liblsl beyond our patience, nothing of this stream is written any more.
        held = segment.pulling.acquire(timeout=PATIENCE)
        segment.dropped, segment.ended, segment.person = True, now, None
        segment.inbox.clear()
        if held:
            segment.pulling.release()
        tape.end(segment.number)
        closed.append(segment.number)
    return tuple(closed)


def hang_up(segments: Iterable[Segment]) -> None:
    """Tell liblsl to receive no more of the streams that were closed."""
    for segment in segments:
        if segment.dropped and not segment.inlet.lost and segment.pulling.acquire(blocking=False):
            try:
                segment.inlet.close()
            finally:
                segment.pulling.release()
