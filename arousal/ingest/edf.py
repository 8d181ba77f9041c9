"""EDF and EDF+ file (Bittium Faros, OpenSignals, ...) -> Recording.

Decoded by edfio (Apache-2.0). A signal is what its label says. A Faros adds three things: its
button (``Marker``), the beats its firmware found (``HRV``: an interval in ms at the moment it was
found, 0 between, five values a second), and the time zone, in the recording's identification. The
patient's identification and serial numbers are not read: they name people and devices.
"""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from arousal.errors import FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.devices import load_catalogue
from arousal.ingest.export import Channel, Export, assemble, line_events, mark_events
from arousal.ingest.faros import beats_of_line
from arousal.ingest.formats import Format, Request, source_of
from arousal.ingest.labels import find_axes, kind_of_label
from arousal.ingest.optional_library import require
from arousal.recording import Event, Kind, Recording

if TYPE_CHECKING:
    from edfio import Edf, EdfSignal

__all__ = ["FORMAT", "read_edf_file"]

FloatArray = NDArray[np.float64]
MAGIC = b"0       "
"""An EDF file begins with its version, 0, and seven spaces."""
BEATS, BUTTON = "HRV", "Marker"
AT_LIMIT = 0.01
"""Share of samples at the ends of the converter's range from which on it is said."""
_ZONE = re.compile(r"(?<![A-Z])TZ=([+-])(\d\d):?(\d\d)")


