"""``timeline.tsv``: what somebody put right after the session, without touching the raw marks.

Tab-separated, one correction a row, only ever appended to::

    row  mark  action   onset   label       made_at
    1    m12   move     1834.5  n/a         2026-03-12T20:41:00+01:00
    2    m14   relabel  n/a     questions   2026-03-12T20:42:10+01:00
    3    m15   delete   n/a     n/a         2026-03-12T20:42:55+01:00
    4    c1    add      2710    phase/return  2026-03-12T20:44:02+01:00

``mark`` is the id of the raw mark that the row corrects (`Event.id`), or a new id for ``add``.
``onset`` is in seconds since the recording's zero. ``label`` is a mark in words, as in
`arousal.marks`, without attributes. Rows are applied in order: the last row that sets a mark's
onset, its label or whether it counts wins. Deleting an ``undo`` brings back what it took; any later
row about a deleted mark brings that mark back.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from pathlib import Path

from arousal.atomic import write_text
from arousal.errors import DataError
from arousal.marks import parse_mark
from arousal.protocol import Protocol

__all__ = ["ACTIONS", "Correction", "append_correction", "read_corrections"]

ACTIONS = ("move", "relabel", "delete", "add")
"""What a correction can do."""
MISSING = "n/a"
LONGEST = 7 * 86400.0
"""Recording seconds beyond which an onset is a slip of the pen (a Unix time, say)."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One row of ``timeline.tsv``.

    Parameters
    ----------
    row : int
        Number of the row, counted from 1.
    mark : str
        Id of the mark it corrects, or a new id for ``add``.
    action : str
        One of `ACTIONS`.
    onset : float or None
        Recording seconds (``move``, ``add``).
    label : str
        The mark in words (``relabel``, ``add``); empty otherwise.
    made_at : str
        When it was made, ISO 8601 with a time zone.

    Raises
    ------
    DataError
        If the action is unknown, or onset, label, mark or time do not fit it.
    """

    row: int
    mark: str
    action: str
    onset: float | None = None
    label: str = ""
    made_at: str = ""

    def __post_init__(self) -> None:
        where = f"correction {self.row}"
        if self.action not in ACTIONS:
            raise DataError(f"action is {self.action!r}, allowed {', '.join(ACTIONS)}", where=where)
        if not self.mark or not self.mark.isprintable():
            raise DataError(f"mark is {self.mark!r}, must be a mark's id", where=where)
        _check_onset(self.action, self.onset, where)
        _check_label(self.action, self.label, where)
        if self.made_at:
            _check_time(self.made_at, where)


COLUMNS = tuple(f.name for f in fields(Correction))


def _check_onset(action: str, onset: float | None, where: str) -> None:
    wanted = action in {"move", "add"}
    if wanted and (onset is None or not math.isfinite(onset) or abs(onset) > LONGEST):
        raise DataError(f"{action} needs an onset in recording seconds, is {onset}", where=where)
    if not wanted and onset is not None:
        raise DataError(f"{action} takes no onset, is {onset:g}", where=where)


def _check_label(action: str, label: str, where: str) -> None:
    if action not in {"relabel", "add"}:
        if label:
            raise DataError(f"{action} takes no label, is {label!r}", where=where)
        return
    if not label.strip() or not label.isprintable():
        raise DataError(
            f"{action} needs a label such as phase/discussion, is {label!r}", where=where
        )
    mark = parse_mark(label)
    if mark.id or mark.of or mark.ago or mark.verb in {"undo", "move"}:
        raise DataError(
            f"label {label!r} must be a plain mark without id=, of= or ago=",
            where=where,
            hint="the row itself says when and which",
        )


def _check_time(made_at: str, where: str) -> None:
    try:
        moment = datetime.fromisoformat(made_at)
    except ValueError:
        raise DataError(f"made_at is {made_at!r}, not an ISO 8601 time", where=where) from None
    if moment.tzinfo is None:
        raise DataError(f"made_at is {made_at!r}, without a time zone", where=where)


def read_corrections(path: Path) -> tuple[Correction, ...]:
    """Read a ``timeline.tsv``.

    Parameters
    ----------
    path : Path
        The file; one that does not exist holds no corrections.

    Raises
    ------
    DataError
        If it is not a UTF-8 tab-separated table with these columns, or a row breaks a rule; names
        the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from None
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8: {error.reason} at byte {error.start}", where=path) from None
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter="\t", strict=True))
    except csv.Error as error:
        raise DataError(f"not a tab-separated table: {error}", where=path) from None
    if not rows:
        return ()
    if tuple(rows[0]) != COLUMNS:
        raise DataError(f"columns are {rows[0]}, must be {list(COLUMNS)}", where=path)
    numbered = [(line, cells) for line, cells in enumerate(rows[1:], start=2) if cells]
    return tuple(_correction(cells, path, line) for line, cells in numbered)


