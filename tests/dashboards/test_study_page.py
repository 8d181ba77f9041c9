"""The study page tells what a study holds, with n, reasons and nothing of who does not agree."""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import replace
from datetime import datetime

import pytest

from arousal.errors import UsageError
from dashboards.messages import load_messages
from dashboards.study import render_study
from dashboards.study_data import FINER, phase_columns, study_data
from tests.dashboards.study_synthetic import CASE, NOW, SPREAD, overview


@pytest.fixture(scope="module")
def study():
    return overview()


@pytest.fixture(scope="module")
def page(study):
    return render_study(study, NOW)


def section(page, name):
    start = page.index(f'<section id="{name}"')
    return page[start : page.index("</section>", start)]


def packed(page):
    found = re.search(r'<script type="application/octet-stream" id="figures">([^<]+)<', page)
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


def test_the_head_counts_sessions_meetings_groups_people_and_case_blocks(page):
    head = page[page.index("<header") : page.index("</header>")]
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", head))
    assert facts["Sessions"] == "14 (11 processed)"
    assert (facts["Meetings with a number"], facts["Groups"]) == ("14", "3")
    assert (facts["People"], facts["Case blocks"]) == ("24", "15")
    assert facts["Study"] == "Demo &lt;course&gt;"


def test_every_session_is_a_row_with_its_state_in_words_and_mark(page):
    rows = re.findall(r"<tr data-session.*?</tr>", section(page, "sessions"), re.DOTALL)
    assert len(rows) == 14
    assert rows[0].count(">●</span> good") == 4
    assert rows[1].count(">✕</span> poor") == 4
    assert "3 of 8 people" in rows[1]
    assert "The skin sensor had no contact with the skin." in rows[1]
    assert "no consent" in rows[3]
    assert "nobody agreed to research" in rows[3]
    assert "not processed" in rows[6]
    assert "run arousal process" in rows[6]


def test_one_cell_of_the_matrix_is_reached_by_tab(page):
    matrix = section(page, "sessions")
    assert matrix.count('<td tabindex="0"') == 1
    assert matrix.count('<td tabindex="-1"') == 11 * 4 - 1


def test_a_reason_names_the_share_the_people_and_the_sensor(page):
    why = packed(page)["study"]["whys"]["s1"]["heart_rate"]
    assert "45 % of the windows of the middle person" in why
    assert "3 of 8 people have at least half" in why
    assert "(1 person: P12)" in why


def test_pseudonyms_can_be_left_out(study):
    page = render_study(study, NOW, names=False)
    assert "P12" not in json.dumps(packed(page)["study"])
    assert "(1 person)" in packed(page)["study"]["whys"]["s1"]["heart_rate"]


def test_the_phase_table_holds_means_intervals_and_n(page):
    table = section(page, "roles")
    row = re.search(r'<th scope="row">Presentation</th>(.*?)</tr>', table, re.DOTALL)[1]
    members, presenter, difference = re.findall(r'<td class="num">(.*?)</td>', row)
    assert members.startswith("+2.")
    assert members.endswith("n 15")
    assert "[" in presenter
    assert difference == "+7.0 bpm [+7.0, +7.0], n 15"
    baseline = re.search(r'<th scope="row">Baseline</th>(.*?)</tr>', table, re.DOTALL)[1]
    assert re.findall(r'<td class="num">(.*?)</td>', baseline)[1:] == ["–", "–"]


def test_packed_numbers_are_within_half_a_step_of_the_truth(study):
    say = load_messages("en")
    columns = phase_columns(study.protocols, say)
    data = study_data(study, columns, say)
    measure = data["measures"][0]
    at = [c["id"] for c in columns].index("discussion")
    done = [s for s in study.sessions if s.state == "processed"]
    for unit, (session, block) in enumerate(data["units"]):
        cells = data["means"]["heart_rate"]["presenter"][unit]
        if not block:
            assert cells is None
            continue
        k = next(i for i, s in enumerate(done) if s.id == data["sessions"][session]["id"])
        truth = CASE["discussion"][1] + (k - (len(done) - 1) / 2) * SPREAD
        assert cells[at][0] * measure["step"] / FINER == pytest.approx(truth, abs=0.006)


def test_no_value_is_clipped_by_packing(study):
    curves = study.curves.copy()
    curves.loc[curves.index[0], ["measure", "change"]] = ["heart_rate", 90_000.0]
    say = load_messages("en")
    data = study_data(replace(study, curves=curves), phase_columns(study.protocols, say), say)
    assert data["measures"][0]["step"] == pytest.approx(3.0)


def test_phases_of_several_protocols_stand_in_one_order(study):
    names = [c["id"] for c in phase_columns(study.protocols, load_messages("en"))]
    assert names.index("baseline") < names.index("presentation") < names.index("discussion")
    assert names.index("discussion") < names.index("return") < names.index("recovery")
    assert len(set(names)) == len(names)


def test_tests_carry_verdict_n_and_standing_and_are_not_filtered(page):
    tests = section(page, "tests")
    assert "Filters do not apply here" in tests
    assert "<strong>supported</strong>" in tests
    assert "11 (11)" in tests
    assert "no control &lt;for&gt; drift" in tests


def test_slopes_carry_model_n_and_missingness(page):
    course = section(page, "course")
    assert "number of the meeting" in course
    assert "11 case blocks, 1 without a value" in course
    assert "refused, and why" not in course or "are needed" in course
    assert "Exploratory in every case" in course


def test_what_is_missing_is_counted(page):
    summary = section(page, "summary")
    assert "sessions that were not processed: 2" in summary
    assert "sessions in which nobody agreed to research: 1" in summary
    assert "changes not counted from the quiet start: recovery 22 of 352" in summary
    assert "C2, Heart rate: supported (11 case blocks)" in summary


def test_few_case_blocks_are_described_and_nothing_else():
    page = render_study(overview(4, groups=1), NOW)
    assert "4 case blocks: everything here is description" in page
    assert "[" not in section(page, "roles").split("<tbody")[1]
    assert "No contrast has 6 independent case blocks" in page


def test_a_study_without_tests_or_sessions_says_what_to_do():
    untested = render_study(overview(tested=False), NOW)
    assert "No test is shown: there is no results.json yet; run arousal test." in untested
    assert "run arousal longitudinal" in section(untested, "course")
    empty = render_study(overview(0, tested=False), NOW)
    assert "This study has no session yet." in empty
    assert "data-figure" not in empty[empty.index("<main") : empty.index("</main>")]


def test_unprocessed_sessions_alone_say_so():
    study = overview(7, tested=False)
    only = replace(study.sessions[6], id="s6")
    page = render_study(
        replace(
            study, sessions=(only,), protocols=(), curves=study.curves[:0], phases=study.phases[:0]
        ),
        NOW,
    )
    assert "No session was processed yet" in page


def test_two_hundred_sessions_fit_in_a_megabyte_and_a_half():
    page = render_study(overview(200, groups=20), NOW)
    assert len(page.encode()) < 1_500_000
    assert len(packed(page)["study"]["units"]) > 300


def test_no_word_for_a_feeling_or_a_diagnosis_stands_on_it(page):
    words = page[page.index("<header") : page.index("</footer>")].lower()
    for word in ("stress", "anxi", "emotion", "fear", "anger", "disorder"):
        assert word not in words


def test_a_time_without_a_zone_is_refused(study):
    with pytest.raises(UsageError, match="no time zone"):
        render_study(study, datetime(2026, 3, 1))  # noqa: DTZ001
