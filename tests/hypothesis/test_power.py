"""Power is what theory says where theory has an answer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from arousal.errors import UsageError
from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.hypothesis.power import PowerPlan, blocks_needed, power_curve, primary_of
from tests.hypothesis.made_sessions import hypothesis

FARKAS = load_hypothesis("farkas2024").hypothesis


@pytest.fixture(scope="module")
def rows():
    plan = PowerPlan(blocks=(6, 12, 17), members=4, reps=400, seed=4)
    return {r.blocks: r for r in power_curve(FARKAS, FARKAS.contrast("C2"), plan)}


def theory(n, alpha=0.05, dz=0.8):
    return stats.nct.sf(stats.t.isf(alpha, n - 1), n - 1, dz * np.sqrt(n))


@pytest.mark.parametrize("n", [6, 12, 17])
def test_one_primary_has_the_power_of_a_t_test(rows, n):
    assert rows[n].one_sided == pytest.approx(theory(n), abs=3.5 * rows[n].error + 0.015)
    assert rows[n].two_sided == pytest.approx(theory(n, 0.025), abs=0.08)


def test_twelve_blocks_suffice_for_one_primary_and_seventeen_for_holm_over_three(rows):
    assert theory(12) > 0.8
    assert theory(17, 0.05 / 3) > 0.8
    assert rows[12].one_sided > 0.8 - 3 * rows[12].error
    assert rows[17].alone > 0.8 - 3 * rows[17].error


def test_holm_costs_power_and_less_where_all_effects_are_there(rows):
    for row in rows.values():
        assert row.alone <= row.holm <= row.one_sided + 0.04


def test_the_size_that_suffices_is_told(rows):
    assert blocks_needed(list(rows.values()), 0.6) == 12
    assert blocks_needed(list(rows.values()), 0.999) is None


def test_a_fall_of_the_members_is_planted_in_the_members():
    plan = PowerPlan(blocks=(12,), members=4, effect=1.5, reps=150)
    members = hypothesis({"who": "members", "direction": "less", "status": "secondary"}).hypothesis
    (row,) = power_curve(members, members.contrasts[0], plan)
    assert row.one_sided > 0.95


def test_the_first_primary_is_asked_for_and_an_equivalence_refused():
    assert primary_of(FARKAS).id == "C2"
    near = hypothesis({"direction": "equivalence", "margin": {"heart_rate": 1.0}}).hypothesis
    with pytest.raises(UsageError, match="A is an equivalence"):
        primary_of(near)
    with pytest.raises(UsageError, match="no primary"):
        primary_of(hypothesis({"status": "secondary"}).hypothesis)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"blocks": (5, 6)}, "blocks is"),
        ({"blocks": ()}, "blocks is"),
        ({"effect": 0.0}, "effect is 0"),
        ({"reps": 10}, "reps is 10"),
    ],
)
def test_what_is_out_of_range_is_told(wrong, said):
    with pytest.raises(UsageError, match=said):
        PowerPlan(**wrong)


def test_a_protocol_without_a_case_and_too_many_members_are_refused():
    with pytest.raises(UsageError, match="has no case"):
        power_curve(FARKAS, FARKAS.contrast("C2"), PowerPlan(protocol="mbt-group-90"))
    with pytest.raises(UsageError, match="members is 12, allowed 3 to 9"):
        power_curve(FARKAS, FARKAS.contrast("C2"), PowerPlan(members=12))
