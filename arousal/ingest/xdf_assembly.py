"""One XDF stream put together from its chunks: without what is damaged, and saying what is lost."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.findings import Finding, Severity
from arousal.ingest.raw import StreamInfo
from arousal.ingest.xdf_chunks import NUMBER_TYPES
from arousal.ingest.xdf_headers import Footer, read_footer
from arousal.ingest.xdf_samples import Samples, deduce_stamps, read_numbers, read_texts
from arousal.ingest.xdf_walk import Bytes, StreamChunks

__all__ = ["Spans", "StoredStream", "assemble_stream", "merged"]

FloatArray = NDArray[np.float64]
Spans = list[tuple[int, int]]
"""Half-open ranges of byte offsets."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredStream:
    """One stream as the file holds it.

    Parameters
    ----------
    stream_id : int
        Its number in the file.
    info : StreamInfo
        Its announcement.
    values : ndarray, shape (n, channels)
        Samples in the stream's own type; object array of str for text.
    stamps : ndarray, shape (n,)
        Seconds on the sender's clock; those that the file leaves out are deduced as the format
        says (the one before plus a period).
    offset_times, offset_values : ndarray, shape (k,)
        Clock offsets: when (sender's clock) and how much to add, in seconds.
    offset_places : ndarray of int64, shape (k,)
        Byte offset of each of them: where it came among the chunks.
    chunk_ends, chunk_places : ndarray of int64, shape (c,)
        For each chunk, the index behind its last sample, and its byte offset.
    stamped : bool
        Whether the file holds any stamp of this stream.
    footer : Footer or None
        Its footer.
    findings : tuple of Finding
        What is missing or was dropped.
    """

    stream_id: int
    info: StreamInfo
    values: NDArray[Any]
    stamps: FloatArray
    offset_times: FloatArray
    offset_values: FloatArray
    offset_places: NDArray[np.int64]
    chunk_ends: NDArray[np.int64]
    chunk_places: NDArray[np.int64]
    stamped: bool = True
    footer: Footer | None = None
    findings: tuple[Finding, ...] = ()


def assemble_stream(
    view: Bytes, chunks: StreamChunks, info: StreamInfo, bad: Spans, lost: Spans
) -> StoredStream:
    """Decode a stream.

    Parameters
    ----------
    view : memoryview
        The file.
    chunks : StreamChunks
        Where its chunks lie.
    info : StreamInfo
        Its announcement.
    bad : list of (start, stop)
        Bytes known to be damaged: chunks that touch them are dropped.
    lost : list of (start, stop)
        All bytes that yielded nothing: behind them a stamp cannot be deduced from the one before.
    """
    if info.is_text:
        samples = read_texts(view, chunks)
    else:
        samples = read_numbers(view, chunks, NUMBER_TYPES[info.format])
    return _Assembly(view, chunks, info, samples).stream(bad, lost)


