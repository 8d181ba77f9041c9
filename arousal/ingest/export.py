"""A device's export -> Recording: what all readers of one wearer's files have in common.

A reader turns its file into `Channel` s and events; here they get a person, the user's own words
(``--map``), units and strict times, and what cannot be used is listed with the reason. Serial
numbers and Bluetooth addresses tell devices apart and go no further.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from arousal.errors import FormatError, SettingsError
from arousal.findings import Finding, Severity
from arousal.ingest.formats import Request
from arousal.ingest.mapping import SignalMapping
from arousal.ingest.markers import mark_id
from arousal.ingest.people import find_pseudonym, site_of
from arousal.ingest.signals import Refused, Samples, make_signal
from arousal.recording import Event, Kind, Person, Recording, Signal, Source, UnknownStream

__all__ = ["Channel", "Export", "assemble", "line_events", "mark_events"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One quantity of an export.

    Parameters
    ----------
    name : str
        As the file calls it; a mapping's ``column`` names it by this.
    values : ndarray, shape (n,) or (n, axes)
        In ``unit``.
    times : ndarray, shape (n,)
        Seconds since the recording's zero.
    kind : Kind or None
        What it measures; ``None`` = only a mapping can make a signal of it.
    unit : str
        As `arousal.ingest.units.find_unit` reads it.
    rate : float or None
        Nominal samples per second.
    site : str or None
        Where the sensor sat.
    at_beats : bool
        Whether intervals are stamped at their beats, and not by packets.
    device : str
        What tells its device apart from the export's others.
    original_unit : str
        Unit in the file, where the reader converted it itself.
    reason : str
        Why it is no signal, where ``kind`` is ``None``.
    """

    name: str
    values: FloatArray
    times: FloatArray
    kind: Kind | None = None
    unit: str = ""
    rate: float | None = None
    site: str | None = None
    at_beats: bool = False
    device: str = ""
    original_unit: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """All that a reader found.

    Parameters
    ----------
    channels : tuple of Channel
        Where several are of one kind, the one to use first.
    events : tuple of Event
        Marks.
    sources : tuple of Source
        Files that were read.
    clock, origin, started
        As `Recording`'s.
    findings : tuple of Finding
        What was noticed so far.
    """

    channels: tuple[Channel, ...]
    events: tuple[Event, ...] = ()
    sources: tuple[Source, ...] = ()
    clock: str = "file"
    origin: float = 0.0
    started: datetime | None = None
    findings: tuple[Finding, ...] = field(default=())


def assemble(request: Request, export: Export) -> Recording:
    """Make the recording.

    Parameters
    ----------
    request : Request
        Its mapping's ``[[signal]]`` entries override what the reader says of a channel; its
        ``person``, else the session's only person, else a pseudonym in the file's name is the
        wearer. Several devices are several wearers, numbered and said so.
    export : Export
        What the reader found.

    Raises
    ------
    FormatError
        If no channel is a usable signal.
    SettingsError
        If the mapping names a channel that is not there.
    """
    findings = list(export.findings)
    mapped = _by_mapping(request, export.channels)
    used = [c for c in export.channels if c.kind is not None or c.name in mapped]
    owners = _owners(request, used, mapped, findings)
    signals: dict[str, list[Signal]] = {}
    unknown = [_unknown(c, c.reason) for c in export.channels if c not in used]
    for channel in used:
        words = mapped.get(channel.name)
        owner = (words.person if words else None) or owners[channel.device]
        result, said = make_signal(_samples(channel, words, owner, request))
        findings += said
        if isinstance(result, Refused):
            unknown.append(_unknown(channel, result.reason))
            continue
        original = result.original_unit or channel.original_unit
        signals.setdefault(owner, []).append(replace(result, original_unit=original))
    if not signals:
        reasons = "; ".join(f"{u.name}: {u.reason}" for u in unknown[:4])
        raise FormatError(
            f"it holds no usable signal ({reasons or 'no channel'})",
            where=request.path,
            hint="say what its channels are with --map",
        )
    return Recording(
        tuple(Person(name, tuple(found)) for name, found in signals.items()),
        export.events,
        request.id,
        export.clock,
        export.origin,
        export.started,
        export.sources,
        tuple(findings),
        tuple(unknown),
    )


