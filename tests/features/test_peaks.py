"""R peaks and pulse peaks: NeuroKit2's, to the last sample, on made and on real signals."""

import neurokit2 as nk
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.features.peaks import pulse_peaks, r_peaks
from tests.features.records import mit_signal, r_data_frame
from tests.features.waves import beat_times, ecg, pulse


def assert_same_r_peaks(values, rate):
    clean = nk.ecg_clean(values, sampling_rate=rate, method="neurokit")
    theirs = nk.ecg_findpeaks(clean, sampling_rate=rate, method="neurokit")["ECG_R_Peaks"]
    ours = r_peaks(clean, rate)
    assert ours.size > 10
    np.testing.assert_array_equal(ours, theirs)


def assert_same_pulse_peaks(values, rate):
    clean = nk.ppg_clean(values, sampling_rate=rate, method="elgendi")
    theirs = nk.ppg_findpeaks(clean, sampling_rate=rate, method="elgendi")["PPG_Peaks"]
    ours = pulse_peaks(clean, rate)
    assert ours.size > 10
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("rate", [100.0, 130.0, 256.0, 1000.0])
@pytest.mark.parametrize("noise", [5.0, 150.0, 600.0])
def test_r_peaks_of_a_made_ecg_are_neurokits(rate, noise):
    assert_same_r_peaks(ecg(beat_times(120), 120, rate, noise).values, rate)


@pytest.mark.parametrize("rate", [25.0, 64.0, 100.0])
def test_pulse_peaks_of_a_made_wave_are_neurokits(rate):
    assert_same_pulse_peaks(pulse(beat_times(120), 120, rate).values, rate)


def test_a_coarse_converter_makes_plateaus_and_the_peaks_are_still_neurokits():
    coarse = np.round(ecg(beat_times(120), 120, 250.0).values / 150) * 150
    clean = np.round(nk.ecg_clean(coarse, sampling_rate=250) / 100) * 100
    theirs = nk.ecg_findpeaks(clean, sampling_rate=250)["ECG_R_Peaks"]
    np.testing.assert_array_equal(r_peaks(clean, 250), theirs)


@pytest.mark.parametrize("record", ["118e24", "118e12"])
def test_r_peaks_in_noise_are_neurokits(record, shared_data):
    assert_same_r_peaks(np.loadtxt(shared_data / "ecg_noisy_nst118" / f"{record}.csv"), 360)


def test_r_peaks_of_half_an_hour_are_neurokits(shared_data):
    assert_same_r_peaks(mit_signal(shared_data / "ecg_mitdb100" / "100.dat"), 360)


def test_r_peaks_of_a_strap_with_extra_beats_are_neurokits(shared_data):
    frame = r_data_frame(shared_data / "polar_h10_pvc" / "polar_h10.RData")
    assert_same_r_peaks(frame["ecg"].astype(float), 130)


@pytest.mark.parametrize("name", ["bio_eventrelated_100hz", "bio_resting_8min_100hz"])
def test_r_peaks_of_the_reference_recordings_are_neurokits(name, shared_data):
    assert_same_r_peaks(
        pd.read_csv(shared_data / "neurokit" / f"{name}.csv")["ECG"].to_numpy(), 100
    )


@pytest.mark.parametrize("subject", ["S08", "S09", "S18", "S24", "S25"])
def test_pulse_peaks_of_an_hour_on_a_moving_wrist_are_neurokits(subject, shared_data):
    column = np.loadtxt(shared_data / "e4_stress_predict" / subject / "BVP.csv")
    assert_same_pulse_peaks(column[2:], 64)


def test_pulse_peaks_of_phone_cameras_are_neurokits(shared_data):
    for number in range(1, 11):
        folder = shared_data / "ppg_rr_welltory" / f"subject_{number:02d}"
        assert_same_pulse_peaks(-pd.read_csv(folder / "PPG.csv")["R"].to_numpy(), 30)


@given(st.lists(st.integers(-3, 3), max_size=400))
def test_any_integers_give_neurokits_r_peaks_or_none_where_it_raises(values):
    wave = np.array(values, dtype=float)
    ours = r_peaks(wave, 100)
    if wave.size < 75:
        assert ours.size == 0
        return
    steep = np.abs(np.gradient(wave))
    theirs = nk.ecg_findpeaks(wave, sampling_rate=100)["ECG_R_Peaks"] if steep.any() else []
    np.testing.assert_array_equal(ours, theirs)
