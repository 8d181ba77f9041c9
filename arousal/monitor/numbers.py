"""Load what live numbers are computed with, after the recording is on.

SciPy and pandas take seconds of computing until they are loaded, and half a minute on a computer
that is busy. A recorder that starts again must not wait for them: what it hears is kept by the
`Monitor` until they are there.
"""

from __future__ import annotations

import threading
from importlib import import_module

__all__ = ["Numbers"]

PATIENCE = 3.0
"""Seconds that loading lets streams come back first."""


class Numbers:
    """Loaded in a thread of its own, once somebody lets it.

    Attributes
    ----------
    trouble : str
        Why there will be no numbers; empty if nothing is wrong.
    """

    def __init__(self) -> None:
        self._there, self._let = threading.Event(), threading.Event()
        self.trouble = ""
        threading.Thread(target=self._load, daemon=True).start()

    @property
    def ready(self) -> bool:
        """Whether numbers can be computed."""
        return self._there.is_set()

    def let(self) -> None:
        """Load now: nothing more urgent is to be done."""
        self._let.set()

    def _load(self) -> None:
        self._let.wait(PATIENCE)
        try:
            import_module("arousal.monitor.body")
        except Exception as error:  # noqa: BLE001 - no numbers, and said so; the recording goes on
            self.trouble = repr(error)
            return
        self._there.set()
