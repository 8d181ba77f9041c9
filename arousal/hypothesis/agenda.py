"""People of one room against people of different sessions at the same moment of the same phase.

From each pair's alikeness both people's mean alikeness to people of other sessions is taken, and
the mean of all such strangers is added back. Without that, somebody who happens to follow the
agenda closely would raise their whole room and all strangers' pairs with it: the blocks' numbers
would then depend on each other and the test would claim too little (.02-.04).

A little dependence remains, because the blocks are each other's strangers. It is known: every
block's number is a sum of pairs' alikenesses with known weights, and people who do not answer each
other give pairs without correlation. With weights L (blocks x pairs), the numbers' covariance is
C = L L' in units of one pair's variance; the variance of their mean over B blocks is 1'C1 / B²,
while the usual estimate s² / B expects (tr C - 1'C1 / B) / (B (B - 1)). Their ratio is what
Student's t has to be divided by (its root); without it, t is too small by 2 to 4 % (three people a
block: .966 with 6 blocks, .977 with 12) and claims in .046 of studies what it should in .05.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.hypothesis.synchrony import aligned_correlation, aligned_peaks, mean_of

__all__ = ["AboveAgenda", "Room", "above_agenda"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """Those who sat together in one phase of one block.

    Parameters
    ----------
    session : str
        Session id.
    persons : tuple of str
        Pseudonyms; nobody is a stranger to themselves, nor their own company.
    presenter : int or None
        Row of the presenter.
    pieces : ndarray, shape (persons, pieces, ...)
        Segments or windows (`arousal.hypothesis.phase_pieces`).
    """

    session: str
    persons: tuple[str, ...]
    presenter: int | None
    pieces: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class AboveAgenda:
    """One number per block, and how much these depend on each other.

    Parameters
    ----------
    values : ndarray, shape (blocks,)
        Fisher z of the room's pairs beyond strangers; NaN where nothing can be compared.
    covariance : ndarray, shape (blocks, blocks)
        Of the values if nobody answers anybody, in units of one pair's variance.
    """

    values: FloatArray
    covariance: FloatArray

    def shrinkage(self, units: Sequence[str], kept: NDArray[np.bool_]) -> float:
        """How much smaller than it seems the standard error of the units' mean is.

        Parameters
        ----------
        units : sequence of str
            Which unit each kept block belongs to.
        kept : ndarray of bool, shape (blocks,)
            Blocks that enter.

        Returns
        -------
        float
            Root of (variance of the mean) / (expectation of its usual estimate); 1 with fewer than
            two units.
        """
        names = np.array(units)
        each = np.array([names == name for name in dict.fromkeys(units)], dtype=np.float64)
        if len(each) < 2:
            return 1.0
        each /= each.sum(axis=1, keepdims=True)
        c = each @ self.covariance[np.ix_(kept, kept)] @ each.T
        n = len(c)
        mean = c.sum() / n**2
        usual = (np.trace(c) - c.sum() / n) / (n * (n - 1))
        return float(np.sqrt(mean / usual)) if usual > 0 and mean > 0 else 1.0


def above_agenda(rooms: Sequence[Room], *, windowed: bool, coupling: bool) -> AboveAgenda:
    """Compare the pairs of each room with pairs of different sessions.

    Parameters
    ----------
    rooms : sequence of Room
        Of two sessions at least.
    windowed : bool
        Whether the pieces are windows with lags.
    coupling : bool
        Whether only pairs with the presenter count.
    """
    # The second longest: beyond it, one block has nobody to be held against.
    length = sorted(r.pieces.shape[1] for r in rooms)[-2]
    stacked = np.concatenate([_fitted(r.pieces, length) for r in rooms])
    alike = aligned_peaks(stacked) if windowed else aligned_correlation(stacked)
    session = np.array([r.session for r in rooms for _ in r.persons])
    block = np.array([i for i, r in enumerate(rooms) for _ in r.persons])
    person = np.array([p for r in rooms for p in r.persons])
    presents = np.array([i == r.presenter for r in rooms for i in range(len(r.persons))])
    other = person[:, None] != person
    away = np.where(other & (session[:, None] != session), alike, np.nan)
    typical = mean_of(away)
    left = alike - typical[:, None] - typical + mean_of(away.ravel())
    room = np.where(other & (block[:, None] == block), left, np.nan)
    if coupling:
        room[~(presents[:, None] | presents)] = np.nan
    # A person's pairs all lie in their own block: sums over persons are sums over blocks.
    known = np.isfinite(room)
    sums = np.bincount(block, np.where(known, room, 0.0).sum(axis=1), len(rooms))
    pairs = np.bincount(block, known.sum(axis=1), len(rooms))
    values = np.divide(sums, pairs, out=np.full(len(rooms), np.nan), where=pairs > 0)
    return AboveAgenda(values, _covariance(np.isfinite(away), known, block, len(rooms)))


def _covariance(
    away: NDArray[np.bool_], room: NDArray[np.bool_], block: NDArray[np.int64], blocks: int
) -> FloatArray:
    """L L' for the weights of `above_agenda`; masks are symmetric, shape (persons, persons).

    A pair of strangers i, j has the weight g - s(b, i) - s(b, j) in block b, with g = 1 / pairs of
    strangers and s what i's mean counts there; a pair of the room 1 / its pairs. Sums over pairs
    are worked out, so that no array of blocks x pairs is needed.
    """
    strangers = away.sum(axis=1)
    own = np.zeros((blocks, len(block)))
    own[block, np.arange(len(block))] = room.sum(axis=1)
    pairs = np.maximum(own.sum(axis=1), 1)  # each counted from both sides
    share = 2 * own / pairs[:, None] / np.maximum(strangers, 1)
    every = max(int(away.sum()), 1)
    g, once = 2 / every, share @ strangers
    cross = share * strangers @ share.T + share @ away.astype(np.float64) @ share.T
    cross += every * g**2 / 2 - g * (once[:, None] + once)
    return np.asarray(cross + np.diag(2 / pairs))


def _fitted(pieces: FloatArray, length: int) -> FloatArray:
    """Bring pieces to a common number; what a block does not have is missing."""
    kept = pieces[:, :length]
    missing = np.full((kept.shape[0], length - kept.shape[1], *kept.shape[2:]), np.nan)
    return np.concatenate([kept, missing], axis=1)
