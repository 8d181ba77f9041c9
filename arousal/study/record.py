"""What is remembered of each session's last job, so that nothing is computed twice.

``STUDY/derivatives/jobs/<session>.json``. It can be deleted at any time: then the session is
computed again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arousal.atomic import write_text
from arousal.study.inputs import Seen, Stamp

__all__ = [
    "Record",
    "forget_record",
    "load_record",
    "reading_path",
    "record_path",
    "recorded_sessions",
    "save_record",
]

FORM = 1


@dataclass(frozen=True, slots=True)
class Record:
    """A session's last job.

    Parameters
    ----------
    session : str
        The session's folder's name.
    id : str
        ``id`` of its ``session.toml``.
    key : str
        Content key of what it was made from.
    consents : str
        Checksum of who agreed to what.
    people : tuple of str
        Everybody whom the session names.
    more : tuple of str
        Input files outside of session and study.
    files, outputs : mapping of str to Seen
        Inputs, and what was written (paths relative to the study's folder).
    reason : str
        Why there are no tables; empty if there are.
    exit_code : int
        Of the error that it was, or 0.
    remarks : int
        Findings that were warnings or problems.
    """

    session: str
    id: str
    key: str
    consents: str = ""
    people: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    files: Mapping[str, Seen] = field(default_factory=dict)
    outputs: Mapping[str, Seen] = field(default_factory=dict)
    reason: str = ""
    exit_code: int = 0
    remarks: int = 0


def record_path(study: Path, session: str) -> Path:
    """Return where a session's record is kept."""
    return study / "derivatives" / "jobs" / f"{session}.json"


def reading_path(study: Path, session: str) -> Path:
    """Return where a session's reading is kept."""
    return study / "derivatives" / "readings" / f"{session}.json"


def recorded_sessions(study: Path) -> list[str]:
    """Return the sessions of which there is a record."""
    return sorted(p.stem for p in (study / "derivatives" / "jobs").glob("*.json"))


def load_record(study: Path, session: str) -> Record | None:
    """Read a session's record; ``None`` if there is none that can be read."""
    try:
        raw = json.loads(record_path(study, session).read_bytes())
        return _record(raw) if raw["form"] == FORM else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _record(raw: dict[str, Any]) -> Record:
    return Record(
        raw["session"],
        raw["id"],
        raw["key"],
        raw["consents"],
        tuple(raw["people"]),
        tuple(raw["more"]),
        _seen(raw["files"]),
        _seen(raw["outputs"]),
        raw["reason"],
        raw["exit_code"],
        raw["remarks"],
    )


def _seen(raw: dict[str, list[Any]]) -> dict[str, Seen]:
    return {name: Seen(Stamp(*row[:3]), row[3]) for name, row in raw.items()}


def save_record(study: Path, record: Record) -> None:
    """Write a session's record; raises as `arousal.atomic.replacing`."""
    content = {
        "form": FORM,
        "session": record.session,
        "id": record.id,
        "key": record.key,
        "consents": record.consents,
        "people": record.people,
        "more": record.more,
        "files": {name: [*seen.stamp, seen.sha256] for name, seen in record.files.items()},
        "outputs": {name: [*seen.stamp, seen.sha256] for name, seen in record.outputs.items()},
        "reason": record.reason,
        "exit_code": record.exit_code,
        "remarks": record.remarks,
    }
    write_text(record_path(study, record.session), json.dumps(content, ensure_ascii=False) + "\n")


def forget_record(study: Path, session: str) -> None:
    """Delete a session's record, if there is one."""
    with suppress(FileNotFoundError):
        record_path(study, session).unlink()
