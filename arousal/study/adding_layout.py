"""Where each file of a recording goes in its session's folder.

An XDF file becomes ``recording.xdf``, as if it had been recorded here. Everything else keeps its
names, because readers go by them, below ``recording/``; where several people's own exports make
one session, each lies in ``recording/<person>/``. Only what the reader read is copied.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from arousal.errors import UsageError
from arousal.ingest.mapping import MAPPING_FILE, load_mapping
from arousal.recording import Recording, Source

__all__ = ["Copy", "Layout", "layout_of", "layout_of_people", "layout_of_session", "mapping_copies"]

DATA = "recording"
_LEAVE_OUT = frozenset({"derivatives", "session.toml", "sources.tsv"})


@dataclass(frozen=True, slots=True)
class Copy:
    """One file to copy.

    Parameters
    ----------
    source : Path
        Where it is; it is only read.
    target : str
        Where it goes in the session's folder, with ``/``.
    name : str
        What it was called; inside an export folder, the path in it.
    size : int
        Bytes.
    sha256 : str
        Of a data file, as it was when it was looked at; empty for the others (a mapping).
    format : str
        What a data file was read as; empty for the others.
    """

    source: Path
    target: str
    name: str
    size: int
    sha256: str = ""
    format: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one session.

    Parameters
    ----------
    recording : str
        What ``session.toml`` names as the recording.
    copies : tuple of Copy
        Every file.
    """

    recording: str
    copies: tuple[Copy, ...]

    @property
    def data(self) -> tuple[Copy, ...]:
        """The files with measurements."""
        return tuple(c for c in self.copies if c.sha256)

    @property
    def size(self) -> int:
        """Bytes of all."""
        return sum(c.size for c in self.copies)


def layout_of(place: Path, recording: Recording, leave_out: Iterable[Path] = ()) -> Layout:
    """Lay out one file or export folder.

    Parameters
    ----------
    place : Path
        What was read.
    recording : Recording
        As read; its sources are the files.
    leave_out : iterable of Path
        Sources that go elsewhere (a mapping's own table of marks).
    """
    others = {_real(path) for path in leave_out}
    sources = [s for s in recording.sources if _real(Path(s.path)) not in others]
    if sources and sources[0].format == "xdf":
        target = DATA + _xdf_ending(place.name)
        return Layout(target, (_copy(sources[0], target, place.name),))
    base = _base(place, sources)
    copies = tuple(
        _copy(s, f"{DATA}/{_below(s.path, base)}", _below(s.path, base)) for s in sources
    )
    inside = _below(place, base)
    return Layout(DATA if inside == "." else f"{DATA}/{inside}", copies)


def layout_of_people(places: Mapping[str, Path], recordings: Mapping[str, Recording]) -> Layout:
    """Lay out several people's own recordings, by pseudonym."""
    copies: list[Copy] = []
    for person, recording in recordings.items():
        base = _base(places[person], recording.sources)
        for source in recording.sources:
            below = _below(source.path, base)
            copies.append(
                _copy(source, f"{DATA}/{person}/{below}", f"{places[person].name}/{below}")
            )
    return Layout(DATA, tuple(copies))


def layout_of_session(folder: Path, recording: Recording, named: str) -> Layout:
    """Lay out a session folder: everything but what was computed, and hidden files.

    Parameters
    ----------
    folder : Path
        With ``session.toml``, which is written anew.
    recording : Recording
        As read.
    named : str
        What its ``session.toml`` names as the recording.
    """
    data = {_real(Path(s.path)): s for s in recording.sources}
    copies: list[Copy] = []
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in below.parts)
        if hidden or below.parts[0] in _LEAVE_OUT or not path.is_file():
            continue
        source = data.get(_real(path))
        if source is not None:
            copies.append(_copy(source, below.as_posix(), below.as_posix()))
        else:
            copies.append(Copy(path, below.as_posix(), below.as_posix(), path.stat().st_size))
    return Layout(named, tuple(copies))


def mapping_copies(mapping: Path | None) -> tuple[Copy, ...]:
    """Return what a mapping needs to be the session's own: itself and the files it names.

    Raises
    ------
    UsageError
        If it names a file outside of its own folder.
    SettingsError
        If it breaks a rule.
    """
    if mapping is None:
        return ()
    words = load_mapping(mapping)
    named = [*words.devices, *([words.events.file] if words.events.file else [])]
    copies = [Copy(mapping, MAPPING_FILE, mapping.name, mapping.stat().st_size)]
    for name in named:
        path = mapping.parent / name
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise UsageError(
                f"it names {name!r}, which lies outside of its folder, so the session could not "
                "keep it",
                where=mapping,
                hint="put that file beside the mapping",
            )
        if not path.is_file():
            raise UsageError(f"it names {name!r}, which is not there", where=mapping)
        copies.append(Copy(path, Path(name).as_posix(), path.name, path.stat().st_size))
    return tuple(copies)


def _copy(source: Source, target: str, name: str) -> Copy:
    path = Path(source.path)
    return Copy(path, target, name, path.stat().st_size, source.sha256, source.format)


def _base(place: Path, sources: Iterable[Source]) -> Path:
    """The folder that holds everything that was read."""
    top = _real(place) if place.is_dir() else _real(place).parent
    return Path(os.path.commonpath([top, *(_real(Path(s.path)).parent for s in sources)]))


def _below(path: str | Path, base: Path) -> str:
    return _real(Path(path)).relative_to(base).as_posix()


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _xdf_ending(name: str) -> str:
    lower = name.lower()
    return next((e for e in (".xdf.gz", ".xdfz") if lower.endswith(e)), ".xdf")
