"""Events over sessions: the session is the unit, fewer than six are only described."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.hypothesis import inference
from arousal.hypothesis.allowance import flip_beyond, t_beyond
from arousal.hypothesis.event_tests import ALLOWANCE, EXPECTED, over_sessions, session_units
from arousal.hypothesis.interventions import SessionEvents


def answers(values, weights=None, name="empathy", **more):
    weights = weights or [1.0] * len(values)
    return [
        SessionEvents(
            f"s{i}",
            name,
            "heart_rate",
            "bpm",
            "presenter",
            v,
            w,
            n=round(w) + 1,
            matched=v,
            n_matched=1,
            **more,
        )
        for i, (v, w) in enumerate(zip(values, weights, strict=True))
    ]


def test_with_equal_weights_it_is_the_t_test_of_the_sessions_beyond_the_methods_own_bias():
    values = [-2.0, -1.0, -3.0, 0.5, -1.5, -2.5, -0.5]
    (found,) = over_sessions(answers(values))
    assert found.direction == "less"
    assert found.effect == pytest.approx(np.mean(values))
    assert found.p_t == pytest.approx(float(t_beyond(values, "less", ALLOWANCE)))
    assert found.p_flip == pytest.approx(float(flip_beyond(values, "less", ALLOWANCE)))
    assert found.p_t > float(inference.student_t(values, "less")[2])
    assert found.low < found.effect < found.high
    assert found.agrees
    assert found.status == "exploratory"
    assert found.n == 7


def test_the_effect_is_the_mean_answer_per_event():
    values, weights = [-3.0, 1.0, -1.0], [1.0, 2.0, 5.0]
    units = session_units(values, weights)
    assert np.mean(units) == pytest.approx(np.average(values, weights=weights))
    lost = session_units([-3.0, np.nan, -1.0], [1.0, 0.0, 5.0])
    assert np.isnan(lost[1])
    assert np.nanmean(lost) == pytest.approx(np.average([-3.0, -1.0], weights=[1.0, 5.0]))


def test_fewer_than_six_sessions_are_described_and_not_tested():
    (found,) = over_sessions(answers([-1.0, -2.0, -1.5, -0.5, -2.0]))
    assert found.effect == pytest.approx(-1.4)
    assert np.isnan(found.p_t)
    assert found.reason == "5 sessions, 6 are needed"


def test_sessions_of_one_patient_count_as_one():
    values = [-1.0, -2.0, -1.5, -0.5, -2.0, -1.0, -0.7]
    clusters = {"s0": "P01", "s1": "P01"}
    (found,) = over_sessions(answers(values), clusters)
    assert found.n == 6
    expected = [-1.5, *values[2:]]
    assert found.p_t == pytest.approx(float(t_beyond(expected, "less", ALLOWANCE)))


def test_silence_is_expected_to_arouse_and_what_nobody_predicts_is_two_sided():
    (silence,) = over_sessions(answers([1.0] * 3, name="silence"))
    assert silence.direction == "greater"
    assert over_sessions(answers([1.0] * 3, name="affect"))[0].direction == "two-sided"
    assert EXPECTED["levels 1-2"] == "less"


def test_sessions_without_a_number_do_not_enter_and_equal_ones_cannot_be_tested():
    nothing = [SessionEvents("s", "empathy", "heart_rate", "bpm", "presenter", reason="no event")]
    (found,) = over_sessions(nothing)
    assert (found.n, found.reason) == (0, "no event")
    (found,) = over_sessions([*answers([-1.0] * 6), *nothing])
    assert found.n == 6
    assert "same value" in found.reason


def test_a_check_that_points_the_other_way_is_told():
    rows = answers([-1.0, -2.0, -1.0, -3.0, -1.0, -2.0])
    turned = [SessionEvents(*_fields(r, matched=2.0)) for r in rows]
    (found,) = over_sessions(turned)
    assert found.matched == 2.0
    assert found.agrees is False


def _fields(row, matched):
    names = ("session", "type", "measure", "unit", "whose", "value", "weight", "n", "candidates")
    return (*(getattr(row, n) for n in names), matched, 1)
