"""Write a session to a folder: session.toml, recording.xdf, truth.json, one's own protocol.

Everything is made in a hidden folder inside and moved in place at the end, ``session.toml`` last,
so that a folder counts as a session only when it is complete. The same session, the same bytes.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit

from arousal.atomic import PRIVATE_FILE, make_folder
from arousal.errors import UsageError
from arousal.ingest.raw import RawStream, StreamInfo
from arousal.ingest.xdf_writer import XdfWriter
from arousal.protocol import Protocol, bundled_protocols
from arousal.recording import Kind, Recording, Signal
from arousal.session import SessionFile

__all__ = ["protocol_toml", "session_toml", "write_session"]

CHUNK = 60.0
"""Seconds of one samples chunk and distance of boundaries and clock offsets: long, because nothing
can be lost here and short chunks would double the file."""
_TYPES = {
    Kind.ECG: "ECG",
    Kind.PPG: "PPG",
    Kind.RR: "RR",
    Kind.HR: "HR",
    Kind.EDA: "EDA",
    Kind.TEMPERATURE: "Temperature",
    Kind.RESPIRATION: "Respiration",
    Kind.ACCELERATION: "ACC",
    Kind.SPEECH: "Speech",
    Kind.BATTERY: "Battery",
}
"""Kind -> stream type as wearables announce it."""


def write_session(
    folder: Path,
    recording: Recording,
    session: SessionFile,
    *,
    truth: Mapping[str, Any] | None = None,
    protocol: Protocol | None = None,
) -> None:
    """Write a session folder.

    Parameters
    ----------
    folder : Path
        To be made; it may exist if it holds no recording (a README may stand there already).
    recording : Recording
        Signals and marks; every signal needs a source, which becomes its stream's name.
    session : SessionFile
        Becomes ``session.toml``; its ``recording`` names the data file.
    truth : mapping, optional
        Plain values for ``truth.json``, of a simulated session.
    protocol : Protocol, optional
        Written beside them if ``session.protocol`` is a file name and not a bundled one.

    Raises
    ------
    UsageError
        If the folder holds a recording or session already, a stream name repeats, or it cannot be
        written.
    """
    texts = {"session.toml": session_toml(session)}
    if truth is not None:
        texts["truth.json"] = _json(truth)
    if protocol is not None and session.protocol not in bundled_protocols():
        texts[session.protocol] = protocol_toml(protocol)
    for name in (*texts, session.recording):
        if (folder / name).exists():
            raise UsageError(f"{name} is there already", where=folder, hint="choose another folder")
    try:
        make_folder(folder)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as making:
            place = Path(making)
            _write_xdf(place / session.recording, recording)
            for name, text in texts.items():
                (place / name).write_text(text, encoding="utf-8", newline="\n")
                (place / name).chmod(PRIVATE_FILE)
            for name in (session.recording, *reversed(texts)):
                (place / name).replace(folder / name)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"cannot be written: {reason}", where=folder) from None


def _write_xdf(path: Path, recording: Recording) -> None:
    streams = [_signal_stream(s, recording.origin) for p in recording for s in p.signals]
    sources = dict.fromkeys(event.source for event in recording.events)
    streams += [_marker_stream(name, recording) for name in sources]
    names = [stream.info.name for stream in streams]
    if wrong := sorted({n for n in names if names.count(n) > 1 or not n}):
        listed = ", ".join(map(repr, wrong))
        raise UsageError(f"stream names must be given and unique, not {listed}", where=path.name)
    first, last = (recording.origin + t for t in (recording.onset, recording.end))
    edges = first + CHUNK * np.arange(int((last - first) / CHUNK) + 2)
    with XdfWriter(path, started=recording.started) as writer:
        ids = [writer.add(stream.info) for stream in streams]
        for onset, end in pairwise(edges):
            writer.boundary()
            for number, stream in zip(ids, streams, strict=True):
                _write_stretch(writer, number, stream, onset, end)
            writer.flush()


def _write_stretch(
    writer: XdfWriter, number: int, stream: RawStream, onset: float, end: float
) -> None:
    part = slice(*np.searchsorted(stream.stamps, (onset, end)))
    if part.start == part.stop:
        return
    stamps = stream.stamps[part]
    writer.offset(number, float(stamps[0]), 0.0)
    period = 1.0 / stream.info.rate if stream.info.rate else None
    writer.samples(number, stream.values[part], stamps, omit_period=period)


def _signal_stream(signal: Signal, origin: float) -> RawStream:
    values = signal.values.reshape(len(signal), -1)
    stamps = signal.times + origin
    return RawStream(_signal_info(signal), values, stamps, stamps)


def _marker_stream(name: str, recording: Recording) -> RawStream:
    events = [event for event in recording.events if event.source == name]
    values = np.array([[event.label] for event in events], dtype=object)
    stamps = np.array([event.onset for event in events]) + recording.origin
    return RawStream(_marker_info(name), values, stamps, stamps)


def _signal_info(signal: Signal) -> StreamInfo:
    channels = 1 if signal.values.ndim == 1 else signal.values.shape[1]
    whole = signal.kind is Kind.ECG and bool((signal.values == np.rint(signal.values)).all())
    label = str(signal.kind).upper()
    labels = (label,) if channels == 1 else tuple(f"{label}{i + 1}" for i in range(channels))
    return StreamInfo(
        name=signal.source,
        type=_TYPES[signal.kind],
        source_id=f"{signal.source}-id",
        uid=f"{signal.source}-uid",
        channels=labels,
        units=(signal.unit,) * channels,
        rate=signal.rate or 0.0,
        format="int16" if whole else "float32",
    )


def _marker_info(name: str) -> StreamInfo:
    return StreamInfo(
        name=name,
        type="Markers",
        source_id=f"{name}-id",
        uid=f"{name}-uid",
        channels=("mark",),
        format="string",
    )


def session_toml(session: SessionFile) -> str:
    """Return the text of a ``session.toml``."""
    fields = session.model_dump(by_alias=True, exclude_none=True, exclude_unset=True)
    fields = {"schema": 1, **fields}
    tables = {name: fields.pop(name) for name in ("people", "consent") if name in fields}
    release, markers = fields.pop("release", None), fields.pop("markers", None)
    document = tomlkit.document()
    for key, value in fields.items():
        document[key] = value
    for name, entries in tables.items():
        document[name] = _table_of_tables(entries) if isinstance(entries, dict) else entries
    if release is not None:
        # The file writes `P04 = time` beside delay_hours.
        people = release.pop("people", {})
        document["release"] = {"delay_hours": session.release.delay_hours, **release, **people}
    if markers is not None:
        document["markers"] = markers
    return tomlkit.dumps(document)


def _table_of_tables(entries: Mapping[str, Mapping[str, Any]]) -> tomlkit.items.Table:
    outer = tomlkit.table(is_super_table=True)
    for key, entry in entries.items():
        inner = tomlkit.table()
        for name, value in entry.items():
            if isinstance(value, dict):
                line = tomlkit.inline_table()
                line.update(value)
                inner[name] = line
            else:
                inner[name] = value
        outer[key] = inner
    return outer


def protocol_toml(protocol: Protocol) -> str:
    """Return the text of a protocol's own file."""
    return tomlkit.dumps(protocol.model_dump(mode="json", by_alias=True))


def _json(truth: Mapping[str, Any]) -> str:
    # One line per entry of a list: readable, and differences stay small.
    lines = []
    for key, value in truth.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n    ".join(json.dumps(row) for row in value)
            lines.append(f"  {json.dumps(key)}: [\n    {rows}\n  ]")
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"
