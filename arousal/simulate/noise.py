"""How a person's level wanders by itself: the four noise families of the calibration.

All are defined on a grid of 30 s, the shortest window of the analysis, with unit variance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arousal.errors import UsageError

__all__ = ["NOISE_FAMILIES", "NOISE_STEP", "noise"]

NOISE_STEP = 30.0
"""Seconds between two values."""

NOISE_FAMILIES: dict[str, float | None] = {
    "white+1/f": None,
    "ar80": 0.80,
    "ar92": 0.92,
    "ar98": 0.98,
}
"""Name -> correlation of neighbouring values; ``None``: half white, half 1/f (in variance)."""


def noise(family: str, steps: int, rng: np.random.Generator, size: int = 1) -> NDArray[np.float64]:
    """Draw noise of a family.

    Parameters
    ----------
    family : str
        One of `NOISE_FAMILIES`.
    steps : int
        Number of values, `NOISE_STEP` seconds apart.
    rng : numpy.random.Generator
        Where the randomness comes from.
    size : int
        Number of independent series.

    Returns
    -------
    ndarray, shape (size, steps)
        Expected mean 0 and variance 1. The autoregressive families start in their stationary
        state; the 1/f part has no component slower than the series itself.

    Raises
    ------
    UsageError
        If the family is unknown.

    Examples
    --------
    >>> noise("ar92", 180, np.random.default_rng(1), size=8).shape
    (8, 180)
    """
    if family not in NOISE_FAMILIES:
        known = ", ".join(NOISE_FAMILIES)
        raise UsageError(f"noise is {family!r}, allowed {known}")
    coefficient = NOISE_FAMILIES[family]
    white = rng.standard_normal((size, steps))
    if coefficient is not None:
        return _autoregressive(white, coefficient)
    return np.asarray(np.sqrt(0.5) * (white + _pink(steps, rng, size)))


def _autoregressive(white: NDArray[np.float64], coefficient: float) -> NDArray[np.float64]:
    from scipy.signal import lfilter

    innovations = white * np.sqrt(1 - coefficient**2)
    innovations[:, 0] = white[:, 0]
    filtered: NDArray[np.float64] = lfilter([1.0], [1.0, -coefficient], innovations)
    return filtered


def _pink(steps: int, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    # Timmer & Koenig (1995, A&A 300, 707): complex normal amplitudes that fall with 1/sqrt(f).
    count = steps // 2 + 1
    parts = rng.standard_normal((2, size, count))
    power = np.zeros(count)
    power[1:] = 1.0 / np.arange(1, count)
    spectrum = (parts[0] + 1j * parts[1]) * np.sqrt(power / 2)
    # The last term of an even series is real and counted once in the inverse transform.
    doubled = np.full(count, 2.0)
    if steps % 2 == 0:
        spectrum[:, -1] = parts[0][:, -1] * np.sqrt(power[-1])
        doubled[-1] = 1.0
    variance = (power * doubled).sum() / steps**2
    if variance == 0:
        return np.zeros((size, steps))
    series: NDArray[np.float64] = np.fft.irfft(spectrum, steps) / np.sqrt(variance)
    return series
