"""Shimmer Consensys CSV -> Recording.

An optional line ``sep=;``, a line of names (``Shimmer_40AC_GSR_Skin_Resistance_CAL``), a line of
units, then one line a sample. Skin resistance in kOhm becomes conductance (uS = 1000 / kOhm);
where the file has both, the conductance is used. The device's number in the names tells devices
apart and goes no further.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arousal.errors import FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.export import Channel, Export, assemble, line_events
from arousal.ingest.formats import Format, Request, source_of
from arousal.ingest.number_table import NumberTable, first_lines, read_numbers
from arousal.ingest.table_time import UNIX_FROM, UNIX_TO
from arousal.recording import Event, Kind, Recording

__all__ = ["FORMAT", "read_shimmer"]

FloatArray = NDArray[np.float64]
_NAME = re.compile(
    r"(?P<device>Shimmer[_ -]?[0-9A-Za-z]+)_(?P<what>.+?)_(?P<how>CAL|RAW|UNCAL)", re.IGNORECASE
)
_MARKS = re.compile(r"Event_?Marker|Marker", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a column is, by its name between device and CAL."""

    pattern: str
    kind: Kind | None
    reason: str = ""

    def fits(self, what: str) -> bool:
        return re.fullmatch(self.pattern, what, re.IGNORECASE) is not None


_RULES = (
    _Rule(r"GSR_Skin_Conductance|GSR_Conductance", Kind.EDA),
    _Rule(r"GSR(_Skin)?_Resistance|GSR", Kind.EDA),
    _Rule(r"PPGtoHR.*|Heart_?Rate.*", Kind.HR),
    _Rule(r"PPG.*IBI.*|IBI.*|RR.*", Kind.RR),
    _Rule(r"(Internal_ADC_)?PPG.*", Kind.PPG),
    _Rule(r"ECGtoHR.*", Kind.HR),
    _Rule(r"ECG_(Status|RESP.*)", None, "a status or an impedance"),
    _Rule(r"ECG.*", Kind.ECG),
    _Rule(r"Accel_LN", Kind.ACCELERATION),
    _Rule(r"Accel_WR", Kind.ACCELERATION),
    _Rule(r"Accel.*", Kind.ACCELERATION),
    _Rule(r"Temperature_BM.*", None, "the temperature inside the case, not the skin's"),
    _Rule(r"Skin_Temperature.*", Kind.TEMPERATURE),
)
"""From top to bottom; where several columns are of one kind, the first is the one to use."""
_ONE_IS_ENOUGH = frozenset({Kind.EDA, Kind.ACCELERATION})
"""Kinds of which the others are the same quantity again."""


def _recognises(path: Path) -> bool:
    return path.is_file() and _header(path) is not None


@dataclass(frozen=True, slots=True)
class _Header:
    separator: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    skip: int


def _header(path: Path) -> _Header | None:
    with path.open("rb") as file:
        if b"Shimmer" not in file.read(4096):
            return None
    lines = first_lines(path, 4)
    skip = 1 if lines and lines[0].strip().strip('"').startswith("sep=") else 0
    if len(lines) < skip + 2:
        return None
    separator = lines[0].strip().strip('"')[4:] if skip else _separator(lines[0])
    if not separator:
        return None
    names = [name.strip() for name in lines[skip].split(separator)]
    if names and not names[-1]:
        names.pop()
    if sum(_NAME.fullmatch(name) is not None for name in names) < 2 or len(set(names)) < len(names):
        return None
    units = [unit.strip() for unit in lines[skip + 1].split(separator)]
    units = units[: len(names)] + [""] * (len(names) - len(units))
    return _Header(separator, tuple(names), tuple(units), skip + 2)


def _separator(line: str) -> str:
    return next((s for s in "\t;," if s in line), "")


