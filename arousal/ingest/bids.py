"""BIDS physiological recordings (``*_physio.tsv.gz`` with JSON beside or above) -> Recording.

The table has no header; the JSON names columns, rate and the time of the first line. JSON files
apply to all tables at or below them whose names hold all parts of theirs, the nearest wins (BIDS,
inheritance principle). Tables of one run that differ in ``recording-`` only are one recording, and
the run's ``_events.tsv`` holds its marks. In a session's folder several subjects' runs are the
group's one meeting, on one clock (`arousal.ingest.bids_writer` writes such).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import dropwhile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arousal.errors import FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.bids_events import events_file, read_events
from arousal.ingest.bids_names import entity, name_parts, subject_label
from arousal.ingest.bids_sidecar import (
    DEEPEST,
    DESCRIPTION,
    TIMESTAMP,
    Column,
    Sidecar,
    inherited_sidecar,
    parse_sidecar,
)
from arousal.ingest.devices import Catalogue, load_catalogue
from arousal.ingest.export import Channel, Export, assemble
from arousal.ingest.formats import Format, Request, source_of
from arousal.ingest.labels import kind_of_label
from arousal.ingest.number_table import NumberTable, read_numbers
from arousal.recording import Event, Kind, Person, Recording

__all__ = ["FORMAT", "inherited_sidecar", "physio_runs", "physio_tables", "read_bids", "read_runs"]

FloatArray = NDArray[np.float64]
TABLES = ("_physio.tsv.gz", "_physio.tsv")
_COLUMNS = {
    "cardiac": Kind.PPG,
    "respiratory": Kind.RESPIRATION,
}
"""Names that BIDS fixes: cardiac is a "continuous pulse measurement"."""


def _recognises(path: Path) -> bool:
    if path.is_dir():
        tables = (table.relative_to(path) for table in physio_tables(path))
        return (path / DESCRIPTION).is_file() or any(map(_lies_as_in_bids, tables))
    return path.is_file() and path.name.endswith(TABLES)


def _lies_as_in_bids(table: Path) -> bool:
    """Whether only ``sub-``, ``ses-`` and one folder of a kind of data stand before a table.

    A folder in which a dataset lies somewhere is none itself.
    """
    above = dropwhile(lambda part: part.startswith(("sub-", "ses-")), table.parts[:-1])
    return len(tuple(above)) <= 1


def physio_tables(folder: Path) -> list[Path]:
    """Return every ``*_physio.tsv(.gz)`` of a dataset, a subject or a session, sorted."""
    depths = ("/".join(["*"] * n) for n in range(DEEPEST))
    return sorted(
        path
        for depth in depths
        for path in folder.glob(f"{depth}/*_physio.tsv*" if depth else "*_physio.tsv*")
        if path.name.endswith(TABLES) and path.is_file()
    )


def physio_runs(folder: Path) -> list[list[Path]]:
    """Return the tables of a folder by run: those that differ in ``recording-`` only."""
    runs: dict[str, list[Path]] = {}
    for table in physio_tables(folder):
        run = "_".join(p for p in name_parts(table.name) if not p.startswith("recording-"))
        runs.setdefault(f"{table.parent}/{run}", []).append(table)
    return [sorted(tables, key=_place) for tables in runs.values()]


def _place(table: Path) -> tuple[str, int, str]:
    """Where a table stands among its run's: ``eda``, ``eda2``, ``eda10``, as they were written."""
    label = entity(table.name, "recording")
    name = label.rstrip("0123456789")
    return name, int(label[len(name) :] or 1), table.name


