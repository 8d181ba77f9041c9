"""The expected course obeys the claims it transcribes and says that it is no data."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.errors import SettingsError
from arousal.hypothesis.course import load_course
from arousal.protocol import load_protocol

WHOLE = np.linspace(0, 1, 101)


def mean(group, phase, low=0.0, high=1.0):
    stretch = load_course().stretch(group, phase)
    assert stretch is not None
    return float(stretch.at(np.linspace(low, high, 101)).mean())


def test_the_presenter_is_drawn_as_the_claims_say():
    presentation, questions = mean("presenter", "presentation"), mean("presenter", "questions")
    early, late = mean("presenter", "discussion", 0, 1 / 3), mean("presenter", "discussion", 2 / 3)
    assert presentation > questions > mean("presenter", "discussion") > mean("presenter", "return")
    assert questions < (presentation + early) / 2  # C3
    assert early > late  # C2
    assert abs(mean("presenter", "return")) < 0.2  # C5


def test_the_members_rise_then_fall_in_the_discussion():
    heights = load_course().stretch("members", "discussion").at(WHOLE)
    peak = int(np.argmax(heights))
    assert 20 < peak < 80
    assert (np.diff(heights[: peak + 1]) > 0).all()
    assert (np.diff(heights[peak:]) < 0).all()


def test_every_expectation_is_what_the_drawing_shows():
    course = load_course()

    def height(group, moment):
        if moment.phase == "start":
            return 0.0
        return mean(group, moment.phase, *moment.bounds)

    for item in course.expectations:
        step = height(item.group, item.after) - height(item.group, item.before)
        assert (step > 0) is (item.direction == "up"), item.claim


def test_nothing_is_expected_of_leaders_or_of_phases_the_text_does_not_speak_of():
    course = load_course()
    assert course.stretch("leaders", "discussion") is None
    assert course.stretch("presenter", "opening") is None


def test_its_phases_are_phases_of_the_balint_protocols():
    known = {p.id for p in load_protocol("balint-90").phases}
    assert {s.phase for s in load_course().stretches} <= known


def test_it_is_named_a_transcription_and_never_a_figure_of_the_paper():
    course = load_course()
    assert "transcription" in course.provenance
    assert "not data" in course.provenance
    everything = course.model_dump_json().lower()
    assert "figure" not in everything
    assert "farkas curve" not in everything


def test_ones_own_course_is_read_by_path_and_its_mistakes_are_named(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\n')
    with pytest.raises(SettingsError, match=r"mine\.toml: version"):
        load_course(path)
