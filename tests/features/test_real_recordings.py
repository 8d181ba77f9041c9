"""Real recordings against figures that others published, named beside the numbers.

The figures stand in EXPECTED.json beside the recordings, with where they come from.
"""

import json

import neurokit2 as nk
import numpy as np
import pandas as pd
import pytest
from scipy.interpolate import CubicSpline
from scipy.signal import resample_poly, welch
from scipy.stats import rankdata

from arousal.features import Grid, PersonPhysiology, process_person, window_features
from arousal.features.artefacts import steepest_slope
from arousal.features.cardiac import find_beats
from arousal.features.hrv import time_domain
from arousal.features.spectral import band_power
from arousal.recording import Kind, Person, Signal
from arousal.settings import Settings
from tests.features.records import (
    empatica,
    intervals_signal,
    mit_annotations,
    mit_beats,
    mit_signal,
    q_sensor,
    r_data_frame,
    score,
    wave,
)
from tests.features.waves import as_beats

SETTINGS = Settings()
EVERYTHING = Grid.of([-10.0], 1e5)


@pytest.fixture(scope="module")
def expected(shared_data):
    return json.loads((shared_data / "EXPECTED.json").read_text())


def area_under_curve(score, truth):
    ranks = rankdata(score)
    positive = np.count_nonzero(truth)
    wins = ranks[truth].sum() - positive * (positive + 1) / 2
    return wins / (positive * (truth.size - positive))


def laid_out(intervals):
    """Intervals as they are, without correction."""
    return as_beats(np.concatenate(([0.0], np.cumsum(np.asarray(intervals, float)) / 1000)))


def assert_published(intervals, truth):
    """Every number of EXPECTED.json about one series of intervals (pNN50 over n - 1, as ours)."""
    found = time_domain(laid_out(intervals), EVERYTHING)
    assert found.intervals[0] == truth["n"]
    assert found.mean_nn[0] == pytest.approx(truth["mean_nn_ms"], abs=1e-3)
    assert found.sdnn[0] == pytest.approx(truth["sdnn_ms"], abs=1e-3)
    assert found.rmssd[0] == pytest.approx(truth["rmssd_ms"], abs=1e-3)
    assert found.pnn50[0] == pytest.approx(truth["pnn50_pct"], abs=1e-3)
    assert found.pnn50[0] == pytest.approx(100 * truth["nn50"] / (truth["n"] - 1))
    assert 60000 / found.mean_nn[0] == pytest.approx(truth["mean_hr_of_mean"], abs=1e-3)


@pytest.mark.parametrize("name", ["SampleNNISeriesLong", "SampleNNISeriesShort"])
def test_pyhrv_series_have_the_values_that_pyhrv_published(name, shared_data, expected):
    intervals = np.load(shared_data / "rr_pyhrv" / f"{name}.npy").ravel()
    assert_published(intervals, expected[f"rr_pyhrv/{name}"]["recomputed"])


@pytest.mark.parametrize("number", range(1, 11))
def test_the_straps_of_the_phone_recordings_have_their_known_values(number, shared_data, expected):
    name = f"subject_{number:02d}"
    intervals = np.loadtxt(shared_data / "ppg_rr_welltory" / name / "RR.txt").ravel()
    assert_published(intervals, expected["ppg_rr_welltory"][name])


def test_pyhrvs_poincare_axes_are_population_deviations_and_ours_sample_deviations(shared_data):
    intervals = np.load(shared_data / "rr_pyhrv" / "SampleNNISeriesShort.npy").ravel()
    found = time_domain(laid_out(intervals), EVERYTHING)
    # SampleExport.json: SD1 71.63036, SD2 114.78512.
    shrink = np.sqrt((intervals.size - 2) / (intervals.size - 1))
    assert found.sd1[0] * shrink == pytest.approx(71.63036, rel=2e-4)
    assert found.sd2[0] * shrink == pytest.approx(114.78512, rel=2e-4)


