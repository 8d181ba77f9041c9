"""The display index: one line a person can look at, always shown with its parts beneath it.

For a window, the mean of the robust z of its parts: heart rate, square root of the response rate,
ln skin conductance level, and -lnRMSSD; z = (value - own baseline) / (session MAD x 1.4826), so
zero is the person's own quiet start. The parts are fixed per person for the whole session: those
valid in at least half of the windows of every phase. So the line never changes its make-up where a
phase begins. A part that is missing in a window breaks the line. Never used for inference.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from arousal.phase_align.counting import window_length
from arousal.settings import Settings
from arousal.tables import MEASURE_IDS

__all__ = ["display_index", "reach_of"]

FloatArray = NDArray[np.float64]


def reach_of(parts: tuple[str, ...], settings: Settings) -> float:
    """Seconds on each side of an index value's time from which its parts take data."""
    return max(((window_length(p, settings) or 0.0) / 2 for p in parts), default=0.0)


def display_index(
    windows: pd.DataFrame, settings: Settings
) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
    """Mean robust z per person and window.

    Parameters
    ----------
    windows : DataFrame
        From `arousal.phase_align.counting.measure_windows`, with a column ``z``.
    settings : Settings
        ``align.part_valid``; parts are matched by window middle to half a step.

    Returns
    -------
    rows : DataFrame
        One row per person with an index and window of the shortest length, the columns of
        ``windows`` with the index in ``value`` and ``z``.
    parts : dict
        Pseudonym -> ids of the measures in the index, empty where no part is usable.
    """
    grid = windows[windows["measure"] == MEASURE_IDS[0]]
    people = list(dict.fromkeys(windows["person"]))
    times = np.unique(grid["time"].to_numpy())
    values = _stack(windows, people, times, settings.windows.step / 2)
    used = _usable_parts(values, grid, settings.align.part_valid)
    counts = used.sum(axis=0)
    summed = np.where(used[:, None, :], values, 0.0).sum(axis=0)
    index = np.where(counts > 0, summed / np.maximum(counts, 1), np.nan)
    row = np.searchsorted(times, grid["time"].to_numpy())
    column = pd.Index(people).get_indexer(pd.Index(grid["person"]))
    rows = grid.assign(measure="arousal_index", value=index[row, column], z=index[row, column])
    parts = {
        person: tuple(m for m, mine in zip(MEASURE_IDS, used[:, i], strict=True) if mine)
        for i, person in enumerate(people)
    }
    return rows[rows["person"].map({p: bool(x) for p, x in parts.items()}).astype(bool)], parts


def _stack(
    windows: pd.DataFrame, people: list[str], times: FloatArray, tolerance: float
) -> FloatArray:
    """Robust z of every part, shape (parts, times, people), matched by time."""
    layers = []
    for measure in MEASURE_IDS:
        own = windows[windows["measure"] == measure]
        table = own.pivot_table(index="time", columns="person", values="z", dropna=False)
        table = table.reindex(columns=people)
        if len(table):
            table = table.reindex(times, method="nearest", tolerance=tolerance)
        else:
            table = table.reindex(times)
        layers.append(table.to_numpy(dtype=np.float64))
    return np.stack(layers)


def _usable_parts(values: FloatArray, grid: pd.DataFrame, least: float) -> NDArray[np.bool_]:
    """Which part is valid often enough in every phase, shape (parts, people)."""
    places = grid.drop_duplicates("time").sort_values("time")
    labelled = (places["phase"] != "").to_numpy()
    if not labelled.any():
        labelled = np.ones_like(labelled)
    code = places.groupby(["block", "phase"], sort=False).ngroup().to_numpy()
    valid = np.isfinite(values)
    shares = [valid[:, labelled & (code == c), :].mean(axis=1) for c in np.unique(code[labelled])]
    if not shares:
        return np.zeros((values.shape[0], values.shape[2]), dtype=bool)
    return cast("NDArray[np.bool_]", np.min(shares, axis=0) >= least)
