"""Streams as wearables announce them, with values that a living person could have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.ingest.raw import RawStream, StreamInfo

SEED = 20240311


def made_stream(
    name: str,
    values: object,
    *,
    typed: str = "",
    rate: float = 0.0,
    times: object = None,
    labels: tuple[str, ...] | None = None,
    units: tuple[str, ...] | None = None,
    source_id: str = "",
    uid: str = "",
    hostname: str = "lab",
    manufacturer: str = "",
) -> RawStream:
    """One stream; without times its samples come at ``rate`` from second 100 on."""
    array: NDArray[Any] = np.asarray(values)
    if array.ndim == 1:
        array = array[:, None]
    count = array.shape[1]
    if times is None:
        stamps = 100.0 + np.arange(len(array)) / (rate or 1.0)
    else:
        stamps = np.asarray(times, dtype=float)
    info = StreamInfo(
        name,
        typed,
        source_id,
        uid or f"uid-{name}-{typed}-{id(array)}",
        hostname,
        manufacturer,
        labels or ("",) * count,
        units or ("",) * count,
        rate,
        "string" if array.dtype == object else "float32",
    )
    return RawStream(info, array, stamps, stamps)


def beats(seconds: float = 60.0, mean: float = 0.8) -> NDArray[np.float64]:
    """Inter-beat intervals in s, at a strap's resolution of 1/1024 s."""
    rng = np.random.default_rng(SEED)
    count = int(seconds / mean)
    wave = 0.04 * np.sin(2 * np.pi * 0.25 * mean * np.arange(count))
    intervals = mean + wave + rng.normal(0, 0.02, count)
    return np.asarray(np.round(intervals * 1024) / 1024)


def ecg(rate: float = 130.0, seconds: float = 20.0, height: float = 900.0) -> NDArray[np.float64]:
    """A spike of ``height`` every 0.8 s on a small wave."""
    time = np.arange(int(rate * seconds)) / rate
    phase = (time % 0.8) / 0.8
    wave = height * np.exp(-0.5 * ((phase - 0.3) / 0.02) ** 2)
    return np.asarray(wave + 0.05 * height * np.sin(2 * np.pi * 0.3 * time))


def eda(rate: float = 4.0, seconds: float = 60.0, level: float = 4.0) -> NDArray[np.float64]:
    """A slow skin conductance around ``level``, uS."""
    time = np.arange(int(rate * seconds)) / rate
    return np.asarray(level * (1.0 + 0.1 * np.sin(2 * np.pi * time / 37.0)) + 0.01 * time / 60)


def pulse(rate: float = 64.0, seconds: float = 20.0, level: float = 0.0) -> NDArray[np.float64]:
    """A pulse wave."""
    time = np.arange(int(rate * seconds)) / rate
    return np.asarray(level + 100.0 * np.sin(2 * np.pi * 1.25 * time))


def heart_rate(count: int = 60) -> NDArray[np.float64]:
    """Heart rate in bpm, one a second."""
    return np.asarray(72.0 + 4.0 * np.sin(np.arange(count) / 9.0))


def movement(rate: float = 32.0, seconds: float = 20.0, g: float = 1.0) -> NDArray[np.float64]:
    """Three axes at rest; ``g`` is what one g is in the stream's unit."""
    time = np.arange(int(rate * seconds)) / rate
    axes = np.stack([0.1 * np.sin(time), 0.05 * np.cos(time), np.full(time.shape, 0.99)], axis=1)
    return np.asarray(g * axes)
