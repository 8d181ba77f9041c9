"""What of a study's tables stays when somebody withdraws: that of sessions they had no part in.

Everything else that was computed over the study goes, as results over many sessions cannot be
taken apart.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from arousal.errors import ArousalError
from arousal.session import participants_of
from arousal.study.plan import is_current
from arousal.study.record import Record, load_record, record_path, recorded_sessions
from arousal.study.registered_copy import registered_copy

__all__ = ["drop_made_of"]


def drop_made_of(study: Path, person: str, sessions: Collection[str]) -> list[str]:
    """Delete what a study's ``derivatives`` hold, but for what was made without a person.

    A session's tables are a function of its own files, so they stay if and only if

    - it is not among ``sessions``, whose files name the person;
    - it and its record named other people alone when the tables were made; and
    - its files and its tables are still those that the record tells of (`process` would keep
      them), so that the files in which the person was just looked for are what they were made from.

    Parameters
    ----------
    study : Path
        The study's folder.
    person : str
        Pseudonym of who withdraws.
    sessions : collection of str
        Sessions with something of theirs.

    Returns
    -------
    list of str
        What was removed, one line each; names nobody.

    Raises
    ------
    OSError
        If something cannot be deleted.
    """
    made = study / "derivatives"
    if not made.is_dir():
        return []
    stay = [r for r in _standing(study) if person not in r.people and r.session not in sessions]
    keep = {record_path(study, r.session) for r in stay}
    keep |= {study / name for r in stay for name in r.outputs}
    for path in sorted(made.rglob("*"), reverse=True):  # (what is in a folder before the folder)
        if path.is_dir() and not path.is_symlink():
            with suppress(OSError):
                path.rmdir()
        elif path not in keep:
            path.unlink()
    with suppress(OSError):
        made.rmdir()
    parts = f" (the parts of {len(stay)} other sessions stay)" if stay else ""
    return [f"the study's tables and reports{parts}"]


def _standing(study: Path) -> list[Record]:
    """Records of the sessions whose tables are what the next `process` would keep."""
    try:
        people = participants_of(study)
        _, hypothesis = registered_copy(study)
    except ArousalError:
        return []
    records = (load_record(study, name) for name in recorded_sessions(study))
    return [
        r
        for r in records
        if r is not None and not r.reason and is_current(study, r, people, hypothesis)
    ]
