"""NeuroKit2's own functions as an engine: where its table equals ours, and where it may not.

Every difference on purpose stands in a test of its own, with both numbers.
"""

import warnings

import neurokit2 as nk
import numpy as np
import pandas as pd
import pytest

from arousal.features import Grid, process_person, window_features
from arousal.features.engines import AROUSAL, engine_named
from arousal.recording import Kind, Person, Signal
from arousal.settings import BeatSettings, Settings, WindowSettings
from tests.features.records import empatica, intervals_signal, mit_signal, r_data_frame, wave
from tests.features.waves import beat_times, breathing, ecg, eda, response_times, without

OURS = Settings(windows=WindowSettings(lf=True))
THEIRS = OURS.model_copy(update={"engine": "neurokit2"})
EXACT = ["HRV_MeanNN", "HRV_SDNN", "heart_rate", "cardiac_coverage", "corrected_fraction"]
SKIN = ["EDA_Tonic_Mean", "ln_scl", "eda_coverage"]


def both(person, grid, settings=OURS):
    tables = []
    for engine in ("arousal", "neurokit2"):
        chosen = settings.model_copy(update={"engine": engine})
        tables.append(window_features([process_person(person, chosen)], grid, chosen))
    return tables


def assert_same(ours, theirs, columns, rtol):
    for name in columns:
        a, b = ours[name].to_numpy(), theirs[name].to_numpy()
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b), err_msg=name)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-9, err_msg=name)


def grid_of(seconds, windows=6, length=120.0):
    return Grid.of(np.linspace(5.0, seconds - length - 10.0, windows), length)


def test_settings_name_the_engine_and_ours_is_the_default():
    assert Settings().engine == "arousal"
    assert engine_named("arousal") is AROUSAL
    assert engine_named("neurokit2").name == "neurokit2"


def made_person(rate=500.0, seconds=420.0):
    signals = (
        ecg(beat_times(seconds, seed=4, jitter=5.0), seconds, rate),
        eda(response_times(seconds), seconds, 4.0),
        breathing(seconds, 15.0),
    )
    return Person("P1", signals)


def test_a_clean_session_has_the_same_table_with_either_engine():
    ours, theirs = both(made_person(), grid_of(420.0))
    assert ours["HRV_RMSSD"].notna().all()
    # Where a beat was moved it lies on a tick of 0.1 ms here and on a sample there.
    assert_same(ours, theirs, ["HRV_SDNN", "HRV_RMSSD"], 1e-3)
    untouched = (ours["corrected_fraction"] == 0) & (theirs["corrected_fraction"] == 0)
    assert untouched.sum() >= 4
    ours, theirs = ours[untouched], theirs[untouched]
    assert_same(ours, theirs, [*EXACT, *SKIN, "respiration_rate"], 1e-9)
    assert_same(ours, theirs, ["HRV_RMSSD", "ln_rmssd", "HRV_SD1", "HRV_SD2"], 1e-9)
    assert ours["cardiac_reasons"].tolist() == theirs["cardiac_reasons"].tolist()


def test_ninety_minutes_have_the_same_table_with_either_engine_column_by_column():
    onsets = np.concatenate((np.arange(0.0, 5250.0, 150.0), np.arange(0.0, 5100.0, 300.0)))
    ours, theirs = both(
        made_person(250.0, 5400.0), Grid.of(onsets, np.repeat([120.0, 300.0], [35, 17]))
    )
    assert len(ours) == 52
    untouched = (ours["corrected_fraction"] == 0) & (theirs["corrected_fraction"] == 0)
    assert untouched.mean() > 0.5
    tolerances = {
        0.0: ["onset", "duration"],
        1e-9: [*EXACT, *SKIN, "respiration_rate", "HRV_RMSSD", "ln_rmssd", "HRV_SD1", "HRV_SD2"],
        0.02: ["HRV_pNN50"],  # over n - 1 differences here, over n intervals there
        0.25: ["HRV_HF"],  # at 4 Hz here, at 100 Hz there
        0.45: ["scr_rate", "SCR_Peaks_N"],  # absolute threshold here, relative there
        0.60: ["HRV_LF", "HRV_LFHF"],  # two Welch segments there where N // 2 is odd
        0.90: ["SCR_Peaks_Amplitude_Mean"],  # of the conductance here, of its fast part there
    }
    for rtol, columns in tolerances.items():
        assert_same(ours[untouched], theirs[untouched], columns, rtol)
    assert_same(ours, theirs, ["HRV_SDNN", "HRV_RMSSD"], 2e-3)
    assert ours["cardiac_reasons"].tolist() == theirs["cardiac_reasons"].tolist()
    assert ours["eda_reasons"].tolist() == theirs["eda_reasons"].tolist()
    words = {"person", "cardiac_reasons", "eda_reasons", "speech_fraction"}
    assert set(ours.columns) == words.union(*tolerances.values())


