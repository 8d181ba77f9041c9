"""Several people's own recordings in one folder -> one Recording.

A wristband or a logger records one wearer. Where a session is made of several such exports, each
lies in a folder named by its wearer's pseudonym::

    sessions/2026-03-12/session.toml          [people.P01] ... [people.P02] ...
    sessions/2026-03-12/recording/P01/        an E4 export
    sessions/2026-03-12/recording/P02/        another one

They are put together by the devices' own clocks (Unix time), which is said, because such clocks
differ by up to seconds: enough for phases of minutes, not for who followed whom.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from arousal.errors import DataError, FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.formats import Request
from arousal.recording import Event, Person, Recording, Signal
from arousal.session import SessionFile

__all__ = ["is_people_folder", "join_people", "read_people_folder"]

Read = Callable[[Request], Recording]
Choose = Callable[[Path], Path]
CLOCK = "unix"


def is_people_folder(path: Path, session: SessionFile | None) -> bool:
    """Whether a session's recording is a folder with nothing but folders named by its people."""
    if session is None or not path.is_dir():
        return False
    inside = [p for p in path.iterdir() if not p.name.startswith(".")]
    return bool(inside) and all(p.is_dir() and p.name in session.people for p in inside)


def read_people_folder(request: Request, choose: Choose, read: Read) -> Recording:
    """Read each person's recording and join them.

    Parameters
    ----------
    request : Request
        A folder for which `is_people_folder` is true.
    choose : callable
        ``choose(folder) -> path``: what in a person's folder is to be read.
    read : callable
        Reads one request, as `arousal.ingest.loading` does.

    Raises
    ------
    DataError
        As `join_people`.
    """
    session = request.session
    assert session is not None  # noqa: S101 - is_people_folder says so
    recordings: dict[str, Recording] = {}
    for folder in sorted(p for p in request.path.iterdir() if not p.name.startswith(".")):
        own = session.model_copy(update={"people": {folder.name: session.people[folder.name]}})
        recordings[folder.name] = read(
            Request(choose(folder), request.mapping, own, f"{request.id}/{folder.name}")
        )
    return join_people(recordings, request.id)


def join_people(recordings: Mapping[str, Recording], name: str) -> Recording:
    """Join recordings of one person each by their devices' clocks.

    Parameters
    ----------
    recordings : mapping of str to Recording
        By pseudonym.
    name : str
        Id of the result.

    Returns
    -------
    Recording
        Zero is the earliest zero. Events keep their onset and get their person's name before
        their id and source.

    Raises
    ------
    FormatError
        If a recording holds several people.
    DataError
        If there are several recordings and one of them has no wall clock.
    """
    for person, recording in recordings.items():
        if len(recording.persons) != 1:
            raise FormatError(
                f"{person}'s recording holds {len(recording.persons)} people, must be 1",
                where=name,
            )
        if recording.clock != CLOCK and len(recordings) > 1:
            raise DataError(
                f"{person}'s recording does not tell its time zone, so it cannot be put on one "
                "clock with the others",
                where=name,
                hint="arousal.ingest.aligning joins two recordings by a signal that both saw",
            )
    zero = min(r.origin for r in recordings.values())
    moved = {p: _moved(r, r.origin - zero, p) for p, r in recordings.items()}
    first = min(recordings.values(), key=lambda r: r.origin)
    return Recording(
        tuple(Person(p, signals) for p, (signals, _) in moved.items()),
        tuple(event for _, events in moved.values() for event in events),
        name,
        first.clock,
        zero,
        first.started,
        tuple(s for r in recordings.values() for s in r.sources),
        (*_joined(recordings), *(f for r in recordings.values() for f in r.findings)),
        tuple(u for r in recordings.values() for u in r.unknown),
    )


def _moved(
    recording: Recording, offset: float, person: str
) -> tuple[tuple[Signal, ...], tuple[Event, ...]]:
    signals = tuple(
        replace(s, times=s.times + offset, source=f"{person}/{s.source}")
        for p in recording
        for s in p.signals
    )
    events = tuple(
        replace(e, onset=e.onset + offset, id=f"{person}/{e.id}", source=f"{person}/{e.source}")
        for e in recording.events
    )
    return signals, events


def _joined(recordings: Mapping[str, Recording]) -> tuple[Finding, ...]:
    if len(recordings) < 2:
        return ()
    starts = [r.origin for r in recordings.values()]
    text = (
        f"{len(recordings)} recordings were put together by their own devices' clocks (starts "
        f"differ by {max(starts) - min(starts):.0f} s); such clocks differ by up to seconds"
    )
    hint = "phases of minutes are not touched by that; do not read synchrony from it"
    return (Finding("clocks-side-by-side", text, Severity.WARNING, hint=hint),)
