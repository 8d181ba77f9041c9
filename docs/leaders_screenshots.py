"""Make the pictures of leaders.md from the sample session: ``python docs/leaders_screenshots.py``.

Needs the development environment (Playwright and a Chromium, as the browser tests do).
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
IMAGES = Path(__file__).resolve().parent / "images"
SHOTS = {
    "leaders-top": ("en", 1180, "light", 1240),
    "leaders-phone-de": ("de", 400, "dark", 1500),
    "leaders-top-hu": ("hu", 1180, "light", 1240),
}
"""Name -> language, width, colours, height."""


def main() -> int:
    """Render the leader's page of the sample in each language and photograph it."""
    sys.path.insert(0, str(REPOSITORY))
    from playwright.sync_api import sync_playwright

    from arousal.consent import Audience
    from arousal.pipeline import analyse
    from dashboards.report import render_report
    from tests.browser.finder import find_browser
    from tests.browser.watched_page import CHROMIUM_FLAGS

    result = analyse(REPOSITORY / "recordings" / "sample", purpose="group_view")
    now = datetime(2026, 3, 20, 12, tzinfo=UTC)
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=list(CHROMIUM_FLAGS), headless=True
        )
        for name, (language, width, colours, height) in SHOTS.items():
            path = Path(made) / f"{name}.html"
            page_text = render_report(result, Audience.LEADER, now=now, language=language)
            path.write_text(page_text, encoding="utf-8")
            page = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme=colours
            )
            page.goto(path.as_uri())
            page.wait_for_selector("html[data-ready=yes]", timeout=60_000)
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
