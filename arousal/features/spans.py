"""Stretches of time, and how much of each window they cover.

A *span array* has shape (k, 2): onset and end in seconds. Everything here works on all windows at
once; coverage comes from the running total of covered time, read off at both ends of a window.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["as_spans", "complement", "covered", "merge", "runs", "total", "widen"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


def as_spans(pairs: ArrayLike | Iterable[tuple[float, float]]) -> FloatArray:
    """Return pairs as a span array; an empty input gives shape (0, 2)."""
    listed = pairs if isinstance(pairs, np.ndarray) else list(pairs)  # type: ignore[arg-type]
    return np.asarray(listed, dtype=np.float64).reshape(-1, 2)


def runs(mask: NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
    """Return first index and one-past-last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return edges[::2], edges[1::2]


def merge(spans: FloatArray) -> FloatArray:
    """Join spans that touch or overlap; the result is sorted and disjoint, without empty ones."""
    spans = spans[spans[:, 1] > spans[:, 0]]
    if not len(spans):
        return as_spans([])
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    reach = np.maximum.accumulate(spans[:, 1])
    first = np.flatnonzero(np.concatenate(([True], spans[1:, 0] > reach[:-1])))
    last = np.concatenate((first[1:] - 1, [len(spans) - 1]))
    return np.column_stack((spans[first, 0], reach[last]))


def widen(spans: FloatArray, margin: float) -> FloatArray:
    """Extend each span by ``margin`` s on both sides and join what then touches."""
    return merge(spans + np.array([-margin, margin]))


def complement(spans: FloatArray, onset: float, end: float) -> FloatArray:
    """Return what is left of ``[onset, end]`` outside the spans."""
    inside = merge(np.clip(spans, onset, end))
    starts = np.concatenate(([onset], inside[:, 1]))
    stops = np.concatenate((inside[:, 0], [end]))
    return merge(np.column_stack((starts, stops)))


def total(spans: FloatArray) -> float:
    """Return the time covered, in seconds."""
    joined = merge(spans)
    return float((joined[:, 1] - joined[:, 0]).sum())


def covered(spans: FloatArray, onset: FloatArray, end: FloatArray) -> FloatArray:
    """Return the seconds of each window that the spans cover.

    Parameters
    ----------
    spans : ndarray, shape (k, 2)
        In any order; overlaps count once.
    onset, end : ndarray, shape (w,)
        Windows in seconds.

    Returns
    -------
    ndarray, shape (w,)
    """
    joined = merge(spans)
    if not len(joined):
        return np.zeros(np.shape(onset))
    lengths = joined[:, 1] - joined[:, 0]
    before = np.concatenate(([0.0], np.cumsum(lengths)[:-1]))
    knots = joined.ravel()
    running = np.column_stack((before, before + lengths)).ravel()
    difference = np.interp(end, knots, running) - np.interp(onset, knots, running)
    result: FloatArray = np.maximum(difference, 0.0)
    return result
