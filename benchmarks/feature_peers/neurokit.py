"""NeuroKit2 as people use it: window by window, as a lean script, and as an ordinary one."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from arousal.features import Grid, PersonPhysiology
from feature_peers.made import ECG_RATE, EDA_RATE, GRIDS, Made

__all__ = ["hrv_loop", "lean_script", "ordinary_script", "skin_frame", "skin_loop"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
WELCH = {"psd_method": "welch", "interpolation_rate": 4, "normalize": False, "silent": True}


def hrv_loop(person: PersonPhysiology, grid: Grid, rows: IntArray) -> FloatArray:
    """HRV of some windows, two NeuroKit2 calls each: mean NN, SDNN, RMSSD, HF."""
    import neurokit2 as nk

    beats, values = person.beats, []
    assert beats is not None
    first, last = grid.inside(beats.starts, beats.times)
    for i in rows:
        window = {"RRI": beats.intervals[first[i] : last[i]]}
        of_time, of_power = nk.hrv_time(window), nk.hrv_frequency(window, **WELCH)
        names = ("HRV_MeanNN", "HRV_SDNN", "HRV_RMSSD")
        values.append([*(of_time[n][0] for n in names), of_power["HRV_HF"][0]])
    return np.array(values)


def skin_frame(person: PersonPhysiology) -> pd.DataFrame:
    """Level and responses as NeuroKit2's functions want them: one row per sample."""
    eda = person.eda
    assert eda is not None
    frame = pd.DataFrame({"EDA_Tonic": eda.tonic, "SCR_Peaks": 0.0, "SCR_Amplitude": 0.0})
    at = np.searchsorted(eda.times, eda.responses.onset - 1e-9)
    frame.loc[at, "SCR_Peaks"] = 1.0
    frame.loc[at, "SCR_Amplitude"] = eda.responses.amplitude
    return frame


def skin_loop(
    person: PersonPhysiology, frame: pd.DataFrame, grid: Grid, rows: IntArray
) -> FloatArray:
    """Level and responses of some windows, one NeuroKit2 call each."""
    import neurokit2 as nk

    eda, values = person.eda, []
    assert eda is not None
    first, last = grid.holding(eda.times)
    for i in rows:
        window = frame.iloc[first[i] : last[i]]
        found = nk.eda_intervalrelated(window, sampling_rate=EDA_RATE)
        number, amplitude = found["SCR_Peaks_N"][0], found["SCR_Peaks_Amplitude_Mean"][0]
        values.append([window["EDA_Tonic"].mean(), number, amplitude])
    return np.array(values, dtype=float)


def lean_script(made: Made, every: int) -> float:
    """From raw signals to windows with nothing to spare; returns the seconds to add."""
    import neurokit2 as nk

    clean = nk.ecg_clean(made.ecg, sampling_rate=ECG_RATE)
    peaks = nk.ecg_findpeaks(clean, sampling_rate=ECG_RATE)["ECG_R_Peaks"]
    peaks = nk.signal_fixpeaks(peaks, sampling_rate=ECG_RATE, iterative=True, method="Kubios")[1]
    phasic = nk.eda_phasic(made.eda, sampling_rate=EDA_RATE, method="highpass")
    info = nk.eda_findpeaks(phasic["EDA_Phasic"].to_numpy(), sampling_rate=EDA_RATE)
    marks = np.zeros(made.eda.size)
    marks[info["SCR_Peaks"]] = 1.0
    frame = phasic.assign(SCR_Peaks=marks, SCR_Amplitude=marks)
    intervals, times = np.diff(peaks) / ECG_RATE * 1000, peaks[1:] / ECG_RATE
    began = time.process_time()
    for duration, step in GRIDS:
        for onset in _onsets(made, duration, step, every):
            inside = (times > onset) & (times <= onset + duration)
            window = {"RRI": intervals[inside]}
            nk.hrv_time(window)
            nk.hrv_frequency(window, **WELCH)
            a, b = int(onset * EDA_RATE), int((onset + duration) * EDA_RATE)
            nk.eda_intervalrelated(frame.iloc[a:b], sampling_rate=EDA_RATE)
    return (time.process_time() - began) * (every - 1)


def ordinary_script(made: Made, every: int) -> float:
    """As the documentation shows it: `ecg_process`, `eda_process`, `hrv` for each window."""
    import neurokit2 as nk

    ecg, info = nk.ecg_process(made.ecg, sampling_rate=int(ECG_RATE))
    assert len(ecg)
    peaks = np.asarray(info["ECG_R_Peaks"])
    eda, _ = nk.eda_process(made.eda, sampling_rate=int(EDA_RATE))
    began = time.process_time()
    for duration, step in GRIDS:
        for onset in _onsets(made, duration, step, every):
            first, last = onset * ECG_RATE, (onset + duration) * ECG_RATE
            nk.hrv(peaks[(peaks >= first) & (peaks < last)], sampling_rate=int(ECG_RATE))
            a, b = int(onset * EDA_RATE), int((onset + duration) * EDA_RATE)
            nk.eda_intervalrelated(eda.iloc[a:b], sampling_rate=int(EDA_RATE))
    return (time.process_time() - began) * (every - 1)


def _onsets(made: Made, duration: float, step: float, every: int) -> FloatArray:
    seconds = made.ecg.size / ECG_RATE
    onsets: FloatArray = np.arange(0, seconds - duration + 1e-9, step)[::every]
    return onsets
