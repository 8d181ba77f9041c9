"""A block's curve shows where in the phase the presenter parts from the others."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.hypothesis.block_curves import BINS, block_curves, shape_phase
from arousal.hypothesis.hypothesis_file import load_hypothesis
from tests.hypothesis.made_sessions import (
    DISCUSSION,
    PEOPLE,
    PRESENTER,
    everybody,
    falling,
    hypothesis,
    session,
)

LEFT = DISCUSSION[1] - DISCUSSION[0] - 120.0


def curve(courses, **contrast):
    file = hypothesis(contrast or None).hypothesis
    return block_curves(session(courses), file, file.contrasts[0], file.contrasts[0].measures[0])


def test_a_straight_fall_is_a_straight_curve_around_zero():
    courses = {p: {"heart_rate": falling(-0.002 if p == PRESENTER else 0)} for p in PEOPLE}
    (found,) = curve(courses)
    assert (found.session, found.block, found.presenter) == ("s1", 1, PRESENTER)
    steps = np.diff(found.values[1:-1])  # windows lie wholly inside, so the outer bins lean inwards
    assert steps == pytest.approx(np.full(BINS - 3, -0.002 * LEFT / BINS), rel=0.06)
    assert found.values.mean() == pytest.approx(0, abs=1e-9)


def test_what_everybody_does_is_not_in_the_curve():
    (found,) = curve(everybody("heart_rate", falling(-0.01)))
    assert found.values == pytest.approx(np.zeros(BINS), abs=1e-9)


def test_hrv_is_turned_round():
    courses = {p: {"ln_rmssd": falling(0.0005 if p == PRESENTER else 0, 3.0)} for p in PEOPLE}
    (found,) = curve(courses, measures=["ln_rmssd"])
    assert found.values[1] > 0 > found.values[-2]


def test_a_person_with_less_than_half_of_the_curve_does_not_enter():
    def brief(t):
        return np.where(t > DISCUSSION[0] + 120 + LEFT / 3, np.nan, 70.0)

    courses = everybody("heart_rate", falling(0))
    courses["P02"] = {"heart_rate": brief}
    assert curve(courses) == ()  # two of three members are left, three are needed


def test_only_contrasts_within_one_phase_have_a_curve():
    farkas = load_hypothesis("farkas2024").hypothesis
    shapes = {c.id for c in farkas.contrasts if shape_phase(c)}
    assert shapes == {"C2", "C2-plain", "C6", "C6-difference", "C7"}
