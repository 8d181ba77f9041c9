"""The nouns: who was measured, with what, and what was marked, all on one clock.

A `Recording` holds `Person` s under pseudonyms, each with several `Signal` s, and the raw
`Event` s of the session. Times are seconds since the recording's zero, on one clock. Nothing here
fills or smooths: where a device was silent the times jump, and `Signal.segments` finds the jumps.
All classes are frozen and own read-only numpy arrays; a change is a new object
(`dataclasses.replace`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import DataError
from arousal.findings import Finding

__all__ = ["Event", "Kind", "Person", "Recording", "Signal", "Source", "UnknownStream"]

FloatArray = NDArray[np.float64]

PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
PSEUDONYM_RULE = "1-32 letters, digits, _ or -, no spaces, no @, like P04"
GROUP_NAMES = frozenset({"members", "leaders", "group"})
"""What tables write in place of a pseudonym where a row is about several people."""

GAP_PERIODS = 3.0
"""A regular signal has a gap where a step exceeds this many sampling periods ..."""
GAP_SECONDS = 1.0
"""... and at least this long (streams.md: gap = max(3 periods, 1 s))."""
BEAT_SLACK = 0.15
"""Inter-beat intervals are contiguous where the step between two beat times agrees with the
interval to this fraction (or 50 ms, whichever is larger); Bluetooth straps quantise at 1/1024 s
and E4 at 1/64 s, a missed beat is off by 100 %."""


class Kind(StrEnum):
    """What a signal measures; the value is the name used in tables and files."""

    ECG = "ecg"
    PPG = "ppg"
    RR = "rr"
    HR = "hr"
    EDA = "eda"
    TEMPERATURE = "temperature"
    RESPIRATION = "respiration"
    ACCELERATION = "acceleration"
    SPEECH = "speech"
    BATTERY = "battery"

    @property
    def unit(self) -> str:
        """The unit in which a `Signal` of this kind carries its values."""
        return _UNITS[self]

    @property
    def label(self) -> str:
        """The name a person reads."""
        return _LABELS[self]


_UNITS = {
    Kind.ECG: "uV",
    Kind.PPG: "a.u.",
    Kind.RR: "ms",
    Kind.HR: "bpm",
    Kind.EDA: "uS",
    Kind.TEMPERATURE: "degC",
    Kind.RESPIRATION: "a.u.",
    Kind.ACCELERATION: "g",
    Kind.SPEECH: "fraction",
    Kind.BATTERY: "%",
}
_LABELS = {
    Kind.ECG: "electrocardiogram",
    Kind.PPG: "pulse wave",
    Kind.RR: "inter-beat intervals",
    Kind.HR: "heart rate as the device computed it",
    Kind.EDA: "skin conductance",
    Kind.TEMPERATURE: "skin temperature",
    Kind.RESPIRATION: "breathing",
    Kind.ACCELERATION: "movement",
    Kind.SPEECH: "own speech",
    Kind.BATTERY: "battery",
}


def _frozen_array(values: ArrayLike) -> FloatArray:
    array = np.array(values, dtype=np.float64, copy=None)
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """One measured quantity of one person.

    Parameters
    ----------
    kind : Kind
        What is measured; the unit of ``values`` is ``kind.unit``.
    values : ndarray, shape (n,) or (n, channels)
        Samples in ``kind.unit`` (RR: interval in ms that *ends* at ``times``). NaN = invalid.
    times : ndarray, shape (n,)
        Seconds since the recording's zero, strictly increasing.
    rate : float or None
        Nominal samples per second; ``None`` for signals without one (RR, device HR).
    source : str
        Stream or file it came from, as the device named it.
    site : str or None
        Where the sensor sat (``"finger"``, ``"palm"``, ``"foot"``, ``"wrist"``, ``"chest"``).
    original_unit : str
        The unit as it arrived, where it was converted; empty where not.

    Raises
    ------
    DataError
        If shapes disagree, a time is not finite, times do not increase, or the rate is not
        positive.
    """

    kind: Kind
    values: FloatArray
    times: FloatArray
    rate: float | None = None
    source: str = ""
    site: str | None = None
    original_unit: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _frozen_array(self.values))
        object.__setattr__(self, "times", _frozen_array(self.times))
        name = f"{self.source or 'signal'} ({self.kind})"
        if self.times.ndim != 1 or self.values.shape[:1] != self.times.shape:
            raise DataError(
                f"{self.values.shape} values do not match {self.times.shape} times",
                where=name,
            )
        if self.values.ndim > 2:
            raise DataError(
                f"values have {self.values.ndim} dimensions, allowed 1 or 2", where=name
            )
        if self.rate is not None and not (np.isfinite(self.rate) and self.rate > 0):
            raise DataError(f"rate is {self.rate} Hz, allowed > 0", where=name)
        if not np.isfinite(self.times).all():
            raise DataError("some times are not finite", where=name)
        if self.times.size > 1 and not (np.diff(self.times) > 0).all():
            raise DataError("times do not increase strictly", where=name)

    def __len__(self) -> int:
        return int(self.times.size)

    def __repr__(self) -> str:
        rate = "irregular" if self.rate is None else f"{self.rate:g} Hz"
        return f"<Signal {self.kind} {len(self)} x {rate} from {self.source!r}>"

    @property
    def unit(self) -> str:
        """Unit of ``values``."""
        return self.kind.unit

    @property
    def onset(self) -> float:
        """Time of the first sample in seconds (NaN if empty)."""
        return float(self.times[0]) if self.times.size else float("nan")

    @property
    def end(self) -> float:
        """Time at which the last sample's period is over, in seconds (NaN if empty)."""
        if not self.times.size:
            return float("nan")
        return float(self.times[-1]) + (1.0 / self.rate if self.rate else 0.0)

    def segments(self) -> list[slice]:
        """Stretches without a gap, in order.

        A regular signal breaks where a step exceeds ``max(3 periods, 1 s)``. Inter-beat intervals
        break where the step between two beats disagrees with the interval itself (a beat was
        missed or the device was silent). Device HR breaks at steps over 10 s.

        Returns
        -------
        list of slice
            Index ranges into ``values`` and ``times``; empty for an empty signal.
        """
        if not self.times.size:
            return []
        steps = np.diff(self.times)
        if self.kind is Kind.RR:
            intervals = self.values[1:] / 1000.0
            breaks = ~(np.abs(steps - intervals) <= np.maximum(0.05, BEAT_SLACK * intervals))
        elif self.rate is None:
            breaks = steps > 10.0
        else:
            breaks = steps > max(GAP_PERIODS / self.rate, GAP_SECONDS)
        edges = np.flatnonzero(breaks) + 1
        bounds = [0, *edges.tolist(), self.times.size]
        return [slice(a, b) for a, b in pairwise(bounds)]

    def gaps(self) -> FloatArray:
        """Onset and end of each gap between segments.

        Returns
        -------
        ndarray, shape (k, 2)
            Seconds; from the last sample before to the first sample after.
        """
        edges = [(self.times[s.stop - 1], self.times[s.stop]) for s in self.segments()[:-1]]
        return np.array(edges, dtype=np.float64).reshape(-1, 2)

    def crop(self, onset: float, end: float) -> Signal:
        """Samples with ``onset <= time < end``, times unchanged."""
        first, last = np.searchsorted(self.times, [onset, end], side="left")
        return Signal(
            self.kind,
            self.values[first:last],
            self.times[first:last],
            self.rate,
            self.source,
            self.site,
            self.original_unit,
        )


