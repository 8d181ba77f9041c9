"""A desk that is killed while it records comes back by itself and goes on: one session, a gap."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from arousal.errors import ArousalError
from arousal.ingest import load
from arousal.ingest.journal import read_journal
from arousal.monitor.channel import ADDRESS_FILE
from arousal.monitor.desk_keeper import DEATHS, keep
from arousal.monitor.desk_process import attach
from arousal.monitor.earlier import kept_state
from arousal.recording import Kind
from arousal.session import load_session
from dashboards.live.after import Aftermath
from tests.ingest.recording_rig import Senders
from tests.live_rig import Study, stream_name, wait_until

FRESH = "import sys, pathlib; p = pathlib.Path(sys.argv[1]); p.write_text(p.read_text() + 'x')"


@pytest.fixture
def study(tmp_path, lsl):
    made = Study(tmp_path / "study", people=2)
    yield made
    made.end_desk()


def process_of(study: Study) -> int:
    return int(json.loads((study.session / ADDRESS_FILE).read_text())["pid"])


def state_of(study: Study) -> dict:
    try:
        return study.state()
    except ArousalError:
        return {"stage": "away"}


def streams(study: Study) -> list[dict]:
    rates = {Kind.ECG: 130.0, Kind.EDA: 4.0, Kind.RR: 1.1}
    return [
        {"name": stream_name(p, kind), "type": kind.upper(), "rate": rates[kind], "tag": n}
        for n, p in enumerate(study.people)
        for kind in rates
    ]


@pytest.mark.lsl
@pytest.mark.timeout(120)
def test_a_killed_recorder_goes_on_in_a_second_file_and_the_session_is_one(study, lsl):
    with Senders(lsl, streams(study)):
        client = attach(study.session)
        client.ask("accept", people=study.people)
        client.ask("start")
        wait_until(lambda: len(state_of(study)["streams"]) == 6, 20)
        client.ask("mark", text="phase/baseline", key="k1")
        time.sleep(1.5)
        second = client.ask("mark", text="phase/opening", key="k2")
        time.sleep(1.0)
        killed = process_of(study)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: state_of(study)["stage"] == "during", 30)
        assert process_of(study) != killed
        wait_until(lambda: len(state_of(study)["streams"]) == 6, 20)
        state = state_of(study)
        codes = [alarm["code"] for alarm in state["alarms"]]
        assert "recorder-restarted" in codes
        assert state["file"] == "recording-2.xdf"
        assert [line["text"] for line in state["log"]] == ["phase/opening", "phase/baseline"]
        assert state["current"]["phase"] == "opening"
        assert state["now"] > second["onset"]
        moved = client.ask("shift", seconds=-1.0, of=second["id"], key="k3")
        third = client.ask("mark", text="phase/presentation", key="k4")
        assert len({second["id"], moved["id"], third["id"]}) == 3
        time.sleep(1.5)
        client.ask("stop", timeout=30)
        summary = state_of(study)["summary"]
    assert summary["file"] == "recording.xdf, recording-2.xdf"
    assert len(summary["interruptions"]) == 1
    assert 0 < summary["interruptions"][0]["seconds"] < 20
    assert summary["complete"]
    assert not summary["open"]
    wearers_of_one_file = 7
    assert len(summary["streams"]) == 2 * wearers_of_one_file
    recording = load(study.session)
    words = [event.label.split()[0] for event in recording.events]
    assert words == ["phase/baseline", "phase/opening", "move", "phase/presentation", "end"]
    for person in recording:
        for signal_ in person.signals:
            gaps = signal_.gaps()
            lasted = gaps[:, 1] - gaps[:, 0]
            assert lasted.size <= 1 or signal_.rate is None
            assert (np.diff(signal_.times) > 0).all()
    course = Aftermath(study.session).timeline()["phases"]
    assert [p["phase"] for p in course] == ["baseline", "opening", "presentation"]


@pytest.mark.lsl
@pytest.mark.timeout(120)
def test_when_nobody_starts_it_again_the_page_can_call_the_session_over(study, lsl):
    client = attach(study.session)
    client.ask("accept", people=study.people)
    client.ask("start")
    client.ask("mark", text="phase/baseline", key="k1")
    number = process_of(study)
    stat = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    os.kill(int(stat[1]), signal.SIGKILL)  # its keeper
    os.kill(number, signal.SIGKILL)
    after = Aftermath(study.session)
    wait_until(lambda: after.state()["stage"] == "broken", 10)
    after.give_up()
    state = after.state()
    assert state["stage"] == "after"
    assert state["summary"]["open"]
    assert state["summary"]["interruptions"] == [
        {"file": "recording.xdf", "at": pytest.approx(0, abs=20), "seconds": None}
    ]
    # Unless somebody goes on later, by hand.
    again = attach(study.session, resume=True)
    assert again.ask("wait")["state"]["stage"] == "during"
    again.ask("stop", timeout=30)
    kept = kept_state(study.session, load_session(study.session / "session.toml"))
    assert kept is not None
    assert kept["file"] == "recording.xdf, recording-2.xdf"
    marks = read_journal(study.session / "recording-2.journal.jsonl")[0]
    assert [e.fields["text"] for e in marks if e.type == "mark"] == ["end id=m2"]


def test_a_program_that_ends_in_order_is_not_started_again(tmp_path):
    place = tmp_path / "runs"
    place.write_text("")
    before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        assert keep([sys.executable, "-c", FRESH, str(place)], []) == 0
        assert place.read_text() == "x"
        crash = [sys.executable, "-c", FRESH + "; raise SystemExit(1)", str(place)]
        assert keep(crash, []) == 1
        assert place.read_text() == "x" + DEATHS * "x"
        refuse = [sys.executable, "-c", FRESH + "; raise SystemExit(4)", str(place)]
        assert keep(refuse, []) == 4
        assert place.read_text() == "x" + DEATHS * "x" + "x"
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
