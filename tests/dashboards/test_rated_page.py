"""A session's researcher sees what raters said, beside what was expected; nobody else does."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from arousal.consent import Audience
from arousal.pipeline import analyse
from dashboards.report import render_report
from tests.dashboards.test_explored_page import figures, values
from tests.study.rated_evening import make_evening, rate

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def evening(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rated") / "s01"
    timeline = make_evening(folder)
    rate(folder, timeline)
    return folder, timeline


@pytest.fixture(scope="module")
def result(evening):
    return analyse(evening[0])


@pytest.fixture(scope="module")
def page(result):
    return render_report(result, Audience.RESEARCHER, now=NOW)


def test_the_ribbon_lies_on_the_sessions_minutes_with_the_expected_course_beneath(page, evening):
    _, timeline = evening
    rows = figures(page)["rated"]["data"]
    assert len(rows) == 8
    measured, expected = (
        next(r for r in rows if r["hovertemplate"].startswith(f"self (−1) to other (+1), {what}"))
        for what in ("rated", "expected (no data)")
    )
    told = next(p for p in timeline.phases if p.phase == "presentation")
    edges = values({"dtype": "f8", **measured["x"]}) if "bdata" in measured["x"] else measured["x"]
    middle = (np.asarray(edges[:-1]) + np.asarray(edges[1:])) / 2
    zero = timeline.onset
    here = (middle > (told.onset - zero) / 60 + 1) & (middle < (told.end - zero) / 60 - 1)
    assert np.nanmean(values(measured["z"])[here]) == pytest.approx(-0.6, abs=0.1)
    assert values(expected["z"])[here] == pytest.approx(np.full(here.sum(), -0.6))
    assert "They are no data: Our transcription" in page


def test_a_leader_sees_nothing_of_it_and_a_session_without_ratings_has_no_ribbon(
    evening, result, page
):
    folder, _ = evening
    assert 'id="rated"' in page
    leader = render_report(analyse(folder, purpose="group_view"), Audience.LEADER, now=NOW)
    assert 'id="rated"' not in leader
    assert "rated" not in figures(leader)
    (folder / "ratings.tsv").rename(folder / "kept.tsv")
    try:
        assert 'id="rated"' not in render_report(result, Audience.RESEARCHER, now=NOW)
    finally:
        (folder / "kept.tsv").rename(folder / "ratings.tsv")


@pytest.mark.parametrize(("language", "word"), [("de", "innerlich"), ("hu", "belső")])
def test_the_poles_have_names_in_every_language(result, language, word):
    page = render_report(result, Audience.RESEARCHER, now=NOW, language=language)
    assert any(word in label for label in figures(page)["rated"]["layout"]["yaxis"]["ticktext"])
