"""The stretches of an even stream in which no sample is missing.

They end at gaps (a step over three periods and one second) and at shorter losses, which show in
stamps that stay late from one sample on. A passing delay, after which stamps are on time again,
ends no stretch.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from arousal.recording import GAP_PERIODS, GAP_SECONDS

__all__ = ["Stretches", "block_medians"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LEVEL_SECONDS = 5.0
"""Stamps this long before and after a place tell whether it is a loss or a passing delay."""


class Stretches:
    """Stretches ``found`` of an even stream.

    Parameters
    ----------
    marks : ndarray of int64, shape (m,)
        Samples whose stamps count, increasing.
    stamps : ndarray, shape (m,)
        Their stamps in seconds.
    period : float
        Seconds a sample.
    bounds : sequence of int
        Samples at which a stretch ends in any case.
    """

    def __init__(
        self, marks: IntArray, stamps: FloatArray, period: float, bounds: Sequence[int]
    ) -> None:
        self.marks, self.stamps, self.period = marks, stamps, period
        self.limit = max(GAP_PERIODS * period, GAP_SECONDS)
        # Stamps without the even course of time.
        self._course = np.multiply(marks, -period, dtype=np.float64)
        self._course += stamps
        self.late = np.diff(self._course)
        """Seconds by which each mark comes later than the one before lets one expect."""
        per_mark = period * float(marks[-1] - marks[0]) / max(marks.size - 1, 1)
        self.look = int(np.clip(round(LEVEL_SECONDS / per_mark), 4, 20_000))
        self.losses: set[int] = set()
        """Marks behind losses too short for a gap."""
        self.found = self._between_gaps(bounds)

    def level(self, first: int, last: int) -> FloatArray:
        """Seconds by which some marks are later than the first of them lets one expect."""
        level: FloatArray = self._course[first:last] - self._course[first]
        return level

    def _between_gaps(self, bounds: Sequence[int]) -> list[tuple[int, int]]:
        far = self.limit - self.period
        suspects = np.flatnonzero((self.late > far) | (self.late < -self.limit))
        forced = set(np.searchsorted(self.marks, [b for b in bounds if b > 0]).tolist())
        if suspects.size > max(10, self.marks.size // 3):
            return []
        cuts = [0]
        for place in sorted({*(suspects + 1).tolist(), *forced}):
            if not cuts[-1] < place < self.marks.size:
                continue
            if place in forced or self._lasts(cuts[-1], place, far):
                cuts.append(place)
        return [*pairwise([*cuts, self.marks.size])]

    def _lasts(self, start: int, place: int, far: float) -> bool:
        """Whether stamps stay late (or early) from a mark on, which a passing delay does not."""
        first, last = max(start, place - self.look), min(place + self.look, self.marks.size)
        level = self.level(first, last)
        before = float(np.median(level[: place - first]))
        after = level[place - first :] - before
        if self.late[place - 1] > 0:
            return bool(np.quantile(after, 0.1) > 0.5 * far)
        return bool(np.quantile(after, 0.9) < -0.5 * self.limit)

    def end_at_losses(self) -> None:
        """End stretches also where samples too few for a gap are lost and stamps stay late."""
        self._cut(self._plain_losses())
        waiting = self.found
        for _ in range(8):
            cuts = {cut for first, last in waiting for cut in self._hidden_losses(first, last)}
            if not cuts:
                break
            self._cut(cuts)
            waiting = [
                stretch for stretch in self.found if stretch[0] in cuts or stretch[1] in cuts
            ]

    def _cut(self, cuts: set[int]) -> None:
        self.losses |= cuts
        starts = sorted({first for first, _ in self.found} | cuts)
        self.found = [*pairwise([*starts, self.marks.size])]

    def join(self, cuts: set[int]) -> None:
        """Take losses back that turned out to be none."""
        self.losses -= cuts
        starts = sorted({first for first, _ in self.found} - cuts)
        self.found = [*pairwise([*starts, self.marks.size])]

    def _plain_losses(self) -> set[int]:
        """Marks behind a loss, where jitter is so small that each single one shows."""
        some = np.abs(self.late[:: max(1, self.late.size // 50_000)])
        if some.size < 4 or 1.4826 * float(np.median(some)) > 0.08 * self.period:
            return set()
        # Jitter and bursts come early as often as late, losses late only.
        jumps = np.flatnonzero(self.late > 0.6 * self.period) + 1
        if 5 * np.count_nonzero(self.late < -0.4 * self.period) > jumps.size:
            return set()
        # What is lost are whole samples: a timer that stalls now and then is another matter.
        samples = self.late[jumps - 1] / self.period
        whole = np.abs(samples - np.rint(samples)) < 0.2
        if np.count_nonzero(whole) < 0.8 * jumps.size:
            return set()
        jumps = jumps[whole]
        starts = [first for first, _ in self.found]
        places = sorted({*jumps.tolist(), *starts, self.marks.size})
        return {
            here
            for before, here, after in zip(places, places[1:], places[2:], strict=False)
            if here not in starts and self._shift(before, here, after) > 0.75 * self.period
        }

    def _shift(self, before: int, place: int, after: int) -> float:
        """Seconds by which the level at a mark and behind it is higher than in front of it."""
        first, last = max(before, place - self.look), min(after, place + self.look)
        level = self.level(first, last)
        return float(np.median(level[place - first :]) - np.median(level[: place - first]))

    def _hidden_losses(self, first: int, last: int) -> list[int]:
        """Marks behind a loss that shows only in the medians of some seconds of stamps."""
        width = max(self.look, 8)
        blocks = (last - first) // width
        if blocks < 6:
            return []
        level = self.level(first, first + blocks * width)
        medians = block_medians(level, blocks, width)
        steps = np.diff(medians)
        noise = 1.4826 * float(np.median(np.abs(steps - np.median(steps))))
        enough = max(0.6 * self.period, 6 * noise)
        # A loss inside a block shows in full between the blocks on either side of it.
        across = medians[2:] - medians[:-2]
        across -= np.median(across)
        cuts: list[int] = []
        for block in np.flatnonzero(across > enough).tolist():
            start = first + block * width
            window = self.late[start : start + 3 * width - 1]
            place = start + int(np.argmax(window)) + 1
            if window.max() > 0.5 * enough and (not cuts or place - cuts[-1] > width):
                cuts.append(place)
        return cuts


def block_medians(level: FloatArray, blocks: int, width: int) -> FloatArray:
    """Medians of blocks, from up to 128 values spread over each.

    Parameters
    ----------
    level : ndarray, shape (n,)
        At least ``blocks * width`` values.
    blocks, width : int
        How many blocks, of how many values.
    """
    table = level[: blocks * width].reshape(blocks, width)
    medians: FloatArray = np.median(table[:, :: max(1, width // 128)], axis=1)
    return medians
