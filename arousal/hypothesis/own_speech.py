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

__all__ = ["BINS", "LAG", "LEAST_SPREAD", "Matched", "OwnSpeech", "matched_difference", "own_slope"]

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

BINS = 5
"""Classes of own speech (0-20 %, ... 80-100 %) within which windows are matched."""
LAG = 10.0
"""Seconds between a window and the earlier one that its own speech is compared with."""
LEAST_SPREAD = 0.05
"""SD of own speech within stretches below which no slope can be told from noise."""
SMALL = 1e-6
"""Share of the variance of own speech that is nothing but rounding."""


class OwnSpeech(NamedTuple):
    """Share of own speech, 0-1, NaN = not known; arrays of shape (..., persons, windows).

    Parameters
    ----------
    now : ndarray
        In the window.
    before : ndarray
        In the window that began `LAG` s earlier.
    """

    now: Floats
    before: Floats


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


def own_slope(
    values: Floats, speech: Floats, layout: Layout, before: Floats | None = None
) -> Floats:
    """Rise of the measure from silent to talking throughout, within stretches of one phase.

    A body follows speech some seconds late, and by how many nobody knows. A slope on the window's
    own speech alone comes out some 5 % too small (time constant 5 s, windows of a minute), which
    leaves enough of a talking phase to raise the error rate from .05 to .07. So the change of own
    speech since a window `LAG` seconds earlier stands beside it and takes the delay up.

    Parameters
    ----------
    values, speech : ndarray, shape (..., persons, windows)
        The measure and the share of own speech; windows with NaN in either are left out.
    layout : Layout
        Which stretch each window lies in.
    before : ndarray, optional, shape (..., persons, windows)
        Share of own speech in the window `LAG` s earlier, NaN as above. Without it the delay is not
        taken up, which will do where the slope is not tested on.

    Returns
    -------
    ndarray, shape (..., persons)
        Least squares with one constant per stretch; NaN where own speech varies within stretches by
        less than `LEAST_SPREAD` (SD), or is not known.
    """
    before = speech if before is None else before
    good = np.isfinite(values) & np.isfinite(speech) & np.isfinite(before)
    x, y = np.where(good, speech, 0), np.where(good, values, 0)
    change = np.where(good, speech - before, 0)
    weights = layout.stretches.T.astype(values.dtype)
    n = np.maximum(good.astype(values.dtype) @ weights, 1)
    sums = {"x": x @ weights, "y": y @ weights, "d": change @ weights}

    def within(one: str, a: Floats, other: str, b: Floats) -> Floats:
        total = np.einsum("...w,...w->...", a, b)
        return np.asarray(total - (sums[one] * sums[other] / n).sum(axis=-1))

    sxx, sdd = within("x", x, "x", x), within("d", change, "d", change)
    sxd = within("x", x, "d", change)
    sxy, sdy = within("x", x, "y", y), within("d", change, "y", y)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Where speech does not change between the two windows there is no delay to take up.
        share = np.where(sdd > SMALL * sxx, sxd / sdd, 0)
        left = sxx - share * sxd
        known = np.maximum(good.sum(axis=-1), 1)
        enough = (sxx / known >= LEAST_SPREAD**2) & (left > SMALL * sxx)
        return np.asarray(np.where(enough, (sxy - share * sdy) / left, np.nan))


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
