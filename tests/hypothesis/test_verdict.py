"""Three words: supported, not supported, cannot tell; the middle one only where it is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from arousal.hypothesis.prediction import BENT, RATERS
from arousal.hypothesis.verdict import Evidence, decide, too_few

CLEAR = Evidence(
    units=12,
    unit="bpm",
    mean=2.0,
    low=0.8,
    high=3.2,
    p=0.004,
    alpha=0.05,
    direction="greater",
    reference=1.5,
    drift_left="",
)


def test_a_small_p_with_drift_control_is_supported():
    found = decide(CLEAR)
    assert (found.word, found.why) == ("supported", "p = .004, mean 2.0 bpm over 12")


def test_the_same_without_drift_control_is_never_supported():
    found = decide(replace(CLEAR, drift_left="a drift common to everyone"))
    assert found.word == "cannot tell"
    assert "a drift common to everyone looks the same" in found.why


def test_a_shape_alone_is_never_supported_because_a_drift_may_bend():
    found = decide(replace(CLEAR, drift_left=BENT))
    assert found.word == "cannot tell"
    assert found.why.endswith("but a bent drift common to everyone looks the same")


def test_a_difference_between_ratings_may_be_supported_and_says_what_is_not_controlled():
    found = decide(replace(CLEAR, drift_left=RATERS, drift_forbids=False))
    assert found.word == "supported"
    assert found.why == "p = .004, mean 2.0 bpm over 12; a drift common to all ratings may be in it"


def test_a_large_p_alone_does_not_say_that_there_is_nothing():
    found = decide(replace(CLEAR, mean=0.9, low=-0.6, high=2.4, p=0.15))
    assert found.word == "cannot tell"
    assert found.why.endswith("an effect of 1.5 bpm is neither shown nor excluded")


@pytest.mark.parametrize(
    ("direction", "low", "high", "word"),
    [
        ("greater", -1.0, 1.2, "not supported"),
        ("greater", -4.0, -2.0, "not supported"),
        ("greater", -1.0, 1.6, "cannot tell"),
        ("less", -1.2, 1.0, "not supported"),
        ("less", -1.6, 1.0, "cannot tell"),
        ("two-sided", -1.2, 1.2, "not supported"),
        ("two-sided", -1.6, 1.2, "cannot tell"),
    ],
)
def test_not_supported_is_said_where_an_effect_that_matters_is_excluded(direction, low, high, word):
    evidence = replace(CLEAR, mean=(low + high) / 2, low=low, high=high, p=0.4, direction=direction)
    assert decide(evidence).word == word


@pytest.mark.parametrize(
    ("low", "high", "p", "word"),
    [
        (-1.0, 1.2, 0.01, "supported"),
        (-2.0, 1.0, 0.2, "cannot tell"),
        (1.6, 3.0, 0.9, "not supported"),
        (-3.0, -1.6, 0.9, "not supported"),
    ],
)
def test_an_equivalence_is_within_outside_or_neither(low, high, p, word):
    evidence = replace(
        CLEAR,
        mean=(low + high) / 2,
        low=low,
        high=high,
        p=p,
        direction="equivalence",
        drift_left="a drift common to everyone",
    )
    assert decide(evidence).word == word


def test_too_few_blocks_are_described_and_not_tested():
    assert too_few(0, 0).why == "no case block has a value"
    assert too_few(1, 1).why.startswith("1 case block has a value; 6 are needed")
    assert "8 case blocks have a value and make 5 independent units" in too_few(5, 8).why
    assert too_few(5, 8).word == "cannot tell"
