"""Everybody in one process, how cost grows, and what starting costs."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np

__all__ = ["compare", "everybody", "starting"]


def everybody(minutes: float, people: int) -> None:
    """Work on everybody in this process; print one JSON line (called in a process of its own)."""
    from arousal.features import Grid, process_person, window_features
    from arousal.settings import Settings
    from feature_peers.made import made

    settings = Settings()
    persons = [made(minutes, seed).person for seed in range(people)]
    # Once before the clock runs: pandas and scipy load parts of themselves on first use.
    warm = made(5, 0).person
    window_features([process_person(warm, settings)], Grid.of([0.0], 60.0), settings)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grid = Grid.regular(0.0, minutes * 60, settings.windows.durations, settings.windows.step)
    began = time.process_time()
    physiologies = [process_person(p, settings) for p in persons]
    table = window_features(physiologies, grid, settings)
    used = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "neurokit2" not in sys.modules
    print(json.dumps({"cpu": used, "mb": peak / 1024, "before": before / 1024, "rows": len(table)}))


def compare(script: Path, minutes: float, people: int) -> None:
    print("\n5. Everybody in one process (peak memory holds Python and all signals)\n")
    print("| people x minutes | rows | CPU s after imports | peak MB | of it before |")
    print("|---|---|---|---|---|")
    sizes = [(people, minutes), (people, minutes / 2), (max(1, people // 2), minutes)]
    results = []
    for count, length in sizes:
        command = [sys.executable, str(script), "--everybody"]
        command += ["--people", str(count), "--minutes", str(length)]
        runs = [_json(command) for _ in range(3)]
        found = runs[0] | {"cpu": median(run["cpu"] for run in runs)}
        results.append(found["cpu"])
        print(
            f"| {count} x {length:g} | {found['rows']:.0f} | {found['cpu']:.2f} "
            f"| {found['mb']:.0f} | {found['before']:.0f} |"
        )
    whole, half_time, half_people = results
    if people > 1:
        of_people = np.log(whole / half_people) / np.log(people / (people // 2))
        of_time = np.log2(whole / half_time)
        print(f"\nCost grows as minutes^{of_time:.2f} and people^{of_people:.2f}.")


def _json(command: list[str]) -> dict[str, float]:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def starting() -> None:
    """What it costs to import, and to ask for help."""
    begun = {
        "Python itself": ["-c", ""],
        "import arousal": ["-c", "import arousal"],
        "arousal --help": ["-m", "arousal.cli", "--help"],
        "import arousal.features.cardiac": ["-c", "import arousal.features.cardiac"],
        "import neurokit2": ["-c", "import neurokit2"],
    }
    print("\n6. Starting (CPU seconds of a new process, median of 5)\n\n| | CPU s |\n|---|---|")
    seconds: dict[str, list[float]] = {name: [] for name in begun}
    for _ in range(5):
        for name, words in begun.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *words], capture_output=True, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
            seconds[name].append(user + system)
    for name, each in seconds.items():
        print(f"| {name} | {median(each):.2f} |")
