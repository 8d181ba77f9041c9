"""Which session and which study a path belongs to: consents hold wherever one enters a folder.

A session's consents must not depend on how somebody points at it. So its folder, its
``session.toml`` and its recording all mean the session; and whatever lies anywhere below a folder
with a ``study.toml`` belongs to that study, in which a missing consent is a no.
"""

from __future__ import annotations

import os
from pathlib import Path

from arousal.locked import check_unlocked
from arousal.session import load_session

__all__ = ["session_folder", "study_folder"]

SESSION, STUDY = "session.toml", "study.toml"


def session_folder(path: Path) -> Path | None:
    """Return the folder of the session that a path means.

    Parameters
    ----------
    path : Path
        A session folder, its ``session.toml``, or the recording that this file names.

    Returns
    -------
    Path or None
        ``None`` for a file or folder that is none of them.

    Raises
    ------
    SettingsError
        If a ``session.toml`` above the path breaks a rule, because then it cannot be told.
    UsageError
        If it lies in a locked study.
    """
    check_unlocked(path)
    if path.name == SESSION and path.is_file():
        return path.parent
    if (path / SESSION).exists():
        return path
    here = _real(path)
    for folder in here.parents:
        if (folder / SESSION).exists():
            recording = folder / load_session(folder / SESSION).recording
            return folder if _real(recording) == here else None
    return None


def study_folder(path: Path) -> Path | None:
    """Return the nearest folder above (or at) a path that holds a ``study.toml``, if any does.

    Raises
    ------
    UsageError
        If it lies in a locked study.
    """
    check_unlocked(path)
    here = _real(path)
    return next((f for f in (here, *here.parents) if (f / STUDY).exists()), None)


def _real(path: Path) -> Path:
    """Without links; unlike `Path.resolve` it leaves a circle of links to whoever opens it."""
    return Path(os.path.realpath(path))
