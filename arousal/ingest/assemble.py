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

from arousal.errors import SettingsError
from arousal.findings import Finding, Severity
from arousal.ingest.devices import Catalogue, Match, load_catalogue
from arousal.ingest.mapping import Mapping, SignalMapping
from arousal.ingest.markers import is_marker_stream, read_markers
from arousal.ingest.people import Claim, Item, claims_of, matching, place, site_of
from arousal.ingest.raw import RawStream
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


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """One quantity with all that is known about how to read it."""

    item: Item
    match: Match
    mapped: SignalMapping | None = None
    confirmed: bool = False


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
    found, marker_streams, rest = _recognise(usable, catalogue, known)
    unknown += rest
    items = [f.item for f in found]
    placed = place(items, known.session, known.mapping.person, known.person)
    findings += placed.findings
    unknown += [
        _unknown(f.item, placed.unclaimed[f.item]) for f in found if f.item in placed.unclaimed
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
                findings.append(Finding("stream-empty", text, Severity.WARNING, _title(stream)))
            unknown.append(_left_over(stream, None, "no samples"))
        elif abs(float(np.median(stream.times)) - centre) > OTHER_CLOCK:
            text = "its stamps are on another clock than those of the other streams; not used"
            findings.append(Finding("clock-foreign", text, Severity.PROBLEM, _title(stream)))
            unknown.append(_left_over(stream, None, "stamps on another clock"))
        else:
            usable.append(stream)
    return usable, unknown


def _title(stream: RawStream) -> str:
    return stream.info.name or stream.info.source_id or stream.info.type or "nameless stream"


def _recognise(
    streams: Sequence[RawStream], catalogue: Catalogue, known: Known
) -> tuple[list[_Found], list[RawStream], list[UnknownStream]]:
    found: list[_Found] = []
    markers: list[RawStream] = []
    unknown: list[UnknownStream] = []
    claims = claims_of(known.session)
    wanted = _wanted(known)
    for stream in streams:
        info = stream.info
        if info.is_text or wanted in {info.name, info.source_id, info.uid}:
            markers.append(stream)
            continue
        mapped = _mapped(stream, known.mapping)
        if not mapped and is_marker_stream(info) and catalogue.rule_for(info) is None:
            markers.append(stream)
            continue
        device = _device(stream, catalogue)
        matches = catalogue.match(stream)
        own = [_by_mapping(stream, m, device) for m in mapped]
        covered = {c for f in own for c in f.item.channels}
        ruled = [m for m in matches if m.channel not in covered]
        some, others = _by_rules(stream, ruled, device, claims)
        found += [*own, *some]
        unknown += others
    return found, markers, unknown


def _device(stream: RawStream, catalogue: Catalogue) -> str:
    info = stream.info
    rule = catalogue.rule_for(info)
    named = rule.device_key(info) if rule is not None else None
    own_id = catalogue.strip_words(info.source_id)
    if named:
        return f"{named.lower()} {own_id}"
    return own_id or catalogue.strip_words(info.name) or info.hostname


def _mapped(stream: RawStream, mapping: Mapping) -> list[SignalMapping]:
    info = stream.info
    names = {info.name, info.source_id, info.uid} - {""}
    return [m for m in mapping.signals if m.stream is not None and m.stream in names]


def _by_mapping(stream: RawStream, mapped: SignalMapping, device: str) -> _Found:
    channels = _channels_of(stream, mapped)
    item = Item(stream, mapped.kind, channels, device, mapped.person)
    match = Match(
        channels[0],
        mapped.kind,
        unit=mapped.unit or "",
        trust_unit=not mapped.unit,
        site=mapped.site,
    )
    return _Found(item, match, mapped, confirmed=True)


def _channels_of(stream: RawStream, mapped: SignalMapping) -> tuple[int, ...]:
    labels = stream.info.channels
    if mapped.channel is None:
        if len(labels) == 1 or mapped.kind is Kind.ACCELERATION:
            return tuple(range(len(labels)))
        raise SettingsError(
            f"stream {mapped.stream!r} has {len(labels)} channels ({', '.join(labels)})",
            where="mapping",
            hint="say which: channel = its label or its number from 1",
        )
    if isinstance(mapped.channel, int) and 1 <= mapped.channel <= len(labels):
        return (mapped.channel - 1,)
    if mapped.channel in labels:
        return (labels.index(str(mapped.channel)),)
    raise SettingsError(
        f"stream {mapped.stream!r} has no channel {mapped.channel!r}; "
        f"there: {', '.join(labels)} (or 1 to {len(labels)})",
        where="mapping",
    )


def _by_rules(
    stream: RawStream, matches: Sequence[Match], device: str, claims: Sequence[Claim]
) -> tuple[list[_Found], list[UnknownStream]]:
    """Recognised channels; movement's axes are one signal; a claimed channel is what is claimed."""
    found: list[_Found] = []
    axes = [m for m in matches if m.kind is Kind.ACCELERATION]
    if axes:
        item = Item(stream, Kind.ACCELERATION, tuple(m.channel for m in axes), device)
        found.append(_Found(item, axes[0]))
    for match in matches:
        if match.kind is not None and match.kind is not Kind.ACCELERATION:
            item = Item(stream, match.kind, (match.channel,), device)
            claimed = any(matching([item], claim) for claim in claims)
            found.append(_Found(item, match, confirmed=claimed))
    strange = [m for m in matches if m.kind is None]
    claimed_kind = _claimed_kind(stream, strange, claims)
    if claimed_kind is not None:
        [match] = strange
        item = Item(stream, claimed_kind, (match.channel,), device)
        return [_Found(item, replace(match, kind=claimed_kind), confirmed=True)], []
    reasons: dict[str, list[int]] = defaultdict(list)
    for match in strange:
        reasons[_explain(match)].append(match.channel)
    return found, [_left_over(stream, channels, reason) for reason, channels in reasons.items()]


def _claimed_kind(
    stream: RawStream, strange: Sequence[Match], claims: Sequence[Claim]
) -> Kind | None:
    """Kind that the roster gives to a stream of one channel that no rule knows."""
    if len(strange) != 1 or len(stream.info.channels) != 1:
        return None
    kinds = [
        claim.kind for claim in claims if matching([Item(stream, claim.kind, (0,), "")], claim)
    ]
    return kinds[0] if len(set(kinds)) == 1 else None


def _explain(match: Match) -> str:
    if match.known:
        return match.reason
    return f"{match.reason}; if it is a signal, say so with --map ([[signal]] stream, kind, unit)"


def _left_over(stream: RawStream, channels: Sequence[int] | None, reason: str) -> UnknownStream:
    info = stream.info
    chosen = range(len(info.channels)) if channels is None else channels
    return UnknownStream(
        info.name,
        info.type,
        tuple(info.channels[c] for c in chosen if info.channels[c]),
        ", ".join(sorted({info.units[c] for c in chosen if info.units[c]})),
        info.rate or None,
        int(stream.times.size),
        reason,
    )


def _unknown(item: Item, reason: str) -> UnknownStream:
    return _left_over(item.stream, item.channels, reason)


def _zero(
    used: Sequence[RawStream], markers: Sequence[RawStream], everything: Sequence[RawStream]
) -> float:
    streams = [*used, *markers] or list(everything)
    return min((float(s.times[0]) for s in streams), default=0.0)


def _signals(
    found: Sequence[_Found],
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
            hint = "; say the unit with --map ([[signal]] stream, kind, unit)"
            refused.append(_unknown(entry.item, result.reason + hint))
        else:
            by_person[person].append(result)
    return by_person, refused


def _samples(entry: _Found, zero: float, site: str | None) -> Samples:
    item, match, mapped = entry.item, entry.match, entry.mapped
    stream, info = item.stream, item.stream.info
    columns = np.asarray(stream.values)[:, list(item.channels)].astype(np.float64)
    label = info.channels[item.channels[0]]
    several = len(info.channels) > len(item.channels) and label
    return Samples(
        item.kind,
        columns if item.kind is Kind.ACCELERATION else columns[:, 0],
        stream.times - zero,
        f"{_title(stream)}:{label}" if several else _title(stream),
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