def read_bids(request: Request) -> Recording:
    """Read one run, or in a session's folder the runs of all its people.

    Parameters
    ----------
    request : Request
        A table, or a folder that holds the tables of one run. A mapping names columns.

    Returns
    -------
    Recording
        Clock ``"file"``; zero is what the JSON's ``StartTime`` counts from. The person is the
        ``sub-`` label; a session's people are found by it.

    Raises
    ------
    DataError
        If an onset in ``_events.tsv`` is no number.
    FormatError
        If the folder holds several runs or none, the JSON is missing or incomplete, or the table
        is damaged.
    """
    if request.path.is_file():
        return _read_run(request, [request.path])
    runs = physio_runs(request.path)
    if not runs:
        raise FormatError("no *_physio.tsv.gz is in this dataset", where=request.path)
    return read_runs(request, runs)


def read_runs(request: Request, runs: Sequence[Sequence[Path]]) -> Recording:
    """Read the tables of one run, or of one run for each of a session's people.

    Parameters
    ----------
    request : Request
        As `read_bids`; its path is for messages.
    runs : sequence of sequence of Path
        From `physio_runs`; at least one.

    Raises
    ------
    DataError, FormatError
        As `read_bids`.
    """
    if request.session is not None:
        subjects = {entity(tables[0].name, "sub") for tables in runs}
        known = {subject_label(person) for person in request.session.people}
        if len(subjects) == len(runs) and (len(runs) > 1 or subjects <= known):
            return _read_group(request, runs)
    if len(runs) > 1:
        names = ", ".join(str(tables[0].relative_to(request.path)) for tables in runs[:3])
        more = f" and {len(runs) - 3} more" if len(runs) > 3 else ""
        raise FormatError(
            f"it holds {len(runs)} runs: {names}{more}",
            where=request.path,
            hint="name one of them, or make sessions of them: arousal import",
        )
    return _read_run(request, runs[0])


def _read_group(request: Request, runs: Sequence[Sequence[Path]]) -> Recording:
    """Read one run per person, all on one clock; who has no usable signal is left out, and said."""
    assert request.session is not None  # noqa: S101 - asked by the caller
    known = {subject_label(person): person for person in request.session.people}
    persons: list[Person] = []
    parts: list[Recording] = []
    findings: list[Finding] = []
    for tables in runs:
        subject = entity(tables[0].name, "sub")
        words = request.mapping.model_copy(update={"person": known.get(subject, subject)})
        try:
            part = _read_run(replace(request, mapping=words), tables)
        except FormatError as error:
            if len(runs) == 1:
                raise
            text = f"sub-{subject} is left out: {error.message}"
            findings.append(Finding("person-unread", text, Severity.PROBLEM, tables[0].name))
            continue
        parts.append(part)
        persons += part.persons
    if not parts:
        reasons = "; ".join(str(finding) for finding in findings[:3])
        raise FormatError(f"nobody in it has a usable signal: {reasons}", where=request.path)
    order = {person: place for place, person in enumerate(known.values())}
    persons.sort(key=lambda p: order.get(p.id, len(order)))
    return Recording(
        tuple(persons),
        _together(part.events for part in parts),
        request.id,
        sources=tuple(dict.fromkeys(s for part in parts for s in part.sources)),
        findings=(*findings, *(f for part in parts for f in part.findings)),
        unknown=tuple(u for part in parts for u in part.unknown),
    )


def _together(parts: Iterable[Sequence[Event]]) -> tuple[Event, ...]:
    """Events of all files, each once: every person's file repeats the group's."""
    return tuple(dict.fromkeys(event for part in parts for event in part))


def _read_run(request: Request, run: Sequence[Path]) -> Recording:
    catalogue = load_catalogue(request.mapping.device_files())
    findings: list[Finding] = []
    channels: list[Channel] = []
    read: list[Path] = []
    for path in run:
        sidecar, used = inherited_sidecar(path)
        read += [path, *used]
        channels += _channels(path, parse_sidecar(sidecar, path), catalogue, findings)
    marks_in = events_file(run[0])
    marks: tuple[Event, ...] = ()
    if marks_in is not None:
        marks = read_events(marks_in)
        read.append(marks_in)
    sources = source_of(dict.fromkeys(read), FORMAT.name)
    exported = Export(tuple(channels), marks, sources, findings=tuple(findings))
    return assemble(replace(request, path=run[0]), exported)


