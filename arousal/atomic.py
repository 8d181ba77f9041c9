"""Write a file whole or not at all: to a temporary file beside it, flushed, then renamed.

A crash, a full disk or a pulled plug leaves either the old file or the new one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from arousal.errors import UsageError

__all__ = ["PRIVATE_FILE", "make_folder", "replacing", "replacing_all", "write_bytes", "write_text"]

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
        Where the finished file shall stand; a link is followed. Its folder is made if missing.

    Yields
    ------
    Path
        A new, empty file in the same folder, readable by its owner only.

    Raises
    ------
    UsageError
        If the folder cannot be made or written to, the disk is full, or something stands there that
        is no ordinary file (a folder, a device such as ``/dev/null``).
    """
    path = Path(os.path.realpath(path))
    try:
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "no ordinary file"
            raise UsageError(f"cannot be written: it is {kind}", where=path)
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


@contextmanager
def replacing_all(folder: Path) -> Iterator[Path]:
    """Give a temporary folder to write to; move its files into ``folder`` if the body succeeds.

    So a set of files that belong together changes as one: whatever goes wrong while they are
    written (a full disk, Ctrl-C), the old set stays as it was.

    Parameters
    ----------
    folder : Path
        Where the files shall stand; made if missing. Its other files stay.

    Raises
    ------
    UsageError
        As `replacing`.
    """
    try:
        make_folder(folder)
        new = Path(tempfile.mkdtemp(prefix=".new.", dir=folder))
    except OSError as error:
        raise _unwritable(folder, error) from None
    try:
        yield new
        for file in sorted(new.iterdir()):
            file.replace(folder / file.name)
    except UsageError as error:
        place = folder / Path(error.where).name  # not the temporary folder's
        raise UsageError(error.message, where=place, hint=error.hint) from None
    except OSError as error:
        raise _unwritable(folder, error) from None
    finally:
        shutil.rmtree(new, ignore_errors=True)


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
        hint="choose another place, or free some space",
    )
