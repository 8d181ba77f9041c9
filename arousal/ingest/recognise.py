"""What the channels of streams measure: the mapping's words, the device rules, the roster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from arousal.errors import SettingsError
from arousal.ingest.devices import Catalogue, Match
from arousal.ingest.mapping import Mapping, SignalMapping
from arousal.ingest.markers import is_marker_stream
from arousal.ingest.people import Claim, Item, claims_of, matching
from arousal.ingest.raw import RawStream
from arousal.recording import Kind, UnknownStream
from arousal.session import SessionFile

__all__ = ["Found", "Recognised", "left_over", "recognise", "title_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One quantity with all that is known about how to read it.

    Parameters
    ----------
    item : Item
        Stream, kind and channels.
    match : Match
        What the rules say about its (first) channel.
    mapped : SignalMapping or None
        What the user says.
    confirmed : bool
        Whether a person said what it is.
    """

    item: Item
    match: Match
    mapped: SignalMapping | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Recognised:
    """All streams, sorted.

    Parameters
    ----------
    found : tuple of Found
        Quantities.
    markers : tuple of RawStream
        Marker streams.
    unknown : tuple of UnknownStream
        The rest, with the reason.
    """

    found: tuple[Found, ...]
    markers: tuple[RawStream, ...]
    unknown: tuple[UnknownStream, ...]


def recognise(
    streams: Sequence[RawStream],
    catalogue: Catalogue,
    mapping: Mapping,
    session: SessionFile | None,
    marker_stream: str | None,
) -> Recognised:
    """Say what each stream is.

    Parameters
    ----------
    streams : sequence of RawStream
        With samples.
    catalogue : Catalogue
        Device rules.
    mapping : Mapping
        The user's words win over all rules.
    session : SessionFile or None
        Its roster may name a stream that no rule knows.
    marker_stream : str or None
        Name, source_id or uid of a stream that carries marks for certain.

    Raises
    ------
    SettingsError
        If mapping or roster contradict the streams or themselves.
    """
    found: list[Found] = []
    markers: list[RawStream] = []
    unknown: list[UnknownStream] = []
    claims = claims_of(session)
    for stream in streams:
        mapped = _mapped(stream, mapping)
        if _carries_marks(stream, catalogue, marker_stream, mapped):
            markers.append(stream)
            continue
        device = _device(stream, catalogue)
        own = [_by_mapping(stream, m, device) for m in mapped]
        covered = {c for f in own for c in f.item.channels}
        ruled = [m for m in catalogue.match(stream) if m.channel not in covered]
        some, others = _by_rules(stream, ruled, device, claims)
        found += [*own, *some]
        unknown += others
    return Recognised(tuple(found), tuple(markers), tuple(unknown))


def _carries_marks(
    stream: RawStream,
    catalogue: Catalogue,
    marker_stream: str | None,
    mapped: Sequence[SignalMapping],
) -> bool:
    info = stream.info
    if info.is_text or marker_stream in {info.name, info.source_id, info.uid}:
        return True
    return not mapped and is_marker_stream(info) and catalogue.rule_for(info) is None


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


def _by_mapping(stream: RawStream, mapped: SignalMapping, device: str) -> Found:
    channels = _channels_of(stream, mapped)
    item = Item(stream, mapped.kind, channels, device, mapped.person)
    match = Match(
        channels[0],
        mapped.kind,
        unit=mapped.unit or "",
        trust_unit=not mapped.unit,
        site=mapped.site,
    )
    return Found(item, match, mapped, confirmed=True)


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
) -> tuple[list[Found], list[UnknownStream]]:
    """Recognised channels; movement's axes are one signal; a claimed channel is what is claimed."""
    found: list[Found] = []
    axes = [m for m in matches if m.kind is Kind.ACCELERATION]
    if axes:
        item = Item(stream, Kind.ACCELERATION, tuple(m.channel for m in axes), device)
        found.append(Found(item, axes[0]))
    for match in matches:
        if match.kind is not None and match.kind is not Kind.ACCELERATION:
            item = Item(stream, match.kind, (match.channel,), device)
            claimed = any(matching([item], claim) for claim in claims)
            found.append(Found(item, match, confirmed=claimed))
    strange = [m for m in matches if m.kind is None]
    claimed_kind = _claimed_kind(stream, strange, claims)
    if claimed_kind is not None:
        [match] = strange
        item = Item(stream, claimed_kind, (match.channel,), device)
        return [Found(item, replace(match, kind=claimed_kind), confirmed=True)], []
    reasons: dict[str, list[int]] = defaultdict(list)
    for match in strange:
        reasons[_explain(match)].append(match.channel)
    return found, [left_over(stream, channels, reason) for reason, channels in reasons.items()]


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


def left_over(stream: RawStream, channels: Sequence[int] | None, reason: str) -> UnknownStream:
    """List a stream, or some of its channels, as not used.

    Parameters
    ----------
    stream : RawStream
        The stream.
    channels : sequence of int or None
        Indices from 0; ``None`` = all.
    reason : str
        Why, and what to do.
    """
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


def title_of(stream: RawStream) -> str:
    """Return what to call a stream in a sentence."""
    return stream.info.name or stream.info.source_id or stream.info.type or "nameless stream"
