"""Follow one stream as its samples arrive, and take readings of its health."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from arousal.ingest.devices import Catalogue, Match
from arousal.ingest.lsl import Arrival, Offset
from arousal.ingest.raw import RawStream, StreamInfo
from arousal.ingest.stream_rules import SELDOM, WINDOW, State, StreamHealth, judge
from arousal.ingest.units import ARBITRARY, find_unit, to_kind
from arousal.recording import Kind

__all__ = ["Meter", "State", "StreamHealth", "judge"]

FloatArray = NDArray[np.float64]

SILENT_AFTER = 2.0
"""Seconds without a sample after which a stream with a rate is silent (an alarm within 3 s, also
on a computer that is busy: the watch looks every 0.5 s) ..."""
BEATLESS_AFTER = 2.4
"""... and one that sends when there is something, as beats: a slow heart that skips one pauses for
more than 2 s ..."""
SILENT_MOST = 15.0
"""... and the most that a stream with long pauses of its own is granted."""
UNIX_ERA = 1e9
"""Stamps beyond this are seconds since 1970, not a computer's up-time (which would be 31 years)."""
PLAUSIBLE = {
    Kind.ECG: (-20_000.0, 20_000.0),
    Kind.RR: (300.0, 2000.0),
    Kind.HR: (30.0, 220.0),
    Kind.EDA: (0.05, 60.0),
    Kind.TEMPERATURE: (20.0, 42.0),
    Kind.BATTERY: (10.0, 100.0),
}
"""Values of a worn sensor, in the kind's unit (EDA: Kleckner 2018)."""


@dataclass(frozen=True, slots=True)
class _Batch:
    at: float
    count: int
    invalid: int
    outside: int
    pause: float


