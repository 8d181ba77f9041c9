"""Find the chunks of an XDF file, also of one that is cut, zeroed or otherwise damaged.

The walk looks at chunk heads alone, never at samples, so that it costs about a microsecond a chunk.
Where a head cannot be right it looks for the next byte from which a chunk makes sense: a boundary,
an XML header or footer, or a samples or offset chunk whose stream is known and whose length agrees
with its count. What it had to skip is listed.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from arousal.ingest.xdf_chunks import BOUNDARY, MAGIC

__all__ = ["Bytes", "ChunkIndex", "StreamChunks", "walk"]

Bytes = memoryview
FILE_HEADER, STREAM_HEADER, SAMPLES, OFFSET, BOUNDARY_TAG, FOOTER = range(1, 7)

_U16 = struct.Struct("<H").unpack_from
_U32 = struct.Struct("<I").unpack_from
_U64 = struct.Struct("<Q").unpack_from
_SHORT = struct.Struct("<BHIB").unpack_from
_LONG = struct.Struct("<IHIB").unpack_from
"""Length, tag, stream id and the size of the sample count of a samples chunk."""
_SEARCH = 1 << 18
"""Bytes searched at a time for the next sound chunk."""


@dataclass(slots=True)
class StreamChunks:
    """Where the chunks of one stream lie; all positions are byte offsets in the file.

    Parameters
    ----------
    stream_id : int
        The id its chunks carry.
    header : str
        Its XML.
    width : int
        Bytes of one sample's values; 0 for text.
    channels : int
        Values a sample.
    at, starts, stops, counts : array of int64
        For each samples chunk: its own start, the start and stop of its samples, their number.
    offsets : array of int64
        Where the two doubles of each clock offset lie.
    footer : tuple of int or None
        Start and stop of its footer's XML.
    """

    stream_id: int
    header: str
    width: int
    channels: int
    at: array[int] = field(default_factory=lambda: array("q"))
    starts: array[int] = field(default_factory=lambda: array("q"))
    stops: array[int] = field(default_factory=lambda: array("q"))
    counts: array[int] = field(default_factory=lambda: array("q"))
    offsets: array[int] = field(default_factory=lambda: array("q"))
    footer: tuple[int, int] | None = None

    def append(self, at: int, start: int, stop: int, count: int) -> None:
        """Note one samples chunk."""
        self.at.append(at)
        self.starts.append(start)
        self.stops.append(stop)
        self.counts.append(count)


@dataclass(slots=True)
class ChunkIndex:
    """All that the walk found.

    Parameters
    ----------
    file_header : tuple of int or None
        Start and stop of the file header's XML.
    streams : list of StreamChunks
        In the order of their headers.
    orphans : dict
        Stream id -> chunks that belong to no readable header.
    skipped : list of tuple of int
        ``(start, stop)`` of bytes that made no sense.
    cut : int or None
        Where an incomplete last chunk begins.
    magic : bool
        Whether the file begins as every XDF file does.
    spare : list of int
        Ids of the streams whose header is not in the file and was given instead.
    """

    file_header: tuple[int, int] | None = None
    streams: list[StreamChunks] = field(default_factory=list)
    orphans: dict[int, int] = field(default_factory=dict)
    skipped: list[tuple[int, int]] = field(default_factory=list)
    cut: int | None = None
    magic: bool = True
    spare: list[int] = field(default_factory=list)


StreamReader = Callable[[int, str], StreamChunks | None]
"""Reads a stream header (id, XML); ``None`` if it cannot be understood."""


def walk(
    view: Bytes, read_header: StreamReader, spare: Mapping[int, str] | None = None
) -> ChunkIndex:
    """List the chunks of a file.

    Parameters
    ----------
    view : memoryview
        The whole file (mapped, not read).
    read_header : callable
        Turns stream id and XML into `StreamChunks`, or ``None``.
    spare : mapping of int to str, optional
        Stream id -> header's XML from elsewhere, for streams whose own is lost.
    """
    index = _Walk(view, read_header, {}).run()
    there = {stream.stream_id for stream in index.streams}
    missing = {number: xml for number, xml in (spare or {}).items() if number not in there}
    if not missing:
        return index
    index = _Walk(view, read_header, missing).run()
    index.streams = [s for s in index.streams if s.stream_id not in missing or s.at or s.offsets]
    index.spare = [s.stream_id for s in index.streams if s.stream_id in missing]
    return index


def varlen(view: Bytes, at: int) -> tuple[int, int]:
    """Read a count with the number of its bytes (1, 4, 8) in front.

    Returns
    -------
    tuple of int
        The count and where it ends; a count of -1 says that there is none.
    """
    size = view[at]
    if size == 1:
        return view[at + 1], at + 2
    if size == 4:
        return _U32(view, at + 1)[0], at + 5
    if size == 8:
        return _U64(view, at + 1)[0], at + 9
    return -1, at


class _Walk:
    def __init__(self, view: Bytes, read_header: StreamReader, spare: Mapping[int, str]) -> None:
        self.view = view
        self.size = len(view)
        self.read_header = read_header
        self.index = ChunkIndex()
        self.known: dict[int, StreamChunks] = {}
        self.latest: StreamChunks | None = None
        for stream_id, xml in spare.items():
            if (stream := read_header(stream_id, xml)) is not None:
                self.known[stream_id] = stream
                self.index.streams.append(stream)
        self.spare = frozenset(self.known)

    def run(self) -> ChunkIndex:
        at = len(MAGIC)
        if bytes(self.view[:at]) != MAGIC:
            self.index.magic = False
            at = self._resume(0)
        while (at := self._plain_samples(at)) < self.size:
            tag, body, stop = self._head(at)
            if stop <= self.size and self._sound(tag, body, stop):
                self._take(tag, at, body, stop)
                at = stop
            elif 0 < stop <= self.size and self._head_follows(stop):
                if tag == STREAM_HEADER and stop - body > 4:
                    self._take_header(body, stop)
                elif tag <= FOOTER:
                    self._skip(at, stop)
                at = stop
            else:
                at = self._resume(at)
        return self.index

    def _plain_samples(self, at: int) -> int:
        """Take numeric samples chunks in a row, the bulk of every file; stop at any other."""
        view, known, last = self.view, self.known, self.size - 32
        while at < last:
            size = view[at]
            if size == 4:
                length, tag, stream_id, width = _LONG(view, at + 1)
            elif size == 1:
                length, tag, stream_id, width = _SHORT(view, at + 1)
            else:
                break
            start, stop = at + 8 + size, at + 1 + size + length
            stream = known.get(stream_id) if tag == SAMPLES else None
            if stream is None or width not in (1, 4) or not stream.width:
                break
            count = view[start] if width == 1 else _U32(view, start)[0]
            start += width
            stamps = stop - start - count * (1 + stream.width)
            if not (0 <= stamps <= 8 * count and stamps % 8 == 0 and count and stop <= self.size):
                break
            stream.at.append(at)
            stream.starts.append(start)
            stream.stops.append(stop)
            stream.counts.append(count)
            self.latest = stream
            at = stop
        return at

    def _head(self, at: int) -> tuple[int, int, int]:
        """Tag, start and stop of the content; stop 0: no head; beyond the file: it is cut."""
        try:
            length, body = varlen(self.view, at)
            if length < 2:
                return 0, 0, 0
            return _U16(self.view, body)[0], body + 2, body + length
        except (IndexError, struct.error):
            return 0, 0, self.size + 1

    def _head_follows(self, at: int) -> bool:
        if at == self.size:
            return True
        tag, _, stop = self._head(at)
        return 1 <= tag <= 6 and 0 < stop <= self.size

    def _sound(self, tag: int, body: int, stop: int) -> bool:
        """Whether the content can be what the tag says."""
        view, room = self.view, stop - body
        if tag == SAMPLES:
            return room >= 6 and self._samples_fit(body, stop)
        if tag == OFFSET:
            return room == 20
        if tag == BOUNDARY_TAG:
            return room == 16 and bytes(view[body:stop]) == BOUNDARY
        if tag in (STREAM_HEADER, FOOTER):
            body += 4
        elif tag != FILE_HEADER:
            return False
        return bytes(view[body : min(body + 64, stop)]).lstrip().startswith((b"<?xml", b"<info"))

    def _samples_fit(self, body: int, stop: int) -> bool:
        stream = self.known.get(_U32(self.view, body)[0])
        try:
            count, start = varlen(self.view, body + 4)
        except (IndexError, struct.error):
            return False
        if stream is None or count < 0:
            return count >= 0 and self._head_follows(stop)
        if not stream.width:  # each text takes two bytes at least
            return count * (1 + 2 * stream.channels) <= stop - start
        # each sample has a flag and its values, and some have a stamp of eight bytes
        stamps = stop - start - count * (1 + stream.width)
        return 0 <= stamps <= 8 * count and stamps % 8 == 0

    def _take(self, tag: int, at: int, body: int, stop: int) -> None:
        if tag == SAMPLES:
            self._take_samples(at, body, stop)
        elif tag == OFFSET:
            stream = self.known.get(_U32(self.view, body)[0])
            if stream is not None:
                stream.offsets.append(body + 4)
        elif tag == STREAM_HEADER:
            self._take_header(body, stop)
        elif tag == FOOTER:
            stream = self.known.get(_U32(self.view, body)[0])
            if stream is not None:
                stream.footer = (body + 4, stop)
        elif tag == FILE_HEADER and self.index.file_header is None:
            self.index.file_header = (body, stop)

    def _take_samples(self, at: int, body: int, stop: int) -> None:
        stream_id = _U32(self.view, body)[0]
        stream = self.known.get(stream_id)
        if stream is None:
            self.index.orphans[stream_id] = self.index.orphans.get(stream_id, 0) + 1
            return
        count, start = varlen(self.view, body + 4)
        if count:
            stream.append(at, start, stop, count)
            self.latest = stream

    def _take_header(self, body: int, stop: int) -> None:
        stream_id = _U32(self.view, body)[0]
        xml = bytes(self.view[body + 4 : stop]).decode("utf-8", "replace")
        if stream_id in self.known and self.known[stream_id].header == xml:
            return
        stream = self.read_header(stream_id, xml)
        if stream is None and stream_id in self.spare:
            return
        self.known.pop(stream_id, None)
        if stream is not None:
            self.known[stream_id] = stream
            self.index.streams.append(stream)

    def _skip(self, start: int, stop: int) -> None:
        skipped = self.index.skipped
        if skipped and skipped[-1][1] == start:
            start = skipped.pop()[0]
        skipped.append((start, stop))

    def _resume(self, at: int) -> int:
        """Where to go on after a place that makes no sense, or the size if nowhere."""
        at = self._before_misread(at)
        following = self._next_sound(at + 1)
        if following is not None:
            self._skip(at, following)
            return following
        self.index.cut = at
        self._take_whole_samples(at)
        return self.size

    def _before_misread(self, at: int) -> int:
        """Take back the chunk that ends here if its samples do not: its length is damaged."""
        last = self.latest
        if last is None or last.stops[-1] != at:
            return at
        found = complete_samples(self.view, last.starts[-1], last.counts[-1], last)
        if found == (last.counts[-1], at):
            return at
        self.latest = None
        last.starts.pop(), last.stops.pop(), last.counts.pop()
        return last.at.pop()

    def _next_sound(self, at: int) -> int | None:
        for start in range(at, self.size, _SEARCH):
            window = np.frombuffer(self.view[start : start + _SEARCH + 16], np.uint8)
            for place in _like_heads(window, _SEARCH):
                tag, body, stop = self._head(start + place)
                if (
                    0 < stop <= self.size
                    and self._sound(tag, body, stop)
                    and self._owned(tag, body)
                ):
                    return start + place
        return None

    def _owned(self, tag: int, body: int) -> bool:
        """Samples and offsets in the middle of nowhere count only if their stream is known."""
        return tag not in (SAMPLES, OFFSET) or _U32(self.view, body)[0] in self.known

    def _take_whole_samples(self, at: int) -> None:
        """Keep the complete samples of a last chunk that the file's end cuts."""
        try:
            tag, body, _ = self._head(at)
            stream = self.known.get(_U32(self.view, body)[0]) if tag == SAMPLES else None
            if stream is None:
                return
            count, start = varlen(self.view, body + 4)
        except (IndexError, struct.error):
            return
        whole, stop = complete_samples(self.view, start, max(count, 0), stream)
        if whole:
            stream.append(at, start, stop, whole)


def complete_samples(view: Bytes, start: int, count: int, stream: StreamChunks) -> tuple[int, int]:
    """How many of ``count`` samples from ``start`` on are whole, and where they end."""
    at, whole = start, 0
    try:
        while whole < count:
            flag = view[at]
            if flag not in (0, 8):
                break
            following = at + 1 + flag + stream.width
            if not stream.width:
                for _ in range(stream.channels):
                    length, text = varlen(view, following)
                    following = text + length if length >= 0 else len(view) + 1
            if following > len(view):
                break
            at, whole = following, whole + 1
    except (IndexError, struct.error):
        pass
    return whole, at


def _like_heads(window: NDArray[np.uint8], places: int) -> list[int]:
    """Places in a window (padded by 16 bytes) whose bytes could be length and tag of a chunk."""
    found: list[int] = []
    for size in (1, 4, 8):
        tag = window[size + 1 :]
        n = min(places, tag.size - 1)
        if n > 0:
            low = tag[:n]
            likely = (window[:n] == size) & (low >= 1) & (low <= 6) & (tag[1 : n + 1] == 0)
            found.extend(np.flatnonzero(likely).tolist())
    return sorted(found)
