"""The noise families are what their names say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arousal.errors import UsageError
from arousal.simulate import NOISE_FAMILIES, noise


@pytest.mark.parametrize("family", NOISE_FAMILIES)
def test_every_family_has_mean_zero_and_unit_variance(family: str) -> None:
    values = noise(family, 200, np.random.default_rng(11), size=4000)
    assert abs(values.mean()) < 0.05
    assert values.var() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("family", "expected"), [("ar80", 0.80), ("ar92", 0.92), ("ar98", 0.98)])
def test_neighbouring_values_correlate_as_the_family_is_named(family: str, expected: float) -> None:
    values = noise(family, 200, np.random.default_rng(12), size=4000)
    products = (values[:, 1:] * values[:, :-1]).mean() / values.var()
    assert products == pytest.approx(expected, abs=0.01)


def test_the_autoregressive_families_start_in_their_stationary_state() -> None:
    values = noise("ar98", 50, np.random.default_rng(13), size=20000)
    assert values[:, 0].var() == pytest.approx(1.0, abs=0.04)
    assert values[:, -1].var() == pytest.approx(1.0, abs=0.04)


def test_the_spectrum_of_white_and_1_over_f_is_the_sum_of_both() -> None:
    steps = 256
    values = noise("white+1/f", steps, np.random.default_rng(14), size=8000)
    power = (np.abs(np.fft.rfft(values)) ** 2).mean(axis=0)[1:-1]
    frequency = np.arange(1, steps // 2)
    weights = np.array([*(2.0 / frequency), 2.0 / steps])
    expected = 0.5 * steps + 0.5 * steps**2 / weights.sum() / frequency
    np.testing.assert_allclose(power, expected, rtol=0.10)


@given(
    family=st.sampled_from(sorted(NOISE_FAMILIES)),
    steps=st.integers(1, 40),
    size=st.integers(1, 5),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=40)
def test_any_shape_is_finite_and_repeats_with_its_seed(
    family: str, steps: int, size: int, seed: int
) -> None:
    first = noise(family, steps, np.random.default_rng(seed), size=size)
    again = noise(family, steps, np.random.default_rng(seed), size=size)
    assert first.shape == (size, steps)
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, again)


def test_an_unknown_family_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"ar50.*ar80"):
        noise("ar50", 10, np.random.default_rng(0))
