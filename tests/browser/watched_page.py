"""A browser page that remembers what it complained of and what it asked the world for."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page, Request

# As root in a container Chromium needs --no-sandbox; the rest keeps it from calling home.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Loading these leaves neither the page nor the machine.
INNER_SCHEMES = frozenset({"about", "blob", "data"})


RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
"""What of axe-core's rules a page must keep."""


@dataclass
class WatchedPage:
    """A page with its console errors and the requests that left its own origin."""

    page: Page
    console_errors: list[str] = field(default_factory=list)
    outside_requests: list[str] = field(default_factory=list)
    home: str = ""

    def __post_init__(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.console_errors.append(str(error)))
        self.page.on("request", self._on_request)

    def open(self, target: Path | str) -> Page:
        """Open a file or an address and wait until it is loaded."""
        address = target.resolve().as_uri() if isinstance(target, Path) else target
        self.home = address
        self.page.goto(address, wait_until="load")
        return self.page

    def assert_quiet(self) -> None:
        """Fail if the page wrote an error or asked for anything outside itself."""
        assert not self.console_errors, f"console errors: {self.console_errors}"
        assert not self.outside_requests, f"requests outside: {self.outside_requests}"

    def accessibility_violations(self) -> list[dict[str, Any]]:
        """Return what axe-core finds against WCAG 2.2 AA and good practice, worst first."""
        from axe_playwright_python.sync_playwright import Axe

        order = ("critical", "serious", "moderate", "minor", None)
        # Named, because axe leaves the rules that are new in 2.2 out unless they are asked for.
        options = {"runOnly": list(RULES), "resultTypes": ["violations"]}
        found: list[dict[str, Any]] = Axe().run(self.page, options=options).response["violations"]
        return sorted(found, key=lambda violation: order.index(violation["impact"]))

    def keep_picture(self, path: Path) -> None:
        """Save what the page looks like now; a page that is gone has no picture."""
        from playwright.sync_api import Error

        if self.page.is_closed():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(Error):  # a test may have left it between two pages
            self.page.screenshot(path=path, full_page=True)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console_errors.append(message.text)

    def _on_request(self, request: Request) -> None:
        if not is_inside(request.url, self.home):
            self.outside_requests.append(request.url)


def is_inside(address: str, home: str) -> bool:
    """Tell whether an address is the page itself, inlined in it, or from its own server."""
    asked, own = urlsplit(address), urlsplit(home)
    if asked.scheme in INNER_SCHEMES:
        return True
    if asked.scheme == "file":  # files have no server: only the page itself is inside
        return own.scheme == "file" and asked.path == own.path
    return (asked.scheme, asked.netloc) == (own.scheme, own.netloc)
