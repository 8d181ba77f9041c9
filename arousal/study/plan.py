"""Which sessions of a study must be computed, which stand, and whose tables must go.

Nothing heavy is imported and, where nothing changed, nothing is read but the job records: looking
through a processed study costs well under a millisecond a session.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from arousal.errors import NothingUsableError, UsageError
from arousal.session import Participant, load_study, participants_of
from arousal.study.dataset import KINDS, part_sessions
from arousal.study.inputs import Inputs, consent_digest, input_files, look_at, unchanged
from arousal.study.record import Record, load_record, recorded_sessions

__all__ = ["Plan", "is_current", "left_overs", "may_be_shown", "one_id_twice", "plan_study"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done in a study.

    Parameters
    ----------
    sessions : tuple of str
        Every session that was asked for.
    pending : tuple of str
        Those to compute.
    current : mapping of str to Record
        Those that stand as they are; some because they cannot be used.
    refused : mapping of str to str
        Those that are not even tried, with the reason.
    """

    sessions: tuple[str, ...]
    pending: tuple[str, ...]
    current: Mapping[str, Record]
    refused: Mapping[str, str]


def plan_study(
    study: Path, *, hypothesis: str = "", only: str | None = None, force: bool = False
) -> Plan:
    """Look through a study.

    Parameters
    ----------
    study : Path
        Folder with ``study.toml``.
    hypothesis : str
        sha256 of the hypothesis whose contrasts are wanted; empty for none.
    only : str, optional
        Pattern of session names (``2026-03-*``).
    force : bool
        Count every session as changed.

    Raises
    ------
    SettingsError
        If this is no study, or its own files break a rule.
    NothingUsableError
        If it has no session.
    UsageError
        If no session matches.
    """
    load_study(study / "study.toml")
    people = participants_of(study)
    every = _session_folders(study)
    if not every:
        raise NothingUsableError("there is no session", where=study / "sessions")
    chosen = [n for n in every if only is None or fnmatchcase(n, only)]
    if not chosen:
        raise UsageError(f"no session matches {only!r}", where=study / "sessions")
    records = {name: load_record(study, name) for name in every}
    current = {
        name: record
        for name in every
        if (record := records[name]) is not None and is_current(study, record, people, hypothesis)
    }
    refused = _refused(study, every, current)
    pending = [n for n in chosen if n not in refused and (force or n not in current)]
    standing = {n: current[n] for n in chosen if n in current and n not in {*pending, *refused}}
    return Plan(
        tuple(chosen),
        tuple(pending),
        standing,
        {n: reason for n, reason in refused.items() if n in chosen},
    )


def is_current(
    study: Path, record: Record, people: Mapping[str, Participant], hypothesis: str
) -> bool:
    """Whether a session's tables stand as written, and all that they were made from as it was.

    Parameters
    ----------
    study : Path
        The study's folder.
    record : Record
        Its last job.
    people : mapping
        Rows of ``participants.tsv``.
    hypothesis : str
        sha256 of the hypothesis whose contrasts are wanted.
    """
    try:
        files = input_files(study, study / "sessions" / record.session, record.more)
    except OSError:
        return False
    return (
        unchanged(files, record.files)
        and Inputs(record.files, hypothesis).key(people, record.people) == record.key
        and unchanged({name: study / name for name in record.outputs}, record.outputs)
    )


def may_be_shown(study: Path, record: Record, people: Mapping[str, Participant]) -> bool:
    """Whether everybody's consent still is what it was when a session's tables were made.

    Tables stay where they are when somebody changes their mind; whoever reads them asks here first.
    """
    folder = study / "sessions" / record.session
    asked = {"session/session.toml": folder / "session.toml"}
    asked["study/study.toml"] = study / "study.toml"
    if not all(path.is_file() for path in asked.values()):
        return False
    files = look_at(asked, record.files)
    return consent_digest(files, people, record.people) == record.consents


def left_overs(study: Path) -> tuple[str, ...]:
    """Return sessions of which there are tables or a record, and no folder any more."""
    known = set(recorded_sessions(study))
    for table in KINDS:
        known |= set(part_sessions(study, table.name))
    return tuple(sorted(known - set(_session_folders(study))))


def _session_folders(study: Path) -> list[str]:
    place = study / "sessions"
    if not place.is_dir():
        return []
    return sorted(p.name for p in place.iterdir() if p.is_dir() and not p.name.startswith("."))


def _refused(study: Path, sessions: Iterable[str], current: Mapping[str, Record]) -> dict[str, str]:
    """Sessions without a ``session.toml``, and those that share an id: one evening counts once."""
    refused = {}
    ids: dict[str, str] = {}
    for name in sessions:
        path = study / "sessions" / name / "session.toml"
        if not path.is_file():
            refused[name] = "there is no session.toml in this folder"
        elif ident := (current[name].id if name in current else "") or _id_in(path):
            ids[name] = ident
    return refused | one_id_twice(ids)


def one_id_twice(ids: Mapping[str, str]) -> dict[str, str]:
    """Return why sessions that share an id are not used.

    Parameters
    ----------
    ids : mapping of str to str
        Session's folder's name -> ``id`` of its ``session.toml``.
    """
    refused = {}
    same: dict[str, list[str]] = defaultdict(list)
    for name, ident in ids.items():
        same[ident].append(name)
    for ident, names in same.items():
        for name in names if len(names) > 1 else ():
            others = ", ".join(n for n in names if n != name)
            refused[name] = (
                f'its session.toml says id = "{ident}", as does that of {others}; one evening must '
                "not count twice (give each session its own id, or take the copy away)"
            )
    return refused


def _id_in(path: Path) -> str:
    """``id`` of a ``session.toml``; empty where it cannot be read (its own job will say why)."""
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError):
        return ""
    found = raw.get("id", "")
    return found if isinstance(found, str) else ""
