"""Everybody's bodies while they are being measured, from the recorder's samples.

`Monitor.take` is the recorder's listener. It only appends; beats are looked for and windows
reduced in `Monitor.step`, which somebody calls once a second, so that a slow moment here is never
the recorder's. Memory is bounded: twelve seconds of waves, four minutes of beats, three of skin
conductance, and one point every 5 s for the last ten minutes.

What computes (SciPy, pandas: seconds until they are loaded) is loaded when the first body is made,
so that whoever has a monitor can listen at once.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from arousal.ingest.devices import Catalogue, Match
from arousal.ingest.raw import RawStream, StreamInfo
from arousal.ingest.recording_watch import LiveSamples
from arousal.ingest.units import ARBITRARY, find_unit, to_kind
from arousal.recording import Kind
from arousal.settings import Settings

if TYPE_CHECKING:
    from arousal.monitor.body import Body, LiveFeatures

__all__ = ["Monitor", "Point"]

EVERY = 5.0
"""Seconds between two points of the history (the step of the offline windows)."""
HISTORY = 600.0
"""Seconds of history that are kept."""
FAR = 30.0
"""A stamp further than this from now is of another clock; the samples then count from arrival."""
QUEUE = 20_000
"""Batches that may wait for a `step` (more than an hour of 36 streams)."""


@dataclass(frozen=True, slots=True)
class Point:
    """One person's numbers at one time of the session (s since the start)."""

    time: float
    heart_rate: float
    ln_rmssd: float
    scl: float


class _Channels:
    """What the channels of one stream measure; asked again as more of it is seen."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._seen, self._asked_at = 0, 0
        self._usable: tuple[tuple[Kind, int, str], ...] = ()
        self.shift: float | None = None

    def of(self, samples: LiveSamples) -> tuple[tuple[Kind, int, str], ...]:
        """Kind, channel and unit of each channel that can be used."""
        self._seen += len(samples.arrival.stamps)
        if self._seen >= 2 * self._asked_at:
            self._asked_at = self._seen
            values = np.asarray(samples.arrival.values, dtype=np.float64)
            stamps = samples.arrival.stamps
            matches = self._catalogue.match(RawStream(samples.info, values, stamps, stamps))
            self._usable = tuple(u for m in matches if (u := _usable(samples.info, m)) is not None)
        return self._usable


class Monitor:
    """Live numbers of a group.

    Parameters
    ----------
    catalogue : Catalogue
        Device rules.
    settings : Settings
        Rules of coverage and quality, as offline.
    clock : callable
        This computer's LSL clock.
    """

    def __init__(
        self, catalogue: Catalogue, settings: Settings, clock: Callable[[], float]
    ) -> None:
        self._catalogue, self._settings, self._clock = catalogue, settings, clock
        self._waiting: deque[tuple[float, LiveSamples]] = deque(maxlen=QUEUE)
        self._channels: dict[int, _Channels] = {}
        self._lock = threading.Lock()
        self._history: dict[str, deque[Point]] = {}
        self._due = -math.inf
        self.bodies: dict[str, Body] = {}
        self.newest: dict[str, LiveFeatures] = {}

    def take(self, samples: LiveSamples) -> None:
        """Hear samples: the recorder's listener."""
        if samples.person is not None and not samples.info.is_text:
            self._waiting.append((self._clock(), samples))

    def step(self, zero: float) -> bool:
        """Work on what was heard; ``zero`` is the session's start in s on the LSL clock.

        Returns
        -------
        bool
            Whether the windows were reduced anew (every 5 s).
        """
        with self._lock:
            while self._waiting:
                self._enter(*self._waiting.popleft())
            for body in self.bodies.values():
                body.look()
            now = self._clock()
            if now < self._due:
                return False
            self._due = max(self._due + EVERY, now) if math.isfinite(self._due) else now + EVERY
            for person, body in self.bodies.items():
                features = self.newest[person] = body.features()
                self._history.setdefault(person, deque(maxlen=int(HISTORY / EVERY))).append(
                    Point(
                        now - zero,
                        features.heart_rate,
                        math.log(features.rmssd) if features.rmssd > 0 else math.nan,
                        features.scl,
                    )
                )
            return True

    def _enter(self, at: float, samples: LiveSamples) -> None:
        if samples.person is None:
            return
        channels = self._channels.setdefault(samples.number, _Channels(self._catalogue))
        usable = channels.of(samples)
        body = self._body(samples.person)
        stamps = self._on_our_clock(at, samples, channels)
        for kind, channel, unit in usable:
            values = np.asarray(samples.arrival.values[:, channel], dtype=np.float64)
            scaled = np.asarray(to_kind(kind, unit, values), dtype=np.float64)
            body.take(kind, channel, samples.number, samples.info.rate, scaled, stamps, at)

    def _body(self, person: str) -> Body:
        if person not in self.bodies:
            from arousal.monitor.body import Body

            self.bodies[person] = Body(self._settings)
        return self.bodies[person]

    @staticmethod
    def _on_our_clock(
        at: float, samples: LiveSamples, channels: _Channels
    ) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        offset = samples.offset if math.isfinite(samples.offset) else 0.0
        stamps = np.asarray(samples.arrival.stamps + offset, dtype=np.float64)
        if abs(float(stamps[-1]) - at) < FAR:
            return stamps
        if channels.shift is None:
            channels.shift = at - float(stamps[-1])
        return stamps + channels.shift

    def forget(self, people: frozenset[str]) -> None:
        """Drop everything about people who withdrew."""
        with self._lock:
            self._waiting = deque((w for w in self._waiting if w[1].person not in people), QUEUE)
            for place in (self.bodies, self.newest, self._history):
                for person in people & place.keys():
                    del place[person]

    def history(self, person: str) -> tuple[Point, ...]:
        """Return the points of the last ten minutes."""
        with self._lock:
            return tuple(self._history.get(person, ()))


def _usable(info: StreamInfo, match: Match) -> tuple[Kind, int, str] | None:
    """Kind, channel and unit; ``None`` for what is not known, or has no unit to scale it by."""
    if match.kind is None:
        return None
    declared = info.units[match.channel] if match.trust_unit else ""
    unit = find_unit(match.kind, declared) or find_unit(match.kind, match.unit)
    waves = {Kind.ECG, Kind.PPG, Kind.RESPIRATION}
    if unit is None or (unit == ARBITRARY and match.kind not in waves):
        return None
    return match.kind, match.channel, unit
