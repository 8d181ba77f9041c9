"""Copy an XDF file without some of its streams; everything else keeps its bytes and its order.

Samples of numbers are copied as they stand, clock offsets and footers too; samples of text pass
through a function that may change them or take them out. What cannot be read (damaged stretches,
chunks whose header is missing) is not copied: nobody could say whose it was.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from arousal.errors import DataError
from arousal.ingest import xdf_chunks
from arousal.ingest.raw import StreamInfo
from arousal.ingest.xdf_assembly import StoredStream
from arousal.ingest.xdf_bytes import open_bytes
from arousal.ingest.xdf_headers import read_stream_header, rescue_stream_header, text_at
from arousal.ingest.xdf_journal import (
    damaged_blocks,
    read_file_journal,
    spare_headers,
    zeroed_blocks,
)
from arousal.ingest.xdf_raw import read_raw
from arousal.ingest.xdf_walk import Bytes, ChunkIndex, StreamChunks, varlen, walk

__all__ = ["TextChange", "check_cut", "cut_xdf", "stored_streams"]

TextChange = Callable[[str], str | None]
"""Returns the text to keep in a mark's place, or ``None`` to take the mark out."""
_FILE_HEADER, _STREAM_HEADER, _SAMPLES, _FOOTER = 1, 2, 3, 6
_U32 = struct.Struct("<I")
_OFFSET = struct.Struct("<dd")
BOUNDARY_BYTES = 1 << 20
"""Distance of the landmarks in the new file."""


class _Piece(NamedTuple):
    """One chunk to copy: where it began, and what it becomes."""

    at: int
    stream: StreamChunks
    kind: int
    start: int
    stop: int
    samples: int


@dataclass(slots=True)
class _Tally:
    """What is left of a text stream."""

    count: int = 0
    first: float | None = None
    last: float | None = None


def stored_streams(path: Path) -> dict[int, StreamInfo]:
    """Return stream id -> announcement of every stream whose header can be read."""
    with open_bytes(path) as opened:
        infos: dict[int, StreamInfo] = {}
        journal = read_file_journal(path)
        spare = spare_headers(journal, damaged_blocks(opened.view, journal, path.name)[1])
        index = walk(opened.view, lambda number, xml: _chunks_of(number, xml, infos), spare)
        there = {stream.stream_id for stream in index.streams}
        return {number: info for number, info in infos.items() if number in there}


def cut_xdf(source: Path, target: Path, removed: frozenset[int], change: TextChange) -> None:
    """Write a copy of a file without some streams.

    Parameters
    ----------
    source : Path
        The file; packed ones are read too, the copy is not packed.
    target : Path
        The copy.
    removed : frozenset of int
        Ids of the streams to leave out.
    change : callable
        Called with each text sample of the streams that stay, and with their headers.

    Raises
    ------
    DataError, FormatError
        If the file cannot be read, or a text stream cannot be changed.
    """
    with open_bytes(source) as opened, target.open("wb") as out:
        view = opened.view
        journal = read_file_journal(source)
        bad, noticed = damaged_blocks(view, journal, source.name)
        spare = spare_headers(journal, noticed)
        index = walk(view, lambda number, xml: _chunks_of(number, xml, {}), spare)
        bad += zeroed_blocks(view)
        out.write(xdf_chunks.MAGIC)
        if index.file_header is not None:
            start, stop = index.file_header
            out.write(_chunk(_FILE_HEADER, bytes(view[start:stop])))
        since = 0
        for chunk in _copied(view, index, removed, bad, change):
            out.write(chunk)
            since += len(chunk)
            if since > BOUNDARY_BYTES:
                out.write(xdf_chunks.boundary())
                since = 0


def _chunks_of(number: int, xml: str, infos: dict[int, StreamInfo]) -> StreamChunks | None:
    try:
        info = read_stream_header(xml)
    except DataError:
        try:
            info = read_stream_header(rescue_stream_header(xml))
        except DataError:
            return None
    infos[number] = info
    width = 0 if info.is_text else xdf_chunks.NUMBER_TYPES[info.format].itemsize
    return StreamChunks(number, xml, width * len(info.channels), len(info.channels))


def _copied(
    view: Bytes,
    index: ChunkIndex,
    removed: frozenset[int],
    bad: list[tuple[int, int]],
    change: TextChange,
) -> Iterator[bytes]:
    kept = [s for s in index.streams if s.stream_id not in removed]
    tallies: dict[int, _Tally] = {}
    for stream in kept:
        header = _reworded(stream.header, change)
        yield _chunk(_STREAM_HEADER, _U32.pack(stream.stream_id), header.encode())
    for piece in sorted((p for stream in kept for p in _pieces(stream)), key=lambda p: p.at):
        if any(start < piece.stop and piece.at < stop for start, stop in bad):
            continue
        if piece.kind != _SAMPLES:
            time, value = _OFFSET.unpack_from(view, piece.start)
            yield xdf_chunks.clock_offset(piece.stream.stream_id, time, value)
            continue
        content, count = bytes(view[piece.start : piece.stop]), piece.samples
        if not piece.stream.width:
            tally = tallies.setdefault(id(piece.stream), _Tally())
            content, count = _changed(view, piece, change, tally)
        if count:
            number = _U32.pack(piece.stream.stream_id)
            yield _chunk(_SAMPLES, number, _length(count), content)
    for stream in kept:
        if stream.footer is not None:
            text = _footer(text_at(view, stream.footer), tallies.get(id(stream)))
            yield _chunk(_FOOTER, _U32.pack(stream.stream_id), text.encode())


