"""Beat times rebuilt from packets, against hearts whose beats are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from arousal.ingest.intervals import beats_from_packets
from arousal.recording import Kind, Signal

FloatArray = NDArray[np.float64]


def heart(seconds: float, mean: float, seed: int = 1) -> FloatArray:
    """Times of beats in s, with breathing and noise, at a strap's resolution of 1/1024 s."""
    rng = np.random.default_rng(seed)
    count = int(seconds / mean)
    intervals = mean * (1 + 0.06 * np.sin(0.9 * np.arange(count)) + rng.normal(0, 0.02, count))
    return np.asarray(10.0 + np.cumsum(np.round(intervals * 1024) / 1024))


def packets(beats: FloatArray, period: float = 1.0, delay: float = 0.03) -> FloatArray:
    """Stamp of the packet that reports each beat: the next tick, and a little later."""
    rng = np.random.default_rng(2)
    ticks = np.ceil(beats / period) * period
    return np.asarray(ticks + delay + 0.01 * rng.random(beats.size).cumsum() * 0)


def codes(result: object) -> set[str]:
    return {f.code for f in result.findings}  # type: ignore[attr-defined]


@pytest.mark.parametrize("mean", [0.45, 0.6, 0.8, 1.0, 1.15, 1.4])
def test_beats_are_rebuilt_from_packets_of_one_second_for_slow_and_fast_hearts(mean: float):
    beats = heart(600, mean)
    intervals = np.diff(beats) * 1000
    result = beats_from_packets(packets(beats)[1:], intervals, "strap")
    assert "rr-rebuilt" in codes(result)
    np.testing.assert_array_equal(result.intervals, intervals)
    # A constant delay remains, because no packet tells how old it is; nothing else does.
    late = result.times - beats[1:]
    assert 0 <= late.mean() < 0.1
    assert np.ptp(late) < 0.05


def test_intervals_stamped_at_their_beats_are_left_alone():
    beats = heart(300, 0.8)
    intervals = np.diff(beats) * 1000
    result = beats_from_packets(beats[1:], intervals, "strap")
    assert not result.findings
    np.testing.assert_array_equal(result.times, beats[1:])


def test_beats_missed_among_stamped_beats_are_no_packets():
    beats = heart(300, 0.8)
    keep = np.random.default_rng(3).random(beats.size - 1) > 0.5
    result = beats_from_packets(beats[1:][keep], np.diff(beats)[keep] * 1000, "watch")
    assert not result.findings
    np.testing.assert_array_equal(result.times, beats[1:][keep])


@pytest.mark.parametrize("missing", [1, 2, 5, 40])
def test_beats_lost_between_packets_stay_a_gap_of_the_right_length(missing: int):
    beats = heart(400, 0.8)
    intervals = np.diff(beats) * 1000
    lost = slice(200, 200 + missing)
    stamps = np.delete(packets(beats)[1:], lost)
    result = beats_from_packets(stamps, np.delete(intervals, lost), "strap")
    truth = np.delete(beats[1:], lost)
    late = result.times - truth
    assert np.abs(late - np.median(late)).max() < 0.15
    signal = Signal(Kind.RR, result.intervals, result.times)
    [gap] = signal.gaps()
    assert gap[1] - gap[0] == pytest.approx(truth[200] - truth[199], abs=0.15)


def test_a_hiccup_of_the_radio_that_catches_up_is_no_gap():
    beats = heart(400, 0.8)
    stamps = packets(beats)[1:]
    late = (stamps > 100) & (stamps < 103)
    stamps[late] = 103.1
    result = beats_from_packets(stamps, np.diff(beats) * 1000, "strap")
    assert len(Signal(Kind.RR, result.intervals, result.times).segments()) == 1


def test_the_drift_of_the_strap_s_clock_is_followed():
    beats = heart(5400, 0.8)
    intervals = np.diff(beats) * 1000
    result = beats_from_packets(packets(beats * (1 + 1e-4))[1:], intervals, "strap")
    late = result.times - beats[1:] * (1 + 1e-4)
    assert np.ptp(late) < 0.05
    assert "rr-drift" not in codes(result)


def test_a_bridge_that_takes_1024ths_for_milliseconds_is_found_out():
    beats = heart(900, 0.8)
    result = beats_from_packets(packets(beats)[1:], np.diff(beats) * 1024, "strap")
    [finding] = [f for f in result.findings if f.code == "rr-drift"]
    assert "+2.4%" in finding.message
    assert len(Signal(Kind.RR, result.intervals, result.times).segments()) == 1


def test_values_sent_again_between_beats_count_once():
    beats = heart(120, 0.8)
    grid = np.arange(12.0, 120.0, 0.25)
    last = np.searchsorted(beats, grid) - 1
    intervals = (beats[last] - beats[last - 1]) * 1000
    result = beats_from_packets(grid, intervals, "strap")
    assert "rr-held" in codes(result)
    assert result.intervals.size == pytest.approx(np.unique(last).size, abs=6)


def test_samples_without_an_interval_are_left_out_and_said():
    beats = heart(60, 0.8)
    intervals = np.diff(beats) * 1000
    intervals[[5, 9]] = 0, np.nan
    result = beats_from_packets(beats[1:], intervals, "strap")
    assert result.intervals.size == intervals.size - 2
    assert "rr-empty" in codes(result)


def test_a_steady_heart_at_a_watch_s_coarse_resolution_is_not_taken_for_a_lost_strap():
    intervals = np.repeat([828.125, 843.75, 828.125, 812.5], 10)
    times = np.cumsum(intervals) / 1000
    result = beats_from_packets(times, intervals, "watch")
    assert result.intervals.size == 40


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.3, 2.0), min_size=0, max_size=80),
    st.floats(0.2, 2.5),
    st.integers(0, 2**31),
)
def test_rebuilt_times_are_finite_one_per_interval_and_never_after_their_packet(
    intervals: list[float], period: float, seed: int
):
    rng = np.random.default_rng(seed)
    beats = np.cumsum(intervals)
    stamps = np.ceil(beats / period) * period + rng.choice([0.0, 3.0], beats.size).cumsum()
    values = np.asarray(intervals) * 1000 + rng.normal(0, 1, len(intervals))
    result = beats_from_packets(stamps, values, "strap")
    assert result.times.shape == result.intervals.shape
    assert np.isfinite(result.times).all()
    assert np.isin(result.intervals, values).all()
    if result.times.size == stamps.size:
        assert (result.times <= stamps + 1e-6).all()
