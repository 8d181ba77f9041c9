"""Which session and which study a path belongs to: consents hold wherever one enters a folder.

A session's consents must not depend on how somebody points at it. So its folder, its
``session.toml`` and its recording all mean the session; and whatever lies anywhere below a folder
with a ``study.toml`` belongs to that study, in which a missing consent is a no.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from arousal.locked import check_unlocked
from arousal.session import SessionFile, load_session

__all__ = ["data_files", "session_folder", "sessions_of", "study_folder"]

SESSION, STUDY, XDF = "session.toml", "study.toml", ".xdf"


def data_files(folder: Path, session: SessionFile) -> tuple[Path, ...]:
    """Return what was recorded in a session, in the order in which it was.

    Parameters
    ----------
    folder : Path
        The session's folder.
    session : SessionFile
        Its ``session.toml``.

    Returns
    -------
    tuple of Path
        The recording that the file names and, if it is an XDF file, those that a recorder wrote
        which was started again: ``recording-2.xdf``, ``recording-3.xdf`` ... Empty if the first is
        missing.
    """
    first = folder / session.recording
    if not first.exists():
        return ()
    if first.suffix.lower() != XDF or not first.is_file():
        return (first,)
    number = re.compile(rf"{re.escape(first.stem)}-(\d+){re.escape(first.suffix)}")
    later = {
        int(found[1]): path
        for path in first.parent.iterdir()
        if (found := number.fullmatch(path.name)) and path.is_file()
    }
    return (first, *(later[n] for n in sorted(later)))


def sessions_of(study: Path) -> tuple[Path, ...]:
    """Return the folders of a study's sessions, by name.

    A session is a folder in ``sessions/`` with a ``session.toml``. Hidden folders are none: they
    are what a file manager or a synchronising program keeps for itself.
    """
    found = (study / "sessions").glob(f"*/{SESSION}")
    return tuple(sorted(p.parent for p in found if not p.parent.name.startswith(".")))


def session_folder(path: Path) -> Path | None:
    """Return the folder of the session that a path means.

    Parameters
    ----------
    path : Path
        A session folder, its ``session.toml``, or a recording of this session (`data_files`).

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
            session = load_session(folder / SESSION)
            own = {_real(p) for p in (folder / session.recording, *data_files(folder, session))}
            return folder if here in own else None
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
