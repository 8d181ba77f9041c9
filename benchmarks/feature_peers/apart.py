"""Peers in environments of their own: FLIRT; tsflex with NeuroKit2; cvxEDA with cvxopt.

They run in processes of their own, so they cannot take turns with us call by call: each measures
itself some times in a row, and ours is measured just before and just after.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from arousal.features import Grid, PersonPhysiology, process_person
from arousal.features.cvxeda import split_conductance
from arousal.settings import Settings
from feature_peers.clock import interleaved
from feature_peers.elsewhere import FLIRT, TSFLEX, Environment
from feature_peers.made import EDA_RATE, GRIDS, Made, made
from feature_peers.windows import our_hrv, our_skin

__all__ = ["flirt", "tsflex"]

FloatArray = NDArray[np.float64]

SHORT = 10.0
"""Minutes of skin conductance for FLIRT, which solves cvxEDA anew in each window."""


def flirt(minutes: float, rounds: int, limit: float) -> None:
    """FLIRT's windows of 60 s every 5 s: HRV (time and Lomb), skin conductance (cvxEDA in each)."""
    FLIRT.prepare()
    one = made(minutes, 5)
    person, settings = process_person(one.person, Settings()), Settings()
    grid = Grid.regular(0.0, minutes * 60, *GRIDS[0])
    ours: dict[str, Callable[[], object]] = {
        "hrv": lambda: our_hrv(person, grid, settings),
        "eda": lambda: our_skin(person, grid, settings),
    }
    print("\n7. FLIRT 0.0.2, windows of 60 s every 5 s (CPU ms per window, after its imports)\n")
    print("| | FLIRT | arousal | ratio | |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path = _saved(Path(folder), person, one, min(minutes, SHORT))
        for what, work in ours.items():
            before = interleaved({what: work}, rounds)[what]
            found = FLIRT.run(str(path), "60", "5", what, str(rounds), limit=limit)
            if isinstance(found, str):
                print(f"| {what} | {found} | | | |")
                continue
            fast = median((before, interleaved({what: work}, rounds)[what])) / len(grid)
            slow = found["cpu"] / found["windows"]
            note = f"{found['windows']} windows"
            if what == "hrv":
                note += _apart(found, person, settings)
            print(f"| {what} | {slow * 1e3:.2f} | {fast * 1e3:.4f} | {slow / fast:.0f}x | {note} |")


def _apart(found: dict[str, list[float]], person: PersonPhysiology, settings: Settings) -> str:
    """How far FLIRT's RMSSD lies from ours in the same windows."""
    ends = np.array(found["ends"])
    ours = our_hrv(person, Grid.of(ends - 60.0, 60.0), settings)[:, 2]
    off = np.abs(np.array(found["rmssd"]) / ours - 1)
    return f"; RMSSD {np.nanmedian(off):.1%} from ours in the median window"


def _saved(folder: Path, person: PersonPhysiology, one: Made, minutes_of_skin: float) -> Path:
    path = folder / "signals.npz"
    assert person.beats is not None
    eda = one.eda[: round(minutes_of_skin * 60 * EDA_RATE)]
    np.savez(path, times=person.beats.times, intervals=person.beats.intervals, eda=eda)
    return path


def tsflex(minutes: float, rounds: int, every: int, limit: float) -> None:
    """NeuroKit2's `hrv_time` and `hrv_frequency` in tsflex's windows; its cvxEDA with cvxopt."""
    TSFLEX.prepare()
    one = made(minutes, 6)
    person, settings = process_person(one.person, Settings()), Settings()
    jobs: dict[str, Callable[[], object]] = {
        f"{duration:g}": lambda d=duration, s=step: our_hrv(
            person, Grid.regular(0.0, minutes * 60, d, s), settings
        )
        for duration, step in GRIDS
    }
    jobs["cvxeda"] = lambda: split_conductance(one.eda, EDA_RATE)
    print("\n8. tsflex 0.4.1 with NeuroKit2's functions; cvxEDA of the whole session (CPU s)\n")
    print("| | peer | arousal | ratio | |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path, output = _saved(Path(folder), person, one, minutes), Path(folder) / "tonic.npz"
        before = interleaved(jobs, rounds)
        strides = [f"{step * every:g}" for _, step in GRIDS]
        found = _run(TSFLEX, [str(path), str(output), *strides], limit)
        if found is None:
            return
        after = interleaved(jobs, rounds)
        for duration, step in GRIDS:
            peer = found[f"{duration:g}"]
            windows = len(Grid.regular(0.0, minutes * 60, duration, step))
            slow = peer["cpu"] / peer["windows"] * windows
            fast = median((before[f"{duration:g}"], after[f"{duration:g}"]))
            label = f"HRV, {windows} windows of {duration:g} s"
            print(f"| {label} | {slow:.2f} | {fast:.4f} | {slow / fast:.0f}x | |")
        slow, fast = found["cvxeda"]["cpu"], median((before["cvxeda"], after["cvxeda"]))
        tonic = np.load(output)["tonic"]
        off = np.abs(tonic - split_conductance(one.eda, EDA_RATE).tonic).max()
        note = f"level at most {off:.1e} uS apart"
        print(f"| cvxEDA (NeuroKit2) | {slow:.2f} | {fast:.3f} | {slow / fast:.1f}x | {note} |")


def _run(where: Environment, words: list[str], limit: float) -> dict[str, dict[str, float]] | None:
    found = where.run(*words, limit=limit)
    if isinstance(found, str):
        print(f"| all | {found} | | | |")
        return None
    return found
