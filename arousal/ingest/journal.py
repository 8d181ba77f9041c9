"""The journal beside a recording: one line of JSON for everything that happened.

It is append-only, unbuffered, and on the disk before `Journal.write` returns (unless told that the
line may go with the next `Journal.sync`), so it survives the process, the computer and a damaged
data file. Every line has ``seq`` (1, 2, 3 ...), ``utc`` (ISO 8601), ``lsl`` (s on the recorder's
LSL clock: each line is also a pair of the two clocks) and ``type``:

==================  ==================================================================
``start``           versions, data file, host, its run, forecast of the disk
``stream-found``    a stream was opened: number in the data file, uid, name, kind, person, and a
                    copy of its header (also in ``start``, for the recorder's own marks)
``stream-back``     the same, and which earlier stream it continues
``stream-refused``  a stream was seen and is not recorded, and why
``stream-lost``     a stream's sender is gone, or the recording ended
``silence``         a stream stopped sending (``state`` = ``begins``, ``ends``)
``mark``            a mark as sent: undo and move are marks too
``alarm``           something a person should act on (``state`` = ``on``, ``off``)
``disk``            free space; ``disk-full``, ``disk-back`` when writing stops, resumes
``clock``           nothing but the pair of clocks, every 10 s
``block``           ``offset``, ``length``, ``crc32`` of bytes written to the data file
``fault``           one of the recorder's own threads failed
``stop``            what was received and what is on disk, per stream
==================  ==================================================================
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arousal.atomic import PRIVATE_FILE
from arousal.errors import DataError, UsageError

__all__ = ["Entry", "Journal", "journal_path", "read_journal"]


def journal_path(data_file: Path) -> Path:
    """Return where the journal of a data file lies.

    Examples
    --------
    >>> journal_path(Path("s1/recording.xdf")).name, journal_path(Path("b.xdf")).name
    ('journal.jsonl', 'b.journal.jsonl')
    """
    if data_file.name == "recording.xdf":
        return data_file.with_name("journal.jsonl")
    return data_file.with_suffix(".journal.jsonl")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal.

    Parameters
    ----------
    seq : int
        Position, from 1; a jump means that lines are missing.
    type : str
        See the table above.
    utc : float
        When it was written, in s since 1970 by the computer's clock.
    lsl : float
        When it was written, in s on the recorder's LSL clock.
    fields : mapping
        The rest of the line.
    """

    seq: int
    type: str
    utc: float
    lsl: float
    fields: Mapping[str, Any]


class Journal:
    """A journal in the making; every method may be called from any thread.

    Parameters
    ----------
    path : Path
        File to make; it must not exist.
    lsl : callable
        Returns s on the LSL clock.
    utc : callable, optional
        Returns Unix seconds.

    Raises
    ------
    UsageError
        If the file exists.
    """

    def __init__(
        self, path: Path, lsl: Callable[[], float], utc: Callable[[], float] = time.time
    ) -> None:
        self.path = path
        self._lsl, self._utc = lsl, utc
        self._lock = threading.Lock()
        self._seq = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            self._file = os.open(path, flags, PRIVATE_FILE)
        except FileExistsError:
            raise UsageError("the file exists already", where=path) from None
        self._length = 0

    @property
    def length(self) -> int:
        """Bytes in the file."""
        return self._length

    def write(self, kind: str, fields: Mapping[str, object], *, sync: bool = True) -> bool:
        """Append a line.

        Parameters
        ----------
        kind : str
            Its ``type``.
        fields : mapping
            The rest: what JSON can hold; numbers that are not finite become ``null``.
        sync : bool
            Whether to wait until the disk itself has it.

        Returns
        -------
        bool
            Whether the disk confirmed it; ``True`` where nobody asked.

        Raises
        ------
        OSError
            If it does not fit; the file is then as before.
        """
        with self._lock:
            utc, lsl = self._utc(), self._lsl()
            line = {
                "seq": self._seq + 1,
                "utc": datetime.fromtimestamp(utc, UTC).isoformat(timespec="microseconds"),
                "lsl": round(lsl, 6),
                "type": kind,
                **{key: _plain(value) for key, value in fields.items()},
            }
            data = json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"
            self._append(data.encode("utf-8", "replace"))
            self._seq += 1
        if sync:
            try:
                self.sync()
            except OSError:
                return False  # the line stands in the file: writing it again would double it
        return True

    def _append(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            os.ftruncate(self._file, self._length)
            os.lseek(self._file, self._length, os.SEEK_SET)
            raise
        self._length += len(data)

    def sync(self) -> None:
        """Wait until the disk itself has every line."""
        os.fsync(self._file)

    def close(self) -> None:
        """Sync and close; safe to call twice."""
        with self._lock:
            if self._file >= 0:
                os.fsync(self._file)
                os.close(self._file)
                self._file = -1


def _plain(value: object) -> object:
    if isinstance(value, float) and not -float("inf") < value < float("inf"):
        return None
    return value


def read_journal(path: Path) -> tuple[tuple[Entry, ...], int]:
    """Read a journal, whatever became of it.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    entries : tuple of Entry
        Every line that is whole, in order.
    damaged : int
        How many lines are not (a last line cut off by a power failure is one).

    Raises
    ------
    DataError
        If the file is missing.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        raise DataError("the file does not exist", where=path) from None
    found = [_entry(line) for line in lines if line.strip()]
    entries = tuple(entry for entry in found if entry is not None)
    return entries, len(found) - len(entries)


def _entry(line: bytes) -> Entry | None:
    try:
        fields = json.loads(line)
        return Entry(
            int(fields.pop("seq")),
            str(fields.pop("type")),
            datetime.fromisoformat(fields.pop("utc")).timestamp(),
            float(fields.pop("lsl")),
            fields,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
