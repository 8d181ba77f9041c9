"""Skin conductance with known responses, and skin temperature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arousal.settings import EdaSettings
from arousal.simulate.traits import Traits

__all__ = ["Responses", "conductance", "draw_responses", "temperature"]

FloatArray = NDArray[np.float64]

SITE = "finger"
THRESHOLD = EdaSettings().scr_threshold[SITE]
"""Smallest response in uS that counts at this site."""
RISE, DECAY = 0.7, 2.0
"""Time constants of a response in s (Greco et al. 2016, doi:10.1109/TBME.2015.2474131)."""
DEAD_TIME = 1.5
"""Seconds after a response in which no other begins: a sweat gland burst must end first."""
SPREAD = 0.8
"""SD of ln amplitude."""
TOO_SMALL = 0.015
"""Median amplitude in uS of a person who does not respond."""
HISS = 0.002
"""White noise of the amplifier in uS (SD)."""


class Responses(NamedTuple):
    """Skin conductance responses: onset in s and amplitude in uS, each of shape (n,)."""

    onsets: FloatArray
    amplitudes: FloatArray

    def counted(self) -> FloatArray:
        """Onsets of the responses that reach the site's threshold."""
        return self.onsets[self.amplitudes >= THRESHOLD]


def draw_responses(
    rate: FloatArray, median: float, responds: bool, rng: np.random.Generator
) -> Responses:
    """Draw responses whose rate follows a curve.

    A Poisson process with a dead time, made up for so that the mean rate of responses at or above
    the threshold is the one asked for. Amplitudes are lognormal, so a few stay below it.

    Parameters
    ----------
    rate : ndarray, shape (seconds,)
        Responses at or above the threshold per min, at 1 Hz.
    median : float
        Median amplitude in uS.
    responds : bool
        If not, amplitudes are capped below half the threshold; they come 3 times a minute.
    rng : numpy.random.Generator
        Where the randomness comes from.
    """
    share = _share_above(median) if responds else 1.0
    every = np.clip((rate if responds else np.full_like(rate, 3.0)) / share / 60.0, 1e-4, 0.5)
    hazard = every / (1.0 - every * DEAD_TIME)
    total = np.concatenate([[0.0], np.cumsum(hazard)])
    grid = np.arange(total.size, dtype=np.float64)
    onsets: list[float] = []
    now = 0.0
    for wait in rng.exponential(size=int(total[-1]) + 200):
        until = float(np.interp(now, grid, total)) + wait
        if until >= total[-1]:
            break
        onset = float(np.interp(until, total, grid))
        onsets.append(onset)
        now = onset + DEAD_TIME
    scale = median if responds else TOO_SMALL
    amplitudes = scale * rng.lognormal(0.0, SPREAD, len(onsets))
    if not responds:
        amplitudes = np.minimum(amplitudes, THRESHOLD / 2)
    return Responses(np.array(onsets), amplitudes)


def _share_above(median: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(np.log(median / THRESHOLD) / SPREAD))


def conductance(
    responses: Responses,
    ln_scl: FloatArray,
    rate: FloatArray,
    traits: Traits,
    times: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw the conductance: a level that follows a curve, and responses on top.

    Responses are Bateman functions (Benedek & Kaernbach 2010,
    doi:10.1016/j.jneumeth.2010.04.028). The expected sum of the responses is taken off the level,
    so that the mean conductance is the level asked for and not the level plus its own responses.

    Parameters
    ----------
    responses : Responses
        When and how large.
    ln_scl : ndarray, shape (seconds,)
        ln uS at 1 Hz.
    rate : ndarray, shape (seconds,)
        Responses per min at 1 Hz, as they were drawn from.
    traits : Traits
        The person's amplitudes.
    times : ndarray, shape (n,)
        Equidistant sample times in s.
    rng : numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    ndarray, shape (n,)
        uS.
    """
    grid = np.arange(ln_scl.size)
    top = _bateman(np.array([np.log(DECAY / RISE) * RISE * DECAY / (DECAY - RISE)]))[0]
    mean_amplitude = traits.scr_amplitude * np.exp(SPREAD**2 / 2)
    every = rate / _share_above(traits.scr_amplitude) / 60.0
    expected = every * mean_amplitude * (DECAY - RISE) / top
    level = np.exp(ln_scl)
    tonic = np.interp(times, grid, np.maximum(level - expected, 0.3 * level))
    rate_hz = 1.0 / (times[1] - times[0])
    start = np.ceil((responses.onsets - times[0]) * rate_hz).astype(np.int64)
    index = start[:, None] + np.arange(int(10 * DECAY * rate_hz))
    since = index / rate_hz + times[0] - responses.onsets[:, None]
    height = responses.amplitudes[:, None] * _bateman(since) / top
    inside = (index >= 0) & (index < times.size)
    phasic = np.bincount(index[inside], weights=height[inside], minlength=times.size)
    return np.asarray(tonic + phasic + HISS * rng.standard_normal(times.size))


def _bateman(time: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-time / DECAY) - np.exp(-time / RISE))


def temperature(traits: Traits, times: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw skin temperature in degC: warming by .6 degC over half an hour, then wandering."""
    knots = 0.25 * rng.standard_normal(int(times[-1] / 300.0) + 3)
    wander = np.interp(times, 300.0 * np.arange(knots.size), knots)
    warming = 0.6 * (1.0 - np.exp(-times / 1800.0))
    return np.asarray(np.round(traits.skin - 0.6 + warming + wander, 2))
