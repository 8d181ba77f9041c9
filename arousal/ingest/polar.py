"""Polar Sensor Logger text files (H10, H9, Verity Sense, OH1) -> Recording.

One file for each kind of data, ``;`` between cells, the phone's time first. ECG, movement and
light also carry the sensor's own time in ns: it spaces the samples, and the phone's time places
them (the smallest delay counts, because radio only ever delays). Intervals carry the phone's time
of arrival, so their beats are rebuilt from the intervals themselves. The device's number in the
file names tells devices apart and goes no further.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from arousal.errors import FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.export import Channel, Export, assemble, mark_events
from arousal.ingest.formats import Format, Request, source_of
from arousal.ingest.number_table import first_lines, read_cells
from arousal.ingest.raw import StreamInfo
from arousal.ingest.sample_times import place_samples
from arousal.ingest.table_time import stamps_of
from arousal.recording import Event, Kind, Recording

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FORMAT", "read_polar"]

FloatArray = NDArray[np.float64]
_HEAD = re.compile(r"Phone (Data RX )?timestamp;", re.IGNORECASE)
_DEVICE = re.compile(
    r"Polar[_ -]?(?P<model>[A-Za-z0-9]+)[_ -](?P<id>[0-9A-Fa-f]{6,})(?![0-9A-Za-z])"
)
_SITES = {"H10": "chest", "H9": "chest"}
_SENSOR_TIMES = {"sensor timestamp [ns]": 1e-9, "timestamp [ms]": 1e-3}
"""Columns with the sensor's own time, and the seconds of their unit."""
BLOCK = 60.0
"""Seconds in which the smallest delay between sensor and phone is looked for."""


@dataclass(frozen=True, slots=True)
class _Column:
    kind: Kind
    unit: str
    rate: float | None = None


_COLUMNS = {
    "ecg [uv]": _Column(Kind.ECG, "uV", 130.0),
    "rr-interval [ms]": _Column(Kind.RR, "ms"),
    "pp-interval [ms]": _Column(Kind.RR, "ms"),
    "hr [bpm]": _Column(Kind.HR, "bpm"),
    "channel 0": _Column(Kind.PPG, "a.u."),
}
_AXES = ("x [mg]", "y [mg]", "z [mg]")
_MARK = re.compile(r"marker.*", re.IGNORECASE)


def _recognises(path: Path) -> bool:
    if path.is_dir():
        return any(_is_log(p) for p in path.iterdir() if p.suffix.lower() in {".txt", ".csv"})
    return path.is_file() and _is_log(path)


def _is_log(path: Path) -> bool:
    head = first_lines(path, 1, 512)
    return bool(head) and _HEAD.match(head[0]) is not None


def read_polar(request: Request) -> Recording:
    """Read a file of Polar Sensor Logger, or a folder with those of one session.

    Parameters
    ----------
    request : Request
        File or folder. A mapping names columns as the header does (``ecg [uV]``); movement is
        ``ACC``.

    Returns
    -------
    Recording
        Zero is the phone's earliest time. Clock ``"unix"`` where that has a time zone, else
        ``"file"``. Lines of a marker file are events.

    Raises
    ------
    DataError
        If a time is no ISO date and time.
    FormatError
        If nothing in it is a usable signal.
    """
    folder = request.path.is_dir()
    paths = sorted(p for p in request.path.iterdir() if p.is_file()) if folder else [request.path]
    findings: list[Finding] = []
    logs = [_log(path, findings) for path in paths if _is_log(path)]
    logs = [log for log in logs if log.phone.size]
    if not logs:
        raise FormatError("there is no line of data in it", where=request.path)
    dated = all(log.dated for log in logs)
    zero = min(float(log.phone.min()) for log in logs)
    channels = [channel for log in logs for channel in _channels(log, zero, findings)]
    channels.sort(key=lambda c: list(Kind).index(c.kind) if c.kind else len(Kind))
    exported = Export(
        tuple(channels),
        tuple(event for log in logs for event in _marks(log, zero)),
        source_of([log.path for log in logs], FORMAT.name),
        "unix" if dated else "file",
        zero,
        datetime.fromtimestamp(zero, UTC) if dated else None,
        tuple(dict.fromkeys(findings)),
    )
    return assemble(request, exported)


@dataclass(frozen=True, slots=True, eq=False)
class _Log:
    path: Path
    device: str
    model: str
    cells: pd.DataFrame
    phone: FloatArray
    dated: bool


