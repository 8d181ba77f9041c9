"""Agreement is that of Shrout & Fleiss."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.errors import UsageError
from arousal.hypothesis.agreement import agreement, icc
from arousal.hypothesis.polarities import phase_ratings
from arousal.hypothesis.prediction import POLARITIES
from tests.hypothesis.rated import table
from tests.hypothesis.walks import walking

# Shrout & Fleiss (1979), Table 2: six targets, four judges.
EXAMPLE = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_the_published_example_is_reproduced():
    found = icc(EXAMPLE)
    assert round(found.single, 2) == 0.29
    assert round(found.mean, 2) == 0.62
    assert round(found.consistency, 2) == 0.71
    # Intervals as SPSS and R (psych) print them for the same data.
    assert (round(found.single_low, 3), round(found.single_high, 3)) == (0.019, 0.761)
    assert (round(found.mean_low, 3), round(found.mean_high, 3)) == (0.071, 0.927)
    assert (found.targets, found.raters) == (6, 4)


@given(st.integers(0, 1000), st.floats(0.1, 10), st.floats(-5, 5))
def test_unit_and_level_do_not_matter_and_the_estimate_lies_in_its_interval(seed, size, level):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(8, 1)) + 0.7 * rng.normal(size=(8, 3))
    one, other = icc(scores), icc(size * scores + level)
    assert other.single == pytest.approx(one.single)
    assert other.single_low == pytest.approx(one.single_low)
    assert one.single_low <= one.single <= one.single_high
    assert one.mean_low <= one.mean <= one.mean_high


def test_perfect_agreement_is_one_and_a_rater_with_another_level_lowers_it():
    same = np.repeat([[1.0], [2.0], [3.0]], 2, axis=1)
    found = icc(same)
    assert (found.single, found.single_low, found.single_high) == (1.0, 1.0, 1.0)
    shifted = icc(same + np.array([0.0, 1.0]) + np.array([[0.0, 0.01], [0.01, 0.0], [0.0, 0.0]]))
    assert shifted.single < 0.8
    assert shifted.consistency > 0.99


@pytest.mark.parametrize(
    "scores", [[[1.0, 2.0]], [[1.0], [2.0]], [[1.0, np.nan], [2.0, 3.0]], [[1.0, 1.0]] * 3]
)
def test_what_cannot_agree_is_refused(scores):
    with pytest.raises(UsageError):
        icc(scores)


def rated(raters, phases=("presentation", "questions", "discussion", "return")):
    line = walking(1).timeline
    heights = {"presentation": -0.6, "questions": -0.2, "discussion": 0.1, "return": 0.0}
    rows = [
        (p.onset, p.duration, rater, "group", heights[p.phase] + shift)
        for p in line.phases
        if p.phase in phases
        for rater, shift in raters.items()
    ]
    return phase_ratings(table(rows), line)


def test_targets_are_people_in_phases_that_all_raters_rated():
    found = agreement([rated({"R1": 0.0, "R2": 0.02}), rated({"R1": 0.0, "R2": -0.02})])
    assert [a.measure for a in found] == list(POLARITIES)
    assert all(a.icc.targets == 8 and a.icc.raters == 2 for a in found)
    assert all(a.icc.single > 0.95 for a in found)


def test_one_rater_or_hardly_any_common_phase_is_a_reason():
    (first, *_) = agreement([rated({"R1": 0.0})])
    assert first.icc is None
    assert first.reason == "1 rater: agreement needs two"
    apart = pd.concat(
        [rated({"R1": 0.0}), rated({"R2": 0.0}, phases=("questions", "return"))],
        ignore_index=True,
    )
    (first, *_) = agreement([apart])
    assert "2 phases were rated by all 2 raters" in first.reason
    flat = rated({"R1": 0.0, "R2": 0.0}).assign(value=0.3)
    assert agreement([flat])[0].reason.startswith("all scores are equal")
