"""Live numbers are the offline numbers, and a monitor's memory does not grow."""

from __future__ import annotations

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
