"""Which marks stand: raw marks after codes, undo, late entries and corrections.

Raw events never change. Each becomes an entry; ``undo`` switches entries off (and an undo of an
undo switches them on again), ``move`` and ``ago=`` change when the marked thing began, and the rows
of ``timeline.tsv`` have the last word. What is left, in order of time, is what the timeline is
built from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from arousal.errors import DataError
from arousal.findings import Finding, Severity
from arousal.marks import Mark, parse_mark
from arousal.phase_align.corrections import Correction
from arousal.phase_align.timeline import Applied, clock
from arousal.recording import Event

__all__ = ["Standing", "StandingMark", "standing_marks"]

ABOUT_OTHERS = frozenset({"undo", "move"})


@dataclass(frozen=True, slots=True)
class StandingMark:
    """A mark that counts: when the marked thing began (s), how long (s), and what it says."""

    id: str
    time: float
    duration: float
    mark: Mark
    label: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The marks that stand, by time, with what was changed and what was noticed."""

    marks: tuple[StandingMark, ...]
    applied: tuple[Applied, ...]
    findings: tuple[Finding, ...]


@dataclass(slots=True, eq=False)
class _Entry:
    """A raw mark on its way; ``target`` is the earlier entry that an undo switched off."""

    id: str
    sent: float
    time: float
    duration: float
    mark: Mark
    label: str
    source: str
    position: int = -1
    active: bool = True
    target: _Entry | None = None


@dataclass(slots=True)
class _Ledger:
    """Entries in the order in which they were sent."""

    entries: list[_Entry] = field(default_factory=list)
    by_id: dict[str, _Entry] = field(default_factory=dict)
    applied: list[Applied] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add(self, entry: _Entry) -> None:
        entry.position = len(self.entries)
        self.entries.append(entry)
        self.by_id[entry.id] = entry
        if entry.mark.id:
            self.by_id.setdefault(entry.mark.id, entry)

    def note(self, code: str, message: str, entry: _Entry | Correction, hint: str = "") -> None:
        onset = entry.sent if isinstance(entry, _Entry) else entry.onset
        where = f"mark {entry.id}" if isinstance(entry, _Entry) else f"timeline.tsv row {entry.row}"
        self.findings.append(Finding(code, message, Severity.WARNING, where, hint, onset))

    def target_of(self, asker: _Entry) -> _Entry | None:
        """Earlier entry that an undo or move is about."""
        if asker.mark.of:
            found = self.by_id.get(asker.mark.of)
            return found if found is not None and found.position < asker.position else None
        skipped = {"undo"} if asker.mark.verb == "undo" else ABOUT_OTHERS
        for entry in reversed(self.entries[: asker.position]):
            if entry.active and entry.source == asker.source and entry.mark.verb not in skipped:
                return entry
        return None


def standing_marks(
    events: Sequence[Event],
    codes: Mapping[str, str],
    corrections: Sequence[Correction] = (),
) -> Standing:
    """Apply codes, undo, moves and corrections to raw marks.

    Parameters
    ----------
    events : sequence of Event
        Raw marks. Order matters only among marks sent at the same time.
    codes : mapping
        Text or number as sent -> phase id or mark (``[markers].codes``).
    corrections : sequence of Correction
        Rows of ``timeline.tsv`` in order.

    Returns
    -------
    Standing
        Every mark that counts, by the time at which the marked thing began; ``undo`` and ``move``
        are used up.
    """
    ledger = _Ledger()
    for event in sorted(events, key=lambda e: e.onset):
        _read(event, codes, ledger)
    for entry in ledger.entries:
        if entry.mark.verb == "undo":
            _undo(entry, ledger)
    _move_all(ledger)
    _correct_all(corrections, codes, ledger)
    return Standing(_in_order(ledger), tuple(ledger.applied), tuple(ledger.findings))


def _in_order(ledger: _Ledger) -> tuple[StandingMark, ...]:
    standing = [
        StandingMark(e.id, e.time, e.duration, e.mark, e.label)
        for e in ledger.entries
        if e.active and e.mark.verb not in ABOUT_OTHERS
    ]
    return tuple(sorted(standing, key=lambda m: m.time))


def _decode(label: str, codes: Mapping[str, str]) -> Mark:
    text = label.strip()
    mark = parse_mark(codes.get(text, text))
    if mark.verb == "word" and mark.args[0] in codes:
        meant = parse_mark(codes[mark.args[0]])
        return replace(meant, id=mark.id, ago=mark.ago, of=mark.of)
    return mark


def _read(event: Event, codes: Mapping[str, str], ledger: _Ledger) -> None:
    try:
        mark = _decode(event.label, codes)
    except DataError as error:
        ledger.findings.append(
            Finding(
                "mark-unreadable",
                f"the mark at {clock(event.onset)} was not used: {error.message}",
                Severity.WARNING,
                f"mark {event.label!r}",
                "write it again with `add` in timeline.tsv",
                event.onset,
            )
        )
        return
    identity = event.id or mark.id or f"#{len(ledger.entries) + 1}"
    entry = _Entry(
        identity,
        event.onset,
        event.onset - mark.ago,
        event.duration,
        mark,
        event.label,
        event.source,
    )
    twin = ledger.by_id.get(identity) or ledger.by_id.get(mark.id)
    if twin is not None and twin.label == entry.label:
        # A sender repeats a mark with the same id until it is acknowledged: one mark.
        message = f"sent again at {clock(event.onset)} with the same id; counted once"
        ledger.note("mark-repeated", message, entry)
        return
    if twin is not None:
        entry.id = f"{identity}@{event.onset:g}"
        message = f"two different marks have this id; the later one is called {entry.id!r}"
        ledger.note("mark-id-reused", message, twin)
    ledger.add(entry)


