"""Another program's marks are written when they come, and not at the next drain.

A stream of text has a worker of its own that waits inside liblsl, so that a recorder that is killed
has lost no mark that was sent more than a few milliseconds before.
"""

from __future__ import annotations

from collections.abc import Callable

from arousal.ingest.lsl import Arrival, local_clock
from arousal.ingest.stream_book import Segment
from arousal.ingest.workers import Crew, Fault, Worker

__all__ = ["heed"]

WAIT = 0.1
"""Seconds that one wait lasts: a recording that stops has no longer to wait for it."""


def heed(
    segment: Segment,
    take: Callable[[Segment, Arrival | None, float], None],
    wake: Callable[[], None],
    crew: Crew,
    on_fault: Callable[[Fault], None],
) -> None:
    """Begin to wait for a stream's texts, until its sender is gone or the crew stops.

    Parameters
    ----------
    segment : Segment
        A stream of text.
    take : callable
        Takes what arrived (or nothing), with the time; notices a sender that has gone.
    wake : callable
        Lets the writer write at once.
    crew : Crew
        Looks after the worker.
    on_fault : callable
        Told of a step that raised.
    """

    def step() -> None:
        if not segment.alive:
            crew.dismiss(worker)
            return
        with segment.pulling:
            arrival = segment.inlet.await_text(WAIT)
            take(segment, arrival, local_clock())
        if arrival is not None:
            wake()

    worker = Worker(f"marks {segment.number}", step, 0.0, on_fault)
    crew.join(worker)
