"""From a sender's clock to the receiver's: clock segments, robust offsets.

LSL measures, every few seconds, how much to add to a sender's stamp to get the receiver's time.
Computers restart and clocks are set while a session runs, so a stream is first cut into *clock
segments* inside which one smooth relation holds; inside each of them a robust line (and, where a
clock bends by more than a few milliseconds, a smooth curve on it) is put through the offsets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["Arrival", "ClockSegment", "OffsetModel", "clock_segments", "to_receiver_clock"]

FloatArray = NDArray[np.float64]

JUMP_SECONDS = 0.1
"""Network delays bend single offsets by some ms; a lasting jump beyond this is a new clock."""
JUMP_NOISES = 20.0
"""... and beyond this many times the usual scatter of steps between offsets."""
STEEPEST = 1e-3
"""Two clocks differ by up to 1e-4 (crystals) or 5e-4 (being slewed); a steeper line is noise."""
LINE_COUNT, LINE_SECONDS = 5, 20.0
"""Fewer or closer offsets give no slope, only a level."""
BEND_SECONDS = 0.002
"""A clock that leaves its line by more than this (median of a minute) is followed."""
_BEND_BLOCK = 12
_NEAR = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class OffsetModel:
    """Seconds to add to a sender's stamp, as a function of the stamp.

    Parameters
    ----------
    centre : float
        Stamp at which ``level`` holds.
    level : float
        Seconds to add there.
    slope : float
        Seconds a second.
    knots, bends : ndarray, shape (k,)
        Stamps, and seconds to add beyond the line (linear between, constant outside); may be empty.
    """

    centre: float
    level: float
    slope: float = 0.0
    knots: FloatArray = field(default_factory=lambda: np.empty(0))
    bends: FloatArray = field(default_factory=lambda: np.empty(0))

    def __call__(self, stamps: FloatArray) -> FloatArray:
        """Seconds to add to each stamp."""
        offset: FloatArray = self.level + self.slope * (stamps - self.centre)
        if self.knots.size:
            offset += np.interp(stamps, self.knots, self.bends)
        return offset

    @classmethod
    def fit(cls, times: FloatArray, values: FloatArray) -> OffsetModel:
        """Fit to the offsets of one clock segment.

        Parameters
        ----------
        times : ndarray, shape (n,)
            When they were measured, sender's clock, s.
        values : ndarray, shape (n,)
            Seconds to add.

        Notes
        -----
        Huber's M-estimator (doi:10.1214/aoms/1177703732; k = 1.345 robust standard deviations) by
        iterated reweighting.
        Below `LINE_COUNT` offsets or `LINE_SECONDS` the median is used: a slope through a few
        noisy points would be extrapolated over the whole session.
        """
        centre, level = float(np.median(times)), float(np.median(values))
        if times.size < LINE_COUNT or np.ptp(times) < LINE_SECONDS:
            return cls(centre, level)
        slope, intercept = _huber_line(times - centre, values - level)
        if abs(slope) > STEEPEST:
            return cls(centre, level)
        rest = values - level - intercept - slope * (times - centre)
        knots, bends = _bends(times, rest)
        return cls(centre, level + intercept, slope, knots, bends)


def _huber_line(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    slope, intercept = 0.0, float(np.median(y))
    for _ in range(30):
        rest = np.abs(y - intercept - slope * x)
        limit = 1.345 * max(1.4826 * float(np.median(rest)), 1e-9)
        weights = np.minimum(1.0, limit / np.maximum(rest, 1e-300))
        total = weights.sum()
        mean_x, mean_y = (weights @ x) / total, (weights @ y) / total
        spread = weights @ (x - mean_x) ** 2
        before = slope
        slope = float(weights @ ((x - mean_x) * (y - mean_y)) / spread) if spread > 0 else 0.0
        intercept = float(mean_y - slope * mean_x)
        if abs(slope - before) < 1e-12:
            break
    return slope, intercept


def _bends(times: FloatArray, rest: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Medians of about a minute each, where they show more than the scatter of the offsets."""
    blocks = times.size // _BEND_BLOCK
    none = np.empty(0)
    if blocks < 4:
        return none, none
    shape, whole = (blocks, _BEND_BLOCK), blocks * _BEND_BLOCK
    levels = np.median(rest[:whole].reshape(shape), axis=1)
    noise = 1.4826 * float(np.median(np.abs(np.diff(levels))))
    if np.abs(levels).max() <= max(BEND_SECONDS, 5 * noise):
        return none, none
    knots = np.median(times[:whole].reshape(shape), axis=1)
    # On to the first and the last offset, as it is going there; constant beyond.
    first = np.interp(times[0], *_going_back(knots, levels))
    last = np.interp(times[-1], *_going_back(knots[::-1], levels[::-1]))
    knots = np.concatenate([[times[0]], knots, [times[-1]]])
    return knots, np.concatenate([[first], levels, [last]])


