"""The writing side of the recorder: what was pulled goes to the XDF file, block by block.

Everything is queued and one thread alone writes, so that a disk that stalls never keeps the
recorder from emptying the inlets. A full disk pauses the writing, not the recording: what was
pulled stays in memory and is written when there is room again.
"""

from __future__ import annotations

import contextlib
import threading
from array import array
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.ingest.raw import StreamInfo
from arousal.ingest.xdf_writer import Block, XdfWriter

__all__ = ["Tape"]

MEMORY_LIMIT = 512 << 20
"""Bytes kept in memory while the disk is full (31 streams: about five hours)."""


class Tape:
    """An XDF file that is written by one thread and fed by many.

    Parameters
    ----------
    path : Path
        File to make.
    started : datetime
        Start of the recording.
    on_block : callable
        Told of each block that reached the file.

    Attributes
    ----------
    lengths, checksums : array of uint32
        Of each block in the file, in order; the first begins at 0, each at the end of the last.
    accepted, dropped : Counter
        Samples per stream that were put in, and those lost for want of memory.
    """

    def __init__(self, path: Path, started: datetime, on_block: Callable[[Block], None]) -> None:
        self.path = path
        self.lengths, self.checksums = array("L"), array("L")
        self.accepted: Counter[int] = Counter()
        self.dropped: Counter[int] = Counter()
        self._on_block = on_block
        self._writer = XdfWriter(path, started=started)
        self._queue: deque[Callable[[], object]] = deque()
        self._lock = threading.Lock()
        self._next = 1
        self._open: set[int] = set()
        self._full = False

    @property
    def length(self) -> int:
        """Bytes in the file."""
        return self._writer.length

    @property
    def waiting(self) -> int:
        """Bytes that the disk has not taken."""
        return self._writer.pending

    def begin(self, info: StreamInfo, xml: str) -> int:
        """Open a stream and return its number in the file."""
        with self._lock:
            number = self._next
            self._next += 1
            self._open.add(number)
            # Queued under the lock, so that the headers lie in the order of the numbers.
            self._queue.append(lambda: self._writer.add(info, xml=xml, stream_id=number))
        return number

    def samples(self, number: int, values: NDArray[Any], stamps: NDArray[np.float64]) -> None:
        """Append samples of a stream; see `XdfWriter.samples`."""
        self.accepted[number] += len(stamps)
        self._queue.append(lambda: self._take(number, values, stamps))

    def offset(self, number: int, time: float, value: float) -> None:
        """Append a clock offset; ``time`` in s on the sender's clock."""
        self._queue.append(lambda: self._writer.offset(number, time, value))

    def end(self, number: int) -> None:
        """Close a stream with its footer."""
        self._open.discard(number)
        self._queue.append(lambda: self._writer.finish(number))

    def boundary(self) -> None:
        """Append a landmark before what comes next."""
        self._queue.append(self._writer.boundary)

    def _take(self, number: int, values: NDArray[Any], stamps: NDArray[np.float64]) -> None:
        if self._full and self._writer.pending > MEMORY_LIMIT:
            self.dropped[number] += len(stamps)
            return
        self._writer.samples(number, values, stamps)

    def encode(self) -> None:
        """Turn what is queued into chunks, without touching the file."""
        while self._queue:
            self._queue.popleft()()

    def flush(self) -> None:
        """Write everything that is queued.

        Raises
        ------
        OSError
            If the disk takes no more; everything is kept for the next time.
        """
        self.encode()
        try:
            while block := self._writer.flush():
                self.lengths.append(block.length)
                self.checksums.append(block.crc32)
                self._on_block(block)
        except OSError:
            self._full = True
            raise
        self._full = False

    def sync(self) -> None:
        """Wait until the disk itself has what was flushed."""
        self._writer.sync()

    def close(self) -> None:
        """Write what is queued and all footers, sync, close.

        Raises
        ------
        OSError
            If it did not all fit; what fits is in the file, which is closed all the same.
        """
        for number in sorted(self._open):
            self.end(number)
        try:
            self.flush()
        except OSError:
            with contextlib.suppress(OSError):  # the same one again
                self._writer.close()
            raise
        self._writer.close()
