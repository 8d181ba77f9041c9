"""Which run of the computer this is: LSL's clock begins anew with the next one."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from functools import cache
from pathlib import Path

__all__ = ["run_of_computer"]

LINUX = Path("/proc/sys/kernel/random/boot_id")
MACOS = ("/usr/sbin/sysctl", "-n", "kern.bootsessionuuid")


@cache
def run_of_computer() -> str:
    """Return a word that is another one each time the computer is started; "" if none is known.

    It is cut from a hash, so that it tells nothing else about the computer. Files whose journals
    hold the same word share LSL's clock, whatever the calendar was set to in between. Windows has
    no such identity; there the calendar tells (`arousal.ingest.xdf_continued`).
    """
    try:
        if sys.platform == "darwin":
            told = subprocess.run(MACOS, capture_output=True, check=True, timeout=2).stdout
        else:
            told = LINUX.read_bytes()
    except (OSError, subprocess.SubprocessError):
        return ""
    return hashlib.sha256(told.strip()).hexdigest()[:12] if told.strip() else ""
