"""HF and LF power in all windows at once, against NeuroKit2 window by window."""

import neurokit2 as nk
import numpy as np
import pytest

from arousal.features.spectral import band_power
from arousal.features.windows import Grid
from tests.features.waves import as_beats, beat_times


def neurokit_power(intervals):
    return nk.hrv_frequency(
        {"RRI": intervals},
        psd_method="welch",
        interpolation_rate=4,
        normalize=False,
        silent=True,
    )


def neurokit_samples(intervals):
    seconds = np.cumsum(intervals) / 1000
    return np.arange(seconds[0], seconds[-1] + 0.25, 0.25).size


def compared(duration, step):
    """(ours, NeuroKit2's, whether NeuroKit2 uses three segments) of HF and LF per window."""
    beats = as_beats(beat_times(900, seed=6, jitter=30.0))
    grid = Grid.regular(0, 900, duration, step)
    ours = band_power(beats, grid, np.ones(len(grid), dtype=bool))
    first, last = grid.inside(beats.starts, beats.times)
    rows = []
    for i, (a, b) in enumerate(zip(first, last, strict=True)):
        theirs = neurokit_power(beats.intervals[a:b])
        three = neurokit_samples(beats.intervals[a:b]) // 2 % 2 == 0
        rows.append((ours.hf[i], theirs["HRV_HF"][0], ours.lf[i], theirs["HRV_LF"][0], three))
    return np.array(rows)


@pytest.mark.parametrize(("duration", "step"), [(60.0, 17.0), (120.0, 29.0), (300.0, 23.0)])
def test_hf_equals_neurokit_wherever_it_uses_three_segments(duration, step):
    rows = compared(duration, step)
    same = rows[rows[:, 4] == 1]
    assert len(same) > 5
    np.testing.assert_allclose(same[:, 0], same[:, 1], rtol=1e-9)


def test_lf_of_five_minutes_equals_neurokit_wherever_it_uses_three_segments():
    rows = compared(300.0, 23.0)
    same = rows[rows[:, 4] == 1]
    np.testing.assert_allclose(same[:, 2], same[:, 3], rtol=1e-9)


def test_neurokit_loses_the_end_of_some_windows_by_parity_and_we_do_not():
    # A slow wave (0.1 Hz) in the last fifth of five minutes only; windows end one beat later each.
    count = np.arange(370)
    wave = np.where(count * 0.8 > 235, 60.0 * np.sin(2 * np.pi * 0.1 * count * 0.8), 0.0)
    jitter = np.random.default_rng(0).normal(0, 5, count.size)
    intervals = 800.0 + wave + jitter
    beats = as_beats(np.concatenate(([0.0], np.cumsum(intervals) / 1000)))
    ours, theirs, three = [], [], []
    for size in range(356, 368):
        window = Grid.of([0.0], beats.times[size - 1])
        ours.append(band_power(beats, window, np.array([True])).lf[0])
        theirs.append(neurokit_power(intervals[:size])["HRV_LF"][0])
        three.append(neurokit_samples(intervals[:size]) // 2 % 2 == 0)
    assert 0 < sum(three) < len(three)
    assert np.max(np.abs(np.diff(np.log(theirs)))) > np.log(1.8)
    assert np.max(np.abs(np.diff(np.log(ours)))) < np.log(1.15)


def test_a_window_across_a_gap_has_no_spectrum():
    times = beat_times(300)
    beats = as_beats(times[times < 100], times[times > 104])
    power = band_power(beats, Grid.of([0.0, 40.0, 120.0], 60.0), np.ones(3, dtype=bool))
    assert np.isfinite(power.hf).tolist() == [True, True, True]
    power = band_power(beats, Grid.of([50.0, 90.0], 60.0), np.ones(2, dtype=bool))
    assert np.isnan(power.hf).all()


def test_windows_nobody_asked_for_are_not_computed():
    power = band_power(as_beats(beat_times(120)), Grid.of([0.0], 60.0), np.array([False]))
    assert np.isnan(power.hf).all()


def test_respiratory_sway_of_known_size_shows_as_its_power():
    beats = as_beats(beat_times(300, sway=40.0, jitter=0.01))
    power = band_power(beats, Grid.of([0.0], 300.0), np.array([True]))
    assert power.hf[0] == pytest.approx(40.0**2 / 2, rel=0.05)
    assert power.lf[0] < 5.0


def test_constant_intervals_have_no_power():
    power = band_power(as_beats(np.linspace(0, 80, 101)), Grid.of([0.0], 60.0), np.array([True]))
    assert not power.hf[0] > 1e-12
