"""Which streams a recording has: one segment for each uid, and which segment continues which.

A strap that comes back has a new uid, so it is a new segment, and a new stream in the file. It
continues an earlier segment only if that one has the same announcement, is gone, and is the only
one that is: streams that were alive together are never joined.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from arousal.ingest.lsl import Arrival, Inlet, Offset
from arousal.ingest.raw import StreamInfo
from arousal.ingest.stream_health import Meter, State, StreamHealth

__all__ = ["Segment", "StreamBook"]


@dataclass(slots=True, eq=False)
class Segment:
    """One stream from its opening to its end.

    Parameters
    ----------
    number : int
        Its id in the XDF file.
    inlet : Inlet
        Where its samples come from.
    meter : Meter
        Its health.
    person : str or None
        Who wears it, by the session file.
    opened : float
        In s on the LSL clock.
    continues : int or None
        Number of the segment before it.
    """

    number: int
    inlet: Inlet
    meter: Meter
    person: str | None
    opened: float
    continues: int | None = None
    continued: bool = False
    """Whether a later segment continues this one."""
    ended: float | None = None
    """When its sender was found gone, in s on the LSL clock."""
    dropped: bool = False
    """Whether it was closed because its wearer withdrew; nothing of it is taken any more."""
    pulling: threading.Lock = field(default_factory=threading.Lock)
    """Held by the thread that is inside liblsl for it."""
    received: int = 0
    """Samples pulled."""
    inbox: deque[tuple[float, Arrival]] = field(default_factory=deque)
    """Arrivals that the health has not looked at, each with its time on the LSL clock."""
    offset: Offset | None = None
    """The newest clock offset ..."""
    written: float | None = None
    """... and when the last one that is in the file was measured."""

    @property
    def info(self) -> StreamInfo:
        """Its announcement."""
        return self.inlet.info

    @property
    def alive(self) -> bool:
        """Whether its sender is there."""
        return self.ended is None

    def health(self, now: float) -> StreamHealth:
        """Take a reading, with what is wrong."""
        state = None if self.alive else State.REPLACED if self.continued else State.LOST
        return self.meter.read(self.number, now, self.offset, person=self.person, ended=state)


class StreamBook:
    """All segments of a recording; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._segments: tuple[Segment, ...] = ()

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Every segment, in the order of opening."""
        return self._segments

    def live(self) -> tuple[Segment, ...]:
        """Segments whose sender is there."""
        return tuple(segment for segment in self._segments if segment.alive)

    def add(self, segment: Segment) -> None:
        """Enter a new segment and find out which one it continues (`Segment.continues`)."""
        with self._lock:
            gone = [
                old
                for old in self._segments
                if not (old.alive or old.dropped or old.continued)
                and _alike(old.info, segment.info)
            ]
            if len(gone) == 1:
                segment.continues = gone[0].number
                gone[0].continued = True
                segment.person = segment.person or gone[0].person
            self._segments = (*self._segments, segment)


def _alike(a: StreamInfo, b: StreamInfo) -> bool:
    return (a.name, a.type, a.source_id, a.hostname, a.channels, a.rate, a.format) == (
        b.name,
        b.type,
        b.source_id,
        b.hostname,
        b.channels,
        b.rate,
        b.format,
    )
