"""The page in a real browser: it draws, keeps still, fits, can be operated and printed."""

from __future__ import annotations

import re

import pytest

from tests.dashboards.rendered import rendered_pages

pytestmark = pytest.mark.browser

WIDE, PHONE = 1280, 400
LINES = "#figure-curve path.js-line"


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    paths = {}
    for name, page in rendered_pages().items():
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(page, encoding="utf-8")
    return paths


def opened(new_page, path, **options):
    watched = new_page(**options)
    page = watched.open(path)
    page.wait_for_selector("html[data-ready=yes]", timeout=75_000)
    return watched, page


def assert_drawn_and_fitting(watched, page, width):
    watched.assert_quiet()
    figures = page.locator("[data-figure]")
    assert figures.count() >= 1
    for k in range(figures.count()):
        assert figures.nth(k).locator("path.js-line, path.point").count() > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    right = "(s) => s.getBoundingClientRect().right"
    widest = f"Math.max(...[...document.querySelectorAll('.plot svg')].map({right}))"
    assert page.evaluate(widest) <= width


def test_the_researchers_page_draws_silently_asks_for_nothing_and_satisfies_axe(new_page, saved):
    watched, page = opened(new_page, saved["researcher"], width=WIDE)
    assert_drawn_and_fitting(watched, page, WIDE)
    assert watched.accessibility_violations() == []
    shown = page.locator(LINES).count()
    page.get_by_role("checkbox", name="each person").focus()
    for key, compare in (("Space", ">"), ("Space", "===")):  # shows single persons, hides them
        page.keyboard.press(key)
        page.wait_for_function(
            f"(n) => document.querySelectorAll('{LINES}').length {compare} n", arg=shown
        )


def test_the_leaders_page_does_so_in_the_dark_and_unfolded_and_prints_on_two_sheets(
    new_page, saved
):
    watched, page = opened(new_page, saved["released"], width=WIDE, color_scheme="dark")
    assert_drawn_and_fitting(watched, page, WIDE)
    page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    assert watched.accessibility_violations() == []
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 2


@pytest.mark.parametrize("language", ["de", "hu"])
def test_in_german_and_hungarian_it_fits_a_phone_satisfies_axe_and_prints_on_two_sheets(
    new_page, saved, language
):
    watched, page = opened(new_page, saved[language], width=PHONE)
    assert_drawn_and_fitting(watched, page, PHONE)
    assert watched.accessibility_violations() == []
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 2


def test_two_cases_with_many_phases_and_interventions_print_on_two_sheets(new_page, saved):
    watched, page = opened(new_page, saved["two"], width=WIDE)
    assert_drawn_and_fitting(watched, page, WIDE)
    switch = "vorstellende Person (Fall 1 durchgezogen, Fall 2 gestrichelt)"
    assert page.get_by_role("checkbox", name=switch).is_checked()
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 2


@pytest.mark.parametrize("name", ["researcher", "small", "own"])
def test_on_a_phone_nothing_scrolls_sideways_but_wide_tables(new_page, saved, name):
    watched, page = opened(new_page, saved[name], width=PHONE)
    assert_drawn_and_fitting(watched, page, PHONE)


def test_bands_carry_names_where_they_fit_and_the_first_key_reaches_the_skip_link(new_page, saved):
    watched, page = opened(new_page, saved["leader"], width=WIDE)
    watched.assert_quiet()
    words = page.locator("#figure-curve").evaluate("(box) => box.textContent")
    for word in ("3 Presentation", "5 Discussion", "calmer ← → more aroused"):
        assert word in words
    assert page.locator("#figure-curve .shapelayer path").count() >= 8
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#summary"


def test_without_markers_the_plain_course_is_drawn(new_page, saved):
    watched, page = opened(new_page, saved["plain"], width=WIDE)
    assert_drawn_and_fitting(watched, page, WIDE)


def test_the_words_are_there_without_scripts(new_page, saved):
    watched = new_page(width=WIDE, java_script_enabled=False)
    page = watched.open(saved["leader"])
    text = page.locator("body").inner_text()
    assert "In one minute" in text
    assert "The tables on this page hold the same numbers." in text
    assert watched.outside_requests == []
