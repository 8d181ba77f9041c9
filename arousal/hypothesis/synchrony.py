"""Whether bodies in one room move together, beyond what strangers' bodies do anyway.

Slow series go together by chance (two strangers' Pearson p is below .05 in 33-73 % of cases), so
everything slower than a segment is taken out: each segment loses its mean and its straight line and
is brought to length one. What is left is compared segment by segment:

* *leave-one-out* correlation of each person with the sum of the others (Nastase et al. 2019,
  doi:10.1093/scan/nsz037), over all segments of a phase;
* *windowed cross-correlation*: the highest correlation within a few seconds of lag, window by
  window (Boker et al. 2002, doi:10.1037/1082-989X.7.3.338), averaged over windows and pairs;
* *presenter and group*: the presenter against the sum of the others.

Two things would look like synchrony: chance and a common agenda. Chance is what remains when each
person's segments change places within the phase; a common agenda (everybody is roused when
the case begins to be told) is what people of *other* sessions share at the same phase time
(`arousal.hypothesis.group_synchrony`). A claim needs both.

Pieces come from `arousal.hypothesis.phase_pieces`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Shuffled",
    "aligned_correlation",
    "aligned_peaks",
    "coupling",
    "leave_one_out",
    "mean_of",
    "peaks",
    "products",
    "shuffle_coupling",
    "shuffle_leave_one_out",
    "shuffle_windows",
]

Floats = NDArray[np.floating[Any]]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LARGEST_R = 0.999
"""Correlations are cut here before Fisher's z, which has no value at 1."""
NOTHING = 1e-9
"""Energy below which there is nothing to correlate with."""
_CHUNK = 4_000_000


@dataclass(frozen=True, slots=True)
class Shuffled:
    """A statistic held against shuffled segments.

    Parameters
    ----------
    value : float
        Mean Fisher z.
    expected : float
        Its mean over shuffles.
    p : float
        Share of shuffles at least as high, the data counted among them.
    draws : int
        Shuffles.
    """

    value: float
    expected: float
    p: float
    draws: int


def products(segments: FloatArray) -> FloatArray:
    """Correlation of every segment with every other.

    Parameters
    ----------
    segments : ndarray, shape (persons, segments, length)
        From `cut`.

    Returns
    -------
    ndarray, shape (persons, segments, persons, segments)
        NaN where either does not count.
    """
    persons, count, length = segments.shape
    flat = segments.reshape(persons * count, length)
    lost = np.asarray(np.isnan(flat).any(axis=1))
    known = np.where(lost[:, None], 0.0, flat)
    found = known @ known.T
    found[lost] = np.nan
    found[:, lost] = np.nan
    return np.asarray(found.reshape(persons, count, persons, count))


def leave_one_out(matched: FloatArray) -> FloatArray:
    """Correlate each person with the sum of the others.

    Parameters
    ----------
    matched : ndarray, shape (..., segments, persons, persons)
        Correlations of segments that stand side by side; NaN where either does not count.

    Returns
    -------
    ndarray, shape (..., persons)
        Fisher z of r over all segments in which the person and somebody else count; NaN if none.
    """
    there = np.isfinite(np.diagonal(matched, axis1=-2, axis2=-1))
    c = np.where(np.isfinite(matched), matched, 0.0)
    own = there.astype(np.float64)
    rows = c.sum(axis=-1)
    shared = rows - own
    others = c.sum(axis=(-2, -1))[..., None] - 2 * rows + own
    company = there.sum(axis=-1)[..., None] - own > 0
    both = there & company
    return _fisher(
        np.where(both, shared, 0).sum(axis=-2),
        both.sum(axis=-2) * np.where(both, others, 0).sum(axis=-2),
    )


def coupling(matched: FloatArray, person: int) -> FloatArray:
    """Correlate one person with the sum of the others; as `leave_one_out`, shape (...)."""
    return np.asarray(leave_one_out(matched)[..., person])


