"""The page of a study in a real browser: it draws, keeps still and fits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dashboards.results import render_results
from tests.dashboards.test_results_page import study_test

pytestmark = pytest.mark.browser

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_the_results_page_draws_silently_fits_and_satisfies_axe(new_page, tmp_path, width, scheme):
    path = tmp_path / "results.html"
    path.write_text(render_results(study_test(), NOW), encoding="utf-8")
    watched = new_page(width=width, color_scheme=scheme)
    page = watched.open(path)
    page.wait_for_selector("html[data-ready=yes]", timeout=30_000)
    watched.assert_quiet()
    assert page.locator("#figure-forest path.point").count() == len(
        study_test().results.query("p == p")
    )
    assert page.locator("#figure-curve-0 path.js-line").count() >= 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert watched.accessibility_violations() == []
