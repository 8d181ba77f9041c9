"""What every test may ask for: the real recordings, a browser page, LSL kept to itself."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests import lsl_isolation
from tests.browser.finder import BrowserMissingError, find_browser
from tests.browser.watched_page import CHROMIUM_FLAGS, WatchedPage
from tests.missing import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REPOSITORY = Path(__file__).resolve().parents[1]
ISOLATION = pytest.StashKey[lsl_isolation.LslIsolation]()
PICTURES = REPOSITORY / "artefacts" / "browser"
NO_DATA = "no real recordings: AROUSAL_SHARED_DATA is not set and ../shared/data is not there"
NO_BROWSER = "no browser: run `python3 -m tests.browser.install`, or name one in AROUSAL_BROWSER"


def pytest_configure(config: pytest.Config) -> None:
    """Isolate LSL before any test module can touch it; judge no example by how long it took.

    Hypothesis' limit of 0.2 s an example fails on a busy computer and nowhere else.
    """
    # What a shell starts in the background ignores Ctrl-C, and so would every program under test.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[ISOLATION] = lsl_isolation.prepare()
    settings.register_profile("any-computer", settings.default, deadline=None)
    settings.load_profile("any-computer")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give LSL tests a time limit that also ends a hang inside liblsl, where no signal arrives."""
    for item in items:
        if item.get_closest_marker("lsl") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(60, method="thread"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the LSL configuration of this run."""
    shutil.rmtree(config.stash[ISOLATION].config_file.parent, ignore_errors=True)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process: (exit code, stdout, stderr)."""
    from arousal.cli import main

    def call(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), out, err

    return call


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real recordings; the test is skipped without it, and fails in CI."""
    named = os.environ.get("AROUSAL_SHARED_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if named and not folder.is_dir():
        pytest.fail(f"AROUSAL_SHARED_DATA names {named}, which is not a folder", pytrace=False)
    if not folder.is_dir():
        missing(NO_DATA)
    return folder


@pytest.fixture(scope="session")
def browser_path() -> Path:
    """Path of a Chromium; skipped without one, failed if AROUSAL_REQUIRE_BROWSER=1."""
    try:
        path = find_browser()
    except BrowserMissingError as error:
        pytest.fail(str(error), pytrace=False)
    if path is None:
        missing(NO_BROWSER, required=os.environ.get("AROUSAL_REQUIRE_BROWSER") == "1")
    return path


@pytest.fixture(scope="module")
def browser(browser_path: Path) -> Iterator[Browser]:
    """One headless Chromium for a test module.

    Not for the whole run: while Playwright is open, its event loop runs in the main thread and
    ``asyncio.run`` fails there. So a module uses this or asyncio, not both.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser_path, args=list(CHROMIUM_FLAGS), headless=True
        )
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(
    browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., WatchedPage]]:
    """Make watched pages: ``new_page(width=400, color_scheme="dark").open(path)``.

    Each has a context of its own: nothing stored, no service worker, English, motion reduced. In CI
    the last look of each is kept in ``artefacts/browser``.
    """
    contexts = []
    pages: list[WatchedPage] = []

    def make(*, width: int = 1280, height: int = 900, **options: object) -> WatchedPage:
        settings = {
            "viewport": {"width": width, "height": height},
            "locale": "en-GB",
            "reduced_motion": "reduce",
            "service_workers": "block",
            **options,
        }
        context = browser.new_context(**settings)  # type: ignore[arg-type]
        contexts.append(context)
        pages.append(WatchedPage(context.new_page()))
        return pages[-1]

    yield make
    if os.environ.get("CI") == "true":
        name = re.sub(r"[^\w.-]+", "-", f"{request.node.path.stem}.{request.node.name}")
        for number, page in enumerate(pages, start=1):
            page.keep_picture(PICTURES / f"{name}.{number}.png")
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def lsl(request: pytest.FixtureRequest) -> lsl_isolation.LslIsolation:
    """LSL that reaches this run's streams only; fails rather than touch the real network."""
    isolation = request.config.stash[ISOLATION]
    lsl_isolation.enforce(isolation)
    return isolation