def _switch(entry: _Entry, active: bool) -> None:
    """Switch a mark on or off; an undo that is switched off gives back what it took."""
    if entry.active == active:
        return
    entry.active = active
    if entry.mark.verb == "undo" and entry.target is not None:
        _switch(entry.target, not active)


def _undo(entry: _Entry, ledger: _Ledger) -> None:
    target = ledger.target_of(entry)
    if target is None:
        message = f"the undo at {clock(entry.sent)} has no mark to take back"
        ledger.note("undo-without-mark", message, entry, "correct it in timeline.tsv")
        return
    if not target.active:
        message = f"mark {target.id} had been taken back already"
        ledger.note("undo-repeated", message, entry)
        return
    entry.target = target
    redo = target.mark.verb == "undo"
    _switch(target, active=False)
    note = f"{target.label!r} of {clock(target.sent)} taken back at {clock(entry.sent)}"
    ledger.applied.append(Applied(target.id, "redo" if redo else "undo", entry.id, note))


def _move_all(ledger: _Ledger) -> None:
    for entry in ledger.entries:
        if entry.mark.verb != "move" or not entry.active:
            continue
        target = ledger.target_of(entry)
        if target is None or target.mark.verb in ABOUT_OTHERS:
            message = f"the move at {clock(entry.sent)} has no mark to move"
            ledger.note("move-without-mark", message, entry, "correct it in timeline.tsv")
            continue
        target.time = entry.sent - entry.mark.ago
        note = f"{target.label!r} began at {clock(target.time)}, said at {clock(entry.sent)}"
        ledger.applied.append(Applied(target.id, "move", entry.id, note))


def _correct_all(
    corrections: Sequence[Correction], codes: Mapping[str, str], ledger: _Ledger
) -> None:
    raw = set(ledger.by_id)
    last: dict[tuple[str, str], Correction] = {}
    for row in corrections:
        for part in {"move": "t", "relabel": "l", "delete": "d", "add": "tl"}[row.action]:
            before = last.get((row.mark, part))
            if before is not None:
                message = f"row {before.row} about mark {row.mark} is overtaken by row {row.row}"
                ledger.findings.append(
                    Finding("correction-superseded", message, Severity.NOTE, "timeline.tsv")
                )
            last[(row.mark, part)] = row
        _correct(row, codes, ledger, raw)


def _correct(row: Correction, codes: Mapping[str, str], ledger: _Ledger, raw: set[str]) -> None:
    if row.action == "add":
        _add(row, codes, ledger, raw)
        return
    entry = ledger.by_id.get(row.mark)
    if entry is None:
        message = f"no mark has the id {row.mark!r}; the row was not used"
        ledger.note("correction-unknown-mark", message, row, "`add` makes a new mark")
        return
    if row.action == "delete":
        was = entry.mark.verb == "undo"
        _switch(entry, active=False)
        note = f"{entry.label!r} of {clock(entry.sent)} {'no longer counts' if was else 'deleted'}"
        ledger.applied.append(Applied(row.mark, "delete", f"row {row.row}", note))
        return
    if entry.mark.verb in ABOUT_OTHERS:
        message = f"mark {row.mark} is an {entry.mark.verb}; it can only be deleted"
        ledger.note("correction-impossible", message, row)
        return
    if not entry.active:
        _switch(entry, active=True)
        note = f"{entry.label!r} counts again"
        ledger.applied.append(Applied(row.mark, "restore", f"row {row.row}", note))
    _change(entry, row, codes, ledger)


def _change(entry: _Entry, row: Correction, codes: Mapping[str, str], ledger: _Ledger) -> None:
    if row.action == "move" and row.onset is not None:
        note = f"{entry.label!r} from {clock(entry.time)} to {clock(row.onset)}"
        entry.time = row.onset
        ledger.applied.append(Applied(row.mark, "move", f"row {row.row}", note))
    elif row.action == "relabel":
        note = f"{entry.label!r} became {row.label!r}"
        entry.mark, entry.label = _decode(row.label, codes), row.label
        ledger.applied.append(Applied(row.mark, "relabel", f"row {row.row}", note))


def _add(row: Correction, codes: Mapping[str, str], ledger: _Ledger, raw: set[str]) -> None:
    if row.mark in raw or row.onset is None:
        message = f"{row.mark!r} is already a mark's id; the row was not used"
        ledger.note("correction-impossible", message, row, "choose a new id for `add`")
        return
    mark = _decode(row.label, codes)
    entry = ledger.by_id.get(row.mark)
    if entry is None:
        ledger.add(_Entry(row.mark, row.onset, row.onset, 0.0, mark, row.label, "timeline.tsv"))
    else:
        entry.time, entry.mark, entry.label, entry.active = row.onset, mark, row.label, True
    note = f"{row.label!r} at {clock(row.onset)}"
    ledger.applied.append(Applied(row.mark, "add", f"row {row.row}", note))
