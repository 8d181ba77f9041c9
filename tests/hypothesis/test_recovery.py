"""Half-recovery against curves that only wander, one number for each person and block."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.errors import UsageError
from arousal.hypothesis.recovery import recovery, session_recoveries
from arousal.simulate import noise
from tests.hypothesis.walks import walking

STEP = 5.0


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


def test_a_steady_drift_changes_nothing():
    rng = np.random.default_rng(6)
    curve = np.interp(np.arange(720), 6 * np.arange(121), noise("ar80", 121, rng)[0])
    curve[300:310] = np.nan
    steep = curve + np.linspace(0.0, 5.0, 720)
    flat, tilted = (
        recovery(c, np.zeros(720, int), STEP, rng=np.random.default_rng(7), draws=39)
        for c in (curve, steep)
    )
    assert flat.peaks == tilted.peaks >= 3
    assert tilted.ratio == pytest.approx(flat.ratio, abs=1e-6)


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
