"""BIOPAC AcqKnowledge file (.acq) -> Recording.

Decoded by bioread (MIT), the reader that NeuroKit2 uses too. A channel is what its name says
(``"EDA - GSR100C"``); channels that AcqKnowledge computed from others are left out, and values
that no person can have are refused, whatever the unit beside them says. Appended segments follow
each other without a pause in the file; their markers tell when each began, and the pauses are put
back.
"""

from __future__ import annotations

import io
import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.errors import FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.devices import Catalogue, load_catalogue
from arousal.ingest.export import Channel, Export, assemble, mark_events
from arousal.ingest.formats import Format, Request, source_of
from arousal.ingest.labels import kind_of_label
from arousal.ingest.optional_library import require
from arousal.recording import Recording

__all__ = ["FORMAT", "read_biopac"]

FloatArray = NDArray[np.float64]
SUFFIX = ".acq"
DAMAGED = "it is no AcqKnowledge file, or its header is damaged"
MOST_FRAMES = 1_000_000
"""More samples than this in one frame of interleaved channels: the header is damaged."""
_UNITS = {"microsiemens": "uS", "microvolts": "uV", "volts": "V", "deg c": "degC", "deg f": "degF"}


def _recognises(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() == SUFFIX


def read_biopac(request: Request) -> Recording:
    """Read an AcqKnowledge file, versions 2 to 5, compressed or not.

    Parameters
    ----------
    request : Request
        The file. A mapping names channels as AcqKnowledge does.

    Returns
    -------
    Recording
        Clock ``"file"``; ``started`` where the first segment's marker tells it (UTC). All markers
        are events.

    Raises
    ------
    FormatError
        If it is no such file, is damaged, or holds no usable signal.
    UsageError
        If bioread is not installed (extra ``devices``).
    """
    path = request.path
    findings: list[Finding] = []
    data, seconds = _decode(path, findings)
    catalogue = load_catalogue(request.mapping.device_files())
    markers = list(data.event_markers or [])
    base = float(data.samples_per_second)
    pauses = _pauses(markers, base, findings, path)
    channels = [
        _channel(c, n, catalogue, pauses, seconds) for n, c in enumerate(data.channels, start=1)
    ]
    raw = (m.sample_index / base for m in markers)
    onsets = pauses.shift(np.array(list(raw), dtype=np.float64))
    marks = mark_events(zip(onsets, (str(m.text or "") for m in markers), strict=True), "markers")
    sources = source_of([path], FORMAT.name)
    exported = Export(
        tuple(channels), marks, sources, started=pauses.started, findings=tuple(findings)
    )
    return assemble(request, exported)


@contextmanager
def _silent() -> Iterator[None]:
    """Bioread logs to the terminal; what it says becomes our error or finding."""
    logger = logging.getLogger("bioread")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _decode(path: Path, findings: list[Finding]) -> tuple[Any, float]:
    """Read headers, markers and samples; of a cut file what is there, and until which second."""
    bioread = require("bioread", "AcqKnowledge files (.acq)", path)
    content = path.read_bytes()
    share = 1.0
    try:
        with _silent(), np.errstate(all="ignore"):
            head = bioread.reader.Reader.read_headers(io.BytesIO(content))
            if head.datafile is None or head.data_start_offset is None:
                raise FormatError(DAMAGED, where=path)
            _check_plausible(head.datafile, path)
            begin, wanted = int(head.data_start_offset), int(head.data_length or 0)
            if len(content) - begin < wanted:
                share = max(len(content) - begin, 0) / wanted
                findings.append(_cut(share, path))
                content = content.ljust(begin + wanted, b"\0")  # what was lost is dropped below
            data = bioread.read(io.BytesIO(content))
    except FormatError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged file fails anywhere inside
        name = type(error).__name__
        raise FormatError(f"{DAMAGED} ({name})", where=path, hint="export it again") from None
    longest = max((c.point_count / c.samples_per_second for c in data.channels), default=0.0)
    return data, longest if share == 1.0 else longest * share - _frame(data)


def _check_plausible(data: Any, path: Path) -> None:
    """Refuse headers that would make bioread reserve memory without end."""
    dividers = [int(c.frequency_divider) for c in data.channels]
    rate = float(data.samples_per_second)
    counts = [int(c.point_count) for c in data.channels]
    good = (
        bool(dividers)
        and all(d >= 1 for d in dividers)
        and math.lcm(*dividers) * len(dividers) <= MOST_FRAMES
        and math.isfinite(rate)
        and 0 < rate <= 1e6
        and all(count >= 0 for count in counts)
        and (data.is_compressed or sum(counts) <= 64 * path.stat().st_size)
    )
    if not good:
        raise FormatError(DAMAGED, where=path, hint="export it again")


def _frame(data: Any) -> float:
    """Seconds after which the interleaving of the channels repeats."""
    dividers = [int(c.frequency_divider) for c in data.channels]
    return math.lcm(*dividers) / float(data.samples_per_second)


def _cut(share: float, path: Path) -> Finding:
    text = f"the file is cut: {share:.0%} of its samples are there; markers stood at its end"
    return Finding("acq-truncated", text, Severity.WARNING, path.name, "export it again")


@dataclass(frozen=True, slots=True, eq=False)
class _Pauses:
    """Where segments were appended: from which second of the file on, and how much later."""

    starts: FloatArray
    shifts: FloatArray
    started: datetime | None

    def shift(self, seconds: FloatArray) -> FloatArray:
        """Seconds in the file -> seconds since the first sample."""
        if not self.starts.size:
            return seconds
        segment = np.searchsorted(self.starts, seconds + 1e-9, side="right") - 1
        return np.asarray(seconds + self.shifts[np.maximum(segment, 0)], dtype=np.float64)


def _pauses(markers: list[Any], base: float, findings: list[Finding], path: Path) -> _Pauses:
    appended = sorted(
        (m for m in markers if m.type_code == "apnd"), key=lambda m: int(m.sample_index)
    )
    starts = np.array([m.sample_index / base for m in appended], dtype=np.float64)
    dates = [m.date_created_utc for m in appended]
    known = bool(dates) and all(isinstance(date, datetime) for date in dates)
    started = dates[0] if known and appended[0].sample_index == 0 else None
    if len(appended) < 2:
        return _Pauses(np.array([]), np.array([]), started)
    later = np.array([(d - dates[0]).total_seconds() for d in dates]) if known else starts
    shifts = later - starts
    if not known or any(b < a for a, b in pairwise(shifts)):
        text = f"{len(appended)} segments follow each other; the file does not say how far apart"
        hint = "export each segment by itself"
        findings.append(Finding("segments-undated", text, Severity.PROBLEM, path.name, hint))
        return _Pauses(np.array([]), np.array([]), started)
    text = f"{len(appended)} segments were appended; the pauses between them are put back"
    findings.append(Finding("segments-appended", text, Severity.NOTE, path.name))
    return _Pauses(starts, shifts, started)


def _channel(
    channel: Any, number: int, catalogue: Catalogue, pauses: _Pauses, seconds: float
) -> Channel:
    rate = float(channel.samples_per_second)
    values = np.asarray(channel.data, dtype=np.float64)
    count = min(len(values), max(math.ceil(seconds * rate - 1e-9), 0))
    times = pauses.shift(np.arange(count) / rate)
    name = str(channel.name).strip() or f"channel {number}"
    kind, reason = kind_of_label(name, catalogue)
    unit = str(channel.units).strip()
    return Channel(
        name,
        values[:count],
        times,
        kind,
        _UNITS.get(unit.lower(), unit),
        rate,
        reason=reason,
    )


FORMAT = Format("biopac", "BIOPAC AcqKnowledge file (.acq)", _recognises, read_biopac)
