"""Process a study of 200 sessions: rate, memory, the second run, and how cost grows.

``python3 tasks.py bench study [--sessions 200] [--serial 50] [--quick]``. Eight evenings are
simulated (balint-60, six people, as short as it gets) and copied, each with an id of its own: to
the program they are different sessions, and no copy costs less than its original. Cost is the
processor time of the jobs, which other programs on the machine disturb least. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from arousal.ingest.session_writer import write_session  # noqa: E402
from arousal.simulate import SimulationSettings, simulate  # noqa: E402
from arousal.study.process import ProcessReport, process_study  # noqa: E402
from arousal.study.session_job import Job, run_job  # noqa: E402

STUDY = 'schema = 1\nname = "bench"\nprotocol = "balint-60"\n'
ORIGINALS = 8
SMALL = (6, 10.0)
"""People and minutes of a small session (the simulator's least; its phases stretch it)."""


def evening(folder: Path, people: int, minutes: float, seed: int) -> float:
    """Write one simulated evening; return its length in minutes."""
    wanted = SimulationSettings(minutes=minutes)
    made = simulate("balint-60", people, seed, wanted)
    write_session(folder, made.recording, made.session, protocol=made.protocol)
    return made.recording.end / 60


def study_of(root: Path, originals: Sequence[Path], count: int) -> Path:
    """Copy evenings to a study of so many sessions."""
    (root / "sessions").mkdir(parents=True)
    (root / "study.toml").write_text(STUDY)
    for k in range(count):
        folder = root / "sessions" / f"s{k:04}"
        shutil.copytree(originals[k % len(originals)], folder)
        toml = folder / "session.toml"
        toml.write_text(re.sub(r'(?m)^id = ".*"$', f'id = "s{k:04}"', toml.read_text(), count=1))
    return root


def processed(study: Path, jobs: int) -> ProcessReport:
    report = process_study(study, datetime.now(UTC), jobs=jobs)
    assert not report.failures, report.failures[0]
    return report


def again(study: Path) -> tuple[float, float]:
    """Run the command where nothing changed; return wall and CPU seconds of the better of 2."""
    words = [sys.executable, "-m", "arousal.cli", "process", str(study)]
    best = (math.inf, math.inf)
    for _ in range(2):
        before, start = os.times(), time.perf_counter()
        subprocess.run(words, check=True, capture_output=True, cwd=ROOT)
        wall, after = time.perf_counter() - start, os.times()
        best = min(best, (wall, after[2] + after[3] - before[2] - before[3]))
    return best


def cost(folder: Path, people: int, minutes: float, rounds: int) -> tuple[float, float]:
    """Return minutes and processor seconds of one session's job, median of some rounds."""
    study = folder / f"{people}-{minutes:.0f}"
    (study / "sessions").mkdir(parents=True)
    (study / "study.toml").write_text(STUDY)
    lasts = evening(study / "sessions" / "s", people, minutes, 1)
    used = []
    for _ in range(rounds + 1):
        start = time.process_time()
        outcome = run_job(Job(str(study), "s", force=True))
        used.append(time.process_time() - start)
        assert outcome.state == "done", outcome.reason
    return lasts, statistics.median(used[1:])


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Slope of log cost over log size: 1 is linear, below 1 is cheaper than that."""
    x, y = [math.log(s) for s in sizes], [math.log(c) for c in costs]
    mean_x, mean_y = statistics.fmean(x), statistics.fmean(y)
    pairs = zip(x, y, strict=True)
    return sum((a - mean_x) * (b - mean_y) for a, b in pairs) / sum((a - mean_x) ** 2 for a in x)


def rates(work: Path, originals: Sequence[Path], count: int, serial: int) -> None:
    print("\n| jobs | sessions | wall s | sessions/s | CPU s a session | peak of a worker, MB |")
    print("|---|---|---|---|---|---|")
    told = []
    for jobs, size in ((1, serial), (2, count)):
        study = study_of(work / f"jobs{jobs}", originals, size)
        report = processed(study, jobs)
        print(
            f"| {jobs} | {size} | {report.seconds:.1f} | {size / report.seconds:.2f} "
            f"| {report.cpu_seconds / size:.2f} | {report.peak_bytes / 1e6:.0f} |",
            flush=True,
        )
        wall, own = again(study)
        limit = 2 + 0.005 * size
        told.append(f"second run, {size}: {wall:.2f} s, {own:.2f} s of CPU (limit {limit:.1f} s)")
    print("\n" + "\n".join(told), flush=True)


def growth(work: Path, originals: Sequence[Path], rounds: int, many: Sequence[int]) -> None:
    sizes = (6, 12)
    costs = [cost(work / "people", n, 30.0, rounds)[1] for n in sizes]
    tell("people (30 min)", sizes, costs)
    lengths = [cost(work / "minutes", 6, m, rounds) for m in (30.0, 60.0, 90.0)]
    tell("minutes (6 people)", [m for m, _ in lengths], [c for _, c in lengths])
    studies = [study_of(work / f"many{n}", originals, n) for n in many]
    tell("sessions (2 jobs)", many, [processed(s, 2).cpu_seconds for s in studies])


def tell(what: str, sizes: Sequence[float], costs: Sequence[float]) -> None:
    told = ", ".join(f"{n:.0f}: {c:.2f} s" for n, c in zip(sizes, costs, strict=True))
    slope, fixed = statistics.linear_regression(sizes, costs)
    line = f"{fixed:.2f} s + {slope * 1000:.1f} ms each"
    print(f"{what}: {told}; exponent {exponent(sizes, costs):.2f} ({line})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=200, help="with two jobs")
    parser.add_argument("--serial", type=int, default=200, help="with one job")
    parser.add_argument("--quick", action="store_true", help="20 sessions, one round")
    asked = parser.parse_args()
    many: tuple[int, ...] = (8, 16, 32)
    count, serial, rounds = asked.sessions, asked.serial, 3
    if asked.quick:
        count, serial, rounds, many = 20, 10, 1, (4, 8)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        originals = [work / "originals" / str(k) for k in range(ORIGINALS)]
        lasts = [evening(folder, *SMALL, seed=k) for k, folder in enumerate(originals)]
        print(f"{ORIGINALS} evenings simulated: 6 people, {statistics.fmean(lasts):.0f} min each")
        rates(work, originals, count, serial)
        growth(work, originals, rounds, many)
        print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
