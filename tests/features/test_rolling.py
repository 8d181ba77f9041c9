"""Rolling quantiles: pandas', and only what changed is computed again."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.features.rolling import RollingQuantiles

QUARTILES = (0.25, 0.5, 0.75)


def by_pandas(series, span):
    rolling = pd.Series(series).rolling(span, center=True, min_periods=1)
    return np.array([rolling.quantile(q) for q in QUARTILES])


@pytest.mark.parametrize("span", [11, 91])
@pytest.mark.parametrize("size", [1, 5, 60, 400])
def test_quantiles_are_those_of_pandas(span, size):
    series = np.random.default_rng(size).normal(size=size)
    found = RollingQuantiles(span, QUARTILES).of(series)
    np.testing.assert_allclose(found, by_pandas(series, span), rtol=1e-12, atol=1e-12)


@given(
    changed=st.lists(st.integers(0, 199), max_size=5),
    longer=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_a_series_that_changed_a_little_gives_what_a_fresh_look_gives(changed, longer, seed):
    rng = np.random.default_rng(seed)
    series = rng.normal(size=200)
    rolling = RollingQuantiles(11, QUARTILES)
    rolling.of(series)
    series[changed] += 1.0
    if longer:
        series = np.insert(series, 100, 3.0)
    np.testing.assert_array_equal(rolling.of(series), RollingQuantiles(11, QUARTILES).of(series))


def test_what_was_given_out_is_the_callers():
    rolling, series = RollingQuantiles(11, QUARTILES), np.arange(50.0)
    first = rolling.of(series)
    first[:] = -1.0
    series[3] = 7.0
    np.testing.assert_array_equal(rolling.of(series), RollingQuantiles(11, QUARTILES).of(series))
