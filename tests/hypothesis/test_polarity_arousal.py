"""Mentalizing against arousal: within persons, one number per block, tested over blocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.hypothesis.inference import student_t
from arousal.hypothesis.panel import session_panel
from arousal.hypothesis.polarity_arousal import (
    BlockLink,
    block_links,
    curvature_within,
    link_tests,
    slope_within,
)
from arousal.hypothesis.units import Repeats
from tests.hypothesis.rated import table
from tests.hypothesis.walks import walking


@given(st.integers(0, 1000), st.floats(-2, 2), st.floats(-2, 2))
def test_slope_and_arch_are_found_whatever_the_persons_levels_are(seed, slope, arch):
    rng = np.random.default_rng(seed)
    persons = ["A"] * 12 + ["B"] * 12 + ["C"] * 12
    own = rng.normal(size=36)
    x = own + np.repeat([0.0, 50.0, -20.0], 12)
    level = np.repeat([3.0, -1.0, 8.0], 12)
    assert slope_within(x, slope * own + level, persons) == pytest.approx(slope, abs=1e-6)
    z = np.concatenate([(p - p.mean()) / p.std(ddof=1) for p in own.reshape(3, 12)])
    found = curvature_within(x, arch * z**2 + slope * z + level, persons, persons)
    assert found == pytest.approx(arch, abs=1e-6)


def test_differences_between_people_are_no_slope():
    persons = ["A"] * 10 + ["B"] * 10
    rng = np.random.default_rng(1)
    x = np.repeat([60.0, 90.0], 10) + rng.normal(size=20)
    y = np.repeat([0.8, -0.8], 10) + 0.01 * rng.normal(size=20)
    assert np.polyfit(x, y, 1)[0] < -0.04
    assert abs(slope_within(x, y, persons)) < 0.01


def test_what_does_not_vary_has_no_slope_and_two_levels_make_no_arch():
    persons = ["A"] * 6
    assert np.isnan(slope_within([70.0] * 6, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], persons))
    x, y = [60.0, 80.0] * 3, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert np.isfinite(slope_within(x, y, persons))
    assert np.isnan(curvature_within(x, y, persons, persons))
    assert np.isnan(curvature_within([70.0] * 6, y, persons, persons))


def follow(session, how, seed=1):
    """Ratings of P02 and P03 every 120 s that follow their own heart rate."""
    panel = session_panel(session, "heart_rate")
    rng = np.random.default_rng(seed)
    rows = []
    for person in ("P02", "P03"):
        own = panel.values[panel.row(person)]
        for phase in (p for p in session.timeline.phases if p.block == 1):
            for t in np.arange(phase.onset, phase.end - 119, 120.0):
                here = (panel.middle >= t) & (panel.middle < t + 120)
                level = (own[here].mean() - 70.0) / 3.0
                noise = 0.05 * rng.normal(size=4)
                rows.append((t, 120.0, "R1", person, tuple(np.clip(how(level) + noise, -1, 1))))
    return table(rows)


def test_a_planted_link_is_found_in_every_polarity_within_persons_and_phases():
    session = walking(3)
    found = block_links(session, follow(session, lambda z: -0.2 * z))
    slopes = [f for f in found if f.claim == "C17"]
    assert len(slopes) == 8
    for link in slopes:
        assert link.value == pytest.approx(-0.2 / 3.0, rel=0.25)
        assert link.persons == 2
        assert link.n > 20


def test_an_arch_of_quality_is_found():
    session = walking(4)
    # One-sidedness grows with the distance from the own level: quality is an arch.
    found = block_links(session, follow(session, lambda z: np.array([0.5] * 4) * min(abs(z), 2)))
    arches = {f.within: f for f in found if f.claim == "C16"}
    assert arches["person"].value < -0.03
    assert arches["person and phase"].value < 0


def test_what_only_follows_the_phases_is_a_link_within_persons_and_none_within_phases():
    def course(person, times):
        return np.interp(times, [900, 1000, 1740, 2160, 4560], [0, 20, 20, 10, 0])

    session = walking(5, course, size=0.5)
    poles = {"presentation": -0.5, "questions": -0.3, "discussion": 0.0, "return": 0.4}
    rng = np.random.default_rng(2)
    rows = [
        (t, 60.0, "R1", "P02", tuple(poles[p.phase] + 0.05 * rng.normal(size=4)))
        for p in session.timeline.phases
        if p.phase in poles
        for t in np.arange(p.onset, p.end - 59, 60.0)
    ]
    found = block_links(session, table(rows))
    plain, held = (
        np.mean([f.value for f in found if f.claim == "C17" and f.within == w])
        for w in ("person", "person and phase")
    )
    assert plain < -0.02
    assert abs(held) < abs(plain) / 4


def test_ratings_of_the_group_have_no_body_and_few_ratings_give_no_number():
    session = walking(6)
    rows = [(t, 120.0, "R1", "group", 0.1) for t in np.arange(2280.0, 4200.0, 120.0)]
    found = block_links(session, table(rows))
    assert all(f.reason == "0 ratings with arousal, needed 5" for f in found)
    assert all(np.isnan(f.value) for f in found)


def test_a_rating_across_a_border_or_without_data_does_not_enter():
    session = walking(7)
    rows = [(2100.0 + 60 * i, 60.0, "R1", "P02", 0.01 * i) for i in range(10)]  # 2100 = questions
    rows += [(2130.0, 120.0, "R2", "P02", 0.5), (3000.0, 60.0, "R1", "P88", 0.5)]
    found = block_links(session, table(rows))
    assert {f.n for f in found} == {10}


def links(values, claim="C17", rated="self_other"):
    return [
        BlockLink(f"s{i}", 1, claim, rated, "heart_rate", "person", v) for i, v in enumerate(values)
    ]


def test_links_are_tested_over_blocks_and_polarities_corrected_together():
    values = [-0.1, -0.2, -0.15, -0.05, -0.1, -0.2, -0.12]
    rows = [*links(values), *links([-v for v in values], rated="automatic_controlled")]
    rows += links(values, "C16", "quality")
    down, up, arch = link_tests(rows)
    assert down.p_t < 0.01
    assert down.p_adjusted == pytest.approx(2 * down.p_t)
    assert down.correction == "Holm over 2"
    assert up.p_t > 0.99
    assert arch.correction == "Holm over 1"
    assert down.low < down.mean < down.high < 0
    assert down.status == "exploratory"


def test_cases_of_one_evening_are_one_unit():
    rows = [
        replace(row, session=f"s{i // 2}", block=1 + i % 2)
        for i, row in enumerate(links([-0.1, -0.3, *np.linspace(-0.4, 0.1, 10)]))
    ]
    (found,) = link_tests(rows, Repeats("presenter"))
    values = np.array([row.value for row in rows]).reshape(-1, 2).mean(axis=1)
    assert (found.n, found.reason) == (6, "")
    assert found.p_t == pytest.approx(float(student_t(values, "less")[2]))
    (each,) = link_tests(rows)
    assert each.n == 12


def test_fewer_than_six_blocks_are_described_and_equal_ones_cannot_be_tested():
    (found,) = link_tests(links([-0.1, -0.2, -0.3, np.nan]))
    assert (found.n, found.reason) == (3, "3 blocks, 6 are needed")
    assert np.isnan(found.p_t)
    (found,) = link_tests(links([-0.1] * 6))
    assert "same value" in found.reason
