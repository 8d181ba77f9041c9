"""Half-recovery: measured from the peak, censored at the phase's end, averaged as Kaplan-Meier."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import find_peaks

from arousal.errors import UsageError
from arousal.hypothesis.half_recovery import (
    Times,
    half_recoveries,
    mean_recoveries,
    restricted_mean,
    survival,
)
from arousal.simulate import noise

STEP = 5.0


def bumps(*tops, n=720, fall=24):
    """Triangles: up in 12 windows, down in ``2 * fall``, on a small ripple."""
    curve = 0.01 * np.sin(np.arange(n) / 3.0)
    for top in tops:
        curve[top - 12 : top + 1] += np.linspace(0.0, 4.0, 13)
        down = min(2 * fall, n - top - 1)
        curve[top + 1 : top + 1 + down] += 4.0 * (1 - np.arange(1, down + 1) / (2 * fall))
    return curve


def times(seconds, censored):
    return Times(np.arange(len(seconds)), np.array(seconds, float), np.array(censored, bool))


def test_half_of_the_rise_is_gone_after_half_of_the_fall():
    curve = bumps(100, 300)
    curve += np.random.default_rng(1).normal(0.0, 0.005, curve.size)
    found = half_recoveries(curve, np.zeros(720, int), STEP)
    large = curve[found.peak] > 3
    assert found.peak[large].tolist() == [100, 300]
    assert found.seconds[large] == pytest.approx([24 * STEP] * 2, abs=STEP)
    assert not found.censored[large].any()


def test_a_peak_is_followed_to_the_end_of_its_phase_and_no_further():
    stratum = np.repeat([0, 1], [110, 610])
    found = half_recoveries(bumps(100, 300), stratum, STEP)
    first = found.peak.tolist().index(100)
    assert found.censored[first]
    assert found.seconds[first] == 9 * STEP


def test_a_gap_ends_what_can_be_followed():
    curve = bumps(100, 300)
    curve[112] = np.nan
    found = half_recoveries(curve, np.zeros(720, int), STEP)
    first = found.peak.tolist().index(100)
    assert found.censored[first]
    assert found.seconds[first] == 11 * STEP


def test_windows_outside_phases_and_flat_curves_have_no_peaks():
    assert len(half_recoveries(bumps(100), np.full(720, -1), STEP)) == 0
    assert len(half_recoveries(np.ones(720), np.zeros(720, int), STEP)) == 0
    assert len(half_recoveries(np.full(720, np.nan), np.zeros(720, int), STEP)) == 0


def test_the_survival_curve_is_kaplan_meiers():
    # Worked by hand: 4 at risk at 10 s, 2 at risk at 30 s.
    found = times([10.0, 20.0, 30.0, 40.0], [False, True, False, True])
    at, share = survival(found)
    steps = dict(zip(at.tolist(), share.tolist(), strict=True))
    assert steps[10.0] == pytest.approx(3 / 4)
    assert steps[30.0] == pytest.approx(3 / 4 * 1 / 2)
    expected = 10 + 20 * 3 / 4 + 70 * 3 / 8
    assert restricted_mean(found, 100.0) == pytest.approx(expected)


def test_without_censoring_the_restricted_mean_is_the_mean():
    assert restricted_mean(times([10.0, 20.0, 60.0], [False] * 3)) == pytest.approx(30.0)
    assert restricted_mean(times([10.0, 900.0], [False] * 2), 600.0) == pytest.approx(305.0)
    assert np.isnan(restricted_mean(times([], [])))
    with pytest.raises(UsageError, match="no peak"):
        survival(times([], []))


def test_leaving_censored_peaks_out_would_look_quicker():
    both = times([30.0, 40.0, 200.0, 300.0], [False, False, True, True])
    quick = times([30.0, 40.0], [False, False])
    assert restricted_mean(both) > 3 * restricted_mean(quick)


def area(found, horizon):
    """Under scipy's own Kaplan-Meier curve."""
    at, share = survival(found)
    edges = np.concatenate([[0.0], np.minimum(at, horizon), [horizon]])
    return float(np.diff(edges) @ np.concatenate([[1.0], share]))


def test_many_curves_at_once_are_each_what_it_is_alone():
    curves = noise("ar80", 720, np.random.default_rng(3), 40)
    curves[:, 200:215] = np.nan
    stratum = np.repeat([0, -1, 1], [300, 20, 400])
    means, peaks = mean_recoveries(curves, stratum, STEP)
    alone = [half_recoveries(c, stratum, STEP) for c in curves]
    assert peaks.tolist() == [len(found) for found in alone]
    assert any(found.censored.any() for found in alone)
    np.testing.assert_allclose(means, [restricted_mean(found) for found in alone], rtol=1e-12)
    np.testing.assert_allclose(means, [area(found, 600.0) for found in alone], rtol=1e-9)


def test_peaks_are_those_that_scipy_finds_stretch_by_stretch():
    curve = noise("ar92", 720, np.random.default_rng(4))[0]
    curve[100:103] = np.nan
    stratum = np.repeat([0, 1], [400, 320])
    known = curve[np.isfinite(curve)]
    least = 1.4826 * np.median(np.abs(known - np.median(known)))
    told = [
        a + find_peaks(curve[a:b], prominence=least)[0]
        for a, b in [(0, 100), (103, 400), (400, 720)]
    ]
    found = half_recoveries(curve, stratum, STEP)
    assert found.peak.tolist() == np.concatenate(told).tolist()


def test_a_curve_without_peaks_has_no_mean_beside_one_that_has():
    means, peaks = mean_recoveries(
        np.array([np.ones(720), bumps(100, 300)]), np.zeros(720, int), STEP
    )
    assert peaks[0] == 0
    assert peaks[1] >= 2
    assert np.isfinite(means).tolist() == [False, True]
