"""A recording in which straps are late, die, return and share an id; samples count themselves."""

from __future__ import annotations

import threading
import time
import zlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arousal.errors import DataError, UsageError
from arousal.ingest import workers
from arousal.ingest.journal import Entry, read_journal
from arousal.ingest.lsl import Arrival, Inlet, local_clock
from arousal.ingest.recorder import Recorder
from arousal.ingest.recording_summary import RecordingSummary
from arousal.ingest.stream_health import State, StreamHealth
from tests.ingest.recording_rig import Senders, counters, seconds_lost, stored, wait_until

pytestmark = pytest.mark.lsl

TWIN, OTHER_TWIN, EDA, LATE, TALK = range(5)
STREAMS = [
    {"name": "Polar", "type": "ECG", "rate": 130.0, "source_id": "myuid2424", "tag": 1},
    {"name": "Polar", "type": "ECG", "rate": 130.0, "source_id": "myuid2424", "tag": 2},
    {"name": "gsr", "type": "EDA", "rate": 4.0, "tag": 3},
    {"name": "late", "type": "ECG", "rate": 130.0, "tag": 4, "on": False},
    {"name": "talk", "type": "Markers", "rate": 2.0, "declared": 0.0, "format": "string"},
]


@dataclass
class Session:
    """What happened, as both sides tell it."""

    summary: RecordingSummary
    files: dict[str, list[dict[str, Any]]]
    journal: tuple[Entry, ...]
    starts: dict[int, list[dict[str, Any]]]
    died: dict[str, Any]
    stopped: float
    heard: list[str]
    in_silence: tuple[StreamHealth, ...]
    marks: list[str]

    def entries(self, *kinds: str) -> list[Entry]:
        return [entry for entry in self.journal if entry.type in kinds]


def of_name(recorder: Recorder, name: str) -> list[StreamHealth]:
    return [reading for reading in recorder.health() if reading.info.name == name]


def states(recorder: Recorder, name: str) -> list[State]:
    return [reading.state for reading in of_name(recorder, name)]


@pytest.fixture(scope="module")
def session(lsl, tmp_path_factory) -> Session:
    import pylsl

    out: Path = tmp_path_factory.mktemp("recording")
    with Senders(lsl, STREAMS) as senders, Recorder(out) as recorder:
        starts = {i: [start] for i, start in enumerate(senders.starts) if start}
        wait_until(lambda: len(recorder.health()) == 4)
        (own,) = pylsl.resolve_byprop("name", "ArousalMarkers", timeout=5)
        listener = pylsl.StreamInlet(own, recover=False)
        listener.open_stream()
        listener.info()  # without it pulling hangs when the source has gone
        marks = [str(recorder.mark(text).mark) for text in ("phase/baseline", "Presentation")]
        starts[LATE] = [senders.tell(f"on {LATE}")]
        wait_until(lambda: states(recorder, "late") == [State.LIVE])
        died = senders.tell(f"off {TWIN}")
        wait_until(lambda: State.LOST in states(recorder, "Polar"))
        starts[TWIN].append(senders.tell(f"on {TWIN}"))
        wait_until(lambda: states(recorder, "Polar").count(State.LIVE) == 2)
        marks.append(str(recorder.undo().mark))
        senders.tell(f"quiet {EDA}")
        wait_until(lambda: states(recorder, "gsr") == [State.SILENT])
        in_silence = recorder.health()
        # An offset is written 5 s after the one before: see two of the longest streams.
        wait_until(lambda: pylsl.local_clock() > starts[OTHER_TWIN][0]["t0"] + 7.0)
        heard = [text for (text,) in listener.pull_chunk(1.0, 3)[0]]
        stopped = pylsl.local_clock()
        summary = recorder.stop()
    entries, damaged = read_journal(summary.journal)
    assert damaged == 0
    files = stored(summary.path)
    return Session(summary, files, entries, starts, died, stopped, heard, in_silence, marks)


def test_every_stream_of_the_session_is_recorded_recognised_or_not(session):
    names = {"ArousalMarkers", "Polar", "gsr", "late", "talk"}
    assert set(session.files) == names
    assert {s.info.name for s in session.summary.streams} == names


