"""Strangers, strangers under a drift, and people with a common agenda: how often synchrony?"""

from __future__ import annotations

import numpy as np
import pytest

from arousal.hypothesis.calibration_pages import misses
from arousal.hypothesis.calibration_synchrony import calibrate_synchrony
from tests.calibration.full import SLACK, full_reps


def bounds(repetitions, low=0.04, high=0.07):
    """What rates of ``low`` and ``high`` may reach by chance in one of a thousand runs."""
    se = np.sqrt(np.array([low * (1 - low), high * (1 - high)]) / repetitions)
    return low - 3.1 * se[0], high + 3.1 * se[1]


def test_strangers_are_rarely_called_synchronous_even_under_a_drift():
    rows = list(
        calibrate_synchrony(100, 3, families=["ar92"], blocks=[1], scenarios=["strangers, drift"])
    )
    low, high = bounds(100)
    ours = [r for r in rows if r.method.endswith("shuffled segments")]
    assert len(ours) == 3
    assert all(low <= r.rate <= high for r in ours)
    (naive,) = (r for r in rows if r.method.startswith("naive"))
    assert naive.rate > 0.5


def test_a_common_agenda_is_held_against_other_sessions():
    rows = list(
        calibrate_synchrony(30, 4, families=["ar92"], blocks=[6], scenarios=["shared agenda"])
    )
    for row in rows:
        if row.method.endswith("shuffled segments"):
            assert row.rate > 0.9  # chance alone is no answer
        else:
            assert row.rate <= bounds(30)[1]


def test_an_agenda_in_one_session_is_not_a_question_that_can_be_asked():
    assert not list(calibrate_synchrony(5, 1, blocks=[1], scenarios=["shared agenda"]))


@pytest.mark.calibration
@pytest.mark.timeout(5400)
def test_every_comparison_stays_in_its_bounds():
    rows = list(calibrate_synchrony(full_reps(1_000), 1))
    assert misses(rows, slack=SLACK) == ()
