"""What a person's own talking does to their measure, and how it is taken out.

Who talks is aroused by talking. The slope is each person's own and is estimated within stretches
of one phase only: every stretch loses its own mean first, so that a phase in which the person is
both aroused and talking adds nothing to it. (A slope over the whole session would take a phase
effect for an effect of speech, and "adjust" it away.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arousal.hypothesis.layout import Layout, Part
from arousal.hypothesis.part_means import covered_seconds

__all__ = ["BINS", "LEAST_SPREAD", "Matched", "matched_difference", "own_slope"]

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

BINS = 5
"""Classes of own speech (0-20 %, ... 80-100 %) within which windows are matched."""
LEAST_SPREAD = 0.1
"""SD of own speech within stretches below which no slope can be told from noise."""


class Matched(NamedTuple):
    """Difference of two phases at equal own speech; shapes (..., persons) and (..., persons, 2).

    Parameters
    ----------
    difference : ndarray
        First minus second, in the measure's unit; NaN where nothing matches.
    n : ndarray
        Matched windows in each.
    seconds : ndarray
        Seconds that they cover.
    """

    difference: Floats
    n: Floats
    seconds: Floats


def own_slope(values: Floats, speech: Floats, layout: Layout) -> Floats:
    """Rise of the measure from silent to talking throughout, within stretches of one phase.

    Parameters
    ----------
    values, speech : ndarray, shape (..., persons, windows)
        The measure and the share of own speech; windows with NaN in either are left out.
    layout : Layout
        Which stretch each window lies in.

    Returns
    -------
    ndarray, shape (..., persons)
        Least squares with one constant per stretch; NaN where own speech varies within stretches by
        less than `LEAST_SPREAD` (SD), or is not known.
    """
    good = np.isfinite(values) & np.isfinite(speech)
    x, y = np.where(good, speech, 0), np.where(good, values, 0)
    weights = layout.stretches.T.astype(values.dtype)
    n = np.maximum(good.astype(values.dtype) @ weights, 1)
    sums_x = x @ weights
    with np.errstate(invalid="ignore", divide="ignore"):
        between = sums_x / n
        sxx = (x * x).sum(axis=-1) - (sums_x * between).sum(axis=-1)
        sxy = (x * y).sum(axis=-1) - ((y @ weights) * between).sum(axis=-1)
        known = np.maximum(good.sum(axis=-1), 1)
        return np.asarray(np.where(sxx / known >= LEAST_SPREAD**2, sxy / sxx, np.nan))


def matched_difference(
    values: Floats, speech: Floats, slope: Floats, layout: Layout, parts: Sequence[Part]
) -> Matched:
    """Compare two phases over windows in which the person talked as much.

    Windows are matched within classes of own speech (coarsened exact matching, Iacus, King & Porro
    2012, doi:10.1093/pan/mpr013); each class weighs n1·n2/(n1 + n2). What difference in speech is
    left within a class is taken out by the person's own slope, which is our addition.

    Parameters
    ----------
    values, speech : ndarray, shape (..., persons, windows)
        The measure and the share of own speech.
    slope : ndarray, shape (..., persons)
        From `own_slope`.
    layout : Layout
        The windows.
    parts : sequence of two Part
        First and second phase.
    """
    member = np.array([p.member for p in parts])
    used = member.any(axis=0)
    weights = member[:, used].T.astype(values.dtype)
    y, x = values[..., used], speech[..., used]
    good = np.isfinite(y) & np.isfinite(x)
    level = np.minimum(np.where(good, x, 0) * BINS, BINS - 1).astype(np.int8)
    adjusted = np.where(good, y - slope[..., None] * x, 0)
    total = np.zeros(values.shape[:-1])
    weight = np.zeros(values.shape[:-1])
    matched = np.zeros(good.shape, dtype=bool)
    for b in range(BINS):
        here = good & (level == b)
        n = here.astype(values.dtype) @ weights
        both = (n > 0).all(axis=-1)
        n = np.where(both[..., None], n, 1)
        means = np.where(here, adjusted, 0) @ weights / n
        share = np.where(both, n.prod(axis=-1) / n.sum(axis=-1), 0)
        total += np.where(both, share * (means[..., 0] - means[..., 1]), 0)
        weight += share
        matched |= here & both[..., None]
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = np.where(weight > 0, total / weight, np.nan)
    time, length = layout.time[used], layout.duration[used]
    seconds = [covered_seconds(matched, time, length, m[used]) for m in member]
    return Matched(
        np.asarray(difference),
        matched.astype(values.dtype) @ weights,
        np.stack(seconds, axis=-1),
    )
