"""What is on the network, measured for a few seconds: the answer to "does it work?"."""

from __future__ import annotations

import threading
import time

from arousal.errors import ArousalError
from arousal.findings import Finding, Severity
from arousal.ingest.devices import Catalogue
from arousal.ingest.lsl import Finder, Inlet, Sighting, local_clock
from arousal.ingest.lsl_config import settle
from arousal.ingest.roster import Roster, announced_kinds
from arousal.ingest.stream_health import Meter, State, StreamHealth
from arousal.recording import Kind

__all__ = ["Survey", "survey"]

DRAIN = 0.08
LOOK_SECONDS = 2.0


class Survey:
    """Streams found and measured; see `survey`.

    Attributes
    ----------
    readings : tuple of StreamHealth
        One per stream, by name.
    kinds : dict of str to tuple of Kind
        uid -> kinds, as measured, or as announced where nothing arrived.
    findings : tuple of Finding
        About liblsl's configuration, the streams together, and those that did not open.
    """

    def __init__(
        self,
        readings: tuple[StreamHealth, ...],
        kinds: dict[str, tuple[Kind, ...]],
        findings: tuple[Finding, ...],
    ) -> None:
        self.readings, self.kinds, self.findings = readings, kinds, findings


class _Surveyor:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self.open: list[tuple[Inlet, Meter]] = []
        self.failed: list[Finding] = []
        self._seen: set[str] = set()

    def look(self, finder: Finder) -> None:
        for sighting in finder.sightings():
            if sighting.uid not in self._seen:
                self._seen.add(sighting.uid)
                threading.Thread(target=self._open, args=(sighting,), daemon=True).start()

    def _open(self, sighting: Sighting) -> None:
        try:
            inlet = Inlet(sighting)
        except ArousalError as error:
            name = sighting.info.name
            self.failed.append(Finding("stream-refused", str(error), Severity.PROBLEM, name))
            return
        with self._lock:
            self.open.append((inlet, Meter(inlet.info, self._catalogue, local_clock())))

    def drain(self) -> None:
        for inlet, meter in list(self.open):
            arrival = inlet.pull()
            if arrival is not None:
                meter.take(arrival, local_clock())


def survey(roster: Roster, seconds: float = 5.0) -> Survey:
    """Open every stream of the LSL session and measure it.

    Parameters
    ----------
    roster : Roster
        Device rules, and who should be there.
    seconds : float
        How long to measure, after 2 s of looking.

    Returns
    -------
    Survey
        Readings with what is wrong.
    """
    config = settle()
    finder, surveyor = Finder(), _Surveyor(roster.catalogue)
    begun = time.monotonic()
    while time.monotonic() < begun + LOOK_SECONDS + seconds:
        surveyor.look(finder)
        surveyor.drain()
        time.sleep(DRAIN)
    now = local_clock()
    readings = []
    kinds: dict[str, tuple[Kind, ...]] = {}
    for inlet, meter in surveyor.open:
        person, ended = roster.person(inlet.info), State.LOST if inlet.lost else None
        readings.append(meter.read(0, now, inlet.offset(), person=person, ended=ended))
        kinds[inlet.uid] = meter.kinds or announced_kinds(inlet.info, roster.catalogue)
    for inlet, _ in surveyor.open:
        inlet.close()
    present = [reading.info for reading in readings if reading.state is not State.LOST]
    findings = (*config, *surveyor.failed, *roster.check(present))
    ordered = sorted(readings, key=lambda r: (r.info.name, r.info.uid))
    return Survey(tuple(ordered), kinds, findings)
