"""Is a stream all right? Measured from what arrives, judged by rules that are listed here.

A `Meter` follows one stream; `StreamHealth` is its frozen reading; `judge` turns a reading into
findings a person can act on. liblsl's own idea of "connected" is not used: a strap that is out of
range, a bridge that hangs and a sender whose computer froze all look connected.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from arousal.findings import Finding, Severity
from arousal.ingest.devices import Catalogue, Match
from arousal.ingest.lsl import Arrival, Offset
from arousal.ingest.raw import RawStream, StreamInfo
from arousal.ingest.units import ARBITRARY, find_unit, to_kind
from arousal.recording import Kind

__all__ = ["Meter", "State", "StreamHealth", "judge"]

FloatArray = NDArray[np.float64]

WINDOW = 10.0
"""Seconds over which rate, NaN and range are measured."""
SILENT_AFTER = 2.4
"""Seconds without a sample after which a stream is silent (an alarm within 3 s) ..."""
SILENT_MOST = 15.0
"""... and the most that a stream with long pauses of its own is granted."""
RATE_TOLERANCE = 0.10
"""A measured rate may differ from the declared one by this share."""
STALE_OFFSET = 15.0
"""Seconds after which a clock offset is old (liblsl measures about every 2 s)."""
UNIX_ERA = 1e9
"""Stamps beyond this are seconds since 1970, not a computer's up-time (which would be 31 years)."""
FLAT_SECONDS = {
    Kind.ECG: 3.0,
    Kind.PPG: 3.0,
    Kind.RESPIRATION: 10.0,
    Kind.RR: 20.0,
    Kind.EDA: 30.0,
    Kind.TEMPERATURE: 600.0,
    Kind.ACCELERATION: 60.0,
}
"""Seconds of one unchanging value that no living, worn sensor gives (EDA: settings.flat_seconds;
RR: a strap's bridge repeats the last interval when the strap is gone)."""
PLAUSIBLE = {
    Kind.ECG: (-20_000.0, 20_000.0),
    Kind.RR: (300.0, 2000.0),
    Kind.HR: (30.0, 220.0),
    Kind.EDA: (0.05, 60.0),
    Kind.TEMPERATURE: (20.0, 42.0),
    Kind.BATTERY: (10.0, 100.0),
}
"""Values of a worn sensor, in the kind's unit (EDA: Kleckner 2018)."""


_SELDOM = {Kind.BATTERY, Kind.SPEECH}
_MAY_REST = {Kind.HR, *_SELDOM}
"""Kinds whose value may stay the same for long."""


class State(StrEnum):
    """Whether a stream lives."""

    WAITING = "waiting"
    """Open, and nothing has arrived yet."""
    LIVE = "live"
    SILENT = "silent"
    """Its sender answers, but no samples come."""
    LOST = "lost"
    """Its sender is gone, and nothing has taken its place."""
    REPLACED = "replaced"
    """Its sender is gone, and a later stream continues it."""


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """One stream at one moment.

    Parameters
    ----------
    number : int
        Its id in the XDF file.
    info : StreamInfo
        Its announcement.
    person : str or None
        Who wears it, by the session file.
    kinds : tuple of Kind
        What its channels measure, as far as recognised.
    state : State
        Whether it lives.
    samples : int
        Received so far.
    rate : float or None
        Samples per second over the last 10 s, by arrival; ``None`` while unknown.
    age : float
        Seconds since the last sample (or since it was opened).
    offset, offset_age : float or None
        Clock offset to its sender, and how long ago it was measured, in s.
    flat : float
        Seconds since any value changed.
    invalid, outside : float
        Share of the last 10 s that is NaN, or not plausible for its kind.
    backward, repeated : int
        Stamps so far that lay before, or exactly on, the one before.
    pause : float
        Longest time between two arrivals in the last 10 s, in s: how bursty it is.
    unix_stamps : bool
        Whether stamps are seconds since 1970 instead of the LSL clock.
    """

    number: int
    info: StreamInfo
    person: str | None = None
    kinds: tuple[Kind, ...] = ()
    state: State = State.WAITING
    samples: int = 0
    rate: float | None = None
    age: float = 0.0
    offset: float | None = None
    offset_age: float | None = None
    flat: float = 0.0
    invalid: float = 0.0
    outside: float = 0.0
    backward: int = 0
    repeated: int = 0
    pause: float = 0.0
    unix_stamps: bool = False
    findings: tuple[Finding, ...] = field(default=())
    """What is wrong, by `judge`; empty if all is well."""

    @property
    def title(self) -> str:
        """Person and name, for a line a person reads."""
        return " ".join(part for part in (self.person, self.info.name) if part)


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
        self._matches: tuple[Match, ...] = ()
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
        periods = 3.0 / self._info.rate if self._info.rate else 0.0
        return min(max(SILENT_AFTER, periods, 2.0 * max(self._slow)), SILENT_MOST)

    @property
    def _never_rests(self) -> bool:
        """Whether a pause means that something is wrong: not so for marks, levels, on/off."""
        if self._info.is_text or set(self.kinds) & _SELDOM:
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
            invalid = int(np.isnan(values).any(axis=1).sum())
            outside = self._outside(values)
        self._batches.append(_Batch(at, len(arrival.stamps), invalid, outside, pause))
        while self._batches[0].at < at - WINDOW:
            self._batches.popleft()

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

    def _flatness(self, values: FloatArray, at: float) -> None:
        used = [m.channel for m in self._matches if m.kind is not None]
        rows = values[:, used] if used else values
        first = self._row if self._row is not None and self._row.size == rows.shape[1] else rows[0]
        if (rows != first).any():  # NaN differs from itself: it is counted as invalid, not as flat
            self._changed = at
        self._row = rows[-1].copy()

    def _outside(self, values: FloatArray) -> int:
        outside = np.zeros(len(values), dtype=bool)
        for match in self._matches:
            limits = PLAUSIBLE.get(match.kind) if match.kind is not None else None
            if match.kind is None or limits is None:
                continue
            own = values[:, match.channel]
            declared = self._info.units[match.channel] if match.trust_unit else ""
            unit = find_unit(match.kind, declared) or find_unit(match.kind, match.unit)
            if unit is None or unit == ARBITRARY:
                continue
            scaled = to_kind(match.kind, unit, own)
            outside |= (scaled < limits[0]) | (scaled > limits[1])
        return int(outside.sum())

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
        recent = [batch for batch in self._batches if batch.at >= now - WINDOW]
        total = sum(batch.count for batch in recent) or 1
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
            rate=_rate(recent),
            age=age,
            offset=None if offset is None else offset.value,
            offset_age=None if offset is None else now - (offset.measured + offset.value),
            flat=self._last - self._changed if self._arrived else 0.0,
            invalid=sum(batch.invalid for batch in recent) / total,
            outside=sum(batch.outside for batch in recent) / total,
            backward=self.backward,
            repeated=self.repeated,
            pause=max((batch.pause for batch in recent), default=0.0),
            unix_stamps=self.unix_stamps,
        )
        findings = judge(reading)
        return replace(reading, findings=findings) if findings else reading


