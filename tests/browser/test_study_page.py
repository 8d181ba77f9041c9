"""The study page in a real browser: it draws, filters, gives its data away, and can be operated."""

from __future__ import annotations

import csv
import re
from dataclasses import replace

import pytest

from dashboards.study import render_study
from tests.dashboards.study_synthetic import NOW, overview

pytestmark = pytest.mark.browser

WIDE, PHONE = 1280, 400
NUMBERS = "[...document.querySelectorAll('#phase-numbers tr')].map((row) => row.textContent)"
FIGURES = ("curves", "roles", "forest", "course")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "study.html"
    path.write_text(render_study(overview(), NOW), encoding="utf-8")
    return path


def opened(new_page, path, **options):
    watched = new_page(**options)
    page = watched.open(path)
    page.wait_for_selector("html[data-ready=yes]", timeout=60_000)
    return watched, page


def given(page, name):
    with page.expect_download() as download:
        page.locator(f'[data-download="{name}"]').click()
    assert download.value.suggested_filename == f"{name}.csv"
    with open(download.value.path(), newline="", encoding="utf-8") as file:  # noqa: PTH123
        return list(csv.DictReader(file))


def test_a_tag_in_a_name_stays_text(new_page, tmp_path):
    study = overview()
    hostile = "<a href='https://example.org'>G</a>"
    sessions = tuple(replace(s, group=hostile, protocol=hostile) for s in study.sessions)
    path = tmp_path / "hostile.html"
    path.write_text(render_study(replace(study, sessions=sessions), NOW), encoding="utf-8")
    watched, page = opened(new_page, path)
    shown = "document.getElementById('figure-course')._fullData[1].customdata.join('')"
    assert "&lt;a href" in page.evaluate(shown)
    assert page.locator("#filter-group option").all_inner_texts() == ["all", f"{hostile} (14)"]
    assert page.locator("main a").count() == 1  # our own
    watched.assert_quiet()


def choose(page, name, value):
    page.locator(f"#filter-{name}").select_option(value)


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light")])
def test_it_draws_silently_asks_for_nothing_fits_and_satisfies_axe(new_page, saved, width, scheme):
    watched, page = opened(new_page, saved, width=width, color_scheme=scheme)
    watched.assert_quiet()
    for name in FIGURES:
        assert page.locator(f"#figure-{name}").locator("path.js-line, path.point").count() > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert watched.accessibility_violations() == []
    page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_pages_script_counts_what_stood_there_before_it_ran(new_page, saved):
    _, page = opened(new_page, saved)
    without = new_page(java_script_enabled=False).open(saved)
    rows = without.locator("#phase-numbers tr")
    before = [rows.nth(k).inner_text().split() for k in range(rows.count())]
    after = page.locator("#phase-numbers tr")
    assert len(before) == 7
    assert [after.nth(k).inner_text().split() for k in range(after.count())] == before
    assert without.locator("[data-script]:visible").count() == 0


def test_filters_choose_sessions_for_matrix_figures_and_numbers(new_page, saved):
    watched, page = opened(new_page, saved)
    everything = page.evaluate(NUMBERS)
    choose(page, "protocol", "balint-90-two-cases")
    assert page.locator("#matrix tbody tr:visible").count() == 4
    assert page.locator("#shown").inner_text() == "Shown: 4 sessions of 14"
    assert "n 8" in page.evaluate(NUMBERS)[2]
    assert "4 sessions, 8 case blocks" in page.locator("#told-curves").inner_text()
    choose(page, "group", "G1")
    assert page.locator("#shown").inner_text() == "Shown: 0 sessions of 14"
    assert "nobody here has a value" in page.locator("#told-curves").inner_text()
    page.get_by_role("button", name="Show all").click()
    assert page.evaluate(NUMBERS) == everything
    assert page.locator("#matrix tbody tr:visible").count() == 14
    watched.assert_quiet()


def test_few_case_blocks_lose_their_intervals(new_page, saved):
    _, page = opened(new_page, saved)
    choose(page, "group", "G1")
    assert "n 3" in page.evaluate(NUMBERS)[2]
    assert "[" not in page.evaluate(NUMBERS)[2]
    assert "Fewer than 6 case blocks" in page.locator("#told-curves").inner_text()
    assert page.locator("#figure-curves path.js-fill").count() == 0


