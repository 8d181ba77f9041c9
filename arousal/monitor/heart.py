"""Heartbeats as they come: found in the newest seconds, kept for four minutes, judged as offline.

Beats are looked for in the last `BLOCK` seconds by the very functions that work on whole
recordings (`arousal.features.cleaning` and `peaks`), and taken from the middle, where the
zero-phase filters have settled; so each sample is filtered about six times and none is needed
after 12 s. A window's numbers come from `correct_run`, `collect_beats` and `time_domain`, as
offline. NeuroKit2 itself is not imported: it takes seconds and 150 MB.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from arousal.features.beats import LONGEST, Beats, collect_beats
from arousal.features.cardiac import beats_from_intervals, refine_peaks
from arousal.features.cleaning import clean_ecg, clean_pulse
from arousal.features.correction import correct_run
from arousal.features.peaks import pulse_peaks, r_peaks
from arousal.monitor.sample_clock import SampleClock
from arousal.recording import GAP_PERIODS, GAP_SECONDS, Kind, Signal
from arousal.settings import BeatSettings

__all__ = ["IntervalHeart", "WaveHeart"]

FloatArray = NDArray[np.float64]

BLOCK = 12.0
"""Seconds in which beats are looked for."""
FIRST = 4.0
"""Seconds needed before the first look."""
SETTLED = 1.5
"""Seconds at the end of a block in which a filter may still change its mind."""
HOP = 2.0
"""Seconds of new samples between two looks."""
KEPT = 240.0
"""Seconds for which beats are kept: a window of 120 s, and what its correction looks at."""
CLOSEST = 0.25
"""Seconds between two beats at least."""


@dataclass(slots=True)
class _Run:
    """One stretch of a wave without a gap; positions count from its first sample."""

    clock: SampleClock
    count: int = 0
    beats: deque[float] = field(default_factory=deque)
    settled: float = 0.0
    looked: int = 0
    newest: float = -np.inf


class WaveHeart:
    """Beats of an ECG or pulse wave.

    Parameters
    ----------
    kind : Kind
        ECG or PPG.
    rate : float
        Declared samples per second.
    settings : BeatSettings
        ``refine_below``, ``ppg_rate_for_hrv``.
    """

    def __init__(self, kind: Kind, rate: float, settings: BeatSettings) -> None:
        self.kind, self._rate, self._settings = kind, rate, settings
        self._ring = np.empty(round(BLOCK * rate))
        self._filled = 0
        self._runs: deque[_Run] = deque()
        self._last_stamp = -np.inf
        self.end = -np.inf
        """Until when beats are settled, in s."""

    def interrupt(self) -> None:
        """Begin anew after a gap: nothing is filtered or differenced across it."""
        self._filled = 0
        self._last_stamp = -np.inf
        self._runs.append(_Run(SampleClock(self._rate)))

    def take(self, values: FloatArray, stamps: FloatArray) -> None:
        """Take samples, shape (n,), with stamps in s on this computer's clock."""
        finite = np.isfinite(values)
        if not finite.all():
            values, stamps = values[finite], stamps[finite]
        limit = max(GAP_PERIODS / self._rate, GAP_SECONDS)
        steps = np.diff(stamps, prepend=self._last_stamp if self._runs else -np.inf)
        cuts = np.flatnonzero(steps > limit)
        if self._runs and not cuts.size and values.size:
            self._append(values, stamps)
            return
        for piece in np.split(np.arange(values.size), cuts):
            if not piece.size:
                continue
            if steps[piece[0]] > limit or not self._runs:
                self.interrupt()
            self._append(values[piece], stamps[piece])

    def _append(self, values: FloatArray, stamps: FloatArray) -> None:
        run = self._runs[-1]
        run.count += values.size
        run.clock.add(run.count - 1, float(stamps[-1]))
        self._last_stamp = float(stamps[-1])
        size = self._ring.size
        if values.size >= size:
            self._ring[:] = values[-size:]
            self._filled = size
            return
        if (over := self._filled + values.size - size) > 0:
            self._ring[: self._filled - over] = self._ring[over : self._filled].copy()
            self._filled -= over
        self._ring[self._filled : self._filled + values.size] = values
        self._filled += values.size

    def look(self) -> None:
        """Find beats in what has come since the last look, if it is enough."""
        if not self._runs:
            return
        run = self._runs[-1]
        enough = self._filled >= FIRST * self._rate
        if not enough or run.count - run.looked < HOP * self._rate:
            return
        run.looked = run.count
        positions = self._peaks(self._ring[: self._filled]) + (run.count - self._filled)
        until = run.count - SETTLED * self._rate
        slack = 0.1 * self._rate  # a peak may move by a little from look to look
        last = run.beats[-1] if run.beats else -np.inf
        for position in positions.tolist():
            fresh = run.settled - slack < position <= until
            if fresh and position - last > CLOSEST * self._rate:
                run.beats.append(position)
                last = position
        run.settled = until
        if positions.size:
            run.newest = float(positions[-1])
        self.end = float(run.clock.times(np.array([until]))[0])
        self._forget()

    def _peaks(self, block: FloatArray) -> FloatArray:
        if self.kind is Kind.ECG:
            clean = clean_ecg(block, self._rate)
            peaks = r_peaks(clean, self._rate)
        else:
            clean = clean_pulse(block, self._rate)
            peaks = pulse_peaks(clean, self._rate)
        if self._rate < self._settings.refine_below:
            return refine_peaks(clean, peaks)
        return peaks.astype(np.float64)

    def _forget(self) -> None:
        for run in self._runs:
            oldest = run.count - KEPT * self._rate
            while run is self._runs[-1] and run.beats and run.beats[0] < oldest:
                run.beats.popleft()
        while len(self._runs) > 1 and self._end_of(self._runs[0]) < self.end - KEPT:
            self._runs.popleft()

    @staticmethod
    def _end_of(run: _Run) -> float:
        return float(run.clock.times(np.array([float(run.count)]))[0]) if run.count else -np.inf

    @property
    def newest(self) -> float:
        """When the newest beat was, settled or not, in s; -inf before the first."""
        run = next((r for r in reversed(self._runs) if np.isfinite(r.newest)), None)
        return -np.inf if run is None else float(run.clock.times(np.array([run.newest]))[0])

    def beats(self) -> Beats:
        """Return the corrected beats of the last four minutes."""
        pieces = []
        for run in self._runs:
            if len(run.beats) > 1:
                times = run.clock.times(np.array(run.beats))
                cuts = np.flatnonzero(np.diff(times) > LONGEST / 1000.0) + 1
                pieces += [piece for piece in np.split(times, cuts) if piece.size > 1]
        slow = self.kind is Kind.PPG and self._rate < self._settings.ppg_rate_for_hrv * 0.98
        runs = [correct_run(piece) for piece in pieces]
        return collect_beats(self.kind, "", runs, hrv=not slow)


