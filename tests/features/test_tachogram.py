"""Intervals at 4 Hz: scipy's interpolating quadratic spline, all windows at once."""

import numpy as np
import pytest
from scipy.interpolate import interp1d

from arousal.features.tachogram import tachograms
from tests.features.waves import as_beats, beat_times


def by_scipy(beats, first, last):
    """One window as NeuroKit2 interpolates it; the last sample takes the last interval's value."""
    times = beats.times[first:last] - beats.times[first]
    intervals = beats.intervals[first:last]
    samples = np.arange(0, times[-1] + 0.25, 0.25)
    spline = interp1d(times, intervals, kind="quadratic", fill_value="extrapolate")
    return np.where(samples < times[-1], spline(np.minimum(samples, times[-1])), intervals[-1])


@pytest.mark.parametrize("mean", [400.0, 820.0, 1500.0])
def test_every_window_is_scipys_quadratic_spline(mean):
    beats = as_beats(beat_times(300, seed=2, mean=mean, jitter=40.0))
    first = np.array([0, 3, 10, 50, 90])
    last = np.array([8, 7, 75, 58, len(beats)])
    found = tachograms(beats, first, last)
    for row, (a, b) in enumerate(zip(first, last, strict=True)):
        theirs = by_scipy(beats, a, b)
        assert found.samples[row] == theirs.size
        np.testing.assert_allclose(found.values[row, : theirs.size], theirs, rtol=1e-9)
        assert found.mean[row] == pytest.approx(theirs.mean(), rel=1e-12)


def test_extra_beats_make_long_and_short_intervals_and_the_spline_stays_scipys():
    intervals = np.tile([0.4, 1.1], 40)
    beats = as_beats(np.concatenate(([0.0], np.cumsum(intervals))))
    found = tachograms(beats, np.array([2]), np.array([70]))
    theirs = by_scipy(beats, 2, 70)
    np.testing.assert_allclose(found.values[0, : theirs.size], theirs, rtol=1e-9)


def test_windows_side_by_side_do_not_touch():
    beats = as_beats(beat_times(120, jitter=30.0))
    together = tachograms(beats, np.array([0, 20, 20]), np.array([30, 60, 140]))
    alone = tachograms(beats, np.array([20]), np.array([60]))
    size = alone.samples[0]
    np.testing.assert_array_equal(together.values[1, :size], alone.values[0, :size])
    assert together.mean[1] == pytest.approx(alone.mean[0], rel=1e-14)
