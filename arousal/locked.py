"""Whether a path lies in a locked (encrypted) study: asked before anything there is read or made.

What locks and unlocks is `arousal.protect`; this module only knows how a locked study looks, so
that every door can say so in the same words.
"""

from __future__ import annotations

import os
from pathlib import Path

from arousal.errors import UsageError

__all__ = ["LOCKED_ENDING", "LOCK_PAGE", "LOCK_TITLE", "check_unlocked", "locked_folder"]

LOCK_PAGE = "LOCKED.txt"
"""Stands in a locked study's folder and says in plain words how to open it."""
LOCK_TITLE = "This study is locked by arousal."
"""First line of that page."""
LOCKED_ENDING = ".age"
_SIGNS = tuple(f"{name}{LOCKED_ENDING}" for name in ("study.toml", "session.toml"))


def locked_folder(path: Path) -> Path | None:
    """Return the locked study that a path lies in (or is); ``None`` if it lies in none."""
    here = Path(os.path.realpath(path))
    places = (here, *here.parents)
    signs = [p for p in places if _has_page(p) or any((p / sign).exists() for sign in _SIGNS)]
    return signs[-1] if signs else None


def check_unlocked(path: Path) -> None:
    """Refuse a path inside a locked study.

    Parameters
    ----------
    path : Path
        File or folder, existing or not.

    Raises
    ------
    UsageError
        If it lies in a study that is locked, or whose locking or unlocking was interrupted.
    """
    folder = locked_folder(path)
    if folder is not None:
        raise UsageError(
            "this study is locked (encrypted)",
            where=folder,
            hint=f"arousal unlock {folder}; {LOCK_PAGE} says with which key",
        )


def _has_page(folder: Path) -> bool:
    try:
        with (folder / LOCK_PAGE).open(encoding="utf-8", errors="replace") as page:
            return page.readline().strip() == LOCK_TITLE
    except OSError:
        return False
