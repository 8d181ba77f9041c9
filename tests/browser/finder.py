"""Find a Chromium for the browser tests: the caller's, the system's, Playwright's or npm's."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# Where install.py unpacks the copy that comes as an npm package.
NPM_COPY = REPOSITORY / ".cache" / "browser" / "chromium"

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SYSTEM_PATHS = (
    "/usr/bin/chromium",
    "/snap/bin/chromium",
    "/opt/google/chrome/chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)


class BrowserMissingError(Exception):
    """No browser where one must be; the message says what to do."""


def find_browser(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the first browser that exists, or None.

    Raises
    ------
    BrowserMissingError
        If ``AROUSAL_BROWSER`` names a file that is not there.
    """
    named = environment.get("AROUSAL_BROWSER")
    if named:
        if not Path(named).is_file():
            raise BrowserMissingError(f"AROUSAL_BROWSER names {named}, which is not a file")
        return Path(named)
    return next((path for path in _candidates(environment) if path.is_file()), None)


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    for name in PROGRAMS:
        found = shutil.which(name, path=environment.get("PATH", ""))
        if found:
            yield Path(found)
    yield from map(Path, SYSTEM_PATHS)
    yield from _playwrights_own(environment)
    yield NPM_COPY


def _playwrights_own(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield what ``playwright install chromium`` left, newest first."""
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or "/nonexistent")
    places = {
        "darwin": home / "Library" / "Caches" / "ms-playwright",
        "win32": home / "AppData" / "Local" / "ms-playwright",
    }
    usual = places.get(sys.platform, home / ".cache" / "ms-playwright")
    folder = Path(environment.get("PLAYWRIGHT_BROWSERS_PATH") or usual)
    for installed in sorted(folder.glob("chromium*-*"), reverse=True):
        for name in ("chrome", "headless_shell", "chrome-headless-shell", "Chromium", "chrome.exe"):
            yield from installed.glob(f"chrome-*/**/{name}")
