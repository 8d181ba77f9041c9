"""Skin conductance level as it comes: the tonic part of the last three minutes."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from arousal.features.cleaning import tonic_level
from arousal.features.segments import flat_spans
from arousal.recording import GAP_PERIODS, GAP_SECONDS
from arousal.settings import EdaSettings

__all__ = ["Skin"]

FloatArray = NDArray[np.float64]

KEPT = 180.0
"""Seconds of samples that are kept: a window of 60 s, and room for the low-pass to settle."""
SHORTEST = 10.0
"""Seconds of an unbroken stretch that hold a level (as offline)."""


class Skin:
    """One skin-conductance signal.

    Parameters
    ----------
    rate : float
        Declared samples per second.
    settings : EdaSettings
        Limits of usable conductance.
    """

    def __init__(self, rate: float, settings: EdaSettings) -> None:
        self._rate, self._settings = rate, settings
        self._samples: deque[tuple[float, float]] = deque(maxlen=max(round(KEPT * rate), 1))
        self.end = -np.inf
        """Time of the newest sample, in s."""

    def take(self, values: FloatArray, stamps: FloatArray) -> None:
        """Take samples in uS, shape (n,), with stamps in s on this computer's clock."""
        for stamp, value in zip(stamps.tolist(), values.tolist(), strict=True):
            if stamp > self.end and np.isfinite(value):
                self._samples.append((stamp, value))
                self.end = stamp

    def level(self, seconds: float, coverage: float) -> float:
        """Mean tonic level (uS) of the last ``seconds``; NaN if less than ``coverage`` is usable.

        The tonic part is a 0.05 Hz low-pass of each unbroken usable stretch, as offline
        (``nk.eda_phasic(method="highpass")``). Departure: no 5 s margins around what is outside of
        the range, because a live number only has to be right where nothing is in repair.
        """
        if len(self._samples) < SHORTEST * self._rate:
            return float("nan")
        times, values = np.array(self._samples).T
        begin = self.end - seconds
        total, count = 0.0, 0
        for a, b in self._stretches(times, values):
            if times[b - 1] < begin or times[b - 1] - times[a] < SHORTEST:
                continue
            tonic = tonic_level(values[a:b], self._rate)
            inside = times[a:b] > begin
            total += float(tonic[inside].sum())
            count += int(inside.sum())
        return total / count if count >= coverage * seconds * self._rate else float("nan")

    def _stretches(self, times: FloatArray, values: FloatArray) -> list[tuple[int, int]]:
        usable = (values >= self._settings.low) & (values <= self._settings.high)
        for onset, end in flat_spans(times, values, self._settings.flat_seconds):
            usable &= (times < onset) | (times > end)
        together = usable[1:] & usable[:-1]
        together &= np.diff(times) <= max(GAP_PERIODS / self._rate, GAP_SECONDS)
        edges = np.flatnonzero(np.diff(together.astype(np.int8), prepend=0, append=0))
        return [(int(a), int(b) + 1) for a, b in edges.reshape(-1, 2)]