class IntervalHeart:
    """Beats of a device that reports inter-beat intervals itself."""

    kind = Kind.RR

    def __init__(self) -> None:
        self._beats: deque[tuple[float, float]] = deque()
        self.end = -np.inf
        """Until when beats are known, in s."""

    def interrupt(self) -> None:
        """Nothing to do: a gap shows in the intervals themselves."""

    def take(self, values: FloatArray, stamps: FloatArray) -> None:
        """Take intervals in ms that end at ``stamps``, shape (n,)."""
        last = self._beats[-1][0] if self._beats else -np.inf
        for stamp, interval in zip(stamps.tolist(), values.tolist(), strict=True):
            if not np.isfinite(interval) or stamp < last - 1.0:
                continue
            last = max(stamp, last + 1e-6)
            self._beats.append((last, interval))
        self.end = last
        while self._beats and self._beats[0][0] < last - KEPT:
            self._beats.popleft()

    def look(self) -> None:
        """Nothing to look for."""

    @property
    def newest(self) -> float:
        """When the newest beat was, in s."""
        return self.end

    def beats(self) -> Beats:
        """Return the corrected beats of the last four minutes."""
        if not self._beats:
            return collect_beats(Kind.RR, "", [])
        times, intervals = np.array(self._beats).T
        return beats_from_intervals(Signal(Kind.RR, intervals, times))
