"""The commands of the recording day, as a person or a service calls them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from arousal.cli_recording import doctor, record, replay, streams
from arousal.errors import DeviceError, UsageError
from arousal.ingest.journal import read_journal
from arousal.ingest.raw import RawStream, StreamInfo
from arousal.ingest.virtual_devices import DEVICES
from arousal.ingest.virtual_faults import KINDS
from arousal.ingest.xdf_writer import write_xdf
from tests.ingest.recording_rig import Senders, stored


@pytest.mark.lsl
def test_record_stops_by_itself_and_prints_where_the_file_is(lsl, tmp_path: Path):
    with Senders(lsl, [{"name": "gsr", "type": "EDA", "rate": 20.0}]):
        result = CliRunner().invoke(record, [str(tmp_path / "s"), "--stop-after", "0.04"])
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(tmp_path / "s" / "recording.xdf")
    assert "all samples of 2 streams are on disk" in result.stderr
    assert len(stored(tmp_path / "s" / "recording.xdf")["gsr"][0]["time_stamps"]) > 10


@pytest.mark.lsl
def test_a_place_that_cannot_be_written_is_one_clear_error(lsl, tmp_path: Path):
    (tmp_path / "file").touch()
    result = CliRunner().invoke(record, [str(tmp_path / "file" / "s"), "--stop-after", "0.01"])
    assert isinstance(result.exception, DeviceError)
    assert "cannot record here" in str(result.exception)
    assert result.exception.hint == "choose a folder that exists and can be written to"


@pytest.mark.lsl
def test_check_names_who_is_missing_and_fails(lsl, tmp_path: Path):
    (tmp_path / "session.toml").write_text(
        'schema = 1\nid = "s"\n[people.P04]\nstreams = { ecg = "Polar-04" }\n', encoding="utf-8"
    )
    result = CliRunner().invoke(record, [str(tmp_path), "--session", str(tmp_path), "--check"])
    assert isinstance(result.exception, DeviceError)
    assert "problem: P04 ecg: no stream named 'Polar-04'" in result.output
    assert not list(tmp_path.glob("*.xdf"))


def test_check_without_a_session_is_refused_and_finds_nothing_complete(tmp_path: Path):
    result = CliRunner().invoke(record, [str(tmp_path), "--check"])
    assert isinstance(result.exception, UsageError)
    assert "--check needs --session" in str(result.exception)


@pytest.fixture
def damaged(lsl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A configuration that liblsl drops, after it took the tests' own; the finding's words."""
    place = tmp_path / "lsl_api.cfg"
    place.write_text("# our room\n[lab]\nSessionID = room-3\n", encoding="utf-8")
    monkeypatch.setenv("LSLAPICFG", str(place))
    return f"{place}: liblsl drops the whole file and uses its own defaults: line 1 is neither"


@pytest.mark.lsl
def test_record_says_that_liblsl_drops_its_configuration_and_so_does_the_journal(
    damaged, tmp_path: Path
):
    result = CliRunner().invoke(record, [str(tmp_path / "s"), "--stop-after", "0.01"])
    assert result.exit_code == 0  # everything that came is on disk
    assert f"PROBLEM: {damaged}" in result.stderr
    entries, _ = read_journal(tmp_path / "s" / "journal.jsonl")
    (alarm,) = (e for e in entries if e.type == "alarm" and e.fields["code"] == "lsl-config")
    assert "line 1 is neither" in alarm.fields["message"]


@pytest.mark.lsl
def test_check_and_streams_and_replay_say_it_too(damaged, tmp_path: Path):
    (tmp_path / "session.toml").write_text('schema = 1\nid = "s"\n', encoding="utf-8")
    checked = CliRunner().invoke(record, [str(tmp_path), "--session", str(tmp_path), "--check"])
    assert isinstance(checked.exception, DeviceError)
    assert f"problem: {damaged}" in checked.output
    listed = CliRunner().invoke(streams, ["--seconds", "0.1"])
    assert f"X {damaged}" in listed.output
    write_xdf(tmp_path / "a.xdf", [short_stream()])
    sent = CliRunner().invoke(replay, [str(tmp_path / "a.xdf")])
    assert f"problem: {damaged}" in sent.stderr
    assert "eda: 3 samples sent" in sent.stderr


def short_stream() -> RawStream:
    times = 5000.0 + np.arange(3) / 4
    return RawStream(StreamInfo("eda", "EDA", rate=4.0), np.ones((3, 1), "f4"), times, times)


def test_the_help_of_replay_names_every_device_and_every_fault():
    words = CliRunner().invoke(replay, ["--help"]).output
    assert set(DEVICES) <= set(words.split())
    assert all(f"{kind}:" in words or f"{kind}@" in words for kind in KINDS)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (record, ["out", "--stop-after", "nan"]),
        (record, ["out", "--minutes", "inf"]),
        (streams, ["--seconds", "-1"]),
        (doctor, ["--minutes", "nan"]),
    ],
)
def test_lengths_that_are_no_numbers_over_zero_are_refused(command, arguments):
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert "is not a number over 0" in result.output
