"""Beside the hypothesis: the case with raters' ribbon, and exploratory tables that say so."""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.study.exploration import explore_study
from dashboards.figures.ribbon import POLES
from dashboards.results import render_results
from tests.dashboards.test_results_page import study_test
from tests.study.test_exploration import reading

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def found():
    file = load_hypothesis("farkas2024")
    return explore_study([reading(i) for i in range(8)], file.hypothesis)


@pytest.fixture(scope="module")
def page(found):
    return render_results(replace(study_test(), exploration=found), NOW)


def figures(page):
    text = re.search(r'id="figures"[^>]*>([^<]+)<', page)[1].strip()
    return json.loads(gzip.decompress(base64.b64decode(text)))


def values(array):
    """A heatmap's row: a list, or as plotly packs it."""
    if isinstance(array, list):
        return np.array([np.nan if v is None else v for v in array[0]])
    kind = {"f8": "<f8", "f4": "<f4"}[array["dtype"]]
    return np.frombuffer(base64.b64decode(array["bdata"]), kind)


def test_the_ribbon_stands_under_the_curve_with_what_was_expected_named_as_no_data(page, found):
    case = figures(page)["case"]
    rows = [t for t in case["data"] if t["type"] == "heatmap"]
    told = [t["hovertemplate"] for t in rows]
    assert sum("rated" in t for t in told) == 1  # one polarity was rated here
    assert sum("expected (no data)" in t for t in told) == len(POLES)
    measured = next(t for t in rows if "self (−1) to other (+1), rated" in t["hovertemplate"])
    course = found.case_course.query("who == 'group'")
    assert np.nanmean(values(measured["z"])) == pytest.approx(course["mean"].mean())
    section = page[page.index('id="case"') : page.index('id="table"')]
    assert "The thin rows are no data" in section
    assert "Our transcription of claim C18" in section
    assert "in 8 case blocks" in section


def test_everything_exploratory_says_so_and_stands_behind_the_tests(page):
    table, explored = page.index('id="table"'), page.index('id="explored"')
    assert table < explored
    section = page[explored : page.index('id="left-out"')]
    assert "Nothing below was registered" in section
    for name in ("agreement", "links", "events", "synchrony", "recovery", "dissociation", "bands"):
        assert f'<details id="{name}"' in section
    assert "24)" in section  # events
    assert "no label on anybody" in section
    assert not re.search(r"\bP\d\b|\bs\d\d\b", section)


def test_without_ratings_the_page_says_that_nothing_is_known_of_mentalizing(found):
    bare = replace(
        found,
        agreement=found.agreement.iloc[:0],
        case_course=found.case_course.query("who == 'presenter'"),
    )
    page = render_results(replace(study_test(), exploration=bare), NOW)
    assert "Arousal alone cannot show it" in page
    assert "nothing can be said about mentalizing itself" in page
    assert all(t["type"] == "scatter" for t in figures(page)["case"]["data"])


def test_a_study_without_anything_beside_has_no_such_section(found):
    page = render_results(study_test(), NOW)
    assert 'id="explored"' not in page
    assert 'id="case"' not in page
