"""Where each sample of a stream belongs in time: evenly laid out, or sorted, and what was done.

Works on stamps that are on the receiver's clock already; the XDF reader and the live inlets share
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.findings import Finding, Severity
from arousal.ingest.raw import StreamInfo
from arousal.ingest.regular import Grid, even_times

__all__ = ["Placed", "place_samples"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

PACKET_STEP = 1e-6
"""Samples of one packet that share a stamp are kept this far apart (s): in order, same time."""
_BURST = 5
_FAR = 86_400.0


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Samples in time.

    Parameters
    ----------
    times : ndarray, shape (m,)
        Seconds; strictly increasing for numbers, not decreasing for text.
    order : ndarray of int64, shape (m,), or None
        Which sample stands at each time; ``None`` where all stay in place.
    findings : tuple of Finding
        What was done.
    """

    times: FloatArray
    order: IntArray | None = None
    findings: tuple[Finding, ...] = ()


def place_samples(
    info: StreamInfo, values: NDArray[Any], times: FloatArray, bounds: Sequence[int] = ()
) -> Placed:
    """Lay the samples of a stream out in time.

    Parameters
    ----------
    info : StreamInfo
        Its announcement.
    values : ndarray, shape (n, channels)
        Its samples, in the order of arrival.
    times : ndarray, shape (n,)
        Their stamps on the receiver's clock, in seconds.
    bounds : sequence of int
        Sample indices at which the sender's clock changed.
    """
    return _Placing(info, values, times, bounds).result()


