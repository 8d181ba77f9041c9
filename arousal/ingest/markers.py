"""Marker streams, of texts or of numbers -> raw events. What they mean is decided elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from arousal.errors import DataError
from arousal.findings import Finding, Severity
from arousal.ingest.raw import RawStream, StreamInfo
from arousal.marks import parse_mark
from arousal.recording import Event

__all__ = ["events_of", "is_marker_stream", "mark_id", "read_markers"]

_MARKER_WORDS = re.compile(r".*(marker|stim|trigger|event|annot|parallel).*", re.IGNORECASE)


def is_marker_stream(info: StreamInfo) -> bool:
    """Whether a stream carries marks: texts, or one channel of numbers that is typed so.

    Numeric streams of known devices that are typed "Markers" (Excite-O-Meter) have to be asked
    for among the device rules first.
    """
    if info.is_text:
        return True
    return len(info.channels) == 1 and bool(_MARKER_WORDS.fullmatch(info.type))


def mark_id(text: str) -> str:
    """Return the sender's own id inside a mark's text, or an empty text."""
    try:
        return parse_mark(text).id
    except DataError:
        return ""  # a mark with broken grammar stays an event; the timeline reports it


def events_of(stream: RawStream, zero: float) -> tuple[Event, ...]:
    """Events of one marker stream.

    Parameters
    ----------
    stream : RawStream
        Texts (several channels are joined by a space), or numbers: an irregular stream's numbers
        are all events, a regular one is a trigger line, of which each change to another number
        than 0 is an event.
    zero : float
        Reading of the stream's clock at the recording's zero.

    Returns
    -------
    tuple of Event
        With the mark's own id, else ``"<stream>#<position>"``.
    """
    labels = _labels(stream)
    use = [i for i, label in enumerate(labels) if label]
    if not stream.info.is_text and stream.info.rate > 0:
        use = [i for i in use if labels[i] != "0" and (i == 0 or labels[i] != labels[i - 1])]
    name = stream.info.name
    return tuple(
        Event(
            float(stream.times[i]) - zero,
            labels[i],
            id=mark_id(labels[i]) or f"{name}#{i}",
            source=name,
        )
        for i in use
    )


def _labels(stream: RawStream) -> list[str]:
    if stream.info.is_text:
        rows = stream.values.reshape(len(stream.times), -1)
        return [" ".join(str(cell) for cell in row if str(cell).strip()) for row in rows]
    column = np.asarray(stream.values).reshape(len(stream.times), -1)[:, 0]
    return ["" if not np.isfinite(v) else f"{float(v):.15g}" for v in column]


def read_markers(
    streams: Sequence[RawStream], zero: float, wanted: str | None
) -> tuple[tuple[Event, ...], tuple[Finding, ...]]:
    """Events of all marker streams, or of the one that the session names.

    Parameters
    ----------
    streams : sequence of RawStream
        Marker streams.
    zero : float
        Reading of their clock at the recording's zero.
    wanted : str or None
        Name, source_id or uid of the only stream to use.

    Returns
    -------
    events : tuple of Event
        By onset, ids unique.
    findings : tuple of Finding
        ``marker-stream-missing``, ``marker-stream-unused``, ``marks-repeated``.
    """
    findings: list[Finding] = []
    if wanted is not None:
        chosen = [s for s in streams if wanted in {s.info.name, s.info.source_id, s.info.uid}]
        for stream in streams:
            if stream not in chosen and stream.times.size:
                text = f"{stream.times.size} marks are not used: the session names {wanted!r}"
                findings.append(
                    Finding("marker-stream-unused", text, Severity.NOTE, stream.info.name)
                )
        if not chosen:
            there = ", ".join(repr(s.info.name) for s in streams) or "none"
            findings.append(
                Finding(
                    "marker-stream-missing",
                    f"no marker stream {wanted!r}; there: {there}",
                    Severity.PROBLEM,
                    wanted,
                    "correct [markers].stream in session.toml",
                )
            )
        streams = chosen
    events = [event for stream in streams for event in events_of(stream, zero)]
    unique, repeated = _unique(events)
    if repeated:
        text = f"{repeated} marks arrived twice with one id; the first of each is kept"
        findings.append(Finding("marks-repeated", text, Severity.NOTE))
    return tuple(sorted(unique, key=lambda e: e.onset)), tuple(findings)


def _unique(events: Sequence[Event]) -> tuple[list[Event], int]:
    """Drop marks sent twice (same id, same text); keep others apart by a suffix."""
    seen: dict[str, Event] = {}
    kept: list[Event] = []
    repeated = 0
    for event in sorted(events, key=lambda e: e.onset):
        if event.id in seen and seen[event.id].label == event.label and _sender_id(event):
            repeated += 1
            continue
        count, identity = 1, event.id
        while identity in seen:
            count += 1
            identity = f"{event.id}~{count}"
        final = (
            event
            if count == 1
            else Event(event.onset, event.label, event.duration, identity, event.source)
        )
        seen[identity] = final
        kept.append(final)
    return kept, repeated


def _sender_id(event: Event) -> bool:
    return bool(mark_id(event.label))
