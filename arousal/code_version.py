"""Which code made a number: a checksum of the sources that shape it, and the versions below them.

A version number says too little while one develops; two results are comparable if this agrees.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["PACKAGES", "code_version", "package_versions"]

PACKAGES = ("neurokit2", "numpy", "pandas", "scipy", "statsmodels", "duckdb")
"""What the numbers, and the bytes of the tables, depend on."""
_ROOT = Path(__file__).resolve().parent
_APART = ("cli", "terminal", "monitor", "simulate", "forget", "outputs", "inspection")
"""Modules (by the beginning of their name) that make, show or take away and measure nothing."""


def package_versions() -> dict[str, str]:
    """Return name -> version of `PACKAGES`; an extra that is not installed is left out."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return the sha256 over every source and data file of this package that shapes a number.

    Commands, the live page, the simulator and what only prints do not count, so that a new option
    makes nothing be computed again. Read once per process.
    """
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        digest.update(str(path.relative_to(_ROOT).as_posix()).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    digest.update(platform.python_version().encode())
    for name, found in sorted(package_versions().items()):
        digest.update(f"\0{name} {found}".encode())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for path in _ROOT.rglob("*"):
        top = path.relative_to(_ROOT).parts[0]
        if path.suffix in {".py", ".toml"} and not top.startswith(_APART):
            yield path