def _by_mapping(request: Request, channels: Sequence[Channel]) -> dict[str, SignalMapping]:
    names = list(dict.fromkeys(channel.name for channel in channels))
    found: dict[str, SignalMapping] = {}
    for words in request.mapping.signals:
        name = words.column or words.stream or ""
        if name not in names:
            raise SettingsError(
                f"the mapping names column {name!r}; columns: {', '.join(names)}",
                where=request.path,
            )
        found[name] = words
    return found


def _owners(
    request: Request,
    channels: Sequence[Channel],
    mapped: dict[str, SignalMapping],
    findings: list[Finding],
) -> dict[str, str]:
    devices = list(dict.fromkeys(channel.device for channel in channels))
    people = list(request.session.people) if request.session is not None else []
    told = request.mapping.person or (people[0] if len(people) == 1 else None)
    if told is None and len(devices) == 1:
        named = find_pseudonym(request.path.stem, request.id)
        told = named if named is not None and (not people or named in people) else None
    if told is not None:
        return dict.fromkeys(devices, told)
    owners = {device: f"P{number:02d}" for number, device in enumerate(devices, start=1)}
    nameless = [c for c in channels if not (c.name in mapped and mapped[c.name].person)]
    if nameless:
        findings.append(_numbered(owners, nameless))
    return owners


def _numbered(owners: dict[str, str], channels: Sequence[Channel]) -> Finding:
    if len(owners) == 1:
        text = "no file says whose data this is; called P01"
        hint = 'say person = "P04" with --map'
        return Finding("persons-numbered", text, Severity.NOTE, hint=hint)
    lines = (
        f"{owner} = {', '.join(c.name for c in channels if c.device == device)}"
        for device, owner in owners.items()
    )
    return Finding(
        "persons-numbered",
        f"no file says who wore what; one person per device was assumed: {'; '.join(lines)}",
        Severity.WARNING,
        hint="say person = ... in each [[signal]] with --map",
    )


def _samples(
    channel: Channel, words: SignalMapping | None, owner: str, request: Request
) -> Samples:
    kind = words.kind if words is not None else channel.kind
    assert kind is not None  # noqa: S101 - the caller leaves out channels without either
    spoken = words if words is not None else SignalMapping(column=channel.name, kind=kind)
    return Samples(
        kind,
        channel.values,
        channel.times,
        channel.name,
        spoken.unit or channel.unit,
        scale=spoken.scale,
        offset=spoken.offset,
        rate=spoken.rate or channel.rate,
        site=site_of(kind, owner, request.session, spoken.site or channel.site),
        confirmed=True,
        at_beats=channel.at_beats,
    )


def _unknown(channel: Channel, reason: str) -> UnknownStream:
    return UnknownStream(
        channel.name,
        "column",
        unit=channel.unit,
        rate=channel.rate,
        samples=len(channel.times),
        reason=reason,
    )


def mark_events(marks: Iterable[tuple[float, str]], source: str) -> tuple[Event, ...]:
    """Events from onsets in seconds and labels, with the mark's own id or ``"<source>#<n>"``.

    Examples
    --------
    >>> mark_events([(4.3, "Breathe In")], "markers")[0].id
    'markers#0'
    """
    return tuple(
        Event(float(onset), label, id=mark_id(label) or f"{source}#{number}", source=source)
        for number, (onset, label) in enumerate(marks)
    )


def line_events(values: FloatArray, times: FloatArray, source: str) -> tuple[Event, ...]:
    """Events of a digital line: each change away from its idle (first) value.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Levels.
    times : ndarray, shape (n,)
        Seconds since the recording's zero.
    source : str
        Name of the line; the label is the new level.
    """
    if not len(values):
        return ()
    change = np.append(False, np.diff(values) != 0) & (values != values[0]) & np.isfinite(values)
    rows = np.flatnonzero(change)
    return mark_events(((times[row], f"{values[row]:.15g}") for row in rows), source)
