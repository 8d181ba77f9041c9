"""A method's own bias is granted before an effect is spoken of."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.errors import UsageError
from arousal.hypothesis.allowance import flip_beyond, t_beyond
from arousal.hypothesis.inference import sign_flip, student_t

VALUES = np.random.default_rng(3).normal(0.4, 1, (50, 12))


@pytest.mark.parametrize("way", ["greater", "less", "two-sided"])
def test_without_allowance_it_is_students_t_and_the_sign_flip_test(way):
    np.testing.assert_allclose(t_beyond(VALUES, way, 0.0), student_t(VALUES, way)[2], rtol=1e-6)
    if way != "two-sided":
        np.testing.assert_allclose(flip_beyond(VALUES, way, 0.0), sign_flip(VALUES, way))


def test_a_bias_of_the_allowances_size_errs_as_often_as_stated_and_one_unallowed_more():
    rng = np.random.default_rng(4)
    biased = rng.normal(0.2, 1.0, (20_000, 20))
    assert np.mean(t_beyond(biased, "greater", 0.2) <= 0.05) == pytest.approx(0.05, abs=0.005)
    assert np.mean(t_beyond(biased, "greater", 0.0) <= 0.05) > 0.2
    assert np.mean(t_beyond(-biased, "less", 0.2) <= 0.05) == pytest.approx(0.05, abs=0.005)


def test_both_directions_are_granted_the_same():
    np.testing.assert_allclose(t_beyond(VALUES, "greater", 0.1), t_beyond(-VALUES, "less", 0.1))
    np.testing.assert_allclose(
        flip_beyond(VALUES, "greater", 0.1), flip_beyond(-VALUES, "less", 0.1)
    )
    assert (t_beyond(VALUES, "greater", 0.1) >= student_t(VALUES)[2]).all()
    assert (flip_beyond(VALUES, "greater", 0.1) >= sign_flip(VALUES)).all()


def test_a_negative_allowance_is_refused():
    with pytest.raises(UsageError, match=r"allowance is -0\.1"):
        t_beyond(VALUES, "greater", -0.1)
