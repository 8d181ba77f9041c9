"""The computer's calendar is set while a session runs: nothing of the session moves."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from functools import partial

import numpy as np
import pytest

from arousal.ingest import load, recording_disk
from arousal.ingest.boot import run_of_computer
from arousal.ingest.journal import Journal, read_journal
from arousal.monitor.desk import Desk
from arousal.monitor.earlier import interrupted, kept_state
from arousal.recording import Kind
from arousal.session import load_session
from dashboards.live.after import Aftermath
from tests.ingest.recording_rig import Senders
from tests.live_rig import Study, stream_name, wait_until

HOUR = 3600.0
APART = 1.5
"""Seconds between two marks."""


class Calendar:
    """What `time.time` says: right, or set by ``ahead`` s."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead, real = 0.0, time.time
        monkeypatch.setattr(time, "time", lambda: real() + self.ahead)
        with_this = partial(Journal, utc=lambda: real() + self.ahead)
        monkeypatch.setattr(recording_disk, "Journal", with_this)


@pytest.mark.lsl
@pytest.mark.timeout(120)
def test_marks_and_data_stay_together_when_the_calendar_is_set_forward_and_back(
    tmp_path, lsl, monkeypatch
):
    calendar = Calendar(monkeypatch)
    study = Study(tmp_path / "study", people=2)
    streams = [
        {"name": stream_name(p, k), "type": k.upper(), "rate": rate, "tag": n}
        for n, p in enumerate(study.people)
        for k, rate in ((Kind.ECG, 130.0), (Kind.EDA, 4.0))
    ]
    desk = Desk(study.session)

    def state() -> dict:
        return desk.answer("wait", {"after": 0})["state"]

    with Senders(lsl, streams):
        desk.answer("accept", {"people": study.people})
        desk.answer("start", {})
        wait_until(lambda: len(state()["streams"]) == len(streams), 20)
        onsets, began = [], time.monotonic()
        for phase, ahead in (("baseline", 0.0), ("opening", HOUR), ("presentation", -HOUR)):
            calendar.ahead = ahead
            mark = desk.answer("mark", {"text": f"phase/{phase}", "key": phase})
            onsets.append(mark["onset"] - (time.monotonic() - began))
            time.sleep(APART)
        now = state()
        desk.answer("stop", {})
    desk.finish()
    # Each mark is where it was set, whatever the calendar said.
    assert np.ptp(onsets) < 0.2
    assert [line["text"] for line in now["log"]][::-1] == [
        "phase/baseline",
        "phase/opening",
        "phase/presentation",
    ]
    assert now["current"]["phase"] == "presentation"
    assert now["now"] - now["current"]["onset"] == pytest.approx(APART, abs=1.0)
    utc = [e.utc for e in read_journal(study.session / "journal.jsonl")[0] if e.type == "mark"]
    assert utc[1] - utc[0] > HOUR - 60  # it was set, and the journal says so
    # The file: marks on the samples' clock, no gap in the samples.
    recording = load(study.session)
    times = {event.label.split()[0]: event.onset for event in recording.events}
    course = [times[f"phase/{p}"] for p in ("baseline", "opening", "presentation")]
    assert np.diff(course) == pytest.approx(APART, abs=0.5)
    for person in recording:
        for signal in person.signals:
            assert np.diff(signal.times).max() < 0.5
            assert signal.onset < course[0]
            assert signal.end > course[-1]
    # And what the page says afterwards, from the folder alone.
    kept = kept_state(study.session, load_session(study.session / "session.toml"))
    assert kept is not None
    assert kept["seconds"] == pytest.approx(state_seconds(study), abs=0.5)
    phases = Aftermath(study.session).timeline()["phases"]
    assert [p["phase"] for p in phases] == ["baseline", "opening", "presentation"]
    assert phases[1]["end"] - phases[1]["onset"] == pytest.approx(APART, abs=0.5)


def state_seconds(study: Study) -> float:
    entries, _ = read_journal(study.session / "journal.jsonl")
    return entries[-1].lsl - entries[0].lsl


def killed_session(study: Study, lsl_at: float, utc_at: float, run: str = "other") -> None:
    """A recording of 100 s with one mark at 50 s, killed; its end was at these two clocks."""
    (study.session / "recording.xdf").write_bytes(b"XDF:")
    rows = []
    happened: list[tuple[float, str, dict[str, object]]] = [
        (0.0, "start", {"run": run}),
        (50.0, "mark", {"text": "phase/opening id=m1", "stamp": lsl_at - 50}),
        *((80.0 + n, "clock", {}) for n in range(21)),
    ]
    for seq, (at, kind, fields) in enumerate(happened, 1):
        utc = datetime.fromtimestamp(utc_at - 100 + at, UTC).isoformat()
        rows.append({"seq": seq, "utc": utc, "lsl": lsl_at - 100 + at, "type": kind, **fields})
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (study.session / "journal.jsonl").write_text(text)


@pytest.mark.parametrize(("run", "kept"), [("other", True), (run_of_computer(), False)])
@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
def test_a_recorder_started_again_on_a_computer_that_ran_on_keeps_its_clock(
    tmp_path, ahead, run, kept
):
    """Its keeper knows it, or the journal does, whatever the calendar says."""
    study = Study(tmp_path / "study", people=1)
    session = load_session(study.session / "session.toml")
    killed_session(study, lsl_at=5000.0, utc_at=time.time() - ahead - 5.0, run=run)
    earlier = interrupted(study.session, session, lambda: 5005.0, same_clock=kept)
    assert earlier is not None
    assert earlier.zero == pytest.approx(4900.0)
    assert earlier.ended == pytest.approx(5000.0)
    assert [mark.stamp for mark in earlier.marks] == pytest.approx([4950.0])


def test_on_a_computer_that_was_restarted_the_calendar_ties_what_came_before(tmp_path):
    study = Study(tmp_path / "study", people=1)
    session = load_session(study.session / "session.toml")
    killed_session(study, lsl_at=5000.0, utc_at=time.time() - 120.0)
    earlier = interrupted(study.session, session, lambda: 40.0, same_clock=False)
    assert earlier is not None
    assert earlier.ended == pytest.approx(40.0 - 120.0, abs=1.0)
    assert earlier.zero == pytest.approx(40.0 - 220.0, abs=1.0)
    assert [mark.stamp for mark in earlier.marks] == pytest.approx([40.0 - 170.0], abs=1.0)
