"""The feature table: rules of coverage, correction, speech, breathing, and their reasons."""

from functools import cache

import numpy as np
import pytest

from arousal.features import Grid, PersonPhysiology, process_person, window_features
from arousal.features.hrv import time_domain
from arousal.features.quality import split_codes
from arousal.recording import Kind, Person, Signal
from arousal.settings import Settings
from arousal.tables import FEATURES
from tests.features.records import intervals_signal, wave
from tests.features.waves import (
    beat_times,
    breathing,
    ecg,
    eda,
    pulse,
    response_times,
    without,
)

SETTINGS = Settings()
SECONDS = 300.0
VARIABILITY = ["HRV_SDNN", "HRV_RMSSD", "ln_rmssd", "HRV_pNN50", "HRV_SD1", "HRV_SD2"]
VAGAL = ["HRV_RMSSD", "ln_rmssd", "HRV_pNN50", "HRV_SD1", "HRV_HF"]
SKIN = ["EDA_Tonic_Mean", "ln_scl", "SCR_Peaks_N", "scr_rate"]


def physiology(*signals):
    return process_person(Person("P1", signals), SETTINGS)


@cache
def whole():
    """Someone whose every signal is good."""
    return physiology(
        ecg(beat_times(SECONDS), SECONDS, 130.0),
        eda(response_times(SECONDS), SECONDS, 4.0),
        breathing(SECONDS, 15.0),
    )


def row(person, onset, duration, settings=SETTINGS, speech=None):
    table = window_features([person], Grid.of([onset], duration), settings, speech)
    return table.iloc[0]


def codes(cell):
    return {str(code) for code in split_codes(cell)}


def test_a_good_window_of_two_minutes_has_everything_but_lf_and_no_reason():
    found = row(whole(), 60.0, 120.0)
    filled = [n for n in FEATURES.names if found[n] == found[n]]
    assert set(FEATURES.names) - set(filled) == {"HRV_LF", "HRV_LFHF", "speech_fraction"}
    assert found["cardiac_reasons"] == found["eda_reasons"] == ""
    assert found["heart_rate"] == pytest.approx(60000 / 820, rel=0.01)
    assert found["heart_rate"] == 60000 / found["HRV_MeanNN"]
    assert found["ln_rmssd"] == np.log(found["HRV_RMSSD"])
    assert found["ln_scl"] == np.log(found["EDA_Tonic_Mean"])
    assert found["respiration_rate"] == pytest.approx(15.0, abs=0.05)


def test_persons_come_in_their_order_and_windows_in_the_grids():
    grid = Grid.regular(0, SECONDS, (60.0, 120.0), 30.0)
    other = PersonPhysiology("A0")
    table = window_features([whole(), other], grid, SETTINGS, None)
    assert table["person"].tolist() == ["P1"] * len(grid) + ["A0"] * len(grid)
    np.testing.assert_array_equal(table["onset"][: len(grid)], grid.onset)
    assert (table["cardiac_reasons"][len(grid) :] == "no-signal").all()


def test_nobody_gives_an_empty_table():
    assert len(window_features([], Grid.of([0.0], 60.0), SETTINGS, None)) == 0


@pytest.mark.parametrize(
    ("duration", "there", "absent"),
    [
        (30.0, ["heart_rate", *SKIN], VARIABILITY),
        (60.0, ["HRV_pNN50", "HRV_SD1", "HRV_SD2", "HRV_HF"], ["HRV_SDNN", "HRV_RMSSD"]),
        (120.0, VARIABILITY, ["HRV_LF"]),
        (20.0, ["cardiac_coverage", "eda_coverage"], ["heart_rate", *SKIN]),
    ],
)
def test_each_measure_begins_at_its_shortest_window(duration, there, absent):
    found = row(whole(), 60.0, duration)
    assert found[there].notna().all()
    assert found[absent].isna().all()


def test_rmssd_of_a_minute_comes_on_request_and_flagged():
    windows = SETTINGS.windows.model_copy(update={"rmssd_from": 60.0})
    found = row(whole(), 60.0, 60.0, SETTINGS.model_copy(update={"windows": windows}))
    assert np.isfinite(found["HRV_RMSSD"])
    assert codes(found["cardiac_reasons"]) == {"short-window"}


def test_lf_comes_on_request_from_250_seconds():
    windows = SETTINGS.windows.model_copy(update={"lf": True})
    settings = SETTINGS.model_copy(update={"windows": windows})
    assert np.isfinite(row(whole(), 20.0, 250.0, settings)["HRV_LF"])
    assert np.isnan(row(whole(), 20.0, 240.0, settings)["HRV_LF"])


