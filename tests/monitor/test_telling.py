"""States are told in the order in which they were made, at once when there is news."""

from __future__ import annotations

import threading
import time

from arousal.monitor.telling import Telling


def counting():
    """A session whose state is how often it was looked at."""
    looks = iter(range(1, 1_000_000))
    return lambda: {"look": next(looks)}


def test_who_waits_is_told_of_news_long_before_the_next_half_second():
    telling = Telling(counting(), threading.RLock())
    telling.start()
    first = telling.wait(0)
    began = time.monotonic()
    threading.Timer(0.01, telling.now).start()
    second = telling.wait(first["version"])
    assert time.monotonic() - began < 0.4
    assert second["version"] > first["version"]
    assert second["state"]["look"] > first["state"]["look"]
    telling.stop()
    assert telling.wait(0)["version"] == telling.wait(0)["version"]


def test_states_made_by_several_at_once_are_told_in_their_order():
    telling = Telling(counting(), threading.RLock())
    told: list[dict] = []

    def write() -> None:
        for _ in range(200):
            telling.now()

    writers = [threading.Thread(target=write) for _ in "abc"]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        told.append(telling.wait(told[-1]["version"] if told else 0))
    assert all(answer["version"] == answer["state"]["look"] for answer in told)
    assert telling.wait(0)["version"] == 600


def test_a_state_that_cannot_be_made_is_said_and_the_next_one_is_told():
    failing = threading.Event()

    def build() -> dict:
        if failing.is_set():
            raise ValueError("no such seat")
        return {"fault": telling.fault}

    telling = Telling(build, threading.RLock())
    telling.start()
    failing.set()
    telling.soon()
    until = time.monotonic() + 10
    while not telling.fault and time.monotonic() < until:
        time.sleep(0.01)
    failing.clear()
    telling.now()
    assert "no such seat" in telling.wait(0)["state"]["fault"]
    telling.stop()
