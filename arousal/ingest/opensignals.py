"""OpenSignals text file (BITalino, biosignalsplux) -> Recording.

Three lines of header, the second a JSON with one entry for each device, keyed by its Bluetooth
address; then one line a sample: a sequence number, digital lines, the analogue channels. Values
are the converter's counts unless the file was exported as converted. Several devices in one file
stand side by side and are several wearers.

The header's date and time are the computer's clock when the program opened the device: two hubs
started together disagreed by 4.4 s. So times count from the first sample, and recordings are put
together by `arousal.ingest.aligning` and not by their headers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.errors import FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.export import Channel, Export, assemble, line_events
from arousal.ingest.formats import Format, Request, source_of
from arousal.ingest.number_table import NumberTable, first_lines, read_numbers
from arousal.ingest.plux_units import AXES, convert_counts, physical_unit
from arousal.recording import Event, Recording

__all__ = ["FORMAT", "header_start", "read_opensignals"]

FloatArray = NDArray[np.float64]
MAGIC = "# OpenSignals Text File Format"
END = "# EndOfHeader"
SEQUENCE_BITS = 4
"""A BITalino counts its samples from 0 to 15 and again."""


@dataclass(frozen=True, slots=True)
class _Device:
    """One device's entry in the header."""

    key: str
    model: str
    rate: float
    columns: tuple[str, ...]
    labels: tuple[str, ...]
    sensors: tuple[str, ...]
    bits: tuple[int, ...]
    firmware: str
    converted: bool
    start: str


