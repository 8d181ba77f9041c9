"""Streams whose stamps are on no LSL clock: most often Unix time (E4 and Muse bridges).

Clock offsets are measured between LSL clocks and say nothing about such stamps. Unix time gives
itself away: more than 1e9 seconds, 31 years, where LSL clocks count from a computer's start. What
must be added to it is then found in the order of the file: a chunk was written after the last
measurement that stands before it and before the next one that stands behind it. Over a whole
session the middle of these brackets is good to a fraction of a second. Where the recorder kept
pairs of both clocks (`arousal.ingest.journal`), these are used instead; where the order tells
nothing (streams stored one after the other), the date in the file header is, to some seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "NEAR_SECONDS",
    "UNIX_FROM",
    "Evidence",
    "Shift",
    "is_home",
    "is_unix",
    "sender_times",
    "shift_by_date",
    "shift_by_pairs",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

UNIX_FROM = 1e9
"""Seconds; Unix time passed it in 2001, no computer has run that long."""
NEAR_SECONDS = 600.0
"""Samples lie within this of their stream's own clock offsets (LSL buffers up to 360 s)."""
TRUSTED_SPREAD = 3.0
"""Brackets that scatter by more (s, half the interquartile range) prove nothing."""
DATE_SPREAD = 5.0
"""A file header's date has whole seconds, and the first sample comes some seconds after it."""


def is_unix(stamps: FloatArray) -> bool:
    """Whether stamps are Unix time by their size."""
    return bool(stamps.size) and UNIX_FROM < float(np.median(stamps)) < 1e11


def is_home(stamps: FloatArray, offset_times: FloatArray) -> bool:
    """Whether most stamps lie where their stream's own clock offsets were measured.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        Sender's stamps, s.
    offset_times : ndarray, shape (k,)
        When offsets were measured, on the sender's LSL clock, s.
    """
    # Clock resets make several ranges: near *any* measurement counts.
    known = np.sort(offset_times)
    some = stamps[:: max(1, stamps.size // 1000)]
    right = np.clip(np.searchsorted(known, some), 0, known.size - 1)
    left = np.maximum(right - 1, 0)
    away = np.minimum(np.abs(known[right] - some), np.abs(known[left] - some))
    return bool(np.mean(away < NEAR_SECONDS) >= 0.5)


def sender_times(stamps: FloatArray, times: FloatArray, values: FloatArray) -> FloatArray:
    """When clock offsets were measured, on the sender's clock, whichever clock the file used.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        Sender's stamps, s.
    times, values : ndarray, shape (k,)
        Clock offsets: when measured, seconds to add to a stamp.

    Returns
    -------
    ndarray, shape (k,)
        ``times``; or ``times - values`` where stamps lie there only: some recorders note the
        moment by their own clock.
    """
    if not times.size or is_home(stamps, times) or not is_home(stamps, times - values):
        return times
    return times - values


@dataclass(frozen=True, slots=True)
class Shift:
    """Seconds to add, and how sure that is.

    Parameters
    ----------
    seconds : float
        To add to a stamp.
    spread : float
        Half the interquartile range of what single chunks say, in seconds.
    source : str
        ``"the journal"``, ``"the order of the file"`` or ``"the date in the file header"``.
    limit : float
        Spread up to which it may be applied, in seconds.
    """

    seconds: float
    spread: float
    source: str
    limit: float = TRUSTED_SPREAD

    @property
    def proven(self) -> bool:
        """Whether it may be applied."""
        return self.spread <= self.limit


def shift_by_pairs(pairs: tuple[tuple[float, float], ...]) -> Shift | None:
    """From Unix time to the recorder's LSL clock, by moments known on both.

    Parameters
    ----------
    pairs : tuple of (utc, lsl)
        Seconds.
    """
    if not pairs:
        return None
    differences = np.array([lsl - utc for utc, lsl in pairs])
    return Shift(float(np.median(differences)), _spread(differences), "the journal")


def shift_by_date(started: datetime | None, first: float, stamps: FloatArray) -> Shift | None:
    """From Unix time to the recorder's LSL clock, by when the file was begun.

    Parameters
    ----------
    started : datetime or None
        From the file header; without a time zone it proves nothing.
    first : float
        The first moment that the file knows on the recorder's clock, in seconds.
    stamps : ndarray, shape (n,)
        The foreign stamps, s: they must begin within `NEAR_SECONDS` of that date, or they are not
        of this recording.
    """
    if started is None or started.tzinfo is None or not np.isfinite(first):
        return None
    begun = started.timestamp()
    if abs(float(stamps.min()) - begun) > NEAR_SECONDS:
        return None
    return Shift(first - begun, DATE_SPREAD, "the date in the file header", DATE_SPREAD)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """When, on the recorder's clock, parts of a file were written.

    Parameters
    ----------
    places : ndarray of int64, shape (k,)
        Byte offsets, increasing.
    times : ndarray, shape (k,)
        Recorder's time at each of them, s.
    """

    places: IntArray
    times: FloatArray

    @classmethod
    def gather(cls, parts: list[tuple[IntArray, FloatArray]]) -> Evidence:
        """Put evidence of several streams in the order of the file."""
        if not parts:
            return cls(np.empty(0, np.int64), np.empty(0))
        places = np.concatenate([places for places, _ in parts])
        times = np.concatenate([times for _, times in parts])
        fine = np.isfinite(times)
        order = np.argsort(places[fine], kind="stable")
        return cls(places[fine][order], times[fine][order])

    def shift(self, places: IntArray, stamps: FloatArray) -> Shift | None:
        """Find what to add to a foreign clock's stamps.

        Parameters
        ----------
        places : ndarray of int64, shape (c,)
            Byte offsets of the foreign stream's chunks.
        stamps : ndarray, shape (c,)
            Last stamp of each, on the foreign clock, s.

        Returns
        -------
        Shift or None
            ``None`` without evidence.
        """
        if not self.places.size or not places.size:
            return None
        # A chunk is written after everything that stands before it, and before what stands behind.
        earliest = np.maximum.accumulate(self.times)
        latest = np.minimum.accumulate(self.times[::-1])[::-1]
        behind = np.searchsorted(self.places, places)
        low = earliest[np.maximum(behind - 1, 0)]
        high = latest[np.minimum(behind, self.times.size - 1)]
        inside = (behind > 0) & (behind < self.times.size)
        if inside.any():
            low, high, stamps = low[inside], high[inside], stamps[inside]
        differences = (low + high) / 2 - stamps
        width = float(np.median(np.abs(high - low))) / 2
        single = width if differences.size < 4 else 0.0
        spread = max(_spread(differences), single)
        return Shift(float(np.median(differences)), spread, "the order of the file")


def _spread(values: FloatArray) -> float:
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high - low) / 2
