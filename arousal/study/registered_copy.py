"""Which registered hypothesis a study's contrasts are of; cheap to ask, and its looks are noted."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from arousal.places import sessions_of

__all__ = ["note_look", "registered_copy"]

LEDGER = "hypotheses.toml"


def registered_copy(study: Path) -> tuple[str, str]:
    """Return the last registered hypothesis: its file relative to the study, and its sha256.

    Both are empty if none is registered. The sha256 is that of the file as it is now.

    Raises
    ------
    SettingsError
        As `arousal.hypothesis.registration.registered`.
    """
    if not (study / LEDGER).is_file():
        return "", ""
    from arousal.hypothesis.registration import load_ledger, registered

    if load_ledger(study).entry() is None:
        return "", ""
    _, entry = registered(study)
    return entry.file, hashlib.sha256((study / entry.file).read_bytes()).hexdigest()


def note_look(study: Path, digest: str, now: datetime) -> None:
    """Note that contrasts are about to be computed, unless the last look was at as many sessions.

    Contrasts in a table can be looked at, whether or not anybody tests them.

    Parameters
    ----------
    study : Path
        The study's folder.
    digest : str
        sha256 of the hypothesis.
    now : datetime
        Timezone-aware.
    """
    from arousal.hypothesis.registration import load_ledger, mark_read, registered

    sessions = len(sessions_of(study))
    looks = load_ledger(study).looks_at(digest)
    if not looks or looks[-1].sessions != sessions:
        mark_read(study, registered(study)[0], sessions, now)
