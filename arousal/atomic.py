"""Write a file whole or not at all: to a temporary file beside it, flushed, then renamed.

A crash, a full disk or a pulled plug leaves either the old file or the new one.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from arousal.errors import UsageError

__all__ = ["PRIVATE_FILE", "make_folder", "replacing", "write_bytes", "write_text"]

PRIVATE_FILE = 0o600
"""Mode of every file that holds a person's data: its owner's alone."""
PRIVATE_FOLDER = 0o700


def make_folder(folder: Path) -> None:
    """Make a folder and what is missing above it, each its owner's alone.

    Folders that exist keep the mode that somebody gave them.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    for place in (*reversed(folder.parents), folder):
        if not place.exists():
            place.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    folder.mkdir(exist_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; rename it to ``path`` if the body succeeds.

    Parameters
    ----------
    path : Path
        Where the finished file shall stand. Its folder is made if missing.

    Yields
    ------
    Path
        A new, empty file in the same folder, readable by its owner only.

    Raises
    ------
    UsageError
        If the folder cannot be made or written to, or the disk is full.
    """
    try:
        make_folder(path.parent)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes whole or not at all; raises as `replacing`."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text whole or not at all, line ends as given; raises as `replacing`."""
    write_bytes(path, text.encode("utf-8"))


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"cannot be written: {error.strerror or error}",
        where=path,
        hint="choose another place with -o, or free some space",
    )
