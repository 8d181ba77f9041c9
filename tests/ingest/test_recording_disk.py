"""The recorder's disk side without LSL: tape, check, reserve, forecast, a disk that fills up."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from arousal.errors import DeviceError, FormatError
from arousal.findings import Severity
from arousal.ingest.alarms import AlarmBoard
from arousal.ingest.disk_check import DiskCheck, damaged_blocks
from arousal.ingest.disk_guard import RESERVE_BYTES, DiskGuard, Forecast, bytes_per_second
from arousal.ingest.info_xml import info_xml
from arousal.ingest.journal import read_journal
from arousal.ingest.raw import StreamInfo
from arousal.ingest.recording_disk import RecordingDisk, free_path
from tests.ingest.small_disk import fill

ECG = StreamInfo("ecg", "ECG", rate=130.0)
NOW = datetime(2026, 3, 12, tzinfo=UTC)


def new(folder: Path, told: list[str] | None = None) -> RecordingDisk:
    said = [] if told is None else told
    board = AlarmBoard(lambda f, on: said.append(f"{'on' if on else 'off'} {f.code}"))
    return RecordingDisk(folder, NOW, board)


def put(disk: RecordingDisk, number: int, count: int = 10) -> None:
    disk.tape.samples(number, np.ones((count, 1), np.float32), np.arange(float(count)))


def test_what_was_put_in_is_counted_on_the_disk_block_by_block(tmp_path):
    disk = new(tmp_path)
    number = disk.tape.begin(ECG, info_xml(ECG))
    for _ in range(7):
        put(disk, number)
        disk.write()
        disk.sync()
    assert disk.close() == ()
    counts, damaged = disk.verify()
    assert (counts[number], damaged) == (70, 0)
    assert sum(disk.tape.lengths) == disk.path.stat().st_size
    disk.end()


def test_one_changed_byte_is_one_damaged_block(tmp_path):
    disk = new(tmp_path)
    number = disk.tape.begin(ECG, info_xml(ECG))
    for _ in range(7):
        put(disk, number)
        disk.write()
    disk.close()
    data = bytearray(disk.path.read_bytes())
    data[len(data) // 2] ^= 1
    disk.path.write_bytes(data)
    assert damaged_blocks(disk.path, disk.tape.lengths, disk.tape.checksums) == 1
    disk.end()


def test_a_file_that_is_shorter_than_what_was_written_is_an_error(tmp_path):
    disk = new(tmp_path)
    disk.tape.begin(ECG, info_xml(ECG))
    disk.close()
    disk.end()
    with pytest.raises(FormatError, match="ends 100 bytes early"):
        DiskCheck(disk.path).advance(disk.path.stat().st_size + 100)


def test_bytes_that_are_no_chunks_are_an_error(tmp_path):
    (tmp_path / "a.xdf").write_bytes(b"XDF:" + b"\x07" * 50)
    with pytest.raises(FormatError, match="no chunk at byte 4"):
        DiskCheck(tmp_path / "a.xdf").advance(54)


def test_names_that_are_taken_are_never_given_again(tmp_path):
    assert free_path(tmp_path) == tmp_path / "recording.xdf"
    (tmp_path / "recording.xdf").touch()
    assert free_path(tmp_path) == tmp_path / "recording-2.xdf"
    (tmp_path / "recording-2.journal.jsonl").touch()
    assert free_path(tmp_path) == tmp_path / "recording-3.xdf"
    assert free_path(tmp_path / "a.xdf") == tmp_path / "a.xdf"


def test_a_place_that_cannot_be_written_is_told_before_the_recording(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DeviceError, match="cannot record here"):
        new(tmp_path / "file" / "folder")


def test_the_reserve_takes_room_and_gives_it_back(small_disk):
    guard = DiskGuard(small_disk, ".reserve")
    free = guard.free
    assert guard.reserve()
    assert free - guard.free == guard.holds == RESERVE_BYTES
    if os.name == "posix":
        assert not list(small_disk.iterdir())  # nothing to clear away, nothing left by a kill
    given = guard.give_back()
    assert given > RESERVE_BYTES / 2
    assert free - guard.free == guard.holds == RESERVE_BYTES - given
    assert guard.give_back() == 0
    guard.drop()
    assert guard.free == free
    assert not list(small_disk.iterdir())


def test_a_disk_without_room_for_the_reserve_goes_without(small_disk):
    fill(small_disk, RESERVE_BYTES)
    guard = DiskGuard(small_disk, ".reserve")
    assert not guard.reserve()
    assert (guard.holds, guard.give_back()) == (0, 0)


@pytest.mark.parametrize(
    ("hours", "severity"), [(5.0, None), (3.0, Severity.WARNING), (1.0, Severity.PROBLEM)]
)
def test_the_forecast_compares_the_room_with_the_plan(hours, severity):
    rate = bytes_per_second([ECG])
    finding = Forecast(RESERVE_BYTES + int(hours * 3600 * rate), rate).finding(2 * 3600.0)
    assert (finding.severity if finding else None) is severity


def test_the_forecast_is_close_to_what_a_recording_takes(tmp_path):
    disk = new(tmp_path)
    number = disk.tape.begin(ECG, info_xml(ECG))
    begun = disk.tape.length + disk.journal.length
    for _ in range(125):  # ten seconds
        put(disk, number, 10)
        disk.write()
    written = disk.tape.length + disk.journal.length - begun
    assert 0.6 < written / (10 * bytes_per_second([ECG])) < 1.2
    disk.close()
    disk.end()


def test_journal_lines_without_room_are_kept_and_written_when_there_is_some(small_disk):
    told: list[str] = []
    disk = new(small_disk / "s", told)
    ballast = fill(small_disk, 0)
    big = "x" * 30_000
    written = [disk.note("mark", text=f"{big}{number}") for number in range(300)]
    assert written[0]
    assert not written[-1]
    assert told == ["on disk-full", "on journal-stopped"]
    ballast.unlink()
    disk.sync()
    assert told[2:] == ["off journal-stopped"]
    disk._retry_at = 0.0
    disk.write()
    assert told[3:] == ["off disk-full"]
    disk.close()
    disk.end()
    entries, damaged = read_journal(disk.journal.path)
    assert damaged == 0
    marks = [entry.fields["text"] for entry in entries if entry.type == "mark"]
    assert sorted(int(mark.lstrip("x")) for mark in marks) == list(range(300))


def test_data_without_room_waits_in_memory_and_is_written_when_there_is_some(small_disk):
    told: list[str] = []
    disk = new(small_disk / "s", told)
    number = disk.tape.begin(ECG, info_xml(ECG))
    disk.write()
    ballast = fill(small_disk, 0)
    for _ in range(20):
        put(disk, number, 10_000)
        disk.write()
    assert told == ["on disk-full"]
    assert disk.tape.waiting > 100_000
    ballast.unlink()
    disk._retry_at = 0.0
    disk.write()
    assert told == ["on disk-full", "off disk-full"]
    assert disk.close() == ()
    counts, damaged = disk.verify()
    assert (counts[number], damaged) == (200_000, 0)
    disk.end()


def test_a_disk_that_stays_full_keeps_whole_chunks_and_says_so(small_disk):
    disk = new(small_disk / "s")
    number = disk.tape.begin(ECG, info_xml(ECG))
    disk.write()
    fill(small_disk, 0)
    for _ in range(100):
        put(disk, number, 10_000)
        disk.write()
    (small_disk / "more").write_bytes(bytes(shutil.disk_usage(small_disk).free))
    assert [finding.code for finding in disk.close()] == ["disk-full"]
    counts, damaged = disk.verify()
    assert damaged == 0
    assert counts[number] % 10_000 == 0
    assert counts[number] < disk.tape.accepted[number] == 1_000_000
    disk.end()


def test_a_disk_that_somebody_fills_is_told_before_it_refuses_anything(small_disk):
    told: list[str] = []
    disk = new(small_disk / "s", told)
    assert disk.check_room()
    ballast = fill(small_disk, 100_000)
    disk.check_room()
    assert told == ["on disk-nearly-full"]
    assert disk.failure is None  # what fits is still written
    ballast.write_bytes(ballast.read_bytes()[:-500_000])
    disk.check_room()
    assert told == ["on disk-nearly-full"]  # a little more room is not enough
    ballast.unlink()
    disk.check_room()
    assert told == ["on disk-nearly-full", "off disk-nearly-full"]
    disk.close()
    disk.end()


@pytest.mark.parametrize("name", ["recording.xdf", "journal.jsonl"])
@pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody delete an open file")
def test_a_file_that_is_deleted_while_it_is_written_is_told_within_a_second(tmp_path, name):
    told: list[str] = []
    disk = new(tmp_path, told)
    number = disk.tape.begin(ECG, info_xml(ECG))
    put(disk, number)
    disk.write()
    disk.sync()
    assert told == []
    (tmp_path / name).unlink()
    disk.sync()
    assert told == ["on file-gone"]
    assert [finding.code for finding in disk.close()] == ["file-gone"]
    counts, damaged = disk.verify()
    assert (counts[number], damaged) == ((0, 2) if name.endswith("xdf") else (10, 0))
    disk.end()


def test_a_file_that_is_cut_short_is_told_and_its_lost_blocks_are_counted(tmp_path):
    told: list[str] = []
    disk = new(tmp_path, told)
    number = disk.tape.begin(ECG, info_xml(ECG))
    for _ in range(3):
        put(disk, number)
        disk.write()
    os.truncate(disk.path, disk.tape.lengths[0])
    disk.sync()
    assert told == ["on file-gone"]
    disk.close()  # what follows is written behind the hole
    counts, damaged = disk.verify()
    assert (counts[number], damaged) == (10, 2)
    disk.end()


@pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody delete an open file")
def test_a_folder_that_is_deleted_stops_no_thread(tmp_path):
    told: list[str] = []
    disk = new(tmp_path / "s", told)
    shutil.rmtree(tmp_path / "s")
    assert not disk.check_room()
    disk.sync()
    disk.write()
    assert told == ["on disk-unknown", "on file-gone", "on file-gone"]
    disk.close()
    disk.end()