def test_healthy_subject_000_has_the_published_values(shared_data, expected):
    intervals = np.loadtxt(shared_data / "rr_healthy_000" / "rr_ms.txt").ravel()
    truth = expected["rr_healthy_000"]
    found = time_domain(laid_out(intervals), EVERYTHING)
    assert found.rmssd[0] == pytest.approx(52.622348, abs=1e-4)
    assert 60000 / found.mean_nn[0] == pytest.approx(61.230, abs=1e-3)
    assert_published(intervals, truth["recomputed"])


def test_lf_and_hf_depend_on_the_method_that_must_stand_beside_them(shared_data, expected):
    intervals = np.loadtxt(shared_data / "rr_healthy_000" / "rr_ms.txt").ravel()
    beats = laid_out(intervals)
    found = band_power(beats, EVERYTHING, np.array([True]))
    theirs = nk.hrv_frequency(
        {"RRI": intervals}, psd_method="welch", interpolation_rate=4, normalize=False, silent=True
    )
    # Linear interpolation and Hann 256/128: 273.5 / 283.4; cubic: 285.4 / 459.9 ms^2. NeuroKit2's
    # spline, which is ours, is the quadratic one, with segments of half the recording; it takes
    # two of them here (N // 2 = 599 is odd), we take three.
    linear, cubic = (expected["rr_healthy_000"][f"lf_hf_{m}"] for m in ("linear", "cubic"))
    assert found.hf[0] == pytest.approx(theirs["HRV_HF"][0], rel=0.10)
    assert linear["hf_ms2"] < found.hf[0] < 1.1 * cubic["hf_ms2"]
    assert found.lf[0] == pytest.approx(linear["lf_ms2"], rel=0.25)


@pytest.mark.parametrize(("name", "join"), [("linear", np.interp), ("cubic", None)])
def test_the_published_lf_and_hf_come_out_of_the_method_that_is_told(
    name, join, shared_data, expected
):
    # At the beats' onsets, joined and read off at 4 Hz; Welch, Hann, 256 samples, overlap 128;
    # band edges included.
    intervals = np.loadtxt(shared_data / "rr_healthy_000" / "rr_ms.txt").ravel()
    onsets = (np.cumsum(intervals) - intervals) / 1000
    grid = np.arange(onsets[0], onsets[-1], 0.25)
    even = join(grid, onsets, intervals) if join else CubicSpline(onsets, intervals)(grid)
    frequency, density = welch(even, 4, "hann", 256, 128)
    power = []
    for low, high in ((0.04, 0.15), (0.15, 0.40)):
        inside = (frequency >= low) & (frequency <= high)
        power.append(np.trapezoid(density[inside], frequency[inside]))
    told = expected["rr_healthy_000"][f"lf_hf_{name}"]
    assert power == pytest.approx([told["lf_ms2"], told["hf_ms2"]], abs=1e-3)
    assert power[0] / power[1] == pytest.approx(told["lfhf"], abs=1e-4)


@pytest.mark.parametrize("rate", [360, 130])
def test_mit_bih_100_beats_are_found(rate, shared_data):
    record = shared_data / "ecg_mitdb100"
    ecg = mit_signal(record / "100.dat")
    truth = mit_beats(record / "100.atr") / 360
    assert truth.size == 2273
    if rate == 130:
        ecg = resample_poly(ecg, 13, 36)
    beats = find_beats(wave(Kind.ECG, ecg, float(rate)), SETTINGS.beats)
    sensitivity, precision = score(truth, beats.raw_times, 0.150)
    assert sensitivity >= 0.995
    assert precision >= 0.995