class _Placing:
    def __init__(
        self, info: StreamInfo, values: NDArray[Any], times: FloatArray, bounds: Sequence[int]
    ) -> None:
        self.info, self.values, self.times, self.bounds = info, values, times, bounds
        self.order: IntArray | None = None
        self.findings: list[Finding] = []

    def result(self) -> Placed:
        self._drop(self._stray(), "stamps-stray", "lie more than a day away from all others")
        if self.times.size > 1:
            if self.info.is_text:
                self._sort()
            elif not self._even():
                self._sort()
                self._part_packets()
        return Placed(self.times, self.order, tuple(self.findings))

    def _note(self, code: str, text: str, severity: Severity = Severity.NOTE) -> None:
        self.findings.append(Finding(code, text, severity, self.info.name))

    def _keep(self, kept: NDArray[Any]) -> None:
        """Keep, or reorder: a mask or indices."""
        if self.order is None:
            self.order = np.arange(self.times.size)
        if kept.dtype == np.bool_:
            before = np.cumsum(kept)
            self.bounds = [int(before[b - 1]) for b in self.bounds if 0 < b <= kept.size]
        self.order, self.times = self.order[kept], self.times[kept]

    def _drop(self, dropped: NDArray[np.bool_], code: str, why: str) -> None:
        n = int(np.count_nonzero(dropped))
        if n:
            text = f"{n} of {dropped.size} samples dropped: their stamps {why}"
            self._note(code, text, Severity.WARNING)
            self._keep(~dropped)

    def _sample(self, places: NDArray[Any]) -> NDArray[Any]:
        chosen: NDArray[Any] = self.values[places if self.order is None else self.order[places]]
        return chosen

    def _stray(self) -> NDArray[np.bool_]:
        if self.times.size < 3:
            return np.zeros(self.times.size, np.bool_)
        lowest, highest = float(self.times.min()), float(self.times.max())
        if highest - lowest < _FAR:
            return np.zeros(self.times.size, np.bool_)
        stray: NDArray[np.bool_] = np.abs(self.times - np.median(self.times)) > _FAR
        return stray

    def _even(self) -> bool:
        """Lay out evenly, if the stream is even; also one that is not declared so but bursts."""
        rate = self.info.rate
        if rate <= 0 and not self._comes_in_bursts():
            return False
        if rate > 0:
            self._drop_repeats()
        grid = even_times(self.times, rate or self._mean_rate(), self.bounds)
        if grid is None:
            if rate > 0:
                self._note(
                    "stream-irregular",
                    f"declared {rate:g} samples per second, but the stamps are not even (beats or "
                    "events, not a wave): they are kept as they are",
                )
            return False
        self._say_grid(grid, rate)
        self.times = grid.times
        if not (np.diff(self.times) > 0).all():
            highest = np.maximum.accumulate(self.times)
            again = np.append(False, self.times[1:] <= highest[:-1])
            why = "go back in time over samples that are there already"
            self._drop(again, "stamps-backward", why)
        return True

    def _mean_rate(self) -> float:
        return self.times.size / max(float(np.ptp(self.times)), 1e-9)

    def _comes_in_bursts(self) -> bool:
        """Whether samples share stamps in the way of a wave sent in bursts (not of beats)."""
        sizes = _group_sizes(self.times)
        if sizes.size < 4 or sizes.size > 0.7 * self.times.size:
            return False
        usual = float(np.median(sizes))
        same = np.count_nonzero(sizes == usual) >= 0.9 * sizes.size
        return usual >= _BURST or bool(usual >= 2 and same)

    def _drop_repeats(self) -> None:
        """Drop samples that a sender or recorder gave twice: same stamp, same values."""
        steps = np.diff(self.times)
        if (steps > 0).all() or np.count_nonzero(steps == 0) > 0.05 * self.times.size:
            return
        order = np.argsort(self.times, kind="stable")
        twin = np.append(False, np.diff(self.times[order]) == 0)
        where = np.flatnonzero(twin)
        equal = (self._sample(order[where]) == self._sample(order[where - 1])).all(axis=1)
        repeated = np.zeros(self.times.size, np.bool_)
        repeated[order[where[equal]]] = True
        self._drop(repeated, "stamps-repeated", "and values are there twice")

    def _say_grid(self, grid: Grid, rate: float) -> None:
        if grid.bursts > 1:
            self._note(
                "stream-bursts",
                f"samples come in bursts of about {grid.bursts:.0f} with one stamp; they are laid "
                f"out evenly at the measured {grid.rate:.4g} samples per second",
            )
        if grid.gaps:
            lengths = np.array([end - begin for begin, end in grid.gaps])
            self._note(
                "stream-gaps",
                f"{lengths.size} gaps, {lengths.sum():.1f} s together, the longest "
                f"{lengths.max():.1f} s: left open",
                Severity.WARNING,
            )
        if grid.losses:
            self._note(
                "stream-losses",
                f"samples are missing at {grid.losses} more places (each under a second or three "
                "periods): left open",
                Severity.WARNING,
            )
        if rate > 0 and abs(grid.rate / rate - 1) > 0.05:
            self._note(
                "stream-rate",
                f"declared {rate:g} samples per second, {grid.rate:.4g} measured: the times follow "
                "the measured rate",
                Severity.WARNING,
            )

    def _sort(self) -> None:
        back = int(np.count_nonzero(np.diff(self.times) < 0))
        if back:
            self._note(
                "stamps-backward",
                f"{back} of {self.times.size} stamps go back in time: samples are sorted by stamp",
                Severity.WARNING,
            )
            self._keep(np.argsort(self.times, kind="stable"))

    def _part_packets(self) -> None:
        """Make times strictly increasing: drop what is there twice, part what shares a stamp."""
        equal = np.append(False, np.diff(self.times) == 0)
        where = np.flatnonzero(equal)
        if not where.size:
            return
        same = (self._sample(where) == self._sample(where - 1)).all(axis=1)
        if np.count_nonzero(same) < 0.05 * self.times.size:
            repeated = np.zeros(self.times.size, np.bool_)
            repeated[where[same]] = True
            self._drop(repeated, "stamps-repeated", "and values are there twice")
        sizes = _group_sizes(self.times)
        shared = int(self.times.size - sizes.size)
        if shared:
            self._note(
                "stamps-shared",
                f"{shared} samples share the stamp of the one before (packets): kept in order, a "
                "millionth of a second apart",
            )
            self.times = _parted(self.times, sizes)


def _group_sizes(times: FloatArray) -> IntArray:
    """Lengths of runs of equal stamps."""
    ends = np.flatnonzero(np.append(np.diff(times) != 0, True))
    return np.diff(ends, prepend=-1)


def _parted(times: FloatArray, sizes: IntArray) -> FloatArray:
    starts = np.cumsum(sizes) - sizes
    place = np.arange(times.size) - np.repeat(starts, sizes)
    distinct = times[starts]
    room = np.append(np.diff(distinct), np.inf)
    # No further apart than fits before the stamp that follows.
    step = np.minimum(PACKET_STEP, room / (sizes + 1))
    parted: FloatArray = times + place * np.repeat(step, sizes)
    while not (np.diff(parted) > 0).all():  # stamps closer than numbers can tell apart
        stuck = np.append(False, np.diff(parted) <= 0)
        parted[stuck] = np.nextafter(parted[np.flatnonzero(stuck) - 1], np.inf)
    return parted
