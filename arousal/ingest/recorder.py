"""Record LSL streams so that nothing is lost: crash-safe XDF with a journal beside it.

Who does what, each in a thread of its own (`arousal.ingest.workers`):

==========  =======  ==========================================================================
``find``    0.25 s   looks for new streams; each is opened in a passing thread
``drain``   0.1 s    empties every inlet into the tape's queue; knows at once when a sender is gone
``marks``   at once  waits for another program's marks (one for each of their streams)
``write``   0.1 s    woken by both: encodes what is queued, writes it in one unbuffered block
``sync``    1 s      waits for the disk, counts what is in the file, looks at the free space
``watch``   0.5 s    health, clock offsets, alarms; looks after the other four
==========  =======  ==========================================================================

A kill -9 costs what arrived in the last tenth of a second, and no mark: those are on disk before
`Recorder.mark` returns.
"""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import numpy as np

from arousal import __version__
from arousal.errors import ArousalError, UsageError
from arousal.findings import Finding, Severity
from arousal.ingest.alarms import AlarmBoard
from arousal.ingest.boot import run_of_computer
from arousal.ingest.devices import Catalogue, load_catalogue
from arousal.ingest.heeding import heed
from arousal.ingest.leaving import Leaving, check_alone, drop, hang_up
from arousal.ingest.lsl import Arrival, Finder, Inlet, Sighting, local_clock
from arousal.ingest.marker_outlet import (
    MARKER_NAME,
    MarkerOutlet,
    MarkLog,
    PlacedMark,
    earlier_marks,
)
from arousal.ingest.recording_disk import RecordingDisk
from arousal.ingest.recording_end import close_recording
from arousal.ingest.recording_summary import RecordingSummary
from arousal.ingest.recording_watch import LiveSamples, RecordingWatch
from arousal.ingest.roster import Roster, load_roster
from arousal.ingest.stream_book import Segment, StreamBook
from arousal.ingest.stream_health import Meter, StreamHealth
from arousal.ingest.workers import Crew, Fault

__all__ = ["Recorder"]

FIND, DRAIN, WRITE, SYNC, WATCH = 0.25, 0.1, 1.0, 1.0, 0.5
GRACE, PATIENCE = 0.05, 0.15
"""Seconds that a stop waits for samples on their way, and for whoever is inside an inlet."""
RETRY_OPENING = 2.0
"""Seconds after which a stream that did not open is tried again."""


