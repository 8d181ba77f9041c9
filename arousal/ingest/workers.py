"""Threads that say when they are stuck: each runs one step again and again, a crew watches them.

A recorder's worst failure is a thread that died quietly while the page still says "recording". A
step that raises is reported and tried again; a step that hangs is reported; one that may be doubled
safely is taken over by a fresh thread.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from arousal.findings import Finding, Severity

__all__ = ["Crew", "Fault", "Worker"]

STUCK_SECONDS = 2.0
"""A step that takes longer is reported."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A worker that failed.

    Parameters
    ----------
    worker : str
        Its name.
    what : str
        ``"raised"``, ``"stuck"``, or ``"recovered"`` when it moves again.
    detail : str
        The traceback, or how long it has been stuck.
    """

    worker: str
    what: str
    detail: str

    @property
    def finding(self) -> Finding:
        """The same for a person."""
        text = f"the recorder's thread {self.worker!r} {self.what}: {self.detail[-300:]}"
        hint = "recording goes on; please report this with the journal"
        return Finding("recorder-fault", text, Severity.PROBLEM, self.worker, hint)


class Worker:
    """A thread that runs a step at a fixed pace.

    Parameters
    ----------
    name : str
        For people and for the journal.
    step : callable
        What to do; takes nothing.
    interval : float
        Longest time in s from the start of one step to the start of the next.
    on_fault : callable
        Told of a step that raised.
    replaceable : bool
        Whether a second thread may run the step while the first hangs in it.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], None],
        interval: float,
        on_fault: Callable[[Fault], None],
        *,
        replaceable: bool = False,
    ) -> None:
        self.name = name
        self.replaceable = replaceable
        self._step, self._interval, self._on_fault = step, interval, on_fault
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._begun = 0.0  # when the step under way began; 0 between steps
        self._thread: threading.Thread | None = None
        self._generation = 0
        self._last_fault = ""

    def start(self) -> None:
        """Begin."""
        self._spawn()

    def _spawn(self) -> None:
        self._begun = 0.0
        self._generation += 1
        thread = threading.Thread(
            target=self._run, args=(self._generation,), name=f"arousal-{self.name}", daemon=True
        )
        thread.start()
        self._thread = thread

    def _run(self, generation: int) -> None:
        due = time.monotonic()
        while not self._stop.is_set() and generation == self._generation:
            self._begun = time.monotonic()
            try:
                self._step()
                self._last_fault = ""
            except Exception as error:  # noqa: BLE001 - whatever it was, recording goes on
                self._report(error)
            if generation != self._generation:
                return  # taken over while it hung
            self._begun = 0.0
            due = max(due + self._interval, time.monotonic())
            self._wake.wait(due - time.monotonic())
            self._wake.clear()

    def _report(self, error: Exception) -> None:
        detail = "".join(traceback.format_exception(error)).strip()
        # The same fault at every step would fill the journal; a new one is told again.
        if detail != self._last_fault:
            self._last_fault = detail
            self._on_fault(Fault(self.name, "raised", detail))

    def stuck_for(self, now: float) -> float:
        """Seconds that the present step has taken (0 between steps)."""
        return now - self._begun if self._begun else 0.0

    def take_over(self) -> None:
        """Go on in a fresh thread; the hanging one ends itself when it comes back."""
        if not self._stop.is_set():
            self._spawn()

    def wake(self) -> None:
        """Take the next step at once."""
        self._wake.set()

    def request_stop(self) -> None:
        """End after the present step; do not wait for it."""
        self._stop.set()
        self._wake.set()

    def stop(self, timeout: float) -> bool:
        """End after the present step; return whether it ended in time."""
        self.request_stop()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
            return not thread.is_alive()
        return True

    @property
    def alive(self) -> bool:
        """Whether its thread runs, or has not been started yet."""
        return self._thread is None or self._thread.is_alive()


class Crew:
    """Workers that are started, watched and stopped together.

    Parameters
    ----------
    on_fault : callable
        Told once when a worker raises, gets stuck, has gone, or moves again.
    """

    def __init__(self, on_fault: Callable[[Fault], None]) -> None:
        self._on_fault = on_fault
        self.workers: list[Worker] = []
        self._reported: set[str] = set()

    def add(
        self,
        name: str,
        step: Callable[[], None],
        interval: float,
        *,
        replaceable: bool = False,
    ) -> Worker:
        """Add a worker; see `Worker`."""
        worker = Worker(name, step, interval, self._on_fault, replaceable=replaceable)
        self.workers.append(worker)
        return worker

    def join(self, worker: Worker) -> None:
        """Take on a worker while the others run, and start it."""
        self.workers.append(worker)
        worker.start()

    def dismiss(self, worker: Worker) -> None:
        """End a worker after its present step; it is not missed."""
        if worker in self.workers:
            self.workers.remove(worker)
        worker.request_stop()

    def start(self) -> None:
        """Start every worker."""
        for worker in self.workers:
            worker.start()

    def check(self) -> tuple[str, ...]:
        """Look after the workers.

        Returns
        -------
        tuple of str
            Names of those that are stuck now.
        """
        now = time.monotonic()
        stuck = []
        for worker in tuple(self.workers):
            seconds = worker.stuck_for(now)
            if worker.alive and seconds < STUCK_SECONDS:
                if worker.name in self._reported:
                    self._reported.discard(worker.name)
                    self._on_fault(Fault(worker.name, "recovered", "it moves again"))
                continue
            stuck.append(worker.name)
            if worker.name in self._reported:
                continue
            self._reported.add(worker.name)
            detail = f"no sign of life for {seconds:.1f} s" if worker.alive else "the thread ended"
            self._on_fault(Fault(worker.name, "stuck", detail))
            if worker.replaceable:
                worker.take_over()
        return tuple(stuck)
