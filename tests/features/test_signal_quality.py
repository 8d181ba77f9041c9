"""The quality table: one row per signal, reasons and advice."""

import numpy as np
import pytest

from arousal.features import Grid, process_person, quality_table, window_features
from arousal.recording import Kind, Person, Signal
from arousal.settings import Settings
from tests.features.records import intervals_signal, wave
from tests.features.waves import beat_times, ecg, eda, response_times, without

SETTINGS = Settings()


def table(*signals, end=120.0):
    person = Person("P1", signals)
    return quality_table([person], [process_person(person, SETTINGS)], 0.0, end, SETTINGS)


def test_a_good_signal_has_no_reason_and_no_advice():
    row = table(ecg(beat_times(120), 120, 130.0)).iloc[0]
    assert row["usable_fraction"] > 0.97
    assert row["rate"] == pytest.approx(130.0)
    assert row["used"]
    assert (row["reasons"], row["advice"]) == ("", "")


def test_gaps_are_counted_and_measured():
    row = table(without(without(ecg(beat_times(120), 120, 130.0), 20, 30), 60, 100)).iloc[0]
    assert row["gaps"] == 2
    assert row["longest_gap"] == pytest.approx(40.0, abs=0.02)
    assert row["gap_seconds"] == pytest.approx(50.0, abs=0.04)
    assert row["usable_fraction"] == pytest.approx(70 / 120, abs=0.03)
    assert row["reasons"] == "gap;coverage"
    assert "within reach" in row["advice"]


def test_a_device_that_lies_about_its_rate_is_named():
    honest = ecg(beat_times(60), 60, 130.0)
    row = table(Signal(Kind.ECG, honest.values, honest.times, 100.0, "x"), end=60.0).iloc[0]
    assert row["declared_rate"] == 100.0
    assert row["rate"] == pytest.approx(130.0)
    assert "rate-mismatch" in row["reasons"]


def test_a_finger_sensor_that_lies_on_the_table_is_to_be_pressed_on():
    row = table(wave(Kind.EDA, np.full(480, 2.0), 4.0, "finger")).iloc[0]
    assert row["usable_fraction"] == 0.0
    assert "Press the finger sensor on" in row["advice"]


def test_signals_that_carry_no_features_are_described_too():
    celsius = wave(Kind.TEMPERATURE, np.full(240, 33.0), 4.0)
    rows = table(eda(np.array([30.0]), 120.0, 4.0), celsius)
    assert rows["kind"].tolist() == ["eda", "temperature"]
    assert rows["used"].tolist() == [True, False]
    assert rows["usable_fraction"].tolist() == pytest.approx([1.0, 0.5])


def test_two_signals_of_one_name_get_two_rows():
    strap = intervals_signal(np.full(100, 800.0))
    rows = table(strap, Signal(Kind.RR, strap.values, strap.times, None, "strap"))
    assert rows["source"].tolist() == ["strap", "strap #2"]


def test_an_empty_signal_is_no_signal():
    row = table(Signal(Kind.ECG, np.empty(0), np.empty(0), 130.0, "dead")).iloc[0]
    assert row["reasons"] == "no-signal"
    assert row["seconds"] == 0.0
    assert np.isnan(row["rate"])


def test_the_share_of_corrected_beats_is_told_for_beats_only():
    times = np.delete(beat_times(120), [40, 80])
    rows = table(intervals_signal(np.diff(times) * 1000), eda(np.array([30.0]), 120.0, 4.0))
    assert rows["corrected_fraction"][0] == pytest.approx(2 / 145, abs=0.01)
    assert np.isnan(rows["corrected_fraction"][1])


def test_a_short_disturbance_is_named_in_its_windows_and_not_for_the_whole_signal():
    values = ecg(beat_times(600), 600, 130.0).values.copy()
    for length, named in ((3, False), (30, True)):
        shaken = values.copy()
        rng = np.random.default_rng(2)
        shaken[200 * 130 : (200 + length) * 130] += rng.normal(0, 800, length * 130)
        row = table(wave(Kind.ECG, shaken, 130.0), end=600.0).iloc[0]
        assert ("noisy" in row["reasons"]) == named


def test_each_reason_has_the_share_of_the_windows_that_it_hit():
    skin = eda(response_times(1200), 1200, 4.0)
    signals = (without(ecg(beat_times(1200), 1200, 130.0), 300, 600), skin, without(skin, 0, 900))
    person = Person("P1", signals)
    found = process_person(person, SETTINGS)
    windows = window_features([found], Grid.regular(0, 1200, (120.0, 60.0), 60.0), SETTINGS)
    shown = quality_table([person], [found], 0.0, 1200.0, SETTINGS, windows)
    assert len(windows) == 19 + 20
    assert shown["used"].tolist() == [True, True, False]
    # Of 20 windows of a minute five hold no beat, and so does a sliver of those beside the gap.
    told = dict(part.split("=") for part in shown["reason_windows"][0].split(";"))
    assert float(told["no-signal"]) == pytest.approx(5 / 20)
    assert set(told) <= {"no-signal", "gap", "coverage", "coverage-hrv", "no-beats"}
    assert shown["reason_windows"].tolist()[1:] == ["", ""]


def test_without_windows_no_share_is_told():
    assert table(ecg(beat_times(120), 120, 130.0))["reason_windows"].tolist() == [""]
