"""Recorders that are killed, terminated, or run out of disk: what is in the file afterwards."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from arousal.ingest.journal import read_journal
from arousal.ingest.recorder import Recorder
from arousal.ingest.stream_health import State
from tests.ingest.recording_rig import (
    Senders,
    counters,
    seconds_lost,
    start_recorder,
    stored,
    wait_until,
    wearers,
)
from tests.ingest.small_disk import fill

pytestmark = pytest.mark.lsl

SLACK = 0.5
"""Seconds that a killed recorder may lose in a test: the machine may be busy. What it does lose is
measured by benchmarks/recording.py (aim: 0.15 s)."""


def marks_said(output: str) -> list[str]:
    return [f"word-{line.split()[1]}" for line in output.splitlines() if line.startswith("mark ")]


def marks_in_journal(folder: Path) -> list[str]:
    entries, _ = read_journal(folder / "journal.jsonl")
    return [str(e.fields["text"]).split()[0] for e in entries if e.type == "mark"]


def wait_for_line(process: subprocess.Popen[str], start: str) -> None:
    assert process.stdout
    for line in process.stdout:
        if line.startswith(start):
            return
    raise AssertionError(f"the recorder ended without {start!r}: {process.communicate()[1]}")


def kill_at_random(lsl, out: Path, seed: int, *, ecg: bool) -> None:
    import pylsl

    streams = wearers(3, ecg=ecg)
    with Senders(lsl, streams) as senders:
        recorder = start_recorder(lsl, out)
        wait_for_line(recorder, "recording")
        time.sleep(np.random.default_rng(seed).uniform(0.2, 2.0))
        recorder.send_signal(signal.SIGKILL)
        killed = pylsl.local_clock()
        output, _ = recorder.communicate()
    found = stored(out / "recording.xdf")
    for spec, start in zip(streams, senders.starts, strict=True):
        (segment,) = found[spec["name"]]
        assert seconds_lost(segment, start["t0"], spec["rate"], killed) <= SLACK
    assert set(marks_said(output)) <= set(marks_in_journal(out))


@pytest.mark.parametrize("ecg", [True, False], ids=["with ECG", "low rates only"])
def test_a_killed_recorder_loses_next_to_nothing_and_no_mark(lsl, tmp_path, ecg):
    kill_at_random(lsl, tmp_path, 1, ecg=ecg)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_twenty_recorders_killed_at_random_lose_next_to_nothing(lsl, tmp_path, seed):
    kill_at_random(lsl, tmp_path, seed, ecg=seed % 2 == 0)


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.soak)]
)
def test_a_recorder_told_to_stop_loses_nothing_and_closes_every_stream(lsl, tmp_path, number):
    import pylsl

    streams = wearers(3)
    with Senders(lsl, streams) as senders:
        recorder = start_recorder(lsl, tmp_path)
        wait_for_line(recorder, "recording")
        time.sleep(1.0)
        told = pylsl.local_clock()
        recorder.send_signal(number)
        output, errors = recorder.communicate(timeout=20)
    assert recorder.returncode == 0, errors
    found = stored(tmp_path / "recording.xdf")
    for spec, start in zip(streams, senders.starts, strict=True):
        (segment,) = found[spec["name"]]
        assert seconds_lost(segment, start["t0"], spec["rate"], told) == 0
        assert segment["footer"]["info"]["sample_count"] == [str(len(counters(segment)))]
    assert set(marks_said(output)) <= set(marks_in_journal(tmp_path))
    assert "all samples of" in errors


@pytest.mark.soak
def test_a_terminal_that_closes_does_not_end_the_recording(lsl, tmp_path):
    recorder = start_recorder(lsl, tmp_path)
    with Senders(lsl, wearers(1)):
        wait_for_line(recorder, "recording")
        assert recorder.stdout
        assert recorder.stderr
        recorder.stderr.close()
        recorder.send_signal(signal.SIGHUP)
        wait_for_line(recorder, "mark 4")
        recorder.send_signal(signal.SIGTERM)
        recorder.stdout.close()
        assert recorder.wait(20) == 0
    assert "W00-ECG" in stored(tmp_path / "recording.xdf")


def assert_whole_chunks(path: Path) -> None:
    for segments in stored(path).values():
        for segment in segments:
            if segment["info"]["type"] != ["Markers"]:
                assert (np.diff(counters(segment)) == 1).all()


def first_alarm(folder: Path, *codes: str) -> float:
    entries, _ = read_journal(folder / "journal.jsonl")
    return next(e.lsl for e in entries if e.type == "alarm" and e.fields["code"] in codes)


def test_a_full_disk_is_told_marks_survive_and_the_exit_is_not_zero(lsl, small_disk):
    import pylsl

    with Senders(lsl, wearers(3)):
        recorder = start_recorder(lsl, small_disk / "s")
        wait_for_line(recorder, "recording")
        filled = pylsl.local_clock()
        fill(small_disk, 8_000)
        journal = small_disk / "s" / "journal.jsonl"
        wait_until(lambda: b"disk-full" in journal.read_bytes(), 20)
        wait_for_line(recorder, "mark 12")  # marks go on while there is no room for samples
        recorder.send_signal(signal.SIGTERM)
        output, errors = recorder.communicate(timeout=20)
    assert recorder.returncode == 6, errors
    assert "PROBLEM: disk: the data file cannot be written" in errors
    assert first_alarm(small_disk / "s", "disk-nearly-full", "disk-full") - filled <= 1.0
    assert {f"word-{n}" for n in range(1, 13)} <= set(marks_in_journal(small_disk / "s"))
    assert set(marks_said(output)) <= set(marks_in_journal(small_disk / "s"))
    assert "False" not in output
    assert_whole_chunks(small_disk / "s" / "recording.xdf")


@pytest.mark.soak
def test_marks_survive_even_when_others_take_the_reserve_too(lsl, small_disk):
    journal = small_disk / "s" / "journal.jsonl"
    with Senders(lsl, wearers(3)):
        recorder = start_recorder(lsl, small_disk / "s")
        wait_for_line(recorder, "recording")
        fill(small_disk, 20_000)
        wait_until(lambda: b"disk-full" in journal.read_bytes(), 20)
        (small_disk / "more").write_bytes(bytes(shutil.disk_usage(small_disk).free))
        time.sleep(2.0)
        recorder.send_signal(signal.SIGTERM)
        output, errors = recorder.communicate(timeout=20)
    assert recorder.returncode == 6
    assert "samples and 0 damaged blocks are not on the disk" in errors
    assert set(marks_said(output)) <= set(marks_in_journal(small_disk / "s"))
    assert_whole_chunks(small_disk / "s" / "recording.xdf")


def test_nothing_is_lost_when_a_full_disk_gets_room_again(lsl, small_disk):
    import pylsl

    streams = wearers(3)
    with Senders(lsl, streams) as senders:
        recorder = start_recorder(lsl, small_disk / "s")
        wait_for_line(recorder, "recording")
        ballast = fill(small_disk, 8_000)
        journal = small_disk / "s" / "journal.jsonl"
        wait_until(lambda: b"disk-full" in journal.read_bytes(), 20)
        ballast.unlink()
        wait_until(lambda: b"disk-back" in journal.read_bytes(), 20)
        told = pylsl.local_clock()
        recorder.send_signal(signal.SIGTERM)
        _, errors = recorder.communicate(timeout=20)
    assert recorder.returncode == 0, errors
    found = stored(small_disk / "s" / "recording.xdf")
    for spec, start in zip(streams, senders.starts, strict=True):
        (segment,) = found[spec["name"]]
        assert seconds_lost(segment, start["t0"], spec["rate"], told) == 0


def test_thirty_one_streams_are_opened_and_every_sample_is_kept(lsl, tmp_path):
    import pylsl

    streams = wearers(10)
    with Senders(lsl, streams) as senders, Recorder(tmp_path) as recorder:
        wait_until(lambda: len(recorder.health()) == 30, 20)
        time.sleep(2.0)
        told = pylsl.local_clock()
        summary = recorder.stop()
    assert summary.complete
    found = stored(summary.path)
    assert len(found) == 31  # with the recorder's own marks
    for spec, start in zip(streams, senders.starts, strict=True):
        (segment,) = found[spec["name"]]
        assert seconds_lost(segment, start["t0"], spec["rate"], told) == 0


def test_a_folder_that_is_deleted_is_told_while_it_is_recorded_and_at_the_end(lsl, tmp_path):
    with Senders(lsl, wearers(1)):
        recorder = start_recorder(lsl, tmp_path / "s")
        wait_for_line(recorder, "mark 3")
        shutil.rmtree(tmp_path / "s")
        wait_for_line(recorder, "mark 20")
        recorder.send_signal(signal.SIGTERM)
        _, errors = recorder.communicate(timeout=20)
    assert recorder.returncode == 6, errors
    assert "PROBLEM: recording.xdf: it is not there any more" in errors
    assert "PROBLEM: journal.jsonl: it is not there any more" in errors
    assert "are not on the disk" in errors.splitlines()[-1]
    assert "the marks are in" not in errors


def test_a_sender_whose_computer_freezes_is_told_and_loses_nothing(lsl, tmp_path):
    import pylsl

    streams = wearers(1)[:1]
    with Senders(lsl, streams) as senders, Recorder(tmp_path) as recorder:
        wait_until(lambda: len(recorder.health()) == 1)
        senders.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: {r.state for r in recorder.health()} == {State.SILENT}, 20)
        senders.process.send_signal(signal.SIGCONT)
        wait_until(lambda: {r.state for r in recorder.health()} == {State.LIVE}, 20)
        told = pylsl.local_clock()
        summary = recorder.stop()
    found = stored(summary.path)
    for spec, start in zip(streams, senders.starts, strict=True):
        (segment,) = found[spec["name"]]
        assert seconds_lost(segment, start["t0"], spec["rate"], told) == 0
