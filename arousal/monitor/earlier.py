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

from arousal.errors import ArousalError, DataError
from arousal.findings import Finding, Severity
from arousal.ingest.alarms import AlarmBoard
from arousal.ingest.boot import run_of_computer
from arousal.ingest.disk_check import DiskCheck
from arousal.ingest.journal import Entry, journal_path
from arousal.ingest.marker_outlet import PlacedMark
from arousal.marks import parse_mark
from arousal.monitor.parts import BACK, OPENED, Part, back_again, parts_of, read_part, shifts, spans
from arousal.session import SessionFile

__all__ = ["Earlier", "Restart", "interrupted", "kept_state"]

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
    last : Part
        The file whose recorder was killed.
    marks : tuple of PlacedMark
        All marks, stamps on the same clock.
    """

    zero: float
    ended: float
    last: Part
    marks: tuple[PlacedMark, ...] = ()


class Restart:
    """What a kill has cost: known once the streams that were recorded before are back.

    Parameters
    ----------
    earlier : Earlier
        What was recorded before.
    file : Path
        The data file in which it goes on.
    began : float
        When its recorder started, in s on the LSL clock.
    """

    def __init__(self, earlier: Earlier, file: Path, began: float) -> None:
        self._earlier, self._file, self._began = earlier, file, began
        self.settled = False
        """Whether the streams are back, or have had their time."""
        self.notes: tuple[Finding, ...] = ()
        """What is known until then."""

    def tell(self, alarms: AlarmBoard, now: float, *, over: bool = False) -> bool:
        """Find out what was lost; once it is known it stands among the alarms and in the journal.

        Parameters
        ----------
        alarms : AlarmBoard
            The recorder's.
        now : float
            In s on the LSL clock.
        over : bool
            Whether the recording ends: more will not be known.

        Returns
        -------
        bool
            Whether it is known.
        """
        if self.settled:
            return True
        back, whole = back_again(self._earlier.last, read_part(self._file))
        self.settled = over or whole or now - self._began > BACK
        waiting = 0.0 if self.settled else now - self._began
        lost = max(self._began - self._earlier.ended + (back or waiting), 0.0)
        text = (
            f"the recorder was killed and started again: {lost:.1f} s are missing; "
            f"what follows is in {self._file.name}"
        )
        hint = "nothing to do: the marks and the files before it are kept"
        found = Finding("recorder-restarted", text, Severity.WARNING, "", hint)
        self.notes = () if self.settled else (found,)
        if self.settled:
            alarms.update("restart", (found,))
        return self.settled


def interrupted(
    folder: Path, session: SessionFile, clock: Callable[[], float], same_clock: bool
) -> Earlier | None:
    """Return what was recorded before, if the last recorder did not end in order.

    Parameters
    ----------
    folder : Path
        The session's folder.
    session : SessionFile
        Its ``session.toml``.
    clock : callable
        The LSL clock.
    same_clock : bool
        Whether it is known that the computer was not restarted since, whatever its calendar says.
    """
    parts = parts_of(folder, session)
    if not parts or parts[-1].stop is not None:
        return None
    ahead = time.time() - clock()
    moves = shifts(parts, None if same_clock else ahead, run_of_computer())
    marks = [_placed(e, move) for part, move in zip(parts, moves, strict=True)
             for e in part.entries if e.type == "mark"]  # fmt: skip
    first, last = parts[0].entries, parts[-1].entries
    return Earlier(
        first[0].lsl + moves[0] if first else parts[0].began - ahead,
        last[-1].lsl + moves[-1] if last else parts[-1].ended - ahead,
        parts[-1],
        tuple(mark for mark in marks if mark is not None),
    )


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
        ``file``, ``journal`` (names), ``seconds`` (``None`` where not ``known``), ``complete``,
        ``damaged``, ``bytes``, ``streams`` (name, person, received, on_disk), ``interruptions``
        (file, at, seconds: where a recorder was killed, counted from the start, and until all was
        recorded again), ``open`` (whether the last file was never closed), ``known`` (whether every
        file has its journal, without which nobody can tell what had arrived). ``None`` if nothing
        was recorded.
    """
    parts = parts_of(folder, session)
    if not parts:
        return None
    times = spans(parts)
    known = all(part.entries for part in parts)
    stops = [part.stop for part in parts]
    closed = [stop for stop in stops if stop is not None]
    return {
        "file": ", ".join(part.file.name for part in parts),
        "journal": ", ".join(journal_path(part.file).name for part in parts if part.entries),
        "known": known,
        "seconds": times[-1][1] - times[0][0] if known else None,
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
    times = spans(parts)
    for n, before in enumerate(parts):
        if before.stop is not None or not before.entries:
            continue
        at, lasted = times[n][1] - times[0][0], None
        if n + 1 < len(parts):
            back = back_again(before, parts[n + 1])[0] if parts[n + 1].entries else 0.0
            lasted = max(times[n + 1][0] - times[n][1] + back, 0.0)
        found.append({"file": before.file.name, "at": at, "seconds": lasted})
    return found


def _streams(part: Part) -> list[dict[str, Any]]:
    about = {e.fields.get("stream"): e.fields for e in part.entries if e.type in OPENED}
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
