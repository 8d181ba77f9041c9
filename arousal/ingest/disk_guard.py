"""Room on the disk: how long it lasts, and a reserve for when it does not.

The reserve is a file of real bytes beside the recording. When the disk fills up most of it is
given back, so that the journal, and with it every mark, can go on.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path

from arousal.atomic import PRIVATE_FILE
from arousal.findings import Finding, Severity
from arousal.ingest.raw import StreamInfo
from arousal.ingest.xdf_chunks import NUMBER_TYPES

__all__ = ["DiskGuard", "Forecast", "bytes_per_second", "forecast", "last_call"]

RESERVE_BYTES = 8 << 20
"""Size of the reserve: a journal of 90 minutes takes half of it."""
LAST_BYTES = 1 << 20
"""What is kept of it for the journal's last lines."""
NEARLY_FULL = 256 << 10
"""Bytes free at which the last call comes (31 streams: 8 s; three: half a minute)."""
IRREGULAR_RATE = 2.0
"""Samples per second that a stream without a declared rate is reckoned to send."""
TICKS = 12.5
"""Chunks per second of a stream, each with a head of 11 bytes and a share of a journal line."""
JOURNAL_BYTES = 1800.0
"""Bytes per second that the journal's block lines take."""


def bytes_per_second(streams: Iterable[StreamInfo]) -> float:
    """Estimate what a recording of these streams writes, data and journal, in bytes per second."""
    total = JOURNAL_BYTES
    for info in streams:
        rate = info.rate or IRREGULAR_RATE
        width = NUMBER_TYPES[info.format].itemsize if info.format in NUMBER_TYPES else 32
        total += rate * (9 + width * len(info.channels)) + 11 * min(rate, TICKS)
    return total


@dataclass(frozen=True, slots=True)
class Forecast:
    """How long the disk lasts.

    Parameters
    ----------
    free : int
        Bytes free on the disk.
    rate : float
        Bytes written per second.
    """

    free: int
    rate: float

    @property
    def seconds(self) -> float:
        """Until it is full, if nobody else writes."""
        return max(self.free - RESERVE_BYTES, 0) / self.rate

    def finding(self, planned: float) -> Finding | None:
        """Say whether the planned time fits.

        Parameters
        ----------
        planned : float
            Seconds still to be recorded.

        Returns
        -------
        Finding or None
            A problem if it does not fit; a warning if less than twice the time fits.
        """
        if self.seconds >= 2 * planned:
            return None
        fits = self.seconds >= planned
        return Finding(
            "disk-short",
            f"room for {self.seconds / 60:.0f} min of recording, planned {planned / 60:.0f} min",
            Severity.WARNING if fits else Severity.PROBLEM,
            where="disk",
            hint="free some space, or record to another disk",
        )


def forecast(folder: Path, streams: Iterable[StreamInfo]) -> Forecast:
    """Look at the disk that holds ``folder``."""
    return Forecast(shutil.disk_usage(folder).free, bytes_per_second(streams))


def last_call(free: int, standing: Container[str] = ()) -> Finding | None:
    """Say that a disk is all but full, whatever is planned.

    Parameters
    ----------
    free : int
        Bytes free on it.
    standing : container of str
        Codes that stand already: once said it stands until there is clearly more room, so that
        a disk at the limit is not told on and off.

    Returns
    -------
    Finding or None
        A problem, or nothing.

    Examples
    --------
    >>> print(last_call(8192))
    disk: only 8 kB are free (free some space on this disk now)
    >>> last_call(NEARLY_FULL)
    >>> last_call(NEARLY_FULL, {"disk-nearly-full"}) is None
    False
    """
    code = "disk-nearly-full"
    if free >= (LAST_BYTES if code in standing else NEARLY_FULL):
        return None
    hint = "free some space on this disk now"
    return Finding(code, f"only {free / 1e3:.0f} kB are free", Severity.PROBLEM, "disk", hint)


class DiskGuard:
    """The reserve beside one recording.

    A file without a name, where the system has such: nobody clears it away, and a recorder that is
    killed leaves nothing behind. Windows shows it until the recording ends.

    Parameters
    ----------
    folder : Path
        Where the recording is written; it exists.
    name : str
        Name of the reserve file, as far as it has one.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._path = folder / name
        self._file = -1
        self._size = 0

    @property
    def free(self) -> int:
        """Bytes free on the disk."""
        return shutil.disk_usage(self.folder).free

    @property
    def holds(self) -> int:
        """Bytes of the reserve."""
        return self._size

    def reserve(self) -> bool:
        """Set the reserve aside; return whether there was room for it."""
        self.drop()
        if self.free < 2 * RESERVE_BYTES:
            return False
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            self._file = os.open(self._path, flags, PRIVATE_FILE)
            with contextlib.suppress(PermissionError):  # Windows, while it is open
                self._path.unlink()
            # Written, not seeked over: a hole in a file is no reserve.
            while self._size < RESERVE_BYTES:
                self._size += os.write(self._file, bytes(1 << 20))
            os.fsync(self._file)
        except OSError:
            self.drop()
            return False
        return True

    def give_back(self) -> int:
        """Return most of the reserve to the disk; return how many bytes."""
        if self._size <= LAST_BYTES:
            return 0
        given = self._size - LAST_BYTES
        os.ftruncate(self._file, LAST_BYTES)
        self._size = LAST_BYTES
        return given

    def drop(self) -> None:
        """Return all of it."""
        if self._file >= 0:
            os.close(self._file)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            self._path.unlink()
        self._file, self._size = -1, 0