def test_mit_bih_100_has_the_variability_of_its_normal_beats(shared_data, expected):
    record = shared_data / "ecg_mitdb100"
    truth = expected["ecg_mitdb100"]
    _, codes = mit_annotations(record / "100.atr")
    assert np.count_nonzero(codes == 1) == 2239
    intervals = np.diff(mit_beats(record / "100.atr"))
    # 33 steps are of 18 samples, which is 50 ms and not more; binary rounding put some of them
    # among the published 227.
    steps = np.abs(np.diff(intervals))
    over, at_least = int(np.sum(steps > 18)), int(np.sum(steps >= 18))
    assert (over, at_least) == (218, 251)
    assert over <= truth["all_beats"]["nn50"] <= 251
    share = {"nn50": over, "pnn50_pct": 100 * over / steps.size}
    assert_published(intervals / 0.36, truth["all_beats"] | share)
    values = mit_signal(record / "100.dat")
    assert values.size / 360 == pytest.approx(truth["duration_s"], abs=1e-3)
    beats = find_beats(wave(Kind.ECG, values, 360.0), SETTINGS.beats)
    found = time_domain(beats, EVERYTHING)
    theirs = nk.hrv_time({"RRI": beats.intervals})["HRV_RMSSD"][0]
    # Cardiologists' labels, normal-to-normal only: 27.48; with the 34 extra beats: 63.2.
    assert found.rmssd[0] == pytest.approx(truth["nn_only"]["rmssd_adjacent"], rel=0.05)
    assert theirs > 1.15 * truth["nn_only"]["rmssd_adjacent"]
    assert found.mean_nn[0] == pytest.approx(truth["nn_only"]["mean"], rel=0.001)
    assert found.sdnn[0] == pytest.approx(truth["nn_only"]["sdnn"], rel=0.06)
    assert found.pnn50[0] == pytest.approx(truth["nn_only"]["pnn50"], abs=0.5)
    assert found.differences[0] == pytest.approx(truth["nn_only"]["n"], rel=0.05)


def test_the_labels_of_mit_bih_100_give_each_published_number(shared_data, expected):
    samples, codes = mit_annotations(shared_data / "ecg_mitdb100" / "100.atr")
    beats = mit_beats(shared_data / "ecg_mitdb100" / "100.atr")
    normal = codes[np.isin(samples, beats)] == 1
    intervals = np.diff(beats) / 360 * 1000  # as published: 50 ms, which is 18 samples, rounds
    told, steps = expected["ecg_mitdb100"], np.diff(intervals)
    assert np.count_nonzero(np.abs(steps) > 50) == told["all_beats"]["nn50"]
    assert 100 * np.mean(np.abs(steps) > 50) == pytest.approx(
        told["all_beats"]["pnn50_pct"], abs=1e-4
    )
    both = normal[1:] & normal[:-1]
    steps = steps[both[1:] & both[:-1]]
    assert both.sum() == told["nn_only"]["n"]
    found = {
        "mean": intervals[both].mean(),
        "sdnn": intervals[both].std(ddof=1),
        "rmssd_adjacent": np.sqrt(np.mean(steps**2)),
        "pnn50": 100 * np.mean(np.abs(steps) > 50),
    }
    for name, value in found.items():
        assert value == pytest.approx(told["nn_only"][name], abs=1e-3), name


def noisy(folder, name):
    ecg = np.loadtxt(folder / f"{name}.csv") * 1000
    return process_person(Person("118", (wave(Kind.ECG, ecg, 360.0),)), SETTINGS), ecg.size


