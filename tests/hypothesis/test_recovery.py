"""Half-recovery: measured from the peak, censored at the phase's end, held against wandering."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.errors import UsageError
from arousal.hypothesis.recovery import (
    Times,
    half_recoveries,
    recovery,
    restricted_mean,
    session_recoveries,
    survival,
)
from arousal.simulate import noise
from tests.hypothesis.walks import walking

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


def test_wandering_curves_recover_as_wandering_curves_do():
    rng = np.random.default_rng(5)
    grid = np.arange(0.0, 3600.0, STEP)
    coarse = 30.0 * np.arange(123)
    curves = [np.interp(grid, coarse, w) for w in noise("ar92", 123, rng, 40)]
    found = [recovery(c, np.zeros(grid.size, int), STEP, rng=rng, draws=39) for c in curves]
    p = np.array([f.p for f in found if np.isfinite(f.p)])
    assert p.size > 25
    assert np.mean(p <= 0.05) <= 0.2  # 40 curves: .05 and 4 binomial standard errors
    assert abs(np.mean([f.ratio for f in found if np.isfinite(f.ratio)])) < 0.25


def test_quick_falls_after_slow_rises_are_quicker_than_the_same_spectrum_makes():
    n, curve = 1440, np.zeros(1440)
    for top in range(100, 1400, 120):
        curve[top - 80 : top + 1] += np.linspace(0.0, 4.0, 81)
        curve[top + 1 : top + 7] += np.linspace(3.5, 0.3, 6)
    curve += np.random.default_rng(1).normal(0.0, 0.02, n)
    found = recovery(curve, np.zeros(n, int), STEP, rng=np.random.default_rng(2), draws=59)
    assert found.ratio < -0.5
    assert found.p < 0.05
    assert found.exploratory
    assert found.audience == "researcher"


def test_fewer_than_three_peaks_give_no_number():
    steady = np.linspace(0.0, 5.0, 720)
    found = recovery(steady, np.zeros(720, int), STEP, rng=np.random.default_rng(1))
    assert np.isnan(found.ratio)
    assert found.reason == "0 peaks, needed 3"


def test_a_session_gives_one_number_for_everybody_who_does_not_lead():
    found = session_recoveries(walking(1), rng=np.random.default_rng(1), draws=19)
    assert [f.person for f in found] == ["P01", "P02", "P03", "P04", "P05"]
    assert {f.block for f in found} == {1}
    with pytest.raises(UsageError, match="120 s"):
        session_recoveries(walking(1), "ln_rmssd", rng=np.random.default_rng(1))