def gapped(lost):
    times = beat_times(SECONDS)
    signal = intervals_signal(np.diff(times) * 1000)
    return physiology(without(signal, 120.0, 120.0 + lost))


@pytest.mark.parametrize(
    ("lost", "rate", "variability", "reason"),
    [
        (4.0, True, True, set()),
        (15.0, True, False, {"coverage-hrv"}),
        (30.0, False, False, {"coverage"}),
    ],
)
def test_heart_rate_needs_80_percent_and_variability_90(lost, rate, variability, reason):
    found = row(gapped(lost), 60.0, 120.0)
    assert np.isfinite(found["heart_rate"]) == rate
    assert np.isfinite(found["HRV_RMSSD"]) == variability
    assert found["cardiac_coverage"] == pytest.approx(1 - lost / 120, abs=0.015)
    assert codes(found["cardiac_reasons"]) == reason


def test_heart_rate_is_not_invented_in_a_gap():
    found = row(gapped(90.0), 130.0, 60.0)
    assert np.isnan(found["heart_rate"])
    assert codes(found["cardiac_reasons"]) == {"no-signal"}


def spoilt(share):
    """Every so many beats one is missing."""
    times = beat_times(SECONDS, sway=15.0, jitter=8.0)
    lost = np.arange(9, times.size - 5, round(1 / share))
    return physiology(intervals_signal(np.diff(np.delete(times, lost)) * 1000))


@pytest.mark.parametrize(
    ("share", "variability", "reason"),
    [(0.02, True, set()), (0.08, True, {"corrected"}), (0.105, False, {"corrected-too-much"})],
)
def test_corrected_beats_are_flagged_from_5_and_refused_from_10_percent(share, variability, reason):
    found = row(spoilt(share), 60.0, 120.0)
    assert np.isfinite(found["heart_rate"])
    assert np.isfinite(found["HRV_RMSSD"]) == variability
    assert codes(found["cardiac_reasons"]) & {"corrected", "corrected-too-much"} == reason


def test_bigeminy_gives_heart_rate_and_no_variability():
    person = physiology(intervals_signal(np.tile([450.0, 900.0], 200)))
    found = row(person, 60.0, 120.0)
    assert found["heart_rate"] == pytest.approx(60000 / 675, rel=0.02)
    assert found[VARIABILITY].isna().all()
    assert "irregular" in codes(found["cardiac_reasons"])


@pytest.mark.parametrize(("seconds", "refused"), [(20.0, False), (30.0, True)])
def test_own_speech_over_20_percent_refuses_vagal_measures_only(seconds, refused):
    speech = {"P1": np.array([[100.0, 100.0 + seconds]])}
    found = row(whole(), 60.0, 120.0, SETTINGS, speech)
    assert found["speech_fraction"] == pytest.approx(seconds / 120)
    assert found[VAGAL].isna().all() == refused
    assert np.isfinite(found["heart_rate"])
    assert np.isfinite(found["HRV_SDNN"])
    assert (codes(found["cardiac_reasons"]) == {"speech"}) == refused


def test_someone_who_is_known_to_be_silent_has_a_speech_fraction_of_zero():
    assert row(whole(), 60.0, 120.0, SETTINGS, {"P1": np.empty((0, 2))})["speech_fraction"] == 0.0
    assert np.isnan(
        row(whole(), 60.0, 120.0, SETTINGS, {"P2": np.empty((0, 2))})["speech_fraction"]
    )


@pytest.mark.parametrize(("per_minute", "reason"), [(12.0, set()), (6.0, {"breathing-outside"})])
def test_hf_is_refused_where_breathing_leaves_its_band(per_minute, reason):
    person = physiology(ecg(beat_times(SECONDS), SECONDS, 130.0), breathing(SECONDS, per_minute))
    found = row(person, 60.0, 120.0)
    assert found["respiration_rate"] == pytest.approx(per_minute, abs=0.1)
    assert np.isnan(found["HRV_HF"]) == bool(reason)
    assert codes(found["cardiac_reasons"]) == reason


def test_hf_is_refused_where_the_belt_fell_silent():
    belt = breathing(SECONDS, 15.0).crop(0.0, 90.0)
    person = physiology(ecg(beat_times(SECONDS), SECONDS, 130.0), belt)
    found = row(person, 150.0, 60.0)
    assert np.isnan(found["HRV_HF"])
    assert codes(found["cardiac_reasons"]) == {"breathing-unknown"}


def test_without_a_belt_there_is_no_hf_and_no_complaint_in_every_window():
    found = row(physiology(ecg(beat_times(SECONDS), SECONDS, 130.0)), 60.0, 120.0)
    assert np.isnan(found["HRV_HF"])
    assert found["cardiac_reasons"] == ""


