"""Who computes: our vectorised steps, or NeuroKit2's own functions throughout.

An `Engine` names one function for each step in which the two differ; everything around the steps
(usable stretches, quality, which windows count) is the same for both. ``settings.engine`` chooses,
and every ``provenance.json`` holds the settings. NeuroKit2's engine is there to check ours against
and to reproduce what a NeuroKit2 script gives; `arousal.features.neurokit` lists where its numbers
differ, and why ours are what they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.features.beats import BeatRun, Beats
from arousal.features.breath_peaks import breath_peaks
from arousal.features.cleaning import clean_ecg, clean_pulse, tonic_level
from arousal.features.correction import correct_run
from arousal.features.hrv import TimeDomain, time_domain
from arousal.features.peaks import pulse_peaks, r_peaks
from arousal.features.scr import Responses, find_responses
from arousal.features.spectral import BandPower, band_power
from arousal.features.windows import Grid

__all__ = ["AROUSAL", "Engine", "engine_named"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Wave = Callable[[FloatArray, float], tuple[FloatArray, IntArray]]


@dataclass(frozen=True, slots=True)
class Engine:
    """The steps of one engine.

    Parameters
    ----------
    name : str
        As in ``settings.engine``.
    ecg, pulse : callable (values, rate) -> (clean, peaks)
        Clean a contiguous wave and find its beats, as sample positions.
    refines : bool
        Whether peaks of slow waves are placed between samples.
    correct : callable (times, rate) -> BeatRun
        Correct the beats (s) of one contiguous run; ``rate`` is what they were found at.
    tonic : callable (values, rate) -> ndarray
        Tonic level of contiguous skin conductance.
    responses : callable (times, values, rate, threshold) -> Responses
        Responses in contiguous skin conductance.
    breaths : callable (values, rate) -> ndarray of int
        Positions of the peaks of inhalation in a contiguous breathing signal.
    time_domain : callable (beats, grid, irregular_step) -> TimeDomain
    band_power : callable (beats, grid, wanted) -> BandPower
    """

    name: str
    ecg: Wave
    pulse: Wave
    refines: bool
    correct: Callable[[FloatArray, float], BeatRun]
    tonic: Callable[[FloatArray, float], FloatArray]
    responses: Callable[[FloatArray, FloatArray, float, float], Responses]
    breaths: Callable[[FloatArray, float], IntArray]
    time_domain: Callable[[Beats, Grid, float], TimeDomain]
    band_power: Callable[[Beats, Grid, NDArray[np.bool_]], BandPower]


def engine_named(name: str) -> Engine:
    """Return the engine of that name (``settings.engine`` holds no other).

    Raises
    ------
    KeyError
        If there is none.
    """
    if name == "neurokit2":
        from arousal.features.neurokit import NEUROKIT2

        return NEUROKIT2
    return {"arousal": AROUSAL}[name]


def _ecg(values: FloatArray, rate: float) -> tuple[FloatArray, IntArray]:
    clean = clean_ecg(values, rate)
    return clean, r_peaks(clean, rate)


def _pulse(values: FloatArray, rate: float) -> tuple[FloatArray, IntArray]:
    clean = clean_pulse(values, rate)
    return clean, pulse_peaks(clean, rate)


def _correct(times: FloatArray, _rate: float) -> BeatRun:
    return correct_run(times)


AROUSAL = Engine(
    name="arousal",
    ecg=_ecg,
    pulse=_pulse,
    refines=True,
    correct=_correct,
    tonic=tonic_level,
    responses=find_responses,
    breaths=breath_peaks,
    time_domain=time_domain,
    band_power=band_power,
)
