"""An electrocardiogram around beats that are known to a fraction of a sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arousal.simulate.heart import Beats, Heart

__all__ = ["electrocardiogram"]

FloatArray = NDArray[np.float64]

# Centre relative to the R peak (s), width (s) and height (share of R) of each wave: Gaussians, as
# McSharry et al. (2003, doi:10.1109/TBME.2003.808805) describe P, Q, R, S and T. Here each beat is
# placed as a whole, not by integrating their oscillator, so that the R peak's time is exact.
NORMAL = np.array(
    [
        (-0.170, 0.025, 0.12),
        (-0.034, 0.009, -0.10),
        (0.0, 0.011, 1.00),
        (0.034, 0.010, -0.22),
        (0.270, 0.050, 0.28),
    ]
)
ECTOPIC = np.array(
    [
        (-0.170, 0.025, 0.0),
        (-0.060, 0.020, -0.10),
        (0.0, 0.030, 1.15),
        (0.080, 0.030, -0.40),
        (0.300, 0.060, -0.30),
    ]
)
BEFORE, AFTER = 0.30, 0.55
"""Seconds around R that a beat reaches."""
WANDER = 80.0
"""Baseline wander in uV (SD)."""
HISS = 12.0
"""White noise in uV (SD)."""


def electrocardiogram(
    beats: Beats,
    heart: Heart,
    times: FloatArray,
    r_wave: float,
    bursts: list[tuple[float, float]],
    rng: np.random.Generator,
) -> FloatArray:
    """Draw the curve.

    The T wave comes later after longer intervals (Bazett: with the square root), breathing moves
    the R height by 8 % and the baseline, and movement bursts lift and shake it.

    Parameters
    ----------
    beats : Beats
        Where the R peaks are.
    heart : Heart
        Its breathing moves the curve.
    times : ndarray, shape (n,)
        Equidistant sample times in s.
    r_wave : float
        Height of R in uV.
    bursts : list of (onset, end)
        Movement, in s.
    rng : numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    ndarray, shape (n,)
        uV.
    """
    grid = np.arange(heart.breathing.size)
    breath = np.sin(np.interp(times, grid, heart.breathing))
    curve = _beats(beats, times) * r_wave * (1.0 + 0.08 * breath)
    curve += WANDER * (0.5 * breath + _wander(times, 3.0, rng))
    curve += HISS * rng.standard_normal(times.size)
    rate = 1.0 / (times[1] - times[0])
    for onset, end in bursts:
        inside = slice(*np.searchsorted(times, (onset, end)))
        count = inside.stop - inside.start
        envelope = np.sin(np.linspace(0.0, np.pi, count))
        shake = rng.standard_normal(count) + 3.0 * _wander(times[inside], 20.0 / rate, rng)
        curve[inside] += 0.5 * r_wave * envelope * shake
    return curve


def _beats(beats: Beats, times: FloatArray) -> FloatArray:
    """Lay the beats' waves into one curve, R = 1."""
    rate = 1.0 / (times[1] - times[0])
    stretch = np.sqrt(np.diff(beats.times, prepend=2 * beats.times[0] - beats.times[1]) / 0.85)
    start = np.ceil((beats.times - BEFORE - times[0]) * rate).astype(np.int64)
    index = start[:, None] + np.arange(int((BEFORE + AFTER) * rate))
    since = index / rate + times[0] - beats.times[:, None]
    height = np.zeros_like(since)
    for normal, ectopic in zip(NORMAL, ECTOPIC, strict=True):
        centre, width, size = np.where(beats.ectopic[:, None], ectopic, normal).T[:, :, None]
        moved = np.where(centre > 0.2, centre * np.clip(stretch, 0.6, 1.4)[:, None], centre)
        height += size * np.exp(-0.5 * ((since - moved) / width) ** 2)
    inside = (index >= 0) & (index < times.size)
    laid = np.bincount(index[inside], weights=height[inside], minlength=times.size)
    return laid.astype(np.float64, copy=False)


def _wander(times: FloatArray, step: float, rng: np.random.Generator) -> FloatArray:
    """Draw smooth noise with a knot every ``step`` s, SD 1 at the knots."""
    if not times.size:
        return np.zeros(0)
    place = (times - times[0]) / step
    knots = rng.standard_normal(int(place[-1]) + 3)
    first = place.astype(np.int64)
    share = place - first
    share = share * share * (3.0 - 2.0 * share)
    return np.asarray(knots[first] + share * (knots[first + 1] - knots[first]))
