"""One person's ECG and skin conductance with a known truth: what every peer works on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.features import Grid
from arousal.recording import Kind, Person, Signal

__all__ = ["ECG_RATE", "EDA_RATE", "GRIDS", "Made", "both_grids", "made"]

FloatArray = NDArray[np.float64]

ECG_RATE, EDA_RATE = 130.0, 4.0
GRIDS = ((60.0, 5.0), (300.0, 30.0))
"""Window length and step in s."""
FALL, RISE = 2.0, 0.75
"""Time constants of a response in s."""


@dataclass(frozen=True)
class Made:
    """A person, and what is true of them (seconds)."""

    person: Person
    beats: FloatArray
    responses: FloatArray

    @property
    def ecg(self) -> FloatArray:
        return self.person.signals[0].values

    @property
    def eda(self) -> FloatArray:
        return self.person.signals[1].values


def both_grids(seconds: float) -> Grid:
    """All windows of both lengths."""
    parts = [Grid.regular(0.0, seconds, duration, step) for duration, step in GRIDS]
    return Grid.of(
        np.concatenate([part.onset for part in parts]),
        np.concatenate([part.duration for part in parts]),
    )


def made(minutes: float, seed: int, *, noise: float = 15.0, bump: bool = True) -> Made:
    """Draw a person: heart with breathing and a few beats too weak to see, skin with one bump."""
    rng = np.random.default_rng(seed)
    seconds = minutes * 60
    count = int(seconds / 0.6)
    breathing = 30 * np.sin(2 * np.pi * 0.25 * np.arange(count) * 0.82)
    beats = np.cumsum(820 + breathing + rng.normal(0, 18, count)) / 1000
    beats = np.delete(beats[beats < seconds], rng.integers(20, count // 2, count // 300))
    responses = 10 + np.cumsum(4 + rng.exponential(9, int(seconds)))
    responses = responses[responses < seconds - 25]
    ecg_times = np.arange(int(seconds * ECG_RATE)) / ECG_RATE
    eda_times = np.arange(int(seconds * EDA_RATE)) / EDA_RATE
    ecg = _ecg(beats, ecg_times, rng, noise)
    eda = _eda(responses, eda_times, rng, bump)
    signals = (
        Signal(Kind.ECG, ecg, ecg_times, ECG_RATE, "strap", "chest"),
        Signal(Kind.EDA, eda, eda_times, EDA_RATE, "skin", "finger"),
    )
    return Made(Person(f"P{seed:02d}", signals), beats, responses)


def _ecg(
    beats: FloatArray, times: FloatArray, rng: np.random.Generator, noise: float
) -> FloatArray:
    """QRS complexes and T waves at the beats, and noise, in uV."""
    near = np.arange(-26, 66)
    at = np.rint(beats * ECG_RATE).astype(int)[:, None] + near
    since = np.take(times, at.clip(0, times.size - 1)) - beats[:, None]
    shape = np.zeros_like(since)
    for offset, width, height in ((0, 0.01, 1000), (0.03, 0.012, -180), (0.26, 0.05, 220)):
        shape += height * np.exp(-(((since - offset) / width) ** 2) / 2)
    inside = (at >= 0) & (at < times.size)
    ecg = rng.normal(0, noise, times.size)
    np.add.at(ecg, at[inside], shape[inside])
    return ecg


def _eda(onsets: FloatArray, times: FloatArray, rng: np.random.Generator, bump: bool) -> FloatArray:
    """A slow level with responses of 0.08 to 3 uS; with a bump of 5 uS half-way."""
    eda = 6 + 0.3 * np.sin(2 * np.pi * times / 900) + rng.normal(0, 0.003, times.size)
    top = np.log(FALL / RISE) * RISE * FALL / (FALL - RISE)
    height = np.exp(-top / FALL) - np.exp(-top / RISE)
    sizes = rng.lognormal(np.log(0.25), 0.6, onsets.size).clip(0.08, 3.0)
    for onset, size in zip(onsets, sizes, strict=True):
        low, high = np.searchsorted(times, (onset, onset + 25))
        since = times[low:high] - onset
        eda[low:high] += size / height * (np.exp(-since / FALL) - np.exp(-since / RISE))
    return eda + bump * 5 * np.exp(-(((times - times[-1] / 2) / 0.8) ** 2) / 2)
