"""``*_events.tsv``: the marks of a BIDS run, read and written.

``trial_type`` is the mark word for word. Ours has two columns more: ``mark_id``, by which
corrections name a mark, and ``source``, because an undo takes back what came from the same sender.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from arousal.errors import DataError, FormatError
from arousal.ingest.markers import mark_id
from arousal.recording import Event

__all__ = ["EVENT_COLUMNS", "LABELS", "events_file", "events_text", "read_events"]

MISSING = "n/a"
EVENT_COLUMNS: dict[str, dict[str, str]] = {
    "onset": {
        "Description": "When the mark was sent, on the clock of the recording's StartTime",
        "Units": "s",
    },
    "duration": {"Description": "How long it lasts; 0 for a moment", "Units": "s"},
    "trial_type": {
        "LongName": "Mark",
        "Description": "The raw mark in words: phase/<id>, presenter/<person>, role/<person>/<role>"
        ", intervention/<type>/<who>/<whom>, silence/start|end, speech/<person>/start|end, "
        "probe/<person>/<1-9>, incident/<type>/<person>, end, undo, move. ago= is how many seconds "
        "before it was sent the marked thing began, of= the mark that an undo or move is about. "
        "Marks are never rewritten: undo and move are marks of their own",
    },
    "mark_id": {"Description": "Name of the mark, by which undo, move and corrections name it"},
    "source": {"Description": "Which marker stream carried it"},
}
"""Columns of our ``events.tsv`` and their description for ``events.json``."""
LABELS = ("trial_type", "value", "event_type")
"""Columns that may hold the mark, the first that is there."""


def events_file(table: Path) -> Path | None:
    """Return the ``_events.tsv`` of the run that a table belongs to, if there is one."""
    parts = [p for p in table.name.split(".", 1)[0].split("_")[:-1]
             if not p.startswith("recording-")]  # fmt: skip
    file = table.parent / f"{'_'.join(parts)}_events.tsv"
    return file if file.is_file() else None


def read_events(path: Path) -> tuple[Event, ...]:
    """Read an ``_events.tsv``.

    Parameters
    ----------
    path : Path
        Tab-separated, UTF-8, with a column ``onset``.

    Returns
    -------
    tuple of Event
        In the order of the file; the label is ``trial_type``, else ``value``.

    Raises
    ------
    DataError
        If an onset or duration is no number, or a line has more cells than the first.
    FormatError
        If it has no column ``onset``, or is no text.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FormatError(f"is not UTF-8: {error.reason}", where=path) from None
    names = [name.strip() for name in lines[0].split("\t")] if lines else []
    if "onset" not in names or len(set(names)) < len(names):
        raise FormatError("its first line does not name a column onset", where=path)
    found = []
    for number, line in enumerate(lines[1:]):
        if not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) > len(names):
            text = f"line {number + 2} has {len(cells)} cells, the first {len(names)}"
            raise DataError(text, where=path)
        row = dict.fromkeys(names, "") | {n: c.strip() for n, c in zip(names, cells, strict=False)}
        found.append(_event(row, number, path))
    return tuple(found)


def _event(row: dict[str, str], number: int, path: Path) -> Event:
    onset = _seconds(row["onset"], "onset", path)
    given = row.get("duration", "")
    duration = 0.0 if given in {"", MISSING} else _seconds(given, "duration", path)
    label = next((row[name] for name in LABELS if name in row), "event")
    label = "" if label == MISSING else label
    known = {key: row.get(key, "") for key in ("mark_id", "source")}
    own = {key: "" if text == MISSING else text for key, text in known.items()}
    identity = own["mark_id"] or mark_id(label) or f"events#{number}"
    return Event(onset, label, duration, identity, own["source"] or path.name)


def _seconds(text: str, what: str, path: Path) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{what} {text!r} is no number of seconds", where=path)
    return value


def events_text(events: Iterable[Event]) -> str:
    r"""Return the text of an ``_events.tsv``, by onset.

    Examples
    --------
    >>> events_text([Event(1.5, "phase/discussion", id="m1", source="marks")]).splitlines()[1]
    '1.5\t0.0\tphase/discussion\tm1\tmarks'
    """
    lines = ["\t".join(EVENT_COLUMNS)]
    for event in sorted(events, key=lambda e: e.onset):
        words = (" ".join(t.split()) or MISSING for t in (event.label, event.id, event.source))
        lines.append("\t".join((repr(event.onset), repr(event.duration), *words)))
    return "\n".join(lines) + "\n"