def test_no_sample_is_lost_from_opening_to_a_clean_stop(session):
    for segment, start in (
        *((s, b) for s in session.files["Polar"] for b in _starts(session, s)),
        (session.files["late"][0], session.starts[LATE][0]),
    ):
        if segment["info"]["uid"][0] != session.starts[TWIN][0]["uid"]:
            assert seconds_lost(segment, start["t0"], 130.0, session.stopped) == 0


def _starts(session: Session, segment: dict[str, Any]) -> list[dict[str, Any]]:
    uid = segment["info"]["uid"][0]
    starts = [*session.starts[TWIN], *session.starts[OTHER_TWIN]]
    return [start for start in starts if start["uid"] == uid]


def test_two_straps_with_one_name_and_id_are_never_mixed(session):
    segments = session.files["Polar"]
    tags = [set(np.asarray(s["time_series"])[:, 1]) for s in segments]
    assert sorted(tags, key=str) == [{1.0}, {1.0}, {2.0}]
    assert all((np.diff(counters(s)) == 1).all() for s in segments)


def test_a_strap_that_dies_keeps_what_it_had_sent(session):
    uid = session.starts[TWIN][0]["uid"]
    (dead,) = (s for s in session.files["Polar"] if s["info"]["uid"][0] == uid)
    assert counters(dead)[-1] >= session.died["sent"] - 1 - 0.2 * 130


def test_a_strap_that_returns_is_a_new_segment_that_continues_the_dead_one(session):
    first, again = (start["uid"] for start in session.starts[TWIN])
    (back,) = session.entries("stream-back")
    found = {e.fields["uid"]: e.fields["stream"] for e in session.entries("stream-found")}
    assert back.fields["uid"] == again
    assert back.fields["continues"] == found[first]
    (lost,) = session.entries("stream-lost")
    assert lost.fields["uid"] == first


def test_a_late_stream_is_recorded_from_soon_after_it_appears(session):
    assert counters(session.files["late"][0])[0] < 5 * 130


def test_streams_of_text_are_recorded_as_text(session):
    kept = counters(session.files["talk"][0])
    assert np.array_equal(kept, np.arange(kept[0], kept[-1] + 1))
    assert session.files["talk"][0]["info"]["channel_format"] == ["string"]


def test_marks_are_in_the_file_in_the_journal_and_on_the_network(session):
    assert session.marks == ["phase/baseline id=m1", "Presentation id=m2", "undo id=m3 of=m2"]
    assert [text for (text,) in session.files["ArousalMarkers"][0]["time_series"]] == session.marks
    assert [e.fields["text"] for e in session.entries("mark")] == session.marks
    assert session.heard == session.marks
    stamps = [e.fields["stamp"] for e in session.entries("mark")]
    np.testing.assert_allclose(session.files["ArousalMarkers"][0]["time_stamps"], stamps)


def test_a_stream_whose_sender_lives_and_sends_nothing_is_silent(session):
    (gsr,) = (r for r in session.in_silence if r.info.name == "gsr")
    assert [f.code for f in gsr.findings] == ["stream-silent"]
    alarms = [e.fields for e in session.entries("alarm") if e.fields["where"] == "gsr"]
    assert ("on", "stream-silent") in [(a["state"], a["code"]) for a in alarms]
    assert [e.fields["state"] for e in session.entries("silence")][:1] == ["begins"]


def test_straps_that_share_an_id_are_told(session):
    codes = {e.fields["code"] for e in session.entries("alarm")}
    assert "id-ambiguous" in codes


def test_clock_offsets_are_measured_on_the_senders_clock_about_every_5_s(session):
    uid = session.starts[OTHER_TWIN][0]["uid"]
    (longest,) = (s for s in session.files["Polar"] if s["info"]["uid"][0] == uid)
    times, values = longest["clock_times"], longest["clock_values"]
    assert len(times) >= 2
    assert longest["time_stamps"][0] - 1 < times[0] < times[-1] < longest["time_stamps"][-1] + 1
    assert all(3.5 < b - a < 7.5 for a, b in pairwise(times[:-1]))
    assert np.abs(values).max() < 0.01


