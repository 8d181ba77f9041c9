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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.ingest.stretches import Stretches, block_medians

__all__ = ["Grid", "even_times"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

OWN_SLOPE_SECONDS = 60.0
"""A stretch this long has a rate of its own; shorter ones take the stream's."""
SLOWEST_WAVE = 0.22
"""Beats follow each other by more than this (s): only such streams can be beats, not a wave."""
BEND_SECONDS = 0.005
"""A device's clock that leaves its line by more than this (median of half a minute) is followed."""
BEND_BLOCK_SECONDS = 30.0
STRAYS_SECONDS = 0.05
"""The course of an even stream may stray by this much and still be one."""
EVEN_FOLLOWS = -0.25
"""Correlation of a step with the next: -0.5 if every stamp has its own jitter; beats have more."""
FEW_STEPS = 300
"""Below this many steps, that correlation tells more than how far the course strays."""
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
    Beats or jitter? Where each stamp has its own jitter, a step that is too long is followed by
    one that is too short, and the spread of the time that m samples take does not depend on m;
    with beats neither holds. Streams faster than 1/0.22 s are never taken for beats. A stream
    taken for uneven keeps its stamps, so that the doubtful case does no harm.
    """
    marks = _marks(times)
    spacing = times.size / marks.size / rate
    period = _period(marks, times[marks], spacing)
    if period is None:
        return None
    stretches = Stretches(marks, times[marks], period, bounds)
    if not stretches.found or not _looks_even(stretches, period, rate):
        return None
    stretches.end_at_losses()
    return _Lines(stretches).grid(times.size)


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
        starts = np.arange(0, marks.size - lag, max(1, marks.size // 20_000))
        spans = marks[starts + lag] - marks[starts]
        period = float(np.median((stamps[starts + lag] - stamps[starts]) / spans))
        spacing = period * float(marks[-1] - marks[0]) / (marks.size - 1)
    return period if period is not None and 1e-6 < period < 1e5 else None


class _Lines:
    """A line of even times through each stretch."""

    def __init__(self, stretches: Stretches) -> None:
        self.all = stretches
        self.period = stretches.period

    def grid(self, n: int) -> Grid:
        """Times of all ``n`` samples, marked or not."""
        for _ in range(8):
            grid, closed = self._grid(n)
            if not closed:
                break
            self.all.join(closed)
        return grid

    def _grid(self, n: int) -> tuple[Grid, set[int]]:
        """Times, and the losses that they show to be none: no sample fits in between."""
        found, marks = self.all.found, self.all.marks
        means = [_Means.of(self.all, *stretch) for stretch in found]
        slopes = [part.slope() if part.seconds >= OWN_SLOPE_SECONDS else None for part in means]
        longest = max(range(len(found)), key=lambda k: found[k][1] - found[k][0])
        common = slopes[longest] or means[longest].slope()
        times = np.empty(n)
        ends = [int(marks[last - 1]) + 1 for _, last in found[:-1]]
        pieces = [*pairwise([0, *ends, n])]
        for part, own, (start, stop) in zip(means, slopes, pieces, strict=True):
            slope = common if own is None else own
            self._lay(times[start:stop], start, part, slope)
        sides = [(float(times[end - 1]), float(times[end])) for end in ends]
        gaps = tuple((a, b) for a, b in sides if b - a > self.all.limit)
        closed = {
            first
            for (first, _), (a, b) in zip(found[1:], sides, strict=True)
            if first in self.all.losses and b - a < 1.4 * self.period
        }
        burst = float(np.median(np.diff(marks, prepend=-1))) if marks.size < n else 1.0
        rate = 1.0 / (self.period + common)
        return Grid(times, tuple(pieces), rate, gaps, len(self.all.losses), burst), closed

    def _lay(self, times: FloatArray, start: int, means: _Means, slope: float) -> None:
        """Write even times of the samples from ``start`` on."""
        rest = means.late - slope * means.places
        intercept = _middle(rest)
        samples = np.arange(start - means.origin, start - means.origin + times.size)
        np.multiply(samples, self.period + slope, out=times)
        times += means.stamp + intercept
        bends = means.bends(rest - intercept)
        if bends is not None:
            times += np.interp(samples, *bends)


@dataclass(frozen=True, slots=True, eq=False)
class _Means:
    """A stretch in up to some thousand means, which carry all that a line needs.

    ``late`` is in seconds behind even time since the first mark (sample ``origin``, ``stamp``);
    ``places`` are in samples from there; ``seconds`` is the length of the stretch.
    """

    origin: int
    stamp: float
    seconds: float
    places: FloatArray
    late: FloatArray

    @classmethod
    def of(cls, stretches: Stretches, first: int, last: int) -> _Means:
        marks, stamps = stretches.marks, stretches.stamps
        width = max(1, (last - first) // 4096)
        origin = int(marks[first])
        seconds = float(stamps[last - 1] - stamps[first])
        late = _block_means(stretches.level(first, last), width)
        places = _block_means(marks[first:last], width) - origin
        return cls(origin, float(stamps[first]), seconds, places, late)

    def slope(self) -> float:
        """Least squares, again without means that stray: seconds a sample beyond the period."""
        if self.late.size < 20:
            return 0.0
        inside = np.ones(self.late.size, np.bool_)
        slope = 0.0
        for _ in range(3):
            away = self.places - self.places[inside].mean()
            rest = self.late - self.late[inside].mean()
            total = float(np.sum(away[inside] ** 2))
            slope = float(np.sum(away[inside] * rest[inside])) / total if total > 0 else 0.0
            distance = np.abs(rest - slope * away)
            limit = 4 * 1.4826 * float(np.median(distance))
            kept = distance <= limit
            if limit <= 0 or (kept == inside).all() or np.count_nonzero(kept) < 10:
                break
            inside = kept
        return slope

    def bends(self, rest: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """Medians of half a minute each, where they show more than the scatter of stamps.

        ``rest`` is what remains of ``late`` beyond a line. Returns places and seconds, smoothed
        over three medians and continued to both ends as they are going there.
        """
        width = max(8, round(BEND_BLOCK_SECONDS * rest.size / max(self.seconds, 1e-6)))
        blocks = rest.size // width
        if blocks < 4:
            return None
        levels = block_medians(rest, blocks, width)
        noise = 1.4826 * float(np.median(np.abs(np.diff(levels))))
        if np.abs(levels).max() <= max(BEND_SECONDS, 5 * noise):
            return None
        going_on = np.pad(levels, 2, mode="reflect", reflect_type="odd")
        smooth = (going_on[:-2] + going_on[1:-1] + going_on[2:]) / 3
        middles = np.arange(-1, blocks + 1) * width + width // 2
        knots = np.clip(middles, 0, rest.size - 1)
        return self.places[knots], np.interp(knots, middles, smooth)


def _block_means(values: NDArray[Any], width: int) -> FloatArray:
    """Means of blocks; values too few for a last block are left out."""
    if width == 1:
        return values.astype(np.float64)
    means: FloatArray = values[: values.size // width * width].reshape(-1, width).mean(axis=1)
    return means


def _middle(level: FloatArray) -> float:
    """Mean of what lies within four robust standard deviations of the median."""
    median = float(np.median(level))
    limit = 4 * 1.4826 * float(np.median(np.abs(level - median)))
    return float(level[np.abs(level - median) <= limit].mean()) if limit > 0 else median


def _looks_even(stretches: Stretches, period: float, rate: float) -> bool:
    """Whether stamps are those of an even stream rather than of beats or events."""
    if period < SLOWEST_WAVE or stretches.marks.size < (stretches.marks[-1] + 1) // 2:
        return True  # too fast for beats, or bursts of a wave
    late = stretches.late.copy()
    for _, last in stretches.found[:-1]:
        late[last - 1] = 0.0
    late -= np.median(late)
    scatter = 1.4826 * float(np.median(np.abs(late)))
    if late.size < _FEWEST:
        return scatter < 0.05 * period and abs(period * rate - 1) < 0.05
    if abs(period * rate - 1) > 0.05 and scatter > 0.004 * period:
        return False
    # Lost samples are single large steps; they are no sign of beats.
    late = np.clip(late, -3 * scatter, 3 * scatter)
    few = late.size < FEW_STEPS and scatter > 0.004 * period
    if few and _following(late) > EVEN_FOLLOWS:
        return False
    course = np.cumsum(late)
    for m in (4, 16, 64, 256):
        if course.size > 2 * m:
            spans = course[m:] - course[:-m]
            spread = 1.4826 * float(np.median(np.abs(spans - np.median(spans))))
            if spread > max(2.5 * scatter, STRAYS_SECONDS):
                return False
    return True


def _following(late: FloatArray) -> float:
    """Correlation of each deviation with the one after it."""
    around = late - late.mean()
    total = float(np.sum(around**2))
    return float(np.sum(around[1:] * around[:-1])) / total if total > 0 else 0.0
