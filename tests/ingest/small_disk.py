"""A disk that can be filled, for tests (the fixture ``small_disk`` is in conftest.py)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.missing import missing


@contextmanager
def mounted(place: Path, size: str = "20m") -> Iterator[Path]:
    """Mount a small tmpfs; where that is not allowed the test is skipped, and fails in CI."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if shutil.which("mount") is None:
        missing("no disk to fill: there is no `mount` here")
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        missing(f"no disk to fill, run as root: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Take all space of a disk but ``leave`` bytes; return the file that takes it."""
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(disk).free - leave))
    return ballast
