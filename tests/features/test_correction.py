"""Beat correction: the same beats as NeuroKit2's, and what was touched is known."""

import warnings

import neurokit2 as nk
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.features.correction import TICKS_PER_SECOND, correct_run, fix_peaks
from tests.features.records import mit_beats
from tests.features.waves import beat_times


def by_neurokit(peaks, rate):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it divides by zero thresholds on constant intervals
        return nk.signal_fixpeaks(peaks, sampling_rate=rate, iterative=True, method="Kubios")[1]


def spoilt_peaks(seed, rate):
    rng = np.random.default_rng(seed)
    intervals = rng.normal(800, rng.uniform(5, 80), int(rng.integers(6, 500))).clip(300)
    for place in rng.integers(
        0, intervals.size - 1, int(rng.integers(0, intervals.size // 15 + 1))
    ):
        what = rng.integers(3)
        if what == 0:
            intervals[place] *= 2
        elif what == 1:
            intervals[place] *= 0.5
        else:
            early = intervals[place] * 0.3
            intervals[place] -= early
            intervals[place + 1] += early
    return np.unique(np.round(np.cumsum(intervals) / 1000 * rate).astype(np.int64))


@pytest.mark.parametrize("rate", [130, 250, 1000, TICKS_PER_SECOND])
def test_corrected_beats_equal_neurokits_to_the_last_sample(rate):
    for seed in range(12):
        peaks = spoilt_peaks(seed, rate)
        np.testing.assert_array_equal(fix_peaks(peaks, rate), by_neurokit(peaks, rate))


def test_real_beats_of_half_an_hour_are_corrected_as_by_neurokit(shared_data):
    peaks = mit_beats(shared_data / "ecg_mitdb100" / "100.atr")
    np.testing.assert_array_equal(fix_peaks(peaks, 360), by_neurokit(peaks, 360))


def test_good_beats_stay_exactly_where_they_are():
    times = beat_times(300, jitter=5.0)
    run = correct_run(times)
    assert not run.corrected.any()
    np.testing.assert_array_equal(run.times, times)


def test_a_missed_beat_is_put_back_and_named():
    times = beat_times(120, jitter=5.0)
    run = correct_run(np.delete(times, 60))
    assert run.times.size == times.size
    assert np.flatnonzero(run.corrected).tolist() == [60]
    assert abs(run.times[60] - times[60]) < 0.05


def test_an_extra_beat_is_taken_out_and_the_place_is_named():
    times = beat_times(120, jitter=5.0)
    extra = np.insert(times, 61, times[60] + 0.35)
    run = correct_run(extra)
    assert run.times.size == times.size
    assert 61 in np.flatnonzero(run.corrected)
    assert set(np.flatnonzero(run.corrected)) <= {60, 61, 62}


def test_where_a_beat_was_only_taken_out_the_next_one_is_named():
    times = beat_times(120, sway=40.0, jitter=2.0)
    run = correct_run(np.insert(times, 61, times[60] + 0.06))
    np.testing.assert_array_equal(run.times, times)
    assert np.flatnonzero(run.corrected).tolist() == [61]
    assert run.doubtful[61]


@given(st.lists(st.floats(0.25, 2.9), min_size=0, max_size=9))
def test_few_or_odd_beats_never_crash(steps):
    times = np.cumsum(np.asarray(steps, dtype=np.float64))
    run = correct_run(times)
    assert run.times.size == run.corrected.size
    assert (np.diff(run.times) > 0).all()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_fewer_than_five_beats_are_returned_as_they_are(count):
    times = np.linspace(0, 2.4, 4)[:count]
    run = correct_run(times)
    np.testing.assert_array_equal(run.times, times)
    assert not run.corrected.any()


def test_constant_intervals_are_left_alone():
    times = np.linspace(0, 79.2, 100)
    assert not correct_run(times).corrected.any()


def test_a_beat_that_is_moved_a_little_is_corrected_but_not_doubtful():
    times = beat_times(200, seed=3, sway=5.0, jitter=9.0)
    run = correct_run(times)
    moved = run.corrected & (np.abs(run.times - times) < 0.04)
    assert moved.any()
    assert not run.doubtful[moved].any()
