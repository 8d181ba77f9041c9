"""The way to a Dask cluster: whether it answers, sees the study and has our code.

Each question has a time limit of its own, because Dask's client waits for minutes or for ever.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import Future as Answer
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from arousal.atomic import write_text
from arousal.code_version import code_version
from arousal.errors import DeviceError, UsageError, one_line

if TYPE_CHECKING:
    from distributed import Client

__all__ = [
    "ClusterLimits",
    "check_worker",
    "check_workers",
    "connected",
    "gone",
    "load_distributed",
    "workers_of",
]

LEAVING = 5.0
"""Seconds in which a scheduler is told that we go; it then forgets our jobs."""


@dataclass(frozen=True, slots=True)
class ClusterLimits:
    """How long to wait for a cluster, and how much to hand it at once.

    Parameters
    ----------
    answer : float
        Seconds in which the scheduler must answer, and then have a worker.
    everybody : float
        Seconds in which every worker must have said what it sees and which code it has; the first
        import from a shared disk is slow.
    nobody : float
        Seconds without any worker after which we give up.
    ahead : int
        Jobs handed over per thread of the cluster.
    """

    answer: float = 20.0
    everybody: float = 120.0
    nobody: float = 60.0
    ahead: int = 4


def load_distributed() -> ModuleType:
    """Import Dask's distributed.

    Raises
    ------
    UsageError
        If the extra is not installed.
    """
    try:
        import distributed
    except ImportError:
        raise UsageError(
            "--scheduler needs Dask's distributed, which is not installed",
            hint='pip install "arousal[cluster]"',
        ) from None
    return distributed


@contextmanager
def connected(distributed: ModuleType, address: str, limits: ClusterLimits) -> Iterator[Client]:
    """Give a client of a cluster; when it goes, the scheduler forgets what it had asked for.

    Raises
    ------
    DeviceError
        If the scheduler does not answer.
    """
    _check_answers(distributed, address, limits.answer)
    with _quiet():
        yield from _client(distributed, address, limits)


def _client(distributed: ModuleType, address: str, limits: ClusterLimits) -> Iterator[Client]:
    try:
        client = distributed.Client(address, timeout=limits.answer, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise _silent(address, limits.answer, error) from None
    try:
        with client.as_current():
            yield client
    finally:
        with suppress(TimeoutError):  # (a scheduler that hangs must not hold up why we leave)
            client.close(timeout=LEAVING)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Dask's client logs of a lost connection to itself: we say it in one line."""
    logger = logging.getLogger("distributed.client")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def _check_answers(distributed: ModuleType, address: str, patience: float) -> None:
    """Shake hands once, in an event loop of our own that can be told to stop.

    Dask's client waits for minutes, whatever its time limit, on an address that takes a connection
    and never says anything. The thread is a daemon, so that Ctrl-C need not wait for it.
    """
    told: Answer[None] = Answer()

    def greet() -> None:
        try:
            asyncio.run(_greet(distributed, address, patience))
            told.set_result(None)
        except BaseException as error:  # noqa: BLE001 (it is raised where it is waited for)
            told.set_exception(error)

    threading.Thread(target=greet, daemon=True).start()
    try:
        told.result()
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


async def _ask(client: Client, path: str) -> dict[str, Any]:
    """Let every worker probe; Dask itself would wait for ever for one that hangs."""
    told: dict[str, Any] = await client.run(_probe, path, on_error="return", asynchronous=True)
    return told


def workers_of(client: Client, address: str, patience: float) -> dict[str, dict[str, Any]]:
    """Ask the scheduler for its workers: address -> what it knows of each.

    Raises
    ------
    DeviceError
        If it does not answer in time, or is gone.
    """
    sync: Any = client.sync  # (untyped, as is the scheduler)
    scheduler: Any = client.scheduler
    try:
        told = sync(scheduler.identity, n_workers=-1, callback_timeout=patience)
    except TimeoutError:
        raise gone("the Dask scheduler does not answer any more", address) from None
    except OSError:
        raise gone("the Dask scheduler went away", address) from None
    found: dict[str, dict[str, Any]] = told["workers"]
    return found


def gone(what: str, address: str) -> DeviceError:
    """Return the error for a cluster that was there when the run began."""
    hint = "what was computed is kept: run this again to go on"
    return DeviceError(what, where=address, hint=hint)


def check_workers(client: Client, study: Path, address: str, limits: ClusterLimits) -> int:
    """Return how many threads there are, if all workers see the folder and have our code.

    Raises
    ------
    DeviceError
        If there is no worker, or one does not answer.
    UsageError
        As `check_worker`.
    """
    try:
        client.wait_for_workers(1, timeout=limits.answer)
    except (OSError, TimeoutError):
        raise DeviceError("the Dask scheduler has no workers", where=address) from None
    probe = study / "derivatives" / f".probe-{secrets.token_hex(8)}"
    token = secrets.token_hex(16)
    write_text(probe, token)
    sync: Any = client.sync  # (untyped)
    try:
        told = sync(_ask, client, str(probe), callback_timeout=limits.everybody)
    except TimeoutError:
        workers = workers_of(client, address, limits.answer)
        raise DeviceError(
            f"this Dask worker does not answer within {limits.everybody:.0f} s",
            where=min(workers, key=lambda name: workers[name]["last_seen"], default=address),
            hint="end it, or wait until it has time again; then run this again",
        ) from None
    finally:
        probe.unlink(missing_ok=True)
    for worker, answer in told.items():
        check_worker(worker, answer, token, study)
    workers = workers_of(client, address, limits.answer)
    threads: int = sum(worker["nthreads"] for worker in workers.values())
    return max(threads, 1)


def check_worker(worker: str, answer: Any, token: str, study: Path) -> None:
    """Judge what one worker said of the folder and its code.

    Raises
    ------
    UsageError
        If it does not see the folder, has other code, or cannot run ours.
    """
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
