"""A recording is replayed with faults, recorded again, and compared with what was sent."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arousal.errors import DataError, NothingUsableError, UsageError
from arousal.ingest import replay
from arousal.ingest.raw import RawStream, StreamInfo
from arousal.ingest.recorder import Recorder
from arousal.ingest.replay import Replay, virtual_streams
from arousal.ingest.virtual_faults import parse_fault
from arousal.ingest.xdf_writer import write_xdf
from tests.ingest.recording_rig import counters, stored

SECONDS = 4.5
SHORT_LEAD = 1.5
"""Enough for a recorder that runs already; people get more."""


def counting(name: str, rate: float, typed: str = "ECG") -> RawStream:
    n = int(SECONDS * rate)
    info = StreamInfo(name, typed, f"id-{name}", units=("uV",), rate=rate, format="double64")
    times = 5000.0 + np.arange(n) / rate
    return RawStream(info, np.arange(n, dtype=np.float64).reshape(-1, 1), times, times)


def marks() -> RawStream:
    info = StreamInfo("Marks", "Markers", "m", channels=("mark",), format="string")
    times = 5000.0 + np.array([0.5, 2.25, 4.0])
    return RawStream(info, np.array([["phase/a"], ["ä"], [""]], dtype=object), times, times)


NAMES = ("good", "dying", "twinned", "silent", "stepping", "spoilt", "slow")


def write_recording(folder: Path) -> Path:
    path = folder / "recorded.xdf"
    write_xdf(path, [*(counting(name, 100.0) for name in NAMES), marks()])
    return path


@dataclass
class Round:
    """One replay and what the recorder made of it."""

    files: dict[str, list[dict[str, Any]]]
    sent: dict[str, int]


@pytest.fixture(scope="module")
def replayed(lsl, tmp_path_factory) -> Round:
    folder = tmp_path_factory.mktemp("replay")
    faults = ["dies:dying@1.5+1.5", "twin:twinned@0", "silent:silent@1+1", "step:stepping@2=3.5"]
    faults += ["nan:spoilt@1+1", "flat:spoilt@3+1", "rate:slow@0=0.5"]
    streams = virtual_streams(write_recording(folder))
    player = Replay(streams, faults=[parse_fault(fault, NAMES) for fault in faults])
    assert player.duration == pytest.approx(2 * SECONDS, abs=0.05)
    with pytest.MonkeyPatch.context() as patch, Recorder(folder / "again") as recorder:
        patch.setattr(replay, "LEAD", SHORT_LEAD)
        stop = threading.Event()
        # The slowed stream takes twice as long; what is asked of the others is over by then.
        threading.Timer(SHORT_LEAD + SECONDS + 0.3, stop.set).start()
        player.run(stop)
        summary = recorder.stop()
    return Round(stored(summary.path), player.sent)


def values(stream: dict[str, Any]) -> np.ndarray:
    return np.asarray(stream["time_series"])[:, 0]


@pytest.mark.lsl
def test_a_replayed_stream_arrives_whole_with_its_own_spacing(replayed):
    (good,) = replayed.files["good"]
    assert np.array_equal(counters(good), np.arange(450))
    steps = np.diff(good["time_stamps"])
    np.testing.assert_allclose(steps, 0.01, rtol=0, atol=1e-9)
    assert good["info"]["source_id"] == ["id-good"]
    assert replayed.sent["good"] == 450


@pytest.mark.lsl
def test_replayed_marks_keep_their_words_and_their_distance(replayed):
    (found,) = replayed.files["Marks"]
    assert [text for (text,) in found["time_series"]] == ["phase/a", "ä", ""]
    np.testing.assert_allclose(np.diff(found["time_stamps"]), [1.75, 1.75], atol=1e-9)


@pytest.mark.lsl
def test_a_strap_that_dies_and_returns_is_two_streams_with_a_gap(replayed):
    before, after = replayed.files["dying"]
    assert before["info"]["uid"] != after["info"]["uid"]
    assert 130 <= counters(before)[-1] <= 151
    assert counters(after)[0] >= 299
    assert (np.diff(counters(after)) == 1).all()


@pytest.mark.lsl
def test_a_twin_has_the_same_name_and_id_and_other_values(replayed):
    one, two = replayed.files["twinned"]
    assert one["info"]["source_id"] == two["info"]["source_id"]
    assert one["info"]["uid"] != two["info"]["uid"]
    assert replayed.sent["twinned"] == 900


@pytest.mark.lsl
def test_a_silent_stream_leaves_a_hole(replayed):
    (silent,) = replayed.files["silent"]
    missing = set(range(450)) - set(counters(silent))
    assert missing
    assert min(missing) == pytest.approx(100, abs=4)
    assert max(missing) == pytest.approx(199, abs=4)


@pytest.mark.lsl
def test_a_clock_step_shifts_stamps_and_nothing_else(replayed):
    (stepping,) = replayed.files["stepping"]
    assert np.array_equal(counters(stepping), np.arange(450))
    steps = np.diff(stepping["time_stamps"])
    assert np.flatnonzero(np.abs(steps - 0.01) > 1e-6).tolist() == [199]
    assert steps[199] == pytest.approx(3.51, abs=1e-6)


@pytest.mark.lsl
def test_spoilt_values_are_not_numbers_then_flat(replayed):
    (spoilt,) = replayed.files["spoilt"]
    found = values(spoilt)
    assert np.flatnonzero(np.isnan(found)).tolist() == list(range(100, 200))
    assert set(found[300:400]) == {299.0}


@pytest.mark.lsl
def test_a_wrong_rate_brings_the_same_samples_later(replayed):
    (slow,) = replayed.files["slow"]
    np.testing.assert_allclose(np.diff(slow["time_stamps"]), 0.02, rtol=0, atol=1e-9)
    assert slow["info"]["nominal_srate"][0].startswith("100.0")


@pytest.mark.lsl
def test_a_frozen_computer_sends_what_it_held_in_one_go_stamped_then(lsl, tmp_path, monkeypatch):
    monkeypatch.setattr(replay, "LEAD", SHORT_LEAD)
    write_xdf(tmp_path / "a.xdf", [counting("frozen", 100.0)])
    faults = [parse_fault("freeze@1+1", ())]
    with Recorder(tmp_path / "again") as recorder:
        # At twice the speed the declared rate is doubled, too.
        Replay(virtual_streams(tmp_path / "a.xdf"), speed=2.0, faults=faults).run(threading.Event())
        summary = recorder.stop()
    (frozen,) = stored(summary.path)["frozen"]
    assert np.array_equal(counters(frozen), np.arange(450))
    steps = np.diff(frozen["time_stamps"])
    assert (steps == 0).sum() == pytest.approx(100, abs=6)
    assert steps.max() == pytest.approx(0.5, abs=0.2)
    assert frozen["info"]["nominal_srate"][0].startswith("200.0")


def test_a_replay_needs_a_file_with_samples(tmp_path):
    empty = counting("empty", 1.0)
    empty = RawStream(empty.info, empty.values[:0], empty.times[:0], empty.stamps[:0])
    write_xdf(tmp_path / "a.xdf", [empty])
    with pytest.raises(NothingUsableError, match="no stream has samples"):
        virtual_streams(tmp_path / "a.xdf")
    with pytest.raises(DataError, match=r"holds no session.toml"):
        virtual_streams(tmp_path)


def test_an_impossible_speed_is_refused(tmp_path):
    streams = virtual_streams(write_recording(tmp_path))
    with pytest.raises(UsageError, match="speed is 0"):
        Replay(streams, speed=0)


@pytest.mark.lsl
def test_the_command_replays_until_it_is_told_to_stop(lsl, tmp_path):
    import signal

    path = write_recording(tmp_path)
    code = "from arousal.cli_recording import replay; replay()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path), "--loop", "--as", "nervous"],
        stderr=subprocess.PIPE,
        text=True,
        env=lsl.environment(),
    )
    assert process.stderr
    lines = [process.stderr.readline()]
    while "streams" not in lines[-1]:
        lines.append(process.stderr.readline())
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert "good ECG: " in errors
