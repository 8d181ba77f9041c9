"""Heartbeats of one person from one source, as the rest of the house sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from arousal.features.quality import Quality
from arousal.features.spans import as_spans, merge
from arousal.recording import Kind

__all__ = ["BeatRun", "Beats", "collect_beats"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

SHORTEST, LONGEST = 240.0, 3000.0
"""Intervals in ms outside this range (20-250 bpm) are no heartbeat intervals."""
ROUND_DIGITS = 7
"""Intervals are rounded to 1e-7 ms: the noise of binary time stamps, far below any device."""


@dataclass(frozen=True, slots=True, eq=False)
class BeatRun:
    """Beats of one contiguous stretch: before and after correction.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Beat times after correction, in seconds.
    raw : ndarray, shape (m,)
        Beat times as detected.
    corrected : ndarray of bool, shape (n,)
        Beats that were moved or inserted, or before which an extra beat was taken out.
    """

    times: FloatArray
    raw: FloatArray
    corrected: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """Corrected inter-beat intervals on the recording's clock.

    Parameters
    ----------
    kind : Kind
        ECG, RR or PPG.
    source : str
        Stream or file.
    starts, times : ndarray, shape (n,)
        Each interval begins at ``starts`` and ends, with its beat, at ``times`` (seconds).
    intervals : ndarray, shape (n,)
        Milliseconds.
    corrected : ndarray of bool, shape (n,)
        Whether the interval's beat was corrected.
    sound : ndarray of bool, shape (n,)
        Whether neither of the interval's two beats was corrected.
    segment : ndarray of int, shape (n,)
        Contiguous run that the interval belongs to; nothing is differenced across two.
    raw_times : ndarray, shape (m,)
        Beats as detected, before correction, in seconds.
    hrv : bool
        Whether the source is good enough for variability (a pulse wave under 64 Hz is not).
    reasons : mapping of Quality to ndarray, shape (k, 2)
        Spans in seconds where something is wrong.
    """

    kind: Kind
    source: str
    starts: FloatArray
    times: FloatArray
    intervals: FloatArray
    corrected: NDArray[np.bool_]
    sound: NDArray[np.bool_]
    segment: IntArray
    raw_times: FloatArray
    hrv: bool = True
    reasons: Mapping[Quality, FloatArray] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.intervals.size)

    @property
    def spans(self) -> FloatArray:
        """Time covered by usable intervals, as disjoint spans (k, 2)."""
        if not len(self):
            return as_spans([])
        first = np.flatnonzero(np.diff(self.segment, prepend=self.segment[0] - 1))
        last = np.concatenate((first[1:] - 1, [len(self) - 1]))
        return merge(np.column_stack((self.starts[first], self.times[last])))

    @property
    def corrected_fraction(self) -> float:
        """Share of beats that were corrected; NaN without beats."""
        return float(self.corrected.mean()) if len(self) else float("nan")


def collect_beats(
    kind: Kind,
    source: str,
    runs: Sequence[BeatRun],
    *,
    hrv: bool = True,
    reasons: Mapping[Quality, FloatArray] | None = None,
) -> Beats:
    """Turn runs of beats into intervals.

    An interval outside 240-3000 ms is left out, and its two neighbours count as separate runs.
    """
    starts, times, corrected, sound, segment, raw = [], [], [], [], [], []
    next_segment = 0
    outside = []
    for run in runs:
        raw.append(run.raw)
        if run.times.size < 2:
            continue
        interval = np.diff(run.times) * 1000.0
        keep = (interval >= SHORTEST) & (interval <= LONGEST)
        outside.append(np.column_stack((run.times[:-1][~keep], run.times[1:][~keep])))
        starts.append(run.times[:-1][keep])
        times.append(run.times[1:][keep])
        corrected.append(run.corrected[1:][keep])
        sound.append(~(run.corrected[1:] | run.corrected[:-1])[keep])
        segment.append(next_segment + np.cumsum(~keep)[keep])
        next_segment += int(np.count_nonzero(~keep)) + 1
    found = dict(reasons or {})
    bad = merge(np.concatenate([as_spans([]), *outside]))
    if len(bad):
        found[Quality.OUT_OF_RANGE] = bad
    begin, end = _joined(starts), _joined(times)
    return Beats(
        kind,
        source,
        begin,
        end,
        np.round((end - begin) * 1000.0, ROUND_DIGITS),
        np.concatenate([np.empty(0, dtype=bool), *corrected]),
        np.concatenate([np.empty(0, dtype=bool), *sound]),
        np.concatenate([np.empty(0, dtype=np.intp), *segment]),
        _joined(raw),
        hrv,
        found,
    )


def _joined(parts: Sequence[FloatArray]) -> FloatArray:
    return np.concatenate([np.empty(0), *parts])
