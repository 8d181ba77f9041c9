"""Interventions of a session: who answers, what counts, and why the rest does not."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.errors import NothingUsableError, UsageError
from arousal.hypothesis.interventions import session_events
from tests.hypothesis.walks import PRESENTER, walking

MBT = ((0.0, "baseline"), (420.0, "opening"), (840.0, "session"), (5000.0, "closing"))


def answering(times_of, size, who=PRESENTER):
    """After each time, ``who`` is ``size`` bpm higher from 60 to 180 s."""

    def planted(person, times):
        added = np.zeros(times.shape)
        for t in times_of:
            # Windows of 30 s hold their mean: the step is planted on the windows' middles.
            added[(times >= t + 75) & (times <= t + 165)] += size
        return added if person == who else np.zeros(times.shape)

    return planted


def told(session, name, **more):
    return {r.type: r for r in session_events(session, **more)}[name]


def test_the_presenters_answer_to_an_intervention_is_found():
    times = (2600.0, 3200.0, 3900.0)
    marks = [(t, "intervention/empathy/L01") for t in times]
    still = told(walking(1, marks=marks, size=0.5), "empathy")
    calmed = told(walking(1, answering(times, -4.0), marks=marks, size=0.5), "empathy")
    assert calmed.n == 3
    assert calmed.whose == "presenter"
    assert calmed.left == ()
    assert calmed.value - still.value == pytest.approx(-4.0, abs=1.0)
    assert calmed.matched - still.matched == pytest.approx(-4.0, abs=1.0)
    assert 0 < calmed.weight <= 3
    assert calmed.speech
    assert calmed.audience == "researcher"


def test_levels_one_and_two_are_also_looked_at_together():
    marks = [(2600.0, "intervention/empathy/L01"), (3400.0, "intervention/exploration/L01")]
    found = {r.type: r for r in session_events(walking(2, marks=marks))}
    assert {n: r.n for n, r in found.items()} == {"empathy": 1, "exploration": 1, "levels 1-2": 2}


def test_every_event_that_does_not_count_is_there_with_its_reason():
    marks = [
        (2200.0, "intervention/empathy/L01"),  # 40 s into the discussion, inside its edge
        (3000.0, "intervention/empathy/L01"),
        (3100.0, "intervention/empathy/L01"),  # in the answer to the one before
        (4450.0, "intervention/empathy/L01"),  # the discussion ends at 4560
        (3800.0, "incident/movement"),
        (3700.0, "intervention/empathy/L01"),
    ]
    found = told(walking(3, marks=marks), "empathy")
    assert found.n == 1
    assert found.followed == 1
    reasons = {left.onset: left.reason for left in found.left}
    border = "60 s before to 180 s after do not lie in one phase without its edge"
    assert reasons == {
        2200.0: border,
        3100.0: "another event in the 180 s before",
        3700.0: "an incident around it",
        4450.0: border,
    }


def test_an_event_of_another_type_shortly_before_takes_an_event_out():
    marks = [(3000.0, "intervention/structure/L01"), (3100.0, "intervention/empathy/L01")]
    found = told(walking(4, marks=marks), "empathy")
    assert found.n == 0
    assert np.isnan(found.value)
    assert found.reason.startswith("no event counts: at 51:40 another event in the 180 s before")


def test_in_a_group_therapy_those_answer_whom_the_marks_name():
    marks = [
        (1500.0, "intervention/affect/L01/P02"),
        (2500.0, "intervention/affect/L01/P03"),
        (3500.0, "intervention/affect/L01"),
        (4500.0, "intervention/affect/L01/P77"),
    ]
    planted = answering((1500.0,), 6.0, "P02")
    session = walking(5, planted, marks=marks, phases=MBT, protocol="mbt-group-90", size=0.2)
    found = told(session, "affect")
    assert found.whose == "target"
    assert found.n == 2
    assert found.value == pytest.approx(3.0, abs=0.7)  # one of two answered
    assert [left.onset for left in found.left] == [3500.0, 4500.0]
    assert all(left.reason == "nobody whose arousal could answer" for left in found.left)


def test_the_one_patient_of_a_dyad_answers_without_being_named():
    phases = tuple((t, p) for t, p in MBT if p != "opening")
    marks = [(1800.0, "silence/start"), (1840.0, "silence/end"), (2600.0, "silence/start")]
    session = walking(
        6,
        marks=marks,
        phases=phases,
        protocol="mbt-individual-50",
        people=("L01", "P01"),
    )
    found = told(session, "silence")
    assert (found.n, found.whose) == (2, "target")


def test_the_members_median_can_be_asked_for():
    marks = [(2600.0, "intervention/reflexive/L01")]
    found = told(walking(7, marks=marks), "reflexive", whose="members")
    assert found.whose == "members"
    assert found.n == 1
    assert not found.speech


def test_unknown_speech_is_not_adjusted_for_and_this_is_told():
    marks = [(2600.0, "intervention/empathy/L01")]
    found = told(walking(8, marks=marks, talk=None), "empathy")
    assert np.isfinite(found.value)
    assert not found.speech


def test_measures_without_windows_of_half_a_minute_are_refused():
    session = walking(9, marks=[(2600.0, "intervention/empathy/L01")])
    with pytest.raises(UsageError, match="lnRMSSD needs windows of 120 s"):
        session_events(session, "ln_rmssd")
    with pytest.raises(NothingUsableError, match="no window yields scr_rate"):
        session_events(session, "scr_rate")


def test_a_session_without_marks_has_nothing_to_say():
    assert session_events(walking(10)) == ()


def test_a_presenter_without_data_is_a_reason():
    marks = [(2600.0, "intervention/empathy/L01")]
    people = ("L01", "P02", "P03")
    session = walking(11, marks=marks, people=people)
    found = told(session, "empathy")
    assert np.isnan(found.value)
    assert "nobody whose arousal could answer" in found.reason