def _fisher(shared: FloatArray, energy: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.where(energy > NOTHING, shared / np.sqrt(np.maximum(energy, 0)), np.nan)
    return np.asarray(np.arctanh(np.clip(r, -LARGEST_R, LARGEST_R)))


def _side_by_side(gram: FloatArray, order: IntArray) -> FloatArray:
    """Pick the products of segments in given orders: (b, persons, segments) -> (b, s, p, p)."""
    persons, count = gram.shape[:2]
    flat = gram.reshape(persons * count, persons * count)
    places = np.swapaxes(order + count * np.arange(persons)[:, None], -1, -2)
    return np.asarray(flat[places[..., :, None], places[..., None, :]])


def _orders(draws: int, persons: int, count: int, rng: np.random.Generator) -> IntArray:
    """The data's own order, then random ones; the first person stays in place throughout."""
    own = np.broadcast_to(np.arange(count), (persons, count))
    drawn = np.broadcast_to(own, (draws, persons, count)).copy()
    drawn[:, 1:] = rng.permuted(drawn[:, 1:], axis=-1)
    return np.concatenate([own[None], drawn])


def shuffle_leave_one_out(
    segments: FloatArray, draws: int, rng: np.random.Generator
) -> Shuffled | None:
    """Leave-one-out correlation of a group against shuffled segments.

    Parameters
    ----------
    segments : ndarray, shape (persons, segments, length)
        Of one phase, from `cut`.
    draws : int
        Shuffles; each person's segments change places independently.
    rng : numpy.random.Generator

    Returns
    -------
    Shuffled or None
        Mean Fisher z over persons; ``None`` where nobody has company in any segment.
    """
    orders = _orders(draws, segments.shape[0], segments.shape[1], rng)
    return _against(products(segments), orders, lambda m: mean_of(leave_one_out(m)))


def shuffle_coupling(
    segments: FloatArray, person: int, draws: int, rng: np.random.Generator
) -> Shuffled | None:
    """One person and the group against the person's shuffled segments.

    The others stay as they are among themselves: whether *they* move together is another question.
    """
    persons, count = segments.shape[:2]
    orders = np.broadcast_to(np.arange(count), (draws + 1, persons, count)).copy()
    orders[1:, person] = rng.permuted(orders[1:, person], axis=-1)
    return _against(products(segments), orders, lambda m: coupling(m, person))


def _against(
    gram: FloatArray, orders: IntArray, statistic: Callable[[FloatArray], FloatArray]
) -> Shuffled | None:
    persons, count = gram.shape[:2]
    step = max(1, _CHUNK // max(1, count * persons**2))
    parts = [
        statistic(_side_by_side(gram, orders[i : i + step])) for i in range(0, len(orders), step)
    ]
    return _ranked(np.concatenate(parts))


def _ranked(values: FloatArray) -> Shuffled | None:
    if not np.isfinite(values[0]):
        return None
    drawn = values[1:][np.isfinite(values[1:])]
    high = int((drawn >= values[0] - 1e-12).sum())
    p = (1 + high) / (1 + drawn.size)
    return Shuffled(float(values[0]), float(drawn.mean()), float(p), int(drawn.size))


def mean_of(values: FloatArray) -> FloatArray:
    """Mean over the last axis of what is there; NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0).sum(axis=-1)
    mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return np.asarray(mean)


def peaks(one: FloatArray, others: FloatArray) -> FloatArray:
    """Highest correlation within the lag, of every window of one with every window of others.

    Parameters
    ----------
    one : ndarray, shape (windows, lags, length)
        From `lagged`; stays in place.
    others : ndarray, shape (persons, windows, lags, length)
        From `lagged`; move.

    Returns
    -------
    ndarray, shape (persons, windows, windows)
        Fisher z of the peak; the diagonals hold windows of the same time. NaN where a second is
        missing or nothing varies, at any lag.
    """
    persons, count, lags, length = others.shape
    lost = np.asarray(np.isnan(others).any(axis=(2, 3)))
    gone = np.asarray(np.isnan(one).any(axis=(1, 2)))
    fixed = np.where(gone[:, None], 0.0, one[:, lags // 2])
    moved = np.where(lost[..., None, None], 0.0, others) if lost.any() else others
    found = (moved.reshape(-1, length) @ fixed.T).reshape(persons, count, lags, -1).max(axis=2)
    z = np.arctanh(np.clip(found, -LARGEST_R, LARGEST_R))
    z[lost] = np.nan
    z[:, :, gone] = np.nan
    return np.asarray(np.swapaxes(z, 1, 2))


def aligned_correlation(segments: FloatArray) -> FloatArray:
    """Correlation of every two people over the segments of the same time.

    Parameters
    ----------
    segments : ndarray, shape (persons, segments, length)
        From `cut`; NaN = does not count.

    Returns
    -------
    ndarray, shape (persons, persons)
        Fisher z; NaN on the diagonal and where two people share no segment.
    """
    there = np.isfinite(segments[..., 0]).astype(np.float64)
    known = np.where(np.isnan(segments), 0.0, segments).reshape(len(segments), -1)
    total, shared = known @ known.T, there @ there.T
    r = np.divide(total, shared, out=np.full(total.shape, np.nan), where=shared > 0)
    np.fill_diagonal(r, np.nan)
    return np.asarray(np.arctanh(np.clip(r, -LARGEST_R, LARGEST_R)))


def aligned_peaks(windows: FloatArray) -> FloatArray:
    """Mean peak of every two people over the windows of the same time.

    Parameters
    ----------
    windows : ndarray, shape (persons, windows, lags, length)
        From `lagged`.

    Returns
    -------
    ndarray, shape (persons, persons)
        Mean Fisher z of both directions; NaN on the diagonal and without a common window.
    """
    people, count, lags, length = windows.shape
    total, shared = np.zeros((people, people)), np.zeros((people, people))
    there = np.asarray(np.isfinite(windows).all(axis=(2, 3))).T
    step = max(1, _CHUNK // max(1, people * lags * max(people, length)))
    for k in range(0, count, step):
        here = np.swapaxes(windows[:, k : k + step], 0, 1)
        flat = np.where(there[k : k + step, :, None, None], here, 0.0)
        fixed = np.swapaxes(flat[:, :, lags // 2], 1, 2)
        # Lags stand before people: the highest of them is then found row by row.
        r = flat.reshape(len(flat), people * lags, length) @ fixed
        r = r.reshape(-1, people, lags, people).max(axis=2)
        z = np.arctanh(np.clip(r, -LARGEST_R, LARGEST_R))
        both = there[k : k + step, :, None] & there[k : k + step, None]
        total += np.where(both, z + np.swapaxes(z, 1, 2), 0.0).sum(axis=0) / 2
        shared += both.sum(axis=0)
    np.fill_diagonal(shared, 0.0)
    mean = np.divide(total, shared, out=np.full(total.shape, np.nan), where=shared > 0)
    return np.asarray(mean)


def shuffle_windows(windows: FloatArray, draws: int, rng: np.random.Generator) -> Shuffled | None:
    """Windowed cross-correlation of a group against shuffled windows.

    Parameters
    ----------
    windows : ndarray, shape (persons, windows, lags, length)
        Of one phase, from `lagged`.
    draws : int
        Shuffles.
    rng : numpy.random.Generator

    Returns
    -------
    Shuffled or None
        Mean Fisher z of the peak over windows and pairs; ``None`` without any.
    """
    persons, count = windows.shape[:2]
    if persons < 2 or count < 2:
        return None
    orders = _orders(draws, persons, count, rng)
    total = np.zeros(len(orders))
    pairs = np.zeros(len(orders))
    for i in range(persons - 1):
        found = peaks(windows[i], windows[i + 1 :])
        for j in range(i + 1, persons):
            mean = mean_of(found[j - i - 1][orders[:, i], orders[:, j]])
            total += np.where(np.isfinite(mean), mean, 0.0)
            pairs += np.isfinite(mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        return _ranked(np.where(pairs > 0, total / pairs, np.nan))