def test_every_stream_ends_with_a_footer_that_counts_right(session):
    for segment in (s for segments in session.files.values() for s in segments):
        footer = segment["footer"]["info"]
        assert footer["sample_count"] == [str(len(segment["time_stamps"]))]


def test_the_summary_counts_what_a_reader_finds_and_says_n_of_n(session):
    found = {
        segment["info"]["stream_id"]: len(segment["time_stamps"])
        for segments in session.files.values()
        for segment in segments
    }
    assert {s.number: s.on_disk for s in session.summary.streams} == found
    assert session.summary.complete
    (gsr,) = (s for s in session.summary.streams if s.info.name == "gsr")
    assert str(gsr) == f"gsr: {gsr.received} of {gsr.received} samples on disk"


def test_the_journals_blocks_tile_the_file_with_its_checksums(session):
    data = session.summary.path.read_bytes()
    blocks = [e.fields for e in session.entries("block")]
    assert blocks[0]["offset"] == 0
    assert all(a["offset"] + a["length"] == b["offset"] for a, b in pairwise(blocks))
    assert blocks[-1]["offset"] + blocks[-1]["length"] == len(data)
    assert all(zlib.crc32(data[b["offset"] :][: b["length"]]) == b["crc32"] for b in blocks)


def test_a_lost_first_page_costs_its_own_chunks_and_no_stream(session, tmp_path):
    """The headers that lay in it are read from the journal, which holds a copy of each."""
    from arousal.ingest.xdf_raw import read_raw

    whole = read_raw(session.summary.path)
    data = session.summary.path.read_bytes()
    size = 16_384
    (tmp_path / "recording.xdf").write_bytes(bytes(size) + data[size:])
    (tmp_path / "journal.jsonl").write_bytes(session.summary.journal.read_bytes())
    part = read_raw(tmp_path / "recording.xdf")
    kept = {s.stream_id: s for s in part.streams}
    # A strap that died early may have all it sent in the page that is lost.
    behind = [s for s in whole.streams if s.chunk_places[-1:].sum() > size + 1500]
    assert kept.keys() >= {s.stream_id for s in behind}
    assert len(behind) >= 4
    assert "xdf-header-spare" in {f.code for f in part.findings}
    for stream in behind:
        found, size_of = kept[stream.stream_id], len(kept[stream.stream_id].stamps)
        assert found.info == stream.info
        tail = stream.stamps[len(stream.stamps) - size_of :]
        np.testing.assert_array_equal(found.stamps, tail)
        if stream.info.rate == 130.0:
            assert size_of > len(stream.stamps) - 3 * 130


def test_the_journal_pairs_both_clocks_and_ends_with_the_result(session):
    pairs = [(e.utc - e.lsl) for e in session.journal]
    assert max(pairs) - min(pairs) < 0.05
    assert [e.seq for e in session.journal] == list(range(1, len(session.journal) + 1))
    assert session.journal[-1].type == "stop"
    assert session.journal[-1].fields["complete"] is True


def test_our_own_reader_finds_the_same_samples_on_one_clock_and_no_damage(session):
    from arousal.ingest.xdf import read_xdf

    read = read_xdf(session.summary.path)
    assert not read.truncated
    assert not {f.code for f in read.noticed} & {"xdf-checksum", "journal-foreign", "xdf-damaged"}
    counts = dict(zip(read.stream_ids, (len(s.times) for s in read.streams), strict=True))
    assert counts == {s.number: s.on_disk for s in session.summary.streams}
    started = {start["uid"]: start["t0"] for starts in session.starts.values() for start in starts}
    for stream in (s for s in read.streams if s.info.name == "Polar"):
        # Sender and recorder run on one computer, so one clock is the other's to a millisecond.
        sent = started[stream.info.uid] + (stream.values[:, 0] + 1) / 130.0
        np.testing.assert_allclose(stream.times, sent, rtol=0, atol=0.002)


def test_the_reserve_is_gone_after_the_recording(session):
    names = {path.name for path in session.summary.path.parent.iterdir()}
    assert names == {"recording.xdf", "journal.jsonl"}


