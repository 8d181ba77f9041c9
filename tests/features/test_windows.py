"""The window grid and sums over all windows at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.errors import UsageError
from arousal.features.spans import as_spans
from arousal.features.windows import Grid, range_sum


def test_a_regular_grid_lies_wholly_inside_its_stretch():
    grid = Grid.regular(10.0, 200.0, (60.0, 120.0), 5.0)
    assert grid.onset.min() == 10.0
    assert grid.end.max() == 200.0
    assert np.count_nonzero(grid.duration == 60.0) == 27
    assert np.count_nonzero(grid.duration == 120.0) == 15


def test_a_window_as_long_as_the_stretch_is_there_once():
    assert len(Grid.regular(0.0, 60.0, 60.0, 5.0)) == 1


def test_a_window_longer_than_the_stretch_is_not_there():
    assert len(Grid.regular(0.0, 59.0, 60.0, 5.0)) == 0


def test_steps_that_binary_numbers_cannot_hold_lose_no_window():
    assert len(Grid.regular(0.0, 0.3, 0.1, 0.1)) == 3


def test_one_duration_serves_all_given_onsets():
    assert Grid.of([1.0, 2.0], 30.0).end.tolist() == [31.0, 32.0]


@pytest.mark.parametrize(("step", "duration"), [(0.0, 60.0), (5.0, 0.0), (-1.0, 60.0)])
def test_steps_and_durations_must_be_positive(step, duration):
    with pytest.raises(UsageError, match="must be > 0"):
        Grid.regular(0.0, 100.0, duration, step)


def test_onsets_must_be_finite():
    with pytest.raises(UsageError, match="no finite onset"):
        Grid.of([np.nan], 30.0)


def test_an_item_belongs_to_a_window_only_with_both_its_ends():
    starts, ends = np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0, 4.0])
    first, last = Grid.of([0.5, 1.0, 9.0], [3.0, 2.0, 1.0]).inside(starts, ends)
    assert (last - first).tolist() == [2, 2, 0]


def test_a_point_on_the_border_of_two_windows_belongs_to_the_later_one():
    first, last = Grid.of([0.0, 10.0], 10.0).holding(np.array([10.0]))
    assert (last - first).tolist() == [0, 1]


def test_share_never_exceeds_one():
    assert Grid.of([0.0], 10.0).share(as_spans([(-5, 8), (2, 30)])).tolist() == [1.0]


@given(
    st.lists(st.floats(-1e3, 1e3), max_size=60),
    st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=20),
)
def test_range_sums_agree_with_slices(values, ranges):
    pairs = np.array([(a, a + b) for a, b in ranges], dtype=int).reshape(-1, 2)
    sums = range_sum(values, pairs[:, 0], pairs[:, 1])
    expected = [sum(values[a:b]) for a, b in pairs]
    np.testing.assert_allclose(sums, expected, atol=1e-9)
