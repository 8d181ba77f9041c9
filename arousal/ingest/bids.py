"""BIDS physiological recordings (``*_physio.tsv.gz`` with JSON beside or above) -> Recording.

The table has no header; the JSON names columns, rate and the time of the first line. JSON files
apply to all tables at or below them whose names hold all parts of theirs, the nearest wins (BIDS,
inheritance principle). Tables of one run that differ in ``recording-`` only are one recording, and
the run's ``_events.tsv`` holds its marks.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.errors import DataError, FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.devices import Catalogue, load_catalogue
from arousal.ingest.export import Channel, Export, assemble
from arousal.ingest.formats import Format, Request, source_of
from arousal.ingest.labels import kind_of_label
from arousal.ingest.markers import mark_id
from arousal.ingest.number_table import NumberTable, first_lines, read_cells, read_numbers
from arousal.recording import Event, Kind, Recording

__all__ = ["FORMAT", "inherited_sidecar", "read_bids"]

FloatArray = NDArray[np.float64]
TABLES = ("_physio.tsv.gz", "_physio.tsv")
DESCRIPTION = "dataset_description.json"
DEEPEST = 4
"""Folders between a dataset and a table: subject, session, kind of data."""
_COLUMNS = {
    "cardiac": Kind.PPG,
    "respiratory": Kind.RESPIRATION,
}
"""Names that BIDS fixes: cardiac is a "continuous pulse measurement"."""


def _recognises(path: Path) -> bool:
    if path.is_dir():
        return (path / DESCRIPTION).is_file() or bool(_tables(path))
    return path.is_file() and path.name.endswith(TABLES)


def _tables(folder: Path) -> list[Path]:
    depths = ("/".join(["*"] * n) for n in range(DEEPEST))
    return sorted(
        path
        for depth in depths
        for path in folder.glob(f"{depth}/*_physio.tsv*" if depth else "*_physio.tsv*")
        if path.name.endswith(TABLES) and path.is_file()
    )


def read_bids(request: Request) -> Recording:
    """Read one run.

    Parameters
    ----------
    request : Request
        A table, or a folder that holds the tables of one run. A mapping names columns.

    Returns
    -------
    Recording
        Clock ``"file"``; zero is what the JSON's ``StartTime`` counts from. The person is the
        ``sub-`` label.

    Raises
    ------
    DataError
        If an onset in ``_events.tsv`` is no number.
    FormatError
        If the folder holds several runs or none, the JSON is missing or incomplete, or the table
        is damaged.
    """
    run = _one_run(request.path)
    catalogue = load_catalogue(request.mapping.device_files())
    findings: list[Finding] = []
    channels: list[Channel] = []
    read: list[Path] = []
    for path in run:
        sidecar, used = inherited_sidecar(path)
        read += [path, *used]
        channels += _channels(path, _checked(sidecar, path), catalogue, findings)
    events = _events_file(run[0])
    marks: tuple[Event, ...] = ()
    if events is not None:
        marks = _events(events)
        read.append(events)
    sources = source_of(dict.fromkeys(read), FORMAT.name)
    exported = Export(tuple(channels), marks, sources, findings=tuple(findings))
    return assemble(replace(request, path=run[0]), exported)


def _one_run(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    runs: dict[str, list[Path]] = {}
    for table in _tables(path):
        run = "_".join(p for p in _parts(table.name) if not p.startswith("recording-"))
        runs.setdefault(f"{table.parent}/{run}", []).append(table)
    if not runs:
        raise FormatError("no *_physio.tsv.gz is in this dataset", where=path)
    if len(runs) > 1:
        names = ", ".join(str(tables[0].relative_to(path)) for tables in list(runs.values())[:3])
        more = f" and {len(runs) - 3} more" if len(runs) > 3 else ""
        raise FormatError(
            f"it holds {len(runs)} runs: {names}{more}", where=path, hint="name one of them"
        )
    return next(iter(runs.values()))


def _parts(name: str) -> list[str]:
    """Parts of a name without suffix and extension: ``sub-01``, ``task-rest``, ..."""
    return name.split(".", maxsplit=1)[0].split("_")[:-1]


def inherited_sidecar(path: Path) -> tuple[dict[str, Any], tuple[Path, ...]]:
    """Read the JSON that applies to a table.

    Parameters
    ----------
    path : Path
        ``*_physio.tsv.gz`` (or any ``<parts>_<suffix>.<extension>``).

    Returns
    -------
    sidecar : dict
        Keys of all JSON files that apply, the nearest and most specific last.
    files : tuple of Path
        Which these were.

    Raises
    ------
    FormatError
        If one of them is no JSON object.
    """
    suffix = path.name.split(".")[0].split("_")[-1]
    parts = set(_parts(path.name))
    folders = [path.parent]
    while len(folders) <= DEEPEST and not (folders[-1] / DESCRIPTION).is_file():
        folders.append(folders[-1].parent)
    merged: dict[str, Any] = {}
    used: list[Path] = []
    for folder in reversed(folders):
        fitting = [f for f in folder.glob(f"*{suffix}.json") if set(_parts(f.name)) <= parts
                   and f.name.split(".")[0].split("_")[-1] == suffix]  # fmt: skip
        for file in sorted(fitting, key=lambda f: len(_parts(f.name))):
            merged |= _object(file)
            used.append(file)
    return merged, tuple(used)


def _object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise FormatError(f"is no JSON ({error})", where=path) from None
    if not isinstance(content, dict):
        raise FormatError("is no JSON object", where=path)
    return content


@dataclass(frozen=True, slots=True)
class _Sidecar:
    rate: float
    start: float
    columns: tuple[str, ...]
    units: dict[str, str]


def _checked(raw: dict[str, Any], path: Path) -> _Sidecar:
    missing = [key for key in ("SamplingFrequency", "Columns") if key not in raw]
    if missing:
        raise FormatError(
            f"no JSON beside or above it says {' or '.join(missing)}",
            where=path,
            hint="BIDS wants SamplingFrequency, StartTime and Columns",
        )
    try:
        rate, start = float(raw["SamplingFrequency"]), float(raw.get("StartTime", 0.0))
        columns = tuple(str(column) for column in raw["Columns"])
    except (TypeError, ValueError):
        rate, start, columns = 0.0, 0.0, ()
    good = np.isfinite([rate, start]).all() and rate > 0
    if not good or not columns or len(set(columns)) < len(columns):
        raise FormatError(
            "SamplingFrequency must be above 0, StartTime a number, Columns a list of names",
            where=path,
        )
    units = {
        column: str(raw[column].get("Units", ""))
        for column in columns
        if isinstance(raw.get(column), dict)
    }
    return _Sidecar(rate, start, columns, units)


def _channels(
    path: Path, sidecar: _Sidecar, catalogue: Catalogue, findings: list[Finding]
) -> list[Channel]:
    table = _table(path, sidecar, findings)
    times = sidecar.start + np.arange(len(table)) / sidecar.rate
    found: list[Channel] = []
    for column in sidecar.columns:
        kind, reason = _kind(column, catalogue)
        unit = sidecar.units.get(column, "")
        values = table.columns[column]
        found.append(Channel(column, values, times, kind, unit, sidecar.rate, reason=reason))
        if column == "cardiac":
            text = "BIDS calls it a pulse measurement, so it is read as a pulse wave"
            hint = 'if it is an ECG, say kind = "ecg" with --map'
            findings.append(Finding("kind-by-bids", text, Severity.NOTE, column, hint))
    return found


def _kind(column: str, catalogue: Catalogue) -> tuple[Kind | None, str]:
    if column in _COLUMNS:
        return _COLUMNS[column], ""
    if column == "trigger":
        return None, "the scanner's trigger"
    return kind_of_label(column, catalogue)


def _table(path: Path, sidecar: _Sidecar, findings: list[Finding]) -> NumberTable:
    content = path.read_bytes()
    if path.name.endswith(".gz"):
        content, whole = _unpack(content, path)
        if not whole:
            text = "the packed file is cut; what could be unpacked is used"
            findings.append(Finding("gzip-truncated", text, Severity.WARNING, path.name))
    first = content.split(b"\n", 1)[0].decode("utf-8", "replace").split("\t")
    if len(first) != len(sidecar.columns):
        raise FormatError(
            f"its lines have {len(first)} cells, but the JSON names {len(sidecar.columns)} "
            f"columns ({', '.join(sidecar.columns)})",
            where=path,
        )
    table = read_numbers(
        path, sidecar.columns, separator="\t", skip=0, may_miss=True, content=content
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


def _events_file(path: Path) -> Path | None:
    parts = [p for p in _parts(path.name) if not p.startswith("recording-")]
    file = path.parent / f"{'_'.join(parts)}_events.tsv"
    return file if file.is_file() else None


def _events(path: Path) -> tuple[Event, ...]:
    names = first_lines(path, 1)[0].split("\t") if first_lines(path, 1) else []
    if "onset" not in names or len(set(names)) < len(names):
        raise FormatError("its first line does not name a column onset", where=path)
    if len(first_lines(path, 2)) < 2:
        return ()
    cells = read_cells(path, names, separator="\t", skip=1, as_text=True).fillna("")
    label = next((n for n in ("trial_type", "value", "event_type") if n in names), None)
    found: list[Event] = []
    for number, row in enumerate(cells.to_dict("records")):
        try:
            onset, duration = float(row["onset"]), float(row.get("duration") or 0.0)
        except ValueError:
            raise DataError(f"onset {row['onset']!r} is no number of seconds", where=path) from None
        text = str(row[label]).strip() if label else "event"
        found.append(Event(onset, text, duration, mark_id(text) or f"events#{number}", path.name))
    return tuple(found)


FORMAT = Format("bids-physio", "BIDS physio (*_physio.tsv.gz or dataset)", _recognises, read_bids)
