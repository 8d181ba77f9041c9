"""What a file format is to this package: how to tell it, and how to read it.

Each format is one module with one `Format` in a constant ``FORMAT``; `arousal.ingest.loading` lists
them. A new vendor's export is one new file and one new line there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from arousal.ingest.mapping import Mapping
from arousal.recording import Recording, Source
from arousal.session import SessionFile

__all__ = ["Format", "Request", "source_of"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be read, and what is known about it beforehand.

    Parameters
    ----------
    path : Path
        File or folder; it exists.
    mapping : Mapping
        The user's own words about it (empty if there are none).
    session : SessionFile or None
        The session that the file belongs to: who wore what.
    id : str
        Name of the session.
    more : tuple of Path
        Further files of the session: a recorder that was started again begins a new one.
    """

    path: Path
    mapping: Mapping
    session: SessionFile | None = None
    id: str = ""
    more: tuple[Path, ...] = ()
    """Files that continue the first one, in order (`arousal.places.data_files`)."""


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file.

    Parameters
    ----------
    name : str
        Short name for provenance (``"xdf"``).
    label : str
        What a user calls it, for the message that lists what can be read.
    recognises : callable
        ``recognises(path) -> bool``; cheap, never raises on a readable path.
    read : callable
        ``read(request) -> Recording``.
    """

    name: str
    label: str
    recognises: Callable[[Path], bool]
    read: Callable[[Request], Recording]


def source_of(paths: Iterable[Path], format_name: str) -> tuple[Source, ...]:
    """Describe input files for provenance: path as given, sha256 of the bytes, format.

    Parameters
    ----------
    paths : iterable of Path
        Files that were read.
    format_name : str
        `Format.name`.
    """
    return tuple(Source(str(path), _sha256(path), format_name) for path in paths)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
