"""Somebody withdraws while the session is being recorded: their streams close at once, and what
was written of them goes when the recording ends; nobody else loses a sample."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from arousal.consent import Consents
from arousal.errors import DataError, UsageError
from arousal.forget import finish_withdrawals, forget
from arousal.ingest.journal import read_journal
from arousal.ingest.recorder import Recorder
from arousal.ingest.xdf_raw import read_raw
from arousal.monitor.desk import Desk
from arousal.places import study_folder
from arousal.session import load_session
from arousal.session_input import open_session
from arousal.withdrawing import note_withdrawal
from tests.ingest.recording_rig import Senders, wait_until

LEAVER = "Q77leaver"
TODAY = date(2026, 4, 1)
STREAMS = [
    {"name": "ecg K1", "type": "ECG", "rate": 130.0, "tag": 1},
    {"name": "strap-a", "type": "ECG", "rate": 130.0, "tag": 2},
    {"name": "strap-b", "type": "EDA", "rate": 4.0, "tag": 3},
    {"name": "eda K1", "type": "EDA", "rate": 4.0, "tag": 4},
]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    folder = tmp_path / "study" / "sessions" / "s1"
    folder.mkdir(parents=True)
    (tmp_path / "study" / "study.toml").write_text('schema = 1\nname = "s"\n')
    (folder / "session.toml").write_text(
        f'schema = 1\nid = "s1"\nprotocol = "balint-60"\n'
        f'[people.K1]\nstreams = {{ ecg = "ecg K1", eda = "eda K1" }}\n'
        f'[people.{LEAVER}]\nstreams = {{ ecg = "strap-a", eda = "strap-b" }}\n'
        f"[consent.K1]\nrecord = 2026-03-01\n"
        f"[consent.{LEAVER}]\nrecord = 2026-03-01\nown_view = 2026-03-01\n"
    )
    return folder


def closed(folder: Path) -> list[list[int]]:
    """The streams that the journal says were closed because somebody withdrew."""
    entries, _ = read_journal(folder / "journal.jsonl")
    return [e.fields["closed"] for e in entries if e.type == "withdrawn" and "closed" in e.fields]


def everything(folder: Path) -> bytes:
    return b"\0".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


@pytest.mark.lsl
def test_streams_close_at_once_stay_closed_and_are_gone_after_the_end(session, lsl) -> None:
    study = session.parents[1]
    with Senders(lsl, STREAMS) as senders, Recorder(session, session) as recorder:
        wait_until(lambda: len(recorder.health()) == 4)
        wait_until(lambda: all(r.samples > 3 for r in recorder.health()))
        theirs = [r.number for r in recorder.health() if r.person == LEAVER]

        done = forget(study, LEAVER, session="s1", today=TODAY)
        asked = time.monotonic()
        assert (done.pending, done.unconfirmed, done.sessions) == (("s1",), (), ())
        assert closed(session) == [sorted(theirs)]
        assert not Consents(load_session(session / "session.toml")).allows(LEAVER, "own_view")

        senders.tell("off 1")
        senders.tell("on 1")  # the strap comes back with a new uid
        wait_until(lambda: time.monotonic() > asked + 2.5, 10)
        assert {r.person for r in recorder.health()} == {"K1"}
        assert not [f for f in recorder.alarms.standing if LEAVER in str(f) or "strap" in str(f)]
        with pytest.raises(UsageError, match="being recorded"):
            finish_withdrawals(session, today=TODAY)
        summary = recorder.stop()

    assert summary.complete
    assert not [s for s in summary.streams if s.person == LEAVER or "strap" in s.info.name]
    before = {s.info.name: s for s in read_raw(session / "recording.xdf").streams}
    assert {"strap-a", "strap-b", "ecg K1", "eda K1"} <= before.keys()
    lead = before["ecg K1"].stamps[-1] - before["strap-a"].stamps[-1]
    assert lead > 2.0  # the others were recorded on, and nothing was written of the leaver
    assert set(np.diff(before["ecg K1"].values[:, 0])) == {1.0}

    (gone,) = finish_withdrawals(session, today=TODAY)
    assert gone.sessions == ("s1",)
    assert gone.leftovers == ()
    after = {s.info.name: s for s in read_raw(session / "recording.xdf").streams}
    assert after.keys() == before.keys() - {"strap-a", "strap-b"}
    for name in ("ecg K1", "eda K1"):
        assert np.array_equal(after[name].values, before[name].values)
        assert np.array_equal(after[name].stamps, before[name].stamps)
    told = everything(study)
    assert LEAVER.encode() not in told
    assert b"strap-" not in told
    assert load_session(session / "session.toml").withdrawn == ()
    assert closed(session) == [sorted(theirs)]  # that streams were closed may be known
    assert finish_withdrawals(session, today=TODAY) == ()


@pytest.mark.lsl
def test_the_commands_do_it_with_a_recorder_of_another_process(session, lsl, tmp_path) -> None:
    def command(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "arousal.cli", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=lsl.environment(),
        )

    journal = session / "journal.jsonl"
    with Senders(lsl, STREAMS):
        recorder = command("record", str(session), "--session", str(session))
        wait_until(journal.exists, 30)
        found = "stream-found"
        wait_until(lambda: sum(e.type == found for e in read_journal(journal)[0]) == 4, 20)
        time.sleep(1.0)
        leaving = command("forget", str(session.parents[1]), LEAVER, "--yes")
        said, _ = leaving.communicate(timeout=60)
        assert leaving.returncode == 0, said
        assert "s1 is being recorded: the streams are closed" in said
        assert len(closed(session)) == 1
        recorder.send_signal(signal.SIGINT)
        said, _ = recorder.communicate(timeout=60)
        assert recorder.returncode == 0, said
        assert "removed: s1: 2 streams in recording.xdf" in said
    assert LEAVER.encode() not in everything(session.parents[1])
    kept = {s.info.name for s in read_raw(session / "recording.xdf").streams}
    assert kept == {"ArousalMarkers", "ecg K1", "eda K1"}


@pytest.mark.lsl
def test_the_desk_closes_the_streams_and_takes_no_more_marks_about_them(session, lsl) -> None:
    desk = Desk(session)
    try:
        desk.answer("accept", {"people": ["K1", LEAVER]})
        with pytest.raises(UsageError, match="arousal forget"):
            desk.answer("withdraw", {"person": LEAVER})
        desk.answer("start", {})
        with pytest.raises(UsageError, match="nobody here is called"):
            desk.answer("withdraw", {"person": "P99"})
        with Senders(lsl, STREAMS):
            wait_until(lambda: _recorded(session) == 4)
            wait_until(lambda: len(desk.answer("wait", {"after": 0})["state"]["streams"]) == 4)
            assert desk.answer("withdraw", {"person": LEAVER}) == {"streams": 2}
            told = desk.answer("wait", {"after": 0})["state"]  # at once, not with the next look
            assert {s["person"] for s in told["streams"]} == {"K1"}
        state = desk.answer("wait", {"after": 0})["state"]
        assert [seat["id"] for seat in state["seats"]] == ["K1"]
        assert LEAVER not in json.dumps(state)
        with pytest.raises(DataError, match="not among"):
            desk.answer("mark", {"text": f"presenter/{LEAVER}", "key": "k1"})
        desk.answer("stop", {})
    finally:
        desk.finish()
    assert load_session(session / "session.toml").withdrawn == (LEAVER,)
    finish_withdrawals(session, today=TODAY)
    assert LEAVER.encode() not in everything(session)


def _recorded(folder: Path) -> int:
    return sum(e.type == "stream-found" for e in read_journal(folder / "journal.jsonl")[0])


@pytest.mark.lsl
def test_a_stream_shared_with_others_is_refused_and_an_alarm_says_so(session, lsl) -> None:
    path = session / "session.toml"
    path.write_text(path.read_text().replace('eda = "eda K1"', 'eda = "strap-b:2"'))
    with Senders(lsl, STREAMS[:3]), Recorder(session, session) as recorder:
        wait_until(lambda: len(recorder.health()) == 3)
        with pytest.raises(UsageError, match="other people's channels"):
            recorder.withdraw(LEAVER)
        assert len(recorder.health()) == 3
        note_withdrawal(session, LEAVER)
        wait_until(lambda: "withdrawal-stuck" in {f.code for f in recorder.alarms.standing})


def test_a_withdrawal_is_noted_once_and_keeps_the_file_as_it_was(session) -> None:
    path = session / "session.toml"
    before = path.read_text()
    assert note_withdrawal(session, LEAVER)
    assert not note_withdrawal(session, LEAVER)
    assert note_withdrawal(session, "K1")
    assert load_session(path).withdrawn == (LEAVER, "K1")
    assert path.read_text().endswith(before)


def test_whoever_withdrew_is_in_no_output_even_with_consents_held_elsewhere(sample) -> None:
    note_withdrawal(sample, "P04")
    source = open_session(sample)
    assert source.withheld("research").named_in("P04")
    assert "withdrawal-unfinished" in {f.code for f in source.findings}
    assert not any("P04" in str(f) for f in source.findings)
    path = sample / "session.toml"
    text = path.read_text()
    path.write_text('consent = "held elsewhere"\n' + text[: text.index("[consent")])
    assert not open_session(sample).consents.allows("P04", "record")
    assert open_session(sample).consents.allows("P05", "record")


def test_a_withdrawal_is_finished_also_outside_of_a_study(sample) -> None:
    assert study_folder(sample) is None
    note_withdrawal(sample, "P04")
    (done,) = finish_withdrawals(sample, today=TODAY)
    assert done.sessions == ("sample",)
    assert [p.name for p in done.leftovers] == ["README.md"]  # a text of ours that names everybody
    session = load_session(sample / "session.toml")
    assert session.withdrawn == ()
    assert "P04" not in session.people
    assert not [s for s in read_raw(sample / "recording.xdf").streams if "P04" in s.info.name]


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    import shutil

    folder = tmp_path / "sample"
    shutil.copytree(Path(__file__).parents[1] / "recordings" / "sample", folder)
    return folder
