"""One door for everything that was recorded: ``load(path)``.

>>> from arousal.ingest import load
>>> load("sessions/2026-03-12").persons[0].signals          # doctest: +SKIP
(<Signal rr 5321 x irregular from 'RR-P01'>, <Signal eda 21600 x 4 Hz from 'EDA-P01'>)
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from arousal.errors import DataError, FormatError, SettingsError
from arousal.ingest import (
    bids,
    biopac,
    delimited,
    edf,
    emotibit,
    empatica,
    everion,
    faros,
    opensignals,
    polar,
    rr_text,
    shimmer,
    welltory,
    xdf_recording,
)
from arousal.ingest.formats import Format, Request
from arousal.ingest.mapping import MAPPING_FILE, Mapping, load_mapping
from arousal.ingest.people_folder import is_people_folder, read_people_folder
from arousal.places import data_files
from arousal.protocol import load_protocol
from arousal.recording import Recording
from arousal.session import SessionFile, load_session

__all__ = ["FORMATS", "load", "stem_of", "what_to_read"]

FORMATS: tuple[Format, ...] = (
    xdf_recording.FORMAT,
    empatica.FORMAT,
    biopac.FORMAT,
    edf.FORMAT,
    opensignals.FORMAT,
    shimmer.FORMAT,
    faros.FORMAT,
    everion.FORMAT,
    emotibit.FORMAT,
    welltory.FORMAT,
    polar.FORMAT,
    bids.FORMAT,
    rr_text.FORMAT,
    delimited.FORMAT,
)
"""Formats in the order in which they are asked; a new one is one more module and one more name
here."""


TEXT = (rr_text.FORMAT, delimited.FORMAT)
"""Formats that take any text for theirs; they are no reason to name a file."""
LISTED = 5
"""Names in a hint, at most."""


def load(
    path: str | Path,
    *,
    protocol: str | Path | None = None,
    mapping: str | Path | None = None,
    session: SessionFile | None = None,
) -> Recording:
    """Read a recording: a file, an export folder, or a session folder.

    Parameters
    ----------
    path : str or Path
        A session folder (with ``session.toml``), an XDF file, an Empatica E4 folder or ZIP, a
        CSV or TSV table, ...
    protocol : str or Path, optional
        Protocol whose roles the session's people must have; default: the one that
        ``session.toml`` names. Files without a session have no roles to check.
    session : SessionFile, optional
        The session's file where it was read already; default: ``session.toml`` of the folder.
    mapping : str or Path, optional
        A mapping file (see `arousal.ingest.mapping`): what a column or stream is, and whose;
        default: ``mapping.toml`` of the session folder, if there is one.

    Returns
    -------
    Recording
        What was noticed is in ``findings``, what was not recognised in ``unknown``, and each
        input's sha256 in ``sources``.

    Raises
    ------
    DataError
        If the path does not exist or cannot be read.
    FormatError
        If no format recognises it, it is empty, or it is damaged beyond reading.
    SettingsError
        If ``session.toml``, the mapping, the protocol or a device file is wrong.
    """
    place = Path(path)
    words = load_mapping(Path(mapping)) if mapping is not None else Mapping()
    request = _request(place, words, protocol, session)
    own = _own_mapping(place)
    if mapping is None and own is not None:
        request = replace(request, mapping=load_mapping(own))
    if is_people_folder(request.path, request.session):
        return read_people_folder(request, what_to_read, _read)
    return _read(request)


def _read(request: Request) -> Recording:
    # A recorder that was killed at once leaves an empty file; the next one holds the session.
    written = (p for p in (request.path, *request.more) if p.is_dir() or p.stat().st_size)
    return _format_of(next(written, request.path)).read(request)


def _own_mapping(place: Path) -> Path | None:
    folder = place.parent if place.name == "session.toml" else place
    own = folder / MAPPING_FILE
    return own if (folder / "session.toml").is_file() and own.is_file() else None


def what_to_read(folder: Path) -> Path:
    """Return what is the recording in a folder that holds one: the folder itself, or a file in it.

    Raises
    ------
    FormatError
        If nothing in it can be read, or it is not clear which file is meant.
    """
    if _first_format(folder) is not None:
        return folder
    known = {p: n for p in sorted(folder.iterdir()) if (n := _first_format(p)) is not None}
    best = [p for p, rank in known.items() if rank == min(known.values())]
    if len(best) == 1:
        return best[0]
    text = "nothing in it can be read" if not best else f"it holds {len(best)} recordings"
    raise FormatError(text, where=folder, hint="one recording in each person's folder")


def _first_format(path: Path) -> int | None:
    return next((n for n, f in enumerate(FORMATS) if f.recognises(path)), None)


def _request(
    place: Path, words: Mapping, protocol: str | Path | None, session: SessionFile | None
) -> Request:
    try:
        there = place.exists()
    except (OSError, ValueError) as error:  # a name too long, a folder that may not be entered
        reason = error.strerror if isinstance(error, OSError) else error
        raise DataError(f"cannot be read: {reason}", where=place) from None
    if not there:
        raise DataError("there is no such file or folder", where=place)
    if not (place.is_file() or place.is_dir()):
        raise DataError("is neither a file nor a folder", where=place, hint="save it as a file")
    if place.is_file() and place.name == "session.toml":
        place = place.parent
    settings = place / "session.toml"
    if session is None and place.is_dir() and settings.is_file():
        session = load_session(settings)
    if session is None:
        if protocol is not None:
            load_protocol(protocol)  # a name that does not exist is said now, not after reading
        return Request(place, words, None, stem_of(place))
    _check_roles(session, settings, protocol)
    if not settings.is_file():
        return Request(place, words, session, session.id)
    data = _recording_of(place, session)
    return Request(data, words, session, session.id, data_files(place, session)[1:])


def stem_of(place: Path) -> str:
    """Return a file's name without its ending (``.tsv.gz`` is one), or a folder's name.

    Examples
    --------
    >>> stem_of(Path("evening.2026-03-12.xdf")), stem_of(Path("sub-01_physio.tsv.gz"))
    ('evening.2026-03-12', 'sub-01_physio')
    """
    name = Path(place.resolve().name)
    if place.is_dir():
        return name.name
    return Path(name.stem).stem if name.suffix.lower() == ".gz" else name.stem


def _check_roles(session: SessionFile, settings: Path, protocol: str | Path | None) -> None:
    if protocol is not None:
        load_protocol(protocol).check_people(session.people, settings)
    else:
        chosen = load_protocol(session.protocol, folder=settings.parent)
        chosen.check_people(session.people, settings)


def _recording_of(folder: Path, session: SessionFile) -> Path:
    data = folder / session.recording
    if not data.exists():
        raise DataError(
            f"there is no {session.recording!r}, which session.toml names as the recording",
            where=folder,
        )
    if (data / "session.toml").is_file():
        raise SettingsError(
            f"recording names {session.recording!r}, which is a session folder itself",
            where=folder / "session.toml",
        )
    return data


def _format_of(path: Path) -> Format:
    if path.is_file() and path.stat().st_size == 0:
        raise FormatError("the file is empty (0 bytes)", where=path)
    try:
        for candidate in FORMATS:
            if candidate.recognises(path):
                return candidate
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from None
    readable = "; ".join(f.label for f in FORMATS)
    hint = f"readable: session folder with session.toml; {readable}"
    if path.is_dir():
        raise FormatError("this folder is no recording", where=path, hint=_inside(path) or hint)
    raise FormatError("this file is nothing that can be read", where=path, hint=hint)


def _inside(folder: Path) -> str:
    """Name what there is in a folder that could be meant; empty if there is nothing."""
    parts = [p for p in sorted(folder.iterdir()) if p.is_file() or p.is_dir()]
    if (folder / "study.toml").exists():
        parts = [p.parent for p in sorted(folder.glob("sessions/*/session.toml"))]
    found = [
        str(p.relative_to(folder))
        for p in parts
        if (p / "session.toml").exists() or any(f.recognises(p) for f in FORMATS if f not in TEXT)
    ]
    if not found:
        return ""
    more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
    return f"name what is in it: {', '.join(found[:LISTED])}{more}"
