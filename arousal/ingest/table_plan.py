"""What a table's columns are: the mapping's words, else a header that leaves no doubt.

A header leaves no doubt if a word names the kind and the unit stands beside it: ``EDA (uS)``,
``RR [ms]``, ``time (s)``. Otherwise the user gets a mapping to complete and save.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from arousal.errors import FormatError
from arousal.ingest.devices import Catalogue
from arousal.ingest.mapping import EventMapping, Mapping, SignalMapping, TableMapping
from arousal.ingest.text_table import Layout, check_column
from arousal.ingest.units import find_unit
from arousal.recording import Kind

__all__ = ["MappingNeededError", "Plan", "make_plan", "template"]

_UNITLESS = frozenset({Kind.PPG, Kind.RESPIRATION})
_TIME = re.compile(r"(?:time|timestamps?|t|seconds|zeit|id[őo])", re.IGNORECASE)
_TIME_UNITS = {
    "s": "s",
    "sec": "s",
    "secs": "s",
    "seconds": "s",
    "ms": "ms",
    "msec": "ms",
    "milliseconds": "ms",
    "us": "us",
    "µs": "us",
    "microseconds": "us",
    "unix": "unix",
    "iso": "iso",
}
_MARKS = re.compile(r"(?:markers?|events?|triggers?|label|phase)", re.IGNORECASE)
_WITH_UNIT = re.compile(r"(?P<name>.*?)\s*[\[(](?P<unit>[^\])]*)[\])]\s*")


class MappingNeededError(FormatError):
    """A table whose columns are not clear without the user's words.

    Parameters
    ----------
    message, where, hint
        As `FormatError`.
    attachment : str
        A mapping file to complete, to be shown below the message.
    """

    def __init__(
        self,
        message: str,
        *,
        where: str | Path | None = None,
        hint: str = "",
        attachment: str = "",
    ) -> None:
        self.attachment = attachment
        super().__init__(message, where=where, hint=hint)

    def __reduce__(self) -> tuple[object, ...]:
        return (_again, (self.message, self.where, self.hint, self.attachment))


def _again(message: str, where: str, hint: str, attachment: str) -> MappingNeededError:
    return MappingNeededError(message, where=where or None, hint=hint, attachment=attachment)


@dataclass(frozen=True, slots=True)
class Plan:
    """How to read a table.

    Parameters
    ----------
    table : TableMapping
        Time and persons.
    signals : tuple of SignalMapping
        One per column that is a signal.
    events : EventMapping
        Where the marks are.
    unused : tuple of str
        Columns that are none of these.
    """

    table: TableMapping
    signals: tuple[SignalMapping, ...]
    events: EventMapping
    unused: tuple[str, ...]


def make_plan(path: Path, layout: Layout, mapping: Mapping, catalogue: Catalogue) -> Plan:
    """Decide what each column is.

    Raises
    ------
    MappingNeededError
        If nothing says what the columns are, or how time passes.
    FormatError
        If the first line names less than half of the columns.
    SettingsError
        If the mapping names a column that is not there.
    """
    if any(signal.column is not None for signal in mapping.signals):
        return _by_mapping(path, layout, mapping)
    return _by_header(path, layout, mapping, catalogue)


def _by_mapping(path: Path, layout: Layout, mapping: Mapping) -> Plan:
    table, events = mapping.table, mapping.events
    signals = tuple(s for s in mapping.signals if s.column is not None)
    named = [s.column for s in signals] + [table.time, table.person, events.column]
    used = {check_column(name, layout, path) for name in named if name is not None}
    only_beats = {s.kind for s in signals} == {Kind.RR}
    if table.time is None and table.rate is None and not only_beats:
        raise MappingNeededError(
            "the mapping has neither a time column nor a rate",
            where=path,
            hint='say time = "..." or rate = ... under [table]',
        )
    return Plan(table, signals, events, tuple(c for c in layout.columns if c not in used))


def _check_preamble(path: Path, columns: tuple[str, ...]) -> None:
    """Tell lines above a table, filled up with separators, from names of columns."""
    named = sum(column != "" for column in columns)
    if 2 * named < len(columns):
        raise FormatError(
            f"its first line names {named} of {len(columns)} columns: it seems to stand above the"
            " table",
            where=path,
            hint="say skip = ... (how many lines stand above the names) under [table] with --map;"
            " where no line names the columns, also header = false: they are then '1', '2', ...",
        )


def _by_header(path: Path, layout: Layout, mapping: Mapping, catalogue: Catalogue) -> Plan:
    _check_preamble(path, layout.columns)
    table, events = mapping.table, mapping.events
    signals: list[SignalMapping] = []
    doubts: list[str] = []
    unused: list[str] = []
    for column in layout.columns:
        name, unit = _name_and_unit(column)
        if table.time is None and _TIME.fullmatch(name):
            if unit.lower() in _TIME_UNITS:
                words = {"time": column, "time_unit": _TIME_UNITS[unit.lower()]}
                table = table.model_copy(update=words)
            else:
                doubts.append(f"{column!r} has no unit")
            continue
        if column in {table.time, table.person, events.column}:
            continue
        if events.column is None and events.file is None and _MARKS.fullmatch(name):
            events = events.model_copy(update={"column": column})
            continue
        kind = _kind(name, catalogue)
        if kind is None:
            unused.append(column)
        elif kind not in _UNITLESS and find_unit(kind, unit) is None:
            doubts.append(f"{column!r} has no unit of {kind.label}")
        else:
            signals.append(
                SignalMapping(column=column, kind=kind, unit=unit or None if unit else None)
            )
    only_beats = {s.kind for s in signals} == {Kind.RR}
    if table.time is None and table.rate is None and not only_beats and not doubts:
        doubts.append("no column is a time and no rate is given")
    if doubts or not signals:
        raise MappingNeededError(
            f"it is not clear what its columns are: {'; '.join(doubts or ['no known name'])}",
            where=path,
            hint="complete the mapping below, save it and give it with --map",
            attachment=template(layout, catalogue),
        )
    return Plan(table, tuple(signals), events, tuple(unused))


def _name_and_unit(column: str) -> tuple[str, str]:
    found = _WITH_UNIT.fullmatch(column)
    return (found["name"], found["unit"].strip()) if found else (column, "")


def _kind(name: str, catalogue: Catalogue) -> Kind | None:
    for word in catalogue.words:
        if word.names(name):
            return word.kind
    return None


def template(layout: Layout, catalogue: Catalogue) -> str:
    """Return a mapping file to complete for a table with these columns.

    Parameters
    ----------
    layout : Layout
        The table's columns.
    catalogue : Catalogue
        Words that name kinds, to fill in what is likely.
    """
    time = next((c for c in layout.columns if _TIME.fullmatch(_name_and_unit(c)[0])), None)
    lines = ["schema = 1", 'person = "P01"', "", "[table]"]
    if time is not None:
        lines += [f"time = {_quoted(time)}", 'time_unit = "s"        # s ms us unix unix-ms iso']
    else:
        lines += ["rate = 100.0             # samples per second; or: time = a column's name"]
    for column in layout.columns:
        if column in {time, ""}:
            continue
        name, unit = _name_and_unit(column)
        kind = _kind(name, catalogue)
        said = kind.value if kind is not None else "?"
        fitting = find_unit(kind, unit) if kind is not None and unit else None
        lines += [
            "",
            "[[signal]]",
            f"column = {_quoted(column)}",
            f'kind = "{said}"            # {" ".join(Kind)}; or delete this block',
            f'unit = "{fitting or (kind.unit if kind in _UNITLESS and kind else "?")}"',
        ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)
