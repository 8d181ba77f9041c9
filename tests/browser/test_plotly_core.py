"""The packed part of plotly.js draws, to the last letter, what the whole of it draws."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import pytest

from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.study.exploration import explore_study
from dashboards.plotly_bundle import csp_hash, packed, plotly_bundle
from dashboards.results import render_results
from dashboards.study import render_study
from tests.dashboards.rendered import rendered_pages
from tests.dashboards.study_synthetic import NOW, overview
from tests.dashboards.test_results_page import study_test
from tests.study.test_exploration import reading

pytestmark = pytest.mark.browser

PHONE = 400
SETTLED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# plotly.js names clip paths and traces by chance.
DRAWN = """
Object.fromEntries([...document.querySelectorAll("[data-figure]")].map((box) => {
  const chance = [box._fullLayout._uid, ...box._fullData.map((trace) => trace.uid)];
  const svg = [...box.querySelectorAll("svg")].map((one) => one.outerHTML).join("");
  return [box.dataset.figure, chance.reduce((text, id, at) => text.replaceAll(id, `id${at}`), svg)];
}))
"""
TYPES = """
[...document.querySelectorAll("[data-figure]")].flatMap((box) =>
  box._fullData.map((trace, at) => [box.data[at].type, trace.type]))
"""


def explored():
    file = load_hypothesis("farkas2024")
    found = explore_study([reading(i) for i in range(8)], file.hypothesis)
    return render_results(replace(study_test(), exploration=found), NOW)


PAGES = {
    "leader": lambda: rendered_pages()["released"],
    "person": lambda: rendered_pages()["own"],
    "researcher": lambda: rendered_pages()["researcher"],
    "study": lambda: render_study(overview(), NOW),
    "results": explored,
}


def with_all_of_plotly(page):
    part = plotly_bundle()
    text = files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    for mine, other in ((part.packed, packed(text)), (part.csp_hash, csp_hash(text))):
        assert page.count(mine) == 1
        page = page.replace(mine, other)
    return page


def drawn(watched, path, **look):
    """Every figure's drawing: on the screen, in the dark, on paper; and the traces' types."""
    page = watched.open(path)
    page.wait_for_selector("html[data-ready=yes]", timeout=75_000)
    looks = [page.evaluate(DRAWN)]
    page.emulate_media(color_scheme="dark")
    page.evaluate(SETTLED)
    looks.append(page.evaluate(DRAWN))
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.evaluate(SETTLED)
    looks.append(page.evaluate(DRAWN))
    return looks, page.evaluate(TYPES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_drawn_the_same_with_the_part_and_with_the_whole(new_page, tmp_path, name):
    text = PAGES[name]()
    (tmp_path / "part.html").write_text(text, encoding="utf-8")
    (tmp_path / "whole.html").write_text(with_all_of_plotly(text), encoding="utf-8")
    watched = new_page(color_scheme="light")
    part, types = drawn(watched, tmp_path / "part.html")
    watched.assert_quiet()
    whole, _ = drawn(new_page(color_scheme="light"), tmp_path / "whole.html")
    assert len(part[0]) >= 2
    for mine, other in zip(part, whole, strict=True):
        assert mine.keys() == other.keys()
        for figure, svg in mine.items():
            assert "<path" in svg
            assert svg == other[figure], figure
    assert part[0] != part[1] != part[2]
    assert types
    assert all(asked == given for asked, given in types)
    assert ("heatmap" in {given for _, given in types}) == (name == "results")