def test_pnn50_is_over_the_differences_here_and_over_the_intervals_there():
    ours, theirs = both(
        Person("P1", (ecg(beat_times(420, jitter=45.0), 420.0, 500.0),)), grid_of(420.0)
    )
    assert (ours["HRV_pNN50"] > theirs["HRV_pNN50"]).all()
    n = np.round(ours["cardiac_coverage"] * 120_000 / ours["HRV_MeanNN"])
    np.testing.assert_allclose(ours["HRV_pNN50"] * (n - 1), theirs["HRV_pNN50"] * n, rtol=0.01)


def test_peaks_below_250_hz_lie_between_samples_here_and_on_them_there():
    times = beat_times(420.0, sway=14.0, jitter=3.0)
    truth = np.sqrt(np.mean(np.diff(np.diff(times) * 1000) ** 2))
    ours, theirs = both(Person("P1", (ecg(times, 420.0, 130.0, 3.0),)), grid_of(420.0))
    assert ours["HRV_RMSSD"].median() == pytest.approx(truth, rel=0.05)
    assert theirs["HRV_RMSSD"].median() > 1.04 * truth
    assert_same(ours, theirs, ["HRV_MeanNN"], 1e-3)


def test_one_bump_hides_responses_there_and_none_here():
    onsets = response_times(420.0)
    quiet, bumped = (Person("P1", (eda(onsets, 420.0, 4.0, bump=bump),)) for bump in (False, True))
    grid = Grid.of([10.0, 250.0], 150.0)
    counts = [t["SCR_Peaks_N"].sum() for p in (quiet, bumped) for t in both(p, grid)]
    ours, theirs, ours_bumped, theirs_bumped = counts
    assert ours_bumped == pytest.approx(ours, rel=0.10)
    assert theirs_bumped < 0.5 * theirs


def test_differences_run_over_a_gap_there_and_not_here():
    early = np.diff(beat_times(110.0, sway=10.0, jitter=4.0)) * 1000
    late = np.diff(beat_times(110.0, seed=1, mean=600.0, sway=10.0, jitter=4.0)) * 1000
    ends = np.concatenate((np.cumsum(early), early.sum() + 7000 + np.cumsum(late))) / 1000
    signal = Signal(Kind.RR, np.concatenate((early, late)), ends, None, "strap")
    ours, theirs = both(Person("P1", (signal,)), Grid.of([50.0], 120.0))
    alone = np.sqrt(np.mean(np.diff(early) ** 2))
    assert ours["HRV_RMSSD"][0] == pytest.approx(alone, rel=0.15)
    assert theirs["HRV_RMSSD"][0] > 1.3 * ours["HRV_RMSSD"][0]


def test_neurokit_gives_a_heart_rate_in_a_gap_and_neither_engine_does():
    times = beat_times(240.0)
    signal = without(ecg(times, 240.0, 250.0), 90.0, 150.0)
    tables = both(Person("P1", (signal,)), Grid.of([95.0], 50.0))
    assert all(np.isnan(t["heart_rate"][0]) for t in tables)
    peaks = np.rint(times[(times < 90) | (times > 150)] * 250).astype(int)
    rate = nk.signal_rate(peaks, sampling_rate=250, desired_length=240 * 250)
    assert np.isfinite(rate[95 * 250 : 145 * 250]).all()
    assert rate[100 * 250 : 140 * 250].min() < 30


def test_spectra_are_from_4_hz_here_and_100_hz_there_and_agree_to_a_quarter():
    ours, theirs = both(made_person(), Grid.of([5.0, 60.0, 100.0], 300.0))
    assert not np.allclose(ours["HRV_HF"], theirs["HRV_HF"], rtol=1e-6)
    np.testing.assert_allclose(ours["HRV_HF"], theirs["HRV_HF"], rtol=0.25)