def test_a_recorder_started_again_overwrites_nothing_and_goes_on_numbering_marks(lsl, tmp_path):
    with Recorder(tmp_path) as first:
        first.mark("phase/baseline")
        one = first.stop()
    with Recorder(tmp_path) as second:
        placed = second.mark("phase/opening")
        two = second.stop()
    assert (one.path.name, two.path.name) == ("recording.xdf", "recording-2.xdf")
    assert placed.mark.id == "m2"
    assert two.journal.name == "recording-2.journal.jsonl"


def test_a_mark_sent_twice_with_its_own_id_is_set_once(lsl, tmp_path):
    with Recorder(tmp_path / "a.xdf") as recorder:
        first = recorder.mark("phase/baseline id=key1")
        time.sleep(0.01)
        assert recorder.mark("phase/baseline id=key1") == first
        assert first.on_disk
        with pytest.raises(UsageError, match="key1 is taken"):
            recorder.mark("phase/opening id=key1")
        summary = recorder.stop()
    assert len(stored(summary.path)["ArousalMarkers"][0]["time_stamps"]) == 1


def test_marks_that_break_the_rules_are_refused_and_leave_no_trace(lsl, tmp_path):
    with Recorder(tmp_path) as recorder:
        with pytest.raises(UsageError, match="nothing to undo"):
            recorder.undo()
        with pytest.raises(DataError, match="a probe is 1-9"):
            recorder.mark("probe/P04/12")
        with pytest.raises(UsageError, match="one line"):
            recorder.mark("two\nlines")
        summary = recorder.stop()
        with pytest.raises(UsageError, match="no recording to mark"):
            recorder.mark("phase/baseline")
    assert not stored(summary.path)["ArousalMarkers"][0]["time_stamps"].size


def test_a_listener_that_fails_is_cut_off_and_the_recording_goes_on(lsl, tmp_path):
    def fail(_samples: object) -> None:
        raise RuntimeError("the page is broken")

    stream = {"name": "ecg-1", "type": "ECG", "rate": 130.0}
    with Senders(lsl, [stream]) as senders, Recorder(tmp_path, listener=fail) as recorder:
        wait_until(lambda: any(f.code == "listener-failed" for f in recorder.alarms.standing))
        wait_until(lambda: recorder.health() and recorder.health()[0].samples > 130)
        import pylsl

        stopped = pylsl.local_clock()
        summary = recorder.stop()
        start = senders.starts[0]
    assert seconds_lost(stored(summary.path)["ecg-1"][0], start["t0"], 130.0, stopped) == 0


def test_a_stream_that_hangs_in_liblsl_does_not_hold_up_the_others(lsl, tmp_path, monkeypatch):
    hangs, go_on, pull = threading.Event(), threading.Event(), Inlet.pull

    def sometimes_hang(inlet: Inlet) -> Arrival | None:
        if inlet.info.name == "hung" and hangs.is_set():
            go_on.wait(30)
        return pull(inlet)

    monkeypatch.setattr(Inlet, "pull", sometimes_hang)
    monkeypatch.setattr(workers, "STUCK_SECONDS", 0.3)
    streams = [{"name": name, "type": "ECG", "rate": 130.0} for name in ("hung", "fine")]
    with Senders(lsl, streams) as senders, Recorder(tmp_path) as recorder:
        wait_until(lambda: len(recorder.health()) == 2)
        hangs.set()
        wait_until(lambda: any(f.code == "recorder-fault" for f in recorder.alarms.standing))
        (before,) = (r.samples for r in of_name(recorder, "fine"))
        wait_until(lambda: of_name(recorder, "fine")[0].samples > before + 130)
        go_on.set()
        wait_until(lambda: not any(f.code == "recorder-fault" for f in recorder.alarms.standing))
        hangs.clear()
        stopped = local_clock()
        summary = recorder.stop()
    found = stored(summary.path)
    for name, start in zip(("hung", "fine"), senders.starts, strict=True):
        assert seconds_lost(found[name][0], start["t0"], 130.0, stopped) == 0
