"""Sender's clock -> receiver's clock: segments, robust offsets, which sample belongs where."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.ingest.clock import Arrival, OffsetModel, clock_segments, to_receiver_clock


def offsets(n: int = 200, level: float = -300.0, drift: float = 0.0, noise: float = 2e-5, seed=0):
    times = 1000.0 + 5.0 * np.arange(n)
    rng = np.random.default_rng(seed)
    return times, level + drift * (times - 1000.0) + rng.normal(0, noise, n)


def test_a_steady_clock_is_one_segment():
    assert clock_segments(*offsets()) == [(0, 200)]


def test_no_offsets_are_no_segment_and_stamps_stay():
    stamps = np.array([1.0, 2.0])
    times, (segment,) = to_receiver_clock(stamps, np.empty(0), np.empty(0))
    assert clock_segments(np.empty(0), np.empty(0)) == []
    np.testing.assert_array_equal(times, stamps)
    assert (segment.start, segment.stop) == (0, 2)


@pytest.mark.parametrize("restart_at", [0.0, 3.0, 500.0, 90_000.0])
def test_a_restarted_sender_begins_a_new_segment(restart_at: float):
    times, values = offsets()
    times[120:] = restart_at + 5.0 * np.arange(80)
    values[120:] += 2000.0 - restart_at
    assert clock_segments(times, values) == [(0, 120), (120, 200)]


def test_one_stray_offset_is_no_new_clock():
    times, values = offsets()
    values[50] += 40.0
    assert clock_segments(times, values) == [(0, 200)]
    for end in (0, -1):
        strayed = values.copy()
        strayed[end] -= 40.0
        assert clock_segments(times, strayed) == [(0, 200)]


@given(drift=st.floats(-2e-4, 2e-4), seed=st.integers(0, 1000))
def test_drift_is_followed_within_a_tenth_of_a_millisecond(drift: float, seed: int):
    times, values = offsets(drift=drift, seed=seed)
    stamps = np.linspace(995.0, 2005.0, 500)
    truth = -300.0 + drift * (stamps - 1000.0)
    assert np.abs(OffsetModel.fit(times, values)(stamps) - truth).max() < 1e-4


def test_a_tenth_of_bad_measurements_does_not_move_the_line():
    times, values = offsets(drift=3e-5)
    values[::10] += 0.03  # a busy network answers late
    model = OffsetModel.fit(times, values)
    truth = -300.0 + 3e-5 * (times - 1000.0)
    assert np.abs(model(times) - truth).max() < 5e-4


def test_few_offsets_give_a_level_and_no_slope():
    model = OffsetModel.fit(np.array([10.0, 15.0, 20.0]), np.array([0.5, 0.6, 0.7]))
    np.testing.assert_allclose(model(np.array([0.0, 5000.0])), 0.6)


def test_a_clock_that_bends_is_followed():
    times, values = offsets(n=1000)
    bend = 0.05 * np.sin((times - 1000.0) / 900.0)
    model = OffsetModel.fit(times, np.asarray(values + bend, dtype=np.float64))
    assert np.abs(model(times) - (-300.0 + bend)).max() < 0.002


def test_an_impossible_drift_is_noise():
    times = np.linspace(0.0, 25.0, 6)
    model = OffsetModel.fit(times, np.array([0.0, 0.1, 0.0, 0.3, 0.4, 0.5]))
    assert model.slope == 0.0


def two_clocks(gap: float, restart_at: float):
    """A stream of 10 Hz whose sender restarts after 300 s and is away for a while."""
    first = 5000.0 + np.arange(3000) / 10
    second = restart_at + np.arange(2000) / 10
    stamps = np.concatenate([first, second])
    shift = 5300.0 + gap - restart_at
    truth = np.concatenate([first, second + shift])
    offset_truth = np.concatenate([np.arange(5000.0, 5300, 5), restart_at + np.arange(0.0, 200, 5)])
    values = np.concatenate([np.zeros(60), np.full(40, shift)])
    # chunks of ten samples; offsets are written between them in the order of true time
    ends = np.arange(10, 5001, 10)
    written = truth[ends - 1]
    offset_written = np.concatenate(
        [np.arange(5000.0, 5300, 5), 5300 + gap + np.arange(0.0, 200, 5)]
    )
    everything = np.concatenate([written, offset_written])
    places = np.argsort(np.argsort(everything, kind="stable"), kind="stable")
    arrival = Arrival(ends, places[: ends.size], places[ends.size :])
    return stamps, truth, offset_truth, values, arrival


@pytest.mark.parametrize("restart_at", [10.0, 5050.0, 5290.0, 5301.0, 5400.0, 80_000.0])
@pytest.mark.parametrize("gap", [2.0, 45.0])
def test_every_sample_gets_the_clock_that_was_running(gap: float, restart_at: float):
    stamps, truth, times, values, arrival = two_clocks(gap, restart_at)
    found, segments = to_receiver_clock(stamps, times, values, arrival)
    np.testing.assert_allclose(found, truth, atol=1e-6)
    expected = [(0, 5000)] if len(segments) == 1 else [(0, 3000), (3000, 5000)]
    assert [(s.start, s.stop) for s in segments] == expected


def test_stamps_alone_tell_distant_clocks_apart():
    stamps, truth, times, values, _ = two_clocks(30.0, 10.0)
    found, _ = to_receiver_clock(stamps, times, values)
    np.testing.assert_allclose(found, truth, atol=1e-6)
