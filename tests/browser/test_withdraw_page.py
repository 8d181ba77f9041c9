"""Somebody withdraws at the live page: by keyboard, with a question, and for good."""

from __future__ import annotations

import json
from datetime import date

import pytest

from arousal.ingest.journal import read_journal
from arousal.ingest.xdf_raw import read_raw
from arousal.session import load_session
from tests.live_rig import Study, live, replay, wait_until, wearables

pytestmark = [pytest.mark.browser, pytest.mark.lsl, pytest.mark.slow]


@pytest.fixture
def study(tmp_path):
    made = Study(tmp_path / "study", people=6)
    yield made
    made.end_desk()


@pytest.mark.timeout(150, method="thread")
def test_w_closes_a_persons_streams_and_the_end_removes_them(new_page, lsl, study, tmp_path):
    group, strap = wearables(tmp_path / "wear", people=6, seconds=300.0)
    journal = study.session / "journal.jsonl"
    with replay(lsl, group), replay(lsl, strap), live(lsl, study.root, "--session", "s1") as server:
        watched = new_page(width=1280, height=800)
        page = watched.open(server.first_line())
        page.wait_for_selector("#start:not([disabled])", timeout=60_000)
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("article[aria-label=P04]", timeout=30_000)
        found = "stream-found"
        wait_until(lambda: sum(e.type == found for e in read_journal(journal)[0]) >= 18, 60)
        page.keyboard.press("w")
        page.keyboard.press("d")  # the fourth seat
        page.wait_for_selector("text=Does P04 withdraw?", timeout=10_000)
        assert watched.accessibility_violations() == []
        page.keyboard.press("n")
        assert page.locator("article[aria-label=P04]").count() == 1
        for pressed in ("w", "d", "y"):
            page.keyboard.press(pressed)
        page.wait_for_selector("article[aria-label=P04]", state="detached", timeout=20_000)
        assert load_session(study.session / "session.toml").withdrawn == ("P04",)
        # The recorder looks at session.toml twice a second.
        wait_until(lambda: "P04" not in json.dumps(study.state()), 10)
        page.keyboard.press("q")
        page.keyboard.press("y")
        page.wait_for_selector("text=Nothing was lost", timeout=60_000)
        page.wait_for_selector("text=who withdrew is removed from the file", timeout=60_000)
        assert "removed:" in page.locator("section[role=status]").text_content()
        assert watched.accessibility_violations() == []
        watched.assert_quiet()
        wait_until(lambda: load_session(study.session / "session.toml").withdrawn == (), 60)
    streams = read_raw(study.session / "recording.xdf").streams
    assert not [s for s in streams if "P04" in s.info.name]
    assert {s.info.name for s in streams} >= {"strap-P03-ecg", "skin-P03-eda"}
    for path in (p for p in study.root.rglob("*") if p.is_file()):
        assert b"P04" not in path.read_bytes(), path.name
    assert (study.root / "withdrawals.tsv").read_text().split() == [
        "date",
        "sessions",
        date.today().isoformat(),  # noqa: DTZ011 - the day on the wall
        "1",
    ]
