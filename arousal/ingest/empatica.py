"""Empatica E4 export folder (or its ZIP) -> Recording.

Format as the folder's own ``info.txt`` says: the first line of each CSV is the start as Unix
time, the second the rate in Hz; ``IBI.csv`` has pairs (seconds since start, interval in s);
acceleration is in 1/64 g; ``tags.csv`` (some studies: ``tags_S08.csv``) has one Unix time per
press of the button. Tags become events ``tag1``, ``tag2``, ... by their place in the file, so
that a tag that cannot be used does not rename the others.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from arousal.errors import FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.formats import Format, Request
from arousal.ingest.people import find_pseudonym, site_of
from arousal.ingest.signals import Refused, Samples, make_signal
from arousal.recording import Event, Kind, Person, Recording, Signal, Source

__all__ = ["FORMAT", "read_empatica"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Channel:
    file: str
    kind: Kind
    unit: str
    columns: int = 1


_CHANNELS = (
    _Channel("EDA.csv", Kind.EDA, "uS"),
    _Channel("BVP.csv", Kind.PPG, "a.u."),
    _Channel("IBI.csv", Kind.RR, "s"),
    _Channel("HR.csv", Kind.HR, "bpm"),
    _Channel("TEMP.csv", Kind.TEMPERATURE, "degC"),
    _Channel("ACC.csv", Kind.ACCELERATION, "1/64 g", 3),
)
_FILES = {channel.file for channel in _CHANNELS}
_TAGS = re.compile(r"tags(_.*)?\.csv", re.IGNORECASE)
_TOLD = {"EDA.csv", "BVP.csv", "ACC.csv"}
"""An E4 folder has at least two of these."""


def _recognises(path: Path) -> bool:
    if path.is_dir():
        return len({p.name for p in path.iterdir()} & _TOLD) >= 2
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return _folder_inside(archive) is not None


def _folder_inside(archive: zipfile.ZipFile) -> PurePosixPath | None:
    folders: dict[PurePosixPath, set[str]] = {}
    for name in archive.namelist():
        place = PurePosixPath(name)
        folders.setdefault(place.parent, set()).add(place.name)
    return next((f for f, names in folders.items() if len(names & _TOLD) >= 2), None)


@dataclass(frozen=True, slots=True)
class _Files:
    """Contents of the export, and where each came from."""

    contents: Mapping[str, bytes]
    sources: tuple[Source, ...]


def _open(path: Path) -> _Files:
    contents: dict[str, bytes] = {}
    sources: list[Source] = []
    if path.is_dir():
        for file in sorted(path.iterdir()):
            if file.name in _FILES or _TAGS.fullmatch(file.name):
                contents[file.name] = file.read_bytes()
                digest = hashlib.sha256(contents[file.name]).hexdigest()
                sources.append(Source(str(file), digest, FORMAT.name))
        return _Files(contents, tuple(sources))
    with zipfile.ZipFile(path) as archive:
        folder = _folder_inside(archive)
        for name in archive.namelist():
            place = PurePosixPath(name)
            wanted = place.name in _FILES or _TAGS.fullmatch(place.name)
            if place.parent == folder and wanted:
                contents[place.name] = archive.read(name)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return _Files(contents, (Source(str(path), digest, FORMAT.name),))


def read_empatica(request: Request) -> Recording:
    """Read an E4 export.

    Parameters
    ----------
    request : Request
        Folder or ZIP. The person is the mapping's, the only one of the session, a pseudonym in
        the folder's name (``S08``), else ``P01``.

    Returns
    -------
    Recording
        Clock ``"unix"``; zero is the earliest start among the files. Intervals, gaps and the
        device's own heart rate (1 Hz, starts 10 s late) are as exported.

    Raises
    ------
    FormatError
        If not one file holds a usable signal.
    """
    files = _open(request.path)
    findings: list[Finding] = []
    raw = {
        channel: block
        for channel in _CHANNELS
        if (block := _read(files.contents.get(channel.file), channel, findings)) is not None
    }
    if not raw:
        raise FormatError("no E4 file in it holds a single sample", where=request.path)
    zero = min(block.start for block in raw.values())
    owner = _person(request, findings)

    def site(kind: Kind) -> str | None:
        return site_of(kind, owner, request.session, "wrist")

    signals = [
        signal
        for channel, block in raw.items()
        if (signal := _signal(channel, block, zero, site(channel.kind), findings)) is not None
    ]
    if not signals:
        raise FormatError("no E4 file in it holds a usable signal", where=request.path)
    end = max(signal.end for signal in signals)
    events = _tags(files.contents, zero, end, findings)
    person = Person(owner, tuple(signals))
    return Recording(
        (person,),
        events,
        request.id,
        "unix",
        zero,
        datetime.fromtimestamp(zero, UTC),
        files.sources,
        tuple(findings),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    start: float
    rate: float | None
    values: FloatArray


def _read(content: bytes | None, channel: _Channel, findings: list[Finding]) -> _Block | None:
    if content is None:
        findings.append(_missing(channel, "is not in the export"))
        return None
    head = 1 if channel.kind is Kind.RR else 2
    rows = content.decode("utf-8", "replace").splitlines()
    if len(rows) <= head:
        findings.append(_missing(channel, f"has {len(rows)} lines: no sample"))
        return None
    start = _first_number(rows[0])
    rate = _first_number(rows[1]) if head == 2 else None
    if start is None or (head == 2 and not rate):
        findings.append(_missing(channel, "does not begin with a start time and a rate"))
        return None
    columns = 2 if channel.kind is Kind.RR else channel.columns
    values, bad = _numbers(rows[head:], columns)
    if bad:
        text = f"{bad} of {len(rows) - head} lines are not {columns} numbers and are left out"
        findings.append(Finding("e4-broken-lines", text, Severity.WARNING, channel.file))
    return _Block(start, rate, values) if len(values) else None


def _missing(channel: _Channel, what: str) -> Finding:
    text = f"{what}, so there is no {channel.kind.label}"
    return Finding("e4-file-missing", text, Severity.WARNING, channel.file)


def _first_number(row: str) -> float | None:
    try:
        return float(row.split(",", maxsplit=1)[0])
    except ValueError:
        return None


def _numbers(rows: list[str], columns: int) -> tuple[FloatArray, int]:
    """Read the lines as numbers; on trouble line by line, so that one broken line costs itself.

    A regular signal counts its time by lines, so a broken line inside becomes NaN; lines that
    are broken at the end were cut and go.
    """
    try:
        text = io.StringIO("\n".join(rows))
        table = np.loadtxt(text, delimiter=",", ndmin=2, comments=None)
        if table.shape == (len(rows), columns):
            return table, 0
    except ValueError:
        pass  # some line is broken: find out which below
    parsed = [_row(row, columns) for row in rows]
    bad = sum(row is None for row in parsed)
    while parsed and parsed[-1] is None:
        parsed.pop()
    filled = [row if row is not None else [np.nan] * columns for row in parsed]
    return np.array(filled, dtype=np.float64).reshape(-1, columns), bad


def _row(text: str, columns: int) -> list[float] | None:
    cells = text.split(",")
    if len(cells) != columns:
        return None
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        return None


def _signal(
    channel: _Channel, block: _Block, zero: float, site: str | None, findings: list[Finding]
) -> Signal | None:
    start = block.start - zero
    if channel.kind is Kind.RR:
        keep = np.isfinite(block.values).all(axis=1)
        times, values = start + block.values[keep, 0], block.values[keep, 1]
    else:
        assert block.rate is not None  # noqa: S101 - _read gives every other file its rate
        times = start + np.arange(len(block.values)) / block.rate
        values = block.values if channel.columns > 1 else block.values[:, 0]
    samples = Samples(
        channel.kind,
        values,
        times,
        channel.file,
        channel.unit,
        rate=block.rate,
        site=site,
        at_beats=True,
    )
    result, said = make_signal(samples)
    findings += said
    if isinstance(result, Refused):
        findings.append(_missing(channel, f"is refused ({result.reason})"))
        return None
    return result


def _tags(
    contents: Mapping[str, bytes], zero: float, end: float, findings: list[Finding]
) -> tuple[Event, ...]:
    name = next((n for n in contents if _TAGS.fullmatch(n)), None)
    if name is None:
        return ()
    events: list[Event] = []
    rows = contents[name].decode("utf-8", "replace").split()
    for number, row in enumerate(rows, start=1):
        stamp = _first_number(row)
        if stamp is None:
            text = f"line {number} is {row!r}, not a Unix time; not used"
            findings.append(Finding("tag-broken", text, Severity.WARNING, name))
            continue
        onset = stamp - zero
        if not -1.0 <= onset <= end + 1.0:
            findings.append(_outside(number, onset, end, name))
            continue
        events.append(Event(onset, f"tag{number}", id=f"{name}#{number}", source=name))
    return tuple(events)


def _outside(number: int, onset: float, end: float, name: str) -> Finding:
    away, side = (-onset, "before it begins") if onset < 0 else (onset - end, "after it ends")
    return Finding(
        "tag-outside",
        f"tag{number} is {away / 3600:.1f} h {side}, outside of the recording; not used "
        "(the other tags keep their numbers)",
        Severity.WARNING,
        name,
    )


def _person(request: Request, findings: list[Finding]) -> str:
    if request.mapping.person is not None:
        return request.mapping.person
    people = list(request.session.people) if request.session is not None else []
    if len(people) == 1:
        return people[0]
    named = find_pseudonym(request.path.stem, request.id)
    if named is not None and (not people or named in people):
        return named
    text = "no file says whose data this is; called P01"
    findings.append(
        Finding("persons-numbered", text, Severity.NOTE, hint='say person = "P04" with --map')
    )
    return "P01"


FORMAT = Format("empatica-e4", "Empatica E4 export (folder or .zip)", _recognises, read_empatica)