def _pieces(stream: StreamChunks) -> Iterator[_Piece]:
    places = zip(stream.at, stream.starts, stream.stops, stream.counts, strict=True)
    for at, start, stop, count in places:
        yield _Piece(at, stream, _SAMPLES, start, stop, count)
    for at in stream.offsets:
        yield _Piece(at, stream, 0, at, at + _OFFSET.size, 1)


def _changed(view: Bytes, piece: _Piece, change: TextChange, tally: _Tally) -> tuple[bytes, int]:
    """Pass the texts of one chunk through ``change``; stamps stay."""
    at, parts, count = piece.start, [], 0
    for seen in range(piece.samples):
        head_stop = at + 1 + view[at]
        head, texts, at = bytes(view[at:head_stop]), [], head_stop
        for _ in range(piece.stream.channels):
            length, start = varlen(view, at)
            at = start + length
            texts.append(bytes(view[start:at]).decode("utf-8", "surrogateescape"))
        new = [change(text) for text in texts]
        if any(text is None for text in new):
            continue
        if head[0] != 8 and count < seen:
            raise DataError("a text stream leaves out stamps, so no mark can be taken out of it")
        parts.append(head + b"".join(map(_text, new)))
        count += 1
        if head[0] == 8:
            stamp = struct.unpack_from("<d", head, 1)[0]
            tally.first = stamp if tally.first is None else tally.first
            tally.last = stamp
    tally.count += count
    return b"".join(parts), count


def _text(text: str | None) -> bytes:
    data = (text or "").encode("utf-8", "surrogateescape")
    return _length(len(data)) + data


def _reworded(text: str, change: TextChange) -> str:
    changed = change(text)
    return text if changed is None else changed


def _footer(xml: str, tally: _Tally | None) -> str:
    """Return a footer with the count and the edges of what is left."""
    if tally is None:
        return xml
    values = {
        "sample_count": str(tally.count),
        "first_timestamp": "" if tally.first is None else repr(tally.first),
        "last_timestamp": "" if tally.last is None else repr(tally.last),
    }
    for tag, value in values.items():
        xml = re.sub(rf"<{tag}>[^<]*</{tag}>", f"<{tag}>{value}</{tag}>" if value else "", xml)
    return xml


def _length(n: int) -> bytes:
    if n < 1 << 8:
        return struct.pack("<BB", 1, n)
    return struct.pack("<BI", 4, n) if n < 1 << 32 else struct.pack("<BQ", 8, n)


def _chunk(tag: int, *content: bytes) -> bytes:
    body = b"".join(content)
    return _length(2 + len(body)) + struct.pack("<H", tag) + body


def check_cut(source: Path, copy: Path, removed: frozenset[int], change: TextChange) -> None:
    """Read both files and make sure that nothing else was lost.

    Raises
    ------
    DataError
        If a stream that stays differs in a sample, a stamp or a clock offset, or one that should
        be gone is there.
    """
    before, after = read_raw(source), read_raw(copy)
    kept = [s for s in before.streams if s.stream_id not in removed]
    if [s.stream_id for s in kept] != [s.stream_id for s in after.streams]:
        raise DataError("the copy does not hold the streams that stay", where=source)
    for old, new in zip(kept, after.streams, strict=True):
        same = _offsets_equal(old, new) and (
            _texts_equal(old, new, change) if old.info.is_text else _numbers_equal(old, new)
        )
        if not same:
            name = f"stream {old.stream_id}"
            raise DataError(f"the copy differs in {name}; nothing was changed", where=source)


def _offsets_equal(old: StoredStream, new: StoredStream) -> bool:
    pairs = ((old.offset_times, new.offset_times), (old.offset_values, new.offset_values))
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


def _numbers_equal(old: StoredStream, new: StoredStream) -> bool:
    floats = old.values.dtype.kind == "f"
    same = np.array_equal(old.values, new.values, equal_nan=floats)
    return same and np.array_equal(old.stamps, new.stamps)


def _texts_equal(old: StoredStream, new: StoredStream, change: TextChange) -> bool:
    wanted = [
        (stamp, [change(str(cell)) for cell in row])
        for stamp, row in zip(old.stamps.tolist(), old.values, strict=True)
    ]
    there = [
        (stamp, [str(cell) for cell in row])
        for stamp, row in zip(new.stamps.tolist(), new.values, strict=True)
    ]
    return [(stamp, row) for stamp, row in wanted if None not in row] == there
