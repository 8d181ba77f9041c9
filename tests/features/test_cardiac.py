"""From ECG, pulse wave or a device's intervals to beats; poor signals give reasons, not errors."""

import warnings

import neurokit2 as nk
import numpy as np
import pytest

from arousal.features.cardiac import find_beats, refine_peaks
from arousal.features.hrv import time_domain
from arousal.features.quality import Quality
from arousal.features.windows import Grid
from arousal.recording import Kind, Signal
from arousal.settings import BeatSettings
from tests.features.records import intervals_signal, wave
from tests.features.waves import as_beats, beat_times, ecg, pulse, without

SETTINGS = BeatSettings()


def rmssd(beats):
    return time_domain(beats, Grid.of([-1.0], 1e4)).rmssd[0]


@pytest.mark.parametrize("rate", [250.0, 500.0])
def test_peaks_are_neurokits_own_where_they_are_not_refined(rate):
    signal = ecg(beat_times(120), 120, rate)
    beats = find_beats(signal, SETTINGS)
    clean = nk.ecg_clean(signal.values, sampling_rate=rate, method="neurokit")
    peaks = nk.ecg_findpeaks(clean, sampling_rate=rate, method="neurokit")["ECG_R_Peaks"]
    np.testing.assert_array_equal(beats.raw_times, signal.times[peaks])


def test_at_130_hz_the_grid_alone_raises_a_low_rmssd_and_refinement_takes_that_back():
    times = beat_times(600, sway=17.0, jitter=3.0)
    truth = rmssd(as_beats(times))
    signal = ecg(times, 600, 130.0, noise=3.0)
    refined = rmssd(find_beats(signal, SETTINGS))
    coarse = rmssd(find_beats(signal, SETTINGS.model_copy(update={"refine_below": 0.0})))
    assert 14 < truth < 17
    assert coarse > 1.05 * truth
    assert refined == pytest.approx(truth, rel=0.02)


def found_within(truth, found, tolerance):
    """How many true beats have a found one that near, each used once (both sorted)."""
    free, hits = np.ones(found.size, dtype=bool), 0
    for moment in truth:
        near = np.flatnonzero(free & (np.abs(found - moment) <= tolerance))
        free[near[:1]] = False
        hits += near.size > 0
    return hits


@pytest.mark.parametrize("noise", [15.0, 100.0, 300.0])
def test_refinement_places_true_beats_better_and_loses_none_that_neurokit_finds(noise):
    truth = beat_times(900, seed=5)
    signal = ecg(truth, 900, 130.0, noise)
    ours = find_beats(signal, SETTINGS).raw_times
    clean = nk.ecg_clean(signal.values, sampling_rate=130, method="neurokit")
    peaks = nk.ecg_findpeaks(clean, sampling_rate=130, method="neurokit")["ECG_R_Peaks"]
    theirs = signal.times[peaks]
    assert ours.size == theirs.size
    for tolerance in (0.15, 0.05):
        assert found_within(truth, ours, tolerance) == found_within(truth, theirs, tolerance)
    better = found_within(truth, ours, 0.003) / found_within(truth, theirs, 0.003)
    assert better > 1.1


def test_a_beat_alone_between_two_pauses_counts_as_detected():
    truth = np.concatenate((beat_times(60), [64.5], 69.0 + beat_times(60)))
    beats = find_beats(ecg(truth, 130, 130.0), SETTINGS)
    assert np.abs(beats.raw_times - 64.5).min() < 0.01
    assert not ((beats.starts < 64.5) & (beats.times > 64.5)).any()


def test_a_parabola_finds_its_own_vertex():
    samples = np.arange(20.0)
    curve = 5 - 0.3 * (samples - 7.3) ** 2
    assert refine_peaks(curve, np.array([7]))[0] == pytest.approx(7.3)


def test_a_peak_at_the_edge_or_on_a_plateau_stays_where_it_is():
    assert refine_peaks(np.array([3.0, 1.0, 1.0, 1.0]), np.array([0, 2])).tolist() == [0.0, 2.0]


def test_a_gap_separates_two_runs_and_nothing_is_found_in_it():
    signal = without(ecg(beat_times(180), 180, 130.0), 60, 120)
    beats = find_beats(signal, SETTINGS)
    assert np.unique(beats.segment).size == 2
    assert not ((beats.raw_times > 60) & (beats.raw_times < 120)).any()
    np.testing.assert_allclose(beats.reasons[Quality.GAP], [[60, 120]], atol=0.02)
    assert rmssd(beats) == pytest.approx(rmssd(as_beats(beat_times(180))), rel=0.05)


