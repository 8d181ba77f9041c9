"""Read an XDF file as it is: every sample and stamp that it holds, nothing corrected.

`read_raw` keeps whatever can be read of a damaged file and says what is missing; clocks and jitter
are the business of `arousal.ingest.xdf`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from arousal.errors import DataError, FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.raw import StreamInfo
from arousal.ingest.xdf_assembly import Spans, StoredStream, assemble_stream, merged
from arousal.ingest.xdf_bytes import open_bytes
from arousal.ingest.xdf_chunks import NUMBER_TYPES
from arousal.ingest.xdf_headers import (
    parse_plain,
    read_stream_header,
    rescue_stream_header,
    text_at,
)
from arousal.ingest.xdf_journal import (
    FileJournal,
    damaged_blocks,
    read_file_journal,
    spare_headers,
    zeroed_blocks,
)
from arousal.ingest.xdf_walk import Bytes, ChunkIndex, StreamChunks, walk

__all__ = ["RawXdf", "read_raw"]


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
    run : str
        From the journal: which run of the computer it was; "" if that is not known.
    """

    streams: tuple[StoredStream, ...]
    started: datetime | None = None
    truncated: bool = False
    clock_pairs: tuple[tuple[float, float], ...] = ()
    findings: tuple[Finding, ...] = ()
    run: str = ""


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
        bad, found = damaged_blocks(self.view, self.journal, self.path.name)
        index = walk(self.view, self._stream_header, spare_headers(self.journal, found))
        self.findings = list(dict.fromkeys(self.findings))  # the walk may look twice
        self._refuse_if_foreign(index)
        self.findings += found
        bad = merged(bad + zeroed_blocks(self.view))
        lost = merged(index.skipped + bad)
        streams = tuple(self._stream(chunks, bad, lost) for chunks in index.streams)
        truncated = self._say_what_is_missing(index, streams, lost)
        return RawXdf(
            streams,
            self._started(index),
            truncated,
            self.journal.clock_pairs,
            tuple(self.findings),
            self.journal.run,
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
            info = read_stream_header(xml)
        except DataError:
            try:
                info = read_stream_header(rescue_stream_header(xml))
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
        return assemble_stream(self.view, chunks, self.infos[id(chunks)], bad, lost)

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
        for stream_id in index.spare:
            self._find(
                "xdf-header-spare",
                f"the header of stream {stream_id} is lost; its copy in the journal was used",
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
        xml = text_at(self.view, index.file_header)
        try:
            return datetime.fromisoformat((parse_plain(xml).findtext("datetime") or "").strip())
        except (ValueError, DataError):
            return None  # LabRecorder before 1.14 wrote no datetime
