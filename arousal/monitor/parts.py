"""A session's data files as their journals tell them: several, if its recorder was killed.

Times are compared on the LSL clock. The calendar may be set while a session runs (an hour, when
the computer meets a time server), the LSL clock never; but it begins anew with the computer, and
then only the calendar ties two files together. The journals say which run of the computer it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from arousal.ingest.journal import Entry, journal_path, read_journal
from arousal.places import data_files
from arousal.session import SessionFile

__all__ = ["BACK", "OPENED", "Part", "back_again", "parts_of", "read_part", "shifts", "spans"]

SAME_CLOCK = 2.0
"""Seconds by which the calendar may have been set on a computer that was not restarted."""
PAIRS = 20
"""Lines at the end of one journal and the beginning of the next whose clocks are compared."""
BACK = 30.0
"""Seconds within which streams come back after a restart; what comes later was lost by itself."""
OPENED = frozenset({"stream-found", "stream-back"})
"""Lines of a journal that say which stream a number is."""


@dataclass(frozen=True, slots=True)
class Part:
    """One data file of a session, as its journal tells it.

    Parameters
    ----------
    file : Path
        The data file.
    entries : tuple of Entry
        Its journal; empty if there is none.
    """

    file: Path
    entries: tuple[Entry, ...]

    @property
    def stop(self) -> Entry | None:
        """The line with which it was closed; ``None`` if its recorder was killed."""
        return next((e for e in reversed(self.entries) if e.type == "stop"), None)

    @property
    def began(self) -> float:
        """When its recorder started, in Unix seconds."""
        return self.entries[0].utc if self.entries else self.file.stat().st_mtime

    @property
    def ended(self) -> float:
        """Its recorder's last sign of life, in Unix seconds."""
        return self.entries[-1].utc if self.entries else self.file.stat().st_mtime

    @property
    def run(self) -> str:
        """Which run of the computer it was; "" if its journal does not say."""
        return str(self.entries[0].fields.get("run", "")) if self.entries else ""

    @property
    def running(self) -> frozenset[str]:
        """Uids of the streams that were being recorded when the journal ends."""
        running: set[str] = set()
        for entry in self.entries:
            uid = str(entry.fields.get("uid", ""))
            if entry.type in OPENED:
                running.add(uid)
            elif entry.type == "stream-lost":
                running.discard(uid)
        return frozenset(running)


def read_part(file: Path) -> Part:
    """Read the journal of a data file."""
    journal = journal_path(file)
    return Part(file, read_journal(journal)[0] if journal.is_file() else ())


def parts_of(folder: Path, session: SessionFile) -> tuple[Part, ...]:
    """Read the journals of all data files of a session, in the order of recording."""
    return tuple(read_part(file) for file in data_files(folder, session))


def shifts(parts: Sequence[Part], ahead: float | None = None, run: str = "") -> tuple[float, ...]:
    """Seconds to add to each part's LSL times for the LSL clock that counts.

    Parameters
    ----------
    parts : sequence of Part
        In the order of recording.
    ahead : float, optional
        Calendar minus LSL clock now, in s: the clock that counts is then the one of now, which may
        be another than the last part's. Default: the last part's.
    run : str
        Which run of the computer the clock of now belongs to, if that is known.

    Returns
    -------
    tuple of float
        0 where the computer was not restarted in between.
    """
    found: list[float] = []
    total, after = 0.0, ahead
    for part in reversed(parts):
        if after is not None and part.entries and not (run and part.run == run):
            total += _apart(_ahead(part.entries[-PAIRS:]), after)
        found.append(total)
        if part.entries:
            after, run = _ahead(part.entries[:PAIRS]), part.run
    return tuple(reversed(found))


def _ahead(entries: Sequence[Entry]) -> float:
    return float(np.median([entry.utc - entry.lsl for entry in entries]))


def _apart(before: float, after: float) -> float:
    return 0.0 if abs(before - after) <= SAME_CLOCK else before - after


def spans(parts: Sequence[Part]) -> tuple[tuple[float, float], ...]:
    """Begin and end of each part in s, all on one clock: LSL, or Unix if a journal is missing."""
    if not all(part.entries for part in parts):
        return tuple((part.began, part.ended) for part in parts)
    return tuple(
        (part.entries[0].lsl + shift, part.entries[-1].lsl + shift)
        for part, shift in zip(parts, shifts(parts), strict=True)
    )


def back_again(before: Part, after: Part) -> tuple[float, bool]:
    """How long after its recorder's start a part has what was recorded when the one before ended.

    Parameters
    ----------
    before, after : Part
        A part whose recorder was killed, and the next; both with their journals.

    Returns
    -------
    seconds : float
        Until the last stream of before was opened again, as far as they are; 0 if none was.
    whole : bool
        Whether all of them are.
    """
    awaited = before.running
    start = after.entries[0].lsl
    found = {
        str(entry.fields["uid"]): entry.lsl - start
        for entry in after.entries
        if entry.type in OPENED and entry.fields["uid"] in awaited and entry.lsl - start <= BACK
    }
    return max(found.values(), default=0.0), found.keys() == awaited
