"""Mean of each person's valid windows in each part of a contrast, and whether they suffice.

Vectorised: any number of leading axes (repetitions) come before persons and windows, so that
calibration and power run on the functions that real sessions go through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.hypothesis.layout import Layout, Part

__all__ = ["Need", "PartMeans", "covered_seconds", "part_means", "quiet_windows", "valid_windows"]

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Need:
    """What a part needs to count: share of valid windows, and seconds that they cover."""

    share: float
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class PartMeans:
    """Means of parts; all arrays have shape (..., persons, parts).

    Parameters
    ----------
    mean : ndarray
        Mean of the measure over valid windows; NaN without any.
    speech : ndarray
        Mean own speech over the same windows.
    n : ndarray
        Valid windows.
    share : ndarray
        Valid windows / windows that might have counted.
    seconds : ndarray
        Covered by the union of valid windows.
    """

    mean: Floats
    speech: Floats
    n: Floats
    share: Floats
    seconds: Floats

    def enough(self, need: Need) -> Bools:
        """Which parts count, shape (..., persons, parts)."""
        return np.asarray(
            (self.n > 0) & (self.share >= need.share) & (self.seconds >= need.seconds)
        )


def valid_windows(
    values: Floats, speech: Floats, rule: str, quiet_max: float, keep_unknown: bool
) -> Bools:
    """Which windows may enter.

    Parameters
    ----------
    values, speech : ndarray, shape (..., persons, windows)
        The measure (NaN = refused) and the share of own speech, 0-1 (NaN = not known).
    rule : {"ignored", "quiet", "adjusted", "matched"}
        As in a contrast.
    quiet_max : float
        Most own speech of a quiet window.
    keep_unknown : bool
        Whether ``quiet`` takes windows in which nobody knows who spoke.

    Returns
    -------
    ndarray of bool, shape (..., persons, windows)
    """
    valid = np.isfinite(values)
    if rule == "ignored":
        return valid
    if rule == "quiet":
        quiet = speech <= quiet_max
        return np.asarray(valid & (quiet | np.isnan(speech) if keep_unknown else quiet))
    return np.asarray(valid & np.isfinite(speech))


def quiet_windows(speech: Floats, rule: str, quiet_max: float) -> Bools | None:
    """Windows among which the valid ones are counted; ``None`` for all.

    With ``quiet``, what a person said aloud is left out on purpose and is no lost data, so that the
    share of valid windows is one of the windows in which they were not known to talk.
    """
    return np.asarray(~(speech > quiet_max)) if rule == "quiet" else None


def part_means(
    values: Floats,
    speech: Floats,
    valid: Bools,
    layout: Layout,
    parts: Sequence[Part],
    among: Bools | None = None,
) -> PartMeans:
    """Average valid windows over each part.

    Parameters
    ----------
    values, speech : ndarray, shape (..., persons, windows)
        The measure and the share of own speech.
    valid : ndarray of bool, same shape
        From `valid_windows`.
    layout : Layout
        The windows.
    parts : sequence of Part
        Which of them belong to each part.
    among : ndarray of bool, optional, same shape
        From `quiet_windows`.

    Returns
    -------
    PartMeans
    """
    member = np.array([p.member for p in parts])
    used = member.any(axis=0)
    member, good = member[:, used], valid[..., used]
    weights = member.T.astype(values.dtype)
    n = good.astype(values.dtype) @ weights
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(good, values[..., used], 0) @ weights / n
        spoken = np.where(good, speech[..., used], 0) @ weights / n
        if among is None:
            share = n / member.sum(axis=1)
        else:
            share = n / (among[..., used].astype(values.dtype) @ weights)
    seconds = [covered_seconds(good, layout.time[used], layout.duration[used], m) for m in member]
    return PartMeans(mean, spoken, n, np.nan_to_num(share), np.stack(seconds, axis=-1))


def covered_seconds(valid: Bools, time: Floats, duration: Floats, member: Bools) -> Floats:
    """Seconds covered by the union of the valid windows of one part.

    Parameters
    ----------
    valid : ndarray of bool, shape (..., windows)
        Which windows count.
    time, duration : ndarray, shape (windows,)
        Middle and length in s, by middle; neighbours have one length.
    member : ndarray of bool, shape (windows,)
        The part.

    Returns
    -------
    ndarray, shape (...)
    """
    good, t, length = valid[..., member], time[member], duration[member]
    if good.all():
        # One answer for all repetitions spares the work where nothing is missing.
        whole = np.minimum(np.diff(t, prepend=-np.inf), length).sum()
        return np.full(good.shape[:-1], whole)
    place = np.where(good, np.arange(t.size), -1)
    last = np.maximum.accumulate(place, axis=-1)
    before = np.concatenate([np.full((*good.shape[:-1], 1), -1), last[..., :-1]], axis=-1)
    since = np.where(before < 0, np.inf, t - t[np.maximum(before, 0)])
    return np.asarray(np.where(good, np.minimum(since, length), 0.0).sum(axis=-1))
