"""A file as bytes that are mapped, not read: nothing of it need fit into memory at once."""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from arousal.errors import DataError, FormatError
from arousal.findings import Finding

__all__ = ["OpenedBytes", "open_bytes"]

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class OpenedBytes:
    """The bytes of a file (unpacked, if it was packed), and what was noticed."""

    view: memoryview
    findings: tuple[Finding, ...] = ()


@contextmanager
def open_bytes(path: Path) -> Iterator[OpenedBytes]:
    """Map a file for reading.

    Parameters
    ----------
    path : Path
        An existing file; one packed by gzip is unpacked, as far as it goes.

    Raises
    ------
    DataError
        If it is missing, a folder, empty, or cannot be opened.
    FormatError
        If it is packed and nothing can be unpacked.
    """
    mapped = _map(path)
    try:
        if mapped[:2] == _GZIP:
            content, whole = _unpacked(mapped, path)
            yield OpenedBytes(memoryview(content), () if whole else (_incomplete(path),))
        else:
            yield OpenedBytes(memoryview(mapped))
    finally:
        # While an error is on its way its traceback may hold views: the map then goes with them.
        with suppress(BufferError):
            mapped.close()


def _map(path: Path) -> mmap.mmap:
    if path.is_dir():
        raise DataError("this is a folder, not a file", where=path, hint="name the .xdf file in it")
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise DataError("no such file", where=path, hint="check the name and the folder") from None
    except ValueError:
        raise FormatError(
            "the file is empty", where=path, hint="nothing was recorded, or a copy failed"
        ) from None
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from None


def _unpacked(mapped: mmap.mmap, path: Path) -> tuple[bytearray, bool]:
    unpacker, content = zlib.decompressobj(wbits=31), bytearray()
    try:
        for at in range(0, len(mapped), 1 << 20):
            content += unpacker.decompress(mapped[at : at + (1 << 20)])
        content += unpacker.flush()
        whole = unpacker.eof
    except zlib.error:
        whole = False
    if not content:
        raise FormatError("nothing in this packed file can be unpacked", where=path)
    return content, whole


def _incomplete(path: Path) -> Finding:
    return Finding("xdf-packed", "the packed file ends early or is damaged", where=path.name)
