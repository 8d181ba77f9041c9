"""The same jobs on a Dask cluster: a real scheduler and real workers on the loopback interface."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from arousal.code_version import code_version
from arousal.errors import DeviceError, UsageError
from arousal.study import cluster
from arousal.study.cluster import ClusterLimits, run_on_cluster
from arousal.study.record import recorded_sessions
from tests.study.small_study import half_written, in_this_process, made, make_study, run

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="processes are killed here"),
    pytest.mark.timeout(200),
]
QUICK = ClusterLimits(answer=1.0, nobody=1.0)
QUICK_TO_LEAVE = ClusterLimits(answer=30.0, nobody=1.0)
NAMES = ("s1", "s2", "s3")


def spawned(module, *words):
    """Start a Dask process in a clean environment; what it says goes nowhere."""
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(
        [sys.executable, "-m", module, *words],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def scheduler(folder):
    told = folder / "scheduler.json"
    words = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told))
    process = spawned("distributed.cli.dask_scheduler", *words)
    try:
        wait_for(lambda: told.exists() and told.read_text().endswith("}"), process)
        yield json.loads(told.read_text())["address"]
    finally:
        process.kill()
        process.wait()


@contextmanager
def workers(address, folder, count=2):
    words = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
    place = ("--local-directory", str(folder / "scratch"))
    found = [
        spawned("distributed.cli.dask_worker", address, *words, *place, "--name", str(k))
        for k in range(count)
    ]
    try:
        yield found
    finally:
        for process in found:
            process.kill()
            process.wait()


def wait_for(ready, process):
    end = time.monotonic() + 120
    while not ready():
        assert process.poll() is None, "it ended"
        assert time.monotonic() < end, "it does not begin"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def cluster_of_two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dask")
    with scheduler(folder) as address, workers(address, folder) as processes:
        yield address, processes


@pytest.mark.slow
def test_a_worker_that_is_killed_midway_costs_no_session_and_no_byte(
    tmp_path, cluster_of_two, monkeypatch
):
    address, processes = cluster_of_two
    study = make_study(tmp_path / "study", NAMES)
    local = tmp_path / "local"
    shutil.copytree(study, local)

    def kill_one():
        wait_for(lambda: recorded_sessions(study), processes[0])
        processes[0].send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    report = run(study, scheduler=address)
    killer.join(timeout=1)
    assert processes[0].wait(timeout=10) == -signal.SIGKILL
    assert (report.computed + report.kept, report.failures) == (3, ())
    in_this_process(monkeypatch)
    assert run(local).failures == ()
    assert made(study) == made(local)
    ours = [p for p in half_written(study) if time.time() - p.stat().st_mtime > 600]
    assert ours == []  # (what a killed worker left is swept once nobody can be at it)


def divide(job):
    return 1 / job


def test_a_job_that_the_cluster_cannot_do_is_told_and_the_others_are_done(tmp_path, cluster_of_two):
    answers = dict(run_on_cluster(divide, [2, 0, 4], cluster_of_two[0], tmp_path))
    assert (answers[2], answers[4]) == (0.5, 0.25)
    assert str(answers[0]).startswith("a Dask worker could not do it: ZeroDivisionError")


def test_a_cluster_without_workers_is_told_before_and_midway(tmp_path):
    with scheduler(tmp_path) as address:
        with pytest.raises(DeviceError, match="the Dask scheduler has no workers"):
            list(run_on_cluster(str, [1], address, tmp_path, QUICK))
        with pytest.raises(DeviceError, match="all Dask workers went away"):
            leave_without(address, tmp_path)


def leave_without(address, folder):
    """Ask a cluster whose only worker is gone by then."""
    with workers(address, folder, 1) as processes:
        answers = run_on_cluster(time.sleep, [0.0, 60.0, 60.0], address, folder, QUICK_TO_LEAVE)
        next(answers)
        processes[0].kill()
        next(answers)


def test_a_scheduler_that_does_not_answer_is_told_in_time(tmp_path):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        deaf = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(DeviceError, match="no Dask scheduler answers there within 1 s"):
            list(run_on_cluster(str, [1], deaf, tmp_path, QUICK))
    with pytest.raises(DeviceError, match="no Dask scheduler answers there"):
        list(run_on_cluster(str, [1], deaf, tmp_path, QUICK))
    with pytest.raises(DeviceError, match="no Dask scheduler answers there"):
        list(run_on_cluster(str, [1], "nonsense", tmp_path, QUICK))


def test_what_a_worker_says_of_folder_and_code_is_checked(tmp_path):
    right = ("token", code_version())
    cluster._check_worker("tcp://a:1", right, "token", tmp_path)
    with pytest.raises(UsageError, match="does not see"):
        cluster._check_worker("tcp://a:1", ("", right[1]), "token", tmp_path)
    with pytest.raises(UsageError, match="has other code"):
        cluster._check_worker("tcp://a:1", ("token", "0" * 64), "token", tmp_path)
    gone = ModuleNotFoundError("No module named 'arousal'")
    with pytest.raises(UsageError, match="cannot run arousal: ModuleNotFoundError"):
        cluster._check_worker("tcp://a:1", gone, "token", tmp_path)


def test_without_dask_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r'pip install "arousal\[cluster\]"'):
        list(run_on_cluster(str, [1], "tcp://127.0.0.1:1", tmp_path, QUICK))
