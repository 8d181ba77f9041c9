"""Feed a recording to a monitor as the recorder would: half-second batches, bursts, jitter."""

from __future__ import annotations

import numpy as np

from arousal.ingest.devices import load_catalogue
from arousal.ingest.lsl import Arrival
from arousal.ingest.raw import StreamInfo
from arousal.ingest.recording_watch import LiveSamples
from arousal.monitor import Monitor
from arousal.recording import Kind, Recording, Signal
from arousal.settings import Settings

BATCH = 0.5
OFFSET = 2000.0
"""Seconds from the senders' clock to this computer's."""
TYPES = {Kind.ECG: "ECG", Kind.RR: "RR", Kind.EDA: "EDA", Kind.PPG: "PPG"}


class Feed:
    """A monitor and the clock it lives on; ``features[person]`` lists (end, features)."""

    def __init__(self, jitter: float = 0.0, seed: int = 1, batch: float = BATCH) -> None:
        self.now = 0.0
        self._batch = batch
        self.monitor = Monitor(load_catalogue(), Settings(), lambda: self.now)
        self.features: dict[str, list] = {}
        self._random = np.random.default_rng(seed)
        self._jitter = jitter

    def play(
        self, recording: Recording, end: float, *, stream_shift: int = 0, start: float = 0.0
    ) -> None:
        """Send everything from ``start`` up to ``end`` seconds."""
        streams = [
            (number + stream_shift, person.id, signal)
            for number, (person, signal) in enumerate(
                (p, s) for p in recording for s in p.signals if s.kind in TYPES
            )
        ]
        for edge in np.arange(start + self._batch, end + self._batch, self._batch):
            self.now = OFFSET + edge
            for number, person, signal in streams:
                self._send(number, person, signal, edge - self._batch, edge)
            if self.monitor.step(OFFSET):
                for person, features in self.monitor.newest.items():
                    self.features.setdefault(person, []).append(features)

    def _send(self, number: int, person: str, signal: Signal, onset: float, end: float) -> None:
        part = signal.crop(onset, end)
        if not len(part):
            return
        late = self._random.uniform(-self._jitter, self._jitter) if signal.rate else 0.0
        arrival = Arrival(part.values[:, None], part.times + late)
        info = StreamInfo(
            signal.source or f"{person}-{signal.kind}",
            TYPES[signal.kind],
            units=(signal.kind.unit,),
            channels=("",),
            rate=signal.rate or 0.0,
        )
        self.monitor.take(LiveSamples(number, info, person, (signal.kind,), arrival, OFFSET))