def test_a_slow_pulse_wave_gives_heart_rate_and_no_variability():
    found = row(physiology(pulse(beat_times(SECONDS), SECONDS, 25.0)), 60.0, 120.0)
    assert found["heart_rate"] == pytest.approx(60000 / 820, rel=0.01)
    assert found[VARIABILITY].isna().all()
    assert codes(found["cardiac_reasons"]) == {"rate-low"}


def test_responses_are_counted_per_usable_minute():
    truth = np.arange(65.0, 175.0, 10.0)
    signal = without(eda(truth, SECONDS, 4.0), 128.0, 138.0)
    found = row(physiology(signal), 60.0, 120.0)
    inside = np.count_nonzero((truth < 126) | (truth > 138))
    assert found["SCR_Peaks_N"] == inside
    assert found["scr_rate"] == pytest.approx(inside / (110 / 60), rel=0.01)
    assert found["SCR_Peaks_Amplitude_Mean"] == pytest.approx(0.3, rel=0.1)
    assert codes(found["eda_reasons"]) == {"gap"}


def test_a_bump_of_5_microsiemens_moves_the_rate_by_less_than_ten_percent():
    truth = response_times(900.0)
    rates = [
        row(physiology(eda(truth, 900.0, 4.0, bump=bump)), 0.0, 900.0)["scr_rate"]
        for bump in (False, True)
    ]
    assert rates[1] == pytest.approx(rates[0], rel=0.10)
    assert rates[0] == pytest.approx(truth.size / 15, rel=0.10)


def test_flat_skin_conductance_is_no_contact_and_has_no_number():
    found = row(physiology(wave(Kind.EDA, np.full(1200, 3.0), 4.0, "finger")), 60.0, 120.0)
    assert found[SKIN].isna().all()
    assert found["eda_coverage"] == 0.0
    assert codes(found["eda_reasons"]) == {"no-contact"}


def test_a_non_responder_is_named_in_every_window_and_has_no_rate():
    found = row(physiology(eda(np.empty(0), 600.0, 4.0)), 60.0, 120.0)
    assert found["SCR_Peaks_N"] == 0.0
    assert np.isnan(found["scr_rate"])
    assert np.isfinite(found["ln_scl"])
    assert np.isnan(found["SCR_Peaks_Amplitude_Mean"])
    assert codes(found["eda_reasons"]) == {"non-responder"}


def test_a_device_heart_rate_is_passed_on_and_never_becomes_a_feature():
    rate = Signal(Kind.HR, np.full(300, 70.0), np.arange(300.0), None, "watch")
    person = physiology(rate)
    assert person.device_hr is rate
    assert np.isnan(row(person, 60.0, 120.0)["heart_rate"])


def test_movement_is_flagged_and_refuses_nothing():
    rng = np.random.default_rng(0)
    still = np.tile([0.0, 0.0, 1.0], (9600, 1)) + rng.normal(0, 0.005, (9600, 3))
    still[100 * 32 : 150 * 32] += rng.normal(0, 0.4, (50 * 32, 3))
    moves = Signal(Kind.ACCELERATION, still, np.arange(9600) / 32, 32.0, "watch")
    person = physiology(ecg(beat_times(SECONDS), SECONDS, 130.0), moves)
    found = row(person, 60.0, 120.0)
    assert codes(found["cardiac_reasons"]) == {"motion"}
    assert np.isfinite(found["HRV_RMSSD"])
    assert row(person, 160.0, 120.0)["cardiac_reasons"] == ""


def test_windows_before_and_after_the_recording_are_empty_with_a_reason():
    table = window_features([whole()], Grid.of([-500.0, 5000.0], 60.0), SETTINGS, None)
    assert table["heart_rate"].isna().all()
    assert (table["cardiac_reasons"] == "no-signal").all()
    assert (table["eda_reasons"] == "no-signal").all()


def test_a_window_does_not_depend_on_the_grid_it_stands_in():
    alone = window_features([whole()], Grid.of([75.0], 120.0), SETTINGS, None).iloc[0]
    table = window_features([whole()], Grid.regular(0, SECONDS, 120.0, 5.0), SETTINGS, None)
    among = table[table["onset"] == 75.0].iloc[0]
    for name in FEATURES.names:
        same = alone[name] == among[name] or alone[name] == pytest.approx(among[name], nan_ok=True)
        assert same, name


def test_the_table_carries_the_same_numbers_as_the_reduction():
    grid = Grid.regular(0, SECONDS, 120.0, 20.0)
    values = time_domain(whole().beats, grid)
    table = window_features([whole()], grid, SETTINGS, None)
    np.testing.assert_array_equal(table["HRV_RMSSD"], values.rmssd)
    np.testing.assert_array_equal(table["HRV_pNN50"], values.pnn50)
