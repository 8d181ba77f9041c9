"""A small session in XDF, made by hand, that a test can spoil in one place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from arousal.ingest.raw import RawStream, StreamInfo
from arousal.ingest.xdf_writer import write_xdf

MINUTES = 14
MARKS = (
    (0.0, "phase/baseline"),
    (180.0, "phase/presentation"),
    (360.0, "phase/questions"),
    (480.0, "phase/discussion"),
    (720.0, "phase/return"),
    (840.0, "end"),
)
START = 1000.0
"""LSL time of the recording's zero."""


def beats(person: int, minutes: float = MINUTES) -> RawStream:
    """Inter-beat intervals in ms of a quiet heart with breathing in it."""
    rng = np.random.default_rng(person)
    count = int(minutes * 60 / 0.8)
    phase = np.arange(count) * 0.8 * 2 * np.pi * 0.25
    intervals = 800 + 25 * np.sin(phase) + rng.normal(0, 12, count)
    times = START + np.cumsum(intervals) / 1000
    info = StreamInfo(f"RR P{person:02}", "RR", f"strap-{person}", units=("ms",))
    return RawStream(info, intervals.astype(np.float32)[:, None], times, times)


def skin(person: int, minutes: float = MINUTES, values: np.ndarray | None = None) -> RawStream:
    """Skin conductance in uS at 4 Hz: a level, and a response every 15 s."""
    times = START + np.arange(int(minutes * 240)) / 4
    if values is None:
        since = np.mod(times - START, 15)
        values = 4 + 0.3 * np.where(since < 8, np.exp(-since / 3) - np.exp(-since / 0.7), 0)
        values = values + np.random.default_rng(person).normal(0, 0.002, times.size)
    info = StreamInfo(f"EDA P{person:02}", "EDA", f"gsr-{person}", units=("uS",), rate=4.0)
    return RawStream(info, np.asarray(values, dtype=np.float32)[:, None], times, times)


def markers(marks: Sequence[tuple[float, str]] = MARKS, name: str = "Markers") -> RawStream:
    """Make a marker stream of text."""
    times = START + np.array([t for t, _ in marks], dtype=float)
    words = np.array([[label] for _, label in marks], dtype=object).reshape(-1, 1)
    return RawStream(StreamInfo(name, "Markers", format="string"), words, times, times)


def write(path: Path, streams: Sequence[RawStream] | None = None) -> Path:
    """Write a session of two people, or the given streams."""
    if streams is None:
        streams = [beats(1), skin(1), beats(2), skin(2), markers()]
    write_xdf(path, streams)
    return path