def _recognises(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(8) == MAGIC or path.suffix.lower() == ".edf"


def read_edf_file(request: Request) -> Recording:
    """Read an EDF or continuous EDF+ file.

    Parameters
    ----------
    request : Request
        The file. A mapping names signals by their labels.

    Returns
    -------
    Recording
        Clock ``"unix"`` where the file tells its time zone (Faros), else ``"file"``. Annotations
        and the changes of a ``Marker`` line are events.

    Raises
    ------
    FormatError
        If it is no EDF file, is damaged, is discontinuous (EDF+D), or holds no usable signal.
    UsageError
        If edfio is not installed (extra ``devices``).
    """
    path = request.path
    findings: list[Finding] = []
    lines, edf_events, start, zoned = _decode(path, findings)
    catalogue = load_catalogue(request.mapping.device_files())
    axes = find_axes([line.label for line in lines])
    in_axes = {index for triple in axes.values() for index in triple}
    channels: list[Channel] = []
    events = list(edf_events)
    for index, line in enumerate(lines):
        if line.label == BUTTON:
            events += line_events(np.append(0.0, line.values), np.append(0.0, line.times), BUTTON)
        elif line.label == BEATS and line.unit == "ms":
            channels.append(beats_of_line(line.values, line.times, BEATS))
        elif index not in in_axes:
            kind, reason = kind_of_label(line.label, catalogue)
            channels.append(line.channel(kind, reason))
        _say_limits(line, findings)
    for name, triple in axes.items():
        kind, reason = kind_of_label(name, catalogue)
        channels.append(_joined(name, [lines[i] for i in triple], kind, reason))
    origin = start.replace(tzinfo=zoned or UTC).timestamp() if start is not None else 0.0
    if zoned is None:
        findings.append(_no_zone(start, path))
    exported = Export(
        tuple(channels),
        tuple(events),
        source_of([path], FORMAT.name),
        "unix" if zoned is not None and start is not None else "file",
        origin if zoned is not None else 0.0,
        datetime.fromtimestamp(origin, UTC) if zoned is not None and start is not None else None,
        tuple(findings),
    )
    return assemble(request, exported)


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    label: str
    unit: str
    rate: float
    values: FloatArray
    limits: tuple[float, float]

    @property
    def times(self) -> FloatArray:
        return np.arange(len(self.values)) / self.rate

    def channel(self, kind: Kind | None, reason: str) -> Channel:
        return Channel(
            self.label, self.values, self.times, kind, self.unit, self.rate, reason=reason
        )


def _joined(name: str, lines: list[_Line], kind: Kind | None, reason: str) -> Channel:
    first = lines[0]
    if len({(line.rate, len(line.values), line.unit) for line in lines}) > 1:
        kind, reason, lines = None, "its axes differ in rate or unit", lines[:1]
    values = np.column_stack([line.values for line in lines])
    return Channel(name, values, first.times, kind, first.unit, first.rate, reason=reason)


def _decode(
    path: Path, findings: list[Finding]
) -> tuple[list[_Line], tuple[Event, ...], datetime | None, timezone | None]:
    require("edfio", "EDF files (.edf)", path)
    import edfio

    with path.open("rb") as file:
        if file.read(8) != MAGIC:
            raise FormatError("it is no EDF file: it does not begin with '0'", where=path)
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            content = edfio.read_edf(path, lazy_load_data=False, header_encoding="latin-1")
            _check_continuous(content, path)
            lines = [_line(signal, path) for signal in content.signals]
            marks = [(a.onset, a.text) for a in content.annotations]
            start = _start(content)
            zone = _zone(content)
    except FormatError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged file fails anywhere inside
        raise FormatError(
            f"its EDF header is damaged ({type(error).__name__}: {error})",
            where=path,
            hint="export it again",
        ) from None
    if any("truncated" in str(w.message) or "indicates" in str(w.message) for w in said):
        seconds = content.num_data_records * content.data_record_duration
        text = f"the file is cut, or was never closed: {seconds:g} s of it are whole and are used"
        findings.append(Finding("edf-truncated", text, Severity.WARNING, path.name))
    return [x for x in lines if len(x.values)], mark_events(marks, "annotations"), start, zone


def _check_continuous(content: Edf, path: Path) -> None:
    if not content.num_data_records:
        raise FormatError("it has a header and no data", where=path)
    if not content.is_continuous:
        raise FormatError(
            "it is discontinuous (EDF+D): its pauses cannot be read",
            where=path,
            hint="export it as continuous EDF+C, one file for each stretch",
        )


def _line(signal: EdfSignal, path: Path) -> _Line:
    rate = float(signal.sampling_frequency)
    if not (math.isfinite(rate) and rate > 0):
        raise FormatError(f"signal {signal.label!r} has rate {rate:g} Hz", where=path)
    values = np.asarray(signal.data, dtype=np.float64)
    low, high = sorted((float(signal.physical_min), float(signal.physical_max)))
    return _Line(signal.label.strip(), signal.physical_dimension.strip(), rate, values, (low, high))


def _start(content: Edf) -> datetime | None:
    try:
        return content.startdatetime
    except ValueError:  # dates are often taken out to protect people
        return None


def _zone(content: Edf) -> timezone | None:
    found = _ZONE.search(content.local_recording_identification)
    if found is None:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(offset if found[1] == "+" else -offset)


def _no_zone(start: datetime | None, path: Path) -> Finding:
    shown = f"{start:%Y-%m-%d %H:%M:%S}" if start is not None else "taken out"
    text = f"the start ({shown}) has no time zone; times count from the first sample"
    return Finding("time-zone-unknown", text, Severity.NOTE, path.name)


def _say_limits(line: _Line, findings: list[Finding]) -> None:
    if line.label in {BUTTON, BEATS} or not len(line.values):
        return
    slack = 1e-6 * (line.limits[1] - line.limits[0])
    at_end = (line.values <= line.limits[0] + slack) | (line.values >= line.limits[1] - slack)
    share = float(at_end.mean())
    if share > AT_LIMIT:
        text = (
            f"{share:.0%} of the values are at the end of the range ({line.limits[0]:g} to "
            f"{line.limits[1]:g} {line.unit}) that the file gives them: they may be clipped"
        )
        findings.append(Finding("values-at-limit", text, Severity.WARNING, line.label))


FORMAT = Format("edf", "EDF or EDF+ file (.edf; Bittium Faros)", _recognises, read_edf_file)