def test_the_real_ecg_of_mit_bih_100_has_the_same_intervals_with_either_engine(shared_data):
    record = mit_signal(shared_data / "ecg_mitdb100" / "100.dat")[: 360 * 600]
    ours, theirs = both(Person("100", (wave(Kind.ECG, record, 360.0),)), grid_of(600.0))
    # Beats are corrected on ticks of 0.1 ms here and on samples (2.8 ms) there.
    assert_same(ours, theirs, ["HRV_MeanNN", "heart_rate"], 1e-4)
    assert_same(ours, theirs, ["HRV_SDNN"], 0.03)
    np.testing.assert_allclose(ours["corrected_fraction"], theirs["corrected_fraction"], atol=0.03)


@pytest.mark.parametrize("name", ["bio_eventrelated_100hz", "bio_resting_8min_100hz"])
def test_the_reference_recordings_have_the_same_table(name, shared_data):
    frame = pd.read_csv(shared_data / "neurokit" / f"{name}.csv")
    signals = [wave(Kind.ECG, frame["ECG"].to_numpy() * 1000, 100.0)]
    signals.append(wave(Kind.RESPIRATION, frame["RSP"].to_numpy(), 100.0))
    unrefined = OURS.model_copy(update={"beats": BeatSettings(refine_below=0.0)})
    grid = grid_of(frame.shape[0] / 100, 4, 60.0 if "event" in name else 120.0)
    if "event" in name:
        grid = Grid.of([0.0, 30.0, 60.0, 90.0], 60.0)
    ours, theirs = both(Person("P1", tuple(signals)), grid, unrefined)
    assert ours["heart_rate"].notna().all()
    assert_same(ours, theirs, ["HRV_MeanNN", "heart_rate", "respiration_rate"], 1e-3)
    assert_same(ours, theirs, ["cardiac_coverage"], 1e-9)


def test_skin_conductance_at_100_hz_has_the_same_level(shared_data):
    frame = pd.read_csv(shared_data / "neurokit" / "bio_eventrelated_100hz.csv")
    person = Person("P1", (wave(Kind.EDA, frame["EDA"].to_numpy(), 100.0, "finger"),))
    ours, theirs = both(person, Grid.of([0.0, 60.0], 60.0))
    assert_same(ours, theirs, SKIN, 1e-9)


def test_whole_millisecond_intervals_have_the_same_beats(shared_data):
    intervals = np.loadtxt(shared_data / "rr_healthy_000" / "rr_ms.txt").ravel()
    ours, theirs = both(Person("000", (intervals_signal(intervals),)), grid_of(290.0, 4))
    # A beat put half-way lies on half a millisecond here, on a whole one there.
    assert_same(ours, theirs, ["HRV_MeanNN", "cardiac_coverage"], 1e-4)
    assert_same(ours, theirs, ["HRV_SDNN"], 1e-3)
    frame = r_data_frame(shared_data / "polar_h10_pvc" / "polar_h10.RData")
    straps = Person("PVC", (intervals_signal(frame["rr"][frame["rr"] > 0]),))
    ours, theirs = both(straps, grid_of(600.0, 4))
    assert ours["HRV_RMSSD"].isna().all()
    assert theirs["HRV_RMSSD"].isna().all()


@pytest.mark.parametrize("subject", ["S08", "S09"])
def test_a_wrist_recording_has_the_same_level_and_heart_rate(subject, shared_data):
    watch = empatica(shared_data / "e4_stress_predict" / subject)
    kept = tuple(s for s in watch.signals if s.kind in {Kind.EDA, Kind.TEMPERATURE, Kind.RR})
    ours, theirs = both(Person(subject, kept), grid_of(3000.0, 8, 60.0))
    assert_same(ours, theirs, SKIN, 1e-9)
    np.testing.assert_allclose(ours["heart_rate"], theirs["heart_rate"], rtol=1e-3)


@pytest.mark.parametrize("values", [np.zeros(3000), np.full(3000, np.nan), np.arange(3000.0)])
@pytest.mark.parametrize("kind", [Kind.ECG, Kind.PPG, Kind.EDA, Kind.RESPIRATION])
def test_poor_signals_crash_neither_engine(kind, values):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for table in both(Person("P1", (wave(kind, values, 100.0),)), Grid.of([0.0], 30.0)):
            assert len(table) == 1
