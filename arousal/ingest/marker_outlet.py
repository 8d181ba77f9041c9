"""The recorder's own marks: numbered, never rewritten, and an LSL stream for other recorders."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from arousal.errors import DataError, UsageError
from arousal.ingest.info_xml import read_info
from arousal.ingest.journal import read_journal
from arousal.ingest.lsl import announce
from arousal.ingest.raw import StreamInfo
from arousal.marks import Mark, parse_mark

__all__ = ["MarkLog", "MarkerOutlet", "PlacedMark", "earlier_marks"]

MARKER_NAME = "ArousalMarkers"


class MarkerOutlet:
    """An LSL stream of marks.

    Parameters
    ----------
    name : str
        Its name on the network.
    source_id : str
        Stays the same when the recorder is started again.

    Attributes
    ----------
    xml : str
        Its full description.
    info : StreamInfo
        The same, read.
    """

    def __init__(self, name: str = MARKER_NAME, source_id: str = "arousal-markers") -> None:
        wanted = StreamInfo(
            name, "Markers", source_id, channels=("mark",), format="string", manufacturer="arousal"
        )
        self._outlet: Any = announce(wanted)
        self.xml: str = self._outlet.get_info().as_xml()
        self.info: StreamInfo = read_info(self.xml)

    def push(self, text: str, stamp: float) -> None:
        """Send a mark; ``stamp`` in s on the LSL clock."""
        if self._outlet is not None:
            self._outlet.push_sample([text], stamp)

    def close(self) -> None:
        """Take the stream off the network."""
        self._outlet = None


@dataclass(frozen=True, slots=True)
class PlacedMark:
    """A mark that was set.

    Parameters
    ----------
    mark : Mark
        With its id.
    stamp : float
        When, in s on the LSL clock.
    utc : float
        When, in Unix seconds.
    on_disk : bool
        Whether the journal on the disk has it.
    """

    mark: Mark
    stamp: float
    utc: float
    on_disk: bool


class MarkLog:
    """The marks of a session so far: gives ids, knows what can be undone.

    Parameters
    ----------
    earlier : iterable of str
        Marks that the session's earlier journals hold, so that ids go on.
    """

    def __init__(self, earlier: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._marks: dict[str, Mark] = {}
        self._undone: set[str] = set()
        self._placed: dict[str, PlacedMark] = {}
        self._count = 0
        for text in earlier:
            # A damaged journal of before must not keep this recording from starting.
            with contextlib.suppress(DataError):
                self._enter(parse_mark(text))

    def next(self, text: str) -> Mark:
        """Read a mark's text and give it an id if it has none.

        Raises
        ------
        DataError
            If it breaks the grammar of `arousal.marks`.
        UsageError
            If it undoes or moves a mark that does not exist, or its id is taken by another mark.
        """
        mark = parse_mark(text)
        with self._lock:
            if mark.verb in {"undo", "move"}:
                mark = replace(mark, of=self._target(mark))
            known = self._marks.get(mark.id)
            if known is not None and known != mark:
                raise UsageError(f"id {mark.id} is taken by {str(known)!r}", where="mark")
            mark = mark if mark.id else replace(mark, id=self._new_id())
            self._enter(mark)
            return mark

    def repeated(self, text: str) -> PlacedMark | None:
        """Return the mark that was set by this very text, if its id says so: it is sent again."""
        mark = parse_mark(text)
        known = self._placed.get(mark.id)
        if known is None or mark not in {known.mark, replace(known.mark, of="")}:
            return None
        return known

    def place(self, placed: PlacedMark) -> None:
        """Remember that a mark was set."""
        self._placed[placed.mark.id] = placed

    def _new_id(self) -> str:
        while (name := f"m{self._count + 1}") in self._marks:
            self._count += 1
        return name

    def _enter(self, mark: Mark) -> None:
        self._count += 1
        self._marks[mark.id or f"m{self._count}"] = mark
        if mark.verb == "undo":
            self._undone.add(mark.of)

    def _target(self, mark: Mark) -> str:
        standing = [
            name
            for name, other in self._marks.items()
            if name not in self._undone and other.verb not in {"undo", "move"}
        ]
        if mark.of in standing:
            return mark.of
        if mark.of or not standing:
            what = f"no mark {mark.of!r} to {mark.verb}" if mark.of else f"nothing to {mark.verb}"
            raise UsageError(what, where="mark", hint=f"marks so far: {', '.join(standing) or '-'}")
        return standing[-1]


def earlier_marks(folder: Path) -> list[str]:
    """Return the marks that a recorder wrote in a folder before it was started again."""
    return [
        str(entry.fields.get("text", ""))
        for path in sorted(folder.glob("*journal.jsonl"))
        for entry in read_journal(path)[0]
        if entry.type == "mark"
    ]
