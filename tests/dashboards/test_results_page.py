"""The page of a study tells every test with its n, its verdict and its standing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pandas as pd
import pytest

from arousal.errors import UsageError
from arousal.findings import Finding
from arousal.hypothesis.checklist import checklist
from arousal.hypothesis.curve_test import curve_clusters, simultaneous_band
from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.hypothesis.outcome import results_table
from arousal.hypothesis.registration import Status
from arousal.hypothesis.study_facts import StudyFacts
from arousal.study.trajectory import StudyCurve, StudyTest
from dashboards.figures.forest import ForestRow, forest_figure
from dashboards.messages import load_messages
from dashboards.results import render_results
from tests.hypothesis.test_outcome import contrasts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@cache
def study_test(blocks=12):
    """A study of the bundled hypothesis in which the presenter's heart calms down."""
    file = load_hypothesis("farkas2024")
    rng = np.random.default_rng(5)
    tables = []
    for c in file.hypothesis.contrasts:
        for m in c.measures:
            if not c.rated:
                mean = 2.0 if (c.id, m) == ("C2", "heart_rate") else 0.1
                values = mean + rng.normal(0, 1, blocks)
                values[-1] = np.nan
                tables.append(contrasts(values, c.id, m))
    table = pd.concat(tables, ignore_index=True)
    status = {
        c.id: Status(not c.drift_left, ("no control <for> drift",) if c.drift_left else ())
        for c in file.hypothesis.contrasts
    }
    results = results_table(table, file.hypothesis, status)
    shapes = rng.normal(0, 1, (blocks, 12)) + np.linspace(2, -2, 12)
    band, found = simultaneous_band(shapes), curve_clusters(shapes, "two-sided")
    curve = StudyCurve(
        "C2",
        "heart_rate",
        "discussion",
        tuple(band.mean.tolist()),
        tuple(band.low.tolist()),
        tuple(band.high.tolist()),
        tuple(band.n.tolist()),
        found.p,
        tuple((s.first, s.last, s.p) for s in found.stretches),
        blocks,
    )
    return StudyTest(
        "farkas2024",
        "1",
        file.sha256,
        table,
        results,
        (curve,) if blocks >= 6 else (),
        "A paragraph of methods.",
        checklist(StudyFacts(12, 12, 12, 9, 1, signals=("ecg",)), file.hypothesis),
        (Finding("repeated-looks", "tested with 6, 12 sessions"),),
        "12 of 12 sessions, 12 case blocks",
    )


@pytest.fixture(scope="module")
def page():
    return render_results(study_test(), NOW)


def test_the_primary_tests_stand_first_with_verdict_and_standing(page):
    summary = page[page.index('id="summary"') : page.index('id="forest"')]
    assert summary.count("<dt>C2, ") == 3
    assert "<strong>supported</strong>" in summary
    assert "Confirmatory." in summary
    assert "does not show that mentalizing was restored" in summary


def test_every_test_is_a_row_with_its_n_and_its_correction(page):
    table = page[page.index('id="table"') : page.index('id="left-out"')]
    results = study_test().results
    assert table.count('<th scope="row">') == len(results)
    assert "11 (11)" in table
    assert "Holm over 3" in table
    assert "Benjamini-Hochberg over " in table
    assert "not tested" in table  # the polarities, which nobody rated here


def test_texts_from_files_are_escaped(page):
    assert "no control &lt;for&gt; drift" in page
    assert "no control <for> drift" not in page


def test_what_was_left_out_and_what_was_noticed_is_told(page):
    assert "no valid window" in page[page.index('id="left-out"') :]
    assert "tested with 6, 12 sessions" in page


def test_the_curve_is_told_in_words(page):
    assert "Roughly where the discussion differs from its mean over 12 case blocks: 0–" in page
    assert "above, cluster p" in page
    assert "A drift common to everyone looks the same" not in page  # C2: presenter less members


def test_a_stretch_without_control_for_drift_says_so():
    tested = study_test()
    (curve,) = tested.curves
    page = render_results(replace(tested, curves=(replace(curve, contrast="C7"),)), NOW)
    assert "A drift common to everyone looks the same" in page


def test_a_curve_of_repeating_people_tells_units_and_blocks():
    tested = study_test()
    (curve,) = tested.curves
    page = render_results(replace(tested, curves=(replace(curve, blocks=15),)), NOW)
    assert "over 12 independent units of 15 case blocks" in page


def test_contrasts_of_one_and_the_same_course_share_its_figure():
    tested = study_test()
    (curve,) = tested.curves
    other = replace(curve, contrast="C9", mean=tuple(-m for m in curve.mean))
    curves = (curve, replace(curve, contrast="C6-difference"), other)
    page = render_results(replace(tested, curves=curves), NOW)
    assert re.findall(r"<h3>(.*), .*</h3>", page)[:2] == ["C2 and C6-difference", "C9"]


def test_methods_and_checklist_are_there(page):
    assert "A paragraph of methods." in page
    assert page.count("<td>missing</td>") > 3
    assert page.count("<td>not applicable</td>") > 3


def test_nobody_is_named_on_it(page):
    words = page[page.index("<header") : page.index("</footer>")]
    assert "P00" not in words
    assert "P11" not in words


def test_a_study_with_too_few_blocks_has_no_forest():
    page = render_results(study_test(4), NOW)
    assert "No contrast had enough case blocks" in page
    assert 'id="curves"' not in page


def forest(*effects: tuple[float, float, float]):
    rows = [ForestRow(f"C{i}", *e, 12, "supported", True) for i, e in enumerate(effects)]
    return forest_figure(rows, load_messages("en")).to_plotly_json()


def test_one_huge_effect_does_not_press_the_others_together():
    drawn = forest((0.5, -0.2, 1.2), (41.0, 24.0, 58.0), (-9.0, -12.0, -3.0))
    assert drawn["layout"]["xaxis"]["range"] == pytest.approx([-4.32, 4.32])
    usual, huge, opposite = drawn["data"]
    assert usual["marker"]["symbol"] == "circle"
    assert (huge["x"], huge["marker"]["symbol"], huge["text"]) == (
        [4.0],
        "triangle-right",
        ["41.0"],
    )
    assert (opposite["x"], opposite["marker"]["symbol"]) == ([-4.0], "triangle-left")
    assert "41.00 [24.00, 58.00]" in huge["hovertemplate"]
    assert opposite["error_x"]["array"] == [1.0]  # the end of the interval that is on the axis


def test_on_a_phone_the_names_stand_above_the_lines():
    drawn = forest((0.5, -0.2, 1.2))
    narrow = drawn["layout"]["meta"]["narrow"]
    assert narrow["margin.l"] < 20
    assert narrow["annotations.0.text"] == "C0, n 12, supported"
    assert drawn["layout"]["annotations"][0]["text"] == ""


def test_the_forest_is_told_in_words_with_n_and_interval(page):
    assert re.search(r"C2 Heart rate, n 1\d, supported: g \d\.\d\d \[-?\d\.\d\d, \d\.\d\d\]", page)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(UsageError, match="no time zone"):
        render_results(study_test(), datetime(2026, 3, 1))  # noqa: DTZ001
