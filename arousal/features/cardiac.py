"""ECG, pulse wave or a device's own intervals -> corrected beats.

Each usable stretch is worked on by itself: NeuroKit2's cleaning (`cleaning`) and peaks (`peaks`),
refinement between samples, NeuroKit2's correction (`correction`); with another engine (`engines`)
by its own functions. Nothing is carried across a gap.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from arousal.features.beats import (
    LONGEST,
    SHORTEST,
    Beats,
    collect_beats,
    irregular_steps,
    keep_intervals,
)
from arousal.features.engines import AROUSAL, Engine
from arousal.features.quality import Quality
from arousal.features.segments import Stretch, finite_part, wave_stretches, working_rate
from arousal.features.spans import as_spans
from arousal.recording import Kind, Signal
from arousal.settings import BeatSettings

__all__ = [
    "beats_from_intervals",
    "beats_from_wave",
    "find_beats",
    "refine_peaks",
    "unlike_beats",
    "without_impossible",
    "without_movement",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SLOWEST = {Kind.ECG: 80.0, Kind.PPG: 20.0}
"""Below these rates (Hz) NeuroKit2's filters (40 Hz of ECG, 8 Hz of pulse wave) have no room."""
SHAPE_SECONDS = 0.12
"""Seconds on either side of an R peak that make the shape of a beat."""
STEPS_AROUND = 11
"""Steps between intervals that tell whether a pulse wave is regular here."""
ALIKE = 0.7
"""Correlation with the median beat below which a beat is not the person's own."""
FEWEST_FOR_SHAPE = 10
INTERVALS_AROUND = 11
ODD_LENGTH = 1.5
"""Times the usual interval, at the ends of a run; breathing makes up to 1.35."""
ODD_BESIDE = 1.25
"""The same beside a beat of a strange shape, which may be noise."""
TOO_LONG = 1.75
"""Times the usual interval, anywhere."""
MOVED = 0.1
"""Seconds by which a corrected beat may stand beside where it was found."""
UNJUDGED = 2
"""Intervals at either end of a run that the correction does not judge."""
MILLISECONDS = 1000.0
"""Ticks per second of intervals."""


def find_beats(signal: Signal, settings: BeatSettings, engine: Engine = AROUSAL) -> Beats:
    """Return the corrected beats of an ECG, PPG or RR signal (see the two functions below)."""
    if signal.kind is Kind.RR:
        return beats_from_intervals(signal, engine)
    return beats_from_wave(signal, settings, engine)


def beats_from_wave(signal: Signal, settings: BeatSettings, engine: Engine = AROUSAL) -> Beats:
    """Find and correct the beats of an ECG or pulse wave, stretch by stretch.

    Parameters
    ----------
    signal : Signal
        ECG (uV) or PPG (a.u.) with a rate.
    settings : BeatSettings
        ``min_segment``, ``refine_below``, ``ppg_rate_for_hrv``.
    engine : Engine
        Who cleans, finds and corrects.

    Returns
    -------
    Beats
        Empty, with reasons, where nothing can be found; never raises on poor data.

    Notes
    -----
    Departures from NeuroKit2: peaks of waves sampled below ``refine_below`` Hz are refined by a
    parabola through three samples (ECG and PPG alike; an ECG's only where the beat has the
    person's own shape: the top of a bump of noise lies no better between samples than on one); a
    pause of more than 3 s without a beat separates two runs, so that no beat is invented in it.
    """
    if not len(signal):
        return collect_beats(signal.kind, signal.source, [])
    stretches, found = wave_stretches(signal, settings.min_segment)
    reasons = dict(found)
    rate, _ = working_rate(finite_part(signal))
    slow_pulse = signal.kind is Kind.PPG and rate < settings.ppg_rate_for_hrv * 0.98
    if slow_pulse or not rate >= SLOWEST[signal.kind]:
        reasons[Quality.RATE_LOW] = as_spans([(signal.onset, signal.end)])
    if not rate >= SLOWEST[signal.kind]:
        return collect_beats(signal.kind, signal.source, [], hrv=False, reasons=reasons)
    runs, silent, odd, strange = [], [], [as_spans([])], [np.empty(0)]
    for stretch in stretches:
        find = engine.ecg if signal.kind is Kind.ECG else engine.pulse
        clean, peaks = find(stretch.values, stretch.rate)
        unlike = np.zeros(peaks.size, dtype=bool)
        if signal.kind is Kind.ECG:
            unlike = unlike_beats(clean, peaks, round(SHAPE_SECONDS * stretch.rate))
        fine = engine.refines and stretch.rate < settings.refine_below
        at = np.where(unlike, peaks, refine_peaks(clean, peaks))
        times = stretch.time_at(at) if fine else stretch.times[peaks]
        odd.append(_unlike_spans(times, unlike))
        strange.append(times[unlike])
        pieces = _split(times)
        runs += [engine.correct(piece, stretch.rate) for piece in pieces]
        silent += _without_beats(stretch, [piece for piece in pieces if piece.size > 1])
    if silent:
        reasons[Quality.NO_BEATS] = as_spans(silent)
    if len(noisy := np.concatenate(odd)):
        reasons[Quality.NOISY] = noisy
    beats = collect_beats(signal.kind, signal.source, runs, hrv=not slow_pulse, reasons=reasons)
    beats = without_impossible(beats, np.concatenate(strange))
    return beats if signal.kind is Kind.ECG else without_movement(beats, settings)