def _rate(batches: list[_Batch]) -> float | None:
    """Samples per second, from arrival to arrival, so that bursts do not bend it."""
    if len(batches) < 3 or batches[-1].at - batches[0].at < WINDOW / 4:
        return None
    return sum(batch.count for batch in batches[1:]) / (batches[-1].at - batches[0].at)


def judge(health: StreamHealth) -> tuple[Finding, ...]:
    """Say what is wrong with a stream.

    Parameters
    ----------
    health : StreamHealth
        A reading.

    Returns
    -------
    tuple of Finding
        The gravest first; empty if all is well. Problems are alarms.
    """
    if health.state is State.REPLACED:
        return ()
    if health.state is State.LOST:
        text, hint = "its sender is gone", "is the bridge running, its computer awake, in range?"
        severity = Severity.WARNING if health.info.is_text else Severity.PROBLEM
        return (_finding("stream-lost", text, health, hint, severity),)
    if health.info.is_text:
        return ()
    if health.state is State.SILENT:
        text = f"no data for {health.age:.0f} s"
        hint = "check battery and distance; is the sensor still worn?"
        return (_finding("stream-silent", text, health, hint),)
    return (*_about_values(health), *_about_time(health))


def _about_values(health: StreamHealth) -> list[Finding]:
    found = []
    limit = min((FLAT_SECONDS[k] for k in health.kinds if k in FLAT_SECONDS), default=60.0)
    if health.flat >= limit and health.kinds and not set(health.kinds) <= _MAY_REST:
        text = f"the same value for {health.flat:.0f} s"
        hint = "press the electrodes, or wear the sensor again"
        found.append(_finding("flat-line", text, health, hint))
    if health.invalid > 0.1:
        text = f"{health.invalid:.0%} of the last {WINDOW:.0f} s is not a number"
        found.append(_finding("values-invalid", text, health, "check the sensor's contact"))
    if health.outside > 0.1:
        text = f"{health.outside:.0%} of the last {WINDOW:.0f} s is not plausible"
        hint = "check contact and the unit that the bridge declares"
        found.append(_finding("values-outside", text, health, hint, Severity.WARNING))
    return found


def _about_time(health: StreamHealth) -> list[Finding]:
    found = []
    declared, rate = health.info.rate, health.rate
    beats = bool(health.kinds) and set(health.kinds) <= {Kind.RR, Kind.HR}
    if beats and declared:
        text = f"declared {declared:.3g} samples/s, but beats come when they come"
        found.append(_finding("rate-of-beats", text, health, "", Severity.NOTE))
    elif declared and rate is not None and abs(rate / declared - 1) > RATE_TOLERANCE:
        text = f"{rate:.3g} samples/s arrive, declared {declared:.3g}"
        hint = "samples are lost on the way, or the bridge declares a wrong rate"
        found.append(_finding("rate-off", text, health, hint, Severity.WARNING))
    if health.offset_age is not None and health.offset_age > STALE_OFFSET:
        text = f"its clock was last measured {health.offset_age:.0f} s ago"
        hint = "its computer does not answer: is UDP blocked, or is it frozen?"
        found.append(_finding("clock-stale", text, health, hint, Severity.WARNING))
    if health.unix_stamps:
        text = "stamps are seconds since 1970, not the LSL clock; they are repaired on reading"
        found.append(_finding("stamps-unix", text, health, "", Severity.NOTE))
    if health.backward:
        text = f"{health.backward} stamps ran backward"
        found.append(_finding("stamps-backward", text, health, "", Severity.WARNING))
    if health.repeated > 0.5 * health.samples > 5:
        text = f"{health.repeated} of {health.samples} stamps repeat the one before (packets)"
        found.append(_finding("stamps-repeat", text, health, "", Severity.NOTE))
    return found


def _finding(
    code: str,
    text: str,
    health: StreamHealth,
    hint: str,
    severity: Severity = Severity.PROBLEM,
) -> Finding:
    return Finding(code, text, severity, health.title, hint)
