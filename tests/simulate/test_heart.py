"""Simulated hearts beat as asked, and their ECG shows it to NeuroKit2."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from arousal.recording import Kind
from arousal.simulate import Level, SimulatedSession, SimulationSettings, simulate
from arousal.simulate.heart import beat_heart, spoil_beats

SECONDS = 3600


def _rmssd(times: NDArray[np.float64]) -> float:
    return float(1000 * np.sqrt(np.mean(np.diff(times, 2) ** 2)))


@pytest.mark.parametrize("heart_rate", [50.0, 70.0, 95.0])
@pytest.mark.parametrize("rmssd", [15.0, 35.0, 70.0])
def test_heart_rate_and_rmssd_are_as_asked(heart_rate: float, rmssd: float) -> None:
    heart = beat_heart(
        np.full(SECONDS, heart_rate),
        np.full(SECONDS, np.log(rmssd)),
        0.25,
        np.random.default_rng(5),
    )
    assert 60 / np.diff(heart.times).mean() == pytest.approx(heart_rate, rel=0.002)
    assert _rmssd(heart.times) == pytest.approx(rmssd, rel=0.03)
    assert np.diff(heart.times).min() > 0.3


def test_rmssd_follows_its_course_over_time() -> None:
    course = np.log(np.linspace(20.0, 60.0, SECONDS))
    rng = np.random.default_rng(6)
    heart = beat_heart(np.full(SECONDS, 70.0), course, 0.25, rng)
    for onset in range(0, SECONDS, 600):
        inside = heart.times[(heart.times >= onset) & (heart.times < onset + 600)]
        expected = np.exp(course[onset : onset + 600]).mean()
        assert _rmssd(inside) == pytest.approx(expected, rel=0.08)


def test_breathing_shows_at_its_own_frequency() -> None:
    rng = np.random.default_rng(7)
    heart = beat_heart(np.full(SECONDS, 70.0), np.full(SECONDS, np.log(40)), 0.25, rng)
    grid = np.arange(1.0, heart.times[-1], 0.25)
    intervals = np.interp(grid, heart.times[1:], np.diff(heart.times))
    power = np.abs(np.fft.rfft(intervals - intervals.mean())) ** 2
    frequency = np.fft.rfftfreq(grid.size, 0.25)
    high = (frequency > 0.15) & (frequency < 0.40)
    centre = (frequency * power)[high].sum() / power[high].sum()
    assert centre == pytest.approx(0.25, abs=0.01)


def test_a_missed_beat_gives_one_double_interval() -> None:
    times = np.arange(0.0, 600.0, 0.8)
    beats = spoil_beats(times, 0.0, 0.05, np.random.default_rng(8))
    ends, lengths = beats.intervals()
    doubles = np.isclose(lengths, 1600, atol=1) | np.isclose(lengths, 2400, atol=1)
    assert beats.missed.sum() > 10
    assert ends.size == times.size - 1 - beats.missed.sum()
    assert lengths.sum() == pytest.approx(1000 * (times[-1] - times[0]), abs=ends.size)
    assert np.isclose(lengths[~doubles], 800, atol=1).all()


def test_an_ectopic_beat_is_early_and_followed_by_a_pause() -> None:
    times = np.arange(0.0, 600.0, 0.8)
    beats = spoil_beats(times, 0.05, 0.0, np.random.default_rng(9))
    (where,) = np.nonzero(beats.ectopic)
    intervals = np.diff(beats.times)
    assert where.size > 10
    assert (intervals[where - 1] < 0.6).all()
    assert (intervals[where] > 1.0).all()
    np.testing.assert_allclose(intervals[where - 1] + intervals[where], 1.6)


def test_intervals_are_in_steps_of_1024ths_of_a_second() -> None:
    session = simulate("balint-60", 6, 1, SimulationSettings(signals=(Kind.RR,), minutes=10))
    steps = np.concatenate([p.signals[0].values for p in session.recording]) * 1.024
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-6)


@pytest.fixture(scope="module")
def clean_ecg() -> SimulatedSession:
    settings = SimulationSettings(
        signals=(Kind.ECG,), minutes=10, artefacts=Level.NONE, dropouts=Level.NONE
    )
    return simulate("balint-60", 6, 2, settings)


def test_neurokit_finds_the_beats_of_a_clean_ecg(clean_ecg: SimulatedSession) -> None:
    import neurokit2 as nk

    for person, body in zip(clean_ecg.recording, clean_ecg.truth.bodies, strict=True):
        ecg = person.signals[0]
        assert ecg.rate == 130.0
        cleaned = nk.ecg_clean(ecg.values, sampling_rate=130)
        found = nk.ecg_findpeaks(cleaned, sampling_rate=130)["ECG_R_Peaks"] / 130
        true = body.beats.times
        true = true[(true > 0.5) & (true < ecg.times[-1] - 0.5)]
        found = found[(found > 0.5) & (found < ecg.times[-1] - 0.5)]
        distance = np.abs(found[:, None] - true[None, :]).min(axis=1)
        hits = int((distance < 0.05).sum())
        assert 2 * hits / (found.size + true.size) >= 0.99
        # Half a sample at 130 Hz: the peak is where the truth says.
        assert np.median(distance) < 0.5 / 130


def test_ecg_amplitudes_are_those_of_a_chest_strap(clean_ecg: SimulatedSession) -> None:
    for person in clean_ecg.recording:
        values = person.signals[0].values
        np.testing.assert_array_equal(values, np.rint(values))
        assert 500 < np.percentile(values, 99.9) < 2500
        assert np.percentile(values, 1) > -1000


def test_movement_shakes_the_ecg_where_the_truth_says() -> None:
    settings = SimulationSettings(
        signals=(Kind.ECG,), minutes=10, artefacts=Level.POOR, dropouts=Level.NONE
    )
    session = simulate("balint-60", 6, 2, settings)
    bursts = [f for f in session.truth.faults if f.what == "movement"]
    assert len(bursts) > 6
    for burst in bursts:
        ecg = session.recording.person(burst.person).signals[0]
        shaken = (ecg.times > burst.onset + 0.5) & (ecg.times < burst.end - 0.5)
        assert ecg.values[shaken].std() > 1.3 * np.median(ecg.values.reshape(-1, 130).std(axis=1))
