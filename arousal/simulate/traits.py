"""What distinguishes one body from another, and how its level shows in each measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.simulate.course import GAINS

__all__ = ["Traits", "draw_traits"]

SCR_FLOOR = 0.1
"""Responses per min below which nobody falls."""


@dataclass(frozen=True, slots=True)
class Traits:
    """A person's own values at level 0, and what is constant about them.

    Parameters
    ----------
    heart_rate : float
        bpm.
    ln_rmssd : float
        ln ms.
    scr_rate : float
        Responses of at least the threshold per min; 0 for a person who does not respond.
    ln_scl : float
        ln uS.
    scr_amplitude : float
        Median amplitude of responses in uS.
    breathing : float
        Breaths per s.
    skin : float
        Skin temperature in degC.
    r_wave : float
        Height of the R wave in uV.
    """

    heart_rate: float
    ln_rmssd: float
    scr_rate: float
    ln_scl: float
    scr_amplitude: float
    breathing: float
    skin: float
    r_wave: float

    def curve(self, measure: str, level: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a measure's course under a level.

        Parameters
        ----------
        measure : str
            One of ``GAINS``.
        level : ndarray, shape (n,)
            SD.

        Returns
        -------
        ndarray, shape (n,)
            In the measure's own unit (bpm, 1/min, ln uS, ln ms); linear in the level, but heart
            rate stays within 40-180 bpm and responses at or above 0.1 per min.
        """
        own = float(getattr(self, measure))
        if measure == "scr_rate" and own == 0:
            return np.zeros_like(level)
        values = own + GAINS[measure].per_sd * level
        if measure == "heart_rate":
            return np.clip(values, 40.0, 180.0)
        return np.maximum(values, SCR_FLOOR) if measure == "scr_rate" else values


def draw_traits(rng: np.random.Generator) -> Traits:
    """Draw a person: middle-aged adults at rest, sitting (Nunan 2010, Boucsein 2012).

    Heart rate 70 ± 7 bpm, RMSSD 35 ms (ln SD .3), 5.5 ± .5 responses/min (awake, in company),
    conductance 5 uS (ln SD .35), breathing .25 ± .02 Hz.
    """
    z = np.clip(rng.standard_normal(8), -2.0, 2.0)
    return Traits(
        heart_rate=float(70.0 + 7.0 * z[0]),
        ln_rmssd=float(np.log(35.0) + 0.3 * z[1]),
        scr_rate=float(5.5 + 0.5 * z[2]),
        ln_scl=float(np.log(5.0) + 0.35 * z[3]),
        scr_amplitude=float(0.3 * np.exp(0.15 * z[4])),
        breathing=float(0.25 + 0.02 * z[5]),
        skin=float(33.0 + 1.0 * z[6]),
        r_wave=float(1000.0 * np.exp(0.2 * z[7])),
    )
