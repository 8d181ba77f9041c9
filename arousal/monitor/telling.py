"""The newest state of a session: made twice a second and when there is news, told to who waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

__all__ = ["Telling"]

TICK = 0.5
"""Seconds between two states, unless there is news."""
SETTLE = 0.06
"""Seconds that news waits for more: the recorder tells of all streams in one go."""
PATIENCE = 2.0
"""Seconds after which who waits is answered with what there is."""


class Telling:
    """Make states and tell them, each newer than the last.

    Parameters
    ----------
    build : callable
        Makes the state.
    lock : context manager
        Held from the first look at the session to the last word about it.

    Attributes
    ----------
    fault : str
        What `build` raised last; empty if nothing. The page may err, the recording goes on.
    """

    def __init__(
        self, build: Callable[[], dict[str, Any]], lock: AbstractContextManager[Any]
    ) -> None:
        self._build, self._lock = build, lock
        self._news = threading.Condition()
        self._heard, self._over = threading.Event(), threading.Event()
        self._state: dict[str, Any] = {}
        self._version = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.fault = ""

    def start(self) -> None:
        """Tell the first state, and go on telling."""
        self.now()
        self._thread.start()

    def soon(self) -> None:
        """There is news: do not wait for the next half second."""
        self._heard.set()

    def now(self) -> None:
        """Make a state and tell it before returning."""
        with self._lock:
            state = self._build()
            # Told before anybody else may build, or an older state could follow a newer one: who
            # withdrew, or a mark just undone, would be back on the page for half a second.
            with self._news:
                self._state = state
                self._version += 1
                self._news.notify_all()

    def wait(self, after: int) -> dict[str, Any]:
        """Return the state and its number when it is another than ``after``, or after 2 s."""
        with self._news:
            self._news.wait_for(lambda: self._version != after, timeout=PATIENCE)
            return {"version": self._version, "state": self._state}

    def stop(self) -> None:
        """End."""
        self._over.set()
        self._heard.set()
        self._thread.join(3.0)

    def _run(self) -> None:
        while not self._over.is_set():
            self._heard.wait(TICK)
            self._over.wait(SETTLE)  # the other streams of the same moment
            self._heard.clear()
            try:
                self.now()
            except Exception as error:  # noqa: BLE001 - the page may err, the recording goes on
                self.fault = repr(error)
