"""From inter-beat intervals as bridges send them to intervals that end at their own beat.

A `Signal` of intervals says when each beat was. Bluetooth straps report intervals in packets,
about one a second with none to three intervals each, and bridges stamp the packet; some repeat
the last interval, between beats or for ever after the strap is gone. Beat times are rebuilt from
the intervals themselves, anchored to the packets; what was lost between packets stays a gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.findings import Finding, Severity
from arousal.recording import BEAT_SLACK

__all__ = ["Beats", "beats_from_packets"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

FROZEN_RUN = 8
"""Equal intervals in a row from which on a strap is taken to be gone. Living hearts repeat a
value at 1/1024 s resolution twice or thrice; where values are coarser (1/64 s), twice as many
are allowed."""
COARSE_MS = 4.0
LOOK = 6
"""Beats on either side over which the packets' delay is compared: its lower envelope is the
delay of the beats that were reported at once, and jumps where beats are missing."""
BLOCK = 30
"""Beats over which the envelope is taken to find the clocks' drift."""
STRETCH = 20
"""Steps over which intervals and passed time are compared."""
BEAT_JITTER = 0.03
"""Stamps of beats agree with the intervals to this many seconds in the median."""
CLEAR_JUMP = 2.5
"""Step of the delay (s) that is a gap even where too few beats follow or precede to compare."""
DRIFT_SAID = 0.005
"""Crystals agree to 0.01 %; half a percent is a wrong unit or lost beats."""


@dataclass(frozen=True, slots=True)
class Beats:
    """Intervals at their beats.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Seconds, strictly increasing; each interval ends at its time.
    intervals : ndarray, shape (n,)
        ms.
    findings : tuple of Finding
        What was dropped or rebuilt.
    """

    times: FloatArray
    intervals: FloatArray
    findings: tuple[Finding, ...] = ()


def beats_from_packets(stamps: FloatArray, intervals: FloatArray, where: str) -> Beats:
    """Put intervals to the beats that end them.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        When each interval was sent, in seconds, not decreasing.
    intervals : ndarray, shape (n,)
        ms; NaN or <= 0 = nothing.
    where : str
        Stream, for findings.

    Returns
    -------
    Beats
        Unchanged where the stamps are those of beats (missed beats among them or not); else
        rebuilt stretch by stretch: the times of a stretch are the running sum of
        its intervals (stretched by the drift of the strap's clock), placed so that no beat is later
        than its packet.
    """
    findings: list[Finding] = []
    keep = np.isfinite(intervals) & (intervals > 0)
    if not keep.all() and keep.any():
        findings.append(_note("rr-empty", f"{(~keep).sum()} samples without an interval", where))
    stamps, intervals = stamps[keep], intervals[keep]
    alive = ~_frozen(intervals)
    if not alive.all():
        seconds = _seconds(stamps[~alive])
        findings.append(
            Finding(
                "rr-repeated",
                f"{(~alive).sum()} intervals repeat the one before over and over "
                f"({seconds:.0f} s): the strap was gone; they are left out",
                Severity.WARNING,
                where,
            )
        )
        stamps, intervals = stamps[alive], intervals[alive]
    if intervals.size > 2 and _held(stamps, intervals):
        change = np.append(True, np.diff(intervals) != 0)
        text = f"values are repeated between beats: {change.sum()} of {change.size} samples kept"
        findings.append(_note("rr-held", text, where))
        stamps, intervals = stamps[change], intervals[change]
    if intervals.size < 3 or not _in_packets(stamps, intervals):
        return Beats(stamps, intervals, tuple(findings))
    times, drift = _rebuild(stamps, intervals / 1000.0)
    text = "intervals came in packets; beat times are rebuilt from the intervals themselves"
    findings.append(_note("rr-rebuilt", text, where))
    if abs(drift) > DRIFT_SAID:
        text = (
            f"the intervals differ by {1 / (1 + drift) - 1:+.1%} from the time that passed; "
            "+2.4 % is what a bridge does that takes 1/1024 s for ms"
        )
        findings.append(Finding("rr-drift", text, Severity.WARNING, where))
    return Beats(times, intervals, tuple(findings))


def _note(code: str, text: str, where: str) -> Finding:
    return Finding(code, text, Severity.NOTE, where)


def _seconds(stamps: FloatArray) -> float:
    return float(stamps[-1] - stamps[0]) if stamps.size else 0.0


