"""How many of the true beats and responses are found, by us and by NeuroKit2."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arousal.features import process_person
from arousal.settings import Settings
from feature_peers.made import ECG_RATE, EDA_RATE, Made, made

__all__ = ["compare"]

FloatArray = NDArray[np.float64]


def f1(truth: FloatArray, found: FloatArray, within: float) -> float:
    """F1 of events found within some seconds of a true one, each used once."""
    hits, free = 0, np.ones(found.size, dtype=bool)
    for moment in truth:
        near = np.flatnonzero(free & (np.abs(found - moment) <= within))
        if near.size:
            free[near[np.argmin(np.abs(found[near] - moment))]] = False
            hits += 1
    return 2 * hits / (truth.size + found.size)


def neurokit_beats(one: Made) -> FloatArray:
    import neurokit2 as nk

    clean = nk.ecg_clean(one.ecg, sampling_rate=ECG_RATE)
    peaks = nk.ecg_findpeaks(clean, sampling_rate=ECG_RATE)["ECG_R_Peaks"]
    return np.asarray(peaks) / ECG_RATE


def neurokit_responses(one: Made) -> FloatArray:
    import neurokit2 as nk

    phasic = nk.eda_phasic(one.eda, sampling_rate=EDA_RATE, method="highpass")
    found = nk.eda_findpeaks(phasic["EDA_Phasic"].to_numpy(), sampling_rate=EDA_RATE)
    return np.asarray(found["SCR_Onsets"]) / EDA_RATE


def compare(minutes: float) -> None:
    _beats(min(minutes, 30))
    _responses(minutes)


def _beats(minutes: float) -> None:
    print("\n4. R peaks against the truth (made ECG at 130 Hz; F1 within 150 / 50 / 5 ms)\n")
    print("| noise (uV; an R wave is 1000) | NeuroKit2 | arousal |\n|---|---|---|")
    for noise in (15.0, 100.0, 200.0, 300.0):
        one = made(minutes, 3, noise=noise)
        beats = process_person(one.person, Settings()).beats
        assert beats is not None
        rows = [
            " / ".join(f"{f1(one.beats, found, within):.4f}" for within in (0.15, 0.05, 0.005))
            for found in (neurokit_beats(one), beats.raw_times)
        ]
        print(f"| {noise:g} | {rows[0]} | {rows[1]} |")


def _responses(minutes: float) -> None:
    print("\nResponses against the truth (made conductance at 4 Hz; F1 of onsets within 1 s)\n")
    print("| | NeuroKit2 | arousal |\n|---|---|---|")
    for bump in (False, True):
        one = made(minutes, 4, bump=bump)
        skin = process_person(one.person, Settings()).eda
        assert skin is not None
        theirs = f1(one.responses, neurokit_responses(one), 1.0)
        ours = f1(one.responses, skin.responses.onset, 1.0)
        print(f"| {'with one bump of 5 uS' if bump else 'clean'} | {theirs:.3f} | {ours:.3f} |")
