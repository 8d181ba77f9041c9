"""Threads that fail or hang are told, and recording goes on."""

from __future__ import annotations

import threading
from collections import Counter

from arousal.findings import Finding, Severity
from arousal.ingest import workers
from arousal.ingest.alarms import AlarmBoard
from arousal.ingest.workers import Crew, Fault, Worker
from tests.ingest.recording_rig import wait_until


def crew(monkeypatch) -> tuple[Crew, list[Fault]]:
    monkeypatch.setattr(workers, "STUCK_SECONDS", 0.1)
    faults: list[Fault] = []
    return Crew(faults.append), faults


def test_a_step_that_raises_is_told_once_and_tried_again(monkeypatch):
    steps: Counter[str] = Counter()

    def step() -> None:
        steps["taken"] += 1
        if steps["taken"] < 5:
            raise RuntimeError("no")

    people, faults = crew(monkeypatch)
    worker = people.add("w", step, 0.001)
    people.start()
    wait_until(lambda: steps["taken"] >= 8)
    assert worker.stop(2.0)
    assert [(f.worker, f.what) for f in faults] == [("w", "raised")]
    assert "RuntimeError: no" in faults[0].detail


def test_a_step_that_hangs_is_told_and_so_is_its_return(monkeypatch):
    go_on = threading.Event()
    people, faults = crew(monkeypatch)

    def step() -> None:
        go_on.wait(10)

    worker = people.add("w", step, 0.001)
    people.start()
    wait_until(lambda: people.check() == ("w",))
    people.check()
    assert [fault.what for fault in faults] == ["stuck"]
    go_on.set()
    wait_until(lambda: people.check() == ())
    assert [fault.what for fault in faults] == ["stuck", "recovered"]
    assert worker.stop(2.0)


def test_a_worker_that_may_be_doubled_goes_on_in_a_fresh_thread(monkeypatch):
    first_hangs, steps = threading.Event(), Counter[str]()

    def step() -> None:
        steps["taken"] += 1
        if steps["taken"] == 1:
            first_hangs.wait(10)

    people, faults = crew(monkeypatch)
    worker = people.add("w", step, 0.001, replaceable=True)
    people.start()
    wait_until(lambda: people.check() or steps["taken"] > 3)
    wait_until(lambda: steps["taken"] > 3)
    assert faults[0].what == "stuck"
    first_hangs.set()
    assert worker.stop(2.0)
    wait_until(lambda: not any(t.name == "arousal-w" for t in threading.enumerate()))


def test_a_worker_that_was_not_started_is_not_missed(monkeypatch):
    people, faults = crew(monkeypatch)
    people.add("w", lambda: None, 1.0)
    assert people.check() == ()
    assert faults == []


def test_an_alarm_is_told_once_each_way_however_its_words_change():
    told: list[tuple[str, bool]] = []
    board = AlarmBoard(lambda finding, on: told.append((finding.message, on)))
    for seconds in (3, 4, 5):
        board.update("streams", [Finding("silent", f"{seconds} s", Severity.PROBLEM, "ECG")])
    board.update("disk", [Finding("full", "full", Severity.PROBLEM, "disk")])
    board.update("streams", [Finding("unix", "note", Severity.NOTE, "ECG")])
    assert told == [("3 s", True), ("full", True), ("5 s", False)]
    assert [finding.code for finding in board.standing] == ["full", "unix"]


def test_a_worker_that_joins_later_is_watched_and_one_that_is_dismissed_is_not_missed():
    faults: list[Fault] = []
    people = Crew(faults.append)
    ran = threading.Event()
    worker = Worker("late", ran.set, 0.01, faults.append)
    people.join(worker)
    assert ran.wait(5)
    assert people.check() == ()
    people.dismiss(worker)
    assert worker.stop(5)
    assert people.check() == ()
    assert people.workers == []
    assert faults == []
