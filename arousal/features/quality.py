"""One vocabulary for everything that can be wrong with a signal, and what a person can do.

Tables carry the code (``"flat"``), pages the sentence, the next session the advice. Every stretch
or window that was flagged or refused carries at least one of these codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["Quality", "advice", "explain", "join_codes", "split_codes"]


class Quality(StrEnum):
    """Why a value is flagged or missing; the value is the code that stands in tables."""

    NO_SIGNAL = "no-signal"
    GAP = "gap"
    NO_CONTACT = "no-contact"
    FLAT = "flat"
    CLIPPED = "clipped"
    OUT_OF_RANGE = "out-of-range"
    JUMP = "jump"
    MOTION = "motion"
    TEMPERATURE_LOW = "temperature-low"
    TEMPERATURE_HIGH = "temperature-high"
    NO_BEATS = "no-beats"
    NOISY = "noisy"
    SHORT_STRETCH = "short-stretch"
    RATE_LOW = "rate-low"
    RATE_MISMATCH = "rate-mismatch"
    COVERAGE = "coverage"
    COVERAGE_HRV = "coverage-hrv"
    CORRECTED = "corrected"
    CORRECTED_TOO_MUCH = "corrected-too-much"
    IRREGULAR = "irregular"
    SPEECH = "speech"
    SHORT_WINDOW = "short-window"
    BREATHING_UNKNOWN = "breathing-unknown"
    BREATHING_OUTSIDE = "breathing-outside"
    NON_RESPONDER = "non-responder"

    @property
    def sentence(self) -> str:
        """What was found, as a sentence for anyone."""
        return _WORDS[self][0]

    @property
    def advice(self) -> str:
        """What to do about it."""
        return _WORDS[self][1]


_WORDS: Mapping[Quality, tuple[str, str]] = {
    Quality.NO_SIGNAL: (
        "The sensor sent nothing.",
        "Check battery, distance to the receiver and whether the sensor is switched on.",
    ),
    Quality.GAP: (
        "Data are missing for a while.",
        "Keep the sensor within reach of the receiver and charge its battery.",
    ),
    Quality.NO_CONTACT: (
        "The skin sensor had no contact with the skin.",
        "Press the finger sensor on, or use fresh electrodes.",
    ),
    Quality.FLAT: (
        "The signal stood still, as when a sensor is off the body.",
        "Moisten the strap, tighten it, and check the electrodes.",
    ),
    Quality.CLIPPED: (
        "The signal hit the end of the sensor's range and its tips are cut off.",
        "Reseat the sensor; press a finger clip less tightly.",
    ),
    Quality.OUT_OF_RANGE: (
        "Values lie outside what a human body produces.",
        "Check the electrodes and the unit that the device sends.",
    ),
    Quality.JUMP: (
        "Skin conductance jumped faster than skin can.",
        "Fix the cable and rest the hand with the sensor on the lap.",
    ),
    Quality.MOTION: (
        "The person moved a lot.",
        "Rest the arm with the sensor; values during movement say little.",
    ),
    Quality.TEMPERATURE_LOW: (
        "The skin under the sensor was cool.",
        "Warm the hands for some minutes before the session.",
    ),
    Quality.TEMPERATURE_HIGH: (
        "The skin under the sensor was hotter than skin gets.",
        "Keep the sensor away from heat and check that it is worn.",
    ),
    Quality.NO_BEATS: (
        "There is a signal, but no heartbeats can be found in it.",
        "Moisten the strap or reseat the sensor until single beats can be seen.",
    ),
    Quality.NOISY: (
        "Heartbeats are hard to tell from noise.",
        "Moisten the strap, tighten it, and sit still.",
    ),
    Quality.SHORT_STRETCH: (
        "Usable stretches are too short to be worked with.",
        "Keep the sensor within reach of the receiver and sit still.",
    ),
    Quality.RATE_LOW: (
        "The sensor samples too slowly for some measures.",
        "Use a chest strap, or a pulse sensor of 64 Hz or more, for heart-rate variability.",
    ),
    Quality.RATE_MISMATCH: (
        "The sensor's true sampling rate is not the one it declares.",
        "Correct the rate in the device's settings; the measured rate was used.",
    ),
    Quality.COVERAGE: (
        "Too little of the window is usable.",
        "Keep the sensor in place and within reach during the whole session.",
    ),
    Quality.COVERAGE_HRV: (
        "Beats cover too little of the window for heart-rate variability.",
        "A chest strap loses fewer beats than a wrist sensor.",
    ),
    Quality.CORRECTED: (
        "More than a few heartbeats had to be corrected.",
        "Moisten the strap and sit still; some people have extra beats, which is usually harmless.",
    ),
    Quality.CORRECTED_TOO_MUCH: (
        "So many heartbeats had to be corrected that variability cannot be trusted.",
        "Moisten the strap and sit still; with frequent extra beats only heart rate can be used.",
    ),
    Quality.IRREGULAR: (
        "Heartbeats came irregularly (extra beats or noise), which is not vagal variability.",
        "Moisten the strap and sit still; with frequent extra beats only heart rate can be used.",
    ),
    Quality.SPEECH: (
        "The person spoke; speaking changes breathing and with it heart-rate variability.",
        "Take heart-rate variability from stretches in which the person is silent.",
    ),
    Quality.SHORT_WINDOW: (
        "The window is shorter than recommended for this measure.",
        "Use longer windows for this measure (windows.durations in arousal.toml).",
    ),
    Quality.BREATHING_UNKNOWN: (
        "How fast the person breathed is not known here, so HF power has no meaning.",
        "Add a breathing belt if HF power matters.",
    ),
    Quality.BREATHING_OUTSIDE: (
        "Breathing was slower or faster than the HF band, so HF power has no meaning.",
        "Leave HF power out here and use lnRMSSD.",
    ),
    Quality.NON_RESPONDER: (
        "Not one skin conductance response in the whole session; some healthy people have none.",
        "Use finger or palm, warm the hands, and test with one deep breath before the session.",
    ),
}

_ORDER = {code: position for position, code in enumerate(Quality)}


def split_codes(codes: str) -> tuple[Quality, ...]:
    """Return the codes of one table cell.

    Raises
    ------
    ValueError
        If a code is not of this vocabulary.
    """
    return tuple(Quality(code) for code in codes.split(";") if code)


def explain(codes: str | Iterable[Quality]) -> str:
    """Return the sentences for some codes, in one string; empty for none."""
    return " ".join(code.sentence for code in _as_codes(codes))


def advice(codes: str | Iterable[Quality]) -> str:
    """Return what to do about some codes, each piece of advice once; empty for none."""
    return " ".join(dict.fromkeys(c.advice for c in _as_codes(codes) if c.advice))


def join_codes(flags: Mapping[Quality, NDArray[np.bool_]], rows: int) -> NDArray[np.object_]:
    """Turn one boolean array per code into one text cell per row.

    Parameters
    ----------
    flags : mapping of Quality to ndarray of bool, shape (rows,)
        Where each code holds.
    rows : int
        Number of rows.

    Returns
    -------
    ndarray of str (object), shape (rows,)
        Codes in the vocabulary's order, joined by ``";"``.
    """
    present = sorted(flags, key=_ORDER.__getitem__)
    packed = np.zeros(rows, dtype=np.int64)
    for bit, code in enumerate(present):
        packed |= flags[code].astype(np.int64) << bit
    distinct, where = np.unique(packed, return_inverse=True)
    cells = [
        ";".join(code for bit, code in enumerate(present) if pattern >> bit & 1)
        for pattern in distinct.tolist()
    ]
    return np.array(cells, dtype=object)[where] if rows else np.empty(0, dtype=object)


def _as_codes(codes: str | Iterable[Quality]) -> tuple[Quality, ...]:
    found = split_codes(codes) if isinstance(codes, str) else tuple(codes)
    return tuple(sorted(set(found), key=_ORDER.__getitem__))
