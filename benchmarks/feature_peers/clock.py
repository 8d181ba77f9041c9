"""CPU seconds, taken in turn."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from statistics import median

__all__ = ["interleaved", "load"]


def interleaved(jobs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Run every job once a round, one after the other; return each one's median CPU seconds.

    A job that returns a float says by it how many seconds it would have taken more, had it done
    everything (the loops visit every k-th window only).
    """
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            began = time.process_time()
            more = job()
            used = time.process_time() - began
            seconds[name].append(used + (more if isinstance(more, float) else 0.0))
    return {name: median(each) for name, each in seconds.items()}


def load() -> str:
    """Return how busy the machine is, for the output."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
