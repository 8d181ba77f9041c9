"""Before the session: every stream on the network, opened and measured all the time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from arousal.errors import ArousalError
from arousal.findings import Finding, Severity
from arousal.ingest.devices import Catalogue
from arousal.ingest.lsl import Finder, Inlet, Sighting, local_clock
from arousal.ingest.raw import StreamInfo
from arousal.ingest.roster import Roster, announced_kinds
from arousal.ingest.stream_health import Meter, State, StreamHealth
from arousal.recording import Kind

__all__ = ["Lookout"]

DRAIN = 0.1
LOOK_EVERY = 5
"""Drains between two looks for new streams."""
RETRY = 2.0
"""Seconds after which a stream that did not open is tried again."""
KEEP_LOST = 30.0
"""Seconds for which a stream that has gone stays in the list."""


class Lookout:
    """Watch the network in a thread of its own, without recording.

    Parameters
    ----------
    catalogue : Catalogue
        Device rules.
    ignore : str
        Name of the stream of our own marks.
    """

    def __init__(self, catalogue: Catalogue, ignore: str = "") -> None:
        self._catalogue, self._ignore = catalogue, ignore
        self._lock = threading.Lock()
        self._open: list[tuple[Inlet, Meter]] = []
        self._gone: dict[str, float] = {}
        self._seen: dict[str, float] = {}  # uid -> when it may be opened (again)
        self._failed: dict[str, Finding] = {}
        self._checked_for: tuple[Roster | None, tuple[StreamInfo, ...]] = (None, ())
        self._checked: tuple[Finding, ...] = ()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        finder, turn = Finder(), 0
        while not self._stop.wait(DRAIN):
            if turn % LOOK_EVERY == 0:
                self._look(finder)
            turn += 1
            self._drain()
        finder.close()

    def _look(self, finder: Finder) -> None:
        now = time.monotonic()
        for sighting in finder.sightings():
            if self._seen.get(sighting.uid, 0.0) < now and sighting.info.name != self._ignore:
                self._seen[sighting.uid] = float("inf")
                threading.Thread(target=self._enter, args=(sighting,), daemon=True).start()

    def _enter(self, sighting: Sighting) -> None:
        try:
            inlet = Inlet(sighting)
        except ArousalError as error:
            name = sighting.info.name
            self._failed[sighting.uid] = Finding(
                "stream-refused", error.message, Severity.PROBLEM, name, error.hint
            )
            self._seen[sighting.uid] = time.monotonic() + RETRY
            return
        self._failed.pop(sighting.uid, None)
        with self._lock:
            self._open.append((inlet, Meter(inlet.info, self._catalogue, local_clock())))

    def _drain(self) -> None:
        with self._lock:
            streams = list(self._open)
        for inlet, meter in streams:
            if inlet.uid in self._gone:
                continue
            arrival = inlet.pull()
            if arrival is not None:
                meter.take(arrival, local_clock())
            if inlet.lost:
                self._gone[inlet.uid] = time.monotonic()
        old = {uid for uid, at in self._gone.items() if at < time.monotonic() - KEEP_LOST}
        if old:
            with self._lock:
                self._open = [pair for pair in self._open if pair[0].uid not in old]
            self._gone = {uid: at for uid, at in self._gone.items() if uid not in old}

    def readings(self, person: Callable[[StreamInfo], str | None]) -> tuple[StreamHealth, ...]:
        """Return a reading of every stream, by name; ``person`` says who wears one."""
        now = local_clock()
        with self._lock:
            streams = list(self._open)
        found = []
        for inlet, meter in streams:
            ended = State.LOST if inlet.lost else None
            offset = None if inlet.lost else inlet.offset()
            found.append(meter.read(0, now, offset, person=person(inlet.info), ended=ended))
        return tuple(sorted(found, key=lambda r: (r.info.name, r.info.uid)))

    def kinds(self, reading: StreamHealth) -> tuple[Kind, ...]:
        """Kinds as measured, or as announced where nothing arrived yet."""
        return reading.kinds or announced_kinds(reading.info, self._catalogue)

    def findings(self, roster: Roster, readings: Iterable[StreamHealth]) -> tuple[Finding, ...]:
        """Return all that is wrong: streams that did not open, their health, the roster's check."""
        readings = tuple(readings)
        infos = tuple(r.info for r in readings if r.state is not State.LOST)
        # Slow, and asked twice a second: checked anew only when something has changed.
        if roster is not self._checked_for[0] or infos != self._checked_for[1]:
            self._checked_for, self._checked = (roster, infos), roster.check(infos)
        return (*self.failed, *(f for r in readings for f in r.findings), *self._checked)

    @property
    def failed(self) -> tuple[Finding, ...]:
        """Streams that were seen and did not open."""
        return tuple(self._failed.copy().values())

    def close(self) -> None:
        """Stop, and hang up on every stream."""
        self._stop.set()
        self._thread.join(3.0)
        with self._lock:
            for inlet, _ in self._open:
                inlet.close()
            self._open = []
