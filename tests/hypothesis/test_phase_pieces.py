"""Pieces of a phase hold only what is quicker than themselves, and never what is missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.errors import UsageError
from arousal.hypothesis.phase_pieces import cut, lagged, own_speech_out


@given(st.integers(0, 1000), st.floats(-50, 50), st.floats(-2, 2), st.floats(0.1, 20))
def test_level_drift_and_size_do_not_matter(seed, level, slope, size):
    quick = np.random.default_rng(seed).standard_normal((2, 130))
    plain = cut(quick, 60)
    assert plain.shape == (2, 2, 60)
    moved = cut(size * quick + level + slope * np.arange(130), 60)
    np.testing.assert_allclose(moved, plain, atol=1e-9)
    np.testing.assert_allclose((plain**2).sum(axis=-1), 1.0)
    np.testing.assert_allclose(plain.sum(axis=-1), 0.0, atol=1e-12)


def test_a_segment_counts_only_where_every_second_is_there_and_varies():
    values = np.random.default_rng(1).standard_normal(240)
    values[100] = np.nan
    values[120:180] = 3.0
    values[180:240] = np.linspace(2.0, 5.0, 60)
    counted = np.isfinite(cut(values, 60)).all(axis=-1)
    assert counted.tolist() == [True, False, False, False]


def test_windows_at_a_lag_are_the_windows_of_the_moved_series():
    values = np.random.default_rng(2).standard_normal(200)
    windows = lagged(values, 30, 5)
    assert windows.shape == (6, 11, 30)
    np.testing.assert_allclose(windows[:, 5], cut(values[5:185], 30))
    np.testing.assert_allclose(windows[2, 0], cut(values[60:90], 30)[0])
    assert lagged(values[:35], 30, 5).shape == (0, 11, 30)


def test_segments_too_short_to_hold_anything_are_refused():
    with pytest.raises(UsageError, match="segments of 3 s"):
        cut(np.zeros(10), 3)


def test_what_own_speech_explains_is_taken_out_and_the_course_of_the_phase_is_not():
    rng = np.random.default_rng(3)
    seconds = np.arange(1800)
    talk = (np.sin(seconds / 17.0) > 0.3).astype(float)
    after = np.convolve(talk, np.ones(10) / 10)[:1800]
    after[:10] = np.cumsum(talk[:10]) / np.arange(1, 11)
    quick = 0.1 * rng.standard_normal(1800)
    course = 0.01 * seconds
    values = np.array([course + 4.0 * talk + 6.0 * after + quick, course + quick])
    left = own_speech_out(values, np.array([talk, np.zeros(1800)]), 60)
    np.testing.assert_allclose(left[0], course + quick, atol=0.1)
    np.testing.assert_array_equal(left[1], values[1])


def test_a_person_whose_speech_is_not_known_is_left_as_is():
    values = np.random.default_rng(4).standard_normal((1, 600))
    np.testing.assert_array_equal(own_speech_out(values, np.full((1, 600), np.nan), 60), values)


def test_a_phase_shorter_than_a_segment_stays_as_it_is():
    values = np.random.default_rng(3).standard_normal((2, 50))
    talk = np.zeros((2, 50))
    talk[:, 10:30] = 1.0
    np.testing.assert_array_equal(own_speech_out(values, talk, 60), values)
