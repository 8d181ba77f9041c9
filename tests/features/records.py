"""Small readers for the real recordings that these tests need; no library of the formats."""

from __future__ import annotations

import lzma
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from arousal.recording import Kind, Person, Signal

BEAT_CODES = [*range(1, 14), 25, 34, 35, 38]
"""MIT annotation codes that stand for a heartbeat."""


def intervals_signal(intervals: np.ndarray, source: str = "strap") -> Signal:
    """Inter-beat intervals (ms) laid end to end from 0."""
    values = np.asarray(intervals, dtype=float).ravel()
    return Signal(Kind.RR, values, np.cumsum(values) / 1000.0, source=source)


def wave(kind: Kind, values: np.ndarray, rate: float, site: str | None = None) -> Signal:
    """An evenly sampled signal from 0."""
    samples = np.asarray(values, dtype=float)
    return Signal(kind, samples, np.arange(samples.size) / rate, rate, str(kind), site)


def mit_signal(path: Path) -> np.ndarray:
    """First channel of a two-channel format-212 record, in µV (gain 200/mV, zero 1024)."""
    triples = np.fromfile(path, dtype=np.uint8).reshape(-1, 3).astype(np.int64)
    samples = triples[:, 0] | ((triples[:, 1] & 15) << 8)
    samples[samples > 2047] -= 4096
    result: np.ndarray = (samples - 1024) / 200.0 * 1000.0
    return result


def mit_annotations(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Sample positions and codes of an MIT-format .atr file."""
    words = np.fromfile(path, dtype="<u2").astype(int).tolist()
    position, at, samples, codes = 0, 0, [], []
    while at < len(words):
        code, step = words[at] >> 10, words[at] & 1023
        at += 1
        if code == 0 and step == 0:
            break
        if code == 59:  # a long step, in the next two words
            position += (words[at] << 16) + words[at + 1]
            at += 2
        elif code == 63:  # text, padded to whole words
            at += (step + 1) // 2
        elif code < 60:
            position += step
            samples.append(position)
            codes.append(code)
    return np.array(samples), np.array(codes)


def mit_beats(path: Path) -> np.ndarray:
    """Positions of the annotated heartbeats, in samples."""
    samples, codes = mit_annotations(path)
    return samples[np.isin(codes, BEAT_CODES)]


def score(truth: np.ndarray, found: np.ndarray, tolerance: float) -> tuple[float, float]:
    """Sensitivity and precision of events in time, each true event matched at most once."""
    right = np.searchsorted(truth, found).clip(1, truth.size - 1)
    left = right - 1
    nearest = np.where(np.abs(truth[left] - found) < np.abs(truth[right] - found), left, right)
    hits = np.unique(nearest[np.abs(truth[nearest] - found) <= tolerance]).size
    return hits / truth.size, hits / max(found.size, 1)


def empatica(folder: Path) -> Person:
    """One E4 export: EDA, temperature, BVP and IBI on one clock that starts at 0."""
    signals = []
    for name, kind in (("EDA", Kind.EDA), ("TEMP", Kind.TEMPERATURE), ("BVP", Kind.PPG)):
        column = np.loadtxt(folder / f"{name}.csv", delimiter=",", ndmin=1)
        signals.append(wave(kind, column[2:], float(column[1]), "wrist"))
    beats = pd.read_csv(folder / "IBI.csv", skiprows=1, header=None).to_numpy(float)
    signals.append(Signal(Kind.RR, beats[:, 1] * 1000.0, beats[:, 0], None, "IBI", "wrist"))
    return Person(folder.name, tuple(signals))


def q_sensor(path: Path) -> pd.DataFrame:
    """An Affectiva Q log: acceleration z, y, x (g), battery, degC, EDA (uS) at 8 Hz."""
    names = ["z", "y", "x", "battery", "celsius", "eda"]
    return pd.read_csv(path, skiprows=8, header=None, names=names, encoding="latin-1")


def r_data_frame(path: Path) -> dict[str, np.ndarray]:
    """The one data frame of numbers in an xz-compressed .RData file (version 3, XDR)."""
    reader = _R(lzma.decompress(path.read_bytes()))
    ((_, (columns, attributes)),) = reader.item()
    return dict(zip(attributes["names"], [np.asarray(c[0]) for c in columns], strict=True))


class _R:
    """Enough of R's serialisation for vectors, lists, names and attributes."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 7
        self.symbols: list[str] = []
        self._numbers(3)
        self._bytes(self._number())  # the name of the encoding

    def _numbers(self, count: int) -> tuple[int, ...]:
        self.at += 4 * count
        return struct.unpack_from(f">{count}i", self.data, self.at - 4 * count)

    def _number(self) -> int:
        return self._numbers(1)[0]

    def _bytes(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]

    def item(self) -> Any:
        flags = self._number()
        kind = flags & 255
        if kind == 254:  # nil
            return []
        if kind == 255:
            return self.symbols[(flags >> 8) - 1]
        if kind == 1:
            self.symbols.append(self.item())
            return self.symbols[-1]
        if kind == 2:
            return self._pairs(flags)
        if kind == 9:
            size = self._number()
            return self._bytes(max(size, 0)).decode("latin-1")
        return self._vector(kind, flags)

    def _pairs(self, flags: int) -> list[tuple[str, Any]]:
        if flags & 512:
            self.item()
        tag = self.item() if flags & 1024 else ""
        value = self.item()
        return [(tag, value), *self.item()]

    def _vector(self, kind: int, flags: int) -> Any:
        count = self._number()
        values: Any
        if kind == 14:
            values = np.frombuffer(self._bytes(8 * count), ">f8")
        elif kind in {10, 13}:
            values = np.frombuffer(self._bytes(4 * count), ">i4")
        elif kind in {16, 19}:
            values = [self.item() for _ in range(count)]
        else:
            raise ValueError(f"R type {kind} is not expected here")
        attributes = dict(self.item()) if flags & 512 else {}
        return values if kind == 16 else (values, attributes)
