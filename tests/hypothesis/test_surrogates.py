"""Surrogates keep a curve's slowness and gaps, break its tie to the phases, and are calibrated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.errors import SettingsError, UsageError
from arousal.hypothesis.surrogates import (
    ContrastPattern,
    TemplatePattern,
    circular_shifts,
    effective_windows,
    phase_randomised,
    surrogate_p,
)
from arousal.simulate import noise

N = 120
OUTSIDE = np.nan
TEMPLATE = np.repeat([OUTSIDE, 1.0, 0.35, -0.35, -1.0, OUTSIDE], [20, 20, 10, 40, 10, 20])


def thirds(n: int = N) -> ContrastPattern:
    cells = np.zeros((2, n), dtype=bool)
    cells[0, n // 3 : n // 2] = True
    cells[1, n // 2 + 10 : n // 2 + 30] = True
    return ContrastPattern(cells, np.array([1.0, -1.0]))


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_every_shift_is_made_once_and_the_first_is_the_curve_itself():
    curve = np.array([1.0, 2.0, np.nan, 4.0])
    turned = circular_shifts(curve)
    np.testing.assert_array_equal(turned[0], curve)
    np.testing.assert_array_equal(turned[1], [4.0, 1.0, 2.0, np.nan])
    assert len({tuple(np.nan_to_num(row, nan=-1.0)) for row in turned}) == 4
    assert (np.isnan(turned).sum(axis=1) == 1).all()


def test_without_gaps_random_phases_keep_the_periodogram_exactly():
    for n in (N, N + 1):
        curve = noise("ar92", n, rng())[0] + 5.0
        drawn = phase_randomised(curve, 3, rng(2))
        expected = np.abs(np.fft.rfft(curve))
        np.testing.assert_allclose(np.abs(np.fft.rfft(drawn)), [expected] * 3, atol=1e-9)
        assert not np.allclose(drawn[0], drawn[1])


def test_with_gaps_random_phases_keep_gaps_variance_and_slowness():
    curve = noise("ar92", 400, rng(3))[0]
    whole = curve.copy()
    curve[50:90] = curve[200:230] = np.nan
    drawn = phase_randomised(curve, 400, rng(4))
    assert (np.isnan(drawn) == np.isnan(curve)).all()
    assert np.nanvar(drawn, axis=1).mean() == pytest.approx(np.nanvar(curve), rel=0.15)
    seen = [np.corrcoef(d[100:199], d[101:200])[0, 1] for d in drawn]
    assert np.mean(seen) == pytest.approx(np.corrcoef(whole[:-1], whole[1:])[0, 1], abs=0.06)


def test_a_curve_that_is_the_template_is_beaten_by_no_other_shift():
    curve = np.nan_to_num(TEMPLATE)
    found = surrogate_p(TemplatePattern(TEMPLATE), curve, "greater")
    assert found.n == N
    assert found.p == pytest.approx(1 / N)
    assert surrogate_p(TemplatePattern(TEMPLATE), -curve, "greater").p == 1.0
    assert surrogate_p(TemplatePattern(TEMPLATE), -curve, "less").p == pytest.approx(1 / N)


def test_the_contrast_is_the_weighted_sum_of_means_of_what_was_measured():
    curve = np.arange(float(N))
    curve[45] = np.nan
    cells = thirds().cells
    expected = np.nanmean(curve[cells[0]]) - np.nanmean(curve[cells[1]])
    assert thirds().evaluate(curve[None])[0] == pytest.approx(expected)


def test_a_cell_with_too_many_gaps_gives_no_value_and_says_so():
    curve = noise("ar80", N, rng())[0]
    curve[70:85] = np.nan
    found = surrogate_p(thirds(), curve, "greater")
    assert np.isnan(found.p)
    assert "too few windows" in found.reason


def test_shifts_that_leave_a_cell_without_windows_do_not_count():
    curve = noise("ar80", N, rng())[0]
    curve[100:] = np.nan
    found = surrogate_p(thirds(), curve, "greater")
    assert 20 <= found.n < N
    assert 0 < found.p <= 1


def test_where_nearly_everything_is_missing_there_is_no_p_whatever_the_method():
    curve = np.full(N, np.nan)
    curve[:2] = 1.0
    for draws in (0, 50):
        assert np.isnan(surrogate_p(thirds(), curve, "greater", draws=draws, rng=rng()).p)


def test_a_flat_curve_goes_with_nothing():
    found = surrogate_p(TemplatePattern(TEMPLATE), np.full(N, 71.3), "greater")
    assert np.isnan(found.p)
    assert found.reason


@pytest.mark.parametrize("heights", [np.full(N, 0.7), np.full(N, np.nan)])
def test_a_template_without_variance_is_one_clear_error(heights):
    with pytest.raises(SettingsError, match="template has no variance"):
        TemplatePattern(heights)


def test_weights_that_do_not_sum_to_zero_and_empty_cells_are_errors():
    cells = thirds().cells
    with pytest.raises(SettingsError, match=r"sum to 0\.5"):
        ContrastPattern(cells, np.array([1.0, -0.5]))
    with pytest.raises(SettingsError, match="cell 2 holds no window"):
        ContrastPattern(np.array([cells[0], ~cells[0] & cells[0]]), np.array([1.0, -1.0]))
    with pytest.raises(UsageError, match="do not match"):
        ContrastPattern(cells, np.array([1.0]))
    with pytest.raises(UsageError, match="random generator"):
        surrogate_p(thirds(), np.zeros(N), "greater", draws=10)


@given(
    st.integers(0, 10_000),
    st.floats(0.1, 100),
    st.floats(-100, 100),
    st.floats(0, 0.3),
    st.sampled_from(["greater", "less", "two-sided"]),
)
def test_p_is_never_zero_and_does_not_depend_on_unit_or_level(seed, factor, level, lost, direction):
    curve = noise("ar80", N, rng(seed))[0]
    curve[rng(seed).random(N) < lost] = np.nan
    for pattern in (TemplatePattern(TEMPLATE), thirds()):
        one = surrogate_p(pattern, curve, direction)
        other = surrogate_p(pattern, factor * curve + level, direction)
        if np.isnan(one.p):
            assert np.isnan(other.p)
            continue
        assert 1 / N <= one.p <= 1
        assert other.p == pytest.approx(one.p)


@pytest.mark.parametrize("family", ["ar80", "ar98"])
@pytest.mark.parametrize("draws", [0, 99])
def test_noise_is_called_an_effect_about_one_time_in_twenty(family, draws):
    # .05 +- 3.3 binomial standard errors of 400 repetitions, and what the method is known to be off
    # by (science: .042-.066 for circular shifts).
    curves = noise(family, N, rng(11), 400)
    for pattern in (TemplatePattern(TEMPLATE), thirds()):
        p = [surrogate_p(pattern, c, "greater", draws=draws, rng=rng(5)).p for c in curves]
        assert 0.015 < np.mean(np.array(p) <= 0.05) < 0.105


def test_slow_curves_are_worth_few_windows_and_white_ones_all():
    weights = thirds(400).weights
    windows = np.isfinite(weights).sum()
    white = effective_windows(rng(7).standard_normal(400), weights)
    slow = effective_windows(noise("ar98", 400, rng(8))[0], weights)
    assert 0.7 * windows < white <= windows
    assert 2 <= slow < 0.3 * windows
    assert np.isnan(effective_windows(np.ones(400), weights))
    assert np.isnan(effective_windows(np.full(400, np.nan), weights))