def _frozen(intervals: FloatArray) -> BoolArray:
    """Members of long runs of one value, but for the first of each run."""
    if intervals.size < FROZEN_RUN:
        return np.zeros(intervals.shape, dtype=bool)
    steps = np.abs(np.diff(intervals))
    moving = steps[steps > 0]
    coarse = moving.size == 0 or float(np.min(moving)) > COARSE_MS
    longest = FROZEN_RUN * (2 if coarse else 1)
    starts = np.flatnonzero(np.append(True, steps != 0))
    lengths = np.diff(np.append(starts, intervals.size))
    frozen = np.repeat(lengths >= longest, lengths)
    frozen[starts] = False
    return frozen


def _held(stamps: FloatArray, intervals: FloatArray) -> bool:
    """Whether a value is sent again and again until the next beat (sample and hold)."""
    steps = np.diff(stamps)
    equal = np.diff(intervals) == 0
    return bool(
        equal.mean() > 0.3 and np.median(steps[equal]) < 0.75 * np.median(intervals) / 1000.0
    )


def _in_packets(stamps: FloatArray, intervals: FloatArray) -> bool:
    """Whether stamps are those of packets and not of beats.

    A beat cannot come sooner after the last than its interval says, so stamps closer than that
    are packets'. Where whole stretches add up to the time that passed, and yet single steps do
    not agree with their intervals, the stamps are packets' too (slow hearts: none or one beat a
    packet). Stamps further apart than the interval alone are missed beats.
    """
    seconds, steps = intervals[1:] / 1000.0, np.diff(stamps)
    slack = np.maximum(0.05, BEAT_SLACK * seconds)
    if (steps < seconds - slack).mean() >= 0.05:
        return True
    whole = steps.size // STRETCH
    if not whole:
        return False
    shape = (whole, STRETCH)
    passed = steps[: whole * STRETCH].reshape(shape).sum(axis=1)
    added = seconds[: whole * STRETCH].reshape(shape).sum(axis=1)
    complete = np.abs(passed - added) < 1.5
    if not complete.any():
        return False
    off = np.abs(steps - seconds)[: whole * STRETCH].reshape(shape)[complete]
    return bool(np.median(off) > BEAT_JITTER)


def _rebuild(stamps: FloatArray, seconds: FloatArray) -> tuple[FloatArray, float]:
    total = np.cumsum(seconds)
    delay = stamps - total  # how much later than "all beats in a row" each packet came
    edges = _jumps(delay, seconds)
    times = np.empty_like(stamps)
    drifts = [0.0]
    for first, last in zip([0, *edges], [*edges, stamps.size], strict=True):
        part = slice(first, last)
        slope = _drift(total[part], delay[part])
        drifts.append(slope)
        level = delay[part] - slope * total[part]
        times[part] = total[part] * (1.0 + slope) + level.min()
    return times, max(drifts, key=abs)


def _drift(total: FloatArray, delay: FloatArray) -> float:
    """Slope of the delay's lower envelope: two clocks never run alike.

    0 where the envelope's own scatter is as large as what the slope adds up to.
    """
    blocks = total.size // BLOCK
    if blocks < 4:
        return 0.0
    shape = (blocks, BLOCK)
    middle = total[: blocks * BLOCK].reshape(shape).mean(axis=1)
    lowest = delay[: blocks * BLOCK].reshape(shape).min(axis=1)
    slope, level = np.polyfit(middle, lowest, 1)
    scatter = float(np.std(lowest - (slope * middle + level)))
    return float(slope) if abs(slope) * (middle[-1] - middle[0]) > 3 * scatter + 0.02 else 0.0


def _jumps(delay: FloatArray, seconds: FloatArray) -> list[int]:
    """Indices at which the delay's lower envelope rises by most of an interval or more."""
    steps = np.diff(delay)
    edges = set((np.flatnonzero(steps > CLEAR_JUMP) + 1).tolist())
    if delay.size >= 2 * LOOK:
        windows = np.lib.stride_tricks.sliding_window_view(delay, LOOK).min(axis=1)
        # Place i of the rise compares the LOOK beats before i + LOOK with those from there on.
        rise = windows[LOOK:] - windows[:-LOOK]
        for start, stop in _runs(rise > 0.6 * float(np.median(seconds))):
            # Inside a run the jump itself is the largest single step.
            first = start + LOOK - 1
            edges.add(first + int(np.argmax(steps[first : stop + LOOK - 1])) + 1)
    return [edge for edge in sorted(edges) if not _catches_up(delay, edge, seconds)]


def _catches_up(delay: FloatArray, edge: int, seconds: FloatArray) -> bool:
    """Whether packets after a pause bring what was missing, so that the delay falls back."""
    before = delay[max(edge - LOOK, 0) : edge].min()
    after = delay[edge : edge + 2 * LOOK].min()
    return bool(after - before < 0.6 * float(np.median(seconds)))


def _runs(mask: BoolArray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