def _channels(
    path: Path, sidecar: Sidecar, catalogue: Catalogue, findings: list[Finding]
) -> list[Channel]:
    table = _table(path, sidecar.names, findings)
    times = _times(table, sidecar)
    rows = np.isfinite(times)  # a line without a time is a gap
    times = times[rows]
    if any(column.kind for column in sidecar.columns.values()):
        return _own_channels(path, sidecar, table, times, rows)
    found: list[Channel] = []
    for name in sidecar.names:
        if sidecar.stamped and name == TIMESTAMP:
            continue
        kind, reason = _kind(name, catalogue)
        unit = sidecar.columns[name].units
        values = table.columns[name][rows]
        found.append(Channel(name, values, times, kind, unit, sidecar.nominal, reason=reason))
        if name == "cardiac":
            text = "BIDS calls it a pulse measurement, so it is read as a pulse wave"
            hint = 'if it is an ECG, say kind = "ecg" with --map'
            findings.append(Finding("kind-by-bids", text, Severity.NOTE, name, hint))
    return found


def _times(table: NumberTable, sidecar: Sidecar) -> FloatArray:
    if sidecar.stamped:
        return table.columns[TIMESTAMP]
    grid: FloatArray = sidecar.start + np.arange(len(table)) / sidecar.rate
    return grid


def _own_channels(
    path: Path,
    sidecar: Sidecar,
    table: NumberTable,
    times: FloatArray,
    rows: NDArray[np.bool_],
) -> list[Channel]:
    """Channels of a table whose JSON says what each column is; columns of one kind are its axes."""
    axes: dict[Column, list[FloatArray]] = {}
    for name in sidecar.names:
        column = sidecar.columns[name]
        if column.kind is not None:
            values = table.columns[name][rows]
            single = values.astype(np.float32).astype(np.float64) if column.single else values
            axes.setdefault(column, []).append(single)
    return [
        Channel(
            entity(path.name, "recording") or str(column.kind),
            found[0] if len(found) == 1 else np.column_stack(found),
            times,
            column.kind,
            column.units,
            sidecar.nominal,
            site=column.site or None,
            at_beats=column.kind is Kind.RR and sidecar.stamped,
            original_unit=column.original_unit,
        )
        for column, found in axes.items()
    ]


def _kind(column: str, catalogue: Catalogue) -> tuple[Kind | None, str]:
    if column in _COLUMNS:
        return _COLUMNS[column], ""
    if column == "trigger":
        return None, "the scanner's trigger"
    return kind_of_label(column, catalogue)


def _table(path: Path, names: tuple[str, ...], findings: list[Finding]) -> NumberTable:
    content = path.read_bytes()
    if path.name.endswith(".gz"):
        content, whole = _unpack(content, path)
        if not whole:
            text = "the packed file is cut; what could be unpacked is used"
            findings.append(Finding("gzip-truncated", text, Severity.WARNING, path.name))
    first = content.split(b"\n", 1)[0].decode("utf-8", "replace").split("\t")
    if len(first) != len(names):
        raise FormatError(
            f"its lines have {len(first)} cells, but the JSON names {len(names)} "
            f"columns ({', '.join(names)})",
            where=path,
        )
    table = read_numbers(
        path, names, separator="\t", skip=0, may_miss=True, content=content, exact=True
    )
    findings += table.findings
    return table


def _unpack(packed: bytes, path: Path) -> tuple[bytes, bool]:
    """Unpack gzip, of a cut file as much as is there, and whether it was whole."""
    found = bytearray()
    while packed:
        member = zlib.decompressobj(wbits=31)
        try:
            found += member.decompress(packed)
        except zlib.error:
            raise FormatError("is no gzip file, or damaged inside", where=path) from None
        if not member.eof:
            return bytes(found), False
        packed = member.unused_data
    return bytes(found), True


FORMAT = Format("bids-physio", "BIDS physio (*_physio.tsv.gz or dataset)", _recognises, read_bids)
