"""Even times inside gap-free stretches: simulated devices whose true sampling times are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arousal.ingest.regular import Grid, even_times


def steady(rate: float, seconds: float = 1200.0, start: float = 5000.0):
    return start + np.arange(int(rate * seconds)) / rate


def laid(stamps, rate: float) -> Grid:
    grid = even_times(stamps, rate)
    assert grid is not None
    return grid


def worst(grid: Grid, truth) -> float:
    return float(np.abs(grid.times - truth).max())


@pytest.mark.parametrize(
    ("rate", "jitter"), [(130.0, 0.002), (4.0, 0.02), (64.0, 0.01), (1.0, 0.05)]
)
def test_jitter_is_removed(rate: float, jitter: float):
    truth = steady(rate)
    rng = np.random.default_rng(1)
    grid = laid(truth + rng.normal(0, jitter, truth.size), rate)
    assert worst(grid, truth) < jitter / 4
    assert grid.stretches == ((0, truth.size),)
    assert (grid.gaps, grid.losses) == ((), 0)


@given(
    rate=st.sampled_from([4.0, 15.0, 130.0]),
    begin=st.floats(20, 1000),
    length=st.floats(2, 120),
    seed=st.integers(0, 99),
)
@settings(max_examples=40)
def test_a_drop_out_moves_no_sample_by_20_ms(rate: float, begin: float, length: float, seed: int):
    truth = steady(rate)
    truth = truth[(truth < 5000 + begin) | (truth > 5000 + begin + length)]
    rng = np.random.default_rng(seed)
    grid = laid(truth + rng.normal(0, 0.004, truth.size), rate)
    assert worst(grid, truth) < 0.02
    assert len(grid.gaps) == 1
    assert grid.gaps[0] == pytest.approx((5000 + begin, 5000 + begin + length), abs=0.3)


def test_a_minute_lost_from_eda_is_aligned_where_others_are_half_a_minute_off():
    import pyxdf.pyxdf as other

    truth = steady(4.0, 5400.0)
    truth = truth[(truth < 7000) | (truth > 7060)]
    stamps = truth + np.random.default_rng(2).normal(0, 0.004, truth.size)

    class Stream:
        srate, tdiff, segments = 4.0, 0.25, []
        time_stamps = stamps.copy()

    other._jitter_removal({1: Stream})
    assert np.abs(Stream.time_stamps - truth).max() > 10.0
    assert worst(laid(stamps, 4.0), truth) < 0.02


def test_lost_samples_too_few_for_a_gap_shift_nothing():
    truth = steady(130.0)
    lost = [20_000, 50_000, 90_000]
    keep = np.ones(truth.size, bool)
    for place in lost:
        keep[place : place + 73] = False  # one packet of 0.56 s each
    stamps = truth[keep] + np.random.default_rng(3).normal(0, 0.002, keep.sum())
    grid = laid(stamps, 130.0)
    assert worst(grid, truth[keep]) < 0.004
    assert grid.losses == 3
    assert grid.gaps == ()


def test_forty_single_lost_samples_of_eda_shift_nothing():
    truth = steady(4.0, 5400.0)
    keep = np.ones(truth.size, bool)
    keep[np.random.default_rng(5).integers(10, truth.size - 10, 40)] = False
    stamps = truth[keep] + np.random.default_rng(6).normal(0, 0.005, keep.sum())
    assert worst(laid(stamps, 4.0), truth[keep]) < 0.02


def bursts(rate: float, size: int, *, deduced: bool, late: float = 0.02, seed: int = 4):
    """A strap that sends ``size`` samples at once; each burst arrives a little late."""
    truth = steady(rate)
    truth = truth[: truth.size // size * size]
    rng = np.random.default_rng(seed)
    arrivals = truth.reshape(-1, size)[:, -1] + rng.gamma(2.0, late / 2, truth.size // size)
    back = (size - 1 - np.arange(size)) / round(rate) if deduced else np.zeros(size)
    return truth, (arrivals[:, None] - back).ravel()


@pytest.mark.parametrize("deduced", [True, False])
def test_bursts_of_a_polar_strap_are_laid_out_evenly(deduced: bool):
    truth, stamps = bursts(129.97, 73, deduced=deduced)
    grid = laid(stamps, 130.0)
    assert worst(grid, truth + 0.02) < 0.01  # the mean delay of a burst cannot be known
    assert grid.rate == pytest.approx(129.97, rel=1e-5)
    assert grid.bursts == (1 if deduced else 73)
    steps = np.diff(grid.times)
    assert np.ptp(steps) < 1e-6


def test_a_drop_out_between_bursts_stays_a_gap():
    truth, stamps = bursts(130.0, 73, deduced=False)
    keep = np.ones(truth.size, bool)
    keep[73 * 400 : 73 * 510] = False
    grid = laid(stamps[keep], 130.0)
    assert worst(grid, truth[keep] + 0.02) < 0.012
    assert len(grid.gaps) == 1


def test_samples_held_up_and_sent_late_are_no_gap():
    truth = steady(4.0)
    stamps = truth.copy()
    stamps[2000:2012] = truth[2012]  # three seconds of silence, then all at once
    grid = laid(stamps, 4.0)
    assert worst(grid, truth) < 0.005
    assert grid.gaps == ()


def beats(mean: float, spread: float, n: int, seed: int):
    rng = np.random.default_rng(seed)
    slow = np.zeros(n)
    for k in range(1, n):
        slow[k] = 0.97 * slow[k - 1] + rng.normal(0, 0.24)
    intervals = mean * (1 + spread * slow) + rng.normal(0, spread * mean, n)
    return 5000.0 + np.cumsum(intervals)


@given(
    mean=st.floats(0.5, 1.3),
    spread=st.floats(0.01, 0.08),
    n=st.sampled_from([40, 300, 3000]),
    declared=st.sampled_from([1.0, 65.0, 70.0]),
    seed=st.integers(0, 50),
)
@settings(max_examples=60)
def test_beats_declared_regular_are_not_laid_on_a_grid(mean, spread, n, declared, seed):
    truth = beats(mean, spread, n, seed)
    grid = even_times(truth, declared)
    # (forty beats that vary by one percent may pass for jitter: that moves none by 50 ms)
    assert grid is None or (n == 40 and worst(grid, truth) < 0.05)


def test_a_loop_that_sleeps_a_second_is_regular():
    rng = np.random.default_rng(6)
    truth = 5000.0 + np.cumsum(1.0 + rng.gamma(2.0, 0.001, 3000))
    assert worst(laid(truth, 1.0), truth) < 0.05


def test_the_measured_rate_is_told():
    assert laid(steady(92.67, 200.0), 100.0).rate == pytest.approx(92.67, rel=1e-6)


def test_a_slowly_wandering_clock_is_followed():
    truth = steady(130.0, 3000.0)
    wander = 0.06 * np.sin((truth - 5000.0) / 500.0)
    stamps = truth + wander + np.random.default_rng(7).normal(0, 0.002, truth.size)
    assert worst(laid(stamps, 130.0), truth + wander) < 0.003


def test_too_few_stamps_are_left_as_they_are():
    assert even_times(np.array([5.0, 5.3]), 4.0) is None


def test_a_stretch_ends_at_a_change_of_clocks():
    truth = steady(10.0)
    grid = even_times(truth, 10.0, bounds=[700])
    assert grid is not None
    assert grid.stretches == ((0, 700), (700, truth.size))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.sampled_from([0.5, 4.0, 130.0]))
def test_any_stamps_give_finite_times_or_none(stamps: list[float], rate: float):
    grid = even_times(np.array(stamps), rate)
    assert grid is None or (np.isfinite(grid.times).all() and grid.times.size == len(stamps))
