"""Live numbers are the offline numbers, and a monitor's memory does not grow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from arousal.features import Grid, process_person, window_features
from arousal.recording import Kind, Person, Recording
from arousal.settings import Settings
from arousal.simulate import Level, SimulationSettings, simulate
from tests.monitor.feeding import OFFSET, Feed

SECONDS = 330.0


@pytest.fixture(scope="module")
def session() -> Recording:
    """Five and a half minutes of clean ECG, RR and EDA of three people."""
    settings = SimulationSettings(
        signals=(Kind.ECG, Kind.RR, Kind.EDA),
        artefacts=Level.NONE,
        dropouts=Level.NONE,
        minutes=10,
        baseline_minutes=2,
        recovery_minutes=2,
    )
    made = simulate("balint-60", 6, 11, settings).recording
    people = []
    for number, person in enumerate(made.persons[:3]):
        kinds = [(Kind.ECG, Kind.EDA), (Kind.RR, Kind.EDA), (Kind.ECG, Kind.RR, Kind.EDA)][number]
        signals = tuple(s.crop(0, SECONDS) for s in person.signals if s.kind in kinds)
        people.append(Person(person.id, signals))
    return Recording(tuple(people), id="live")


def offline(person: Person, end: float, seconds: float) -> dict[str, float]:
    grid = Grid.of([end - seconds], seconds)
    row = window_features([process_person(person, Settings())], grid, Settings()).iloc[0]
    return {
        "hr": row["heart_rate"],
        "rmssd": row["HRV_RMSSD"],
        "scl": row["EDA_Tonic_Mean"],
    }


def test_live_numbers_are_the_offline_numbers_of_the_same_window(session):
    feed = Feed(jitter=0.02)  # bursts are stamped early and late by up to 20 ms
    feed.play(session, SECONDS)
    for person in session:
        compared = 0
        for live in feed.features[person.id]:
            end, skin_end = live.end - OFFSET, live.skin_end - OFFSET
            if not 200 < end < SECONDS - 5 or round(end / 5) % 5:
                continue
            assert live.heart_rate == pytest.approx(offline(person, end, 60)["hr"], abs=0.5)
            assert live.rmssd == pytest.approx(offline(person, end, 120)["rmssd"], rel=0.02)
            assert live.scl == pytest.approx(offline(person, skin_end, 60)["scl"], rel=0.02)
            compared += 1
        assert compared >= 4


def test_a_gap_is_never_bridged_and_memory_is_bounded(session):
    feed = Feed()
    short = Recording(session.persons[:1], id="gap")
    feed.play(short, 130.0)
    feed.play(short, 130.0, stream_shift=10)  # the strap came back as another stream
    heart = next(iter(feed.monitor.bodies["P01"]._hearts.values()))
    beats = heart.beats()
    assert len(np.unique(beats.segment)) > 1
    assert beats.intervals.max() < 2000
    assert heart._ring.size == 12 * 130
    assert len(feed.monitor.history("P01")) <= 120


def test_numbers_are_refused_where_the_window_is_not_full(session):
    feed = Feed()
    feed.play(Recording(session.persons[:1], id="short"), 70.0)
    last = feed.features["P01"][-1]
    assert np.isfinite(last.heart_rate)
    assert np.isnan(last.rmssd)
    assert feed.monitor.bodies["P01"].coverage(feed.now)[Kind.ECG] == pytest.approx(1.0, abs=0.03)


def test_coverage_is_the_share_of_samples_that_mean_something(session):
    person = session.persons[0]
    spoilt = []
    for signal in person.signals:
        values = signal.values.copy()
        values[::4] = np.nan
        spoilt.append(replace(signal, values=values))
    feed = Feed()
    feed.play(Recording((Person(person.id, tuple(spoilt)),), id="spoilt"), 80.0)
    coverage = feed.monitor.bodies[person.id].coverage(feed.now)
    assert list(coverage) == [Kind.ECG, Kind.EDA]
    assert list(coverage.values()) == pytest.approx([0.75, 0.75], abs=0.03)


def size_of(monitor) -> int:
    """Numbers that a monitor keeps."""
    total = len(monitor._waiting)
    for body in monitor.bodies.values():
        for heart in body._hearts.values():
            kept = [len(run.beats) for run in heart._runs] if hasattr(heart, "_runs") else []
            total += sum(kept) + len(kept) + len(getattr(heart, "_beats", ()))
        total += sum(len(skin._samples) for skin in body._skins.values())
        total += sum(len(flow._parts) for flow in body._flows.values())
    return total + sum(len(history) for history in monitor._history.values())


@pytest.mark.slow
def test_ninety_minutes_take_no_more_memory_than_fifteen(session):
    """A whole session at once; straps that go and come back every few minutes included."""
    person, rounds = session.persons[2], int(90 * 60 / SECONDS)
    feed, sizes = Feed(batch=2.0), []
    for number in range(rounds):
        begin = number * SECONDS
        signals = tuple(replace(s, times=s.times + begin) for s in person.signals)
        part = Recording((Person(person.id, signals),), id="long")
        feed.play(part, begin + SECONDS, stream_shift=100 * number, start=begin)
        sizes.append(size_of(feed.monitor))
    assert len(feed.features[person.id]) > 1000
    assert np.isfinite(feed.features[person.id][-1].heart_rate)
    assert max(sizes[-3:]) <= 1.1 * max(sizes[:3])
