"""What a process costs, and what liblsl alone costs for the same streams."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import lsl_isolation

BARE = """
import sys, threading, time
import pylsl
found = pylsl.ContinuousResolver()
while len(found.results()) < int(sys.argv[1]):
    time.sleep(0.2)
inlets = []
def hold(info):
    inlets.append(pylsl.StreamInlet(info, max_buflen=120, recover=False))
    inlets[-1].open_stream(10.0)
    inlets[-1].time_correction(10.0)
threads = [threading.Thread(target=hold, args=(info,)) for info in found.results()]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("open", flush=True)
time.sleep(3600)
"""


@contextmanager
def bare_inlets(
    isolation: lsl_isolation.LslIsolation, count: int
) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the same inlets open and does nothing: what liblsl itself costs."""
    process = subprocess.Popen(
        [sys.executable, "-c", BARE, str(count)],
        stdout=subprocess.PIPE,
        text=True,
        env=isolation.environment(),
    )
    try:
        assert process.stdout
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
