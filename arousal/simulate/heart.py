"""Heart beats that follow a heart rate and an RMSSD, with breathing and Mayer waves in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Beats", "Heart", "beat_heart", "spoil_beats"]

FloatArray = NDArray[np.float64]

SHARES = {"breathing": 0.72, "mayer": 0.18, "white": 0.10}
"""What the mean squared successive difference is made of; sums to 1."""
MAYER = 0.1
"""Mayer waves in Hz."""


@dataclass(frozen=True, slots=True, eq=False)
class Heart:
    """True beats and the breathing behind them.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Beats in s.
    breathing : ndarray, shape (seconds,)
        Breathing movement at 1 Hz grid points, as phase in radians.
    """

    times: FloatArray
    breathing: FloatArray


def beat_heart(
    heart_rate: FloatArray, ln_rmssd: FloatArray, breathing: float, rng: np.random.Generator
) -> Heart:
    """Let a heart beat.

    Beats are placed by integral pulse frequency modulation: one whenever the integrated heart rate
    has grown by one. The intervals then get respiratory sinus arrhythmia, Mayer waves and white
    noise whose amplitudes are solved so that their successive differences have the RMSSD asked
    for: a wave of amplitude ``a`` and frequency ``f`` over intervals ``T`` has an RMSSD of
    ``sqrt(2) a sin(pi f T)``.

    Parameters
    ----------
    heart_rate : ndarray, shape (seconds,)
        bpm at 1 Hz; changes of more than a few bpm per s would add to the RMSSD.
    ln_rmssd : ndarray, shape (seconds,)
        ln ms at 1 Hz.
    breathing : float
        Mean breaths per s; the rate wanders by 8 %.
    rng : numpy.random.Generator
        Where the randomness comes from.
    """
    grid = np.arange(heart_rate.size, dtype=np.float64)
    breath_phase = _wandering_phase(breathing, heart_rate.size, rng)
    mayer_phase = _wandering_phase(MAYER, heart_rate.size, rng)
    rate = heart_rate / 60.0
    turns = np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2)])
    base = np.interp(np.arange(rng.random(), turns[-1]), turns, grid)
    interval = 1.0 / np.interp(base, grid, rate)
    rmssd = np.exp(np.interp(base, grid, ln_rmssd)) / 1000.0

    def wave(share: str, phase: FloatArray) -> FloatArray:
        here = np.interp(base, grid, phase)
        frequency = np.interp(base, grid, np.gradient(phase)) / (2 * np.pi)
        size = rmssd * np.sqrt(SHARES[share]) / (np.sqrt(2) * np.sin(np.pi * frequency * interval))
        return np.asarray(size * np.sin(here))

    white = rmssd * np.sqrt(SHARES["white"] / 2) * rng.standard_normal(base.size)
    change = wave("breathing", breath_phase) + wave("mayer", mayer_phase) + white
    # Each interval moves all later beats. Waves return, white noise would walk away by some
    # tenths of a second in 90 min: its slow part is taken out.
    shift = np.cumsum(change)
    times = base + shift - _slow(shift)
    return Heart(times[(times >= 0) & (times <= grid[-1])], breath_phase)


def _wandering_phase(frequency: float, seconds: int, rng: np.random.Generator) -> FloatArray:
    knots = rng.standard_normal(seconds // 20 + 3)
    wander = np.interp(np.arange(seconds), 20.0 * np.arange(knots.size), knots)
    # Twice 8 % at most, so that breathing stays in its band.
    speed = frequency * (1.0 + 0.08 * np.clip(wander, -2.0, 2.0))
    return np.asarray(2 * np.pi * (rng.random() + np.cumsum(speed)))


def _slow(values: FloatArray, width: int = 301) -> FloatArray:
    """Running mean over ``width`` beats (fewer at the ends)."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    index = np.arange(values.size)
    low = np.maximum(index - width // 2, 0)
    high = np.minimum(index + width // 2 + 1, values.size)
    return np.asarray((total[high] - total[low]) / (high - low))


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """A heart's beats as they happened and as a strap reports them.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Every beat of the heart in s, ectopic ones where they happened.
    ectopic : ndarray, shape (n,), bool
        Which of them were premature.
    missed : ndarray, shape (n,), bool
        Which of them a strap does not see.
    """

    times: FloatArray
    ectopic: NDArray[np.bool_]
    missed: NDArray[np.bool_]

    def intervals(self) -> tuple[FloatArray, FloatArray]:
        """Return the end times in s and lengths in ms of the intervals that a strap reports.

        Lengths are in steps of 1/1024 s, as heart-rate straps send them; a missed beat gives one
        long interval.
        """
        seen = self.times[~self.missed]
        lengths = np.round(np.diff(seen) * 1024.0) / 1.024
        return seen[1:], lengths


def spoil_beats(
    times: FloatArray, ectopic: float, missed: float, rng: np.random.Generator
) -> Beats:
    """Make some beats premature and hide some.

    An ectopic beat comes 30-40 % of an interval early and is followed by a compensatory pause, so
    the beat after it is in time.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Beats in s.
    ectopic, missed : float
        Share of beats.
    """
    draws = rng.random((2, times.size))
    early = draws[0] < ectopic
    early[:2] = early[-2:] = False
    early[1:] &= ~early[:-1]
    moved = times.copy()
    interval = np.diff(times, prepend=times[:1])
    moved[early] -= rng.uniform(0.3, 0.4, times.size)[early] * interval[early]
    hidden = (draws[1] < missed) & ~early
    hidden[:2] = hidden[-2:] = False
    return Beats(moved, early, hidden)
