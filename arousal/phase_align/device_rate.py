"""The heart rate that a device computed itself: a plain mean per phase, to describe and compare."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from arousal.phase_align.timeline import PhaseInterval, Timeline
from arousal.recording import Signal
from arousal.settings import Settings

__all__ = ["DEVICE", "device_means"]

DEVICE = "device_heart_rate"
LONGEST = 10.0
"""Seconds that one value of a device without a fixed rate stands for at most."""


def device_means(
    device_hr: Mapping[str, Signal], timeline: Timeline, settings: Settings
) -> pd.DataFrame:
    """Mean of the device's own heart rate between the bounds of each phase.

    No edges are dropped and nothing is weighted: the mean of the samples with
    ``onset <= time < end`` of the phase's certain intervals. Values that are not finite or not
    above 0 are left out. Samples must cover at least `AlignSettings.min_valid` of the phase.

    Parameters
    ----------
    device_hr : mapping
        Pseudonym -> signal of kind ``hr`` in bpm.
    timeline : Timeline
        The session's course.
    settings : Settings
        ``align.min_valid``.

    Returns
    -------
    DataFrame
        Indexed by person, measure, block, phase: ``windows``, ``n`` (samples), ``coverage``,
        ``seconds``, ``mean``, ``sd``, ``reason``.
    """
    places: dict[tuple[int, str], list[PhaseInterval]] = {}
    for phase in timeline.phases:
        if phase.certain:
            places.setdefault((phase.block, phase.phase), []).append(phase)
    rows = {
        (person, DEVICE, block, phase): _mean(signal, intervals, settings)
        for person, signal in device_hr.items()
        for (block, phase), intervals in places.items()
    }
    index = pd.MultiIndex.from_tuples(rows, names=["person", "measure", "block", "phase"])
    columns = ["windows", "n", "coverage", "seconds", "mean", "sd", "reason"]
    return pd.DataFrame(list(rows.values()), index=index if rows else None, columns=columns)


def _mean(
    signal: Signal, intervals: list[PhaseInterval], settings: Settings
) -> tuple[int, int, float, float, float, float, str]:
    good = np.isfinite(signal.values) & (signal.values > 0)
    times, values = signal.times[good], signal.values[good]
    held = _held(times, signal.rate)
    inside = np.zeros(times.size, dtype=bool)
    for phase in intervals:
        inside |= (times >= phase.onset) & (times < phase.end)
    n = int(inside.sum())
    length = sum(p.duration for p in intervals)
    seconds = float(held[inside].sum())
    share = min(1.0, seconds / length) if length > 0 else 0.0
    if n == 0:
        return 0, 0, 0.0, 0.0, np.nan, np.nan, "the device gave no heart rate"
    spread = float(values[inside].std(ddof=1)) if n > 1 else np.nan
    least = settings.align.min_valid
    few = f"the device's values cover {share:.0%} of it, {least:.0%} are needed"
    reason = few if share < least else ""
    return n, n, share, seconds, float(values[inside].mean()), spread, reason


def _held(times: NDArray[np.float64], rate: float | None) -> NDArray[np.float64]:
    """How long each value stands (s)."""
    longest = LONGEST if rate is None else 1.0 / rate
    steps = np.diff(times, append=times[-1] + longest) if times.size else times
    return np.asarray(np.minimum(steps, longest), dtype=np.float64)
