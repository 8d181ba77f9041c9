"""A person at the live page, real streams, a real recorder: the whole session by keyboard.

The short one has six wearers and lasts as long as it takes; ``-m soak`` runs twelve wearers for
three minutes at real speed and opens the report.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import time

import pytest

from arousal.ingest import load
from arousal.ingest.journal import read_journal
from arousal.phase_align import read_corrections
from arousal.session import load_session
from tests.live_rig import VICTIM, Study, live, replay, wait_until, wearables

pytestmark = [pytest.mark.browser, pytest.mark.lsl]

LOST = "This page has lost its server"


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    return wearables(tmp_path_factory.mktemp("six"), people=6, seconds=300.0)


@pytest.fixture
def study(tmp_path, request):
    made = Study(tmp_path / "study", people=getattr(request, "param", 6))
    yield made
    made.end_desk()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def press(page, *keys: str) -> str:
    """Press keys one after the other; return the id of the mark once it is confirmed on disk."""
    before = page.evaluate("document.body.dataset.marked ?? ''")
    for key in keys:
        page.keyboard.press(key)
    # By a selector: a condition in words would need eval, which the page's policy forbids.
    page.wait_for_selector(f"body[data-marked]:not([data-marked='{before}'])", timeout=20_000)
    return str(page.evaluate("document.body.dataset.marked")).split()[0]


def begin(page) -> None:
    page.wait_for_selector("#start:not([disabled])", timeout=60_000)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".phases", timeout=20_000)


@contextlib.contextmanager
def drive(new_page, lsl, study, folders, seconds: float = 0.0):
    """Run a session; returns the open page (stopped) and the ids of its marks."""
    port = str(free_port())
    group, strap = folders
    options = ("--session", "s1", "--port", port)
    with replay(lsl, group), replay(lsl, strap) as victim:
        with live(lsl, study.root, *options) as server:
            watched = new_page(width=1280, height=800)
            page = watched.open(server.first_line())
            begin(page)
            ids = [press(page, "1"), press(page, "p", "d"), press(page, "4")]
            ids += [press(page, "ArrowLeft"), press(page, "i", "2"), press(page, "x", "4", "0")]
            ids += [press(page, "r", "e", "7"), press(page, "s"), press(page, "s")]
            ids += [press(page, "5"), press(page, "Control+z")]
            watched.assert_quiet()
            assert watched.accessibility_violations() == []
            assert page.evaluate("document.documentElement.scrollWidth") <= 1280
            assert not page.locator(".tile .curve").count()
            time.sleep(seconds)
            victim.process.kill()
            page.wait_for_selector("[role=alert] >> text=P04", timeout=15_000)
            assert "Good" not in page.locator("article[aria-label=P04]").inner_text()
        # The server was killed with -9: the recording goes on, and says so in its journal.
        page.wait_for_selector(f"text={LOST}", timeout=15_000)
        assert "The recording goes on" in page.locator("[role=alert]").first.inner_text()
        marks = study.state()["log"]
        assert study.state()["stage"] == "during"
        with live(lsl, study.root, *options) as server:
            server.first_line()
            page.wait_for_selector(f"text={LOST}", state="detached", timeout=30_000)
            assert len(study.state()["log"]) == len(marks)
            ids.append(press(page, "6"))
            page.keyboard.press("q")
            page.keyboard.press("y")
            page.wait_for_selector("text=Nothing was lost", timeout=30_000)
            yield watched, page, ids


@pytest.mark.slow
@pytest.mark.timeout(150, method="thread")
def test_a_whole_session_by_keyboard_with_a_strap_lost_and_the_server_killed(
    new_page, lsl, study, six
):
    with drive(new_page, lsl, study, six) as (watched, page, ids):
        page.wait_for_selector("text=Put the marks right", timeout=30_000)
        page.get_by_role("button", name="Presentation -5 s").click()
        page.wait_for_selector("text=1 correction in timeline.tsv", timeout=20_000)
        assert watched.accessibility_violations() == []
    # The server has ended with the session: the page does not say that anything goes on.
    page.wait_for_selector(f"text={LOST}", timeout=15_000)
    assert "Nothing is being recorded" in page.locator("[role=alert]").first.inner_text()
    (row,) = read_corrections(study.session / "timeline.tsv")
    assert row.mark == ids[2]
    recording = load(study.session)
    assert [event.id for event in recording.events][:-1] == ids
    assert recording.events[-1].label.startswith("end")
    entries, damaged = read_journal(study.session / "journal.jsonl")
    assert damaged == 0
    assert [e.fields["text"] for e in entries if e.type == "mark"] == [
        e.label for e in recording.events
    ]
    stop = entries[-1]
    assert stop.type == "stop"
    assert stop.fields["complete"]
    assert all(received == kept > 0 for _, received, kept in stop.fields["streams"])
    lost = [e for e in entries if e.type == "stream-lost"]
    found = {e.fields["stream"]: e.fields["name"] for e in entries if e.type == "stream-found"}
    assert [found[e.fields["stream"]] for e in lost] == [VICTIM]


@pytest.mark.soak
@pytest.mark.parametrize("study", [12], indirect=True)
@pytest.mark.timeout(600, method="thread")
def test_three_minutes_with_twelve_wearers_end_in_a_report(new_page, lsl, study, tmp_path):
    folders = wearables(tmp_path / "twelve", people=12)
    with drive(new_page, lsl, study, folders, seconds=180.0) as (_, page, _):
        page.get_by_role("button", name="Make the researcher's report").click()
        link = page.wait_for_selector("#report", timeout=200_000)
        with page.context.expect_page() as opened:
            link.click()
        report = opened.value
        report.wait_for_selector("html[data-ready=yes]", timeout=60_000)
        assert re.search("researcher", report.locator("body").inner_text(), re.IGNORECASE)


@pytest.mark.timeout(90, method="thread")
def test_before_the_session_people_are_entered_and_nobody_unready_is_passed_over(
    new_page, lsl, tmp_path
):
    root = tmp_path / "new-study"
    with live(lsl, root, "--session", "s1", "--port", str(free_port())) as server:
        empty = Study.__new__(Study)
        empty.root, empty.session = root, root / "sessions" / "s1"
        try:
            watched = new_page(width=1280, height=800, color_scheme="dark")
            page = watched.open(server.first_line())
            page.wait_for_selector("text=nobody is entered yet", timeout=30_000)
            for name in ("P01", "P02"):
                page.get_by_label("pseudonym of a further person").fill(name)
                page.get_by_role("button", name="Add person").click()
                page.wait_for_selector(f"tbody th >> text={name}")
            # Quicker than the page hears of the one before: none of them may be lost.
            for box in ("P01 agreed: record", "P02 agreed: record", "P01 agreed: research"):
                page.get_by_label(box).click()
            assert page.locator("#start").is_disabled()
            page.get_by_label("go on without data from P01").check()
            assert page.locator("#start").is_disabled()
            page.get_by_label("go on without data from P02").check()
            page.wait_for_selector("#start:not([disabled])")

            def agreed(person: str) -> list[str]:
                given = load_session(empty.session / "session.toml").consent.get(person)
                return sorted(given.model_dump(exclude_none=True)) if given else []

            wait_until(lambda: agreed("P01") == ["record", "research"])
            wait_until(lambda: agreed("P02") == ["record"])
            watched.assert_quiet()
            assert watched.accessibility_violations() == []
            page.get_by_label("P02 agreed: research").focus()
            begin(page)  # by key, from within a tick box
        finally:
            empty.end_desk()


@pytest.mark.timeout(120, method="thread")
def test_a_killed_recorder_is_said_at_once_and_comes_back_by_itself(new_page, lsl, study):
    with live(lsl, study.root, "--session", "s1", "--port", str(free_port())) as server:
        watched = new_page(width=1280, height=800)
        page = watched.open(server.first_line())
        for person in study.people:
            page.get_by_label(f"go on without data from {person}").check()
        begin(page)
        press(page, "1")
        desk = int(json.loads((study.session / ".desk.json").read_text())["pid"])
        os.kill(desk, signal.SIGKILL)
        page.wait_for_selector("[role=alert] >> text=The recorder is gone", timeout=10_000)
        page.wait_for_selector("[role=alert] >> text=s are missing", timeout=60_000)
        assert page.locator(".phase[aria-pressed=true]").inner_text().strip().endswith("Baseline")
        assert page.locator(".log li").count() == 1
        press(page, "2")
        assert watched.accessibility_violations() == []
        page.keyboard.press("q")
        page.keyboard.press("y")
        page.wait_for_selector("text=The recorder was killed once", timeout=30_000)
    assert (study.session / "recording-2.xdf").exists()


@pytest.mark.timeout(120, method="thread")
@pytest.mark.parametrize("study", [2], indirect=True)
def test_what_the_recorder_finds_and_refuses_is_said_in_the_pages_language(new_page, lsl, study):
    options = ("--session", "s1", "--port", str(free_port()), "--language", "de")
    with live(lsl, study.root, *options) as server:
        page = new_page(width=1280, height=800).open(server.first_line())
        page.get_by_label("ohne Daten von P01").check()
        page.get_by_label("ohne Daten von P02").check()
        begin(page)
        page.wait_for_selector("[role=alert] >> text=P01: Nicht gefunden", timeout=10_000)
        tile = page.locator("article[aria-label=P01]").inner_text()
        assert "kein Strom namens 'strap-P01-ecg'" in tile
        assert "angelegt und eingeschaltet?" in page.locator("#alarms").inner_text()
        page.keyboard.press("u")  # refused: there is none
        page.wait_for_selector(
            "#said >> text=es gibt keine Marke, die zurückzunehmen", timeout=10_000
        )


CUT_OFF = """(names) => names.flatMap((name) => [...document.querySelectorAll(name)])
  .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => `${e.className} ${e.textContent}`)"""


@pytest.mark.timeout(180, method="thread")
@pytest.mark.parametrize("study", [12], indirect=True)
def test_on_a_tablet_nothing_is_cut_off_and_no_panel_lies_over_another(new_page, lsl, study):
    screens = ((1280, 800), (1024, 768), (768, 1024))
    with live(lsl, study.root, "--session", "s1", "--port", str(free_port())) as server:
        watched = new_page(width=1280, height=800)
        page = watched.open(server.first_line())
        page.wait_for_selector("tbody tr:nth-child(12)", timeout=30_000)
        for width, height in screens:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(CUT_OFF, ["html", ".page", ".panel", "th", ".fact"]) == []
        for person in study.people:
            page.get_by_label(f"go on without data from {person}").check()
        begin(page)
        press(page, "p", "d")
        press(page, "i", "2")
        press(page, "4")
        for width, height in screens:
            page.set_viewport_size({"width": width, "height": height})
            cut = [
                ".phase",
                ".phase b",
                ".phase small",
                ".doing button",
                ".log li",
                ".fact",
                "html",
            ]
            assert page.evaluate(CUT_OFF, cut) == [], width
            # All twelve at once, without a scroll, on any of them but for a small rest.
            last = page.locator("article[aria-label=P12]").bounding_box()
            assert last["y"] + last["height"] <= height + 5, width
        page.keyboard.press("q")
        page.keyboard.press("y")
        page.wait_for_selector("text=Put the marks right", timeout=60_000)
        for width, height in screens:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(CUT_OFF, ["html", ".page", ".panel", ".go"]) == [], width