def test_a_strap_that_falls_off_and_stays_flat_is_named():
    signal = ecg(beat_times(120), 120, 130.0)
    values = signal.values.copy()
    values[40 * 130 : 80 * 130] = 7.0
    beats = find_beats(wave(Kind.ECG, values, 130.0), SETTINGS)
    np.testing.assert_allclose(beats.reasons[Quality.FLAT], [[40, 80]], atol=0.02)
    assert not ((beats.times > 41) & (beats.times < 79)).any()


def test_a_wave_without_beats_says_so():
    noise = np.random.default_rng(0).normal(0, 5, 130 * 30)
    quiet = np.concatenate((ecg(beat_times(60), 60, 130.0).values, 0.001 * noise))
    beats = find_beats(wave(Kind.ECG, quiet, 130.0), SETTINGS)
    assert beats.times.max() < 61
    assert beats.reasons


def test_an_ecg_cut_off_at_its_tips_is_named():
    signal = ecg(beat_times(60), 60, 500.0)
    beats = find_beats(wave(Kind.ECG, signal.values.clip(-150, 400), 500.0), SETTINGS)
    assert Quality.CLIPPED in beats.reasons
    assert Quality.CLIPPED not in find_beats(signal, SETTINGS).reasons


def test_beats_that_do_not_look_like_the_persons_own_are_named():
    signal = ecg(beat_times(120), 120, 130.0)
    values = signal.values.copy()
    shaken = slice(60 * 130, 80 * 130)
    values[shaken] += np.random.default_rng(2).normal(0, 800, 20 * 130)
    noisy = find_beats(wave(Kind.ECG, values, 130.0), SETTINGS).reasons[Quality.NOISY]
    assert ((noisy[:, 0] > 58) & (noisy[:, 1] < 82)).all()
    assert Quality.NOISY not in find_beats(signal, SETTINGS).reasons


@pytest.mark.parametrize(("rate", "hrv"), [(25.0, False), (64.0, True), (100.0, True)])
def test_a_pulse_wave_gives_beats_and_below_64_hz_heart_rate_only(rate, hrv):
    times = beat_times(120)
    beats = find_beats(pulse(times, 120, rate), SETTINGS)
    assert beats.hrv is hrv
    assert (Quality.RATE_LOW in beats.reasons) is not hrv
    assert len(beats) == pytest.approx(times.size, abs=3)
    assert beats.intervals.mean() == pytest.approx(np.diff(times).mean() * 1000, rel=0.005)


def test_a_pulse_wave_in_movement_is_not_used():
    signal = pulse(beat_times(180), 180, 64.0)
    values = signal.values.copy()
    rng = np.random.default_rng(5)
    values[60 * 64 : 120 * 64] = np.convolve(rng.normal(0, 1, 60 * 64), np.ones(12) / 3, "same")
    beats = find_beats(wave(Kind.PPG, values, 64.0), SETTINGS)
    moved = Grid.of([65.0], 50.0)
    assert moved.share(beats.spans)[0] < 0.4
    assert moved.share(beats.reasons[Quality.NOISY])[0] > 0.5
    assert Grid.of([0.0, 125.0], 50.0).share(beats.spans).min() > 0.9


def test_intervals_of_a_strap_are_kept_to_the_last_digit():
    intervals = np.round(np.diff(beat_times(120)) * 1024) / 1.024
    beats = find_beats(intervals_signal(intervals), SETTINGS)
    np.testing.assert_array_equal(beats.intervals, np.round(intervals, 7))


def test_late_packets_do_not_move_a_beat():
    intervals = np.round(np.diff(beat_times(120)) * 1000)
    stamps = np.cumsum(intervals) / 1000 + np.random.default_rng(0).uniform(0, 0.04, intervals.size)
    beats = find_beats(Signal(Kind.RR, intervals, stamps, None, "strap"), SETTINGS)
    np.testing.assert_array_equal(beats.intervals, intervals)
    assert np.unique(beats.segment).size == 1


def test_intervals_that_no_heart_makes_are_left_out_and_named():
    intervals = np.full(60, 800.0)
    intervals[20] = 65535.0
    beats = find_beats(intervals_signal(intervals), SETTINGS)
    assert beats.intervals.max() == 800.0
    assert np.unique(beats.segment).size == 2
    assert Quality.OUT_OF_RANGE in beats.reasons


