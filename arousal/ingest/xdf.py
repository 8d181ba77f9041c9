"""XDF files of any recorder -> streams on the recorder's clock, whatever became of the file.

Three steps, each in a module of its own: the file as it is (`xdf_raw`), the clocks (`clock`,
`foreign_clock`), the times of samples (`sample_times`, `regular`). This module joins them.

>>> file = read_xdf(Path("recording.xdf"))            # doctest: +SKIP
>>> [(s.info.name, s.times.size) for s in file.streams]  # doctest: +SKIP
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arousal.findings import Finding, Severity
from arousal.ingest.clock import Arrival, ClockSegment, to_receiver_clock
from arousal.ingest.foreign_clock import (
    NEAR_SECONDS,
    UNIX_FROM,
    Evidence,
    Shift,
    is_home,
    is_unix,
    sender_times,
    shift_by_date,
    shift_by_pairs,
)
from arousal.ingest.raw import RawStream
from arousal.ingest.sample_times import place_samples
from arousal.ingest.xdf_assembly import StoredStream
from arousal.ingest.xdf_headers import Footer
from arousal.ingest.xdf_raw import RawXdf, read_raw

__all__ = ["Footer", "XdfFile", "on_one_clock", "read_xdf"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class XdfFile:
    """What an XDF file holds, on the recorder's clock.

    Parameters
    ----------
    streams : tuple of RawStream
        In the order of the file; those without samples too. Each carries the findings about it.
    findings : tuple of Finding
        About the file as a whole.
    truncated : bool
        Whether the file ends before its recorder ended it.
    started : datetime or None
        From the file header.
    footers : tuple of (Footer or None)
        For each stream what the recorder wrote at its end.
    stream_ids : tuple of int
        For each stream its number in the file.
    """

    streams: tuple[RawStream, ...]
    findings: tuple[Finding, ...] = ()
    truncated: bool = False
    started: datetime | None = None
    footers: tuple[Footer | None, ...] = ()
    stream_ids: tuple[int, ...] = ()

    @property
    def noticed(self) -> tuple[Finding, ...]:
        """All findings: the file's and its streams'."""
        return (*self.findings, *(f for stream in self.streams for f in stream.findings))


def read_xdf(path: Path) -> XdfFile:
    """Read an XDF file: all that can be read, on one clock.

    Parameters
    ----------
    path : Path
        ``.xdf``, ``.xdfz`` or ``.xdf.gz``, of LabRecorder, this package or any other recorder. Its
        journal is used if it lies beside it: a block that fails its checksum is dropped.

    Returns
    -------
    XdfFile
        Everything that was left out, repaired or assumed is among the findings.

    Raises
    ------
    DataError
        If the file is missing, a folder, or cannot be opened.
    FormatError
        If it is empty, no XDF file, or nothing in it can be read.
    """
    return on_one_clock(read_raw(Path(path)))


def on_one_clock(raw: RawXdf) -> XdfFile:
    """Put all streams on the receiver's clock and lay their samples out.

    Parameters
    ----------
    raw : RawXdf
        From a file, or just pulled from the network.
    """
    clocks = _Clocks(raw)
    return XdfFile(
        tuple(clocks.placed(stream) for stream in raw.streams),
        raw.findings,
        raw.truncated,
        raw.started,
        tuple(stream.footer for stream in raw.streams),
        tuple(stream.stream_id for stream in raw.streams),
    )


class _Clocks:
    """The clocks of a file's streams: which stamps are on an LSL clock, and where the others go."""

    def __init__(self, raw: RawXdf) -> None:
        self.streams = [stream for stream in raw.streams if stream.stamps.size]
        self.pairs, self.started = raw.clock_pairs, raw.started
        self.measured = {
            id(s): sender_times(s.stamps, s.offset_times, s.offset_values) for s in self.streams
        }
        self.offsets = [
            (s.offset_places, self.measured.get(id(s), s.offset_times) + s.offset_values)
            for s in raw.streams
        ]
        self.corrected: dict[int, tuple[FloatArray, tuple[ClockSegment, ...]]] = {}
        self.at_home = self._find_home()
        self.shifts = self._unix_shifts()

    def _find_home(self) -> set[int]:
        """Streams (by identity) whose stamps are on an LSL clock that leads to the recorder's."""
        measured = [s for s in self.streams if s.offset_times.size]
        floating = [s for s in self.streams if not s.offset_times.size]
        known = [s for s in measured if is_home(s.stamps, self.measured[id(s)])]
        if not floating:
            return {id(s) for s in known}
        if not known:
            known = _largest_company(floating)
        low, high = self._range(known)
        return {id(s) for s in known} | {id(s) for s in floating if _lies_in(s, low, high)}

    def _range(self, streams: list[StoredStream]) -> tuple[float, float]:
        times = [self._correct(stream)[0] for stream in streams]
        return min(float(t.min()) for t in times), max(float(t.max()) for t in times)

    def _correct(self, stream: StoredStream) -> tuple[FloatArray, tuple[ClockSegment, ...]]:
        if id(stream) not in self.corrected:
            arrival = Arrival(stream.chunk_ends, stream.chunk_places, stream.offset_places)
            self.corrected[id(stream)] = to_receiver_clock(
                stream.stamps, self.measured[id(stream)], stream.offset_values, arrival
            )
        return self.corrected[id(stream)]

    def _evidence_parts(self) -> list[tuple[NDArray[np.int64], FloatArray]]:
        parts = list(self.offsets)
        for stream in self.streams:
            if id(stream) in self.at_home:
                places, ends = _filled_chunks(stream)
                parts.append((places, self._correct(stream)[0][ends - 1]))
        return parts

    def _unix_shifts(self) -> dict[str, Shift | None]:
        """One shift per sending computer: its streams keep their distance from each other."""
        hosts: dict[str, list[StoredStream]] = {}
        for stream in self.streams:
            if id(stream) not in self.at_home and is_unix(stream.stamps):
                hosts.setdefault(stream.info.hostname, []).append(stream)
        by_pairs = shift_by_pairs(self.pairs)
        return {host: by_pairs or self._shift_by_file(members) for host, members in hosts.items()}

    def _shift_by_file(self, streams: list[StoredStream]) -> Shift | None:
        """By the order of the file, or, where that proves nothing, by its date."""
        by_order = self._shift_by_order(streams)
        if by_order is not None and by_order.proven:
            return by_order
        first = min((float(t.min()) for _, t in self._evidence_parts() if t.size), default=np.inf)
        stamps = np.concatenate([s.stamps for s in streams])
        return shift_by_date(self.started, first, stamps) or by_order

    def _shift_by_order(self, streams: list[StoredStream]) -> Shift | None:
        chunks = [
            (places, s.stamps[ends - 1]) for s in streams for places, ends in [_filled_chunks(s)]
        ]
        return Evidence.gather(self._evidence_parts()).shift(
            np.concatenate([places for places, _ in chunks]),
            np.concatenate([stamps for _, stamps in chunks]),
        )

    def placed(self, stream: StoredStream) -> RawStream:
        """Put a stream on the recorder's clock and lay its samples out."""
        findings = list(stream.findings)
        if not stream.stamps.size:
            findings.append(_finding(stream, "stream-empty", "the stream holds no samples"))
            return RawStream(
                stream.info, stream.values, stream.stamps.copy(), stream.stamps, tuple(findings)
            )
        times, bounds, said = self._on_clock(stream)
        findings += said
        if times is None:
            nothing = np.empty(0)
            return RawStream(stream.info, stream.values[:0], nothing, nothing, tuple(findings))
        result = place_samples(stream.info, stream.values, times, bounds)
        values, stamps = stream.values, stream.stamps
        if result.order is not None:
            values, stamps = values[result.order], stamps[result.order]
        findings += result.findings
        return RawStream(stream.info, values, result.times, stamps, tuple(findings))

    def _on_clock(self, stream: StoredStream) -> tuple[FloatArray | None, list[int], list[Finding]]:
        """Times on the recorder's clock (``None``: unknown), where they are cut, findings."""
        if id(stream) in self.at_home:
            times, segments = self._correct(stream)
            return times, [s.start for s in segments[1:]], _said_of_clock(stream, segments)
        if is_unix(stream.stamps):
            shift = self.shifts[stream.info.hostname]
        elif not stream.stamped:
            shift = self._shift_by_order([stream])
        else:
            shift = None
        if shift is None or not shift.proven:
            return None, [], [_refused(stream)]
        what = "Unix time" if is_unix(stream.stamps) else "no time at all"
        text = (
            f"stamps are {what}, not the LSL clock: {shift.seconds:+.3f} s added by "
            f"{shift.source}, good to about {max(shift.spread, 0.001):.2g} s"
        )
        return stream.stamps + shift.seconds, [], [_finding(stream, "clock-repaired", text)]


