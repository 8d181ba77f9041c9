"""NeuroKit2's filters, number for number, without the seconds that importing NeuroKit2 takes.

Each function is one of its cleaning methods, rebuilt from the filter that its documentation names
with the scipy functions that it calls itself; tests hold both to 1e-12 of each other on every real
recording. A session's run therefore imports scipy only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

__all__ = ["breathing_in_heart_rate", "clean_breathing", "clean_ecg", "clean_pulse", "tonic_level"]

FloatArray = NDArray[np.float64]
_Pass = Literal["bandpass", "highpass", "lowpass"]

MAINS = 50.0
"""Hz; the moving average that takes hum out of an ECG is one period of it long."""
TONIC_CUT = 0.05
"""Hz: slower is level, faster is response."""


def clean_ecg(values: FloatArray, rate: float) -> FloatArray:
    """``nk.ecg_clean(method="neurokit")``: 0.5 Hz high-pass, then one mains period averaged.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Contiguous samples, none missing; longer than the filter's padding (some 20 samples).
    rate : float
        Samples per second.

    Returns
    -------
    ndarray, shape (n,)
        In the unit of ``values``.
    """
    steady = _butterworth(values, rate, 5, 0.5, "highpass")
    width = int(rate / MAINS) if rate >= 2 * MAINS else 2
    return _averaged_twice(steady, width)


def clean_pulse(values: FloatArray, rate: float) -> FloatArray:
    """``nk.ppg_clean(method="elgendi")``: 0.5-8 Hz (parameters as `clean_ecg`)."""
    return _butterworth(values, rate, 2, (0.5, 8.0), "bandpass")


def clean_breathing(values: FloatArray, rate: float) -> FloatArray:
    """``nk.rsp_clean(method="khodadad2018")``: 0.05-3 Hz (parameters as `clean_ecg`)."""
    return _butterworth(values, rate, 2, (0.05, 3.0), "bandpass")


def breathing_in_heart_rate(values: FloatArray, rate: float) -> FloatArray:
    """``nk.ecg_rsp(method="vangent2019")``: 0.1-0.4 Hz of the heart rate (as `clean_ecg`)."""
    return _butterworth(values, rate, 2, (0.1, 0.4), "bandpass")


def tonic_level(values: FloatArray, rate: float) -> FloatArray:
    """``nk.eda_phasic(method="highpass")``'s tonic part: what is slower than 0.05 Hz."""
    return _butterworth(values, rate, 2, TONIC_CUT, "lowpass")


def _averaged_twice(values: FloatArray, width: int) -> FloatArray:
    """``filtfilt`` of a moving average: forth and back is one triangle, five times as fast."""
    pad = 3 * width
    before = 2.0 * values[0] - values[pad:0:-1]
    after = 2.0 * values[-1] - values[-2 : -pad - 2 : -1]
    triangle = np.convolve(np.ones(width), np.ones(width)) / width**2
    averaged: FloatArray = np.convolve(np.concatenate((before, values, after)), triangle, "same")
    return averaged[pad:-pad]


def _butterworth(
    values: FloatArray, rate: float, order: int, cut: float | tuple[float, float], kind: _Pass
) -> FloatArray:
    filtered: FloatArray = sosfiltfilt(_sections(order, cut, kind, rate), values)
    return filtered


@lru_cache(maxsize=32)
def _sections(order: int, cut: float | tuple[float, float], kind: _Pass, rate: float) -> FloatArray:
    """Design a filter once: live, it is asked for every second and person."""
    sections: FloatArray = butter(order, cut, btype=kind, output="sos", fs=rate)
    return sections
