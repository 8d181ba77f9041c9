"""The tests err as often as they say: short in every run, the whole suite with -m calibration.

Bounds are those of a binomial distribution around the promised rates, so that a test that errs in
.05 of the studies fails one of these checks in about one of a thousand runs; the seed is fixed.
"""

from __future__ import annotations

from datetime import date

import pytest
from scipy import stats

from arousal.errors import UsageError
from arousal.hypothesis.calibration import CONDITIONS, Cell, Plan, calibrate
from arousal.hypothesis.calibration_report import calibration_page, misses
from arousal.hypothesis.naive import NAIVE
from tests.calibration.full import SLACK, full_reps

REPS = 1_000
OFFERED = ("C2", "C1-members", "C6-difference")
CHANCE = 1e-3


@pytest.fixture(scope="module")
def cells():
    plan = Plan(
        reps=REPS,
        seed=11,
        families=("ar92",),
        conditions=("plain", "drift", "speech", "bent drift"),
        blocks=(6, 12),
        contrasts=(*OFFERED, "C6", "C2-plain", "C1-baseline", "C5"),
        members=5,
    )
    return calibrate(plan)


def pick(cells, **wanted):
    found = [c for c in cells if all(getattr(c, k) == v for k, v in wanted.items())]
    assert found
    return found


def not_above(rate, limit):
    """Whether a rate may come from a test that errs in ``limit`` of the studies at most."""
    return stats.binom.sf(round(rate * REPS) - 1, REPS, limit) > CHANCE


def not_below(rate, limit):
    return stats.binom.cdf(round(rate * REPS), REPS, limit) > CHANCE


def test_what_may_be_confirmatory_errs_in_at_most_six_percent(cells):
    offered = [c for c in cells if c.offered]
    assert {c.contrast for c in offered} == set(OFFERED)
    assert len(offered) == 3 * 4 * 2 * 2  # contrasts, conditions, sizes, tests
    assert all(not_above(c.rate, 0.06) for c in offered)


def test_it_is_not_timid_either(cells):
    plain = pick(cells, condition="plain", offered=True, test="t")
    assert all(not_below(c.rate, 0.04) for c in plain)


def test_an_equivalence_errs_as_often_as_stated_where_the_truth_is_its_margin(cells):
    for cell in pick(cells, contrast="C5", condition="plain"):
        assert not_above(cell.rate, 0.06)
        assert not_below(cell.rate, 0.04)


def test_a_common_drift_confirms_whatever_has_no_control(cells):
    plain = pick(cells, contrast="C2-plain", condition="drift", blocks=12, test="t")
    assert plain[0].rate > 0.57
    assert not plain[0].offered


def test_a_bent_drift_confirms_a_shape_and_not_its_difference_to_the_presenter(cells):
    shape = pick(cells, contrast="C6", condition="bent drift", blocks=12, test="t")[0]
    assert shape.rate > 0.12
    assert not shape.offered


def test_speech_that_is_ignored_confirms_a_phase_and_adjusting_keeps_the_rate(cells):
    ignored = pick(cells, contrast="raw", condition="speech")[0]
    adjusted = pick(cells, contrast="C1-baseline", condition="speech", blocks=12, test="t")[0]
    assert ignored.rate > 0.31
    assert not_above(adjusted.rate, 0.06)


def test_windows_are_no_units(cells):
    for name in ("anova", "template", "pooled"):
        assert pick(cells, contrast=name, condition="plain")[0].rate > 0.3


def test_few_blocks_are_lost(cells):
    assert max(c.missing for c in cells if c.offered) < 0.05


def test_the_page_has_every_cell_and_its_verdict(cells):
    plan = Plan(
        reps=REPS,
        seed=11,
        families=("ar92",),
        conditions=("plain", "drift", "speech", "bent drift"),
        blocks=(6, 12),
        contrasts=(*OFFERED, "C6", "C2-plain", "C1-baseline", "C5"),
        members=5,
    )
    page = calibration_page(cells, plan, 90.0, 60.0, date(2026, 3, 1))
    assert "arousal calibrate --reps 1000 --seed 11" in page
    assert "in 2 min (1 min of one core)" in page
    assert page.count("\n| drift | ar92 |") == 2 * 6 + 1
    summary = page[page.index("Lowest and highest") :].splitlines()
    assert [line.split()[1] for line in summary[4:7]] == list(OFFERED)
    assert all(what in page for what in NAIVE.values())


def test_a_cell_out_of_bounds_is_found():
    def cell(rate, **more):
        usual = {"family": "ar80", "condition": "plain", "contrast": "C2", "test": "t"}
        return Cell(**{**usual, "blocks": 6, "rate": rate, "reps": 10_000, "offered": True, **more})

    good = [cell(0.05), cell(0.9, offered=False), cell(0.03, condition="speech")]
    good += [cell(0.03, test="sign-flip"), cell(0.3, contrast="C6", offered=False)]
    assert misses(good) == ()
    bad = [cell(0.061), cell(0.039), cell(0.07, condition="drift")]
    assert misses(bad) == tuple(bad)
    assert misses([cell(0.061)], slack=2) == ()


def test_what_cannot_be_simulated_is_told():
    with pytest.raises(UsageError, match="conditions names 'rain', known: plain"):
        Plan(conditions=("rain",))
    with pytest.raises(UsageError, match="reps is 5"):
        Plan(reps=5)


@pytest.mark.calibration
@pytest.mark.timeout(5400)
def test_every_cell_keeps_its_promise():
    plan = Plan(reps=full_reps(10_000))
    assert set(plan.conditions) == set(CONDITIONS)
    exact = plan.reps >= 10_000
    assert misses(calibrate(plan), slack=0.0 if exact else SLACK) == ()
