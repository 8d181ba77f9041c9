"""A watched page tells what left it, and the finder finds what is there."""

from __future__ import annotations

import stat

import pytest

from tests.browser.finder import BrowserMissingError, find_browser
from tests.browser.watched_page import is_inside

PAGE = "<!doctype html><html lang=en><title>t</title><main><h1>t</h1>{}</main></html>"
EMPTY_HOME = {"PATH": "", "HOME": "/nonexistent"}


@pytest.mark.parametrize(
    ("address", "home", "inside"),
    [
        ("file:///a/report.html", "file:///a/report.html", True),
        ("file:///a/report.html#part", "file:///a/report.html", True),
        ("file:///a/other.js", "file:///a/report.html", False),
        ("data:text/css,p{}", "file:///a/report.html", True),
        ("blob:null/1", "file:///a/report.html", True),
        ("https://cdn.example/x.js", "file:///a/report.html", False),
        ("http://127.0.0.1:8000/events", "http://127.0.0.1:8000/", True),
        ("http://127.0.0.1:8001/events", "http://127.0.0.1:8000/", False),
    ],
)
def test_only_the_page_its_inlined_parts_and_its_own_server_are_inside(address, home, inside):
    assert is_inside(address, home) is inside


@pytest.mark.browser
def test_a_quiet_page_is_quiet(new_page, tmp_path):
    path = tmp_path / "quiet.html"
    path.write_text(PAGE.format(""))
    watched = new_page(width=400)
    watched.open(path)
    watched.assert_quiet()
    assert watched.accessibility_violations() == []


@pytest.mark.browser
def test_errors_requests_and_barriers_are_told(new_page, tmp_path):
    path = tmp_path / "loud.html"
    path.write_text(
        PAGE.format("<img src='missing.png'><script>console.error('broken'); nothing()</script>")
    )
    watched = new_page()
    watched.open(path)
    assert any("broken" in error for error in watched.console_errors)
    assert any("nothing is not defined" in error for error in watched.console_errors)
    assert [address.rsplit("/", 1)[1] for address in watched.outside_requests] == ["missing.png"]
    assert [violation["id"] for violation in watched.accessibility_violations()] == ["image-alt"]
    with pytest.raises(AssertionError, match="console errors"):
        watched.assert_quiet()


def test_the_named_browser_comes_first_then_the_path(tmp_path):
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    named = tmp_path / "mine"
    named.write_text("")
    on_path = {**EMPTY_HOME, "PATH": str(tmp_path)}
    assert find_browser(on_path) == program
    assert find_browser({**on_path, "AROUSAL_BROWSER": str(named)}) == named


def test_playwrights_newest_browser_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.browser.finder.SYSTEM_PATHS", ())
    for build in ("chromium-1100", "chromium-1200"):
        program = tmp_path / build / "chrome-linux" / "chrome"
        program.parent.mkdir(parents=True)
        program.write_text("")
    found = find_browser({**EMPTY_HOME, "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)})
    assert found == tmp_path / "chromium-1200" / "chrome-linux" / "chrome"


def test_a_named_browser_that_is_missing_is_an_error():
    with pytest.raises(BrowserMissingError, match="/no/such/browser"):
        find_browser({"AROUSAL_BROWSER": "/no/such/browser"})
