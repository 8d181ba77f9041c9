"""What a session's journals tell about its data files: what was kept, where a recorder was killed.

A session has one data file, or several if its recorder was killed and started again. All that is
told here comes from the folder alone, so it holds with a desk, without one, and a year later.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arousal.errors import ArousalError, DataError
from arousal.findings import Finding, Severity
from arousal.ingest.disk_check import DiskCheck
from arousal.ingest.journal import Entry, journal_path, read_journal
from arousal.ingest.marker_outlet import PlacedMark
from arousal.marks import parse_mark
from arousal.places import data_files
from arousal.session import SessionFile

__all__ = ["Earlier", "Part", "interrupted", "kept_state", "parts_of"]

SAME_CLOCK = 2.0
"""Seconds by which the calendar may have been set on a computer that was not restarted."""


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


def parts_of(folder: Path, session: SessionFile) -> tuple[Part, ...]:
    """Read the journals of all data files of a session, in the order of recording."""
    found = []
    for file in data_files(folder, session):
        journal = journal_path(file)
        found.append(Part(file, read_journal(journal)[0] if journal.is_file() else ()))
    return tuple(found)


# ---------------------------------------------------------------------- to go on after a kill


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was recorded before, for the recorder that goes on.

    Parameters
    ----------
    zero : float
        When the session began, in s on this computer's LSL clock as it is now.
    ended : float
        The last sign of life before, on the same clock.
    marks : tuple of PlacedMark
        All marks, stamps on the same clock.
    """

    zero: float
    ended: float
    marks: tuple[PlacedMark, ...] = ()

    def told(self, now: float, file: str) -> Finding:
        """Say, for the page, what a kill has cost; ``now`` in s on the LSL clock."""
        text = (
            f"the recorder was killed and started again: {max(now - self.ended, 0.0):.1f} s are "
            f"missing; what follows is in {file}"
        )
        hint = "nothing to do: the marks and the files before it are kept"
        return Finding("recorder-restarted", text, Severity.WARNING, "", hint)


def interrupted(folder: Path, session: SessionFile, clock: Callable[[], float]) -> Earlier | None:
    """Return what was recorded before, if the last recorder did not end in order.

    Parameters
    ----------
    folder : Path
        The session's folder.
    session : SessionFile
        Its ``session.toml``.
    clock : callable
        The LSL clock.
    """
    parts = parts_of(folder, session)
    if not parts or parts[-1].stop is not None:
        return None
    ahead = time.time() - clock()
    marks = [_placed(e, _shift(part, ahead)) for part in parts for e in part.entries
             if e.type == "mark"]  # fmt: skip
    zero = parts[0].entries[0].lsl + _shift(parts[0], ahead) if parts[0].entries else None
    return Earlier(
        parts[0].began - ahead if zero is None else zero,
        parts[-1].ended - ahead,
        tuple(mark for mark in marks if mark is not None),
    )


def _shift(part: Part, ahead: float) -> float:
    """Seconds to add to a journal's LSL times: none, unless the computer was restarted."""
    if not part.entries:
        return 0.0
    then = float(np.median([e.utc - e.lsl for e in part.entries[-20:]]))
    return 0.0 if abs(then - ahead) <= SAME_CLOCK else then - ahead


def _placed(entry: Entry, shift: float) -> PlacedMark | None:
    try:
        mark = parse_mark(str(entry.fields["text"]))
        stamp = float(entry.fields["stamp"]) + shift
    except (KeyError, TypeError, ValueError, DataError):
        return None
    return PlacedMark(mark, stamp, entry.utc, True)


# ---------------------------------------------------------------------- what was kept


def kept_state(folder: Path, session: SessionFile) -> dict[str, Any] | None:
    """Return what the session's files hold, as plain values for the page.

    Returns
    -------
    dict or None
        ``file``, ``journal`` (names), ``seconds``, ``complete``, ``damaged``, ``bytes``,
        ``streams`` (name, person, received, on_disk), ``interruptions`` (file, at, seconds: where a
        recorder was killed, counted from the start, and until the next one recorded), ``open``
        (whether the last file was never closed), ``known`` (whether every file has its journal,
        without which nobody can tell what had arrived). ``None`` if nothing was recorded.

    """
    parts = parts_of(folder, session)
    if not parts:
        return None
    stops = [part.stop for part in parts]
    closed = [stop for stop in stops if stop is not None]
    return {
        "file": ", ".join(part.file.name for part in parts),
        "journal": ", ".join(journal_path(part.file).name for part in parts if part.entries),
        "known": all(part.entries for part in parts),
        "seconds": parts[-1].ended - parts[0].began,
        "complete": all(bool(stop.fields.get("complete")) for stop in closed),
        "damaged": sum(int(stop.fields.get("damaged", 0)) for stop in closed),
        "bytes": sum(part.file.stat().st_size for part in parts if part.file.is_file()),
        "streams": [stream for part in parts for stream in _streams(part)],
        "interruptions": _interruptions(parts),
        "open": stops[-1] is None and bool(parts[-1].entries),
        "findings": [],
    }


def _interruptions(parts: tuple[Part, ...]) -> list[dict[str, Any]]:
    found = []
    for before, after in zip(parts, (*parts[1:], None), strict=True):
        if before.stop is None and before.entries:
            lasted = None if after is None else max(after.began - before.ended, 0.0)
            at = before.ended - parts[0].began
            found.append({"file": before.file.name, "at": at, "seconds": lasted})
    return found


def _streams(part: Part) -> list[dict[str, Any]]:
    about = {e.fields.get("stream"): e.fields for e in part.entries if e.type.startswith("stream-")}
    counts = part.stop.fields.get("streams", []) if part.stop is not None else _counted(part)
    return [
        {
            "name": about.get(number, {}).get("name") or "marks",
            "person": about.get(number, {}).get("person"),
            "received": received,
            "on_disk": on_disk,
        }
        for number, received, on_disk in counts
    ]


def _counted(part: Part) -> list[tuple[int, int, int]]:
    """Count what a killed recorder left, up to the last block that its journal tells."""
    blocks = [e.fields for e in part.entries if e.type == "block"]
    end = max((int(b["offset"]) + int(b["length"]) for b in blocks), default=0)
    check = DiskCheck(part.file)
    try:
        check.advance(min(end, part.file.stat().st_size))
    except ArousalError:
        return []  # what can be read of a damaged file is told where it is loaded
    return [(number, count, count) for number, count in sorted(check.counts.items())]