def beats_from_intervals(signal: Signal, engine: Engine = AROUSAL) -> Beats:
    """Correct the inter-beat intervals that a device reports.

    Beats of a run are laid end to end from the intervals themselves (the device's own clock) and
    placed by the median offset of their time stamps, so that late packets do not move a beat.
    A run may be of any length: the device has vouched for each interval.

    Parameters
    ----------
    signal : Signal
        Kind RR: intervals in ms that end at ``times``.
    engine : Engine
        Who corrects.
    """
    part = finite_part(signal)
    keep = (part.values >= SHORTEST) & (part.values <= LONGEST)
    reasons: dict[Quality, FloatArray] = {}
    if not keep.all():
        bad = part.times[~keep]
        reasons[Quality.OUT_OF_RANGE] = np.column_stack((bad - 0.5, bad + 0.5))
        part = Signal(part.kind, part.values[keep], part.times[keep], None, part.source)
    runs = []
    for piece in part.segments():
        intervals, stamps = part.values[piece], part.times[piece]
        ends = np.cumsum(intervals) / 1000.0
        ends += np.median(stamps - ends)
        times = np.concatenate(([ends[0] - intervals[0] / 1000.0], ends))
        runs.append(engine.correct(times, MILLISECONDS))
    return without_impossible(collect_beats(signal.kind, signal.source, runs, reasons=reasons))


def refine_peaks(wave: FloatArray, peaks: IntArray) -> FloatArray:
    """Move each peak to the vertex of the parabola through it and its two neighbours.

    Parameters
    ----------
    wave : ndarray, shape (n,)
        Cleaned signal.
    peaks : ndarray of int, shape (m,)
        Local maxima.

    Returns
    -------
    ndarray, shape (m,)
        Fractional sample positions, at most half a sample from ``peaks``.
    """
    refined = peaks.astype(np.float64)
    inner = (peaks > 0) & (peaks < wave.size - 1)
    at = peaks[inner]
    left, middle, right = wave[at - 1], wave[at], wave[at + 1]
    bend = left - 2.0 * middle + right
    shift = np.zeros(at.size)
    np.divide(0.5 * (left - right), bend, out=shift, where=bend < 0)
    refined[inner] += np.clip(shift, -0.5, 0.5)
    return refined


def unlike_beats(wave: FloatArray, peaks: IntArray, reach: int) -> NDArray[np.bool_]:
    """Find beats whose shape is not the person's own.

    Parameters
    ----------
    wave : ndarray, shape (n,)
        Cleaned signal.
    peaks : ndarray of int, shape (m,)
    reach : int
        Samples on either side of a peak that make its shape.

    Returns
    -------
    ndarray of bool, shape (m,)
        True where the correlation with the median beat is below 0.7. Beats at the ends, and all
        of them where there are too few for a median, are not judged (False).
    """
    unlike = np.zeros(peaks.size, dtype=bool)
    inner = np.flatnonzero((peaks >= reach) & (peaks < wave.size - reach))
    if inner.size < FEWEST_FOR_SHAPE:
        return unlike
    shapes = wave[peaks[inner] + np.arange(-reach, reach + 1)[:, None]]  # a column per beat
    shapes -= shapes.mean(axis=0)
    typical = np.median(shapes, axis=1)
    size = np.sqrt((shapes**2).sum(axis=0) * (typical**2).sum())
    unlike[inner] = ~(np.einsum("i,ij->j", typical, shapes) >= ALIKE * size)
    return unlike


