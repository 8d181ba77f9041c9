"""A session in several XDF files: a recorder that was killed and started again writes the next one.

The files of one session lie beside each other (`arousal.places.data_files`). Their streams are put
on the first file's clock and handed on together, so that what came before and after is joined as
after any other drop-out: with a gap, and never as another person.

LSL's clock runs from the computer's start, so two files of one computer that stayed on share it.
Their journals say which run of the computer it was; where they do not, their pairs of calendar and
LSL time tell whether it stayed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from arousal.errors import ArousalError
from arousal.findings import Finding, Severity
from arousal.ingest.raw import RawStream
from arousal.ingest.xdf import XdfFile, on_one_clock
from arousal.ingest.xdf_raw import RawXdf, read_raw

__all__ = ["read_continued"]

SAME_CLOCK = 2.0
"""Seconds by which the computer's calendar may be set while it runs; beyond, its LSL clock began
anew or stood still (the computer was restarted, or slept)."""
PAIRS = 20
"""Pairs of clocks at the end of one journal and the beginning of the next that are compared."""


@dataclass(frozen=True, slots=True)
class _Shift:
    """Seconds to add to a file's times for the clock of the file before, and how one knows."""

    seconds: float
    word: str = ""


def read_continued(paths: Sequence[Path]) -> XdfFile:
    """Read the files of one session as one.

    Parameters
    ----------
    paths : sequence of Path
        In the order in which they were recorded, at least one.

    Returns
    -------
    XdfFile
        All streams, on the clock of the first file that can be read. How long nothing was recorded
        between two files is among the findings, and so is a file that cannot be read or placed.

    Raises
    ------
    DataError
        If a file is missing or cannot be opened, and so for all of them.
    FormatError
        If none of them can be read.
    """
    if len(paths) == 1:
        return on_one_clock(read_raw(paths[0]))
    parts: list[tuple[Path, RawXdf, XdfFile]] = []
    findings: list[Finding] = []
    failure: ArousalError | None = None
    for path in paths:
        try:
            raw = read_raw(path)
        except ArousalError as error:
            failure = failure or error
            findings.append(_unreadable(path, error))
            continue
        file = on_one_clock(raw)
        if parts:
            shift = _shift(parts[-1], raw, file)
            if shift is None:
                findings.append(_unplaced(path))
                continue
            file = _moved(file, shift.seconds)
            findings += _between(parts[-1][2], file, path, shift)
            raw = replace(raw, clock_pairs=_moved_pairs(raw, shift.seconds))
        parts.append((path, raw, file))
    if not parts and failure is not None:
        raise failure
    return _together([file for _, _, file in parts], findings)


def _shift(before: tuple[Path, RawXdf, XdfFile], raw: RawXdf, file: XdfFile) -> _Shift | None:
    _, earlier, placed = before
    if raw.run and raw.run == earlier.run:
        return _Shift(0.0)
    starts, ends = _edges(file)[0], _edges(placed)[1]
    if earlier.clock_pairs and raw.clock_pairs:
        old = float(np.median([utc - lsl for utc, lsl in earlier.clock_pairs[-PAIRS:]]))
        new = float(np.median([utc - lsl for utc, lsl in raw.clock_pairs[:PAIRS]]))
        if abs(new - old) <= SAME_CLOCK:
            return _Shift(0.0)
        word = (
            "the computer was restarted, slept or was set to another time in between: placed by "
            f"its calendar ({new - old:+.3f} s)"
        )
        return _Shift(new - old, word)
    if np.isnan(starts) or np.isnan(ends) or starts >= ends:
        return _Shift(0.0, "a journal is missing: the same clock was assumed")
    return None


def _edges(file: XdfFile) -> tuple[float, float]:
    """First and last time in a file; NaN if it holds none."""
    times = [stream.times for stream in file.streams if stream.times.size]
    if not times:
        return float("nan"), float("nan")
    return min(float(t[0]) for t in times), max(float(t[-1]) for t in times)


def _moved(file: XdfFile, seconds: float) -> XdfFile:
    if not seconds:
        return file
    streams = tuple(
        RawStream(s.info, s.values, s.times + seconds, s.stamps, s.findings) for s in file.streams
    )
    return replace(file, streams=streams)


def _moved_pairs(raw: RawXdf, seconds: float) -> tuple[tuple[float, float], ...]:
    return tuple((utc, lsl + seconds) for utc, lsl in raw.clock_pairs)


def _between(before: XdfFile, file: XdfFile, path: Path, shift: _Shift) -> list[Finding]:
    """Say how long nothing was recorded."""
    ends, starts = _edges(before)[1], _edges(file)[0]
    gap = starts - ends
    text = f"the recorder was started again: nothing was recorded for {gap:.1f} s"
    if np.isnan(gap):
        text = "the recorder was started again, but one of the files holds no samples"
    elif gap < 0:
        text = f"two recorders ran at the same time for {-gap:.1f} s; both are read"
    text += f"; {shift.word}" if shift.word else ""
    return [Finding("recording-continued", text, Severity.WARNING, path.name)]


def _unreadable(path: Path, error: ArousalError) -> Finding:
    text = f"this part of the session cannot be read and is left out: {error.message}"
    return Finding("recording-part-unread", text, Severity.PROBLEM, path.name)


def _unplaced(path: Path) -> Finding:
    text = (
        "this part of the session is on another clock than the part before, and without both "
        "journals nothing tells by how much: it is left out"
    )
    hint = "put the journals (*.jsonl) back beside the recordings"
    return Finding("recording-part-unplaced", text, Severity.PROBLEM, path.name, hint)


def _together(files: Sequence[XdfFile], findings: Sequence[Finding]) -> XdfFile:
    numbers: list[int] = []
    for file in files:
        base = max(numbers, default=0)
        numbers += [base + number for number in file.stream_ids]
    return XdfFile(
        tuple(stream for file in files for stream in file.streams),
        (*(f for file in files for f in file.findings), *findings),
        any(file.truncated for file in files),
        files[0].started,
        tuple(footer for file in files for footer in file.footers),
        tuple(numbers),
    )
