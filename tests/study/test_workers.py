"""Jobs on other processes: killed workers, stopped runs, one thread each."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from arousal.study import workers
from arousal.study.workers import Died, run_on_workers, usable_cores

KILL = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is not of this system")


def double(job):
    return 2 * job


def die_first(job):
    """Die on the first try of each job that leaves a mark, as if the system had taken memory."""
    mark, number = Path(job[0]), job[1]
    if number % 3 == 0 and not (mark / str(number)).exists():
        (mark / str(number)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_always(job):
    if job == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return job


def tell_threads(_job):
    return {name: os.environ.get(name) for name in workers._ONE_THREAD}


def tell_process(_job):
    return os.getpid()


def linger(job):
    """Leave a mark, and take it away again however this ends."""
    mark = Path(job)
    mark.touch()
    try:
        time.sleep(60)
    finally:
        mark.unlink()


def test_every_job_is_answered_once():
    assert sorted(run_on_workers(double, range(7), 2)) == [(k, 2 * k) for k in range(7)]
    assert list(run_on_workers(double, [], 2)) == []


@KILL
def test_a_job_whose_worker_is_killed_is_tried_again(tmp_path):
    jobs = [(str(tmp_path), k) for k in range(7)]
    answers = dict(run_on_workers(die_first, jobs, 2))
    assert answers == {job: job[1] for job in jobs}
    assert len(list(tmp_path.iterdir())) == 3


@KILL
def test_a_job_that_kills_every_worker_is_told_and_the_others_are_done():
    answers = dict(run_on_workers(die_always, range(5), 2))
    assert answers.pop(2) == Died(-9)
    assert answers == {0: 0, 1: 1, 3: 3, 4: 4}
    assert str(Died(-9)) == "its worker was killed 2 times (signal 9; out of memory?)"
    assert str(Died(1)) == "its worker ended with exit code 1"


def test_workers_hold_their_arithmetic_to_one_thread():
    ((_, told),) = run_on_workers(tell_threads, [0], 1)
    assert set(told.values()) == {"1"}
    assert os.environ.get("OPENBLAS_NUM_THREADS") is None


def test_a_worker_is_replaced_after_a_while(monkeypatch):
    monkeypatch.setattr(workers, "JOBS_PER_WORKER", 2)
    processes = [answer for _, answer in run_on_workers(tell_process, range(5), 1)]
    assert len(set(processes)) == 3


@KILL
def test_who_stops_early_leaves_no_worker_and_no_mark(tmp_path):
    jobs = [str(tmp_path / "first"), str(tmp_path / "second")]
    pool = workers._Pool(linger, jobs)
    answers = pool.answers(2)
    with pytest.raises(KeyboardInterrupt):
        stop_when(answers, lambda: len(list(tmp_path.iterdir())) == 2)
    processes = [w.process for w in pool.workers]
    pool.stop()
    assert [p.is_alive() for p in processes] == [False, False]
    assert list(tmp_path.iterdir()) == []


def stop_when(answers, ready):
    """Press Ctrl-C once something is so."""
    import threading

    def press():
        while not ready():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    next(answers)


def test_the_cores_that_may_be_used_are_counted():
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
