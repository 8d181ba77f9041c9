"""The recorder's watch: health, clock offsets, the roster and the disk's forecast, on the side."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from arousal.findings import Finding, Severity
from arousal.ingest.alarms import AlarmBoard
from arousal.ingest.lsl import Arrival, Offset, local_clock
from arousal.ingest.raw import StreamInfo
from arousal.ingest.recording_disk import RecordingDisk
from arousal.ingest.roster import Roster
from arousal.ingest.stream_book import Segment, StreamBook
from arousal.ingest.stream_health import State, StreamHealth
from arousal.recording import Kind

__all__ = ["LiveSamples", "RecordingWatch"]

OFFSET_SECONDS = 5.0
"""Distance of the clock offsets in the data file."""
CLOCK_SECONDS = 10.0
"""Distance of the journal's clock lines."""
DISK_SECONDS = 10.0
"""Distance of the forecasts of the disk's room."""
ROSTER_GRACE = 3.0
"""Seconds after the start before somebody is called missing."""


@dataclass(frozen=True, slots=True, eq=False)
class LiveSamples:
    """Samples for a listener, a fraction of a second old.

    Parameters
    ----------
    number : int
        The stream's id in the file.
    info : StreamInfo
        Its announcement.
    person : str or None
        Who wears it.
    kinds : tuple of Kind
        What it measures, as far as recognised.
    arrival : Arrival
        Values and stamps as they came.
    offset : float
        Seconds to add to the stamps for this computer's LSL clock; NaN while unknown.
    """

    number: int
    info: StreamInfo
    person: str | None
    kinds: tuple[Kind, ...]
    arrival: Arrival
    offset: float


class RecordingWatch:
    """Look after the streams of one recording.

    Parameters
    ----------
    book : StreamBook
        The streams.
    roster : Roster
        Who should be there.
    alarms : AlarmBoard
        Where to tell what is wrong.
    listener : callable or None
        Told of what arrived.
    """

    def __init__(
        self,
        book: StreamBook,
        roster: Roster,
        alarms: AlarmBoard,
        listener: Callable[[LiveSamples], None] | None,
    ) -> None:
        self._book, self._roster, self._alarms, self._listener = book, roster, alarms, listener
        self._looked: tuple[StreamHealth, ...] = ()
        self._silent: set[int] = set()
        self._roster_for: tuple[str, ...] | None = None

    def begin(self, disk: RecordingDisk, markers: int, planned: float) -> None:
        """Take up the watch over a recording that writes to ``disk``."""
        self._disk, self._markers, self._planned = disk, markers, planned
        self._began = time.monotonic()
        self._due = {"offsets": self._began, "clock": self._began, "disk": self._began + 1.0}

    @property
    def readings(self) -> tuple[StreamHealth, ...]:
        """What the last look found, in the order of opening, without streams dropped since."""
        dropped = {s.number for s in self._book.segments if s.dropped}
        return tuple(r for r in self._looked if r.number not in dropped)

    def hold_against(self, roster: Roster) -> None:
        """Take a changed roster: somebody withdrew, and no alarm names their streams any more."""
        self._roster, self._roster_for = roster, None
        self._alarms.update("streams", [f for r in self.readings for f in r.findings])

    def step(self) -> None:
        """Look once: the step of the ``watch`` worker."""
        now = local_clock()
        for segment in self._book.segments:
            self._listen(segment)
        if self._is_due("offsets", 1.0):
            self.write_offsets()
        if self._is_due("clock", CLOCK_SECONDS):
            self._disk.note("clock")
        self._look_at_disk()
        self._looked = tuple(s.health(now) for s in self._book.segments if not s.dropped)
        self._note_silence()
        self._alarms.update("streams", [f for r in self.readings for f in r.findings])
        self._check_roster()

    def _look_at_disk(self) -> None:
        if self._disk.check_room() and self._is_due("disk", DISK_SECONDS):
            infos = [segment.info for segment in self._book.live()]
            left = max(self._planned - (time.monotonic() - self._began), 0.0)
            self._disk.look(infos, left)
            self._disk.note("disk", free=self._disk.guard.free)

    def _is_due(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._due[what]:
            return False
        self._due[what] = max(self._due[what] + seconds, now)
        return True

    def _listen(self, segment: Segment) -> None:
        batch: list[tuple[float, Arrival]] = []
        while segment.inbox:
            batch.append(segment.inbox.popleft())
        if not batch:
            return
        last = batch[-1][0]
        values = np.concatenate([arrival.values for _, arrival in batch])
        arrival = Arrival(values, np.concatenate([arrival.stamps for _, arrival in batch]))
        segment.meter.take(arrival, last)
        if self._listener is None:
            return
        offset = float("nan") if segment.offset is None else segment.offset.value
        live = LiveSamples(
            segment.number, segment.info, segment.person, segment.meter.kinds, arrival, offset
        )
        try:
            self._listener(live)
        except Exception as error:  # noqa: BLE001 - a page's mistake must not end the watch
            self._listener = None
            self._disk.note("fault", worker="listener", what="raised", detail=repr(error))
            text = f"the live display failed and is cut off: {error!r}"
            self._alarms.update(
                "listener", (Finding("listener-failed", text, Severity.WARNING, "live display"),)
            )

    def write_offsets(self, *, final: bool = False) -> None:
        """Measure every stream's clock offset; every 5 s (or if ``final``) it goes to the file."""
        for segment in self._book.live():
            segment.offset = segment.inlet.offset() or segment.offset
            if segment.offset is not None and _is_news(segment, segment.offset, final):
                segment.written = segment.offset.measured
                self._disk.tape.offset(
                    segment.number, segment.offset.measured, segment.offset.value
                )
        now = time.monotonic()
        if final or now >= self._due.setdefault("markers", now):
            # Marks are stamped by this computer's own clock.
            self._disk.tape.offset(self._markers, local_clock(), 0.0)
            self._due["markers"] = now + OFFSET_SECONDS

    def _note_silence(self) -> None:
        silent = {r.number for r in self.readings if r.state is State.SILENT}
        for number in sorted(silent ^ self._silent):
            state = "begins" if number in silent else "ends"
            self._disk.note("silence", stream=number, state=state)
        self._silent = silent

    def _check_roster(self) -> None:
        if time.monotonic() < self._began + ROSTER_GRACE:
            return
        infos: list[StreamInfo] = [segment.info for segment in self._book.live()]
        present = tuple(info.uid for info in infos)
        if present != self._roster_for:
            self._roster_for = present
            self._alarms.update("roster", self._roster.check(infos))


def _is_news(segment: Segment, offset: Offset, final: bool) -> bool:
    if segment.written is None:
        return True
    since = offset.measured - segment.written
    # liblsl measures about every 2 s: the newest that is nearest to 5 s after the last.
    return since > 0 and (final or since > OFFSET_SECONDS - 1.0)
