"""Reports beside skin: described per probe and block, never tested, never a person's label."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from arousal.errors import UsageError
from arousal.hypothesis.dissociation import (
    ProbePair,
    block_dissociation,
    dissociation,
    probe_pairs,
    time_in_band,
)
from arousal.phase_align import person_curves
from tests.hypothesis.walks import walking
from tests.phase_align.made import BALINT_90_END, constant, features


def session_with_skin(marks):
    """ln SCL rises by one ln µS every 1000 s in everybody."""
    session = walking(1, marks=marks)
    course = {p: {"ln_scl": lambda t: t / 1000.0, "heart_rate": constant(70.0)} for p in ("P02",)}
    table = features(course, BALINT_90_END)
    session = replace(session, features=table)
    curves = person_curves(table, session.timeline, session.protocol, session.settings)
    return session, curves.table


def test_a_probe_gets_the_skin_of_the_minute_before_it():
    session, curves = session_with_skin([(3000.0, "probe/P02/7"), (3002.0, "probe/P03/2")])
    first, other = probe_pairs(session, curves)
    own = curves[(curves["measure"] == "ln_scl") & (curves["time"] == 2970.0)]
    assert first.skin == pytest.approx(float(own["change"].iloc[0]))
    assert (first.report, first.phase, first.block) == (7.0, "discussion", 1)
    assert first.audience == "researcher"
    assert np.isnan(other.skin)
    assert "no usable skin" in other.reason


def pairs(skin, report, person=None, session="s1", phase="discussion"):
    person = person or ["P01"] * len(skin)
    return [
        ProbePair(session, who, 1, phase, 100.0 * i, r, s)
        for i, (s, r, who) in enumerate(zip(skin, report, person, strict=True))
    ]


def test_calm_words_over_roused_skin_are_above_zero():
    told = dissociation(pairs([0, 0, 0, 0, 5.0], [5, 4, 5, 6, 2]))
    assert told[-1] > 2
    assert told.sum() == pytest.approx(0.0)


def test_within_persons_everybodys_mean_is_zero_and_between_persons_it_is_not():
    skin = [1.0, 1.2, 0.8, 1.1, 0.9, 2.0, 2.2, 1.8, 2.1, 1.9]
    report = [5, 6, 5, 6, 5, 5, 6, 5, 6, 5]
    who = ["P01"] * 5 + ["P02"] * 5
    made = pairs(skin, report, who)
    everyone, person = dissociation(made), dissociation(made, "person")
    assert everyone[5:].mean() > everyone[:5].mean() + 1
    assert person[:5].mean() == pytest.approx(0.0)
    assert person[5:].mean() == pytest.approx(0.0)
    with pytest.raises(UsageError, match="within is 'group'"):
        dissociation(made, "group")  # type: ignore[arg-type]


def test_too_few_probes_or_equal_answers_give_no_z():
    assert np.isnan(dissociation(pairs([1, 2, 3, 4], [1, 2, 3, 4]))).all()
    assert np.isnan(dissociation(pairs([1, 2, 3, 4, 5], [4] * 5))).all()
    lost = dissociation(pairs([1, 2, 3, 4, 5, np.nan], [1, 5, 2, 4, 3, 9]))
    assert np.isfinite(lost[:5]).all()
    assert np.isnan(lost[5])


def test_the_table_per_block_names_nobody():
    made = [
        *pairs([0, 1, 2, 3, 4], [5, 4, 3, 2, 1]),
        *pairs([9.0, np.nan], [1, 1], phase="return"),
    ]
    table = block_dissociation(made)
    assert list(table.columns) == ["session", "block", "phase", "mean", "n"]
    assert table["n"].tolist() == [5, 1]


def test_the_shares_of_a_band_sum_to_one_and_missing_windows_do_not_count():
    curves = pd.DataFrame(
        {
            "person": "P01",
            "measure": "arousal_index",
            "block": 1,
            "phase": "discussion",
            "z": [-2.0, -1.0, 0.0, 1.0, 1.5, np.nan],
        }
    )
    (found,) = time_in_band(curves)
    assert (found.below, found.inside, found.above) == (0.2, 0.6, 0.2)
    assert found.n == 5
    with pytest.raises(UsageError, match="band is 1 to 0"):
        time_in_band(curves, band=(1.0, 0.0))
