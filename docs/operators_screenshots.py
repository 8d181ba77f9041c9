"""Make the pictures of operators.md: ``python docs/operators_screenshots.py``.

A session of twelve simulated wearables is driven in a headless Chromium: before, all well, a strap
lost, disk nearly full, after. ``--all FOLDER`` keeps each of them there instead, on a laptop
(1280x800) and a tablet held either way, in light and dark. Needs the development environment, and
for the full disk the right to mount one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
IMAGES = Path(__file__).resolve().parent / "images"
sys.path.insert(0, str(REPOSITORY))

from tests import lsl_isolation  # noqa: E402
from tests.browser.finder import find_browser  # noqa: E402
from tests.browser.watched_page import CHROMIUM_FLAGS  # noqa: E402
from tests.ingest.small_disk import mounted  # noqa: E402
from tests.live_rig import Process, Study, live, replay, wearables  # noqa: E402

LAPTOP = (1280, 800)
TABLETS = {"tablet": (1024, 768), "upright": (820, 1180)}
THEMES = ("light", "dark")
Keep = Callable[[Any, str], None]


def keep_one(page: Any, name: str) -> None:
    """Keep the handbook's picture of a station."""
    page.wait_for_timeout(1500)
    page.mouse.move(640, 790)  # away from every button
    page.screenshot(path=IMAGES / f"operators-{name}.png")


def keep_all(folder: Path) -> Keep:
    """Return what keeps a station on every screen, in light and dark."""

    def keep(page: Any, name: str) -> None:
        page.wait_for_timeout(1500)
        for screen, (width, height) in {"laptop": LAPTOP, **TABLETS}.items():
            page.set_viewport_size({"width": width, "height": height})
            for theme in THEMES:
                while page.evaluate("document.documentElement.dataset.theme") != theme:
                    page.click("#theme")
                page.mouse.move(width / 2, height - 10)
                page.wait_for_timeout(700)
                page.screenshot(path=folder / f"{name}-{screen}-{theme}.png")
        page.click("#theme")
        page.set_viewport_size({"width": LAPTOP[0], "height": LAPTOP[1]})

    return keep


@contextmanager
def session(browser: Any, folder: Path, worn: tuple[Path, Path]) -> Iterator[tuple[Any, Process]]:
    """Open the page of a fresh study in ``folder``; yields it and the strap that can be lost."""
    isolation = lsl_isolation.prepare()
    group, strap = worn
    study = Study(folder / "study")
    with (
        replay(isolation, group),
        replay(isolation, strap) as victim,
        live(isolation, study.root, "--session", "s1", "--port", "0", "--language", "en") as server,
    ):
        page = browser.new_page(viewport={"width": LAPTOP[0], "height": LAPTOP[1]})
        try:
            page.goto(server.first_line())
            page.wait_for_selector("#start:not([disabled])", timeout=120_000)
            yield page, victim
        finally:
            page.close()
            study.end_desk()
            time.sleep(2.0)  # the desk closes its files before the folder goes


def begin(page: Any) -> None:
    """Start to record and mark the first phase."""
    page.click("#start")
    page.wait_for_selector(".phases", timeout=60_000)
    page.keyboard.press("1")


def whole_session(browser: Any, folder: Path, worn: tuple[Path, Path], keep: Keep) -> None:
    """Before, all well, one strap lost, after."""
    with session(browser, folder, worn) as (page, victim):
        keep(page, "before")
        begin(page)
        page.wait_for_timeout(6000)
        for key in ("2", "p", "d", "4", "i", "2"):
            page.keyboard.press(key)
            page.wait_for_timeout(2500)
        page.wait_for_timeout(20_000)
        keep(page, "during")
        victim.process.kill()
        page.wait_for_selector("article[aria-label=P04].is-none", timeout=60_000)
        keep(page, "strap-lost")
        page.keyboard.press("q")
        page.wait_for_timeout(500)
        page.keyboard.press("y")
        page.wait_for_selector("text=Put the marks right", timeout=60_000)
        page.wait_for_timeout(4000)  # what was said at the bottom goes
        keep(page, "after")


def small_disk(browser: Any, folder: Path, worn: tuple[Path, Path], keep: Keep) -> None:
    """Record to a disk of 20 MB."""
    with mounted(folder / "small") as disk, session(browser, disk, worn) as (page, _):
        begin(page)
        page.wait_for_timeout(15_000)
        keep(page, "disk")


def main() -> int:
    """Drive both sessions."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every screen, kept there")
    chosen: Path | None = parser.parse_args().all
    (chosen or IMAGES).mkdir(parents=True, exist_ok=True)
    keep = keep_one if chosen is None else keep_all(chosen)
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=list(CHROMIUM_FLAGS), headless=True
        )
        worn = wearables(Path(made) / "worn")
        whole_session(browser, Path(made), worn, keep)
        small_disk(browser, Path(made), worn, keep)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
