"""Senders that count, recorders that can be killed, and what a file holds of the counts."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np

from tests.lsl_isolation import LslIsolation

HERE = Path(__file__).parent
_started: list[subprocess.Popen[str]] = []


def wearers(count: int, *, ecg: bool = True) -> list[dict[str, Any]]:
    """Streams of ``count`` wearers: ECG 130 Hz, EDA 4 Hz, RR irregular at 1.1 Hz."""
    kinds = [("ECG", 130.0, 130.0)] if ecg else []
    kinds += [("EDA", 4.0, 4.0), ("RR", 1.1, 0.0)]
    return [
        {"name": f"W{w:02d}-{kind}", "type": kind, "rate": rate, "declared": declared, "tag": w}
        for w in range(count)
        for kind, rate, declared in kinds
    ]


class Senders:
    """A sending process."""

    def __init__(self, isolation: LslIsolation, streams: list[dict[str, Any]]) -> None:
        command = [sys.executable, str(HERE / "counting_sender.py"), json.dumps(streams)]
        self.streams = streams
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=isolation.environment(),
        )
        self.starts: list[dict[str, Any]] = self._answer()

    def _answer(self) -> Any:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def tell(self, command: str) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = self._answer()
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def start_recorder(
    isolation: LslIsolation, out: Path, *arguments: str, **options: Any
) -> subprocess.Popen[str]:
    """Start a recorder in a process of its own, with stdin closed."""
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    program = [sys.executable, str(HERE / "recording_process.py"), str(out), *arguments]
    process: subprocess.Popen[str] = subprocess.Popen(
        ["sh", "-c", 'exec "$@" <&-', "sh", *program],
        text=True,
        env={**isolation.environment(), "PYTHONPATH": str(HERE.parents[1])},
        **pipes,
    )
    _started.append(process)
    return process


def end_recorders() -> None:
    """Kill what a test has started and not ended."""
    while _started:
        process = _started.pop()
        if process.poll() is None:
            process.kill()
            process.wait()


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> float:
    """Wait for something to become true; return how long it took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"not within {seconds} s")
        time.sleep(0.01)
    return time.monotonic() - began


def stored(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Read a file with pyxdf, raw: stream name -> its segments in the order of their numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyxdf

        streams, _ = pyxdf.load_xdf(path, synchronize_clocks=False, dejitter_timestamps=False)
    found: dict[str, list[dict[str, Any]]] = {}
    for stream in sorted(streams, key=lambda s: s["info"]["stream_id"]):
        found.setdefault(stream["info"]["name"][0], []).append(stream)
    return found


def counters(stream: dict[str, Any]) -> np.ndarray:
    """Return the counter of each sample that a file holds of a stream."""
    values = np.asarray(stream["time_series"])
    return values[:, 0].astype(int) if len(values) else np.empty(0, int)


def seconds_lost(stream: dict[str, Any], t0: float, rate: float, killed: float) -> float:
    """Time before ``killed`` of which the file holds nothing; fails if it has holes before."""
    kept = counters(stream)
    if kept.size == 0:
        return 0.0
    assert np.array_equal(kept, np.arange(kept[0], kept[0] + kept.size)), "holes or repeats"
    np.testing.assert_allclose(stream["time_stamps"], t0 + (kept + 1) / rate, rtol=0, atol=1e-9)
    first_missing = t0 + (kept[-1] + 2) / rate
    return float(max(0.0, killed - first_missing))
