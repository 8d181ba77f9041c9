"""A run on a Dask cluster that is stopped: by Ctrl-C, and by the end of its scheduler."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time

import pytest

from arousal.study.dataset import part_path, part_sessions
from arousal.study.record import load_record, recorded_sessions
from tests.study.dask_cluster import cluster, wait_for
from tests.study.small_study import (
    STUDY,
    add_session,
    half_written,
    in_this_process,
    make_study,
    run,
)

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
    pytest.mark.timeout(200),
]
NAMES = tuple(f"s{k}" for k in range(8))
KINDS = ("features", "curves", "group", "phases", "quality")


def command(study, address):
    words = [sys.executable, "-m", "arousal.cli", "process", str(study), "--scheduler", address]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def copies(root):
    """A study of two recordings, each under four names: made anywhere, they give the same bytes."""
    (root / "sessions").mkdir(parents=True)
    (root / "study.toml").write_text(STUDY)
    for k, name in enumerate(NAMES):
        add_session(root, name, seed=1 + 2 * (k % 2))
    return root


def wait_for_rest(address):
    """Wait until the scheduler knows of no task, and no worker either."""
    from distributed import Client

    def at_rest():
        known = client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))
        at_hand = client.run(lambda dask_worker: len(dask_worker.state.tasks))
        return known == 0 and not any(at_hand.values())

    with Client(address, set_as_default=False) as client:
        wait_for(at_rest)


def whole(study, names):
    """Whether sessions have each table, as their records say."""
    return all(
        (study / name).stat().st_size == seen.stamp.size
        for session in names
        for name, seen in load_record(study, session).outputs.items()
    )


@pytest.mark.slow
def test_ctrl_c_and_a_killed_scheduler_keep_what_is_done_and_the_next_run_goes_on(
    tmp_path, monkeypatch
):
    study = copies(tmp_path / "study")
    with cluster(tmp_path) as dask:
        stopped = command(study, dask.address)
        wait_for(lambda: recorded_sessions(study), stopped)
        stopped.send_signal(signal.SIGINT)
        _, told = stopped.communicate(timeout=60)
        assert (stopped.returncode, told.splitlines()[-1]) == (130, "arousal: stopped")
        assert "Traceback" not in told
        wait_for_rest(dask.address)  # (each worker ends the session that it has)
        done = recorded_sessions(study)
        assert 1 <= len(done) < len(NAMES)
        assert half_written(study) == []
        assert whole(study, done)

        cut_off = command(study, dask.address)
        wait_for(lambda: len(recorded_sessions(study)) > len(done), cut_off)
        dask.scheduler.process.kill()
        _, told = cut_off.communicate(timeout=60)
        assert cut_off.returncode == 6
        assert told.splitlines()[-1] == (
            f"arousal: {dask.address}: the Dask scheduler went away "
            "(what was computed is kept: run this again to go on)"
        )
        assert "Traceback" not in told
        for worker in dask.workers:
            worker.wait(timeout=60)  # nobody goes on computing for us
    more = recorded_sessions(study)
    assert len(done) < len(more) < len(NAMES)
    assert whole(study, more)
    ours = [p for p in half_written(study) if time.time() - p.stat().st_mtime > 600]
    assert ours == []

    in_this_process(monkeypatch)
    report = run(study)
    assert (report.kept, report.computed) == (len(more), len(NAMES) - len(more))
    assert report.failures == ()
    for kind in KINDS:
        assert part_sessions(study, kind) == list(NAMES)
        for odd in (0, 1):
            parts = {part_path(study, kind, name).read_bytes() for name in NAMES[odd::2]}
            assert len(parts) == 1, kind


def test_ctrl_c_does_not_wait_for_a_scheduler_that_says_nothing(tmp_path):
    study = make_study(tmp_path / "study", ("s1",))
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        waiting = command(study, f"tcp://127.0.0.1:{deaf.getsockname()[1]}")
        deaf.settimeout(60)
        connection, _ = deaf.accept()
        asked = time.monotonic()
        waiting.send_signal(signal.SIGINT)
        _, told = waiting.communicate(timeout=60)
        connection.close()
    assert time.monotonic() - asked < 5
    assert (waiting.returncode, told) == (130, "\narousal: stopped\n")