def test_role_and_measure_redraw_the_curves_and_their_words(new_page, saved):
    _, page = opened(new_page, saved)
    assert "Heart rate, members" in page.locator("#figure-curves").get_attribute("aria-label")
    assert "9" not in page.evaluate(NUMBERS)[0]
    choose(page, "role", "presenter")
    assert "Heart rate, presenter" in page.locator("#figure-curves").get_attribute("aria-label")
    assert page.locator("#figure-curves .xtick").count() == 3
    choose(page, "measure", "ln_rmssd")
    assert "ln ms" in page.evaluate(NUMBERS)[2]
    turned = "document.getElementById('figure-curves')._fullLayout.yaxis.range"
    low, high = page.evaluate(turned)
    assert low > high  # up is always more aroused


def test_the_course_follows_its_contrast(new_page, saved):
    _, page = opened(new_page, saved)
    first = page.locator("#slope").inner_text()
    assert re.search(r"per meeting \[.*11 case blocks.*Exploratory", first)
    page.locator("#filter-contrast").select_option(index=4)
    assert page.locator("#slope").inner_text() != first
    assert "11 case blocks of 3 groups" in page.locator("#told-course").inner_text()


def test_every_figure_gives_its_data_away_without_a_network(new_page, saved):
    watched, page = opened(new_page, saved)
    page.context.set_offline(True)
    curves = given(page, "curves")
    lines = [r for r in curves if r["line"] == "session" and r["phase"] == "discussion"]
    assert len({(r["session"], r["case_block"]) for r in lines}) == 15
    assert len(lines) == 15 * 12
    mean = [r for r in curves if r["line"] == "mean" and r["phase"] == "discussion"]
    assert {r["n"] for r in mean} == {"15"}
    assert all(float(r["low"]) < float(r["change"]) < float(r["high"]) for r in mean)
    roles = given(page, "roles")
    differences = [float(r["difference"]) for r in roles if r["phase"] == "presentation"]
    assert differences == pytest.approx([7.0] * 16, abs=0.02)
    assert len(given(page, "quality")) == 11 * 4 + 3
    assert {r["verdict"] for r in given(page, "forest")} >= {"supported", "cannot tell"}
    assert {r["covariate"] for r in given(page, "slopes")} == {"meeting"}
    assert len(given(page, "course")) == 11
    choose(page, "group", "G2")
    assert {r["group"] for r in given(page, "quality")} == {"G2"}
    watched.assert_quiet()


def test_the_matrix_is_one_stop_for_tab_and_tells_why_by_arrows_and_click(new_page, saved):
    _, page = opened(new_page, saved)
    page.locator("#reset").focus()
    page.keyboard.press("Tab")
    focused = "document.activeElement.dataset.measure"
    assert page.evaluate(focused) == "heart_rate"
    assert page.locator("#why").inner_text().startswith("s0, Heart rate: 95 % of the windows")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "scr_rate"
    page.keyboard.press("ArrowDown")
    assert "s1, Skin responses: 45 %" in page.locator("#why").inner_text()
    assert "(1 person: P12)" in page.locator("#why").inner_text()
    page.keyboard.press("End")
    assert page.evaluate(focused) == "ln_rmssd"
    page.locator('tr[data-session="s5"] td[data-measure="ln_scl"]').click()
    assert page.locator("#why").inner_text().startswith("s5, Skin level:")
    assert page.locator('#matrix td[tabindex="0"]').count() == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.download") == "quality"


def test_filters_are_reached_and_used_by_keyboard(new_page, saved):
    _, page = opened(new_page, saved)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "filter-protocol"
    page.keyboard.press("ArrowDown")
    assert "balint-60" in page.locator("#filter-protocol").input_value()
    assert page.locator("#matrix tbody tr:visible").count() == 10


def test_two_hundred_sessions_are_drawn(new_page, tmp_path):
    path = tmp_path / "large.html"
    path.write_text(render_study(overview(200, groups=20), NOW), encoding="utf-8")
    watched, page = opened(new_page, path)
    watched.assert_quiet()
    assert page.locator("#matrix tbody tr").count() == 200
    choose(page, "measure", "scr_rate")
    assert page.locator("#figure-curves path.js-line").count() > 0


def test_on_paper_all_rows_are_there_and_no_controls(new_page, saved):
    _, page = opened(new_page, saved)
    page.emulate_media(media="print")
    assert page.locator(".filters:visible, .download:visible").count() == 0
    hidden = "(box) => box.scrollHeight - box.clientHeight"
    assert page.locator(".tall").evaluate(hidden) <= 1
