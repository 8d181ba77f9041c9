"""Even times for streams that sample evenly, inside stretches without gaps.

A stamp is when a sample was *seen*; a sensor that samples at a fixed rate was read at even times.
Jitter is removed by a line through the stamps of a stretch, and a stretch ends wherever samples are
missing: at a gap (a step over three periods and one second), and at shorter losses where the
stamps stay late from one sample on. So no drop-out moves any sample behind or before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from arousal.recording import GAP_PERIODS, GAP_SECONDS

__all__ = ["Grid", "even_times"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LEVEL_SECONDS = 5.0
"""Stamps this long before and after a place tell whether it is a loss or a passing delay."""
OWN_SLOPE_SECONDS = 60.0
"""A stretch this long has a rate of its own; shorter ones take the stream's."""
SLOWEST_WAVE = 0.22
"""Beats follow each other by more than this (s): only such streams can be beats, not a wave."""
BEND_SECONDS = 0.005
"""A device's clock that leaves its line by more than this (median of half a minute) is followed."""
_FEWEST = 16
_SHARE_OF_BURSTS = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Even times of a stream.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Seconds; even within each stretch. Stretches may overlap where a clock went back.
    stretches : tuple of (int, int)
        Half-open sample ranges.
    rate : float
        Samples per second as measured.
    gaps : tuple of (float, float)
        Begin and end of each step over max(3 periods, 1 s), in seconds.
    losses : int
        Shorter losses at which a stretch ends.
    bursts : float
        Samples that share a stamp, at the median; 1 if each has its own.
    """

    times: FloatArray
    stretches: tuple[tuple[int, int], ...]
    rate: float
    gaps: tuple[tuple[float, float], ...] = ()
    losses: int = 0
    bursts: float = 1.0


def even_times(times: FloatArray, rate: float, bounds: Sequence[int] = ()) -> Grid | None:
    """Lay samples out evenly, if their stamps say that they were taken evenly.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Stamps in seconds on the receiver's clock, in the order of arrival.
    rate : float
        Declared samples per second; only where to begin, the stamps decide.
    bounds : sequence of int
        Sample indices at which a stretch ends in any case (a new clock).

    Returns
    -------
    Grid or None
        ``None`` if the stamps are not those of an even stream (beats, events) or are too few to
        tell.

    Notes
    -----
    Beats or jitter? The jitter of an even stream stays bounded, so the spread of the time that m
    samples take does not depend on m; that of beats grows with m. Streams faster than 1/0.22 s are
    never taken for beats.
    """
    marks = _marks(times)
    spacing = times.size / marks.size / rate
    period = _period(marks, times[marks], spacing)
    if period is None:
        return None
    stretches = _Stretches(marks, times[marks], period, bounds)
    if not stretches.found or not _looks_even(stretches, period, rate):
        return None
    stretches.end_at_losses()
    return stretches.grid(times.size)


def _marks(times: FloatArray) -> IntArray:
    """Samples whose stamps count: all, or the last of each group that shares a stamp."""
    change = np.append(np.diff(times) != 0, True)
    marks = np.flatnonzero(change)
    if times.size - marks.size > _SHARE_OF_BURSTS * times.size:
        return marks
    return np.arange(times.size)


def _period(marks: IntArray, stamps: FloatArray, spacing: float) -> float | None:
    """Seconds a sample: the median over spans of ten seconds, robust to gaps and jitter."""
    period = None
    for _ in range(2):
        if marks.size < 4 or not spacing > 0:
            return None
        lag = int(np.clip(10.0 / spacing, 1, marks.size // 4))
        starts = np.unique(np.linspace(0, marks.size - lag - 1, 20_000).astype(np.int64))
        spans = marks[starts + lag] - marks[starts]
        period = float(np.median((stamps[starts + lag] - stamps[starts]) / spans))
        spacing = period * float(marks[-1] - marks[0]) / (marks.size - 1)
    return period if period is not None and 1e-6 < period < 1e5 else None


class _Stretches:
    """Marked samples (those whose stamps count), cut into stretches ``found``."""

    def __init__(
        self, marks: IntArray, stamps: FloatArray, period: float, bounds: Sequence[int]
    ) -> None:
        self.marks, self.stamps, self.period = marks, stamps, period
        self.limit = max(GAP_PERIODS * period, GAP_SECONDS)
        self.late = np.diff(stamps) - period * np.diff(marks)
        """Seconds by which each mark comes later than the one before lets one expect."""
        per_mark = period * float(marks[-1] - marks[0]) / max(marks.size - 1, 1)
        self.look = int(np.clip(round(LEVEL_SECONDS / per_mark), 4, 20_000))
        self.losses = 0
        self.gaps: list[int] = []
        self.found = self._between_gaps(bounds)

    def level(self, first: int, last: int) -> FloatArray:
        """Stamps of some marks, without the even course of time (s)."""
        level: FloatArray = self.stamps[first:last] - self.period * (
            self.marks[first:last] - self.marks[first]
        )
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
                if self.late[place - 1] > far:
                    self.gaps.append(place)
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
        waiting = self.found
        done: list[tuple[int, int]] = []
        for _ in range(8):
            following: list[tuple[int, int]] = []
            for first, last in waiting:
                cuts = self._losses(first, last)
                self.losses += len(cuts)
                parts = [*pairwise([first, *cuts, last])]
                (following if cuts else done).extend(parts)
            waiting = following
        self.found = sorted([*done, *waiting])

    def _losses(self, first: int, last: int) -> list[int]:
        width = max(self.look, 8)
        blocks = (last - first) // width
        if blocks < 6:
            return []
        level = self.level(first, first + blocks * width)
        medians = np.median(level.reshape(blocks, width), axis=1)
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

    def grid(self, n: int) -> Grid:
        """Times of all samples, marked or not."""
        common = self._common_period()
        times = np.empty(n)
        ends = [int(self.marks[last - 1]) + 1 for _, last in self.found[:-1]]
        pieces = [*pairwise([0, *ends, n])]
        for (first, last), (start, stop) in zip(self.found, pieces, strict=True):
            times[start:stop] = self._line(first, last, start, stop, common)
        gaps = tuple((float(self.stamps[k - 1]), float(self.stamps[k])) for k in self.gaps)
        sizes = np.diff(self.marks, prepend=-1)
        burst = float(np.median(sizes)) if self.marks.size < n else 1.0
        return Grid(times, tuple(pieces), 1.0 / common, gaps, self.losses, burst)

    def _common_period(self) -> float:
        first, last = max(self.found, key=lambda stretch: stretch[1] - stretch[0])
        if last - first < 20:
            return self.period
        slope, _ = _line(self.marks[first:last] - self.marks[first], self.level(first, last))
        return self.period + slope

    def _line(self, first: int, last: int, start: int, stop: int, common: float) -> FloatArray:
        """Even times of samples ``start:stop`` by their marks ``first:last``."""
        origin = int(self.marks[first])
        places = self.marks[first:last] - origin
        level = self.level(first, last)
        long = self.stamps[last - 1] - self.stamps[first] >= OWN_SLOPE_SECONDS
        if long and last - first >= 20:
            slope, intercept = _line(places, level)
        else:
            slope = common - self.period
            intercept = float(np.median(level - slope * places))
        level -= intercept + slope * places
        samples = np.arange(start - origin, stop - origin)
        times: FloatArray = np.asarray(intercept + (self.period + slope) * samples, np.float64)
        knots, bends = _bends(places, level, 30.0 / self.period)
        if knots.size:
            times += np.interp(samples, knots, bends)
        return times


def _line(x: IntArray, y: FloatArray) -> tuple[float, float]:
    """Least squares, once more without what lies beyond four robust standard deviations."""
    slope, intercept = _least_squares(x, y)
    rest = np.abs(y - intercept - slope * x)
    limit = 4 * 1.4826 * float(np.median(rest))
    inside = rest <= limit
    if limit > 0 and 20 <= np.count_nonzero(inside) < x.size:
        slope, intercept = _least_squares(x[inside], y[inside])
    return slope, intercept


def _least_squares(x: IntArray, y: FloatArray) -> tuple[float, float]:
    middle, level = float(x.mean()), float(y.mean())
    away = x - middle
    slope = float(away @ (y - level)) / float(away @ away)
    return slope, level - slope * middle


def _bends(places: IntArray, rest: FloatArray, width: float) -> tuple[FloatArray, FloatArray]:
    """Medians of half a minute each, where they show more than the scatter of stamps."""
    none = np.empty(0)
    per_block = max(8, int(width * places.size / (places[-1] + 1)))
    blocks = places.size // per_block
    if blocks < 4:
        return none, none
    shape, whole = (blocks, per_block), blocks * per_block
    levels = np.median(rest[:whole].reshape(shape), axis=1)
    noise = 1.4826 * float(np.median(np.abs(np.diff(levels))))
    if np.abs(levels).max() <= max(BEND_SECONDS, 5 * noise):
        return none, none
    knots = np.median(places[:whole].reshape(shape), axis=1)
    padded = np.pad(levels, 1, mode="edge")
    return knots, (padded[:-2] + padded[1:-1] + padded[2:]) / 3


def _looks_even(stretches: _Stretches, period: float, rate: float) -> bool:
    """Whether stamps are those of an even stream rather than of beats or events."""
    late = stretches.late.copy()
    for _, last in stretches.found[:-1]:
        late[last - 1] = 0.0
    late -= np.median(late)
    scatter = 1.4826 * float(np.median(np.abs(late)))
    if period < SLOWEST_WAVE or stretches.marks.size < (stretches.marks[-1] + 1) // 2:
        return True  # too fast for beats, or bursts of a wave
    if late.size < _FEWEST:
        return scatter < 0.05 * period and abs(period * rate - 1) < 0.05
    if abs(period * rate - 1) > 0.05 and scatter > 0.01 * period:
        return False
    # Lost samples are single large steps; they are no sign of beats.
    course = np.cumsum(np.clip(late, -3 * scatter, 3 * scatter))
    for m in (4, 16, 64, 256):
        if course.size > 2 * m:
            spans = course[m:] - course[:-m]
            spread = 1.4826 * float(np.median(np.abs(spans - np.median(spans))))
            if spread > max(2.5 * scatter, 0.25 * period):
                return False
    return True
