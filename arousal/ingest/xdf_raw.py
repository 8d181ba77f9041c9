"""Read an XDF file as it is: every sample and stamp that it holds, nothing corrected.

`read_raw` keeps whatever can be read of a damaged file and says what is missing; clocks and jitter
are the business of `arousal.ingest.xdf`.
"""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.errors import DataError, FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.info_xml import info_xml, read_info
from arousal.ingest.raw import StreamInfo
from arousal.ingest.xdf_bytes import open_bytes
from arousal.ingest.xdf_chunks import NUMBER_TYPES
from arousal.ingest.xdf_journal import (
    FileJournal,
    damaged_blocks,
    read_file_journal,
    zeroed_blocks,
)
from arousal.ingest.xdf_samples import Samples, deduce_stamps, read_numbers, read_texts
from arousal.ingest.xdf_walk import Bytes, ChunkIndex, StreamChunks, walk

__all__ = ["Footer", "RawXdf", "StoredStream", "read_raw"]

FloatArray = NDArray[np.float64]
Spans = list[tuple[int, int]]
_INFO_TAGS = ("name", "type", "channel_count", "nominal_srate", "channel_format", "source_id",
              "uid", "hostname")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Footer:
    """What a recorder wrote when it closed a stream; ``None`` where it says nothing.

    Parameters
    ----------
    first, last : float or None
        First and last stamp in seconds.
    count : int or None
        Samples written.
    """

    first: float | None = None
    last: float | None = None
    count: int | None = None


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


@dataclass(frozen=True, slots=True, eq=False)
class RawXdf:
    """All that an XDF file holds.

    Parameters
    ----------
    streams : tuple of StoredStream
        In the order of their headers.
    started : datetime or None
        From the file header.
    truncated : bool
        Whether the file ends before its recorder ended it.
    clock_pairs : tuple of (utc, lsl)
        From the journal beside it, if there is one.
    findings : tuple of Finding
        About the file as a whole.
    """

    streams: tuple[StoredStream, ...]
    started: datetime | None = None
    truncated: bool = False
    clock_pairs: tuple[tuple[float, float], ...] = ()
    findings: tuple[Finding, ...] = ()


def read_raw(path: Path) -> RawXdf:
    """Read what an XDF file holds, uncorrected.

    Parameters
    ----------
    path : Path
        ``.xdf``, or ``.xdfz`` / ``.xdf.gz``. A ``journal.jsonl`` beside it is used for checksums.

    Raises
    ------
    DataError
        If the file cannot be opened.
    FormatError
        If it is no XDF file, or nothing in it can be read.
    """
    path = Path(path)
    journal = read_file_journal(path)
    with open_bytes(path) as opened:
        return _Reading(path, opened.view, journal, opened.findings).result()


class _Reading:
    """One file being read: the findings about it gather here."""

    def __init__(
        self, path: Path, view: Bytes, journal: FileJournal, findings: Iterable[Finding]
    ) -> None:
        self.path, self.view, self.journal = path, view, journal
        self.infos: dict[int, StreamInfo] = {}
        self.findings = [*findings, *journal.findings]

    def result(self) -> RawXdf:
        index = walk(self.view, self._stream_header)
        self._refuse_if_foreign(index)
        bad, found = damaged_blocks(self.view, self.journal, self.path.name)
        self.findings += found
        bad = _merged(bad + zeroed_blocks(self.view))
        lost = _merged(index.skipped + bad)
        streams = tuple(self._stream(chunks, bad, lost) for chunks in index.streams)
        truncated = self._say_what_is_missing(index, streams, lost)
        return RawXdf(
            streams, self._started(index), truncated, self.journal.clock_pairs, tuple(self.findings)
        )

    def _refuse_if_foreign(self, index: ChunkIndex) -> None:
        if index.streams or (index.magic and index.file_header):
            if not index.magic:
                self._find("xdf-magic", "the first bytes are damaged; the rest was searched")
            return
        if index.magic:
            message, hint = "nothing in this XDF file can be read", "the file ends or is damaged"
        else:
            message, hint = "this is not an XDF file", "an XDF file begins with 'XDF:'"
        raise FormatError(message, where=self.path, hint=f"{hint}; choose another file")

    def _find(self, code: str, message: str, hint: str = "", *, where: str = "") -> None:
        self.findings.append(
            Finding(code, message, Severity.WARNING, where or self.path.name, hint)
        )

    def _stream_header(self, stream_id: int, xml: str) -> StreamChunks | None:
        try:
            info = _understood(xml)
        except DataError:
            try:
                info = _understood(_rescued(xml))
                self._find(
                    "xdf-header",
                    f"the header of stream {stream_id} is damaged; name, format and rate are kept",
                )
            except DataError as error:
                self._find(
                    "xdf-header",
                    f"the header of stream {stream_id} cannot be read, nor can its samples: "
                    f"{error.message}",
                )
                return None
        width = 0 if info.is_text else NUMBER_TYPES[info.format].itemsize * len(info.channels)
        chunks = StreamChunks(stream_id, xml, width, len(info.channels))
        self.infos[id(chunks)] = info
        return chunks

    def _stream(self, chunks: StreamChunks, bad: Spans, lost: Spans) -> StoredStream:
        info = self.infos[id(chunks)]
        if info.is_text:
            samples = read_texts(self.view, chunks)
        else:
            samples = read_numbers(self.view, chunks, NUMBER_TYPES[info.format])
        return _Assembly(self.view, chunks, info, samples).stream(bad, lost)

    def _say_what_is_missing(
        self, index: ChunkIndex, streams: tuple[StoredStream, ...], lost: Spans
    ) -> bool:
        lost = [span for span in lost if index.cut is None or span[0] < index.cut]
        if lost:
            amount = sum(stop - start for start, stop in lost)
            self._find(
                "xdf-damaged",
                f"{amount} bytes in {len(lost)} places are damaged and were skipped, the first at "
                f"byte {lost[0][0]}",
                "times of what was lost are gaps",
            )
        for stream_id, count in index.orphans.items():
            self._find(
                "xdf-orphans",
                f"{count} chunks belong to stream {stream_id}, whose header is missing",
            )
        unclosed = [s.info.name or str(s.stream_id) for s in streams if s.footer is None]
        if index.cut is not None:
            self._find(
                "xdf-truncated",
                f"the file ends inside a chunk at byte {index.cut} of {len(self.view)}; "
                "what precedes is kept",
                "the recording or a copy was interrupted",
            )
        elif unclosed or not streams:
            self._find(
                "xdf-truncated",
                f"the file ends at byte {len(self.view)} without the footers of "
                f"{len(unclosed)} of {len(streams)} streams; what precedes is kept",
                "the recording was not closed: its end may be missing",
            )
        return index.cut is not None or bool(unclosed) or not streams

    def _started(self, index: ChunkIndex) -> datetime | None:
        if index.file_header is None:
            self._find("xdf-file-header", "the file header is missing: start time unknown")
            return None
        xml = _text(self.view, index.file_header)
        try:
            return datetime.fromisoformat((_xml(xml).findtext("datetime") or "").strip())
        except (ValueError, DataError):
            return None  # LabRecorder before 1.14 wrote no datetime


