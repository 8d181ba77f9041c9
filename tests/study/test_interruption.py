"""A run that is stopped, a disk that is full, a folder that may not be written to."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time

import pytest

from arousal.errors import UsageError
from arousal.study import process as process_module
from arousal.study import session_job
from arousal.study.dataset import part_sessions
from arousal.study.export_table import export_tables
from arousal.study.measured_session import measure_session
from arousal.study.record import recorded_sessions
from tests.ingest.small_disk import fill, mounted
from tests.study.small_study import half_written, in_this_process, made, make_study, run

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and mounts of POSIX")
PATIENCE = 90.0


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """A study of three sessions that nobody processed yet."""
    return make_study(tmp_path_factory.mktemp("raw") / "study")


@pytest.fixture(scope="module")
def known():
    """What was measured of each recording."""
    return {}


@pytest.fixture(scope="module")
def undisturbed(raw, tmp_path_factory, known):
    """Checksums of what a run makes that nobody disturbs."""

    def measured(root, folder, hypothesis):
        found = measure_session(root, folder, hypothesis)
        return known.setdefault((folder / "recording.xdf").read_bytes(), found)

    study = tmp_path_factory.mktemp("undisturbed") / "study"
    shutil.copytree(raw, study)
    with pytest.MonkeyPatch.context() as patch:
        in_this_process(patch)
        patch.setattr(session_job, "measure_session", measured)
        run(study)
    return made(study)


@pytest.fixture
def here(undisturbed, known, monkeypatch):
    """Jobs run in this process, and take what is known of a recording for its measure."""
    in_this_process(monkeypatch)
    monkeypatch.setattr(
        session_job,
        "measure_session",
        lambda _root, folder, _hypothesis: known[(folder / "recording.xdf").read_bytes()],
    )


@pytest.fixture
def study(raw, tmp_path):
    copy = tmp_path / "study"
    shutil.copytree(raw, copy)
    return copy


def started(study):
    words = [sys.executable, "-m", "arousal.cli", "process", str(study), "--jobs", "1"]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until(ready):
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
def test_a_run_that_is_stopped_is_taken_up_where_it_was(study, undisturbed, number):
    process = started(study)
    wait_until(lambda: len(recorded_sessions(study)) >= 1)
    process.send_signal(number)
    _, told = process.communicate(timeout=PATIENCE)
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert told.splitlines()[-1] == "arousal: stopped"
        assert half_written(study) == []
    else:
        wait_until(lambda: half_written(study) == [])  # its worker ends its session and leaves
    done = set(recorded_sessions(study))
    assert set(part_sessions(study, "phases")) >= done
    report = run(study, jobs=1)
    assert report.kept >= 1
    assert (report.computed + report.kept, report.failures) == (3, ())
    assert made(study) == undisturbed


def test_ctrl_c_between_two_outcomes_lets_go_of_the_workers_at_once(study, here, monkeypatch):
    ended = []

    def workers(function, jobs, _count):
        try:
            for job in jobs:
                yield job, function(job)
        finally:
            ended.append(True)

    def stop(_step):
        raise KeyboardInterrupt

    monkeypatch.setattr(process_module, "run_on_workers", workers)
    with pytest.raises(KeyboardInterrupt) as held:  # holds our frames, as the front door does
        run(study, progress=stop)
    assert ended == [True]
    assert held.tb is not None


@POSIX
def test_a_full_disk_leaves_whole_files_and_a_reason(raw, tmp_path, here):
    with mounted(tmp_path / "disk", "24m") as disk:
        study = disk / "study"
        shutil.copytree(raw, study)
        ballast = fill(disk, 1_000_000)
        report = run(study)
        assert report.failures
        assert {f.exit_code for f in report.failures} == {2}
        assert all(
            "cannot be written: No space left on device (" in f.reason for f in report.failures
        )
        assert half_written(study) == []
        used = set(recorded_sessions(study))
        assert used == {f"s{k}" for k in range(1, 4)} - {f.session for f in report.failures}
        assert {n for k in ("features", "quality") for n in part_sessions(study, k)} == used
        ballast.unlink()
        again = run(study)
        assert (again.kept, again.failures) == (len(used), ())


@POSIX
def test_tables_for_others_that_find_no_space_are_told_and_leave_nothing_half(
    study, tmp_path, here
):
    run(study)
    with mounted(tmp_path / "disk", "64k") as disk:
        for form in ("csv", "parquet"):
            with pytest.raises(UsageError, match="cannot be written: No space left on device"):
                export_tables(study, disk / "out", form, ["curves"])
            assert list((disk / "out").iterdir()) == []


@POSIX
def test_a_folder_that_may_not_be_written_to_is_told_before_anything_is_computed(
    raw, tmp_path, here
):
    with mounted(tmp_path / "disk", "24m") as disk:
        study = disk / "study"
        shutil.copytree(raw, study)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(UsageError, match="Read-only file system"):
            run(study)
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        assert run(study).failures == ()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert run(study).kept == 3
