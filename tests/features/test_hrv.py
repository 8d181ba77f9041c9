"""Windowed heart-rate variability: NeuroKit2's numbers, and where and why they are not."""

import neurokit2 as nk
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arousal.features.beats import BeatRun, collect_beats
from arousal.features.correction import correct_run
from arousal.features.hrv import time_domain
from arousal.features.windows import Grid
from arousal.recording import Kind
from tests.features.waves import as_beats, beat_times

EXACT = 1e-9


def windows_of(beats, grid):
    first, last = grid.inside(beats.starts, beats.times)
    return [beats.intervals[a:b] for a, b in zip(first, last, strict=True)]


@pytest.mark.parametrize("duration", [60.0, 120.0, 300.0])
def test_time_domain_equals_neurokit_in_every_window(duration):
    beats = as_beats(beat_times(900, seed=2, jitter=30.0))
    grid = Grid.regular(0, 900, duration, 61.0)
    ours = time_domain(beats, grid)
    for i, intervals in enumerate(windows_of(beats, grid)):
        theirs = nk.hrv_time({"RRI": intervals})
        assert ours.mean_nn[i] == pytest.approx(theirs["HRV_MeanNN"][0], rel=EXACT)
        assert ours.sdnn[i] == pytest.approx(theirs["HRV_SDNN"][0], rel=EXACT)
        assert ours.rmssd[i] == pytest.approx(theirs["HRV_RMSSD"][0], rel=EXACT)


def test_poincare_axes_equal_neurokits():
    beats = as_beats(beat_times(300, seed=4, jitter=30.0))
    grid = Grid.regular(0, 300, 120.0, 90.0)
    ours = time_domain(beats, grid)
    for i, intervals in enumerate(windows_of(beats, grid)):
        theirs = nk.hrv_nonlinear({"RRI": intervals})
        assert ours.sd1[i] == pytest.approx(theirs["HRV_SD1"][0], rel=EXACT)
        assert ours.sd2[i] == pytest.approx(theirs["HRV_SD2"][0], rel=EXACT)


def test_pnn50_counts_differences_where_neurokit_counts_intervals():
    intervals = np.array([800.0, 860.0, 800.0, 860.0, 800.0])
    beats = as_beats(np.concatenate(([0.0], np.cumsum(intervals) / 1000)))
    ours = time_domain(beats, Grid.of([-1.0], 10.0)).pnn50[0]
    theirs = nk.hrv_time({"RRI": intervals})["HRV_pNN50"][0]
    assert ours == 100.0
    assert theirs == 80.0


def test_a_gap_of_a_minute_does_not_enter_the_differences_as_it_does_in_neurokit():
    times = beat_times(240, seed=1)
    before, after = times[times < 80], times[times > 140]
    whole = Grid.of([0.0], 240.0)
    truth = time_domain(as_beats(times), whole).rmssd[0]
    ours = time_domain(as_beats(before, after), whole)
    peaks = np.round(np.concatenate((before, after)) * 1000).astype(int)
    theirs = nk.hrv_time(peaks, sampling_rate=1000)["HRV_RMSSD"][0]
    assert ours.rmssd[0] == pytest.approx(truth, rel=0.05)
    assert theirs > 50 * truth
    assert ours.coverage[0] == pytest.approx(0.75, abs=0.01)


def test_one_missed_beat_in_a_window_moves_rmssd_by_less_than_five_percent():
    grid = Grid.of([0.0], 120.0)
    for seed in range(8):
        times = beat_times(120, seed)
        truth = time_domain(as_beats(times), grid).rmssd[0]
        spoilt = np.delete(times, 30 + 10 * seed)
        found = time_domain(collect_beats(Kind.RR, "", [correct_run(spoilt)]), grid).rmssd[0]
        assert found == pytest.approx(truth, rel=0.05)


def ectopic(times, seed, *, pause):
    """3 % of the beats come a quarter early; with a pause the next one is in time again."""
    rng = np.random.default_rng(seed)
    spoilt = times.copy()
    for beat in rng.choice(np.arange(10, times.size - 10, 6), round(0.03 * times.size), False):
        early = 0.27 * (times[beat] - times[beat - 1])
        spoilt[beat : beat + 1 if pause else None] -= early
    return spoilt


