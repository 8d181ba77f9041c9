"""One session against a hypothesis: exploratory, controlled by the members, nothing filled in."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.hypothesis.single_session import single_session
from tests.hypothesis.walks import PRESENTER, walking

FARKAS = load_hypothesis("farkas2024").hypothesis
LEVELS = {"presentation": 8.0, "questions": 5.0, "discussion": 3.0, "return": 0.0}


def told(session, seed=1, draws=199, hypothesis=FARKAS):
    found = single_session(session, hypothesis, rng=np.random.default_rng(seed), draws=draws)
    return {r.expectation: r for r in found if r.measure == "heart_rate"}


def falling(person, times):
    """The presenter is high early in the discussion and calms down over it."""
    course = np.interp(times, [2100.0, 2300.0, 3000.0, 3900.0], [0.0, 12.0, 12.0, 0.0])
    return course if person == PRESENTER else np.zeros(times.shape)


def drifting(person, times):
    return -12.0 * times / 5520.0


def test_a_planted_fall_is_found_and_called_exploratory():
    found = told(walking(1, falling, size=1.0))
    c2 = found["C2"]
    assert c2.value == pytest.approx(12.0, abs=1.5)
    assert c2.control == "members' median"
    assert [t.method for t in c2.tests] == ["circular shift", "phase randomisation"]
    # 12 bpm among noise of 1, and yet one slow fall is hardly more than one event: few independent
    # windows stand behind it, and p cannot be small.
    assert all(0.01 < t.p < 0.1 for t in c2.tests)
    assert 2 <= c2.n_effective < 10 < c2.n
    assert c2.exploratory
    assert c2.audience == "researcher"


def test_what_drifts_in_everyone_stays_in_the_plain_curve_and_leaves_the_controlled_one():
    found = told(walking(2, drifting, size=1.0))
    assert found["C2-plain"].value == pytest.approx(12.0 * 1520 / 5520, abs=1.5)
    assert "no control" in found["C2-plain"].notes[0]
    assert abs(found["C2"].value) < 1.5
    assert found["C2"].notes == ()


def test_the_template_of_the_file_is_laid_over_its_phases():
    def course(person, times):
        if person != PRESENTER:
            return np.zeros(times.shape)
        line = walking(0, size=0.1, people=("P01",)).timeline
        return np.array([LEVELS.get(p, 0.0) for p in line.phase_at(times)])

    found = told(walking(3, course, size=0.5))["template"]
    assert found.value > 0.9
    assert found.control == "members' median"
    assert max(t.p for t in found.tests) < 0.05


def test_a_session_without_members_has_a_plain_template_and_no_controlled_contrast():
    found = told(walking(4, falling, people=("L01", PRESENTER, "P02")))
    assert found["template"].control == ""
    assert np.isfinite(found["template"].value)
    assert "fewer than 3 members" in found["C2"].reason
    assert found["C2"].tests == ()


def test_a_gap_is_not_filled_and_its_share_is_told():
    session = walking(5, falling, size=1.0)
    hole = (session.features["person"] == PRESENTER) & session.features["onset"].between(2280, 2700)
    session.features.loc[hole, "heart_rate"] = np.nan
    found = told(session)["C2"]
    assert found.missing > 0.25
    assert np.isnan(found.value)
    assert "too few windows" in found.reason


def test_unknown_speech_refuses_what_wants_quiet_windows():
    found = told(walking(6, talk=None))
    assert np.isnan(found["C2"].value)
    assert np.isfinite(found["template"].value)


def test_phases_that_fill_the_session_are_warned_of():
    phases = [
        (0.0, "presentation"),
        (1200.0, "questions"),
        (1500.0, "discussion"),
        (4800, "return"),
    ]
    found = told(walking(7, phases=phases, end=5520.0))["template"]
    assert any("fill" in note for note in found.notes)


def test_a_session_without_a_measure_has_nothing_of_it():
    found = single_session(walking(8), FARKAS, rng=np.random.default_rng(1), draws=20)
    assert {r.measure for r in found if np.isfinite(r.value)} == {"heart_rate"}
    assert all(r.reason for r in found if not np.isfinite(r.value))


def test_a_body_that_follows_speech_late_leaves_nothing_of_it_in_an_adjusted_contrast():
    session = walking(9, size=0.0)
    rng = np.random.default_rng(9)
    end = int(session.timeline.end)
    share = np.array([{"presentation": 0.8}.get(p, 0.2) for p in _phases(session, end)])
    talk = np.repeat(rng.random(end // 10 + 1), 10)[:end] < share
    body = 6.0 * _followed(talk, seconds=8.0)
    rows = session.features["person"] == PRESENTER
    for column, course in (("speech_fraction", talk), ("heart_rate", 70.0 + body)):
        session.features.loc[rows, column] = _means(session.features[rows], course)
    found = told(session, draws=20)["C1-baseline"]
    plain = body[960:1740].mean() - body[:420].mean()
    assert plain > 3
    assert abs(found.value) < 0.05 * plain


def _phases(session, end):
    return session.timeline.phase_at(np.arange(end) + 0.5)


def _followed(talk, seconds):
    level, course = 0.0, []
    for spoken in talk:
        level += (spoken - level) / seconds
        course.append(level)
    return np.array(course)


def _means(rows, course):
    total = np.concatenate([[0.0], np.cumsum(course)])
    first = rows["onset"].to_numpy().astype(int)
    last = np.minimum(first + rows["duration"].to_numpy().astype(int), course.size)
    return (total[last] - total[first]) / (last - first)
