"""Signals -> BIDS ``*_recording-<kind>_physio.tsv.gz`` with their JSON.

One file a signal. A signal with a rate lies on a regular grid, one line a sample, ``n/a`` where
there is none; where its own times leave that grid at all (a gap, a drifting clock) a first column
``timestamp`` gives each sample's time, and lines without one are gaps. Signals without a rate
(inter-beat intervals, device heart rate) are one line an observation with its ``timestamp``:
their ``SamplingFrequency``, which BIDS wants, is their mean rate.

Nothing is rounded away, because beats and skin responses are judged by thresholds: with nine digits
throughout, some RMSSD of the sample session changed by up to 6e-5. Stamps and values are written
with the shortest text that reads back to the same 64-bit float; values that came as 32-bit floats
with nine digits, which tells any two of them apart, and ``"NumberFormat": "float32"``. The times of
a steady signal follow from its rate, to 1e-10 s. The same signal gives the same bytes.
"""

from __future__ import annotations

import gzip
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal import __version__
from arousal.atomic import PRIVATE_FILE, make_folder
from arousal.ingest.bids_sidecar import (
    FORMAT,
    KIND,
    NOMINAL,
    ORIGINAL,
    PLACEMENT,
    SINGLE,
    TIMESTAMP,
)
from arousal.recording import Kind, Signal

