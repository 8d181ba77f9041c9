"""What a hypothesis sees of a session, kept from one run to the next.

``STUDY/derivatives/readings/<session>.json``; see `arousal.study.codec`.
"""

from __future__ import annotations

import json
from pathlib import Path

from arousal.atomic import write_text
from arousal.errors import DataError
from arousal.study.codec import from_plain, to_plain
from arousal.study.reading import SessionReading
from arousal.study.record import reading_path

__all__ = ["load_reading", "write_reading"]


def write_reading(study: Path, reading: SessionReading) -> Path:
    """Write a reading; raises as `arousal.atomic.replacing`."""
    path = reading_path(study, reading.session)
    text = json.dumps(to_plain(reading), ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")
    return path


def load_reading(study: Path, session: str) -> SessionReading:
    """Read a reading again.

    Raises
    ------
    DataError
        If there is none, or it is none of ours.
    """
    path = reading_path(study, session)
    try:
        found = from_plain(json.loads(path.read_bytes()))
    except (OSError, ValueError, DataError) as error:
        raise _spoiled(path, str(error)) from None
    if not isinstance(found, SessionReading):
        raise _spoiled(path, "it is no reading of a session")
    return found


def _spoiled(path: Path, why: str) -> DataError:
    hint = "arousal process STUDY --force"
    return DataError(f"cannot be read again: {why}", where=path, hint=hint)