def without_impossible(beats: Beats, strange: FloatArray | None = None) -> Beats:
    """Leave out intervals in which a beat must have been missed although none was put back.

    The correction judges a beat by the two after it and puts back one beat at a time: beside a gap
    or in a burst of movement that hides several beats, intervals stay that no heart makes. Against
    the middle of the 11 around, one is not used where it is more than 1.75 times as long, half as
    long again (or that much shorter) among the first and last two of a run, or a quarter beside a
    beat of a strange shape. (Two bursts of 7 s in a simulated ECG raised RMSSD of
    two minutes from 71 to 101 and from 40 to 170 ms; now both are within 3 %.)

    Parameters
    ----------
    beats : Beats
    strange : ndarray, shape (k,), optional
        Times (s) of beats whose shape is not the person's own. What touches one is not sound.
    """
    from scipy.ndimage import rank_filter

    if not len(beats):
        return beats
    near = np.zeros(len(beats), dtype=bool)
    if strange is not None and strange.size:
        near = _beside(beats.starts, strange) | _beside(beats.times, strange)
        beats = replace(beats, sound=beats.sound & ~near)
    # One above the median: where every other beat comes early, the long intervals are the usual.
    rank = INTERVALS_AROUND // 2 + 1
    usual = rank_filter(beats.intervals, rank, INTERVALS_AROUND, mode="nearest")
    ratio = beats.intervals / usual
    first = np.flatnonzero(np.diff(beats.segment, prepend=beats.segment[0] - 1))
    size = np.diff(np.append(first, len(beats)))
    place = np.arange(len(beats)) - np.repeat(first, size)
    at_end = (place < UNJUDGED) | (place >= np.repeat(size, size) - UNJUDGED)
    impossible = ratio > TOO_LONG
    impossible |= ((ratio > ODD_LENGTH) | (ratio < 1.0 / ODD_LENGTH)) & at_end
    impossible |= ((ratio > ODD_BESIDE) | (ratio < 1.0 / ODD_BESIDE)) & near
    return keep_intervals(beats, ~impossible, Quality.NO_BEATS)


def _beside(times: FloatArray, strange: FloatArray) -> NDArray[np.bool_]:
    """Whether a strange beat lies within a tenth of a second of each time (it may be moved)."""
    after = np.searchsorted(strange, times).clip(0, strange.size - 1)
    before = np.maximum(after - 1, 0)
    distance = np.minimum(np.abs(strange[after] - times), np.abs(strange[before] - times))
    close: NDArray[np.bool_] = distance <= MOVED
    return close


def without_movement(beats: Beats, settings: BeatSettings) -> Beats:
    """Leave out where a pulse wave follows movement instead of the heart.

    The detector finds "beats" in any wave, but in movement they are irregular: where more than
    ``pulse_irregular`` of the 11 steps around an interval are irregular, it is not used. (On five
    E4 recordings the heart rate of what remains is within 1-2 bpm, in the median, of the device's
    own intervals where those exist; without the rule it is off by 2 to 25 bpm.)
    """
    from scipy.ndimage import uniform_filter1d

    if len(beats) < STEPS_AROUND:
        return beats
    uneven = irregular_steps(beats, settings.irregular_step).astype(np.float64)
    around = uniform_filter1d(uneven, STEPS_AROUND, mode="nearest")
    worse = np.maximum(np.append(around[0], around), np.append(around, around[-1]))
    return keep_intervals(beats, worse <= settings.pulse_irregular, Quality.NOISY)


def _unlike_spans(times: FloatArray, unlike: NDArray[np.bool_]) -> FloatArray:
    """Around each odd beat, half-way to its neighbours."""
    if not times.size:
        return as_spans([])
    middle = (times[1:] + times[:-1]) / 2.0
    begin = np.concatenate((times[:1], middle))
    end = np.concatenate((middle, times[-1:]))
    return np.column_stack((begin, end))[unlike]


def _split(times: FloatArray) -> list[FloatArray]:
    """Cut where no beat was found for more than the longest interval."""
    cuts = np.flatnonzero(np.diff(times) > LONGEST / 1000.0) + 1
    return [piece for piece in np.split(times, cuts) if piece.size]


def _without_beats(stretch: Stretch, pieces: list[FloatArray]) -> list[tuple[float, float]]:
    """Parts of a stretch, longer than the longest interval, in which there is no beat."""
    bounds = [stretch.times[0]]
    for piece in pieces:
        bounds += [piece[0], piece[-1]]
    bounds.append(stretch.times[-1])
    spans = list(pairwise(bounds))[::2]
    return [(float(a), float(b)) for a, b in spans if b - a > LONGEST / 1000.0]