__all__ = ["json_text", "recording_labels", "write_physio", "write_text_file"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
MISSING = "n/a"
SAME_TIME = 1e-10
"""Seconds by which a grid's time may differ from a sample's own; window edges tolerate 1e-9."""
LONGEST = 20
"""Lines of a grid for each sample, at most; a signal that is mostly gap is written without one."""
LINES = 65_536
"""Lines that are made at a time."""
_NAMES = {Kind.PPG: "cardiac", Kind.RESPIRATION: "respiratory"}
"""Columns whose names BIDS fixes; all others are called by their kind."""
_TEXTS = {
    Kind.ECG: "Potential between the electrodes",
    Kind.PPG: "Pulse wave of a light sensor, in the device's own scale",
    Kind.RR: "Interval between two heart beats that ends at the beat at timestamp, as the device "
    "or its driver found it; nothing is corrected",
    Kind.HR: "Heart rate as the device computed it",
    Kind.EDA: "Skin conductance, tonic and phasic together",
    Kind.TEMPERATURE: "Skin temperature",
    Kind.RESPIRATION: "Breathing belt, in the device's own scale",
    Kind.ACCELERATION: "Acceleration, gravity included",
    Kind.SPEECH: "Share of the sample's period in which the person spoke; no sound was kept",
    Kind.BATTERY: "Charge of the device",
}


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Lines of a table: which line each sample stands in, and whether times are written."""

    rate: float
    places: IntArray
    stamped: bool
    even: bool = True
    """Whether lines are a grid, so that rate and start say nearly when each was."""

    @property
    def lines(self) -> int:
        return int(self.places[-1]) + 1


def recording_labels(signals: tuple[Signal, ...]) -> list[str]:
    """Return a label for each signal of one person: its kind, the second of a kind with a 2.

    Examples
    --------
    >>> ecg = Signal(Kind.ECG, [0.0], [0.0], 130.0)
    >>> recording_labels((ecg, ecg))
    ['ecg', 'ecg2']
    """
    counts: dict[Kind, int] = {}
    labels = []
    for signal in signals:
        counts[signal.kind] = counts.get(signal.kind, 0) + 1
        number = counts[signal.kind]
        labels.append(f"{signal.kind}{number if number > 1 else ''}")
    return labels


def write_physio(folder: Path, stem: str, signal: Signal, more: Mapping[str, Any]) -> None:
    """Write one signal: ``<stem>_physio.tsv.gz`` and ``<stem>_physio.json``.

    Parameters
    ----------
    folder : Path
        Where to write; it exists.
    stem : str
        ``sub-<label>_ses-<label>_task-<label>_recording-<label>``.
    signal : Signal
        At least one sample.
    more : mapping
        Further keys of the JSON (``TaskName``).

    Raises
    ------
    OSError
        If it cannot be written; the caller removes what is there.
    """
    layout = _lay_out(signal)
    names = _columns(signal)
    with _packed(folder / f"{stem}_physio.tsv.gz") as file:
        for block in _blocks(signal, layout):
            file.write(block)
    content: dict[str, Any] = {
        "SamplingFrequency": layout.rate,
        "StartTime": float(signal.times[0]),
        "Columns": [TIMESTAMP, *names] if layout.stamped else names,
        "PhysioType": "generic",
        NOMINAL: signal.rate if signal.rate is not None else MISSING,
        "SoftwareName": "arousal",
        "SoftwareVersions": __version__,
        **more,
    }
    if layout.stamped:
        content[TIMESTAMP] = {"Description": _about_time(layout), "Units": "s"}
    for name in names:
        content[name] = _about(signal)
    write_text_file(folder / f"{stem}_physio.json", json_text(content))


def _about_time(layout: _Layout) -> str:
    if not layout.even:
        return (
            "Time of each line, on the clock of StartTime; lines are not evenly spaced, so that "
            "SamplingFrequency does not tell when they were"
        )
    return (
        "Time of each sample, on the clock of StartTime, more exact than the line's place on the "
        "regular grid; n/a where there is no sample (a gap)"
    )


def _about(signal: Signal) -> dict[str, str]:
    about = {
        "LongName": signal.kind.label,
        "Description": _TEXTS[signal.kind],
        "Units": signal.unit,
        KIND: str(signal.kind),
    }
    if _is_single(signal.values):
        about[FORMAT] = SINGLE
    if signal.site:
        about[PLACEMENT] = signal.site
    if signal.original_unit:
        about[ORIGINAL] = signal.original_unit
    return about


def _is_single(values: FloatArray) -> bool:
    """Whether every value is a 32-bit float, as most devices and recorders send them."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32).astype(np.float64)
    return bool(np.array_equal(single, values, equal_nan=True))


def _columns(signal: Signal) -> list[str]:
    name = _NAMES.get(signal.kind, str(signal.kind))
    axes = 1 if signal.values.ndim == 1 else signal.values.shape[1]
    if axes == 1:
        return [name]
    return [f"{name}_{axis}" for axis in ("xyz" if axes == 3 else range(1, axes + 1))]


def _lay_out(signal: Signal) -> _Layout:
    times = signal.times
    one_each = np.arange(times.size)
    if signal.rate is None:
        lasts = float(times[-1] - times[0])
        mean = (times.size - 1) / lasts if lasts > 0 else 1.0
        return _Layout(mean, one_each, stamped=True, even=False)
    for rate in (signal.rate, _own_rate(times, signal.rate)):
        if np.abs(times[0] + one_each / rate - times).max() <= SAME_TIME:
            return _Layout(rate, one_each, stamped=False)
    places = np.rint((times - times[0]) * rate).astype(np.int64)
    apart = bool((np.diff(places) > 0).all()) and int(places[-1]) < LONGEST * times.size
    return _Layout(rate, places if apart else one_each, stamped=True, even=apart)


def _own_rate(times: FloatArray, nominal: float) -> float:
    """Samples per second as they came, gaps left out: the grid must not drift off the samples."""
    steps = np.diff(times)
    inside = steps[steps < 1.5 * np.median(steps)] if steps.size else steps
    if not inside.size:
        return nominal
    if inside.size == steps.size:
        return float((times.size - 1) / (times[-1] - times[0]))
    return float(1.0 / inside.mean())


def _blocks(signal: Signal, layout: _Layout) -> Iterator[bytes]:
    values = signal.values.reshape(len(signal), -1)
    number = _nine if _is_single(values) else repr
    for first in range(0, layout.lines, LINES):
        last = min(first + LINES, layout.lines)
        part = slice(*np.searchsorted(layout.places, (first, last)))
        rows = layout.places[part] - first
        cells = [_cells(values[part, axis], rows, last - first, number) for axis in
                 range(values.shape[1])]  # fmt: skip
        if layout.stamped:
            cells.insert(0, _cells(signal.times[part], rows, last - first, repr))
        lines = map("\t".join, zip(*cells, strict=True))
        yield ("\n".join(lines) + "\n").encode("ascii")


def _cells(
    values: FloatArray, rows: IntArray, count: int, text: Callable[[float], str]
) -> list[str]:
    cells = [MISSING] * count
    for row, value in zip(rows.tolist(), values.tolist(), strict=True):
        if math.isfinite(value):
            cells[row] = text(value)
    return cells


def _nine(value: float) -> str:
    return f"{value:.9g}"


@contextmanager
def _packed(path: Path) -> Iterator[BufferedIOBase]:
    """Open a gzip file that tells neither its name nor when it was made."""
    with open(path, "xb", opener=_private) as raw:
        with gzip.GzipFile("", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as file:
            yield file
        raw.flush()
        os.fsync(raw.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)


def json_text(content: Mapping[str, Any]) -> str:
    """Return JSON as every file of an export has it: indented, no number that JSON lacks."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_text_file(path: Path, text: str) -> None:
    """Write a new UTF-8 file to the disk, its owner's alone, making the folders above it."""
    make_folder(path.parent)
    with open(path, "x", encoding="utf-8", newline="\n", opener=_private) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