def _going_back(knots: FloatArray, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The line through the first two knots, from one knot's distance before them, ascending."""
    x = np.array([2 * knots[0] - knots[1], knots[0]])
    y = np.array([2 * levels[0] - levels[1], levels[0]])
    order = np.argsort(x)
    return x[order], y[order]


def clock_segments(times: FloatArray, values: FloatArray) -> list[tuple[int, int]]:
    """Cut clock offsets where the sender's or the receiver's clock was set anew.

    Parameters
    ----------
    times, values : ndarray, shape (n,)
        Clock offsets in the order of measurement, in seconds.

    Returns
    -------
    list of (int, int)
        Half-open index ranges. A new one begins where the sender's time goes back, or where the
        offset jumps and stays: one stray measurement is no new clock.
    """
    if times.size < 2:
        return [(0, times.size)] if times.size else []
    steps, jumps = np.diff(times), np.diff(values)
    noise = 1.4826 * float(np.median(np.abs(jumps - np.median(jumps))))
    limit = max(JUMP_SECONDS, JUMP_NOISES * noise)
    usual = float(np.median(steps))
    cuts = [0]
    for k in np.flatnonzero((steps < 0) | (np.abs(jumps) > limit)).tolist():
        if steps[k] < 0 or _stays(values, cuts[-1], k, limit, abs(steps[k] - usual) > limit):
            cuts.append(k + 1)
    return [*pairwise([*cuts, times.size])]


def _stays(values: FloatArray, first: int, k: int, limit: float, time_jumped: bool) -> bool:
    """Whether the offset is another after place ``k`` than before, judged by up to three each."""
    before, after = values[max(first, k - 2) : k + 1], values[k + 1 : k + 4]
    if min(before.size, after.size) == 1 and not time_jumped:
        return False  # a single offset at either end that nothing else confirms
    return bool(abs(np.median(after) - np.median(before)) > limit)


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """In which order samples and offsets came.

    Parameters
    ----------
    chunk_ends, chunk_places : ndarray of int64, shape (c,)
        Index behind the last sample of each chunk of samples; its place in the order of arrival.
    offset_places : ndarray of int64, shape (k,)
        Place of each clock offset in the same order.
    """

    chunk_ends: NDArray[np.int64]
    chunk_places: NDArray[np.int64]
    offset_places: NDArray[np.int64]

    def samples_before(self, offset: int, *, chunks: int = 0) -> int:
        """How many samples came before an offset (or that many chunks later)."""
        chunk = int(np.searchsorted(self.chunk_places, self.offset_places[offset])) + chunks
        if chunk <= 0 or not self.chunk_ends.size:
            return 0
        return int(self.chunk_ends[min(chunk, self.chunk_ends.size) - 1])


@dataclass(frozen=True, slots=True)
class ClockSegment:
    """Samples ``start:stop`` that share one relation of the two clocks."""

    start: int
    stop: int
    model: OffsetModel


def to_receiver_clock(
    stamps: FloatArray, times: FloatArray, values: FloatArray, arrival: Arrival | None = None
) -> tuple[FloatArray, tuple[ClockSegment, ...]]:
    """Put stamps on the receiver's clock.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        Seconds on the sender's clock, in the order of arrival.
    times, values : ndarray, shape (k,)
        Clock offsets: when measured (sender's clock), seconds to add. Without any, stamps are
        taken to be the receiver's already.
    arrival : Arrival, optional
        Tells on which side of a change of clocks a sample lies that its stamp alone leaves open.

    Returns
    -------
    times : ndarray, shape (n,)
        Seconds on the receiver's clock.
    segments : tuple of ClockSegment
        The stretches of samples with one relation each (none empty).
    """
    ranges = clock_segments(times, values)
    if not ranges:
        return stamps.copy(), (ClockSegment(0, stamps.size, OffsetModel(0.0, 0.0)),)
    cuts = [0]
    for here, following in pairwise(ranges):
        cuts.append(_change(stamps, times, here, following, cuts[-1], arrival))
    cuts.append(stamps.size)
    corrected, segments = stamps.copy(), []
    for (first, last), (start, stop) in zip(ranges, pairwise(cuts), strict=True):
        if start < stop:
            model = OffsetModel.fit(times[first:last], values[first:last])
            corrected[start:stop] += model(stamps[start:stop])
            segments.append(ClockSegment(start, stop, model))
    return corrected, tuple(segments)


def _change(
    stamps: FloatArray,
    times: FloatArray,
    here: tuple[int, int],
    following: tuple[int, int],
    start: int,
    arrival: Arrival | None,
) -> int:
    """First sample of the clock segment that follows."""
    low, high = start, stamps.size
    if arrival is not None:
        # Samples and offsets are written by different threads: two chunks of leeway.
        low = max(low, arrival.samples_before(here[1] - 1, chunks=-2))
        high = max(low, arrival.samples_before(following[0], chunks=2))
    part = stamps[low:high]
    if not part.size:
        return low
    old, new = (_span(times, *segment) for segment in (here, following))
    if part.size > 1 and min(abs(new[0] - old[1]), abs(old[0] - new[1])) < _NEAR:
        steps = np.diff(part)
        back, jump = int(np.argmin(steps)), int(np.argmax(steps))
        if steps[back] < 0:
            return low + back + 1
        if steps.size >= 8 and steps[jump] > 5 * float(np.median(steps)):
            return low + jump + 1
    # Each sample has a distance to either segment's offsets: cut where they sum up to the least.
    costs = np.cumsum(np.append(0.0, _distance(part, old) - _distance(part, new)))
    return low + int(np.argmin(costs))


def _span(times: FloatArray, first: int, last: int) -> tuple[float, float]:
    return float(times[first:last].min()), float(times[first:last].max())


def _distance(stamps: FloatArray, span: tuple[float, float]) -> FloatArray:
    outside = np.maximum(span[0] - stamps, stamps - span[1])
    return np.clip(outside, 0.0, _NEAR)