def read_shimmer(request: Request) -> Recording:
    """Read a calibrated CSV of Consensys.

    Parameters
    ----------
    request : Request
        The file. A mapping names columns without device and ``CAL``
        (``GSR_Skin_Resistance``).

    Returns
    -------
    Recording
        Clock ``"unix"`` where the time column is, else ``"file"``. An event marker column becomes
        events.

    Raises
    ------
    FormatError
        If no column is a time, or none a usable signal.
    """
    path = request.path
    header = _header(path)
    if header is None:
        raise FormatError("its first lines do not name Shimmer columns and units", where=path)
    times_of = _time_columns(header, path)
    need = list(dict.fromkeys(times_of.values()))
    table = read_numbers(
        path, header.names, separator=header.separator, skip=header.skip, need=need
    )
    stamps = {device: table.columns[name] / 1000.0 for device, name in times_of.items()}
    zero = min(float(np.nanmin(s)) for s in stamps.values())
    dated = UNIX_FROM <= zero <= UNIX_TO
    findings = list(table.findings)
    if not dated:
        text = "the time column counts from when the device was switched on; there is no date"
        findings.append(Finding("time-zone-unknown", text, Severity.NOTE, path.name))
    channels: list[Channel] = []
    events: list[Event] = []
    for device, stamp in stamps.items():
        channels += _channels(table, header, device, stamp - zero)
        events += _events(table, header, device, stamp - zero)
    exported = Export(
        tuple(channels),
        tuple(events),
        source_of([path], FORMAT.name),
        "unix" if dated else "file",
        zero,
        datetime.fromtimestamp(zero, UTC) if dated else None,
        tuple(findings),
    )
    return assemble(request, exported)


def _parts(name: str) -> tuple[str, str, str]:
    found = _NAME.fullmatch(name)
    return (found["device"], found["what"], found["how"].upper()) if found else ("", name, "CAL")


def _time_columns(header: _Header, path: Path) -> dict[str, str]:
    """Best time column of each device: Unix before the device's own."""
    found: dict[str, tuple[int, str]] = {}
    for name, unit in zip(header.names, header.units, strict=True):
        device, what, _ = _parts(name)
        if device and unit.lower() == "ms" and re.fullmatch(r"(System_)?Timestamp.*", what):
            rank = 0 if "unix" in what.lower() else 1
            if device not in found or rank < found[device][0]:
                found[device] = (rank, name)
    if not found:
        raise FormatError(
            "no column is a timestamp in ms", where=path, hint="export with timestamps (Unix, ms)"
        )
    return {device: name for device, (_, name) in found.items()}


def _channels(table: NumberTable, header: _Header, device: str, times: FloatArray) -> list[Channel]:
    columns: dict[str, list[tuple[str, str]]] = {}
    for name, unit in zip(header.names, header.units, strict=True):
        owner, what, how = _parts(name)
        if owner != device or what.startswith(("Timestamp", "System_Timestamp")):
            continue
        axis = re.fullmatch(r"(Accel.*)_[XYZ]", what)
        plain = axis[1] if axis else what
        columns.setdefault(plain if how == "CAL" else f"{plain} {how}", []).append((name, unit))
    found = [_channel(table, what, members, device, times) for what, members in columns.items()]
    found.sort(key=lambda c: _place(c.name))
    return _first_of_each(found)


def _place(what: str) -> int:
    return next((i for i, rule in enumerate(_RULES) if rule.fits(what)), len(_RULES))


def _channel(
    table: NumberTable,
    what: str,
    members: list[tuple[str, str]],
    device: str,
    times: FloatArray,
) -> Channel:
    place = _place(what)
    kind = _RULES[place].kind if place < len(_RULES) else None
    reason = _RULES[place].reason if place < len(_RULES) else "not a signal this package reads"
    values = np.column_stack([table.columns[name] for name, _ in members])
    if kind is Kind.ACCELERATION and len(members) != 3:
        kind, reason = None, "not all three axes are there"
    unit = re.sub(r"[()]", "", members[0][1])
    used = np.isfinite(times)
    flat = values if len(members) == 3 else values[:, 0]
    return Channel(what, flat[used], times[used], kind, unit, device=device, reason=reason)


def _first_of_each(channels: list[Channel]) -> list[Channel]:
    kept: list[Channel] = []
    for channel in channels:
        first = next((c for c in kept if c.kind is channel.kind), None)
        if channel.kind in _ONE_IS_ENOUGH and first is not None:
            reason = f"the same quantity as {first.name}, which is used"
            kept.append(replace(channel, kind=None, reason=reason))
        else:
            kept.append(channel)
    return kept


def _events(table: NumberTable, header: _Header, device: str, times: FloatArray) -> list[Event]:
    found: list[Event] = []
    for name in header.names:
        owner, what, _ = _parts(name)
        if owner == device and _MARKS.fullmatch(what):
            levels = np.append(0.0, np.nan_to_num(table.columns[name]))
            found += line_events(levels, np.append(0.0, times), what)
    return found


FORMAT = Format("shimmer", "Shimmer CSV (Consensys)", _recognises, read_shimmer)
