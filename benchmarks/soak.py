"""Record a whole session at real speed and count every sample: run by hand, not in CI.

``python3 tasks.py bench soak [--minutes 90] [--people 12]``: real LSL on the
loopback interface; each person sends ECG 130 Hz, EDA 4 Hz and RR, every sample carries its own
counter, and a mark is set every 20 s. Prints one line per minute and the result. Linux.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from arousal.ingest.journal import read_journal  # noqa: E402
from arousal.ingest.xdf_raw import read_raw  # noqa: E402
from benchmarks.recording_peers.load import processor_seconds  # noqa: E402
from tests import lsl_isolation  # noqa: E402
from tests.ingest.recording_rig import Senders, end_recorders, start_recorder, wearers  # noqa: E402

MARK_EVERY = "20"


def own_megabytes(pid: int) -> float:
    """Memory that is the process's own: what the system could not simply load again from a file."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("RssAnon:"))
    return int(kilobytes) / 1e3


def lacking(path: Path, senders: Senders, told: float) -> tuple[int, int]:
    """Count samples in the file, and those that were sent before the stop and are not in it."""
    kept = missing = 0
    streams = {stream.info.name: stream for stream in read_raw(path).streams}
    for spec, start in zip(senders.streams, senders.starts, strict=True):
        counts = streams[spec["name"]].values[:, 0].astype(int)
        sent = int((told - start["t0"]) * spec["rate"])
        wanted = np.arange(counts[0], sent)
        missing += len(np.setdiff1d(wanted, counts)) + (len(counts) - len(np.unique(counts)))
        kept += len(counts)
    return kept, missing


def watch(recorder: subprocess.Popen[str], minutes: float) -> list[float]:
    """Say once a minute how the recorder does; return its memory each minute."""
    memory: list[float] = []
    begun = time.monotonic()
    used = processor_seconds(recorder.pid)
    for minute in range(1, round(minutes) + 1):
        time.sleep(max(0.0, begun + 60 * minute - time.monotonic()))
        if recorder.poll() is not None:
            raise SystemExit("the recorder has ended by itself")
        now = processor_seconds(recorder.pid)
        memory.append(own_megabytes(recorder.pid))
        print(f"{minute:3} min  {memory[-1]:.1f} MB  {(now - used) / 0.6:.1f} %", flush=True)
        used = now
    return memory


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=90.0)
    parser.add_argument("--people", type=int, default=12)
    options = parser.parse_args()
    isolation = lsl_isolation.prepare()
    lsl_isolation.enforce(isolation)
    import pylsl

    streams = wearers(options.people)
    with tempfile.TemporaryDirectory() as folder, Senders(isolation, streams) as senders:
        out = Path(folder)
        errors = (out / "errors").open("w")
        recorder = start_recorder(
            isolation, out, MARK_EVERY, stdout=subprocess.DEVNULL, stderr=errors
        )
        memory = watch(recorder, options.minutes)
        told, begun = pylsl.local_clock(), time.monotonic()
        recorder.send_signal(signal.SIGINT)
        code = recorder.wait(120)
        stopped = time.monotonic() - begun
        begun = time.monotonic()
        kept, missing = lacking(out / "recording.xdf", senders, told)
        reading = time.monotonic() - begun
        entries, damaged = read_journal(out / "journal.jsonl")
        size = (out / "recording.xdf").stat().st_size / 1e6
        said = (out / "errors").read_text()
    early = memory[min(4, len(memory) - 1)]
    faults = [e.type for e in entries if e.type in {"fault", "stream-lost", "silence"}]
    print(f"{options.minutes:g} min, {len(streams)} streams, exit code {code}")
    print(f"{kept} samples kept, {missing} lost or doubled; {size:.0f} MB, read in {reading:.1f} s")
    print(
        f"marks {sum(e.type == 'mark' for e in entries)}, faults {len(faults)}, damaged {damaged}"
    )
    print(f"own memory {early:.1f} MB after 5 min, {memory[-1]:.1f} MB at the end")
    print(f"stopped, closed, read back and ended in {stopped:.2f} s")
    print("\n".join(line for line in said.splitlines() if "PROBLEM" in line or "warning" in line))
    return int(bool(missing or code or faults))


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        end_recorders()
