"""Keep a session's desk running: start it, and start it again if it is killed or crashes.

Run as a file, by `arousal.monitor.desk_process.attach`: ``python desk_keeper.py SESSION_FOLDER``.
It needs nothing but Python itself, so it is up at once, takes 10 MB and is the last one that a
computer short of memory ends. A desk that was recording goes on into the next file by itself, with
nobody at the page.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

__all__ = ["keep", "main"]

IN_ORDER = frozenset({0, 2, 3, 4, 5, 6})
"""Exit codes of a desk that ended as it should, or has said why it cannot start."""
DEATHS, WITHIN = 3, 30.0
"""So many deaths within so many seconds, and it is not started again: something is wrong with it
that starting it does not help."""


def keep(command: list[str], resume: list[str]) -> int:
    """Run a program until it ends in order.

    Parameters
    ----------
    command : list of str
        The program.
    resume : list of str
        Arguments for every start after the first.

    Returns
    -------
    int
        Its last exit code; negative if a signal ended it.
    """
    died: list[float] = []
    told: list[int] = []
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def pass_on(number: int, _: object) -> None:
        told.append(number)
        child.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    while True:
        code = child.wait()
        now = time.monotonic()
        died = [*(at for at in died if at > now - WITHIN), now]
        if told or code in IN_ORDER or len(died) >= DEATHS:
            return code
        sys.stderr.write(f"the desk ended with {code}; it is started again\n")
        sys.stderr.flush()
        child = subprocess.Popen([*command, *resume], stdin=subprocess.DEVNULL)


def main(arguments: list[str]) -> int:
    """Keep the desk of one session folder."""
    desk = [sys.executable, "-m", "arousal.monitor.desk_process", *arguments]
    code = keep(desk, ["--restarted"])
    return code if code >= 0 else os.EX_SOFTWARE if hasattr(os, "EX_SOFTWARE") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