class Meter:
    """Follow one stream.

    Parameters
    ----------
    info : StreamInfo
        Its announcement.
    catalogue : Catalogue
        Device rules, which say what its channels measure.
    opened : float
        When it was opened, in s on the LSL clock.
    """

    def __init__(self, info: StreamInfo, catalogue: Catalogue, opened: float) -> None:
        self._info, self._catalogue, self._opened = info, catalogue, opened
        self._batches: deque[_Batch] = deque()
        self._total = self._invalid = self._implausible = 0
        self._lock = threading.Lock()  # one thread takes samples, another may ask
        self._matches: tuple[Match, ...] = ()
        self._limited: tuple[tuple[Kind, int, str, tuple[float, float]], ...] = ()
        self._matched_with = 0
        self._last = opened
        self._arrived = False
        self._changed = opened
        self._row: NDArray[np.float64] | None = None
        self._stamp = -np.inf
        self._slow: deque[float] = deque([0.0], maxlen=20)
        self.samples = self.backward = self.repeated = 0
        self.unix_stamps = False

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What the channels measure, as far as recognised."""
        return tuple(dict.fromkeys(m.kind for m in self._matches if m.kind is not None))

    @property
    def patience(self) -> float:
        """Seconds of silence that are normal for this stream, from its rate and its own pauses."""
        rate = self._info.rate
        usual = max(SILENT_AFTER, 3.0 / rate) if rate else BEATLESS_AFTER
        return min(max(usual, 2.0 * max(self._slow)), SILENT_MOST)

    @property
    def _never_rests(self) -> bool:
        """Whether a pause means that something is wrong: not so for marks, levels, on/off."""
        if self._info.is_text or set(self.kinds) & SELDOM:
            return False
        return self._info.rate > 0 or bool(self.kinds)

    def take(self, arrival: Arrival, at: float) -> None:
        """Look at what arrived.

        Parameters
        ----------
        arrival : Arrival
            Samples and stamps.
        at : float
            When, in s on the LSL clock.
        """
        self.samples += len(arrival.stamps)
        self._stamps(arrival.stamps)
        pause = at - self._last
        if self._arrived:
            self._slow.append(pause)
        self._last, self._arrived = at, True
        invalid = outside = 0
        if not self._info.is_text:
            values = np.asarray(arrival.values, dtype=np.float64)
            self._recognise(values, arrival.stamps)
            self._flatness(values, at)
            invalid = int(np.count_nonzero(np.isnan(values).any(axis=1)))
            outside = self._outside(values)
        with self._lock:
            self._batches.append(_Batch(at, len(arrival.stamps), invalid, outside, pause))
            self._total += len(arrival.stamps)
            self._invalid += invalid
            self._implausible += outside
            self._forget(at)

    def _forget(self, now: float) -> None:
        """Drop what came before the window, and keep the sums, which are asked for all the time."""
        while self._batches and self._batches[0].at < now - WINDOW:
            old = self._batches.popleft()
            self._total -= old.count
            self._invalid -= old.invalid
            self._implausible -= old.outside

    def _stamps(self, stamps: FloatArray) -> None:
        steps = stamps[1:] - stamps[:-1]
        first = stamps[0] - self._stamp
        self.backward += int(np.count_nonzero(steps < 0)) + bool(first < 0)
        self.repeated += int(np.count_nonzero(steps == 0)) + bool(first == 0)
        self._stamp = float(stamps[-1])
        self.unix_stamps = self._stamp > UNIX_ERA

    def _recognise(self, values: FloatArray, stamps: FloatArray) -> None:
        # The values may tell what the announcement does not (s or ms): ask again as they come.
        if self.samples >= 2 * self._matched_with:
            self._matched_with = self.samples
            self._matches = self._catalogue.match(RawStream(self._info, values, stamps, stamps))
            self._limited = tuple(self._limits())

    def _limits(self) -> Iterator[tuple[Kind, int, str, tuple[float, float]]]:
        """Kind, channel, unit and plausible range of each channel that has one."""
        for match in self._matches:
            if match.kind is None or match.kind not in PLAUSIBLE:
                continue
            declared = self._info.units[match.channel] if match.trust_unit else ""
            unit = find_unit(match.kind, declared) or find_unit(match.kind, match.unit)
            if unit is not None and unit != ARBITRARY:
                yield match.kind, match.channel, unit, PLAUSIBLE[match.kind]

    def _flatness(self, values: FloatArray, at: float) -> None:
        used = [m.channel for m in self._matches if m.kind is not None]
        rows = values[:, used] if used else values
        first = self._row if self._row is not None and self._row.size == rows.shape[1] else rows[0]
        if (rows != first).any():  # NaN differs from itself: it is counted as invalid, not as flat
            self._changed = at
        self._row = rows[-1].copy()

    def _outside(self, values: FloatArray) -> int:
        if not self._limited:
            return 0
        outside = np.zeros(len(values), dtype=bool)
        for kind, channel, unit, (low, high) in self._limited:
            scaled = to_kind(kind, unit, values[:, channel])
            outside |= (scaled < low) | (scaled > high)
        return int(np.count_nonzero(outside))

    def read(
        self,
        number: int,
        now: float,
        offset: Offset | None,
        *,
        person: str | None = None,
        ended: State | None = None,
    ) -> StreamHealth:
        """Take a reading, and judge it.

        Parameters
        ----------
        number : int
            The stream's id in the file.
        now : float
            In s on the LSL clock.
        offset : Offset or None
            The newest clock offset.
        person : str or None
            Who wears it.
        ended : State or None
            ``LOST`` or ``REPLACED`` if the sender is gone.
        """
        with self._lock:
            self._forget(now)
            rate, total = self._rate(), self._total or 1
            invalid, outside = self._invalid / total, self._implausible / total
            pause = max([batch.pause for batch in self._batches], default=0.0)
        age = now - self._last
        state = State.LIVE if self._arrived else State.WAITING
        if age > self.patience and self._never_rests:
            state = State.SILENT
        reading = StreamHealth(
            number,
            self._info,
            person,
            self.kinds,
            state if ended is None else ended,
            samples=self.samples,
            rate=rate,
            age=age,
            offset=None if offset is None else offset.value,
            offset_age=None if offset is None else now - (offset.measured + offset.value),
            flat=self._last - self._changed if self._arrived else 0.0,
            invalid=invalid,
            outside=outside,
            backward=self.backward,
            repeated=self.repeated,
            pause=pause,
            ahead=0.0 if offset is None else self._ahead(offset),
            unix_stamps=self.unix_stamps,
        )
        findings = judge(reading)
        return replace(reading, findings=findings) if findings else reading

    def _ahead(self, offset: Offset) -> float:
        return max(self._stamp + offset.value - self._last, 0.0) if self._arrived else 0.0

    def _rate(self) -> float | None:
        """Samples per second, from arrival to arrival, so that bursts do not bend it."""
        if len(self._batches) < 3:
            return None
        first, last = self._batches[0], self._batches[-1]
        lasted = last.at - first.at
        return (self._total - first.count) / lasted if lasted >= WINDOW / 4 else None
