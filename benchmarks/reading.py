"""XDF reading, side by side in one run: arousal against pyxdf on the same file.

    python benchmarks/reading.py [--megabytes 100] [--repeat 2] [--file SOME.xdf]

Without a file it makes one: ten people with ECG at 130 Hz and EDA at 4 Hz, chunks of half a
second, clock offsets every five seconds. Each reader runs in a process of its own; its peak memory
is told beside the size of the arrays that it returns. The readers take turns; the best turn of each
counts. Prints a table, and ratios of time on the clock and of processor time.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from arousal.ingest import xdf_chunks
from arousal.ingest.info_xml import info_xml
from arousal.ingest.raw import StreamInfo

PEOPLE = 10
READERS = {
    "arousal, raw": "raw",
    "arousal, corrected": "corrected",
    "pyxdf, raw": "pyxdf-raw",
    "pyxdf, corrected": "pyxdf",
}


def make_file(path: Path, megabytes: float) -> None:
    """Write a session of about that size."""
    rng = np.random.default_rng(7)
    ids = range(1, 2 * PEOPLE + 1)
    with path.open("wb") as file:
        file.write(xdf_chunks.file_header())
        for sid in ids:
            ecg = sid <= PEOPLE
            info = StreamInfo(
                f"s{sid}", "ECG" if ecg else "EDA", f"id{sid}", rate=130.0 if ecg else 4.0
            )
            file.write(xdf_chunks.stream_header(sid, info_xml(info)))
        tick = 0
        while file.tell() < megabytes * 1e6:
            write_tick(file, tick, rng)
            tick += 1
        for sid in ids:
            count = tick * (65 if sid <= PEOPLE else 2)
            file.write(
                xdf_chunks.stream_footer(sid, xdf_chunks.footer_xml(5000.0, 5000.0, count, []))
            )


def write_tick(file, tick: int, rng: np.random.Generator) -> None:
    """Half a second of everybody."""
    now = 5000.0 + tick / 2
    for sid in range(1, 2 * PEOPLE + 1):
        n = 65 if sid <= PEOPLE else 2
        stamps = now + np.arange(n) / (2 * n) + rng.normal(0, 0.001, n)
        values = rng.normal(size=(n, 1)).astype(np.float32)
        file.write(xdf_chunks.samples(sid, "float32", values, stamps))
        if tick % 10 == 0:
            file.write(xdf_chunks.clock_offset(sid, now, 1e-3 + rng.normal(0, 2e-5)))
    if tick % 20 == 0:
        file.write(xdf_chunks.boundary())


def peak_mb() -> float:
    """Most memory this process ever had, pages mapped from files included, in MB."""
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def read(kind: str, path: Path) -> dict[str, float]:
    """Read once; called in a process of its own."""
    if kind.startswith("pyxdf"):
        import pyxdf

        correct = kind == "pyxdf"
        empty = peak_mb()
        start, cpu = time.perf_counter(), time.process_time()
        streams, _ = pyxdf.load_xdf(
            path, synchronize_clocks=correct, dejitter_timestamps=correct, verbose=False
        )
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        arrays = sum(s["time_series"].nbytes + s["time_stamps"].nbytes for s in streams)
        samples = sum(s["time_stamps"].size for s in streams)
    else:
        from arousal.ingest.xdf import read_xdf
        from arousal.ingest.xdf_raw import read_raw

        empty = peak_mb()
        start, cpu = time.perf_counter(), time.process_time()
        if kind == "raw":
            found = read_raw(path).streams
            seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
            arrays = sum(s.values.nbytes + s.stamps.nbytes for s in found)
            samples = sum(s.stamps.size for s in found)
        else:
            placed = read_xdf(path).streams
            seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
            arrays = sum(s.values.nbytes + s.stamps.nbytes + s.times.nbytes for s in placed)
            samples = sum(s.times.size for s in placed)
    return {
        "seconds": seconds,
        "cpu": cpu,
        "samples": samples,
        "arrays": arrays / 1e6,
        "peak": peak_mb() - empty,
    }


def in_process(kind: str, path: Path) -> dict[str, float]:
    """Run `read` in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, __file__, "--reader", kind, "--file", str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--megabytes", type=float, default=100.0)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--reader", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reader:
        print(json.dumps(read(options.reader, options.file)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or Path(folder) / "session.xdf"
        if not options.file:
            make_file(path, options.megabytes)
        path.read_bytes()  # both readers find it in the page cache
        report(path, options.repeat)


def report(path: Path, repeat: int) -> None:
    """Let the readers take turns and print what each needed at its best."""
    size = path.stat().st_size / 1e6
    turns: dict[str, list[dict[str, float]]] = {kind: [] for kind in READERS.values()}
    for _ in range(repeat):
        for kind, done in turns.items():
            done.append(in_process(kind, path))
    print(f"{path.name}: {size:.1f} MB, best of {repeat}")
    print(f"{'reader':20} {'s':>7} {'CPU s':>7} {'samples':>10} {'arrays MB':>10} {'peak MB':>8}")
    best = {}
    for name, kind in READERS.items():
        best[kind] = r = {key: min(turn[key] for turn in turns[kind]) for key in turns[kind][0]}
        print(
            f"{name:20} {r['seconds']:7.2f} {r['cpu']:7.2f} {r['samples']:10.0f} "
            f"{r['arrays']:10.1f} {r['peak']:8.1f}"
        )
    for ours, theirs in (("raw", "pyxdf-raw"), ("corrected", "pyxdf")):
        times, cpu = (best[theirs][key] / best[ours][key] for key in ("seconds", "cpu"))
        memory = best[ours]["peak"] / best[ours]["arrays"]
        print(
            f"{ours}: {times:.1f} times as fast ({cpu:.1f} times by processor time), "
            f"peak memory {memory:.2f} times the arrays"
        )


if __name__ == "__main__":
    main()
