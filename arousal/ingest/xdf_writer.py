"""Write XDF files: bit by bit while a session runs, or at once for a simulated one.

The incremental `XdfWriter` collects chunks and writes them in one unbuffered block per `flush`, so
that what was flushed survives the end of the process. Chunks that do not fit on the disk are
taken back and kept in memory; the file always ends between two chunks.
"""

from __future__ import annotations

import os
import zlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from arousal.atomic import PRIVATE_FILE
from arousal.errors import DataError, UsageError
from arousal.ingest import xdf_chunks
from arousal.ingest.info_xml import info_xml, parseable_xml
from arousal.ingest.raw import RawStream, StreamInfo

__all__ = ["Block", "XdfWriter", "write_xdf"]

CHUNK_SECONDS = 1.0
"""Length of one samples chunk written by `write_xdf` ..."""
BOUNDARY_SECONDS = 10.0
"""... and the distance of its boundaries (LabRecorder: 10 s),"""
OFFSET_SECONDS = 5.0
"""... and of its clock offsets (LabRecorder: 5 s)."""


class Block(NamedTuple):
    """A stretch of bytes that reached the file in one piece."""

    offset: int
    length: int
    crc32: int


@dataclass(slots=True)
class _Stream:
    channel_format: str
    channels: int
    count: int = 0
    first: float | None = None
    last: float | None = None
    offsets: array[float] = field(default_factory=lambda: array("d"))
    """Time and value in turn: packed, because a session of many streams has thousands."""


class XdfWriter:
    """An XDF file in the making.

    Nothing reaches the file before `flush`; `close` writes the footers of all open streams.

    Parameters
    ----------
    path : Path
        File to make; it must not exist, so that no recording is ever overwritten.
    started : datetime, optional
        Start of the recording, with a time zone; now if left out.

    Raises
    ------
    UsageError
        If the file exists.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.xdf"
    >>> with XdfWriter(path) as writer:
    ...     eda = writer.add(StreamInfo("gsr-04", "EDA", rate=4.0))
    ...     writer.samples(eda, np.ones((2, 1), np.float32), np.array([0.0, 0.25]))
    ...     block = writer.flush()
    >>> block.offset, block.length > 100
    (0, True)
    """

    def __init__(self, path: Path, *, started: datetime | None = None) -> None:
        self.path = path
        self._streams: dict[int, _Stream] = {}
        self._next_id = 1
        self._pending: list[bytes] = [xdf_chunks.file_header(started)]
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            self._file = os.open(path, flags, PRIVATE_FILE)
        except FileExistsError:
            raise UsageError(
                "the file exists already", where=path, hint="choose another name; nothing was lost"
            ) from None
        self._length = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def length(self) -> int:
        """Bytes in the file."""
        return self._length

    @property
    def pending(self) -> int:
        """Bytes that wait for the next `flush`."""
        return sum(map(len, self._pending))

    def add(self, info: StreamInfo, *, xml: str | None = None, stream_id: int | None = None) -> int:
        """Begin a stream and return its id.

        Parameters
        ----------
        info : StreamInfo
            Its announcement; format and channel count rule how samples are stored.
        xml : str, optional
            The sender's own ``<info>`` document, kept word for word; made from ``info`` if left
            out.
        stream_id : int, optional
            Its id in the file; the next free one if left out.

        Raises
        ------
        DataError
            If XDF has no such channel format, or the id is taken.
        """
        if info.format != "string" and info.format not in xdf_chunks.NUMBER_TYPES:
            raise DataError(f"no channel format {info.format!r} in XDF", where=info.name)
        stream_id = self._next_id if stream_id is None else stream_id
        if stream_id < self._next_id:
            raise DataError(f"stream id {stream_id} is taken", where=info.name)
        document = info_xml(info) if xml is None else parseable_xml(xml)
        self._pending.append(xdf_chunks.stream_header(stream_id, document))
        self._streams[stream_id] = _Stream(info.format, len(info.channels))
        self._next_id = stream_id + 1
        return stream_id

    def samples(
        self,
        stream_id: int,
        values: NDArray[Any],
        stamps: NDArray[np.float64],
        *,
        omit_period: float | None = None,
    ) -> None:
        """Append samples, stamps verbatim.

        Parameters
        ----------
        stream_id : int
            As `add` returned it.
        values : ndarray, shape (n, channels)
            Numbers, or an object array of str or UTF-8 bytes.
        stamps : ndarray, shape (n,)
            Seconds.
        omit_period : float, optional
            See `xdf_chunks.samples`.

        Raises
        ------
        DataError
            If the stream is not open or the shapes are not its own.
        """
        stream = self._stream(stream_id)
        if values.ndim != 2 or values.shape[1] != stream.channels:
            raise DataError(
                f"values have shape {values.shape}, the stream has {stream.channels} channels",
                where=f"stream {stream_id}",
            )
        chunk = xdf_chunks.samples(
            stream_id, stream.channel_format, values, stamps, omit_period=omit_period
        )
        if not chunk:
            return
        self._pending.append(chunk)
        stream.count += len(stamps)
        if stream.first is None:
            stream.first = float(stamps[0])
        stream.last = float(stamps[-1])

    def offset(self, stream_id: int, time: float, offset: float) -> None:
        """Append a clock offset; ``time`` in seconds on the sender's clock."""
        self._stream(stream_id).offsets.extend((time, offset))
        self._pending.append(xdf_chunks.clock_offset(stream_id, time, offset))

    def boundary(self) -> None:
        """Append a landmark."""
        self._pending.append(xdf_chunks.boundary())

    def finish(self, stream_id: int) -> int:
        """End a stream with its footer; return how many samples it holds."""
        stream = self._stream(stream_id)
        del self._streams[stream_id]
        offsets = list(zip(stream.offsets[::2], stream.offsets[1::2], strict=True))
        xml = xdf_chunks.footer_xml(stream.first, stream.last, stream.count, offsets)
        self._pending.append(xdf_chunks.stream_footer(stream_id, xml))
        return stream.count

    def flush(self) -> Block | None:
        """Write what waits in one piece, or as much of it as fits.

        Returns
        -------
        Block or None
            Where it landed; ``None`` if nothing waited. If the disk took only a part, the block
            ends with the last whole chunk and the rest waits on (`pending` is not 0).

        Raises
        ------
        OSError
            If not even one chunk fits. The file is as before and everything still waits.
        """
        data = b"".join(self._pending)
        if not data:
            return None
        start = self._length
        try:
            self._write(data)
        except OSError:
            written = os.lseek(self._file, 0, os.SEEK_CUR) - start
            data = self._whole_chunks(written)
            os.ftruncate(self._file, start + len(data))
            os.lseek(self._file, start + len(data), os.SEEK_SET)
            if not data:
                raise
        else:
            self._pending.clear()
        self._length = start + len(data)
        return Block(start, len(data), zlib.crc32(data))

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def _whole_chunks(self, written: int) -> bytes:
        """Take the chunks off the waiting list that lie wholly in the first ``written`` bytes."""
        count, length = 0, 0
        for chunk in self._pending:
            if length + len(chunk) > written:
                break
            count, length = count + 1, length + len(chunk)
        taken, self._pending = self._pending[:count], self._pending[count:]
        return b"".join(taken)

    def sync(self) -> None:
        """Wait until the disk itself has what was flushed; may be called from another thread."""
        os.fsync(self._file)

    def close(self) -> Block | None:
        """End every open stream, flush, sync, close; safe to call twice.

        Raises
        ------
        OSError
            If the end did not fit on the disk; the file is closed all the same.
        """
        if self._file < 0:
            return None
        try:
            for stream_id in list(self._streams):
                self.finish(stream_id)
            block = self.flush()
            self.sync()
            if self._pending:
                self.flush()  # the disk took a part: let its error be raised
            return block
        finally:
            os.close(self._file)
            self._file = -1

    def _stream(self, stream_id: int) -> _Stream:
        try:
            return self._streams[stream_id]
        except KeyError:
            raise DataError(f"stream {stream_id} is not open", where=self.path) from None