class _Assembly:
    """One stream's samples, put together from its chunks."""

    def __init__(
        self, view: Bytes, chunks: StreamChunks, info: StreamInfo, samples: Samples
    ) -> None:
        self.view, self.chunks, self.info, self.samples = view, chunks, info, samples
        self.findings: list[Finding] = []
        self.places = np.array(chunks.at, np.int64)
        self.footer = read_footer(view, chunks.footer)

    def stream(self, bad: Spans, lost: Spans) -> StoredStream:
        keep = self.samples.sound & ~_touches(self.places, np.array(self.chunks.stops), bad)
        lost = merged([*lost, *self._chunks_dropped(keep)])
        stamps, known = self._stamps(keep, lost)
        self._say_if_fewer(int(np.count_nonzero(known)))
        times, values, places = self._offsets(bad)
        ends = self.samples.ends
        if not known.all():
            self.samples.values, stamps = self.samples.values[known], stamps[known]
            ends = np.concatenate(([0], np.cumsum(known)))[ends]
        return StoredStream(
            self.chunks.stream_id, self.info, self.samples.values, stamps,
            times, values, places, ends[keep], self.places[keep],
            bool(self.samples.stamped.any()), self.footer, tuple(self.findings),
        )  # fmt: skip

    def _chunks_dropped(self, keep: NDArray[np.bool_]) -> Spans:
        stops = np.array(self.chunks.stops, np.int64)
        return [(int(self.places[k]), int(stops[k])) for k in np.flatnonzero(~keep)]

    def _stamps(self, keep: NDArray[np.bool_], lost: Spans) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Stamps, and which samples are kept; the lost ones break the chain of deduction."""
        ends, stamped = self.samples.ends, self.samples.stamped
        begins = np.concatenate(([0], ends[:-1])) if ends.size else ends
        kept = np.ones(stamped.size, np.bool_)
        for k in np.flatnonzero(~keep):
            kept[begins[k] : ends[k]] = False
        period = 1.0 / self.info.rate if self.info.rate > 0 else 0.0
        stamps = deduce_stamps(self.samples.stamps, stamped | ~kept, period)
        for first in self._behind_losses(keep, begins, lost):
            following = np.flatnonzero((stamped | ~kept)[first:])
            end = first + int(following[0]) if following.size else stamped.size
            self._place_unknown(stamps, kept, first, end, period)
        finite = np.isfinite(stamps) | ~kept
        if not finite.all():
            n = int(np.count_nonzero(~finite))
            self._find("xdf-stamps", f"{n} samples have no finite stamp and are dropped")
        return stamps, kept & finite

    def _behind_losses(
        self, keep: NDArray[np.bool_], begins: NDArray[Any], lost: Spans
    ) -> list[int]:
        """First samples of chunks before which bytes were lost."""
        chunks = np.flatnonzero(keep)
        if not lost or not chunks.size:
            return []
        starts = np.array([start for start, _ in lost])
        passed = np.searchsorted(starts, self.places[chunks])
        firsts: list[int] = begins[chunks[np.diff(passed, prepend=0) > 0]].tolist()
        return firsts

    def _place_unknown(
        self, stamps: FloatArray, kept: NDArray[np.bool_], first: int, end: int, period: float
    ) -> None:
        """Samples without a stamp behind a loss: placed if the footer tells where, else dropped."""
        if first == end:
            return
        footer, n = self.footer, end - first
        reaches_end = end == stamps.size and period > 0
        if reaches_end and footer is not None and footer.last is not None:
            stamps[first:end] = footer.last - period * np.arange(n - 1, -1, -1)
            self._find(
                "xdf-stamps",
                f"{n} samples behind a damaged place carry no stamp; they were placed by the last "
                "stamp in the footer, which some recorders write one period late",
            )
            return
        kept[first:end] = False
        self._find(
            "xdf-stamps",
            f"{n} samples behind a damaged place carry no stamp: their time is unknown, they are "
            "dropped",
        )

    def _say_if_fewer(self, n: int) -> None:
        expected = self.footer.count if self.footer else None
        if expected is not None and expected > n:
            self._find(
                "xdf-samples-lost",
                f"the recorder wrote {expected} samples, {n} can be read ({expected - n} are lost)",
            )

    def _offsets(self, bad: Spans) -> tuple[FloatArray, FloatArray, NDArray[np.int64]]:
        places = np.array(self.chunks.offsets, np.int64)
        places = places[~_touches(places - 10, places + 16, bad)]
        pairs = [struct.unpack_from("<dd", self.view, at) for at in places]
        table = np.array(pairs, np.float64).reshape(-1, 2)
        fine = np.isfinite(table).all(axis=1) & (np.abs(table) < 1e12).all(axis=1)
        if not fine.all():
            n = int(np.count_nonzero(~fine))
            self._find("xdf-offsets", f"{n} clock offsets are no possible numbers and are ignored")
        return table[fine, 0], table[fine, 1], places[fine]

    def _find(self, code: str, message: str) -> None:
        where = self.info.name or f"stream {self.chunks.stream_id}"
        self.findings.append(Finding(code, message, Severity.WARNING, where))


def merged(spans: Iterable[tuple[int, int]]) -> Spans:
    """Join ranges that overlap or touch, in order."""
    joined: Spans = []
    for start, stop in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined


def _touches(starts: NDArray[Any], stops: NDArray[Any], spans: Spans) -> NDArray[np.bool_]:
    """Which of the half-open intervals share a byte with a (merged) span."""
    if not spans or not starts.size:
        return np.zeros(starts.size, np.bool_)
    begins, ends = np.array(spans, np.int64).T
    # the last span that begins before the interval stops
    candidate = np.searchsorted(begins, stops, side="left") - 1
    touched: NDArray[np.bool_] = (candidate >= 0) & (ends[np.maximum(candidate, 0)] > starts)
    return touched
