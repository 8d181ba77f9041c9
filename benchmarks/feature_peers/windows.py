"""Windowed features: all windows at once against NeuroKit2 window by window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from arousal.features import Grid, PersonPhysiology, process_person, window_features
from arousal.features.hrv import time_domain
from arousal.features.spectral import band_power
from arousal.settings import Settings
from feature_peers.clock import interleaved
from feature_peers.made import GRIDS, made
from feature_peers.neurokit import hrv_loop, skin_frame, skin_loop

__all__ = ["compare", "our_hrv", "our_skin"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


def our_hrv(person: PersonPhysiology, grid: Grid, settings: Settings) -> FloatArray:
    """HRV of all windows, by the functions that fill the table."""
    assert person.beats is not None
    values = time_domain(person.beats, grid, settings.beats.irregular_step)
    power = band_power(person.beats, grid, np.ones(len(grid), dtype=bool))
    return np.column_stack((values.mean_nn, values.sdnn, values.rmssd, power.hf))


def our_skin(person: PersonPhysiology, grid: Grid, settings: Settings) -> FloatArray:
    """Level and responses of all windows, from the table (beats left out)."""
    table = window_features([PersonPhysiology("P", eda=person.eda)], grid, settings)
    return table[["EDA_Tonic_Mean", "SCR_Peaks_N", "SCR_Peaks_Amplitude_Mean"]].to_numpy()


def compare(minutes: float, rounds: int, every: int) -> None:
    settings = Settings()
    person = process_person(made(minutes, 1).person, settings)
    frame = skin_frame(person)
    print("\n1. Windows of one person (CPU seconds)\n")
    print("| windows | what | NeuroKit2 loop | arousal | ratio | largest relative difference |")
    print("|---|---|---|---|---|---|")
    total = np.zeros(2)
    for duration, step in GRIDS:
        grid = Grid.regular(0.0, minutes * 60, duration, step)
        rows = np.arange(0, len(grid), every)
        found: dict[str, FloatArray] = {}
        jobs = _jobs(person, frame, grid, rows, settings, found)
        seconds = interleaved(jobs, rounds)
        for what, name in (("HRV", "HRV (time, Welch)"), ("skin", "skin conductance")):
            slow, fast = seconds[f"{what} loop"] * len(grid) / rows.size, seconds[what]
            ours, theirs, share = found[f"our_{what}"][rows], found[what], ""
            if what == "HRV":
                total += slow, fast
                ours, theirs, share = _comparable(person, grid, rows, ours, theirs)
            print(
                f"| {len(grid)} x {duration:g} s / {step:g} s | {name}{share} | {slow:.2f} "
                f"| {fast:.4f} | {slow / fast:.0f}x | {_disagreement(ours, theirs)} |"
            )
    print(
        f"| both lengths | HRV | {total[0]:.2f} | {total[1]:.4f} | {total[0] / total[1]:.0f}x | |"
    )


def _jobs(
    person: PersonPhysiology,
    frame: pd.DataFrame,
    grid: Grid,
    rows: IntArray,
    settings: Settings,
    found: dict[str, FloatArray],
) -> dict[str, Callable[[], object]]:
    """Theirs and ours in turn; what they find goes into ``found``."""
    return {
        "HRV loop": lambda: found.update(HRV=hrv_loop(person, grid, rows)),
        "HRV": lambda: found.update(our_HRV=our_hrv(person, grid, settings)),
        "skin loop": lambda: found.update(skin=skin_loop(person, frame, grid, rows)),
        "skin": lambda: found.update(our_skin=our_skin(person, grid, settings)),
    }


def _disagreement(ours: FloatArray, theirs: FloatArray) -> str:
    """Largest relative difference, and how often only one of the two is missing."""
    missing = int(np.count_nonzero(np.isnan(ours) != np.isnan(theirs)))
    both = np.isfinite(ours) & np.isfinite(theirs)
    gap = np.abs(ours[both] - theirs[both]) / np.maximum(np.abs(theirs[both]), 1e-12)
    return f"{gap.max(initial=0.0):.0e}, {missing} NaN mismatches"


def _comparable(
    person: PersonPhysiology, grid: Grid, rows: IntArray, ours: FloatArray, theirs: FloatArray
) -> tuple[FloatArray, FloatArray, str]:
    """Keep the windows in which both do the same (see the docstrings of hrv and spectral)."""
    beats = person.beats
    assert beats is not None
    first, last = grid.inside(beats.starts, beats.times)
    doubtful = np.concatenate(([0], np.cumsum(~beats.sound)))
    sound = (doubtful[last] - doubtful[first] == 0)[rows]
    span = beats.times[last - 1] - beats.times[first]
    samples = np.ceil(np.round((span + 0.25) * 4, 6)).astype(int)
    three = (samples // 2 % 2 == 0)[rows]  # NeuroKit2's Welch has two segments elsewhere
    ours, theirs = ours.copy(), theirs.copy()
    for values in (ours, theirs):
        values[~sound, 2] = np.where(np.isnan(values[~sound, 2]), np.nan, 0.0)
        values[~three, 3] = np.where(np.isnan(values[~three, 3]), np.nan, 0.0)
    return ours, theirs, f"; RMSSD equal in {sound.mean():.0%}, HF in {three.mean():.0%}"
