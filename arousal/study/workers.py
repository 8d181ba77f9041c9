"""Jobs on processes of this machine: a worker that dies takes only its own job with it.

Python's own pools give up all jobs when one process is killed, and do not tell whose fault it was.
Here each worker has one job at a time on a pipe of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

__all__ = ["Died", "run_on_workers", "usable_cores"]

JobT = TypeVar("JobT")
ResultT = TypeVar("ResultT")

ATTEMPTS = 2
"""How often a job is tried whose worker died under it."""
JOBS_PER_WORKER = 100
"""A worker is replaced after so many jobs, so that no leak of a library can grow for days."""
PATIENCE = 5.0
"""Seconds that a worker gets to tidy up after it was told to stop."""
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
_HEAVY = ("numpy", "pandas", "scipy.signal", "scipy.stats", "threadpoolctl", "duckdb")
"""Loaded once by the server from which workers are forked; they share this memory."""


@dataclass(frozen=True, slots=True)
class Died:
    """A job without an answer: its worker died under it each time that it was tried, or ``why``."""

    exit_code: int
    why: str = ""

    def __str__(self) -> str:
        if self.why:
            return self.why
        if self.exit_code >= 0:
            return f"its worker ended with exit code {self.exit_code}"
        why = "; out of memory?" if -self.exit_code == 9 else ""
        return f"its worker was killed {ATTEMPTS} times (signal {-self.exit_code}{why})"


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_on_workers(
    function: Callable[[JobT], ResultT], jobs: Sequence[JobT], workers: int
) -> Iterator[tuple[JobT, ResultT | Died]]:
    """Run a function over jobs in other processes; yield answers as they come.

    Parameters
    ----------
    function : callable
        Importable by name, and never raising; each job and answer must be picklable.
    jobs : sequence
        What to do.
    workers : int
        Processes at the same time, from 1.

    Yields
    ------
    (job, answer)
        In the order in which they are done. `Died` stands for the answer of a job under which
        two workers died.

    Notes
    -----
    When the consumer stops early (Ctrl-C), workers are told to stop, may tidy up, and are killed
    if they do not. They ignore Ctrl-C themselves, which a terminal sends to everybody.
    """
    pool = _Pool(function, jobs)
    try:
        yield from pool.answers(min(workers, len(jobs)))
    finally:
        pool.stop()


class _Worker(Generic[JobT]):
    """One process with its pipe, and the place of the job that it has."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        context = _context()
        ours, theirs = context.Pipe()
        self.pipe: Connection = ours
        self.process = context.Process(target=_serve, args=(theirs, function), daemon=True)
        with _one_thread_each():
            self.process.start()
        theirs.close()
        self.given = 0
        self.place: int | None = None

    def give(self, place: int, job: JobT) -> None:
        self.place, self.given = place, self.given + 1
        with suppress(OSError):  # one that is dead already is noticed by its closed pipe
            self.pipe.send(job)

    def end(self) -> int:
        """Let it go, and return its exit code."""
        with suppress(OSError):
            self.pipe.close()
        self.process.join(PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        return self.process.exitcode or 0


class _Pool(Generic[JobT, ResultT]):
    def __init__(self, function: Callable[[JobT], ResultT], jobs: Sequence[JobT]) -> None:
        self.function = function
        self.jobs = jobs
        self.waiting = deque(range(len(jobs)))
        self.tries: dict[int, int] = {}
        self.workers: list[_Worker[JobT]] = []

    def answers(self, size: int) -> Iterator[tuple[JobT, ResultT | Died]]:
        while self.waiting or self.workers:
            while self.waiting and len(self.workers) < size:
                self.workers.append(_Worker(self.function))
                self._give(self.workers[-1])
            ready = wait([w.pipe for w in self.workers])
            for worker in [w for w in self.workers if w.pipe in ready]:
                yield from self._heard(worker)

    def _heard(self, worker: _Worker[JobT]) -> Iterator[tuple[JobT, ResultT | Died]]:
        place = worker.place
        try:
            answer: ResultT = worker.pipe.recv()
        except (EOFError, OSError):
            yield from self._lost(worker, place)
            return
        if self.waiting and worker.given < JOBS_PER_WORKER:
            self._give(worker)
        else:
            self.workers.remove(worker)
            worker.end()
        if place is not None:
            yield self.jobs[place], answer

    def _lost(
        self, worker: _Worker[JobT], place: int | None
    ) -> Iterator[tuple[JobT, ResultT | Died]]:
        """Try a job whose worker died once more, at the end of the queue."""
        self.workers.remove(worker)
        exit_code = worker.end()
        if place is None:
            return
        self.tries[place] = self.tries.get(place, 0) + 1
        if self.tries[place] < ATTEMPTS:
            self.waiting.append(place)
        else:
            yield self.jobs[place], Died(exit_code)

    def _give(self, worker: _Worker[JobT]) -> None:
        place = self.waiting.popleft()
        worker.give(place, self.jobs[place])

    def stop(self) -> None:
        for worker in self.workers:
            worker.process.terminate()
        for worker in self.workers:
            worker.end()
        self.workers.clear()


def _serve(pipe: Connection, function: Callable[[Any], Any]) -> None:
    """What a worker does: jobs, until nobody gives any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    with suppress(EOFError, OSError):
        while True:
            pipe.send(function(pipe.recv()))


def _leave(_number: int, _frame: object) -> None:
    """End by an exception, so that temporary files are removed on the way out."""
    raise SystemExit(0)


def _context() -> Any:
    """Workers are forked from a server that has only imported things; elsewhere started anew."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_HEAVY, "arousal.study.session_job"])
    return context


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let new processes load BLAS with one thread each: cores are shared out among jobs instead."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
