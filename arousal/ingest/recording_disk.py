"""The recorder's disk side: data file, journal and reserve together, and what a full disk means.

When the disk is full the data waits in memory, most of the reserve is given back so that the
journal (and with it every mark) goes on, and the alarm stands until there is room again.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter, deque
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from arousal.atomic import make_folder
from arousal.errors import DeviceError, FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.alarms import AlarmBoard
from arousal.ingest.disk_check import DiskCheck, damaged_blocks, file_gone
from arousal.ingest.disk_guard import LAST_BYTES, RESERVE_BYTES, DiskGuard, forecast, last_call
from arousal.ingest.journal import Journal, journal_path
from arousal.ingest.lsl import local_clock
from arousal.ingest.raw import StreamInfo
from arousal.ingest.tape import Tape
from arousal.ingest.xdf_writer import Block

__all__ = ["RecordingDisk", "free_path"]

RETRY = 1.0
"""Seconds between two attempts to write to a full disk."""
BOUNDARY_SECONDS = 10.0
"""Distance of the landmarks in the data file (as LabRecorder's)."""
FORECASTS = ("disk-short", "disk-nearly-full")
"""What is said of the time to come; no matter any more when the recording is over."""
UNWRITTEN_LINES = 100_000
"""Journal lines kept in memory while not even the reserve has room."""


def free_path(out: Path) -> Path:
    """Return the data file to make: never one that exists.

    Parameters
    ----------
    out : Path
        A name that ends in ``.xdf``, or a folder, in which it is ``recording.xdf``. If that exists
        (a recorder that was started again), ``-2``, ``-3`` ... is added.
    """
    first = out if out.suffix.lower() == ".xdf" else out / "recording.xdf"
    path, number = first, 1
    while path.exists() or journal_path(path).exists():
        number += 1
        path = first.with_name(f"{first.stem}-{number}{first.suffix}")
    return path


class RecordingDisk:
    """Data file, journal and reserve of one recording.

    Parameters
    ----------
    out : Path
        See `free_path`.
    started : datetime
        Start of the recording, with a time zone.
    alarms : AlarmBoard
        Where a full or failing disk is told.

    Raises
    ------
    DeviceError
        If the files cannot be made there.
    """

    def __init__(self, out: Path, started: datetime, alarms: AlarmBoard) -> None:
        self.path = free_path(out)
        self._alarms = alarms
        self._unwritten: deque[tuple[str, dict[str, object]]] = deque(maxlen=UNWRITTEN_LINES)
        self._failure: OSError | None = None
        self._retry_at = 0.0
        self._boundary_at = 0.0
        self._trouble: dict[str, Finding] = {}
        try:
            make_folder(self.path.parent)
            self.tape = Tape(self.path, started, self._on_block)
            self.journal = Journal(journal_path(self.path), local_clock)
        except OSError as error:
            raise DeviceError(
                f"cannot record here: {error.strerror or error}",
                where=self.path,
                hint="choose a folder that exists and can be written to",
            ) from None
        self.guard = DiskGuard(self.path.parent, f".{self.path.stem}.reserve")
        self.guard.reserve()
        self._check = DiskCheck(self.path)

    @property
    def failure(self) -> OSError | None:
        """Why the data file cannot be written at this moment; ``None`` if it can."""
        return self._failure

    def note(self, kind: str, *, sync: bool = False, **fields: object) -> bool:
        """Write a line to the journal; return whether it is there.

        A line for which there is no room, even after the reserve was given back, is kept and
        written later, with ``happened`` (s on the LSL clock).
        """
        return self._line(kind, fields, sync=sync)

    def _line(self, kind: str, fields: dict[str, object], *, sync: bool = False) -> bool:
        try:
            return self.journal.write(kind, fields, sync=sync)
        except OSError as error:
            self._failed(error)  # gives the reserve back: the journal may have room now
        try:
            return self.journal.write(kind, fields, sync=sync)
        except OSError as error:
            self._unwritten.append((kind, {"happened": round(local_clock(), 6), **fields}))
            self._report("journal-stopped", error)
        return False

    def _on_block(self, block: Block) -> None:
        self.note("block", offset=block.offset, length=block.length, crc32=block.crc32)

    def write(self) -> None:
        """Write what is queued: the step of the ``write`` worker."""
        now = time.monotonic()
        if now >= self._boundary_at:
            self._boundary_at = now + BOUNDARY_SECONDS
            self.tape.boundary()
        was_full = self._failure is not None
        if was_full and (now < self._retry_at or not self._room()):
            self.tape.encode()
            return
        try:
            self.tape.flush()
        except OSError as error:
            self._failed(error)
        else:
            # Not if the journal met the full disk during this flush: that the flush still found
            # room only means that the reserve was given back, not that there is room again.
            if was_full:
                self._recovered()

    def _room(self) -> bool:
        """Whether what waits fits while the reserve is whole again."""
        wanted = self.tape.waiting + (RESERVE_BYTES - self.guard.holds) + LAST_BYTES
        return self.guard.free > wanted

    def _failed(self, error: OSError) -> None:
        """Take note of a full disk, whichever file met it first: from now on the data waits."""
        self._retry_at = time.monotonic() + RETRY
        if self._failure is not None:
            return
        self._failure = error
        given = self.guard.give_back()
        self._report("disk-full", error)
        self.note("disk-full", sync=True, error=str(error), written=self.tape.length, given=given)

    def _recovered(self) -> None:
        if self._failure is None:
            return
        self._failure = None
        self.guard.reserve()
        self._trouble.pop("disk-full", None)
        self.note("disk-back", sync=True, written=self.tape.length)
        self._tell()

    def _report(self, code: str, error: OSError) -> None:
        what = {
            "disk-full": "the data file cannot be written; data waits in memory",
            "journal-stopped": "the journal cannot be written; marks wait in memory",
            "disk-sync": "the disk does not confirm what was written",
        }[code]
        hint = "free some space on this disk now"
        self._trouble[code] = Finding(
            code, f"{what} ({error.strerror or error})", Severity.PROBLEM, "disk", hint
        )
        self._tell()

    def _tell(self) -> None:
        self._alarms.update("disk", self._trouble.values())

    def sync(self) -> None:
        """Wait for the disk, count what it has: the step of the ``sync`` worker."""
        try:
            self.tape.sync()
            self.journal.sync()
            self._trouble.pop("disk-sync", None)
        except OSError as error:
            self._report("disk-sync", error)
        self._catch_up()
        if self._look_for_files():
            self._check.advance(self.tape.length)

    def _catch_up(self) -> None:
        """Write journal lines that had no room before."""
        for _ in range(len(self._unwritten)):
            if not self._line(*self._unwritten.popleft()):
                return
        if self._trouble.pop("journal-stopped", None):
            self._tell()

    def look(self, streams: Iterable[StreamInfo], planned: float) -> None:
        """Compare the free space with the time still planned (s), and tell if it is short."""
        finding = forecast(self.path.parent, streams).finding(planned)
        self._set("disk-short", None if self._failure is not None else finding)

    def check_room(self) -> bool:
        """Tell that the disk is all but full, before it refuses anything.

        Somebody else may fill it at any time, so this is asked twice a second and costs one system
        call. While the disk does refuse, what was told stands.

        Returns
        -------
        bool
            Whether the disk said how much is free.
        """
        try:
            free = self.guard.free
        except OSError as error:
            text = f"it does not say how much is free ({error.strerror or error})"
            self._set("disk-unknown", Finding("disk-unknown", text, where="disk"))
            return False
        self._set("disk-unknown", None)
        if self._failure is None:
            self._set("disk-nearly-full", last_call(free, self._trouble))
        return True

    def _look_for_files(self) -> bool:
        """Tell of a data file or journal that is gone; return whether the data file is there."""
        lengths = {self.path: self.tape.length, self.journal.path: self.journal.length}
        found = {path: file_gone(path, length) for path, length in lengths.items()}
        for path, finding in found.items():
            self._set(f"file-gone {path.name}", finding)
        return found[self.path] is None

    def _set(self, code: str, finding: Finding | None) -> None:
        if finding is None:
            self._trouble.pop(code, None)
        else:
            self._trouble[code] = finding
        self._tell()

    def close(self) -> tuple[Finding, ...]:
        """End the data file; return what is wrong with the disk. The journal stays open.

        A disk that was full at the end is told even if the reserve had room for the rest.
        """
        try:
            self.tape.close()
        except OSError as error:
            self._failed(error)
        self._look_for_files()
        standing = tuple(f for code, f in self._trouble.items() if code not in FORECASTS)
        self.guard.drop()
        self._catch_up()
        return standing

    def verify(self) -> tuple[Counter[int], int]:
        """Read the closed data file back.

        Returns
        -------
        counts : Counter
            Samples in the file per stream number; none if it is gone.
        damaged : int
            Blocks whose bytes are not those that were written.
        """
        try:
            self._check.advance(self.tape.length)
            damaged = damaged_blocks(self.path, self.tape.lengths, self.tape.checksums)
        except OSError:  # told as "file-gone"
            return Counter(), len(self.tape.lengths)
        except FormatError:  # cut short: what is left is counted by its blocks
            damaged = damaged_blocks(self.path, self.tape.lengths, self.tape.checksums)
        return self._check.counts, damaged

    def end(self) -> None:
        """Close the journal."""
        with contextlib.suppress(OSError):
            self.journal.close()