def test_nst_118_at_24_db_is_found_and_at_12_db_is_called_poor(shared_data, expected):
    folder = shared_data / "ecg_noisy_nst118"
    truth = np.loadtxt(folder / "118e24_annotations.csv")
    told = expected["ecg_noisy_nst118"]
    person, size = noisy(folder, "118e24")
    start = told["offset_118e24"]
    inside = truth[(truth >= start) & (truth < start + size)] - start
    assert inside.size == told["beats_118e24"]
    assert min(score(inside / 360, person.beats.raw_times, 0.150)) >= 0.99
    grid = Grid.of([0.0], 119.0)
    assert "noisy" not in window_features([person], grid, SETTINGS, None)["cardiac_reasons"][0]
    poor, size = noisy(folder, "118e12")
    start = told["offset_118e12"]
    inside = truth[(truth >= start) & (truth < start + size)] - start
    assert inside.size == told["beats_118e12"]
    assert 0.85 < min(score(inside / told["fs"], poor.beats.raw_times, 0.150)) < 0.99
    row = window_features([poor], grid, SETTINGS, None).iloc[0]
    assert "noisy" in row["cardiac_reasons"]
    assert np.isnan(row["HRV_RMSSD"])


def test_heart_rate_from_a_phone_camera_is_within_3_bpm_of_the_strap(shared_data, expected):
    close = 0
    for number in range(1, 11):
        folder = shared_data / "ppg_rr_welltory" / f"subject_{number:02d}"
        frames = pd.read_csv(folder / "PPG.csv")
        times = frames["time"].to_numpy() / 1000
        # More blood, less red light; the camera's frames come at uneven times, about 30 a second.
        rate = (times.size - 1) / (times[-1] - times[0])
        signal = Signal(Kind.PPG, -frames["R"].to_numpy(), times, rate, "camera", "finger")
        beats = find_beats(signal, SETTINGS.beats)
        strap = expected["ppg_rr_welltory"][f"subject_{number:02d}"]["mean_hr_of_mean"]
        close += abs(60000 / beats.intervals.mean() - strap) <= 3.0
        assert not beats.hrv
    assert close >= 7


def test_a_record_full_of_extra_beats_is_refused_as_vagal(shared_data, expected):
    told = expected["polar_h10_pvc"]
    frame = r_data_frame(shared_data / "polar_h10_pvc" / "polar_h10.RData")
    seconds = (frame["time"] - frame["time"][0]) / 1e9
    intervals = frame["rr"][frame["rr"] > 0]
    assert intervals.size == told["raw_rr_n"]
    uncorrected = time_domain(laid_out(intervals), EVERYTHING).rmssd[0]
    assert uncorrected == pytest.approx(told["raw_rmssd_ms"], abs=0.01)
    ecg = Signal(Kind.ECG, frame["ecg"] * 1000, seconds, 130.0, "H10")
    grid = Grid.regular(0.0, 600.0, 120.0, 5.0)
    for signal in (ecg, intervals_signal(intervals)):
        person = process_person(Person("P1", (signal,)), SETTINGS)
        table = window_features([person], grid, SETTINGS, None)
        assert table["HRV_RMSSD"].isna().all()
        assert table["cardiac_reasons"].str.contains("irregular|corrected-too-much").all()
        assert table["heart_rate"].notna().mean() > 0.9


@pytest.mark.parametrize("subject", ["S08", "S09", "S18", "S24", "S25"])
def test_wrist_intervals_obey_the_coverage_rules(subject, shared_data, expected):
    told = expected[f"e4_stress_predict/{subject}"]
    signal = empatica(shared_data / "e4_stress_predict" / subject).of(Kind.RR)[0]
    person = PersonPhysiology(subject, find_beats(signal, SETTINGS.beats))
    start = told["session_start_unix"]
    phases = list(told["phases"].values())
    onsets = [p["start_unix"] - start for p in phases]
    lengths = [p["end_unix"] - p["start_unix"] for p in phases]
    table = window_features([person], Grid.of(onsets, lengths), SETTINGS, None)
    coverage = np.array([p["ibi_coverage"] for p in phases])
    np.testing.assert_allclose(table["cardiac_coverage"], coverage, atol=0.005)
    assert (table["heart_rate"].notna() == (coverage >= 0.8)).all()
    assert (table["HRV_RMSSD"].notna() <= (coverage >= 0.9)).all()
    author = np.array([p["mean_hr_author"] for p in phases])
    covered = table["heart_rate"].notna().to_numpy()
    np.testing.assert_allclose(table["heart_rate"][covered], author[covered], atol=2.0)