@dataclass(frozen=True, slots=True)
class Event:
    """One raw mark as it was sent or written, before any interpretation.

    Parameters
    ----------
    onset : float
        Seconds since the recording's zero.
    label : str
        The mark's text exactly as it arrived; numbers as their shortest text (``"3"``).
    duration : float
        Seconds; 0 for a point in time.
    id : str
        Unique within the recording: the sender's own id, else ``"<stream>#<position>"``.
    source : str
        Stream or file that carried it.
    """

    onset: float
    label: str
    duration: float = 0.0
    id: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One participant under a pseudonym.

    Parameters
    ----------
    id : str
        Pseudonym (``"P04"``); never a name.
    signals : tuple of Signal
        Everything measured on this person; several of one kind are possible (a strap that came
        back is one signal with a gap; ECG and a watch's PPG are two signals).

    Raises
    ------
    DataError
        If the id is no pseudonym (a name with spaces, say) or a word that tables use for groups.
    """

    id: str
    signals: tuple[Signal, ...] = ()

    def __post_init__(self) -> None:
        if not PSEUDONYM.fullmatch(self.id) or self.id in GROUP_NAMES:
            raise DataError(
                f"person {self.id!r} has no usable pseudonym",
                hint=f"{PSEUDONYM_RULE}, and none of: {', '.join(sorted(GROUP_NAMES))}",
            )

    def of(self, kind: Kind) -> tuple[Signal, ...]:
        """Signals of one kind, the longest first."""
        found = [s for s in self.signals if s.kind is kind]
        return tuple(sorted(found, key=len, reverse=True))

    def signal(self, kind: Kind) -> Signal | None:
        """Return the longest signal of a kind, or ``None`` if there is none."""
        found = self.of(kind)
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Source:
    """One input file, for provenance: path as given, sha256 of its bytes, format read as."""

    path: str
    sha256: str
    format: str


@dataclass(frozen=True, slots=True)
class UnknownStream:
    """A stream or column that no rule recognised, or that nobody claims; listed, never guessed."""

    name: str
    type: str = ""
    channels: tuple[str, ...] = ()
    unit: str = ""
    rate: float | None = None
    samples: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One session as it was measured.

    Parameters
    ----------
    persons : tuple of Person
        Participants with at least one recognised signal, ids unique.
    events : tuple of Event
        Raw marks, by onset.
    id : str
        Name of the session (folder or file stem).
    clock : str
        What the zero is counted on: ``"lsl"``, ``"unix"`` or ``"file"`` (starts at 0 in the file).
    origin : float
        Reading of that clock at time zero, in seconds.
    started : datetime or None
        Wall-clock time of zero, where the files tell it (timezone-aware).
    sources : tuple of Source
        Input files.
    findings : tuple of Finding
        What the reader noticed.
    unknown : tuple of UnknownStream
        What was in the files and could not be used.
    """

    persons: tuple[Person, ...] = ()
    events: tuple[Event, ...] = ()
    id: str = ""
    clock: str = "file"
    origin: float = 0.0
    started: datetime | None = None
    sources: tuple[Source, ...] = ()
    findings: tuple[Finding, ...] = ()
    unknown: tuple[UnknownStream, ...] = field(default=())

    def __post_init__(self) -> None:
        ids = [p.id for p in self.persons]
        if len(set(ids)) != len(ids):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            raise DataError(f"persons appear twice: {', '.join(twice)}", where=self.id or None)
        object.__setattr__(self, "events", tuple(sorted(self.events, key=lambda e: e.onset)))

    def __iter__(self) -> Iterator[Person]:
        return iter(self.persons)

    def person(self, person_id: str) -> Person:
        """Return the person with this pseudonym.

        Raises
        ------
        DataError
            If nobody has it.
        """
        for person in self.persons:
            if person.id == person_id:
                return person
        known = ", ".join(p.id for p in self.persons) or "none"
        raise DataError(f"no person {person_id!r}; known: {known}", where=self.id or None)

    @property
    def onset(self) -> float:
        """Time of the first sample or event in seconds (0.0 if empty)."""
        times = [s.onset for p in self.persons for s in p.signals if len(s)]
        times += [e.onset for e in self.events]
        return min(times, default=0.0)

    @property
    def end(self) -> float:
        """Time at which the last sample or event is over, in seconds (0.0 if empty)."""
        times = [s.end for p in self.persons for s in p.signals if len(s)]
        times += [e.onset + e.duration for e in self.events]
        return max(times, default=0.0)

    def wall_time(self, time: float) -> datetime | None:
        """Wall-clock time of a recording time, where known."""
        return None if self.started is None else self.started + timedelta(seconds=time)
