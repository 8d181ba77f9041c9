"""A group on another computer: its clock, a cable that is pulled, a computer that starts anew."""

from __future__ import annotations

import time

import numpy as np
import pytest

from arousal.errors import ArousalError
from arousal.ingest import load
from arousal.ingest.journal import read_journal
from arousal.monitor.desk_process import attach
from arousal.recording import Kind
from tests.live_rig import Study, wait_until, wearables
from tests.monitor.two_hosts import Booted, two_hosts

pytestmark = [pytest.mark.lsl, pytest.mark.slow]

FAR, FARTHER = 5000, 90_000
"""Seconds by which the far computer's clock is ahead; and after it was started anew."""


@pytest.fixture
def hosts(tmp_path):
    with two_hosts(tmp_path) as made:
        yield made


class Laptop:
    """The desk on the laptop, asked from outside of its network."""

    def __init__(self, host, study):
        self.host, self.study = host, study
        self.client = host.run(lambda: attach(study.session))

    def ask(self, what, **fields):
        return self.host.run(lambda: self.client.ask(what, **fields))

    def state(self):
        return self.ask("wait")["state"]

    def levels(self):
        return [seat["level"] for seat in self.state()["seats"]]

    def clock(self):
        """What the page shows of the far computer's clock; nothing until its streams are open."""
        return next((c for c in self.state()["clocks"] if not c["here"]), {"offset": None})


@pytest.fixture
def group(tmp_path):
    made, _ = wearables(tmp_path / "worn", people=6, seconds=120.0)  # two of them take part
    return made


@pytest.fixture
def laptop(
    tmp_path, hosts, group, monkeypatch
):  # the group first: a desk ends if not asked for 30 s
    monkeypatch.setenv("LSLAPICFG", str(hosts[0].config))
    study = Study(tmp_path / "study", people=2)
    made = Laptop(hosts[0], study)
    yield made
    for what in ("stop", "leave"):
        try:
            made.ask(what)
        except ArousalError:
            continue


def sent_from(host, recording, clock):
    return Booted(host, clock, "-m", "arousal.cli", "replay", str(recording), "--loop")


@pytest.mark.timeout(240, method="thread")
def test_a_far_computer_is_timed_missed_and_taken_up_again(hosts, group, laptop):
    far = hosts[1]
    with sent_from(far, group, FAR):
        wait_until(lambda: laptop.state()["ready"], 60)
        laptop.ask("start")
        wait_until(lambda: laptop.clock()["offset"] is not None, 30)
        clock = laptop.clock()
        assert clock["host"] == far.name
        assert clock["offset"] == pytest.approx(-FAR, abs=0.05)
        assert clock["word"] in {"good", "fair"}
        time.sleep(8.0)
        laptop.ask("mark", text="phase/baseline", key="k1")
        far.cable(plugged=False)
        pulled = time.monotonic()  # the laptop's LSL clock
        wait_until(lambda: set(laptop.levels()) == {"none"}, 20)
        time.sleep(4.0)
        far.cable(plugged=True)
        wait_until(lambda: "none" not in laptop.levels(), 60)
        time.sleep(5.0)
    killed = time.monotonic()
    wait_until(lambda: set(laptop.levels()) == {"none"}, 20)
    with sent_from(far, group, FARTHER):
        wait_until(lambda: "none" not in laptop.levels(), 60)
        wait_until(lambda: (laptop.clock()["offset"] or 0) < -FARTHER / 2, 30)
        assert laptop.clock()["offset"] == pytest.approx(-FARTHER, abs=0.05)
        time.sleep(8.0)
        laptop.ask("stop")
    entries, damaged = read_journal(laptop.study.session / "journal.jsonl")
    assert damaged == 0
    assert first_alarm(entries, "stream-silent") - pulled < 3.0
    assert first_alarm(entries, "stream-lost") - killed < 3.0
    check_file(laptop.study, entries)


def first_alarm(entries, code):
    """When an alarm about somebody who takes part began, in s on the laptop's LSL clock."""
    found = (e for e in entries if e.type == "alarm" and e.fields["code"] == code)
    return next(e.lsl for e in found if e.fields["where"].startswith("P0"))


def check_file(study, entries):
    stop = entries[-1]
    assert stop.type == "stop"
    assert stop.fields["complete"]
    # Each stream goes on in one further segment, because its sender began anew; none for the cable.
    for kind in ("stream-found", "stream-back"):
        names = [e.fields["name"] for e in entries if e.type == kind]
        assert names.count("strap-P01-ecg") == 1, kind
    silences = [e.fields["state"] for e in entries if e.type == "silence"]
    assert silences.count("begins") == silences.count("ends") > 0
    recording = load(study.session)
    for person in recording:
        ecg = person.signal(Kind.ECG)
        times = np.asarray(ecg.times)
        assert np.all(np.diff(times) > 0)
        # Two clocks 85 000 s apart, one time: all of it lies within the session. What was sent
        # while the cable was out came afterwards, so the only gap is that of the new start.
        assert times[0] > -15.0
        assert times[-1] - times[0] < 240.0
        assert np.count_nonzero(np.diff(times) > 1.0) == 1