@pytest.mark.parametrize("pause", [True, False], ids=["ventricular", "atrial"])
def test_three_percent_extra_beats_move_rmssd_by_five_percent_and_neurokits_by_more(pause):
    ours, theirs = [], []
    for seed in range(30):
        times = beat_times(200, seed)
        grid = Grid.of([0.0], 200.0)
        truth = time_domain(as_beats(times), grid).rmssd[0]
        run = correct_run(ectopic(times, seed, pause=pause))
        ours.append(time_domain(collect_beats(Kind.RR, "", [run]), grid).rmssd[0] / truth)
        corrected = np.round(run.times * 1000).astype(int)
        theirs.append(nk.hrv_time(corrected, sampling_rate=1000)["HRV_RMSSD"][0] / truth)
    assert np.median(ours) == pytest.approx(1.0, abs=0.05)
    assert np.quantile(np.abs(np.array(ours) - 1.0), 0.9) < 0.05
    assert np.median(theirs) > 1.10


def test_bigeminy_stays_irregular_after_correction():
    times = np.concatenate(([0.0], np.cumsum(np.tile([0.45, 0.90], 60))))
    beats = collect_beats(Kind.RR, "", [correct_run(times)])
    result = time_domain(beats, Grid.of([0.0], 60.0))
    assert result.corrected[0] < 0.10
    assert result.irregular[0] > 0.90


def test_an_interval_that_no_heart_makes_breaks_the_run():
    times = np.array([0.0, 0.8, 1.6, 6.0, 6.8, 7.6])
    beats = as_beats(times)
    assert beats.intervals.tolist() == [800.0] * 4
    assert np.unique(beats.segment).size == 2
    assert time_domain(beats, Grid.of([-1.0], 10.0)).differences[0] == 2


def test_windows_without_beats_have_no_values_and_no_coverage():
    result = time_domain(as_beats(beat_times(60)), Grid.of([100.0, -500.0], 60.0))
    assert np.isnan(result.mean_nn).all()
    assert np.isnan(result.rmssd).all()
    assert result.coverage.tolist() == [0.0, 0.0]


def test_no_beats_at_all_give_empty_windows():
    result = time_domain(collect_beats(Kind.RR, "", []), Grid.of([0.0], 60.0))
    assert result.intervals.tolist() == [0]
    assert np.isnan(result.sd2).all()


@settings(max_examples=60)
@given(st.lists(st.integers(300, 1500), min_size=3, max_size=40), st.floats(-1e4, 1e6))
def test_values_do_not_depend_on_where_time_begins(intervals, shift):
    times = np.concatenate(([0.0], np.cumsum(intervals) / 1000))
    here = time_domain(as_beats(times), Grid.of([-1.0], 100.0))
    there = time_domain(as_beats(times + shift), Grid.of([shift - 1.0], 100.0))
    np.testing.assert_allclose(here.rmssd, there.rmssd, rtol=1e-6, atol=1e-4)
    np.testing.assert_allclose(here.sdnn, there.sdnn, rtol=1e-6, atol=1e-4)


@settings(max_examples=60)
@given(st.lists(st.integers(300, 1500), min_size=3, max_size=60))
def test_variances_of_any_intervals_equal_numpys(intervals):
    values = np.array(intervals, dtype=float)
    times = np.concatenate(([0.0], np.cumsum(values) / 1000))
    result = time_domain(as_beats(times), Grid.of([-1.0], 200.0))
    assert result.sdnn[0] == pytest.approx(np.std(values, ddof=1), rel=1e-9, abs=1e-6)
    assert result.rmssd[0] == pytest.approx(np.sqrt(np.mean(np.diff(values) ** 2)), abs=1e-6)


def test_a_beat_touched_by_correction_takes_part_in_no_difference():
    times = np.linspace(0, 7.2, 10)
    flags = np.zeros(10, dtype=bool)
    flags[5] = True
    beats = collect_beats(Kind.RR, "", [BeatRun(times, times, flags, flags)])
    assert time_domain(beats, Grid.of([-1.0], 20.0)).differences[0] == 8 - 3
