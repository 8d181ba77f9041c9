"""Our filters are NeuroKit2's, number for number, on made and on every real recording."""

import neurokit2 as nk
import numpy as np
import pandas as pd
import pytest

from arousal.features.breath_peaks import breath_peaks
from arousal.features.cleaning import clean_breathing, clean_ecg, clean_pulse, tonic_level
from tests.features.records import mit_signal, q_sensor, r_data_frame
from tests.features.waves import beat_times, breathing, ecg, eda, pulse, response_times

SUBJECTS = ["S08", "S09", "S18", "S24", "S25"]


def same(ours, theirs):
    scale = np.abs(theirs).max()
    assert scale > 0
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12 * scale)


def assert_ecg(values, rate):
    same(clean_ecg(values, rate), nk.ecg_clean(values, sampling_rate=rate, method="neurokit"))


def assert_pulse(values, rate):
    same(clean_pulse(values, rate), nk.ppg_clean(values, sampling_rate=rate, method="elgendi"))


def assert_tonic(values, rate):
    split = nk.eda_phasic(values, sampling_rate=rate, method="highpass")
    same(tonic_level(values, rate), split["EDA_Tonic"].to_numpy())


def assert_breaths(values, rate):
    clean = nk.rsp_clean(values, sampling_rate=rate, method="khodadad2018")
    same(clean_breathing(values, rate), clean)
    theirs = nk.rsp_findpeaks(clean, sampling_rate=rate, method="khodadad2018")["RSP_Peaks"]
    ours = breath_peaks(values, rate)
    assert ours.size > 5
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("rate", [81.0, 100.0, 130.0, 256.0, 500.0, 1000.0])
def test_a_made_ecg_is_cleaned_as_by_neurokit(rate):
    assert_ecg(ecg(beat_times(60), 60, rate).values, rate)


@pytest.mark.parametrize("rate", [25.0, 64.0, 200.0])
def test_a_made_pulse_wave_is_cleaned_as_by_neurokit(rate):
    assert_pulse(pulse(beat_times(60), 60, rate).values, rate)


@pytest.mark.parametrize("rate", [3.0, 4.0, 8.0, 31.25])
def test_the_level_of_made_skin_conductance_is_neurokits(rate):
    assert_tonic(eda(response_times(300), 300, rate).values, rate)


@pytest.mark.parametrize("seed", range(4))
def test_breaths_are_neurokits_in_noise(seed):
    rng = np.random.default_rng(seed)
    steady = breathing(240, 14.0)
    assert_breaths(steady.values + rng.normal(0, 0.4 * seed, len(steady)), 25.0)


def test_a_belt_of_few_levels_has_neurokits_breaths():
    coarse = np.round(breathing(240, 14.0).values * 2) / 2
    assert_breaths(coarse, 25.0)


def test_real_ecg_is_cleaned_as_by_neurokit(shared_data):
    assert_ecg(mit_signal(shared_data / "ecg_mitdb100" / "100.dat"), 360)
    for name in ("118e24", "118e12"):
        assert_ecg(np.loadtxt(shared_data / "ecg_noisy_nst118" / f"{name}.csv"), 360)
    frame = r_data_frame(shared_data / "polar_h10_pvc" / "polar_h10.RData")
    assert_ecg(frame["ecg"].astype(float), 130)


@pytest.mark.parametrize("name", ["bio_eventrelated_100hz", "bio_resting_8min_100hz"])
def test_the_reference_recordings_are_filtered_as_by_neurokit(name, shared_data):
    frame = pd.read_csv(shared_data / "neurokit" / f"{name}.csv")
    assert_ecg(frame["ECG"].to_numpy(), 100)
    assert_breaths(frame["RSP"].to_numpy(), 100)
    if "EDA" in frame:
        assert_tonic(frame["EDA"].to_numpy(), 100)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_wrist_recordings_are_filtered_as_by_neurokit(subject, shared_data):
    folder = shared_data / "e4_stress_predict" / subject
    assert_pulse(np.loadtxt(folder / "BVP.csv")[2:], 64)
    assert_tonic(np.loadtxt(folder / "EDA.csv")[2:], 4)


def test_phone_cameras_are_filtered_as_by_neurokit(shared_data):
    for number in range(1, 11):
        folder = shared_data / "ppg_rr_welltory" / f"subject_{number:02d}"
        assert_pulse(-pd.read_csv(folder / "PPG.csv")["R"].to_numpy(float), 30)


@pytest.mark.parametrize("name", ["2013_06_03_1hour_lunch", "2013_06_10_1hour_walking"])
def test_the_level_on_a_moving_wrist_is_neurokits(name, shared_data):
    assert_tonic(q_sensor(shared_data / "eda_artifact_aww" / f"{name}.csv")["eda"].to_numpy(), 8)


@pytest.mark.parametrize("values", [np.zeros(400), np.ones(400)])
def test_a_belt_that_stands_still_has_no_breath(values):
    assert breath_peaks(values, 25.0).size == 0
