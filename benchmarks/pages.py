"""How large the pages are and how quickly they open: leader, person, researcher, study.

``python3 tasks.py bench pages [--rounds 7]``. Pages of the sample session and of a study of made
sessions are opened in a headless Chromium in turns, each time in a new context, at 1280 px.
*Words*: from the navigation to the first paint (the text can be read). *Figures*: to the moment
when every figure is drawn. *CPU*: processor time of the page's own process until then, which other
programs on the machine disturb least. Needs a browser (`tests/browser/install.py`).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from arousal.consent import Audience  # noqa: E402
from arousal.pipeline import measure, open_session  # noqa: E402
from dashboards.report import render_report  # noqa: E402
from dashboards.study import render_study  # noqa: E402
from tests.browser.finder import find_browser  # noqa: E402
from tests.browser.watched_page import CHROMIUM_FLAGS  # noqa: E402
from tests.dashboards.study_synthetic import overview  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NOW = datetime(2026, 12, 1, tzinfo=UTC)
GOAL_MS = 1000
READY = """
new MutationObserver((_, watching) => {
  if (document.documentElement?.dataset.ready !== "yes") return;
  window.readyAt = performance.now();
  watching.disconnect();
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-ready"] });
"""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"


def pages(folder: Path) -> dict[str, Path]:
    """Write the pages; return their paths by name."""
    measured = measure(open_session(ROOT / "recordings" / "sample"))
    texts = {
        str(audience): render_report(
            measured.result(audience.purpose), audience, now=NOW, person=person
        )
        for audience, person in (
            (Audience.LEADER, ""),
            (Audience.PERSON, "P04"),
            (Audience.RESEARCHER, ""),
        )
    }
    for sessions in (14, 50):
        made = overview(sessions)  # type: ignore[no-untyped-call]
        texts[f"study of {sessions}"] = render_study(made, NOW)
    paths = {}
    for name, text in texts.items():
        paths[name] = folder / f"{name.replace(' ', '-')}.html"
        paths[name].write_text(text, encoding="utf-8")
    return paths


def opened(browser: Browser, path: Path) -> tuple[float, float, float]:
    """Open a page once; return ms to the words, ms to the last figure, CPU ms of its process."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        context.add_init_script(READY)
        page = context.new_page()
        counting = context.new_cdp_session(page)
        counting.send("Performance.enable")
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready=yes]", timeout=120_000)  # the policy bans eval
        told = counting.send("Performance.getMetrics")["metrics"]
        busy = next(m["value"] for m in told if m["name"] == "ProcessTime")
        return float(page.evaluate(PAINTED)), float(page.evaluate("readyAt")), 1000 * busy
    finally:
        context.close()


def main() -> int:
    """Open every page in turns and print the medians."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        paths = pages(Path(made))
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=list(CHROMIUM_FLAGS), headless=True
        )
        for path in paths.values():
            opened(browser, path)  # a first look is not counted
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in paths}
        for _ in range(rounds):
            for name, path in paths.items():
                found[name].append(opened(browser, path))
        print(f"{'page':14} {'MB':>6} {'words ms':>9} {'figures ms':>11} {'best':>6} {'CPU ms':>7}")
        for name, times in found.items():
            words, drawn, busy = (statistics.median(column) for column in zip(*times, strict=True))
            best = min(at for _, at, _ in times)
            size = paths[name].stat().st_size / 1e6
            print(f"{name:14} {size:6.2f} {words:9.0f} {drawn:11.0f} {best:6.0f} {busy:7.0f}")
        browser.close()
    print(f"{browser.version}; medians of {rounds} rounds; goal: figures below {GOAL_MS} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
