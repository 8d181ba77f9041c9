"""Sentences never say more than the interval and the number of people allow."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.messages import load_messages
from dashboards.words import (
    Certainty,
    Estimate,
    against_start,
    between,
    estimate,
    expectation,
    grade,
    one_person,
    share,
)

SAY = load_messages("en")
DIRECTIONS = ("above", "below", "more aroused in", "seen in", "not so", "other way")
PEOPLE = st.lists(st.floats(-5, 5) | st.just(math.nan), max_size=14)


def sentences(value: Estimate) -> list[str]:
    return [
        against_start(value, "the quiet start", SAY),
        between(value, "Discussion", "Return", SAY),
        expectation(value, True, SAY),
    ]


@given(PEOPLE)
def test_no_direction_is_named_where_the_spread_holds_zero(values):
    value = estimate(values)
    if not (value.low > 0 or value.high < 0):
        for sentence in sentences(value):
            assert not any(word in sentence for word in DIRECTIONS), sentence


@given(st.lists(st.floats(-5, 5), max_size=4))
def test_fewer_than_five_people_cannot_say(values):
    assert grade(estimate(values)) is Certainty.CANNOT_SAY
    assert math.isnan(estimate(values).low)


@given(PEOPLE)
def test_turning_every_value_round_turns_the_words_round_and_not_the_certainty(values):
    straight, turned = estimate(values), estimate([-v for v in values])
    assert grade(straight) is grade(turned)
    swapped = against_start(turned, "the quiet start", SAY).replace("above", "?")
    swapped = swapped.replace("below", "above").replace("?", "below")
    assert against_start(straight, "the quiet start", SAY) == swapped


@given(PEOPLE)
def test_a_phase_picked_by_looking_is_never_clear(values):
    assert grade(estimate(values), picked=True) is not Certainty.CLEAR


@given(PEOPLE, st.floats(0.01, 100))
def test_certainty_does_not_depend_on_the_unit(values, factor):
    scaled = [v * factor if abs(v) > 1e-6 else 0.0 for v in values]
    plain = [v if abs(v) > 1e-6 else 0.0 for v in values]
    assert grade(estimate(plain)) is grade(estimate(scaled))


@pytest.mark.parametrize(
    ("up", "down", "expected"),
    [
        (5, 0, Certainty.LIKELY),  # 1/16 by chance
        (6, 0, Certainty.CLEAR),  # 1/32
        (6, 1, Certainty.LIKELY),  # 1/8
        (8, 1, Certainty.CLEAR),  # 5/128
        (7, 2, Certainty.LIKELY),  # 46/256 = .18
        (5, 2, Certainty.NOT_CLEAR),
        (4, 4, Certainty.NOT_CLEAR),
    ],
)
def test_the_grade_follows_the_sign_test_by_hand(up, down, expected):
    assert grade(estimate([1.0] * up + [-1.0] * down)) is expected


def test_coin_toss_groups_are_called_clear_in_at_most_one_of_twenty():
    rng = np.random.default_rng(4)
    grades = [grade(estimate(rng.normal(size=8).tolist())) for _ in range(4000)]
    assert grades.count(Certainty.CLEAR) / 4000 <= 0.05
    assert sum(g.has_direction for g in grades) / 4000 <= 0.20


def test_the_estimate_is_the_median_and_the_middle_half_of_the_people():
    value = estimate([1.0, 2.0, 3.0, 4.0, 5.0, math.nan])
    assert (value.mid, value.low, value.high) == (3.0, 2.0, 4.0)
    assert (value.n, value.agree) == (5, 5)


def test_the_sentence_names_the_higher_phase_first_whatever_the_order_of_subtraction():
    down = estimate([-1.0] * 8)
    assert between(down, "Return", "Discussion", SAY).startswith(
        "The group was likely more aroused in Discussion than in Return: this holds for 8 of 8"
    )


def test_an_expected_fall_that_rose_is_said():
    assert expectation(estimate([1.0] * 8), False, SAY).startswith("Clearly not so")
    assert expectation(estimate([-1.0] * 8), False, SAY).startswith("Clearly seen")


@given(st.floats(0, 1))
def test_a_share_in_words_carries_its_percentage_unless_all_or_nothing(fraction):
    words = share(fraction, SAY)
    assert words in {"all of it", "none of it"} or f"({100 * fraction:.0f}%)" in words


def test_an_unknown_share_is_said_to_be_unknown():
    assert share(math.nan, SAY) == "how much is not known"


def test_numbers_have_a_true_minus_and_no_signed_zero():
    assert SAY.number(-1.25, 1) == "−1.2"
    assert SAY.number(1.0, 1) == "+1.0"
    assert SAY.number(-0.001, 1) == "0.0"
    assert SAY.number(math.nan, 1) == "–"
    assert SAY.number(3.0, 0, signed=False) == "3"


def test_numbers_dates_and_percentages_are_written_as_the_language_writes_them():
    german, hungarian = load_messages("de"), load_messages("hu")
    day = date(2026, 3, 2)
    assert (SAY.number(-1.25, 1), german.number(-1.25, 1)) == ("−1.2", "−1,2")
    assert SAY.date(day) == "2 March 2026"
    assert german.date(day) == "2. März 2026"
    assert hungarian.date(day) == "2026. március 2."
    assert (SAY.percent(0.5), hungarian.percent(0.5)) == ("50%", "50%")
    assert german.percent(0.012, 1) == "1,2\u00a0%"
    assert SAY.percent(math.nan) == "–"


def test_one_person_fits_the_expectation_only_by_the_digits_that_are_shown():
    members = estimate([0.01] * 7)
    assert "not the expected way" in one_person(0.04, members, True, SAY)
    assert ": the expected way" in one_person(0.5, members, True, SAY)
    assert "not the expected way" in one_person(0.5, estimate([0.52] * 7), True, SAY)
    assert ": the expected way" in one_person(-0.5, members, False, SAY)
