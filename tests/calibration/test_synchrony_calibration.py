"""Strangers, strangers under a drift, and people with a common agenda: how often synchrony?"""

from __future__ import annotations

import numpy as np
import pytest

from arousal.hypothesis.calibration_pages import misses
from arousal.hypothesis.calibration_recount import recount
from arousal.hypothesis.calibration_row import CalibrationRow
from arousal.hypothesis.calibration_synchrony import (
    SYNCHRONY_SCENARIOS,
    calibrate_synchrony,
    quick,
    strangers,
)
from arousal.hypothesis.group_synchrony import METHODS, phase_synchrony, synchrony_tests
from arousal.hypothesis.phase_groups import PhaseGroup
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


def group(level, session=1):
    silent = np.zeros_like(level)
    persons = tuple(f"P{session}{i}" for i in range(len(level)))
    return PhaseGroup(str(session), 1, "discussion", "heart_rate", persons, 0, level, silent)


@pytest.mark.parametrize("method", METHODS)
def test_cells_are_counted_again_with_the_p_values_that_users_get(method):
    scenario, family = "strangers, drift", "ar80"
    world = SYNCHRONY_SCENARIOS[scenario]
    one = CalibrationRow(
        f"synchrony, {method}: shuffled segments", scenario, family, 1, 0.0, 0.0, 10
    )
    six = one._replace(method=f"synchrony, {method}: other sessions", blocks=6)
    again = list(recount([one, six], 6, more=2))
    assert [r.repetitions for r in again] == [20, 20]
    rng = np.random.default_rng([6, 6, *map(ord, scenario + family)])
    p = []
    for _ in range(20):
        rooms = strangers(family, (18, 1200), rng, world).reshape(6, 3, -1)
        quick((1, 1200), rng)  # an agenda, of size 0 here
        groups = [group(x, i) for i, x in enumerate(rooms)]
        found = synchrony_tests(groups, rng=np.random.default_rng(1), draws=1)
        p.append(next(f.p_agenda for f in found if f.method == method))
    assert again[1].rate == np.mean(np.array(p) <= 0.05)
    rng = np.random.default_rng([6, 1, *map(ord, scenario + family)])
    alone = phase_synchrony(group(strangers(family, (3, 1800), rng, world)), rng=rng, draws=99)
    if method == METHODS[0]:  # the first method has the first shuffles
        first = next(iter(recount([one._replace(repetitions=1)], 6, more=1)))
        assert first.rate == (alone[0].p <= 0.05)


def test_an_agenda_in_one_session_is_not_a_question_that_can_be_asked():
    assert not list(calibrate_synchrony(5, 1, blocks=[1], scenarios=["shared agenda"]))


@pytest.mark.calibration
@pytest.mark.timeout(5400)
def test_every_comparison_stays_in_its_bounds():
    rows = list(calibrate_synchrony(full_reps(1_000), 1))
    assert misses(rows, slack=SLACK) == ()
