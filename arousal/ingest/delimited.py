"""CSV and TSV tables -> Recording."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from arousal.errors import DataError, FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.devices import load_catalogue
from arousal.ingest.formats import Format, Request, source_of
from arousal.ingest.mapping import SignalMapping
from arousal.ingest.people import claims_of, find_pseudonym, site_of
from arousal.ingest.signals import Refused, Samples, make_signal
from arousal.ingest.table_events import events_from_column, events_from_file
from arousal.ingest.table_plan import Plan, make_plan
from arousal.ingest.table_time import Clock, row_times
from arousal.ingest.text_table import find_layout, looks_like_text, read_table
from arousal.recording import Kind, Person, Recording, Signal, UnknownStream

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FORMAT", "read_delimited"]

FloatArray = NDArray[np.float64]
SUFFIXES = {".csv", ".tsv", ".txt", ".tab", ".dat"}
SPARSE = 0.5
"""A column with more empty cells than this was sampled more slowly than the table's rows."""


def _recognises(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in SUFFIXES and looks_like_text(path)


@dataclass(frozen=True, slots=True)
class _Place:
    """One column of one person."""

    person: str
    signal: SignalMapping
    rows: NDArray[np.bool_]


def read_delimited(request: Request) -> Recording:
    """Read a table.

    Parameters
    ----------
    request : Request
        The file and the mapping; without a mapping the header must tell kinds and units.

    Returns
    -------
    Recording
        Clock ``"unix"`` where the time column tells the date, else ``"file"``; zero is the first
        row.

    Raises
    ------
    FormatError
        If the file is no table, or (`MappingNeededError`) its columns are not clear.
    DataError
        If a column that should hold numbers does not.
    SettingsError
        If the mapping names a column that is not there.
    """
    path = request.path
    layout = find_layout(path, request.mapping.table)
    catalogue = load_catalogue(request.mapping.device_files())
    plan = make_plan(path, layout, request.mapping, catalogue)
    table = read_table(path, layout)
    if table.empty:
        raise FormatError("there is no line of data in it", where=path)
    findings: list[Finding] = []
    clock = row_times(table, plan, path)
    findings += clock.findings
    persons, refused = _persons(table, plan, clock, request, findings)
    if not persons:
        findings.append(Finding("no-signals", "no column is a usable signal", Severity.PROBLEM))
    sources = source_of([path], FORMAT.name)
    events = events_from_column(table, plan, clock.times, path)
    if plan.events.file is not None:
        second = request.mapping.folder / plan.events.file
        events += events_from_file(second, plan, clock)
        sources += source_of([second], FORMAT.name)
    return Recording(
        persons,
        tuple(sorted(events, key=lambda e: e.onset)),
        request.id,
        clock.name,
        clock.origin,
        _started(plan, clock),
        sources,
        tuple(findings),
        (*refused, *_unused(plan, len(table))),
    )


def _started(plan: Plan, clock: Clock) -> datetime | None:
    if plan.table.started is not None:
        return plan.table.started
    return datetime.fromtimestamp(clock.origin, UTC) if clock.name == "unix" else None


def _unused(plan: Plan, rows: int) -> tuple[UnknownStream, ...]:
    return tuple(
        UnknownStream(name, "column", samples=rows, reason="neither mapped nor a known name")
        for name in plan.unused
    )


def _persons(
    table: pd.DataFrame, plan: Plan, clock: Clock, request: Request, findings: list[Finding]
) -> tuple[tuple[Person, ...], tuple[UnknownStream, ...]]:
    signals: dict[str, list[Signal]] = {}
    refused: list[UnknownStream] = []
    for place in _places(table, plan, request, findings):
        roster = request.session.people if request.session is not None else {}
        if roster and place.person not in roster:
            reason = f"{place.person} is not among [people] of session.toml"
            refused.append(UnknownStream(str(place.signal.column), "column", reason=reason))
            continue
        result = _signal(table, place, plan, clock, findings, request)
        if isinstance(result, Refused):
            name = place.signal.column or ""
            refused.append(UnknownStream(name, "column", samples=len(table), reason=result.reason))
        else:
            signals.setdefault(place.person, []).append(result)
    return tuple(Person(name, tuple(found)) for name, found in signals.items()), tuple(refused)


def _places(
    table: pd.DataFrame, plan: Plan, request: Request, findings: list[Finding]
) -> list[_Place]:
    everybody = np.ones(len(table), dtype=bool)
    if plan.table.person is not None:
        names = table[plan.table.person].astype("string").fillna("")
        return [
            _Place(signal.person or str(name), signal, np.asarray(names == name, dtype=bool))
            for name in dict.fromkeys(names)
            if name
            for signal in plan.signals
        ]
    told = {(claim.kind, claim.stream): claim.person for claim in claims_of(request.session)}
    persons = [
        signal.person
        or told.get((signal.kind, str(signal.column)))
        or find_pseudonym(str(signal.column))
        for signal in plan.signals
    ]
    owner = "" if all(persons) else _owner(request, findings)
    return [
        _Place(person or owner, signal, everybody)
        for person, signal in zip(persons, plan.signals, strict=True)
    ]


def _owner(request: Request, findings: list[Finding]) -> str:
    if request.mapping.person is not None:
        return request.mapping.person
    people = list(request.session.people) if request.session is not None else []
    if len(people) == 1:
        return people[0]
    named = find_pseudonym(request.path.stem, request.id)
    if named is not None and (not people or named in people):
        return named
    text = "no file says whose data this is; called P01"
    hint = 'say person = "P04" with --map'
    findings.append(Finding("persons-numbered", text, Severity.NOTE, hint=hint))
    return "P01"


def _signal(
    table: pd.DataFrame,
    place: _Place,
    plan: Plan,
    clock: Clock,
    findings: list[Finding],
    request: Request,
) -> Signal | Refused:
    column = str(place.signal.column)
    values = _numbers(table, column, request.path)[place.rows]
    times = clock.times[place.rows]
    filled = np.isfinite(values)
    if SPARSE < 1 - filled.mean() < 1:
        text = f"{filled.sum()} of {filled.size} cells hold a value; the others are not samples"
        findings.append(Finding("column-sparse", text, Severity.NOTE, column))
        values, times = values[filled], times[filled]
    rate = place.signal.rate or (plan.table.rate if plan.table.time is None else None)
    if place.signal.kind is Kind.RR and plan.table.time is None and plan.table.rate is None:
        return _beats_in_a_row(values, place.signal, column, findings)
    site = site_of(place.signal.kind, place.person, request.session, place.signal.site)
    samples = Samples(
        place.signal.kind,
        values,
        times,
        column,
        place.signal.unit or "",
        scale=place.signal.scale,
        offset=place.signal.offset,
        rate=rate if place.signal.kind is not Kind.RR else None,
        site=site,
        confirmed=True,
    )
    result, said = make_signal(samples)
    findings += said
    return result


def _beats_in_a_row(
    values: FloatArray, mapped: SignalMapping, column: str, findings: list[Finding]
) -> Signal | Refused:
    """Intervals without any time: each beat follows the last after its own interval."""
    intervals = values[np.isfinite(values) & (values > 0)] * mapped.scale + mapped.offset
    samples = Samples(
        Kind.RR, intervals, np.cumsum(intervals), column, mapped.unit or "", confirmed=True,
        site=mapped.site, at_beats=True,
    )  # fmt: skip
    result, said = make_signal(samples)
    findings += said
    if isinstance(result, Refused):
        return result
    seconds = np.cumsum(result.values) / 1000.0
    return Signal(Kind.RR, result.values, seconds, None, column, mapped.site, result.original_unit)


def _numbers(table: pd.DataFrame, column: str, path: Path) -> FloatArray:
    import pandas as pd

    cells = table[column]
    if cells.dtype.kind in "fiub":
        return cells.to_numpy(dtype=np.float64)
    numbers = pd.to_numeric(cells, errors="coerce")
    wrong = cells[numbers.isna() & cells.notna()]
    if len(wrong):
        raise DataError(
            f"column {column!r} holds {str(wrong.iloc[0])!r}, which is no number",
            where=path,
            hint="say decimal or skip under [table] with --map",
        )
    return numbers.to_numpy(dtype=np.float64)


FORMAT = Format("table", "table (.csv, .tsv, .txt; with --map)", _recognises, read_delimited)
