"""NeuroKit2's numbers on every real recording of beats: correction, time domain, spectrum, level.

`test_peaks` does the same for R peaks and pulse peaks, `test_electrodermal` and `test_engines` for
what is made of them.
"""

import warnings

import neurokit2 as nk
import numpy as np
import pandas as pd
import pytest

from arousal.features.correction import TICKS_PER_SECOND, fix_peaks
from arousal.features.electrodermal import process_eda
from arousal.features.hrv import time_domain
from arousal.features.peaks import pulse_peaks, r_peaks
from arousal.features.spectral import band_power
from arousal.features.windows import Grid
from arousal.recording import Kind
from arousal.settings import EdaSettings
from tests.features.records import empatica, mit_beats, q_sensor, r_data_frame, wave
from tests.features.waves import as_beats

SUBJECTS = ["S08", "S09", "S18", "S24", "S25"]
RECORDINGS = [
    "mitdb100",
    *("118e24", "118e12", "pvc", "pvc-rr", "bio_eventrelated", "bio_resting", "healthy_000"),
    *("SampleNNISeriesLong", "SampleNNISeriesShort"),
    *(f"strap_{n:02d}" for n in range(1, 11)),
    *(f"camera_{n:02d}" for n in range(1, 11)),
    *(f"{kind}_{s}" for kind in ("wrist", "ibi") for s in SUBJECTS),
]
EXACT, SPECTRAL = 1e-9, 1e-6


def from_ecg(values, rate):
    return r_peaks(nk.ecg_clean(values, sampling_rate=rate, method="neurokit"), rate) / rate


def from_pulse(values, rate):
    return pulse_peaks(nk.ppg_clean(values, sampling_rate=rate, method="elgendi"), rate) / rate


def laid_out(intervals):
    return np.concatenate(([0.0], np.cumsum(np.ravel(intervals)) / 1000.0))


def beat_times_of(name, data):
    """Uncorrected beats of one recording, in seconds."""
    kind, _, which = name.partition("_")
    if name == "mitdb100":
        return mit_beats(data / "ecg_mitdb100" / "100.atr") / 360
    if name.startswith("118"):
        return from_ecg(np.loadtxt(data / "ecg_noisy_nst118" / f"{name}.csv"), 360)
    if kind in {"pvc", "pvc-rr"}:
        frame = r_data_frame(data / "polar_h10_pvc" / "polar_h10.RData")
        if kind == "pvc":
            return from_ecg(frame["ecg"].astype(float), 130)
        return laid_out(frame["rr"][frame["rr"] > 0])
    if kind == "bio":
        file = f"{name}{'_8min' if which == 'resting' else ''}_100hz.csv"
        return from_ecg(pd.read_csv(data / "neurokit" / file)["ECG"].to_numpy(), 100)
    if kind == "healthy":
        return laid_out(np.loadtxt(data / "rr_healthy_000" / "rr_ms.txt"))
    if kind in {"strap", "camera"}:
        folder = data / "ppg_rr_welltory" / f"subject_{which}"
        if kind == "strap":
            return laid_out(np.loadtxt(folder / "RR.txt"))
        return from_pulse(-pd.read_csv(folder / "PPG.csv")["R"].to_numpy(), 30)
    if kind in {"wrist", "ibi"}:
        folder = data / "e4_stress_predict" / which
        if kind == "wrist":
            return from_pulse(np.loadtxt(folder / "BVP.csv")[2:], 64)
        return laid_out(1000 * pd.read_csv(folder / "IBI.csv", skiprows=1, header=None)[1])
    return laid_out(np.load(data / "rr_pyhrv" / f"{name}.npy"))


@pytest.fixture(scope="module")
def times_of(shared_data):
    known: dict[str, np.ndarray] = {}
    return lambda name: known.setdefault(name, beat_times_of(name, shared_data))


def neurokit_samples(intervals):
    seconds = np.cumsum(intervals) / 1000
    return np.arange(seconds[0], seconds[-1] + 0.25, 0.25).size


@pytest.mark.parametrize("name", RECORDINGS)
def test_corrected_beats_are_neurokits(name, times_of):
    ticks = np.unique(np.rint(times_of(name)[:1500] * TICKS_PER_SECOND).astype(np.int64))
    assert ticks.size > 40
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it divides by zero thresholds on equal intervals
        theirs = nk.signal_fixpeaks(
            ticks, sampling_rate=TICKS_PER_SECOND, iterative=True, method="Kubios"
        )[1]
    np.testing.assert_array_equal(fix_peaks(ticks, TICKS_PER_SECOND), theirs)


@pytest.mark.parametrize("name", RECORDINGS)
def test_windowed_values_are_neurokits(name, times_of):
    times = times_of(name)
    beats = as_beats(times - times[0])
    starts, lengths = [0.0, 30.0, 0.0, 700.0, 600.0], [30.0, 60.0, 120.0, 120.0, 300.0]
    grid = Grid.of(starts, lengths)
    ours, power = time_domain(beats, grid), band_power(beats, grid, np.ones(5, dtype=bool))
    first, last = grid.inside(beats.starts, beats.times)
    compared = 0
    for i, (a, b) in enumerate(zip(first, last, strict=True)):
        if b - a < 10 or beats.segment[a] != beats.segment[b - 1]:
            continue  # across a gap we differ on purpose
        intervals = beats.intervals[a:b]
        theirs = nk.hrv_time({"RRI": intervals}).iloc[0]
        found = (ours.mean_nn[i], ours.sdnn[i], ours.rmssd[i], ours.pnn50[i] * (b - a - 1))
        wanted = (*theirs[["HRV_MeanNN", "HRV_SDNN", "HRV_RMSSD"]], theirs["HRV_pNN50"] * (b - a))
        np.testing.assert_allclose(found, wanted, rtol=EXACT)
        compared += 1
        if neurokit_samples(intervals) // 2 % 2 == 0:  # else NeuroKit2 loses a segment
            theirs = nk.hrv_frequency(
                {"RRI": intervals},
                psd_method="welch",
                interpolation_rate=4,
                normalize=False,
                silent=True,
            ).iloc[0]
            assert power.hf[i] == pytest.approx(theirs["HRV_HF"], rel=SPECTRAL)
            if lengths[i] >= 300:
                assert power.lf[i] == pytest.approx(theirs["HRV_LF"], rel=SPECTRAL)
    assert compared >= 1


def skin_of(name, data):
    if name in SUBJECTS:
        return empatica(data / "e4_stress_predict" / name).of(Kind.EDA)[0]
    file = data / "eda_artifact_aww" / f"{name}.csv"
    return wave(Kind.EDA, q_sensor(file)["eda"].to_numpy(), 8.0, "wrist")


@pytest.mark.parametrize(
    "name",
    [*SUBJECTS, "2013_06_03_1hour_lunch", "2013_06_10_1hour_walking"],
)
def test_the_level_of_skin_conductance_is_neurokits(name, shared_data):
    signal = skin_of(name, shared_data)
    result = process_eda(signal, None, EdaSettings())
    pieces = np.split(np.arange(result.times.size), np.flatnonzero(np.diff(result.times) > 1) + 1)
    compared = 0
    for piece in pieces:
        inside = np.isin(signal.times, result.times[piece])
        assert inside.sum() == piece.size
        theirs = nk.eda_phasic(signal.values[inside], sampling_rate=signal.rate, method="highpass")
        np.testing.assert_allclose(
            result.tonic[piece], theirs["EDA_Tonic"], rtol=EXACT, err_msg=name
        )
        compared += piece.size
    assert compared == result.times.size > 1000
