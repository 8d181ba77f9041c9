"""Signals whose truth is known: beats, ECG, skin conductance, breathing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arousal.features.beats import BeatRun, Beats, collect_beats
from arousal.recording import Kind, Signal

FloatArray = NDArray[np.float64]


def beat_times(
    seconds: float, seed: int = 0, *, mean: float = 820.0, sway: float = 30.0, jitter: float = 15.0
) -> FloatArray:
    """Beats with respiratory sway (0.25 Hz) and white jitter, in seconds from 0."""
    rng = np.random.default_rng(seed)
    count = int(seconds * 1000 / mean) + 60
    phase = 2 * np.pi * 0.25 * np.arange(count) * mean / 1000.0
    intervals = mean + sway * np.sin(phase) + rng.normal(0, jitter, count)
    times = np.concatenate(([0.3], 0.3 + np.cumsum(intervals) / 1000.0))
    return times[times < seconds]


def as_beats(times: FloatArray, *others: FloatArray) -> Beats:
    """Beats that need no correction, one run per array."""
    runs = [BeatRun(t, t, *[np.zeros(t.size, dtype=bool)] * 2) for t in (times, *others)]
    return collect_beats(Kind.RR, "made", runs)


def ecg(times: FloatArray, seconds: float, rate: float, noise: float = 15.0) -> Signal:
    """An ECG (µV) with a QRS complex and a T wave at each beat."""
    t = np.arange(int(seconds * rate)) / rate
    wave = np.random.default_rng(9).normal(0, noise, t.size)
    waves = ((0.0, 0.010, 1000), (0.03, 0.012, -180), (-0.03, 0.010, -120), (0.26, 0.05, 220))
    for beat in times:
        low, high = np.searchsorted(t, (beat - 0.2, beat + 0.5))
        near = t[low:high] - beat
        for offset, width, height in waves:
            wave[low:high] += height * np.exp(-(((near - offset) / width) ** 2) / 2)
    return Signal(Kind.ECG, wave, t, rate, "strap", "chest")


def pulse(times: FloatArray, seconds: float, rate: float) -> Signal:
    """A pulse wave: one rounded bump a fifth of a second after each beat."""
    t = np.arange(int(seconds * rate)) / rate
    wave = np.random.default_rng(9).normal(0, 0.01, t.size)
    for beat in times:
        low, high = np.searchsorted(t, (beat - 0.5, beat + 1.0))
        wave[low:high] += np.exp(-(((t[low:high] - beat - 0.2) / 0.12) ** 2) / 2)
    return Signal(Kind.PPG, wave, t, rate, "clip", "finger")


def response(since: FloatArray) -> FloatArray:
    """Shape of a skin conductance response of amplitude 1 (Bateman, 2 s and 0.75 s)."""
    rise, fall = 0.75, 2.0
    u = np.clip(since, 0, None)
    top = np.log(fall / rise) * rise * fall / (fall - rise)
    height = np.exp(-top / fall) - np.exp(-top / rise)
    shape: FloatArray = (np.exp(-u / fall) - np.exp(-u / rise)) / height
    return shape


def eda(
    onsets: FloatArray,
    seconds: float,
    rate: float,
    *,
    amplitudes: FloatArray | float = 0.3,
    noise: float = 0.003,
    bump: bool = False,
    site: str | None = "finger",
) -> Signal:
    """Skin conductance (µS): a slow level, responses at known times, noise, one 5 µS bump."""
    rng = np.random.default_rng(3)
    t = np.arange(int(seconds * rate)) / rate
    level = 6 + 0.15 * np.sin(2 * np.pi * t / 400) + rng.normal(0, noise, t.size)
    for onset, amplitude in zip(onsets, np.broadcast_to(amplitudes, onsets.shape), strict=True):
        low, high = np.searchsorted(t, (onset, onset + 25))
        level[low:high] += amplitude * response(t[low:high] - onset)
    if bump:
        level += 5 * np.exp(-(((t - seconds / 2) / 0.8) ** 2) / 2)
    return Signal(Kind.EDA, level, t, rate, "skin", site)


def response_times(seconds: float, seed: int = 0, *, apart: float = 4.0) -> FloatArray:
    """Onsets at least ``apart`` seconds apart, on average twice that and more."""
    steps = apart + np.random.default_rng(seed).exponential(8.0, int(seconds))
    onsets = 10 + np.cumsum(steps)
    return onsets[onsets < seconds - 15]


def breathing(seconds: float, per_minute: float, rate: float = 25.0) -> Signal:
    """A breathing belt (arbitrary units)."""
    t = np.arange(int(seconds * rate)) / rate
    return Signal(Kind.RESPIRATION, np.sin(2 * np.pi * per_minute / 60 * t), t, rate, "belt")


def without(signal: Signal, onset: float, end: float) -> Signal:
    """The same signal with nothing sent between two times."""
    keep = (signal.times < onset) | (signal.times >= end)
    return Signal(
        signal.kind,
        signal.values[keep],
        signal.times[keep],
        signal.rate,
        signal.source,
        signal.site,
    )
