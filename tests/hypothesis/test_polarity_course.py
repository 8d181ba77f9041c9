"""The drawn course of the polarities obeys the claim and says that it is no data."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.errors import SettingsError, UsageError
from arousal.hypothesis.hypothesis_file import bundled_hypotheses
from arousal.hypothesis.polarity_course import load_polarity_course
from arousal.hypothesis.prediction import POLARITIES
from arousal.protocol import load_protocol

WHOLE = np.linspace(0, 1, 51)


@pytest.mark.parametrize("polarity", POLARITIES)
def test_every_polarity_runs_as_c18_says(polarity):
    course = load_polarity_course()
    presentation, questions, talked, back = (
        course.at(p, polarity, WHOLE) for p in ("presentation", "questions", "discussion", "return")
    )
    assert (presentation < -0.3).all()
    assert abs(questions).mean() < abs(presentation).mean()
    assert (np.diff(talked) > 0).all()
    assert talked[-1] > presentation.mean()
    np.testing.assert_allclose(back, 0.0)


def test_the_discussion_begins_automatic_and_affective_more_than_self_and_external():
    course = load_polarity_course()
    first = {p: float(course.at("discussion", p, 0.0)) for p in POLARITIES}
    assert first["automatic_controlled"] < first["self_other"]
    assert first["affective_cognitive"] < first["external_internal"]


def test_it_is_a_transcription_with_known_phases_and_no_hypothesis_of_its_own():
    course = load_polarity_course()
    assert "transcription" in course.provenance
    assert "not data" in course.provenance
    assert "figure" not in course.model_dump_json().lower()
    known = {p.id for p in load_protocol("balint-90").phases}
    assert {s.phase for s in course.stretches} <= known
    assert not any("polarities" in name for name in bundled_hypotheses())


def test_where_nothing_is_expected_nothing_is_drawn():
    course = load_polarity_course()
    assert np.isnan(course.at("opening", "self_other", WHOLE)).all()
    with pytest.raises(UsageError, match="no polarity 'warm_cold'"):
        course.at("presentation", "warm_cold", 0.5)


def test_ones_own_course_is_read_by_path_and_its_mistakes_are_named(tmp_path):
    path = tmp_path / "mine.toml"
    head = "\n".join(
        f'{k} = "x"' for k in ("name", "version", "author", "source", "provenance", "statement")
    )
    one = '[[stretch]]\nphase = "return"\nself_other = [0.0, 0.5]\n'
    path.write_text(f"{head}\ndate = 2026-01-01\n{one}")
    course = load_polarity_course(path)
    assert course.at("return", "self_other", 0.5) == 0.25
    assert np.isnan(course.at("return", "automatic_controlled", 0.5))
    path.write_text(f"{head}\ndate = 2026-01-01\n{one}{one}")
    with pytest.raises(SettingsError, match=r"mine\.toml: .*return stands twice"):
        load_polarity_course(path)
    path.write_text(f"{head}\ndate = 2026-01-01\n{one.replace('0.5', '1.5')}")
    with pytest.raises(SettingsError, match=r"stretch\.0\.self_other"):
        load_polarity_course(path)
