"""Heartbeats of one person from one source, as the rest of the house sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from arousal.features.quality import Quality
from arousal.features.spans import as_spans, merge
from arousal.recording import Kind

__all__ = ["BeatRun", "Beats", "collect_beats", "irregular_steps", "keep_intervals"]

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
    doubtful : ndarray of bool, shape (n,)
        Those of them that say nothing about variability: all but the slightly moved.
    """

    times: FloatArray
    raw: FloatArray
    corrected: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]


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
        Whether neither of the interval's two beats is doubtful (inserted, moved by 5 % of an
        interval or more, next to one that was taken out, or of a strange shape).
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


def keep_intervals(beats: Beats, keep: NDArray[np.bool_], reason: Quality) -> Beats:
    """Return beats without some intervals; runs break there, and the reason is written down."""
    if keep.all():
        return beats
    lost = np.column_stack((beats.starts[~keep], beats.times[~keep]))
    position = np.flatnonzero(keep)
    breaks = (np.diff(position) > 1) | (np.diff(beats.segment[keep]) != 0)
    known = beats.reasons.get(reason, as_spans([]))
    return replace(
        beats,
        starts=beats.starts[keep],
        times=beats.times[keep],
        intervals=beats.intervals[keep],
        corrected=beats.corrected[keep],
        sound=beats.sound[keep],
        segment=np.concatenate(([0], np.cumsum(breaks)))[: position.size],
        reasons={**beats.reasons, reason: merge(np.concatenate((known, lost)))},
    )


def irregular_steps(beats: Beats, step: float) -> NDArray[np.bool_]:
    """Whether interval i + 1 differs from interval i by more than ``step`` of their mean.

    Returns
    -------
    ndarray of bool, shape (n - 1,)
        False where the two do not belong to one contiguous run.
    """
    before, after = beats.intervals[:-1], beats.intervals[1:]
    follows = np.diff(beats.segment) == 0
    uneven: NDArray[np.bool_] = follows & (np.abs(after - before) > step * (after + before) / 2.0)
    return uneven


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
        sound.append(~(run.doubtful[1:] | run.doubtful[:-1])[keep])
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