class Recorder:
    """A recording in progress.

    Parameters
    ----------
    out : Path
        Folder, or file ending in ``.xdf``; nothing that exists is overwritten.
    session : Path, optional
        Session folder with ``session.toml``: who wears what, and who agreed to be recorded.
        Without it every stream of the LSL session is recorded.
    planned : float
        Seconds that will be recorded, for the forecast of the disk.
    catalogue : Catalogue, optional
        Device rules; the bundled ones if left out.
    tell : callable, optional
        ``tell(finding, on)``: told, from any thread, when something begins or ends to be wrong.
    listener : callable, optional
        Told of samples twice a second, from the watching thread: the live page's ear.
        However slow it is, the recording does not wait for it.
    marker_name : str
        Name of the LSL stream on which marks are sent.

    Raises
    ------
    SettingsError
        If the session folder's files are wrong.

    Examples
    --------
    >>> with Recorder(Path("session-1")) as recorder:     # doctest: +SKIP
    ...     recorder.mark("phase/baseline")
    ...     summary = recorder.stop()
    """

    def __init__(
        self,
        out: Path,
        session: Path | None = None,
        *,
        planned: float = 2 * 3600.0,
        catalogue: Catalogue | None = None,
        tell: Callable[[Finding, bool], None] | None = None,
        listener: Callable[[LiveSamples], None] | None = None,
        marker_name: str = MARKER_NAME,
    ) -> None:
        self.roster: Roster = load_roster(session, catalogue or load_catalogue())
        self._leaving = Leaving(None if session is None else session / "session.toml")
        self._out, self._planned = out, planned
        self._tell, self._marker_name = tell, marker_name
        self.alarms = AlarmBoard(self._on_alarm)
        self._book = StreamBook()
        self._seen: dict[str, float] = {}  # uid -> when it may be opened (again)
        self._unopened: dict[str, Finding] = {}
        self._opening = threading.Lock()
        self._crew, self._state = Crew(self._on_fault), "new"
        self._watch = RecordingWatch(self._book, self.roster, self.alarms, listener)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._state == "running":
            self.stop()

    @property
    def begun(self) -> bool:
        """Whether `start` has made its files."""
        return self._state != "new"

    @property
    def path(self) -> Path:
        """The data file, once the recording has begun."""
        return self._disk.path

    def start(self, before: Iterable[Finding] = ()) -> None:
        """Begin to record; streams are opened as they are found.

        Parameters
        ----------
        before : iterable of Finding
            What the program found wrong before: it stands among the alarms and in the journal.

        Raises
        ------
        UsageError
            If it was started before.
        DeviceError
            If the files cannot be made.
        """
        if self._state != "new":
            raise UsageError(f"a recorder starts once; this one is {self._state}")
        self._begun = local_clock()
        self._disk = RecordingDisk(self._out, datetime.now(UTC), self.alarms)
        self._marks = MarkLog(earlier_marks(self._disk.path.parent))
        self._outlet = MarkerOutlet(self._marker_name, f"arousal-markers-{platform.node()}")
        self._seen[self._outlet.info.uid] = float("inf")
        self._marker_number = self._disk.tape.begin(self._outlet.info, self._outlet.xml)
        self._watch.begin(self._disk, self._marker_number, self._planned)
        self._disk.note(
            "start",
            sync=True,
            file=self._disk.path.name,
            started=datetime.now(UTC).isoformat(),
            arousal=__version__,
            python=platform.python_version(),
            host=platform.node(),
            run=run_of_computer(),
            free=self._disk.guard.free,
            reserve=self._disk.guard.holds,
            markers=self._outlet.info.name,
            stream=self._marker_number,
            header=self._outlet.xml,
        )
        self.alarms.update("before", before)
        self._finder = Finder()
        self._crew.add("find", self._find, FIND)
        self._drainer = self._crew.add("drain", self._drain, DRAIN, replaceable=True)
        self._writer = self._crew.add("write", self._disk.write, WRITE)
        self._crew.add("sync", self._sync, SYNC)
        self._crew.add("watch", self._look, WATCH)
        self._state = "running"
        self._crew.start()

    def mark(self, text: str) -> PlacedMark:
        """Set a mark now.

        Parameters
        ----------
        text : str
            A mark in the words of `arousal.marks`. With ``id=`` of one's own it may be sent again
            without harm: the first one counts.

        Raises
        ------
        DataError
            If the text breaks the grammar.
        UsageError
            If there is no recording, the text is empty or has several lines, or it undoes what does
            not exist.
        """
        stamp, utc = local_clock(), time.time()
        if self._state != "running":
            raise UsageError("there is no recording to mark", where="mark")
        if not text.strip() or len(text.splitlines()) > 1:
            raise UsageError(f"a mark is one line of text, not {text!r}", where="mark")
        if (known := self._marks.repeated(text)) is not None:
            return known
        mark = self._marks.next(text)
        line = str(mark)
        self._outlet.push(line, stamp)
        values = np.array([[line]], dtype=object)
        self._disk.tape.samples(self._marker_number, values, np.array([stamp]))
        on_disk = self._disk.note("mark", sync=True, text=line, stamp=stamp)
        self._marks.place(placed := PlacedMark(mark, stamp, utc, on_disk))
        return placed

    def undo(self, of: str = "") -> PlacedMark:
        """Take a mark back, by a mark of its own; without ``of`` the newest one that stands."""
        return self.mark(f"undo of={of}" if of else "undo")

    def withdraw(self, person: str) -> tuple[int, ...]:
        """Close the streams of somebody who withdraws, at once and for good; see `leaving`.

        What was written before stays until `arousal.forget` rewrites the file.

        Parameters
        ----------
        person : str
            Pseudonym of the session file.

        Returns
        -------
        tuple of int
            Numbers of the streams that were closed.

        Raises
        ------
        UsageError
            If nothing is recorded, or a stream carries other people's channels as well.
        """
        if self._state != "running":
            raise UsageError("there is no recording to withdraw from", where="withdraw")
        roster = self.roster.without(person)
        check_alone(self._book.live(), roster, person)
        with self._opening:
            self.roster = roster
            closed = drop(self._book.live(), roster, self._disk.tape, local_clock())
        self._watch.hold_against(roster)
        self._disk.note("withdrawn", sync=True, closed=list(closed))
        return closed

    def health(self) -> tuple[StreamHealth, ...]:
        """Return the newest reading of every stream, at most 0.5 s old, with what is wrong."""
        return self._watch.readings

    def stop(self) -> RecordingSummary:
        """End the recording, close the file, read it back.

        Returns
        -------
        RecordingSummary
            How many samples of each stream arrived and how many are on the disk.

        Raises
        ------
        UsageError
            If nothing is being recorded.
        """
        if self._state != "running":
            raise UsageError(f"there is no recording to stop; it is {self._state}")
        self._state = "stopping"
        for worker in (w for w in self._crew.workers if w.name != "write"):
            worker.request_stop()
        time.sleep(GRACE)
        self._drainer.stop(1.0)
        self._drain(PATIENCE)
        self._watch.write_offsets(final=True)
        # Every other thread is done with the tape once these have ended.
        stuck = [worker.name for worker in self._crew.workers if not worker.stop(2.0)]
        own, seconds = (self._marker_number, self._outlet.info), local_clock() - self._begun
        summary = close_recording(self._disk, own, self._book.segments, seconds, stuck)
        self._state = "stopped"
        threading.Thread(target=self._hang_up, daemon=True).start()
        return summary

    def _hang_up(self) -> None:
        self._outlet.close()
        self._finder.close()
        for segment in self._book.segments:
            segment.inlet.close()

    # ------------------------------------------------------------------ worker steps

    def _find(self) -> None:
        now = time.monotonic()
        for sighting in self._finder.sightings():
            if self._seen.get(sighting.uid, 0.0) > now:
                continue
            self._seen[sighting.uid] = float("inf")
            threading.Thread(target=self._open, args=(sighting,), daemon=True).start()

    def _open(self, sighting: Sighting) -> None:
        try:
            if self.roster.withdrew(sighting.info):
                return
            if reason := self.roster.refusal(sighting.info):
                self._refuse(sighting, reason)
                return
            inlet = Inlet(sighting)
        except ArousalError as error:
            self._refuse(sighting, str(error))
            self._seen[sighting.uid] = time.monotonic() + RETRY_OPENING
            return
        self._unopened.pop(sighting.uid, None)
        segment = self._enter(inlet)
        if segment is not None and inlet.info.is_text:
            heed(segment, self._take, self._writer.wake, self._crew, self._on_fault)

    def _refuse(self, sighting: Sighting, reason: str) -> None:
        if sighting.uid not in self._unopened:
            name = sighting.info.name
            self._unopened[sighting.uid] = Finding("stream-refused", reason, Severity.PROBLEM, name)
            self._disk.note("stream-refused", uid=sighting.uid, name=name, reason=reason)
        self.alarms.update("opening", tuple(self._unopened.values()))

    def _enter(self, inlet: Inlet) -> Segment | None:
        info, now = inlet.info, local_clock()
        with self._opening:
            if self._state != "running" or self.roster.withdrew(info):
                return None
            meter = Meter(info, self.roster.catalogue, now)
            number = self._disk.tape.begin(info, inlet.xml)
            segment = Segment(number, inlet, meter, self.roster.person(info), now)
            self._book.add(segment)
        self.alarms.update("opening", tuple(self._unopened.values()))
        self._disk.note(
            "stream-found" if segment.continues is None else "stream-back",
            stream=number,
            uid=info.uid,
            name=info.name,
            stream_type=info.type,
            source_id=info.source_id,
            hostname=info.hostname,
            rate=info.rate,
            person=segment.person,
            continues=segment.continues,
            header=inlet.xml,
        )
        return segment

    def _drain(self, patience: float = 0.0) -> None:
        now = local_clock()
        for segment in self._book.live():
            if segment.pulling.acquire(timeout=patience):
                try:
                    self._take(segment, segment.inlet.pull(), now)
                finally:
                    segment.pulling.release()
        self._writer.wake()

    def _take(self, segment: Segment, arrival: Arrival | None, now: float) -> None:
        if arrival is not None and not segment.dropped:  # see `leaving.drop`
            self._disk.tape.samples(segment.number, *arrival)
            segment.received += len(arrival.stamps)
            segment.inbox.append((now, arrival))
        if segment.inlet.lost and segment.alive:
            segment.ended = now
            self._disk.tape.end(segment.number)
            self._disk.note(
                "stream-lost", stream=segment.number, uid=segment.info.uid, samples=segment.received
            )

    def _sync(self) -> None:
        self._disk.sync()
        self._crew.check()  # who watches the watch

    def _look(self) -> None:
        self._leaving.look(self.roster.gone, self.withdraw)
        self.alarms.update("withdrawal", self._leaving.trouble)
        hang_up(self._book.segments)
        self._watch.step()
        self._crew.check()

    # ------------------------------------------------------------------ what goes wrong

    def _on_alarm(self, finding: Finding, on: bool) -> None:
        state = "on" if on else "off"
        self._disk.note(
            "alarm", state=state, code=finding.code, where=finding.where, message=finding.message
        )
        if self._tell is not None:
            self._tell(finding, on)

    def _on_fault(self, fault: Fault) -> None:
        self._disk.note("fault", worker=fault.worker, what=fault.what, detail=fault.detail)
        group = f"worker {fault.worker}"
        self.alarms.update(group, () if fault.what == "recovered" else (fault.finding,))
