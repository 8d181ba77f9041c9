"""A real Dask scheduler and real workers on the loopback interface, for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

__all__ = ["Scheduler", "cluster", "scheduler", "wait_for", "workers"]

PATIENCE = 120.0
Process = subprocess.Popen[bytes]


class Scheduler(NamedTuple):
    """Where it listens, and its process."""

    address: str
    process: Process


class Cluster(NamedTuple):
    """A scheduler and its workers."""

    scheduler: Scheduler
    workers: list[Process]

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return self.scheduler.address


def _spawned(module: str, *words: str) -> Process:
    """Start a Dask process in a clean environment; what it says goes nowhere."""
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(
        [sys.executable, "-m", module, *words],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _end(processes: list[Process]) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()


@contextmanager
def scheduler(folder: Path) -> Iterator[Scheduler]:
    """Start a scheduler on a free port; it is killed at the end."""
    told = folder / "scheduler.json"
    words = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told))
    process = _spawned("distributed.cli.dask_scheduler", *words)
    try:
        wait_for(lambda: told.exists() and told.read_text().endswith("}"), process)
        yield Scheduler(json.loads(told.read_text())["address"], process)
    finally:
        _end([process])


@contextmanager
def workers(address: str, folder: Path, count: int = 2) -> Iterator[list[Process]]:
    """Start workers of one thread each; they are killed at the end."""
    words = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
    place = ("--local-directory", str(folder / "scratch"))
    found = [
        _spawned("distributed.cli.dask_worker", address, *words, *place, "--name", str(k))
        for k in range(count)
    ]
    try:
        yield found
    finally:
        _end(found)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Start a scheduler with two workers."""
    with scheduler(folder) as head, workers(head.address, folder) as processes:
        yield Cluster(head, processes)


def wait_for(ready: Callable[[], object], process: Process | None = None) -> None:
    """Wait until something is so; fail if a process that it needs has ended."""
    end = time.monotonic() + PATIENCE
    while not ready():
        assert process is None or process.poll() is None, "it ended"
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.05)
