"""The same jobs on a Dask cluster: a real scheduler and real workers on the loopback interface."""

from __future__ import annotations

import shutil
import signal
import socket
import sys
import threading
import time

import pytest

from arousal.code_version import code_version
from arousal.errors import DeviceError, UsageError
from arousal.study.cluster import ClusterLimits, run_on_cluster
from arousal.study.cluster_connection import check_worker
from arousal.study.record import recorded_sessions
from tests.study.dask_cluster import cluster, scheduler, wait_for, workers
from tests.study.small_study import half_written, in_this_process, made, make_study, run

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="processes are killed here"),
    pytest.mark.timeout(200),
]
QUICK = ClusterLimits(answer=1.0, nobody=1.0)
DEAF_SOON = ClusterLimits(answer=2.0, everybody=2.0)
QUICK_TO_LEAVE = ClusterLimits(answer=30.0, nobody=1.0)
NAMES = ("s1", "s2", "s3")


@pytest.fixture(scope="module")
def cluster_of_two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dask")
    with cluster(folder) as found:
        yield found


@pytest.mark.slow
def test_a_worker_that_is_killed_midway_costs_no_session_and_no_byte(
    tmp_path, cluster_of_two, monkeypatch
):
    processes = cluster_of_two.workers
    study = make_study(tmp_path / "study", NAMES)
    local = tmp_path / "local"
    shutil.copytree(study, local)

    def kill_one():
        wait_for(lambda: recorded_sessions(study), processes[0])
        processes[0].send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    report = run(study, scheduler=cluster_of_two.address)
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
    answers = dict(run_on_cluster(divide, [2, 0, 4], cluster_of_two.address, tmp_path))
    assert (answers[2], answers[4]) == (0.5, 0.25)
    assert str(answers[0]).startswith("a Dask worker could not do it: ZeroDivisionError")


def test_a_cluster_without_workers_is_told_before_and_midway(tmp_path):
    with scheduler(tmp_path) as head:
        with pytest.raises(DeviceError, match="the Dask scheduler has no workers"):
            list(run_on_cluster(str, [1], head.address, tmp_path, QUICK))
        with pytest.raises(DeviceError, match="all Dask workers went away"):
            leave_without(head.address, tmp_path)


def leave_without(address, folder):
    """Ask a cluster whose only worker is gone by then."""
    with workers(address, folder, 1) as processes:
        answers = run_on_cluster(time.sleep, [0.0, 60.0, 60.0], address, folder, QUICK_TO_LEAVE)
        next(answers)
        processes[0].kill()
        next(answers)


def test_a_worker_that_hangs_is_named_in_time(tmp_path, cluster_of_two):
    assert list(run_on_cluster(str, [1], cluster_of_two.address, tmp_path)) == [(1, "1")]
    hanging = cluster_of_two.workers[1]
    hanging.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(
            DeviceError, match="this Dask worker does not answer within 2 s"
        ) as told:
            list(run_on_cluster(str, [1], cluster_of_two.address, tmp_path, DEAF_SOON))
    finally:
        hanging.send_signal(signal.SIGCONT)
    assert told.value.where not in {"", cluster_of_two.address}
    assert half_written(tmp_path) == []
    assert list(run_on_cluster(str, [1], cluster_of_two.address, tmp_path)) == [(1, "1")]


def test_a_scheduler_that_hangs_midway_is_told_in_time(tmp_path, cluster_of_two):
    answers = run_on_cluster(
        time.sleep, [0.0, *[3.0] * 4], cluster_of_two.address, tmp_path, DEAF_SOON
    )
    next(answers)
    cluster_of_two.scheduler.process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(DeviceError, match="the Dask scheduler does not answer any more"):
            list(answers)
    finally:
        cluster_of_two.scheduler.process.send_signal(signal.SIGCONT)


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
    check_worker("tcp://a:1", right, "token", tmp_path)
    with pytest.raises(UsageError, match="does not see"):
        check_worker("tcp://a:1", ("", right[1]), "token", tmp_path)
    with pytest.raises(UsageError, match="has other code"):
        check_worker("tcp://a:1", ("token", "0" * 64), "token", tmp_path)
    gone = ModuleNotFoundError("No module named 'arousal'")
    with pytest.raises(UsageError, match="cannot run arousal: ModuleNotFoundError"):
        check_worker("tcp://a:1", gone, "token", tmp_path)


def test_without_dask_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r'pip install "arousal\[cluster\]"'):
        list(run_on_cluster(str, [1], "tcp://127.0.0.1:1", tmp_path, QUICK))