def _correction(cells: Sequence[str], path: Path, line: int) -> Correction:
    where = f"{path}, line {line}"
    if len(cells) != len(COLUMNS):
        raise DataError(f"{len(cells)} cells, must be {len(COLUMNS)}", where=where)
    row, mark, action, onset, label, made_at = (
        "" if c.strip() == MISSING else c.strip() for c in cells
    )
    try:
        number, seconds = int(row), float(onset) if onset else None
    except ValueError:
        raise DataError(
            f"row {row!r} or onset {onset!r} is not a number",
            where=where,
            hint="onset is in seconds, with a decimal point",
        ) from None
    try:
        return Correction(number, mark, action, seconds, label, made_at)
    except DataError as error:
        raise DataError(error.message, where=where, hint=error.hint) from None


def append_correction(
    path: Path,
    mark: str,
    action: str,
    *,
    onset: float | None = None,
    label: str = "",
    made_at: datetime,
    protocol: Protocol | None = None,
    known_marks: Collection[str] | None = None,
) -> Correction:
    """Append one correction; the file is replaced as a whole, so it is never half-written.

    Parameters
    ----------
    path : Path
        ``timeline.tsv`` of a session folder; made if it does not exist.
    mark, action, onset, label
        As in `Correction`.
    made_at : datetime
        Now, with a time zone.
    protocol : Protocol, optional
        If given, a plain word or ``phase/...`` must name one of its phases.
    known_marks : collection of str, optional
        If given, the ids that may be corrected; ``add`` must not use one of them.

    Returns
    -------
    Correction
        The row as written.

    Raises
    ------
    DataError
        If the row breaks a rule, or the file that is there cannot be read.
    """
    before = read_corrections(path)
    number = max((c.row for c in before), default=0) + 1
    row = Correction(
        number, mark, action, onset, label.strip(), made_at.isoformat(timespec="seconds")
    )
    _check_known(row, before, known_marks)
    if protocol is not None and row.label:
        _check_phase(row, protocol)
    write_text(path, _as_text((*before, row)))
    return row


def _check_known(
    row: Correction, before: Sequence[Correction], known_marks: Collection[str] | None
) -> None:
    if known_marks is None:
        return
    added = {c.mark for c in before if c.action == "add"}
    if row.action == "add" and row.mark in known_marks:
        raise DataError(
            f"add needs a new id, {row.mark!r} is a raw mark's", where=f"correction {row.row}"
        )
    if row.action != "add" and row.mark not in {*known_marks, *added}:
        raise DataError(f"no mark has the id {row.mark!r}", where=f"correction {row.row}")


def _check_phase(row: Correction, protocol: Protocol) -> None:
    mark = parse_mark(row.label)
    if mark.verb in {"word", "phase"} and protocol.find_phase(mark.args[0]) is None:
        near = protocol.closest_phase(mark.args[0])
        raise DataError(
            f"label {row.label!r} names no phase of {protocol.id}",
            where=f"correction {row.row}",
            hint=f"closest: {near}" if near else ", ".join(p.id for p in protocol.phases),
        )


def _as_text(rows: Sequence[Correction]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([MISSING if c is None or c == "" else c for c in astuple(row)])
    return text.getvalue()
