"""One person's body while it is being measured: beats, skin, battery, what has come at all."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.features.hrv import time_domain
from arousal.features.windows import Grid
from arousal.monitor.heart import IntervalHeart, WaveHeart
from arousal.monitor.skin import Skin
from arousal.recording import Kind
from arousal.settings import Settings

__all__ = ["Body", "LiveFeatures"]

FloatArray = NDArray[np.float64]

HEART_WINDOW, HRV_WINDOW, SKIN_WINDOW = 60.0, 120.0, 60.0
"""Seconds, as the offline windows: HR and level over one minute, RMSSD over two."""
CARDIAC = (Kind.ECG, Kind.RR, Kind.PPG)
"""In order of preference where coverage is nearly the same, as offline."""
NEARLY = 0.05
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class LiveFeatures:
    """The newest numbers of one person; NaN where the rules of coverage refuse one.

    Parameters
    ----------
    end, skin_end : float
        Where the windows end, in s on this computer's clock.
    heart_rate : float
        bpm over 60 s.
    rmssd : float
        ms over 120 s.
    scl : float
        uS over 60 s.
    source : Kind or None
        Where the beats come from.
    """

    end: float = float("nan")
    skin_end: float = float("nan")
    heart_rate: float = float("nan")
    rmssd: float = float("nan")
    scl: float = float("nan")
    source: Kind | None = None


class _Flow:
    """How much data came, second by second, over the last minute."""

    def __init__(self) -> None:
        self._parts: deque[tuple[float, float]] = deque()
        self._total = 0.0
        self._since: float | None = None

    def add(self, at: float, seconds: float) -> None:
        self._since = at if self._since is None else self._since
        self._parts.append((at, seconds))
        self._total += seconds
        self._forget(at)

    def _forget(self, now: float) -> None:
        while self._parts and self._parts[0][0] < now - MINUTE:
            self._total -= self._parts.popleft()[1]

    def share(self, now: float) -> float:
        if self._since is None:
            return 0.0
        self._forget(now)
        span = min(max(now - self._since, 1.0), MINUTE)
        return min(max(self._total, 0.0) / span, 1.0) if self._parts else 0.0


class Body:
    """What one person's streams tell.

    Parameters
    ----------
    settings : Settings
        Rules of coverage and quality, as offline.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._hearts: dict[tuple[Kind, int], WaveHeart | IntervalHeart] = {}
        self._skins: dict[tuple[Kind, int], Skin] = {}
        self._flows: dict[Kind, _Flow] = {}
        self._stream: dict[tuple[Kind, int], int] = {}
        self.battery: float | None = None

    def take(
        self,
        kind: Kind,
        channel: int,
        stream: int,
        rate: float,
        values: FloatArray,
        stamps: FloatArray,
        now: float,
    ) -> None:
        """Take samples of one channel.

        Parameters
        ----------
        kind : Kind
            What it measures; ``values`` are in its unit.
        channel, stream : int
            Where it comes from; another stream is a gap, whatever its stamps say.
        rate : float
            Declared samples per second; 0 if irregular.
        values, stamps : ndarray, shape (n,)
            Stamps in s on this computer's clock.
        now : float
            The same clock, at this moment.
        """
        key = (kind, channel)
        fresh = self._stream.get(key) != stream
        self._stream[key] = stream
        if kind is Kind.BATTERY:
            self.battery = float(values[-1]) if np.isfinite(values[-1]) else self.battery
        elif kind in CARDIAC:
            heart = self._heart(key, rate)
            if heart is not None:
                if fresh:
                    heart.interrupt()
                heart.take(values, stamps)
        elif kind is Kind.EDA and rate > 0:
            self._skins.setdefault(key, Skin(rate, self._settings.eda)).take(values, stamps)
        good = np.isfinite(values)
        if kind is Kind.RR:
            seconds = float(values[good].sum()) / 1000.0
        else:
            seconds = float(good.sum()) / rate if rate > 0 else 0.0
        self._flows.setdefault(kind, _Flow()).add(now, seconds)

    def _heart(self, key: tuple[Kind, int], rate: float) -> WaveHeart | IntervalHeart | None:
        if key not in self._hearts:
            if key[0] is Kind.RR:
                self._hearts[key] = IntervalHeart()
            elif rate >= (80.0 if key[0] is Kind.ECG else 20.0):
                self._hearts[key] = WaveHeart(key[0], rate, self._settings.beats)
            else:
                return None
        return self._hearts[key]

    def look(self) -> None:
        """Find the newest beats."""
        for heart in self._hearts.values():
            heart.look()

    def beat_age(self, now: float) -> float | None:
        """Seconds since the newest beat; ``None`` before the first."""
        newest = max((heart.newest for heart in self._hearts.values()), default=-np.inf)
        return now - newest if np.isfinite(newest) else None

    def coverage(self, now: float) -> dict[Kind, float]:
        """Share of the last minute for which data came, by kind."""
        return {
            kind: self._flows[kind].share(now)
            for kind in Kind  # always in one order
            if kind in self._flows and kind is not Kind.BATTERY
        }

    def features(self) -> LiveFeatures:
        """Return the numbers of the newest windows."""
        windows = self._settings.windows
        end, heart_rate, rmssd, source = self._cardiac()
        skin = max(self._skins.values(), key=lambda s: s.end, default=None)
        scl, skin_end = float("nan"), float("nan")
        if skin is not None and np.isfinite(skin.end):
            scl, skin_end = skin.level(SKIN_WINDOW, windows.eda_coverage), skin.end
        return LiveFeatures(end, skin_end, heart_rate, rmssd, scl, source)

    def _cardiac(self) -> tuple[float, float, float, Kind | None]:
        windows, rules = self._settings.windows, self._settings.beats
        nan = float("nan")
        best: tuple[float, float, float, Kind | None] = (nan, nan, nan, None)
        covered = -1.0
        order = sorted(self._hearts.items(), key=lambda item: CARDIAC.index(item[0][0]))
        for (kind, _), heart in order:
            if not np.isfinite(heart.end):
                continue
            beats, end = heart.beats(), heart.end
            grid = Grid.of(
                [end - HEART_WINDOW, end - HRV_WINDOW], np.array([HEART_WINDOW, HRV_WINDOW])
            )
            values = time_domain(beats, grid, rules.irregular_step)
            if values.coverage[0] <= covered + NEARLY:
                continue
            covered = float(values.coverage[0])
            usable = covered >= windows.hr_coverage and values.intervals[0] > 0
            steady = (
                beats.hrv
                and values.coverage[1] >= windows.hrv_coverage
                and not values.corrected[1] > rules.corrected_refuse
                and not values.irregular[1] > rules.irregular_refuse
            )
            rate = 60_000.0 / float(values.mean_nn[0]) if usable else float("nan")
            best = (end, rate, float(values.rmssd[1]) if steady else float("nan"), kind)
        return best
