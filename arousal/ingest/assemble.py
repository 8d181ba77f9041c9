"""Streams, as a file or the network delivered them -> one `Recording`.

Recognise what each channel measures, decide whose it is, make signals and events on one clock,
join a strap that went and came back, and list what was left over with the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from arousal.findings import Finding, Severity
from arousal.ingest.devices import load_catalogue
from arousal.ingest.mapping import Mapping
from arousal.ingest.markers import read_markers
from arousal.ingest.people import Item, place, site_of
from arousal.ingest.raw import RawStream
from arousal.ingest.recognise import Found, left_over, recognise, title_of
from arousal.ingest.signals import Refused, Samples, make_signal
from arousal.recording import Event, Kind, Person, Recording, Signal, Source, UnknownStream
from arousal.session import SessionFile

__all__ = ["Known", "assemble"]

OTHER_CLOCK = 7 * 86400.0
"""Streams whose times lie further than this from the others' are on another clock (s)."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about a set of streams from outside of them.

    Parameters
    ----------
    id : str
        Name of the session.
    mapping : Mapping
        The user's own words.
    session : SessionFile or None
        The roster.
    clock : str
        ``"lsl"`` or ``"unix"``.
    started : datetime or None
        Wall-clock time at ``started_at``.
    started_at : float or None
        Reading of the streams' clock at ``started``; ``None`` = the first sample.
    sources : tuple of Source
        Input files.
    findings : tuple of Finding
        What the reader noticed.
    person : str or None
        Pseudonym that the file's name carries; used if the recording is one person's.
    """

    id: str = ""
    mapping: Mapping = field(default_factory=Mapping)
    session: SessionFile | None = None
    clock: str = "lsl"
    started: datetime | None = None
    started_at: float | None = None
    sources: tuple[Source, ...] = ()
    findings: tuple[Finding, ...] = ()
    person: str | None = None


def assemble(streams: Sequence[RawStream], known: Known) -> Recording:
    """Make a recording.

    Parameters
    ----------
    streams : sequence of RawStream
        All on one clock.
    known : Known
        Roster, mapping, clock.

    Returns
    -------
    Recording
        Time zero is the first sample or mark that is used.

    Raises
    ------
    SettingsError
        If the roster, the mapping or a device file contradicts itself.
    """
    catalogue = load_catalogue(known.mapping.device_files())
    findings = [*known.findings, *(f for s in streams for f in s.findings)]
    usable, unknown = _sort_out(streams, findings)
    sorted_out = recognise(usable, catalogue, known.mapping, known.session, _wanted(known))
    found, marker_streams = sorted_out.found, sorted_out.markers
    unknown += sorted_out.unknown
    items = [f.item for f in found]
    names = frozenset(n for s in streams for n in (s.info.name, s.info.source_id, s.info.uid))
    placed = place(items, known.session, known.mapping.person, known.person, names - {""})
    findings += placed.findings
    unknown += [
        _nobodys(f.item, placed.unclaimed[f.item]) for f in found if f.item in placed.unclaimed
    ]
    mine = [f for f in found if f.item in placed.persons]
    zero = _zero([f.item.stream for f in mine], marker_streams, usable)
    by_person, refused = _signals(mine, placed.persons, zero, known.session, findings)
    unknown += refused
    events, said = read_markers(marker_streams, zero, _wanted(known))
    findings += [*said, *_about(by_person, events, streams, known)]
    persons = tuple(
        Person(name, tuple(_join(by_person[name], findings)))
        for name in _order(by_person, known.session)
    )
    return Recording(
        persons,
        events,
        known.id,
        known.clock,
        zero,
        _wall_time(known, zero),
        known.sources,
        tuple(dict.fromkeys(findings)),
        tuple(unknown),
    )


def _wanted(known: Known) -> str | None:
    if known.mapping.events.stream is not None:
        return known.mapping.events.stream
    return None if known.session is None else known.session.markers.stream


def _wall_time(known: Known, zero: float) -> datetime | None:
    if known.started is None or known.started_at is None:
        return known.started
    return known.started + timedelta(seconds=zero - known.started_at)


def _sort_out(
    streams: Sequence[RawStream], findings: list[Finding]
) -> tuple[list[RawStream], list[UnknownStream]]:
    """Set aside streams without samples and those on another clock."""
    unknown: list[UnknownStream] = []
    usable: list[RawStream] = []
    middles = [float(np.median(s.times)) for s in streams if s.times.size]
    centre = float(np.median(middles)) if middles else 0.0
    for stream in streams:
        if not stream.times.size:
            if not any(f.code == "stream-empty" for f in stream.findings):
                text = "the stream holds no samples"
                findings.append(Finding("stream-empty", text, Severity.WARNING, title_of(stream)))
            unknown.append(left_over(stream, None, "no samples"))
        elif abs(float(np.median(stream.times)) - centre) > OTHER_CLOCK:
            text = "its stamps are on another clock than those of the other streams; not used"
            findings.append(Finding("clock-foreign", text, Severity.PROBLEM, title_of(stream)))
            unknown.append(left_over(stream, None, "stamps on another clock"))
        else:
            usable.append(stream)
    return usable, unknown


def _nobodys(item: Item, reason: str) -> UnknownStream:
    return left_over(item.stream, item.channels, reason)


def _zero(
    used: Sequence[RawStream], markers: Sequence[RawStream], everything: Sequence[RawStream]
) -> float:
    streams = [*used, *markers] or list(everything)
    return min((float(s.times[0]) for s in streams), default=0.0)


def _signals(
    found: Sequence[Found],
    persons: dict[Item, str],
    zero: float,
    session: SessionFile | None,
    findings: list[Finding],
) -> tuple[dict[str, list[Signal]], list[UnknownStream]]:
    by_person: dict[str, list[Signal]] = defaultdict(list)
    refused: list[UnknownStream] = []
    for entry in found:
        person = persons[entry.item]
        site = site_of(entry.item.kind, person, session, entry.match.site)
        result, said = make_signal(_samples(entry, zero, site))
        findings += said
        if isinstance(result, Refused):
            unit = not any(f.code == "signal-unusable" for f in said)
            hint = "; say the unit with --map ([[signal]] stream, kind, unit)" * unit
            refused.append(_nobodys(entry.item, result.reason + hint))
        else:
            by_person[person].append(result)
    return by_person, refused


def _samples(entry: Found, zero: float, site: str | None) -> Samples:
    item, match, mapped = entry.item, entry.match, entry.mapped
    stream, info = item.stream, item.stream.info
    columns = np.asarray(stream.values)[:, list(item.channels)].astype(np.float64)
    label = info.channels[item.channels[0]]
    several = len(info.channels) > len(item.channels) and label
    return Samples(
        item.kind,
        columns if item.kind is Kind.ACCELERATION else columns[:, 0],
        stream.times - zero,
        f"{title_of(stream)}:{label}" if several else title_of(stream),
        info.units[item.channels[0]],
        match.unit,
        match.trust_unit,
        mapped.scale if mapped else 1.0,
        mapped.offset if mapped else 0.0,
        (mapped.rate if mapped else None) or info.rate or None,
        site,
        entry.confirmed,
    )


def _join(signals: Sequence[Signal], findings: list[Finding]) -> Iterable[Signal]:
    """Join what a strap sent before and after it was away; keep simultaneous signals apart."""
    groups: dict[tuple[Kind, str], list[Signal]] = defaultdict(list)
    for signal in signals:
        groups[signal.kind, signal.source].append(signal)
    for parts in groups.values():
        parts.sort(key=lambda s: s.onset)
        joined = [parts[0]]
        for part in parts[1:]:
            last = joined[-1]
            if part.times[0] > last.times[-1] and part.values.shape[1:] == last.values.shape[1:]:
                away = part.times[0] - last.times[-1]
                text = f"{part.kind.label} came back after {away:.1f} s; joined, the gap is kept"
                findings.append(
                    Finding(
                        "signal-rejoined",
                        text,
                        Severity.NOTE,
                        part.source,
                        onset=last.end,
                        end=part.onset,
                    )
                )
                joined[-1] = _concatenate(last, part)
            else:
                joined.append(replace(part, source=f"{part.source}#{len(joined) + 1}"))
                text = (
                    f"{len(joined)} streams of this name carry {part.kind.label} at the same time; "
                    "they are kept apart, and the better one is used"
                )
                hint = "if they are two wearers', give each its own name before recording"
                findings.append(
                    Finding("signal-doubled", text, Severity.WARNING, last.source, hint)
                )
        yield from joined


def _concatenate(first: Signal, second: Signal) -> Signal:
    return replace(
        first,
        values=np.concatenate([first.values, second.values]),
        times=np.concatenate([first.times, second.times]),
        rate=first.rate if first.rate == second.rate else first.rate or second.rate,
    )


def _order(by_person: dict[str, list[Signal]], session: SessionFile | None) -> list[str]:
    """The roster's order, else alphabetical."""
    roster = list(session.people) if session is not None else []
    return [p for p in roster if p in by_person] + sorted(p for p in by_person if p not in roster)


def _about(
    by_person: dict[str, list[Signal]],
    events: Sequence[Event],
    streams: Sequence[RawStream],
    known: Known,
) -> Iterable[Finding]:
    """What the recording as a whole lacks."""
    if known.session is not None:
        for name in known.session.people:
            if name not in by_person:
                text = f"{name} is in session.toml, but no usable signal is theirs"
                yield Finding("person-without-signal", text, Severity.PROBLEM, name)
    if not streams:
        yield Finding("recording-empty", "there is no stream at all", Severity.PROBLEM, known.id)
    elif not by_person:
        what = f"{len(events)} marks, but no" if events else "no"
        text = f"{what} signal of a person was recognised"
        yield Finding(
            "no-signals",
            text,
            Severity.PROBLEM,
            known.id,
            "see the list of unknown streams; say what they are with --map",
        )
