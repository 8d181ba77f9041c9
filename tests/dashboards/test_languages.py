"""The leader's page in German and Hungarian: the same page, with no word that it must not say."""

from __future__ import annotations

import re

import pytest

from arousal.consent import Audience
from dashboards.messages import load_messages
from dashboards.report import render_report
from tests.dashboards import synthetic
from tests.dashboards.reading import figures_of, text_of

BANNED = {
    "de": (
        r"\bstress",
        r"\b(?:angst|ängst)",
        r"furcht|fürcht",
        r"\bwut\b|wütend",
        r"\bärger",
        r"trauer|traurig",
        r"\bfreud",
        r"glücklich",
        r"\bscham|schäm",
        r"\bschuld",
        r"emotion",
        r"signifikan",
        r"p-wert",
        r"rangfolge|rangliste|\brang\b",
        r"synchron",
        r"diagnos|befund",
        r"erregt|erregung",
    ),
    "hu": (
        r"stressz",
        r"szorong",
        r"félel|féle?nk",
        r"\bdüh|harag",
        r"szomor",
        r"boldog",
        r"\böröm",
        r"szégyen",
        r"bűntud",
        r"érzelm|emóci",
        r"szignifik",
        r"p-érték",
        r"rangsor|ranglist",
        r"szinkron",
        r"diagn|lelet",
        r"izgat",
    ),
}
ANYWHERE = (r"\bP\d\d\b", r"\bp ?[=<>] ?[.,0]")


@pytest.mark.parametrize("language", sorted(BANNED))
def test_no_banned_word_and_no_pseudonym_stands_on_the_page(pages, language):
    page = pages[language]
    hovers = str([t.get("hovertemplate") for f in figures_of(page).values() for t in f["data"]])
    for pattern in (*BANNED[language], *ANYWHERE):
        for text in (text_of(page), hovers):
            found = re.search(pattern, text, re.IGNORECASE)
            assert found is None, text[max(0, found.start() - 60) : found.end() + 20]


@pytest.mark.parametrize("language", sorted(BANNED))
def test_no_banned_word_stands_in_the_whole_catalogue(language):
    for key, text in load_messages(language).texts.items():
        for pattern in BANNED[language]:
            assert not re.search(pattern, text, re.IGNORECASE), (key, text)


@pytest.mark.parametrize(
    ("language", "title", "phase", "number", "intervention"),
    [
        ("de", "Wie aktiviert war die Gruppe", "Fallvorstellung", "+1,2", "Schützt die"),
        ("hu", "Mennyire volt aktivált a csoport", "Esetbemutatás", "+1,2", "Védi az esethozót"),
    ],
)
def test_words_numbers_and_names_of_phases_are_of_the_language(
    pages, language, title, phase, number, intervention
):
    page = pages[language]
    text = text_of(page)
    assert f'<html lang="{language}">' in page
    for words in (title, phase, number, intervention):
        assert words in text
    for english in ("Presentation", "Discussion", "Protects", "quiet start", "presenter"):
        assert english not in text
    layout = figures_of(page)["curve"]["layout"]
    assert layout["separators"].startswith(",")
    assert phase in str(layout["meta"]["labels"])


@pytest.mark.parametrize("language", sorted(BANNED))
def test_every_language_has_the_same_sections_and_figures(pages, language):
    ids = re.compile(r'<section id="(\w+)"')
    assert ids.findall(pages[language]) == ids.findall(pages["released"])
    assert figures_of(pages[language]).keys() == figures_of(pages["released"]).keys()
    assert len(pages[language].encode()) <= 2_300_000


def test_the_study_chooses_the_language_and_a_reader_another():
    result = synthetic.in_study(synthetic.session_result(4, purpose="group_view"), "hu")
    own = render_report(result, Audience.LEADER, now=synthetic.NOW)
    asked = render_report(result, Audience.LEADER, now=synthetic.NOW, language="de")
    assert '<html lang="hu">' in own
    assert '<html lang="de">' in asked


def test_a_phase_too_short_for_a_window_is_nobodys_missing_data():
    result = synthetic.session_result(purpose="group_view")
    closing = result.phases["phase"] == "closing"
    result.phases.loc[closing, ["value", "low", "high"]] = float("nan")
    result.phases.loc[closing, "reason"] = "too short: without its edge it holds no window"
    text = text_of(render_report(result, Audience.LEADER, now=synthetic.NOW))
    assert "too short for a number" in text
    assert "Too short for numbers: 7 Closing." in text
    assert "nobody had enough usable data" not in text


ENGLISH = re.compile(
    r"\b(?:the|of|and|with|were|this|that|from|have|has|cannot|only|their|been|nobody|people)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("language", sorted(BANNED))
def test_no_english_sentence_reaches_a_leaders_or_a_persons_page(pages, language):
    few = synthetic.session_result(4, purpose="group_view")
    few.phases["reason"] = "a reason of a later version, which the catalogue does not know"
    mine = synthetic.session_result(purpose="own_view")
    told = {
        "released": pages[language],
        "few": render_report(few, Audience.LEADER, now=synthetic.NOW, language=language),
        "own": render_report(
            mine, Audience.PERSON, now=synthetic.NOW, person="P06", language=language
        ),
    }
    for name, page in told.items():
        # Left as they are: the title of a paper, names of settings.
        text = re.sub(r"Farkas, Csukly.*?\d\d-\d\d|<code>.*?</code>", "", text_of(page))
        found = ENGLISH.search(text)
        assert found is None, (name, text[max(0, found.start() - 80) : found.end() + 40])


def test_the_phase_that_changes_are_counted_from_is_not_held_against_itself():
    for purpose, who in (("group_view", ""), ("own_view", "P06")):
        result = synthetic.session_result(purpose=purpose)
        result.phases["baseline"] = "opening"
        audience = Audience.PERSON if who else Audience.LEADER
        text = text_of(render_report(result, audience, now=synthetic.NOW, person=who))
        row = text[text.index("2 Opening 7 ") :]
        assert row.startswith("2 Opening 7 changes are counted from here"), row[:60]


@pytest.mark.parametrize(
    ("language", "start", "claimed"),
    [
        ("en", "the usual level of this session", "(?:above|below|from) (?:the|your) quiet start"),
        ("de", "dem in dieser Sitzung Üblichen", "(?:über|unter|gegenüber) (?:dem|Ihrem) ruhigen"),
        (
            "hu",
            "az ezen az ülésen szokásos szint",
            "nyugalmi kezdete? (?:felett|alatt)|nyugalmi kezdeté?hez képest",
        ),
    ],
)
def test_without_a_quiet_start_no_number_claims_to_be_counted_from_one(language, start, claimed):
    result = synthetic.session_result(purpose="group_view")
    result.phases["baseline"] = "session"
    group = render_report(result, Audience.LEADER, now=synthetic.NOW, language=language)
    mine = synthetic.session_result(purpose="own_view")
    mine.phases["baseline"] = "session"
    own = render_report(mine, Audience.PERSON, now=synthetic.NOW, person="P06", language=language)
    assert start in text_of(group)
    for page in (group, own):
        found = re.search(claimed, text_of(page))
        assert found is None, found
        axis = figures_of(page)["phases"]["layout"]["xaxis"]["title"]["text"]
        assert axis == load_messages(language)("figure.phase_axis_narrow")