def test_a_moving_wrist_gives_no_heart_rate_rather_than_a_wrong_one(shared_data):
    watch = empatica(shared_data / "e4_stress_predict" / "S18")
    person = process_person(watch, SETTINGS)
    grid = Grid.regular(0.0, 3000.0, 60.0, 20.0)
    table = window_features([person], grid, SETTINGS, None)
    told = np.loadtxt(shared_data / "e4_stress_predict" / "S18" / "HR.csv", delimiter=",")[2:]
    device = np.array([told[int(o) : int(o) + 60].mean() for o in np.maximum(grid.onset - 10, 0)])
    given = table["heart_rate"].notna().to_numpy()
    assert given.mean() < 0.2
    assert np.median(np.abs(table["heart_rate"][given] - device[given])) < 3.0


def test_event_related_responses_come_one_to_four_seconds_after_the_event(shared_data, expected):
    told = expected["neurokit"]["bio_eventrelated"]
    frame = pd.read_csv(shared_data / "neurokit" / "bio_eventrelated_100hz.csv")
    signals = (
        wave(Kind.ECG, frame["ECG"].to_numpy() * 1000, 100.0),
        wave(Kind.EDA, frame["EDA"].to_numpy(), 100.0, "finger"),
    )
    assert len(frame) == told["dur_s"] * 100
    person = process_person(Person("P1", signals), SETTINGS)
    assert person.beats.raw_times.size == told["beats"]
    # The latency window of the guidelines (SPR 2012). A small rise 0.2 s after the second event
    # is too early to be a response to it; NeuroKit2's relative threshold does not see it at all.
    onsets = np.array(told["events"]) / 100.0 + 1.0
    first, last = Grid.of(onsets, 3.0).holding(person.eda.responses.onset)
    assert (last - first).tolist() == told["eda_scr_0_7s"]


def test_eight_minutes_of_rest_have_their_known_heart_rate(shared_data, expected):
    told = expected["neurokit"]["bio_resting_8min"]
    frame = pd.read_csv(shared_data / "neurokit" / "bio_resting_8min_100hz.csv")
    beats = find_beats(wave(Kind.ECG, frame["ECG"].to_numpy() * 1000, 100.0), SETTINGS.beats)
    assert len(frame) / 100 == pytest.approx(told["dur_s"], abs=0.005)
    assert beats.raw_times.size == told["beats"]
    assert 60000 / beats.intervals.mean() == pytest.approx(told["meanHR"], abs=0.05)


@pytest.mark.parametrize(
    ("name", "least"), [("2013_06_03_1hour_lunch", 0.95), ("2013_06_10_1hour_walking", 0.90)]
)
def test_the_steepest_slope_finds_what_three_experts_call_artefacts(
    name, least, shared_data, expected
):
    folder = shared_data / "eda_artifact_aww"
    signal = wave(Kind.EDA, q_sensor(folder / f"{name}.csv")["eda"].to_numpy(), 8.0, "wrist")
    epochs = pd.read_csv(folder / f"{name}_Epochs.csv")
    votes = (epochs.filter(like="qualityLabel_Expert") == 2).sum(axis=1)
    artefact = (votes >= 2).to_numpy()
    told = expected["eda_artifact_aww"][name]
    assert artefact.size == told["epochs"]
    assert np.median(signal.values) == pytest.approx(told["eda_median"], abs=1e-3)
    assert artefact.mean() == pytest.approx(told["majority_artifact_frac"], abs=1e-3)
    slope = steepest_slope(signal, Grid.of(5.0 * np.arange(artefact.size), 5.0))
    assert area_under_curve(slope, artefact) >= least
    assert area_under_curve(slope, artefact) == pytest.approx(
        told["baseline_auc_max_abs_slope"], abs=0.01
    )
