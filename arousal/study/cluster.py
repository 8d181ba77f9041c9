"""The same jobs on a Dask cluster that somebody already runs.

Its workers must see the study's folder under the same path and run the same code; both are asked
of each of them before anything starts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from arousal.errors import one_line
from arousal.study.cluster_connection import (
    ClusterLimits,
    check_workers,
    connected,
    gone,
    load_distributed,
    workers_of,
)
from arousal.study.workers import Died

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["ClusterLimits", "run_on_cluster"]

JobT = TypeVar("JobT")
ResultT = TypeVar("ResultT")


def run_on_cluster(
    function: Callable[[JobT], ResultT],
    jobs: Sequence[JobT],
    address: str,
    study: Path,
    limits: ClusterLimits | None = None,
) -> Iterator[tuple[JobT, ResultT | Died]]:
    """Run a function over jobs on a Dask cluster; yield answers as they come.

    Parameters
    ----------
    function : callable
        Importable by name on the workers, and never raising.
    jobs : sequence
        What to do.
    address : str
        Of the scheduler: ``tcp://host:8786``.
    study : Path
        Folder that every worker must see under this path.
    limits : ClusterLimits, optional
        How patient to be.

    Yields
    ------
    (job, answer)
        In the order in which they are done. A job whose worker dies is given to another by the
        scheduler; `Died` stands for the answer of one under which several died.

    Raises
    ------
    UsageError
        If the extra is not installed, or a worker does not see the folder or has other code.
    DeviceError
        If the scheduler or a worker does not answer, or the scheduler or all workers go away.
    """
    limits = limits or ClusterLimits()
    distributed = load_distributed()
    with connected(distributed, address, limits) as client:
        threads = check_workers(client, study, address, limits)
        yield from _Hand(distributed, client, function, address, limits).answers(jobs, threads)


class _Hand:
    """Jobs out, answers in; never more of them under way than the cluster can hold."""

    def __init__(
        self,
        distributed: ModuleType,
        client: Client,
        function: Callable[[Any], Any],
        address: str,
        limits: ClusterLimits,
    ) -> None:
        self.distributed = distributed
        self.client = client
        self.function = function
        self.address = address
        self.limits = limits
        self.seen = time.monotonic()

    def answers(self, jobs: Sequence[Any], threads: int) -> Iterator[tuple[Any, Any]]:
        ahead = iter(jobs)
        under_way: dict[Future[Any], Any] = {}
        try:
            while True:
                while len(under_way) < threads * self.limits.ahead:
                    if (job := next(ahead, None)) is None:
                        break
                    under_way[self._submit(job)] = job
                if not under_way:
                    return
                for future in self._done(list(under_way)):
                    yield under_way.pop(future), self._answer(future)
        finally:
            self._cancel(list(under_way))

    def _submit(self, job: Any) -> Future[Any]:
        return self.client.submit(self.function, job, pure=False)

    def _done(self, futures: list[Future[Any]]) -> list[Future[Any]]:
        """Wait for some; raise if nobody is left who could do any."""
        while True:
            try:
                state = self.distributed.wait(futures, timeout=1.0, return_when="FIRST_COMPLETED")
                return list(state.done)
            except TimeoutError:
                self._check_anybody_there()
            except self.distributed.CancelledError:
                raise gone("the Dask scheduler went away", self.address) from None

    def _check_anybody_there(self) -> None:
        if self.client.status != "running":
            raise gone("the Dask scheduler went away", self.address)
        if workers_of(self.client, self.address, self.limits.answer):
            self.seen = time.monotonic()
        elif time.monotonic() - self.seen > self.limits.nobody:
            raise gone("all Dask workers went away", self.address)

    def _answer(self, future: Future[Any]) -> Any:
        if future.status == "finished":
            return self._fetched(future)
        if future.status == "cancelled":
            raise gone("the Dask scheduler went away", self.address)
        error: Any = future.exception()  # type: ignore[no-untyped-call]
        if isinstance(error, self.distributed.KilledWorker):
            return Died(-9, "several Dask workers died under it (out of memory?)")
        return Died(1, one_line(f"a Dask worker could not do it: {type(error).__name__}: {error}"))

    def _fetched(self, future: Future[Any]) -> Any:
        """Return an answer; the scheduler is asked for it, and may go while it is."""
        try:
            return future.result(timeout=self.limits.answer)
        except TimeoutError:
            raise gone("the Dask scheduler does not answer any more", self.address) from None
        except (OSError, self.distributed.CancelledError):
            raise gone("the Dask scheduler went away", self.address) from None

    def _cancel(self, futures: list[Future[Any]]) -> None:
        if futures and self.client.status == "running":
            self.client.cancel(futures)  # type: ignore[no-untyped-call]
