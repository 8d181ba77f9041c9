"""The page says what it must, to whom it may, and nothing that it must not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from arousal.consent import Audience
from arousal.errors import UsageError
from arousal.hypothesis.course import load_course
from arousal.phase_align.curves import group_curves
from dashboards.plotly_bundle import csp_hash, plotly_bundle
from dashboards.report import render_report, write_report
from tests.dashboards import synthetic
from tests.dashboards.reading import figures_of, tags_of, text_of

LEADERS_PAGES = ("leader", "released", "small", "none")
IN_WORDS = ("de", "hu")
BANNED = (
    r"\bstress",
    r"\bdistress",
    r"anxi",
    r"\bfear",
    r"\bang(er|ry)",
    r"\bsad",
    r"\bhapp(y|iness)",
    r"\bjoy",
    r"\bshame",
    r"\bguilt",
    r"\bupset",
    r"emotion",
    r"\bp ?[=<>] ?[.0]",
    r"p value",
    r"p-value",
    r"significan",
    r"\brank",
    r"synchron",
    r"diagnos",
    r"\bP\d\d\b",
)


@pytest.mark.parametrize("name", LEADERS_PAGES)
def test_a_leaders_page_holds_no_banned_word_and_no_pseudonym_anywhere(pages, name):
    readable = text_of(pages[name])
    hovers = str(
        [t.get("hovertemplate") for f in figures_of(pages[name]).values() for t in f["data"]]
    )
    for pattern in BANNED:
        for text in (readable, hovers):
            found = re.search(pattern, text, re.IGNORECASE)
            assert found is None, text[max(0, found.start() - 60) : found.end() + 20]
    for person in (f"P{k:02d}" for k in range(1, 11)):
        assert person not in str(figures_of(pages[name]))


@pytest.mark.parametrize("name", LEADERS_PAGES)
def test_a_leaders_page_draws_no_single_person_but_a_released_presenter(pages, name):
    kinds = {t.get("meta") for t in figures_of(pages[name]).get("curve", {"data": []})["data"]}
    allowed = {"members", "course"} | ({"presenter"} if name == "released" else set())
    assert kinds <= allowed
    assert ("presenter" in kinds) is (name == "released")


def test_the_order_of_the_leaders_page_is_that_of_the_wireframe(pages):
    headings = re.findall(r"<h[12][^>]*>([^<]+)<", pages["leader"])
    assert headings == [
        "How aroused was the group, phase by phase?",
        "In one minute",
        "The curve",
        "Phase by phase",
        "Can I trust it?",
        "The expected pattern",
        "How to read this",
        "Details",
    ]


def test_five_and_more_members_are_shown_by_median_and_spread(pages):
    traces = figures_of(pages["leader"])["curve"]["data"]
    assert any(t.get("fill") == "toself" for t in traces)
    assert "median of the members" in text_of(pages["leader"])


def test_three_or_four_members_are_shown_by_a_mean_in_two_minute_steps_without_spread(pages):
    traces = [t for t in figures_of(pages["small"])["curve"]["data"] if t["meta"] == "members"]
    assert all("fill" not in t for t in traces)
    assert np.nanmedian(np.diff(traces[0]["x"])) == pytest.approx(2.0, abs=0.2)
    assert "mean of 4 members in 2-minute steps" in text_of(pages["small"])


def test_fewer_members_are_not_drawn_and_the_page_says_why(pages):
    assert set(figures_of(pages["none"])) == set()
    text = text_of(pages["none"])
    assert (
        "There is no group curve: only 2 members had enough usable data, and three are needed."
        in text
    )
    assert not re.search(r"[+−]\d\.\d", text)


def test_a_small_group_without_everyones_tick_is_not_drawn():
    people = [f"P{k:02d}" for k in range(1, 7)]
    result = synthetic.session_result(
        6, purpose="group_view", session_file=synthetic.session(people, small=False)
    )
    page = render_report(result, Audience.LEADER, now=synthetic.NOW)
    assert figures_of(page) == {}
    assert "not all of them agreed to be seen in so small a group" in text_of(page)


def test_a_release_counts_only_when_its_delay_is_over():
    people = [f"P{k:02d}" for k in range(1, 11)]
    at = datetime.fromisoformat("2026-03-13T20:00:00+01:00")
    result = synthetic.session_result(
        purpose="group_view", session_file=synthetic.session(people, released=("P03",))
    )
    early = render_report(result, Audience.LEADER, now=at + timedelta(hours=23))
    late = render_report(result, Audience.LEADER, now=at + timedelta(hours=25))
    assert "released their own curve" not in text_of(early)
    assert "released their own curve; it is drawn here" in text_of(late)


def test_a_leaders_page_is_refused_without_consents_or_from_other_tables():
    alone = synthetic.session_result(session_file=None, purpose="group_view")
    with pytest.raises(UsageError, match=r"needs a session\.toml with \[consent\]"):
        render_report(alone, Audience.LEADER, now=synthetic.NOW)
    with pytest.raises(UsageError, match="not 'research'"):
        render_report(synthetic.session_result(), Audience.LEADER, now=synthetic.NOW)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(UsageError, match="no time zone"):
        render_report(
            synthetic.session_result(),
            Audience.RESEARCHER,
            now=datetime(2026, 3, 1),  # noqa: DTZ001
        )


def test_a_single_file_says_that_only_the_researchers_edition_can_be_made():
    alone = synthetic.session_result(session_file=None)
    page = render_report(alone, Audience.RESEARCHER, now=synthetic.NOW)
    assert "only this researcher's edition can be made" in text_of(page)


def test_the_summary_names_highest_and_lowest_with_spread_and_people(pages):
    text = text_of(pages["leader"])
    assert (
        "likely more aroused in Presentation than in Return: this holds for 7 of 7 people" in text
    )
    assert re.search(r"Presentation \+1\.\d \[\+1\.\d to \+1\.\d\] \(n = 7\)", text)


def test_the_researchers_page_has_everyone_the_marks_and_how_it_was_made(pages):
    text = text_of(pages["researcher"])
    assert "must not be passed on" in text
    for expected in ("P07", "Press the finger sensor on.", "0:00", "ab" * 32, "windows.durations"):
        assert expected in text
    kinds = {t.get("meta") for t in figures_of(pages["researcher"])["curve"]["data"]}
    assert kinds == {"members", "presenter", "leaders", "person", "course"}
    assert set(figures_of(pages["researcher"])) == {"curve", "phases", "progress"}


def test_each_sensors_reasons_stand_with_the_share_of_windows_that_they_hit(pages):
    result = synthetic.session_result()
    at = result.quality["kind"] == "ecg"
    result.quality.loc[at, "reason_windows"] = "speech=0.192;corrected=0.004"
    result.quality.loc[result.quality["person"] == "P06", "reasons"] = "non-responder"
    result.quality.loc[result.quality["person"] == "P06", "reason_windows"] = "non-responder=1"
    text = text_of(render_report(result, Audience.RESEARCHER, now=synthetic.NOW))
    assert "no contact with the skin (30% of windows). Data are missing for a while (5%" in text
    # What hit windows only is said as well, unless it is less than one in a hundred.
    assert "with it heart-rate variability (19% of windows)." in text
    assert "had to be corrected (" not in text
    assert "some healthy people have none. P06 eda" in text
    assert "of windows" not in text_of(pages["leader"])


@pytest.mark.parametrize(
    ("language", "words"), [("de", "(30 % der Fenster)"), ("hu", "(az ablakok 30%-ában)")]
)
def test_the_share_of_windows_is_said_in_the_pages_language(language, words):
    result = synthetic.session_result()
    page = render_report(result, Audience.RESEARCHER, now=synthetic.NOW, language=language)
    assert words in text_of(page)


def test_without_markers_the_plain_course_is_shown_and_said(pages):
    text = text_of(pages["plain"])
    assert "No phase was marked in this session" in text
    assert "own middle value of the whole session" in text
    figure = figures_of(pages["plain"])["curve"]
    assert not [s for s in figure["layout"]["shapes"] if s["type"] == "rect"]
    assert "course" not in {t.get("meta") for t in figure["data"]}


@pytest.mark.parametrize("kind", ["recovery", "opening", "session"])
def test_a_replaced_baseline_is_named(kind):
    result = synthetic.session_result()
    result.phases["baseline"] = kind
    text = text_of(render_report(result, Audience.RESEARCHER, now=synthetic.NOW))
    assert "There was no usable quiet start" in text
    assert "There was no quiet start to count from" in text


def test_the_expected_course_is_named_a_hypothesis_with_its_provenance(pages):
    for name in ("leader", "researcher"):
        text = text_of(pages[name])
        assert "A hypothesis, not data:" in text
        assert load_course().provenance in text
        assert "One session can neither confirm nor refute this." in text
        assert "Figure 1" not in text
        course = [t for t in figures_of(pages[name])["curve"]["data"] if t["meta"] == "course"]
        assert all("hypothesis" in t["hovertemplate"] for t in course)


def test_every_figure_has_a_text_equivalent(pages):
    for name in ("leader", "researcher"):
        for label in re.findall(r'role="img" aria-label="([^"]+)"', pages[name]):
            assert len(label) > 40


def test_markup_from_a_file_stays_text():
    hostile = synthetic.HOSTILE
    result = synthetic.session_result(source=hostile)
    result.quality["source"] = [f"{hostile}{k}" for k in range(len(result.quality))]
    result.quality["advice"] = hostile
    result.phases["reason"] = hostile
    page = render_report(result, Audience.RESEARCHER, now=synthetic.NOW)
    assert hostile not in page
    assert "img" not in tags_of(page)
    assert hostile in text_of(page)


def test_scripts_run_by_the_hash_of_their_text_alone(pages):
    page = pages["leader"]
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    rules = policy[1].replace("&#39;", "'")
    assert rules.startswith("default-src 'none'; script-src 'sha256-")
    scripts = re.search(r"script-src ([^;]+)", rules)
    assert scripts
    own = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(own) == 1
    allowed = {csp_hash(own[0].encode()), plotly_bundle().csp_hash}
    assert {word.strip("'") for word in scripts[1].split()} == allowed
    assert "connect-src" not in rules
    assert not re.search(r'(src|href)="(?!#)', page)


def test_pages_are_small_enough(pages):
    assert len(pages["released"].encode()) <= 1_000_000
    assert len(pages["researcher"].encode()) <= 1_500_000


def test_curves_are_carried_as_float32_and_broken_where_windows_are_missing():
    gap = (3000.0, 3300.0, tuple(f"P{k:02d}" for k in range(1, 11)))
    result = synthetic.session_result(purpose="group_view", gap=gap)
    figure = figures_of(render_report(result, Audience.LEADER, now=synthetic.NOW))["curve"]
    line = next(t for t in figure["data"] if t["meta"] == "members" and t.get("fill") is None)
    assert line["y"].dtype == np.float32
    assert line["connectgaps"] is False
    inside = (line["x"] > 3000 / 60) & (line["x"] < 3300 / 60)
    assert np.isnan(line["y"][inside]).all()
    for band in (t for t in figure["data"] if t.get("fill") == "toself"):
        assert not ((band["x"] > 50.1) & (band["x"] < 54.9)).any()


def test_a_point_with_fewer_than_five_people_is_not_on_a_leaders_page():
    gap = (3000.0, 3300.0, ("P04", "P05", "P06"))
    result = synthetic.session_result(purpose="group_view", gap=gap)
    figure = figures_of(render_report(result, Audience.LEADER, now=synthetic.NOW))["curve"]
    line = next(t for t in figure["data"] if t["meta"] == "members" and t.get("fill") is None)
    inside = (line["x"] > 3000 / 60) & (line["x"] < 3300 / 60)
    assert np.isnan(line["y"][inside]).all()
    assert line["customdata"][np.isfinite(line["y"])].min() >= 5


def test_a_page_with_nothing_to_show_says_why_instead_of_asking_and_has_no_table_of_dashes(pages):
    dyad = render_report(synthetic.dyad(released=False), Audience.LEADER, now=synthetic.NOW)
    for page in (dyad, pages["none"]):
        headings = re.findall(r"<h[12][^>]*>([^<]+)<", page)
        assert headings[0] == "Why this page shows no arousal of the group"
        assert "Phase by phase" not in headings
        assert 'class="phases"' not in page
        assert "enough usable data, and three are needed" in text_of(page)
        assert "How aroused was" not in text_of(page)
    released = render_report(synthetic.dyad(released=True), Audience.LEADER, now=synthetic.NOW)
    assert "<h1>How aroused was this person, phase by phase?</h1>" in released
    assert 'class="phases"' not in released
    assert 'class="phases"' in pages["small"]


def test_in_a_dyad_the_patients_own_curve_is_shown_if_released_and_nothing_of_it_otherwise():
    shown = render_report(synthetic.dyad(released=True), Audience.LEADER, now=synthetic.NOW)
    assert {t["meta"] for t in figures_of(shown)["curve"]["data"]} == {"presenter"}
    assert (
        "The line belongs to one person (patient), who released it after the session."
        in text_of(shown)
    )
    assert "P02" not in text_of(shown)
    hidden = render_report(synthetic.dyad(released=False), Audience.LEADER, now=synthetic.NOW)
    assert figures_of(hidden) == {}


def test_an_index_of_one_part_is_named_by_it():
    result = synthetic.session_result()
    result = replace(result, index_parts=dict.fromkeys(result.index_parts, ("heart_rate",)))
    page = render_report(result, Audience.RESEARCHER, now=synthetic.NOW)
    titles = {a["text"] for a in figures_of(page)["curve"]["layout"]["annotations"]}
    assert "Arousal index: heart rate alone" in titles


def test_one_member_alone_is_told_from_a_group():
    alone = synthetic.session_result(session_file=None)
    only = alone.curves["person"] == "P07"
    curves = alone.curves[only].reset_index(drop=True)
    result = replace(
        alone,
        persons=("P07",),
        curves=curves,
        group=group_curves(curves, alone.protocol),
        phases=alone.phases[alone.phases["person"] == "P07"].reset_index(drop=True),
        quality=alone.quality[alone.quality["person"] == "P07"].reset_index(drop=True),
    )
    text = text_of(render_report(result, Audience.RESEARCHER, now=synthetic.NOW))
    assert "How aroused was this person, phase by phase?" in text
    assert "With one person the page cannot say how sure anything is." in text
    assert "clearly above" not in text


def test_the_page_is_written_whole_for_its_owner_only(tmp_path):
    path = tmp_path / "out" / "report.html"
    write_report(synthetic.session_result(), path, Audience.RESEARCHER, synthetic.NOW)
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]
    assert path.stat().st_mode & 0o077 == 0