class _Assembly:
    """One stream's samples, put together from its chunks."""

    def __init__(
        self, view: Bytes, chunks: StreamChunks, info: StreamInfo, samples: Samples
    ) -> None:
        self.view, self.chunks, self.info, self.samples = view, chunks, info, samples
        self.findings: list[Finding] = []
        self.places = np.array(chunks.at, np.int64)
        self.footer = _footer(view, chunks.footer)

    def stream(self, bad: Spans, lost: Spans) -> StoredStream:
        keep = self.samples.sound & ~_touches(self.places, np.array(self.chunks.stops), bad)
        lost = _merged([*lost, *self._chunks_dropped(keep)])
        stamps, known = self._stamps(keep, lost)
        self._say_if_fewer(int(np.count_nonzero(known)))
        times, values, places = self._offsets(bad)
        if not known.all():
            self.samples.values, stamps = self.samples.values[known], stamps[known]
        ends = np.concatenate(([0], np.cumsum(known)))[self.samples.ends]
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
        return begins[chunks[np.diff(passed, prepend=0) > 0]].astype(int).tolist()

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
                "stamp in the footer",
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


def _merged(spans: Iterable[tuple[int, int]]) -> Spans:
    merged: Spans = []
    for start, stop in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def _touches(starts: NDArray[Any], stops: NDArray[Any], spans: Spans) -> NDArray[np.bool_]:
    """Which of the half-open intervals share a byte with a (merged) span."""
    if not spans or not starts.size:
        return np.zeros(starts.size, np.bool_)
    begins, ends = np.array(spans, np.int64).T
    # the last span that begins before the interval stops
    candidate = np.searchsorted(begins, stops, side="left") - 1
    touched: NDArray[np.bool_] = (candidate >= 0) & (ends[np.maximum(candidate, 0)] > starts)
    return touched


def _text(view: Bytes, span: tuple[int, int]) -> str:
    return bytes(view[span[0] : span[1]]).decode("utf-8", "replace")


def _xml(xml: str) -> ET.Element:
    if "<!" in xml.replace("<!--", ""):
        raise DataError("declarations are not allowed in an XDF header")
    try:
        return ET.fromstring(xml)  # noqa: S314 - nothing is declared, so nothing can expand
    except (ET.ParseError, ValueError) as error:
        raise DataError(f"not XML: {error}") from None


def _understood(xml: str) -> StreamInfo:
    _xml_is_plain = "<!" not in xml.replace("<!--", "")
    if not _xml_is_plain:
        raise DataError("declarations are not allowed in a stream's description")
    info = read_info(xml)
    if info.format != "string" and info.format not in NUMBER_TYPES:
        raise DataError(f"channel format is {info.format!r}, no format of XDF")
    return info


def _rescued(xml: str) -> str:
    """The few lines of a damaged header without which samples cannot be read, as a new header."""
    text = {}
    for tag in _INFO_TAGS:
        found = re.search(f"<{tag}>([^<>]*)</{tag}>", xml)
        if found:
            text[tag] = found[1]
    try:
        count = int(text["channel_count"])
        rate = float(text["nominal_srate"])
        kind = text["channel_format"]
    except (KeyError, ValueError):
        raise DataError("neither XML nor its parts can be read") from None
    if not 1 <= count <= 10_000:
        raise DataError(f"channel_count is {count}")
    blank = ("",) * count
    return info_xml(
        StreamInfo(
            text.get("name", ""), text.get("type", ""), text.get("source_id", ""),
            text.get("uid", ""), text.get("hostname", ""), "", blank, blank, rate, kind,
        )
    )  # fmt: skip


def _footer(view: Bytes, span: tuple[int, int] | None) -> Footer | None:
    if span is None:
        return None
    try:
        root = _xml(_text(view, span))
    except DataError:
        return Footer()
    count = _number(root, "sample_count")
    return Footer(
        _number(root, "first_timestamp"),
        _number(root, "last_timestamp"),
        None if count is None else int(count),
    )


def _number(root: ET.Element, tag: str) -> float | None:
    try:
        number = float(root.findtext(tag) or "")
    except ValueError:
        return None
    return number if np.isfinite(number) else None
