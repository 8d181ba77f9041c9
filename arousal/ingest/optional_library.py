"""Libraries of the extra ``devices``: imported only when such a file is read."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from arousal.errors import UsageError

__all__ = ["require"]


def require(name: str, what: str, path: Path) -> ModuleType:
    """Import a library, or say how to get it.

    Parameters
    ----------
    name : str
        Module.
    what : str
        What it reads, for the message.
    path : Path
        File that needs it.

    Raises
    ------
    UsageError
        If it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UsageError(
            f"{what} need the library {name}, which is not installed",
            where=path,
            hint='pip install "arousal[devices]"',
        ) from None
