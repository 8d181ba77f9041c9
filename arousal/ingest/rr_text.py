"""Inter-beat intervals as plain text (Elite HRV, Kubios, HRV Logger, ...) -> Recording.

Nothing in a file of bare numbers says that they are intervals, so its name must: ``rr``, ``ibi``,
``nn``, ``hrv``, or a date and time as Elite HRV names its exports. Whether they are ms or s, their
size tells. A beat follows the last after its own interval. HRV Logger's CSV has a header and the
time of each packet, and its marks stand in a second file beside it.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arousal.errors import DataError, FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.export import Channel, Export, assemble, mark_events
from arousal.ingest.formats import Format, Request, source_of
from arousal.ingest.number_table import first_lines, read_cells, read_numbers
from arousal.ingest.text_table import looks_like_text
from arousal.ingest.units import infer_unit
from arousal.recording import Event, Kind, Recording

__all__ = ["FORMAT", "bare_numbers", "beats_in_a_row", "read_rr_text"]

FloatArray = NDArray[np.float64]
SUFFIXES = {".txt", ".csv", ".dat", ".rr", ".rri", ".ibi", ".nn", ".hrv"}
FEWEST = 5
_NAMED = re.compile(
    r"(?<![a-z])(rri?|ibi|nni?|hrv|r-r|beats?|intervals?)(?![a-z])"
    r"|\d{4}-\d\d-\d\d[ _T]\d\d[-:.]\d\d",
    re.IGNORECASE,
)
_LOGGER = re.compile(r"(date|timestamp), ?rr, ?since[ _]start", re.IGNORECASE)


def _recognises(path: Path) -> bool:
    if not path.is_file() or path.suffix.lower() not in SUFFIXES or not looks_like_text(path):
        return False
    lines = [line for line in first_lines(path, 12) if line.strip()]
    if lines and _LOGGER.fullmatch(lines[0].strip()):
        return True
    named = _NAMED.search(path.stem.replace("_", " ")) is not None
    return named and _is_bare(lines)


def _is_bare(lines: list[str]) -> bool:
    """Whether lines are one number each (the first may be a name), or one line all numbers."""
    cells = [re.split(r"[\s,;]+", line.strip().strip(",;")) for line in lines]
    if len(cells) > 1 and len(cells[0]) == 1 and not _is_number(cells[0][0]):
        cells = cells[1:]
    if len(cells) == 1:
        return len(cells[0]) >= FEWEST and sum(map(_is_number, cells[0][:50])) >= FEWEST
    return len(cells) >= FEWEST - 1 and all(len(c) == 1 and _is_number(c[0]) for c in cells[:-1])


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"\d+(\.\d*)?", cell) is not None


def read_rr_text(request: Request) -> Recording:
    """Read intervals.

    Parameters
    ----------
    request : Request
        The file. A mapping names the intervals ``rr``.

    Returns
    -------
    Recording
        Clock ``"file"``: zero is the beat before the first interval, or HRV Logger's start.

    Raises
    ------
    FormatError
        If fewer than five intervals are in it, or their size is neither ms nor s.
    """
    path = request.path
    head = first_lines(path, 1)
    if head and _LOGGER.fullmatch(head[0].strip()):
        return _hrv_logger(request, head[0])
    findings: list[Finding] = []
    values = bare_numbers(path, findings)
    channel = beats_in_a_row(values, "rr", path, findings)
    exported = Export((channel,), (), source_of([path], FORMAT.name), findings=tuple(findings))
    return assemble(request, exported)


def bare_numbers(path: Path, findings: list[Finding]) -> FloatArray:
    """Read a file of bare numbers, of which the first word may be a name.

    Parameters
    ----------
    path : Path
        Text: numbers between spaces, commas, semicolons or line ends.
    findings : list of Finding
        Gets ``lines-broken`` where words are no numbers.

    Returns
    -------
    ndarray, shape (n,)
        In the file's unit.

    Raises
    ------
    FormatError
        If fewer than five words, or fewer than half, are numbers.
    """
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    cells = [cell for cell in re.split(r"[\s,;]+", text) if cell]
    if cells and not _is_number(cells[0]):
        cells = cells[1:]  # the column's name
    good = [cell for cell in cells if _is_number(cell)]
    if len(good) < FEWEST or len(good) < len(cells) / 2:
        raise FormatError(
            f"{len(good)} of {len(cells)} words in it are numbers: it is no list of intervals",
            where=path,
        )
    if len(good) < len(cells):
        text = f"{len(cells) - len(good)} of {len(cells)} words are no number and are left out"
        findings.append(Finding("lines-broken", text, Severity.WARNING, path.name))
    return np.array(good, dtype=np.float64)


def beats_in_a_row(
    values: FloatArray, name: str, path: Path, findings: list[Finding], *, site: str | None = None
) -> Channel:
    """Intervals without any time: each beat follows the last after its own interval.

    Parameters
    ----------
    values : ndarray, shape (n,)
        ms or s; 0 = none.
    name : str
        Of the channel.
    path : Path
        File, for errors.
    findings : list of Finding
        Gets ``rr-empty`` where intervals are 0, because what passed then is not known.
    site : str, optional
        Where the sensor sat.

    Raises
    ------
    DataError
        If the size of the values is neither that of ms nor that of s.
    """
    good = np.isfinite(values) & (values > 0)
    if not good.all():
        text = f"{(~good).sum()} intervals are 0; time that passed there is missing"
        findings.append(Finding("rr-empty", text, Severity.WARNING, name))
    values = values[good]
    verdict = infer_unit(Kind.RR, values)
    if verdict.unit not in {"ms", "s"}:
        raise DataError(
            f"its numbers are no intervals ({verdict.reason})",
            where=path,
            hint="say what they are with --map",
        )
    seconds = np.cumsum(values) / (1000.0 if verdict.unit == "ms" else 1.0)
    return Channel(name, values, seconds, Kind.RR, verdict.unit, site=site, at_beats=True)


def _hrv_logger(request: Request, head: str) -> Recording:
    path = request.path
    names = [name.strip().replace("_", " ") for name in head.split(",")]
    rest = names[1:]
    cells = read_cells(path, names, separator=",", skip=1, as_text=True)
    table = read_numbers(path, names, separator=",", skip=1, need=rest)
    elapsed, intervals = table.columns["since start"] / 1000.0, table.columns["rr"]
    first = str(cells[names[0]].iloc[0])
    findings = [*table.findings]
    text = f"the start ({first}) has no time zone; times count from the first interval"
    findings.append(Finding("time-zone-unknown", text, Severity.NOTE, path.name))
    sources = [path]
    events: tuple[Event, ...] = ()
    beside = path.with_name(path.name.replace("_RR", "_Events", 1))
    if beside != path and beside.is_file():
        events = _logger_events(beside)
        sources.append(beside)
    elif beside != path:
        text = "is not beside the intervals; there are no marks"
        findings.append(Finding("events-missing", text, Severity.NOTE, beside.name))
    channel = Channel("rr", intervals, elapsed - elapsed[0], Kind.RR, "ms")
    found = source_of(sources, FORMAT.name)
    return assemble(request, Export((channel,), events, found, findings=tuple(findings)))


def _logger_events(path: Path) -> tuple[Event, ...]:
    names = [name.strip().lower() for name in first_lines(path, 1)[0].split(",")]
    if "timestamp" not in names or "annotation" not in names or len(set(names)) < len(names):
        raise FormatError("its first line is not date,timestamp,annotation,...", where=path)
    if len(first_lines(path, 2)) < 2:
        return ()
    cells = read_cells(path, names, separator=",", skip=1, as_text=True)
    marks: list[tuple[float, str]] = []
    for stamp, label in zip(cells["timestamp"], cells["annotation"], strict=True):
        try:
            marks.append((float(stamp) / 1000.0, str(label).strip()))
        except ValueError:
            raise DataError(f"timestamp {stamp!r} is no number of ms", where=path) from None
    return mark_events(marks, "events")


FORMAT = Format("rr-text", "plain intervals (.txt; Elite HRV, HRV Logger)", _recognises,
                read_rr_text)  # fmt: skip