def write_xdf(
    path: Path,
    streams: Sequence[RawStream],
    *,
    started: datetime | None = None,
    omit_regular_stamps: bool = False,
) -> None:
    """Write a whole recording at once, laid out as a recorder would have: interleaved by time.

    Parameters
    ----------
    path : Path
        File to make; it must not exist.
    streams : sequence of RawStream
        ``stamps`` are stored verbatim; the median of ``times - stamps`` over each 5 s becomes a
        clock offset.
    started : datetime, optional
        Start of the recording, with a time zone; now if left out.
    omit_regular_stamps : bool
        Leave out stamps a reader can deduce to within 1 µs from the rate; the file of a regular
        one-channel float stream shrinks by 60 %.

    Raises
    ------
    UsageError
        If the file exists.
    DataError
        If a stream's values do not fit its format.
    """
    with XdfWriter(path, started=started) as writer:
        pieces: list[tuple[float, int, int, slice]] = []
        for number, stream in enumerate(streams):
            stream_id = writer.add(stream.info)
            pieces += [
                (when, stream_id, number, piece)
                for when, piece in _stretches(stream.times, CHUNK_SECONDS)
            ]
        next_boundary = -np.inf
        next_offset = dict.fromkeys(range(len(streams)), -np.inf)
        for when, stream_id, number, piece in sorted(pieces, key=lambda p: p[:2]):
            if when >= next_boundary:
                writer.boundary()
                writer.flush()
                next_boundary = when + BOUNDARY_SECONDS
            stream = streams[number]
            if when >= next_offset[number]:
                writer.offset(stream_id, *_offset(stream, piece))
                next_offset[number] = when + OFFSET_SECONDS
            rate = stream.info.rate
            period = 1.0 / rate if omit_regular_stamps and rate > 0 else None
            writer.samples(
                stream_id, stream.values[piece], stream.stamps[piece], omit_period=period
            )


def _stretches(times: NDArray[np.float64], seconds: float) -> Iterator[tuple[float, slice]]:
    """Stretches of at most ``seconds``, with the time at which each was complete."""
    if not times.size:
        return
    cells = np.floor((times - times[0]) / seconds)
    edges = [0, *(np.flatnonzero(np.diff(cells)) + 1).tolist(), times.size]
    for first, last in pairwise(edges):
        yield float(times[last - 1]), slice(first, last)


def _offset(stream: RawStream, piece: slice) -> tuple[float, float]:
    first = piece.start
    last = int(np.searchsorted(stream.times, stream.times[first] + OFFSET_SECONDS))
    part = slice(first, max(last, first + 1))
    # The median, because stamps jitter and an offset is about the clock.
    offset = float(np.median(stream.times[part] - stream.stamps[part]))
    return float(stream.stamps[first]), offset
