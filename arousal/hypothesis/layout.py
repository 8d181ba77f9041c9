"""Where each window of a case block lies: in which stretch of which phase, in which third of it.

A window counts only where it lies wholly inside a phase, or inside a third of it, once the edge is
dropped. Thirds are thirds of what then remains, so that their middles are equally far apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.hypothesis.prediction import Term
from arousal.phase_align.align import ROUNDING, edge_of
from arousal.phase_align.timeline import Timeline
from arousal.settings import AlignSettings

__all__ = ["Layout", "Part", "term_parts"]

FloatArray = NDArray[np.float64]
_THIRDS = {"first": (0.0, 1 / 3), "middle": (1 / 3, 2 / 3), "last": (2 / 3, 1.0)}


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The windows of one block and of the meeting around it, the same for everybody.

    Parameters
    ----------
    onset, duration : ndarray, shape (windows,)
        Seconds, by middle of the window.
    stretch : ndarray of int, shape (windows,)
        Which interval of the timeline each lies in; all lie wholly inside, without the edge.
    """

    onset: FloatArray
    duration: FloatArray
    stretch: NDArray[np.int64]

    @property
    def time(self) -> FloatArray:
        """Middle of each window, s, shape (windows,)."""
        return self.onset + self.duration / 2

    @property
    def stretches(self) -> NDArray[np.bool_]:
        """Membership in each stretch that holds a window, shape (stretches, windows)."""
        return np.asarray(self.stretch == np.unique(self.stretch)[:, None])


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The windows of one term.

    Parameters
    ----------
    name : str
        ``"discussion/first"``.
    member : ndarray of bool, shape (windows,)
        Whether each window of the layout belongs to it.
    reason : str
        Why there are none; empty otherwise.
    """

    name: str
    member: NDArray[np.bool_]
    reason: str = ""


def term_parts(
    layout: Layout, terms: Sequence[Term], timeline: Timeline, block: int, align: AlignSettings
) -> tuple[Part, ...]:
    """Find the windows of each term.

    Parameters
    ----------
    layout : Layout
        The block's windows.
    terms : sequence of Term
        Phases outside the case (baseline, opening) are looked for in the meeting.
    timeline : Timeline
        Where the phases are.
    block : int
        Case block from 1.
    align : AlignSettings
        Edges.

    Returns
    -------
    tuple of Part
        One for each term.
    """
    return tuple(_part(layout, term, timeline, block, align) for term in terms)


def _part(layout: Layout, term: Term, timeline: Timeline, block: int, align: AlignSettings) -> Part:
    nowhere = np.zeros(layout.onset.shape, dtype=bool)
    found = timeline.intervals(term.phase, block) or timeline.intervals(term.phase, 0)
    certain = [p for p in found if p.certain]
    if not found:
        return Part(term.name, nowhere, f"{term.phase} has no mark")
    if not certain:
        return Part(term.name, nowhere, found[0].note or f"the bounds of {term.phase} are unknown")
    at = np.isin(layout.stretch, [timeline.phases.index(p) for p in certain])
    if term.part == "whole":
        reason = "" if at.any() else f"{term.phase} holds no window without its edge"
        return Part(term.name, at, reason)
    if len(certain) > 1:
        reason = f"{term.phase} was taken up {len(certain)} times, so it has no thirds"
        return Part(term.name, nowhere, reason)
    only = certain[0]
    onset = only.onset + edge_of(only, align)
    low, high = (onset + share * (only.end - onset) for share in _THIRDS[term.part])
    at &= layout.onset >= low - ROUNDING
    at &= layout.onset + layout.duration <= high + ROUNDING
    return Part(term.name, at, "" if at.any() else f"a third of {term.phase} holds no window")
