"""Marks in tables: a column of the data table, or a second table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from arousal.errors import DataError
from arousal.ingest.mapping import TableMapping
from arousal.ingest.markers import mark_id
from arousal.ingest.table_plan import Plan
from arousal.ingest.table_time import Clock, stamps_of
from arousal.ingest.text_table import check_column, find_layout, read_table
from arousal.recording import Event

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["events_from_column", "events_from_file"]


def events_from_column(
    table: pd.DataFrame, plan: Plan, times: NDArray[np.float64], path: Path
) -> tuple[Event, ...]:
    """Events of the data table's own marker column.

    With ``above`` or ``below`` each crossing is one event called ``label``; else each change to
    another word or number, where an empty cell and 0 are no mark.

    Raises
    ------
    DataError
        If a threshold is given and the column does not hold numbers.
    """
    column, words = plan.events.column, plan.events
    if column is None:
        return ()
    if words.above is None and words.below is None:
        labels = [_word(cell) for cell in table[column]]
        rows = [i for i, word in enumerate(labels) if word and (not i or labels[i - 1] != word)]
        found = [(i, labels[i]) for i in rows]
    else:
        values = table[column]
        if values.dtype.kind not in "fiub":
            raise DataError(f"column {column!r} does not hold numbers only", where=path)
        numbers = values.to_numpy(dtype=np.float64)
        on = numbers > words.above if words.above is not None else numbers < float(words.below or 0)
        starts = np.flatnonzero(on & ~np.concatenate([[False], on[:-1]]))
        found = [(int(i), words.label) for i in starts]
    return tuple(
        Event(float(times[row]), label, id=mark_id(label) or f"{column}#{n}", source=column)
        for n, (row, label) in enumerate(found)
        if np.isfinite(times[row])
    )


def _word(cell: object) -> str:
    if isinstance(cell, (float, int, np.number)):
        number = float(cell)
        return f"{number:.15g}" if np.isfinite(number) and number != 0 else ""
    return str(cell).strip() if isinstance(cell, str) else ""


def events_from_file(path: Path, plan: Plan, clock: Clock) -> tuple[Event, ...]:
    """Events of a second table with columns for onset and label.

    Raises
    ------
    DataError
        If it is missing, or an onset is no time.
    SettingsError
        If it lacks a column that the mapping names.
    """
    if not path.is_file():
        raise DataError("there is no such file, which the mapping names for events", where=path)
    words = plan.events
    layout = find_layout(path, TableMapping())
    named = [words.onset, words.label_column, words.duration, words.id]
    for name in named:
        if name is not None:
            check_column(name, layout, path)
    table = read_table(path, layout)
    unit = words.time_unit or plan.table.time_unit
    stamps, _, _ = stamps_of(table[words.onset], unit, path)
    seconds = np.zeros(len(table))
    if words.duration is not None:
        seconds, _, _ = stamps_of(table[words.duration], "s", path)
    labels = [_word(cell) for cell in table[words.label_column]]
    ids = [_word(cell) for cell in table[words.id]] if words.id is not None else [""] * len(labels)
    return tuple(
        Event(
            float(stamps[i]) - clock.origin,
            labels[i],
            float(seconds[i]) if np.isfinite(seconds[i]) else 0.0,
            ids[i] or mark_id(labels[i]) or f"{path.name}#{i}",
            path.name,
        )
        for i in range(len(table))
        if np.isfinite(stamps[i]) and labels[i]
    )