def _filled_chunks(stream: StoredStream) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Place and last index (plus one) of each chunk that holds samples."""
    filled = np.diff(stream.chunk_ends, prepend=0) > 0
    return stream.chunk_places[filled], stream.chunk_ends[filled]


def _lies_in(stream: StoredStream, low: float, high: float) -> bool:
    return low - NEAR_SECONDS <= float(np.median(stream.stamps)) <= high + NEAR_SECONDS


def _largest_company(streams: list[StoredStream]) -> list[StoredStream]:
    """Of streams without any clock offsets, those that share the clock of the longest."""
    lsl = [s for s in streams if not is_unix(s.stamps)] or streams
    numeric = [s for s in lsl if not s.info.is_text] or lsl
    main = max(numeric, key=lambda s: s.stamps.size)
    low, high = float(main.stamps.min()), float(main.stamps.max())
    return [s for s in lsl if _lies_in(s, low, high)]


def _said_of_clock(stream: StoredStream, segments: tuple[ClockSegment, ...]) -> list[Finding]:
    findings = []
    if len(segments) > 1:
        text = (
            f"the sender's clock was set anew {len(segments) - 1} times: each part is placed by "
            "its own clock offsets"
        )
        findings.append(_finding(stream, "clock-reset", text))
    if stream.offset_times.size == 0:
        text = "no clock offsets were recorded: stamps are taken to be the recorder's own time"
        findings.append(replace(_finding(stream, "clock-unknown", text), severity=Severity.NOTE))
    elif is_unix(stream.stamps) and float(np.median(stream.offset_values)) < -UNIX_FROM / 2:
        text = "stamps are Unix time; the recorded clock offsets place them"
        findings.append(replace(_finding(stream, "clock-unix", text), severity=Severity.NOTE))
    return findings


def _finding(stream: StoredStream, code: str, text: str) -> Finding:
    return Finding(code, text, Severity.WARNING, stream.info.name or f"stream {stream.stream_id}")


def _refused(stream: StoredStream) -> Finding:
    first, last = float(stream.stamps[0]), float(stream.stamps[-1])
    return Finding(
        "clock-foreign",
        f"stamps ({first:.3f} to {last:.3f} s) are on another clock than the rest of the file and "
        f"nothing proves by how much: its {stream.stamps.size} samples are left out",
        Severity.PROBLEM,
        stream.info.name or f"stream {stream.stream_id}",
        "let the sender stamp with LSL's local_clock()",
    )
