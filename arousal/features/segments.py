"""Usable contiguous stretches of a sampled signal, and why the rest is not usable.

Samples that are not finite count as not sent. A stretch ends at a gap (`Signal.segments`), and
where the signal stands still; nothing is joined across either. Within a stretch a hole shorter
than a gap (under 1 s) is bridged linearly, so that filters see an even grid; a beat that was lost
there is later found missing and counted as corrected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from arousal.features.quality import Quality
from arousal.features.spans import as_spans, runs
from arousal.recording import Signal

__all__ = [
    "Stretch",
    "finite_part",
    "flat_spans",
    "measured_rate",
    "wave_stretches",
    "working_rate",
]

FloatArray = NDArray[np.float64]

FLAT_SECONDS = 3.0
"""An ECG or pulse wave that stands still for this long is not on a body."""
CLIP_SECONDS = 0.02
"""A run at the very extreme value that lasts this long (and 3 samples) is cut off."""
CLIP_RUNS = 3
"""... and it must happen this often: any signal has one maximum."""
RATE_TOLERANCE = 0.02
"""A measured rate further than this share from the declared one replaces it, flagged."""
BLOCK = 16_384
"""Samples that are looked at together: they fit the processor's cache."""
EVEN_STEPS = 0.5
"""Steps that all agree with the period to this share are taken as even."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A contiguous piece of a wave on an even grid.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Samples in the signal's unit.
    times : ndarray, shape (n,)
        Seconds; the device's own where its steps are even, else the grid's.
    rate : float
        Samples per second.
    """

    values: FloatArray
    times: FloatArray
    rate: float

    def time_at(self, position: FloatArray) -> FloatArray:
        """Time of fractional sample positions inside the stretch, in seconds."""
        before = np.clip(position.astype(np.intp), 0, self.times.size - 2)
        since = self.times[before]
        return since + (position - before) * (self.times[before + 1] - since)


def finite_part(signal: Signal) -> Signal:
    """The first channel's finite samples; samples that are NaN count as not sent."""
    values = signal.values if signal.values.ndim == 1 else signal.values[:, 0]
    keep = np.isfinite(values)
    if keep.all() and signal.values.ndim == 1:
        return signal
    return replace(signal, values=values[keep], times=signal.times[keep])


def measured_rate(signal: Signal) -> float:
    """Samples per second inside contiguous stretches; NaN where there are none."""
    pieces = [s for s in signal.segments() if s.stop - s.start > 1]
    steps = sum(s.stop - s.start - 1 for s in pieces)
    seconds = sum(float(signal.times[s.stop - 1] - signal.times[s.start]) for s in pieces)
    return steps / seconds if seconds > 0 else float("nan")


def working_rate(signal: Signal) -> tuple[float, bool]:
    """Rate to work with, and whether the declared rate is wrong.

    Returns
    -------
    rate : float
        The declared rate where the measured one agrees within 2 %, else the measured one.
    mismatch : bool
    """
    measured = measured_rate(signal)
    declared = signal.rate if signal.rate is not None else measured
    if not np.isfinite(measured):
        return declared, False
    mismatch = abs(measured / declared - 1.0) > RATE_TOLERANCE
    return (measured if mismatch else declared), mismatch


def flat_spans(times: FloatArray, values: FloatArray, seconds: float) -> FloatArray:
    """Stretches of at least ``seconds`` without any change, as spans (k, 2)."""
    if values.size < 2:
        return as_spans([])
    limit = 1e-9 * max(1.0, float(values.max()), -float(values.min()))
    still = np.empty(values.size - 1, dtype=np.bool_)
    for a in range(0, still.size, BLOCK):
        still[a : a + BLOCK] = np.abs(np.diff(values[a : a + BLOCK + 1])) <= limit
    if not still.any():
        return as_spans([])
    first, last = runs(still)
    long = times[last] - times[first] >= seconds
    return np.column_stack((times[first[long]], times[last[long]]))


def clipped_spans(times: FloatArray, values: FloatArray, rate: float) -> FloatArray:
    """Runs at the signal's own extreme values, as spans (k, 2)."""
    highest, lowest = values.max(initial=-np.inf), values.min(initial=np.inf)
    if not highest > lowest:
        return as_spans([])
    length = max(3, int(np.ceil(CLIP_SECONDS * rate)))
    found = []
    for extreme in (highest, lowest):
        there = values == extreme
        if np.count_nonzero(there) < CLIP_RUNS * length:
            continue
        first, last = runs(there)
        long = last - first >= length
        if np.count_nonzero(long) >= CLIP_RUNS:
            found.append(np.column_stack((times[first[long]], times[last[long] - 1])))
    return np.concatenate(found) if found else as_spans([])


def wave_stretches(
    signal: Signal, min_seconds: float
) -> tuple[list[Stretch], Mapping[Quality, FloatArray]]:
    """Cut an ECG or pulse wave into usable stretches.

    Parameters
    ----------
    signal : Signal
        With a rate; NaN = not sent.
    min_seconds : float
        Shorter stretches are left out.

    Returns
    -------
    stretches : list of Stretch
    reasons : mapping of Quality to ndarray, shape (k, 2)
        Spans in seconds where something is wrong.
    """
    part = finite_part(signal)
    rate, mismatch = working_rate(part)
    reasons: dict[Quality, FloatArray] = {}
    if mismatch:
        reasons[Quality.RATE_MISMATCH] = as_spans([(part.onset, part.end)])
    if len(part) != len(signal) or len(part.segments()) > 1:
        reasons[Quality.GAP] = part.gaps()
    stretches, flat, clipped, short = [], [], [], []
    for piece in part.segments():
        times, values = part.times[piece], part.values[piece]
        still = flat_spans(times, values, FLAT_SECONDS)
        flat.append(still)
        clipped.append(clipped_spans(times, values, rate))
        for a, b in _between(times, still):
            if times[b - 1] - times[a] >= min_seconds:
                stretches.append(_even(values[a:b], times[a:b], rate))
            else:
                short.append((times[a], times[b - 1]))
    reasons[Quality.FLAT] = np.concatenate([as_spans([]), *flat])
    reasons[Quality.CLIPPED] = np.concatenate([as_spans([]), *clipped])
    reasons[Quality.SHORT_STRETCH] = as_spans(short)
    return stretches, {code: spans for code, spans in reasons.items() if len(spans)}


def _between(times: FloatArray, spans: FloatArray) -> list[tuple[int, int]]:
    """Index ranges of what the spans leave over."""
    firsts = np.searchsorted(times, spans[:, 0], side="right")
    lasts = np.searchsorted(times, spans[:, 1], side="left")
    bounds = np.concatenate(([0], np.column_stack((firsts, lasts)).ravel(), [times.size]))
    return [(int(a), int(b)) for a, b in list(pairwise(bounds))[::2] if b > a]


def _even(values: FloatArray, times: FloatArray, rate: float) -> Stretch:
    steps = np.diff(times)
    shortest, longest = (1.0 - EVEN_STEPS) / rate, (1.0 + EVEN_STEPS) / rate
    if steps.size == 0 or (steps.min() >= shortest and steps.max() <= longest):
        return Stretch(values, times, rate)
    grid = np.arange(times[0], times[-1] + 0.25 / rate, 1.0 / rate)
    return Stretch(np.interp(grid, times, values), grid, rate)
