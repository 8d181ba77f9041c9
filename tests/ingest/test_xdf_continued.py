"""A recorder that was killed and started again: two files, one session, a gap, nobody exchanged."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arousal.forget import forget
from arousal.ingest import load
from arousal.ingest.journal import journal_path
from arousal.ingest.journal_cut import journals_of
from arousal.ingest.raw import RawStream
from arousal.ingest.replay import virtual_streams
from arousal.ingest.xdf_writer import write_xdf
from arousal.pipeline import open_session
from arousal.places import data_files, session_folder
from arousal.recording import Kind, Recording
from arousal.session import load_session
from tests import small_session

KILLED, AGAIN = 400.0, 430.0
"""Seconds of the session at which the recorder was killed, and recorded again."""
UTC_ZERO = datetime(2026, 3, 12, 19, tzinfo=UTC).timestamp() - small_session.START
SESSION = """
schema = 1
id = "s1"
[people.P01]
streams = { rr = "RR P01", eda = "EDA P01" }
[people.P02]
streams = { rr = "RR P02", eda = "EDA P02" }
"""


def part(stream: RawStream, begin: float, end: float, clock: float) -> RawStream:
    """What a stream sent between two times of the session, on an LSL clock ``clock`` s ahead."""
    at = stream.times - small_session.START
    kept = (at >= begin) & (at < end)
    times = stream.times[kept] + clock
    return RawStream(stream.info, stream.values[kept], times, times)


def write_journal(
    data: Path,
    begin: float,
    end: float,
    clock: float,
    stop: bool = False,
    calendar: float = 0.0,
    run: str = "",
) -> None:
    """Lines of a journal: which file, and pairs of calendar and LSL time every 10 s."""
    lines: list[dict[str, Any]] = [{"type": "start", "file": data.name, "at": begin, "run": run}]
    lines += [{"type": "clock", "at": at} for at in np.arange(begin, end, 10.0).tolist()]
    lines += [{"type": "stop", "at": end}] if stop else []
    text = ""
    for number, line in enumerate(lines, 1):
        lsl = small_session.START + line.pop("at")
        utc = datetime.fromtimestamp(UTC_ZERO + calendar + lsl, UTC).isoformat()
        text += json.dumps({"seq": number, "utc": utc, "lsl": lsl + clock, **line}) + "\n"
    journal_path(data).write_text(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "study" / "sessions" / "s1"
    place.mkdir(parents=True)
    (place / "session.toml").write_text(SESSION)
    (tmp_path / "study" / "study.toml").write_text('schema = 1\nname = "t"\n')
    (tmp_path / "study" / "participants.tsv").write_text(
        "participant_id\tconsent_record\tconsent_research\n"
        "P01\t2026-01-01\t2026-01-01\nP02\t2026-01-01\t2026-01-01\n"
    )
    return place


def interrupted(folder: Path, clock: float = 0.0, *, journals: bool = True) -> None:
    """Write a session as two recorders did, the second in another order and on its own clock."""
    streams = [
        small_session.beats(1),
        small_session.skin(1),
        small_session.beats(2),
        small_session.skin(2),
        small_session.markers(),
    ]
    first, second = folder / "recording.xdf", folder / "recording-2.xdf"
    write_xdf(first, [part(s, 0.0, KILLED, 0.0) for s in streams])
    write_xdf(second, [part(s, AGAIN, 1e9, clock) for s in reversed(streams)])
    if journals:
        write_journal(first, 0.0, KILLED, 0.0)
        write_journal(second, AGAIN, 840.0, clock, stop=True)


def codes(recording: Recording) -> list[str]:
    return [finding.code for finding in recording.findings]


def whole(tmp_path: Path) -> Recording:
    """The same session without an interruption."""
    return load(small_session.write(tmp_path / "whole.xdf"))


@pytest.mark.parametrize("clock", [0.0, -700.0, 12_345.678])
def test_two_files_are_one_session_with_a_gap_also_if_the_computer_was_restarted(
    folder: Path, tmp_path: Path, clock: float
) -> None:
    interrupted(folder, clock)
    recording, uncut = load(folder), whole(tmp_path)
    assert [p.id for p in recording] == ["P01", "P02"]
    for person in recording:
        for signal in person.signals:
            (like,) = (s for s in uncut.person(person.id).signals if s.kind is signal.kind)
            outside = (like.times < KILLED - 1) | (like.times > AGAIN + 1)
            times, values = signal.times + recording.origin, signal.values
            here = np.searchsorted(times, like.times[outside] + uncut.origin - 1e-3)
            np.testing.assert_allclose(times[here], like.times[outside] + uncut.origin, atol=1e-3)
            np.testing.assert_array_equal(values[here], like.values[outside])
        skin = next(s for s in person.signals if s.kind is Kind.EDA)
        (gap,) = skin.gaps()
        assert gap[1] - gap[0] == pytest.approx(AGAIN - KILLED, abs=0.3)
    assert [e.label for e in recording.events] == [e.label for e in uncut.events]
    assert codes(recording).count("recording-continued") == 1
    assert len(recording.sources) == 2


def test_how_long_nothing_was_recorded_is_said_with_the_reason(folder: Path) -> None:
    interrupted(folder, -700.0)
    (said,) = (f for f in load(folder).findings if f.code == "recording-continued")
    assert "nothing was recorded for 30" in said.message
    assert "the computer was restarted" in said.message


@pytest.mark.parametrize("run", ["", "one"])
def test_a_calendar_that_was_set_between_two_files_moves_nothing_if_the_computer_ran_on(
    folder: Path, run: str
) -> None:
    interrupted(folder)
    write_journal(folder / "recording.xdf", 0.0, KILLED, 0.0, run="one")
    write_journal(
        folder / "recording-2.xdf", AGAIN, 840.0, 0.0, stop=True, calendar=3600.0, run=run
    )
    (said,) = (f for f in load(folder).findings if f.code == "recording-continued")
    told = f"nothing was recorded for {AGAIN - KILLED:.0f}"
    assert (told in said.message) is (run == "one")
    assert ("placed by its calendar (+3600.000 s)" in said.message) is (run == "")


def test_a_part_that_nothing_places_is_left_out_and_said(folder: Path) -> None:
    interrupted(folder, -700.0, journals=False)
    recording = load(folder)
    assert "recording-part-unplaced" in codes(recording)
    assert recording.end < KILLED + 1


def test_a_first_file_that_was_killed_while_it_was_empty_does_not_hide_the_second(
    folder: Path,
) -> None:
    interrupted(folder)
    (folder / "recording.xdf").write_bytes(b"")
    recording = load(folder)
    assert "recording-part-unread" in codes(recording)
    assert {p.id for p in recording} == {"P01", "P02"}


def test_the_second_file_is_the_session_too_however_it_is_named(folder: Path) -> None:
    interrupted(folder)
    second = folder / "recording-2.xdf"
    assert session_folder(second) == folder
    assert len(open_session(second).recording.events) == len(open_session(folder).recording.events)
    (folder / "recording-draft.xdf").write_bytes(b"")
    (folder / "recording-10.xdf").write_bytes(second.read_bytes())
    names = [p.name for p in data_files(folder, load_session(folder / "session.toml"))]
    assert names == ["recording.xdf", "recording-2.xdf", "recording-10.xdf"]


def test_a_replay_sends_both_parts_with_the_gap(folder: Path) -> None:
    interrupted(folder)
    ends = [float(stream.times[-1]) for stream in virtual_streams(folder)]
    assert max(ends) > AGAIN - 1
    assert len(ends) == 10


def test_whoever_withdraws_is_taken_out_of_both_files_and_nobody_else(folder: Path) -> None:
    interrupted(folder)
    before = load(folder)
    forget(folder.parents[1], "P01", today=date(2026, 4, 1))
    after = load(folder)
    assert [p.id for p in after] == ["P02"]
    for old, new in zip(before.person("P02").signals, after.person("P02").signals, strict=True):
        np.testing.assert_array_equal(old.values, new.values)


def test_a_journal_is_only_that_of_the_file_it_names(folder: Path) -> None:
    interrupted(folder)
    second = folder / "recording-2.xdf"
    assert journals_of(second) == [folder / "recording-2.journal.jsonl"]
    assert journals_of(folder / "recording.xdf") == [folder / "journal.jsonl"]
    # A stream's number means something else in each file.
    line = '{"seq":9,"utc":"x","lsl":1,"type":"stream-found","stream":1,"person":"P01"}\n'
    with (folder / "journal.jsonl").open("a") as file:
        file.write(line)
    forget(folder.parents[1], "P01", today=date(2026, 4, 1))
    kept = load(folder).person("P02")
    assert {s.kind for s in kept.signals} == {Kind.RR, Kind.EDA}
    assert all(s.times[-1] > AGAIN for s in kept.signals)