def _recognises(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(len(MAGIC) + 3)
    return head.lstrip(b"\xef\xbb\xbf").startswith(MAGIC.encode())


def read_opensignals(request: Request) -> Recording:
    """Read a text file of OpenSignals (r)evolution.

    Parameters
    ----------
    request : Request
        The file. A mapping names channels by their label (``CH1``; ``2/CH1`` for the second
        device of a file in which labels repeat).

    Returns
    -------
    Recording
        Clock ``"file"``: zero is the first sample. Changes of the digital lines are events.

    Raises
    ------
    FormatError
        If the header is damaged, or there is no usable sample.
    """
    path = request.path
    devices, skip = _header(path)
    names = [f"{n}/{column}" for n, device in enumerate(devices) for column in device.columns]
    table = read_numbers(path, names, separator="\t", skip=skip)
    findings = [*table.findings, _no_clock(devices, path)]
    channels: list[Channel] = []
    events: list[Event] = []
    for number, device in enumerate(devices):
        prefix = f"{number}/"
        times = _times(table, device, prefix, findings, path)
        channels += _channels(table, device, prefix, times, devices)
        events += _digital(table, device, prefix, times)
    sources = source_of([path], FORMAT.name)
    exported = Export(tuple(channels), tuple(events), sources, findings=tuple(findings))
    return assemble(request, exported)


def header_start(path: Path) -> float:
    """When the header says that the recording began.

    Parameters
    ----------
    path : Path
        OpenSignals text file.

    Returns
    -------
    float
        Seconds by the computer's local clock (as if it were UTC): of use only as a difference
        between two files, and even then only to be doubted (`arousal.ingest.aligning`).

    Raises
    ------
    FormatError
        If the header is damaged or has no date.
    """
    devices, _ = _header(path)
    try:
        return datetime.strptime(devices[0].start, "%Y-%m-%d %H:%M:%S.%f").replace(
            tzinfo=UTC
        ).timestamp()  # fmt: skip
    except ValueError:
        raise FormatError("its header has no date and time", where=path) from None


def _header(path: Path) -> tuple[list[_Device], int]:
    lines = first_lines(path, 12)
    ends = [i for i, line in enumerate(lines) if line.startswith(END)]
    if len(lines) < 3 or not ends:
        raise FormatError("its OpenSignals header is cut", where=path, hint="export it again")
    try:
        raw = json.loads(lines[1].lstrip("# "))
        devices = [_device(key, entry) for key, entry in raw.items()]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise FormatError(
            f"its OpenSignals header is damaged ({type(error).__name__}: {error})",
            where=path,
            hint="export it again",
        ) from None
    if not devices:
        raise FormatError("its OpenSignals header names no device", where=path)
    return devices, ends[0] + 1


def _device(key: str, entry: dict[str, Any]) -> _Device:
    labels = tuple(str(label) for label in entry["label"])
    rate = float(entry["sampling rate"])
    if not (rate > 0 and np.isfinite(rate)):
        raise ValueError(f"sampling rate is {rate:g} Hz, allowed > 0")
    bits = [int(b) for b in entry["resolution"]][-len(labels) :]
    sensors = [str(s) for s in entry["sensor"]]
    if len(sensors) != len(labels) or len(bits) != len(labels):
        raise ValueError(f"{len(labels)} labels, {len(sensors)} sensors, {len(bits)} resolutions")
    return _Device(
        key,
        str(entry["device"]),
        rate,
        tuple(str(column) for column in entry["column"]),
        labels,
        tuple(sensors),
        tuple(bits),
        str(entry.get("firmware version", "")),
        bool(entry.get("convertedValues", 0)),
        f"{entry.get('date', '')} {entry.get('time', '')}",
    )


def _no_clock(devices: list[_Device], path: Path) -> Finding:
    text = (
        f"the header's start ({devices[0].start}) is the computer's clock without a time zone "
        "and can be seconds off; times count from the first sample"
    )
    hint = "put recordings together by a signal they share, not by their headers"
    return Finding("clock-header", text, Severity.NOTE, path.name, hint)


def _times(
    table: NumberTable, device: _Device, prefix: str, findings: list[Finding], path: Path
) -> FloatArray:
    """Seconds of each line; lines that the radio lost leave a gap."""
    steps = np.ones(len(table))
    if "nSeq" in device.columns and len(table) > 1:
        counts = np.diff(table.columns[f"{prefix}nSeq"])
        if device.model.startswith("bitalino"):
            counts = np.mod(counts, 2**SEQUENCE_BITS)
        lost = np.where(np.isfinite(counts) & (counts > 1), counts - 1, 0.0)
        steps[1:] += lost
        if lost.any():
            text = f"{lost.sum():.0f} samples were lost on the way, in {(lost > 0).sum()} places"
            findings.append(Finding("samples-lost", text, Severity.WARNING, path.name))
    return np.asarray((np.cumsum(steps) - 1.0) / device.rate, dtype=np.float64)


def _channels(
    table: NumberTable, device: _Device, prefix: str, times: FloatArray, devices: list[_Device]
) -> list[Channel]:
    everyone = [label for d in devices for label in d.labels]
    found: list[Channel] = []
    used = 0
    while used < len(device.labels):
        sensor = device.sensors[used].upper()
        width = 3 if sensor in AXES and _three(device.sensors[used:]) else 1
        labels = device.labels[used : used + width]
        again = any(everyone.count(label) > 1 for label in labels)
        shown = f"{int(prefix[:-1]) + 1}/" if again else ""
        values = np.column_stack([table.columns[prefix + label] for label in labels])
        converted = device.converted or not _whole(values)
        bits = device.bits[used]
        scaled = (
            physical_unit(sensor, values)
            if converted
            else convert_counts(sensor, device.model, device.firmware, bits, values)
        )
        found.append(
            Channel(
                shown + "+".join(labels),
                scaled.values if width > 1 else scaled.values[:, 0],
                times,
                scaled.kind if width > 1 or sensor not in AXES else None,
                scaled.unit,
                device.rate,
                device=device.key,
                original_unit="" if converted else f"{bits}-bit counts",
                reason=scaled.reason or "one axis of three tells no movement",
            )
        )
        used += width
    return found


def _three(sensors: tuple[str, ...]) -> bool:
    return len(sensors) >= 3 and len(set(sensors[:3])) == 1


def _whole(values: FloatArray) -> bool:
    finite = values[np.isfinite(values)]
    return bool((finite == np.round(finite)).all())


def _digital(table: NumberTable, device: _Device, prefix: str, times: FloatArray) -> list[Event]:
    lines = [c for c in device.columns if c != "nSeq" and c not in device.labels]
    return [e for line in lines for e in line_events(table.columns[prefix + line], times, line)]


FORMAT = Format(
    "opensignals", "OpenSignals text file (.txt; BITalino, biosignalsplux)", _recognises,
    read_opensignals,
)  # fmt: skip