def _log(path: Path, findings: list[Finding]) -> _Log:
    names = [name.strip() for name in first_lines(path, 1)[0].rstrip("; ").split(";")]
    unique = [n if n not in names[:i] else f"{n} {i + 1}" for i, n in enumerate(names)]
    cells = read_cells(path, unique, separator=";", skip=1, as_text=True)
    whole = cells.iloc[:, 1].notna()
    if not whole.iloc[-1]:
        text = "the last line is cut; it is left out, and the file may have been longer"
        findings.append(Finding("line-cut", text, Severity.WARNING, _shown(path)))
    cells = cells[whole]
    phone, said, dated = stamps_of(cells.iloc[:, 0], "iso", path)
    findings += said
    found = _DEVICE.search(path.name)
    known = np.isfinite(phone)
    return _Log(
        path,
        found["id"] if found else "",
        found["model"].upper() if found else "",
        cells[known],
        phone[known],
        dated,
    )


def _shown(path: Path) -> str:
    """File name without the device's number."""
    return _DEVICE.sub(lambda found: f"Polar_{found['model']}", path.name)


def _channels(log: _Log, zero: float, findings: list[Finding]) -> Iterator[Channel]:
    times = _times(log, findings) - zero
    site = _SITES.get(log.model)
    by_name = {str(name).lower(): str(name) for name in log.cells.columns[1:]}
    if all(axis in by_name for axis in _AXES):
        values = np.column_stack([_numbers(log, by_name[axis]) for axis in _AXES])
        yield Channel("ACC", values, times, Kind.ACCELERATION, "mg", None, site, device=log.device)
    for low, name in by_name.items():
        if low in {*_SENSOR_TIMES, *_AXES} or _MARK.match(low):
            continue
        words = _COLUMNS.get(low)
        values = _numbers(log, name)
        if not np.isfinite(values).any():
            continue  # a column that this strap never fills
        if low == "pp-interval [ms]" and "blocker" in by_name:
            values = np.where(_numbers(log, by_name["blocker"]) > 0, np.nan, values)
        yield Channel(
            name,
            values,
            times,
            words.kind if words else None,
            words.unit if words else "",
            words.rate if words else None,
            site,
            device=log.device,
            reason="not a signal this package reads",
        )


def _numbers(log: _Log, name: str) -> FloatArray:
    import pandas as pd

    cells = pd.to_numeric(log.cells[name], errors="coerce")
    return np.asarray(cells.to_numpy(dtype=np.float64))


def _times(log: _Log, findings: list[Finding]) -> FloatArray:
    """Times of the samples on the phone's clock, spaced by the sensor's where it has one."""
    import pandas as pd

    by_name = {str(name).lower(): str(name) for name in log.cells.columns[1:]}
    for name, scale in _SENSOR_TIMES.items():
        if name not in by_name:
            continue
        counts = pd.to_numeric(log.cells[by_name[name]], errors="coerce")
        if counts.notna().all() and bool((np.diff(counts) > 0).all()):
            sensor = (counts - counts.iloc[0]).to_numpy(dtype=np.float64) * scale
            return np.asarray(sensor + _delay(sensor, log.phone - sensor), dtype=np.float64)
    if not any(name in by_name for name in _SENSOR_TIMES):
        return log.phone
    text = "the sensor's own times do not increase; the phone's times of arrival are used"
    findings.append(Finding("sensor-time-unusable", text, Severity.WARNING, _shown(log.path)))
    rate = next((c.rate for low, c in _COLUMNS.items() if low in by_name), None)
    return _from_packets(log, rate) if rate else log.phone


def _from_packets(log: _Log, rate: float) -> FloatArray:
    """Spread samples that share the time of their packet, at their nominal rate."""
    info = StreamInfo(log.model, rate=rate)
    values = np.zeros((log.phone.size, 1))
    return place_samples(info, values, log.phone).times


def _delay(sensor: FloatArray, delay: FloatArray) -> FloatArray:
    """Smallest delay as a line in time: two clocks never run alike.

    The minima of blocks of a minute are fitted; with less than five minutes it is one number.
    """
    blocks = (sensor // BLOCK).astype(np.int64)
    if blocks[-1] < 5:
        return np.full(sensor.shape, delay.min())
    used = np.unique(blocks)
    lowest = np.array([delay[blocks == block].min() for block in used])
    middle = np.array([sensor[blocks == block].mean() for block in used])
    slope, level = np.polyfit(middle - middle[0], lowest - lowest[0], 1)
    return np.asarray(lowest[0] + level + slope * (sensor - middle[0]), dtype=np.float64)


def _marks(log: _Log, zero: float) -> tuple[Event, ...]:
    name = next((n for n in log.cells.columns[1:] if _MARK.match(str(n))), None)
    if name is None:
        return ()
    rows = zip(log.phone - zero, log.cells[name], strict=True)
    return mark_events(((float(t), str(label).strip()) for t, label in rows), "markers")


FORMAT = Format("polar", "Polar Sensor Logger text (.txt or folder)", _recognises, read_polar)