def test_the_true_rate_replaces_a_wrong_declaration_and_is_named():
    times = beat_times(120)
    honest = ecg(times, 120, 130.0)
    lying = Signal(Kind.ECG, honest.values, honest.times, 100.0, "strap")
    beats = find_beats(lying, SETTINGS)
    assert Quality.RATE_MISMATCH in beats.reasons
    assert beats.intervals.mean() == pytest.approx(np.diff(times).mean() * 1000, rel=0.002)


def poor_signals():
    rng = np.random.default_rng(0)
    one = np.zeros(400)
    one[[100, 200, 300]] = 1000.0
    yield "empty", np.empty(0)
    yield "one sample", np.array([1.0])
    yield "all NaN", np.full(4000, np.nan)
    yield "flat", np.full(4000, 3.0)
    yield "three peaks", np.concatenate((one, rng.normal(0, 1e-3, 1600)))
    yield "noise", rng.normal(0, 1, 4000)
    yield "half a second", rng.normal(0, 1, 60)
    yield "ten seconds", rng.normal(0, 1, 1301)
    yield "infinite", np.where(np.arange(4000) % 700 == 0, np.inf, rng.normal(0, 1, 4000))
    yield "every other NaN", np.where(np.arange(4000) % 2 == 0, np.nan, rng.normal(0, 1, 4000))
    yield "ramp", np.arange(4000.0)
    yield "steps", np.repeat(rng.normal(0, 1, 40), 100)


@pytest.mark.parametrize("kind", [Kind.ECG, Kind.PPG])
@pytest.mark.parametrize(("name", "values"), list(poor_signals()))
def test_poor_signals_never_crash(kind, name, values):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        beats = find_beats(wave(kind, values, 130.0), SETTINGS)
    assert (beats.intervals >= 240).all()
    assert (beats.times > beats.starts).all()


@pytest.mark.parametrize("values", [[], [800.0], [np.nan] * 5, [800.0, 20.0, 800.0]])
def test_poor_interval_lists_never_crash(values):
    stamps = np.arange(1.0, len(values) + 1)
    beats = find_beats(Signal(Kind.RR, np.array(values), stamps, None, "strap"), SETTINGS)
    assert len(beats) <= 2


def test_a_rate_too_low_for_the_filters_is_refused_with_its_reason():
    beats = find_beats(ecg(beat_times(60), 60, 50.0), SETTINGS)
    assert len(beats) == 0
    assert Quality.RATE_LOW in beats.reasons


def shaken(signal, onset, end, seed=5):
    """The same ECG with its QRS complexes lost in the slow, large waves of a moving body."""
    inside = (signal.times >= onset) & (signal.times < end)
    knots = np.arange(onset, end + 0.3, 0.15)
    heights = np.random.default_rng(seed).normal(0, 900, knots.size)
    steps = np.interp(signal.times[inside], knots, heights)
    values = signal.values.copy()
    values[inside] = 0.2 * values[inside] + steps
    return Signal(signal.kind, values, signal.times, signal.rate, signal.source, signal.site)


@pytest.mark.parametrize("seed", range(6))
def test_seven_seconds_of_movement_move_rmssd_by_less_than_5_percent_and_heart_rate_by_2(seed):
    times = beat_times(240, seed, mean=950.0)
    signal = ecg(times, 240, 130.0)
    grid = Grid.regular(0.0, 240.0, 120.0, 20.0)
    clean = time_domain(find_beats(signal, SETTINGS), grid)
    found = time_domain(find_beats(shaken(signal, 100.0, 107.0, seed), SETTINGS), grid)
    counts = (found.coverage >= 0.90) & ~(found.corrected > 0.10)
    assert counts.any()
    np.testing.assert_allclose(found.rmssd[counts], clean.rmssd[counts], rtol=0.05)
    np.testing.assert_allclose(found.mean_nn[counts], clean.mean_nn[counts], rtol=0.02)


def test_a_beat_missed_beside_a_gap_is_left_out_and_named():
    times = beat_times(120, jitter=5.0)
    rest = np.delete(times, [60, 64, 65, 66, 67, 68, 69, 73])
    intervals, ends = np.diff(rest) * 1000, rest[1:]
    beats = find_beats(Signal(Kind.RR, intervals, ends, None, "strap"), SETTINGS)
    assert beats.intervals.max() < 1.3 * np.median(beats.intervals)


def test_several_beats_missed_in_a_row_leave_no_long_interval():
    times = beat_times(120, jitter=5.0)
    beats = find_beats(intervals_signal(np.diff(np.delete(times, [60, 61])) * 1000), SETTINGS)
    assert beats.intervals.max() < 1.3 * np.median(beats.intervals)
    assert Quality.NO_BEATS in beats.reasons
