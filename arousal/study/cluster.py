"""The same jobs on a Dask cluster that somebody already runs.

Its workers must see the study's folder under the same path and run the same code; both are asked
of each of them before anything starts.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from arousal.atomic import write_text
from arousal.code_version import code_version
from arousal.errors import DeviceError, UsageError, one_line
from arousal.study.workers import Died

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["ClusterLimits", "run_on_cluster"]

JobT = TypeVar("JobT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class ClusterLimits:
    """How long to wait for a cluster, and how much to hand it at once.

    Parameters
    ----------
    answer : float
        Seconds in which the scheduler, and then each worker, must answer.
    nobody : float
        Seconds without any worker after which we give up.
    ahead : int
        Jobs handed over per thread of the cluster.
    """

    answer: float = 20.0
    nobody: float = 60.0
    ahead: int = 4


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
        If the scheduler does not answer, or it or all workers go away.
    """
    limits = limits or ClusterLimits()
    distributed = _load()
    with _connected(distributed, address, limits) as client:
        threads = _check_workers(client, study, address, limits)
        yield from _Hand(distributed, client, function, address, limits).answers(jobs, threads)


def _load() -> ModuleType:
    try:
        import distributed
    except ImportError:
        raise UsageError(
            "--scheduler needs Dask's distributed, which is not installed",
            hint='pip install "arousal[cluster]"',
        ) from None
    return distributed


@contextmanager
def _connected(distributed: ModuleType, address: str, limits: ClusterLimits) -> Iterator[Client]:
    _check_answers(distributed, address, limits.answer)
    try:
        client = distributed.Client(address, timeout=limits.answer, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise _silent(address, limits.answer, error) from None
    try:
        with client.as_current():
            yield client
    finally:
        client.close(timeout=limits.answer)


def _check_answers(distributed: ModuleType, address: str, patience: float) -> None:
    """Shake hands once, in an event loop of our own that can be told to stop.

    Dask's client waits for minutes, whatever its time limit, on an address that takes a connection
    and never says anything.
    """
    with ThreadPoolExecutor(1) as thread:
        try:
            thread.submit(asyncio.run, _greet(distributed, address, patience)).result()
        except (OSError, ValueError, TimeoutError) as error:
            raise _silent(address, patience, error) from None


async def _greet(distributed: ModuleType, address: str, patience: float) -> None:
    security = distributed.Security().get_connection_args("client")
    connecting = distributed.comm.connect(address, timeout=patience, **security)
    comm = await asyncio.wait_for(connecting, patience)
    comm.abort()


def _silent(address: str, patience: float, error: Exception) -> DeviceError:
    return DeviceError(
        f"no Dask scheduler answers there within {patience:.0f} s ({type(error).__name__})",
        where=address,
        hint="is it running, and is it tcp://host:port?",
    )


def _probe(path: str) -> tuple[str, str]:
    """Return what a worker reads at a path (empty: nothing), and which code it has."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError:
        text = ""
    return text, code_version()


def _check_workers(client: Client, study: Path, address: str, limits: ClusterLimits) -> int:
    """Return how many threads there are, if all workers see the folder and have our code."""
    try:
        client.wait_for_workers(1, timeout=limits.answer)
    except (OSError, TimeoutError):
        raise DeviceError("the Dask scheduler has no workers", where=address) from None
    probe = study / "derivatives" / f".probe-{secrets.token_hex(8)}"
    token = secrets.token_hex(16)
    write_text(probe, token)
    try:
        told = client.run(_probe, str(probe), on_error="return")
    finally:
        probe.unlink(missing_ok=True)
    for worker, answer in told.items():
        _check_worker(worker, answer, token, study)
    threads: dict[str, int] = client.nthreads()  # type: ignore[no-untyped-call]
    return max(sum(threads.values()), 1)


def _check_worker(worker: str, answer: Any, token: str, study: Path) -> None:
    if isinstance(answer, BaseException):
        raise UsageError(
            f"it cannot run arousal: {type(answer).__name__}: {one_line(str(answer))}",
            where=worker,
            hint="install the same arousal[study] on every worker",
        )
    text, code = answer
    if text != token:
        raise UsageError(
            f"this Dask worker does not see {study}",
            where=worker,
            hint="put the study on storage that every worker mounts at the same path",
        )
    if code != code_version():
        raise UsageError(
            f"this Dask worker has other code ({code[:12]}, here {code_version()[:12]})",
            where=worker,
            hint="install the same versions of arousal, Python and its packages everywhere",
        )


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
                raise self._gone("the Dask scheduler went away") from None

    def _check_anybody_there(self) -> None:
        if self.client.status != "running":
            raise self._gone("the Dask scheduler went away")
        if self.client.scheduler_info(n_workers=-1)["workers"]:
            self.seen = time.monotonic()
        elif time.monotonic() - self.seen > self.limits.nobody:
            raise self._gone("all Dask workers went away")

    def _gone(self, what: str) -> DeviceError:
        hint = "what was computed is kept: run this again to go on"
        return DeviceError(what, where=self.address, hint=hint)

    def _answer(self, future: Future[Any]) -> Any:
        if future.status == "finished":
            return future.result()
        if future.status == "cancelled":
            raise self._gone("the Dask scheduler went away")
        error: Any = future.exception()  # type: ignore[no-untyped-call]
        if isinstance(error, self.distributed.KilledWorker):
            return Died(-9, "several Dask workers died under it (out of memory?)")
        return Died(1, one_line(f"a Dask worker could not do it: {type(error).__name__}: {error}"))

    def _cancel(self, futures: list[Future[Any]]) -> None:
        if futures and self.client.status == "running":
            self.client.cancel(futures)  # type: ignore[no-untyped-call]
