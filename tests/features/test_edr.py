"""Breathing from the heart: right where the heart follows breathing, and only on request."""

import numpy as np
import pandas as pd
import pytest

from arousal.features import Grid, process_person, window_features
from arousal.features.beats import collect_beats
from arousal.features.breathing import breathing_rate, find_breaths
from arousal.features.cardiac import find_beats
from arousal.features.edr import breaths_from_beats
from arousal.recording import Kind, Person
from arousal.settings import BeatSettings, Settings, WindowSettings
from tests.features.records import intervals_signal, wave
from tests.features.waves import as_beats, breathing

HEART = Settings(windows=WindowSettings(breathing="heart"))


def breathed(per_minute, seconds=300.0, seed=0):
    """Beats of a heart that is 30 ms faster while breathing in."""
    rng = np.random.default_rng(seed)
    times = [0.0]
    while times[-1] < seconds:
        swing = 0.03 * np.sin(2 * np.pi * per_minute / 60 * times[-1])
        times.append(times[-1] + 0.85 + swing + rng.normal(0, 0.012))
    return np.array(times)


@pytest.mark.parametrize("per_minute", [8.0, 12.0, 15.0, 18.0, 22.0])
def test_a_steady_breath_is_seen_in_the_heart(per_minute):
    found = breathing_rate(
        breaths_from_beats(as_beats(breathed(per_minute))), Grid.regular(10, 290, 60.0, 30.0)
    )
    np.testing.assert_allclose(found, per_minute, rtol=0.06)


def test_eight_minutes_of_rest_breathe_as_the_belt_says(shared_data):
    frame = pd.read_csv(shared_data / "neurokit" / "bio_resting_8min_100hz.csv")
    grid = Grid.regular(0.0, len(frame) / 100, 60.0, 15.0)
    beats = find_beats(wave(Kind.ECG, frame["ECG"].to_numpy() * 1000, 100.0), BeatSettings())
    belt = wave(Kind.RESPIRATION, frame["RSP"].to_numpy(), 100.0)
    error = breathing_rate(breaths_from_beats(beats), grid) - breathing_rate(
        find_breaths(belt), grid
    )
    assert np.isfinite(error).mean() > 0.9
    assert np.nanmedian(np.abs(error)) < 0.3
    assert np.nanmax(np.abs(error)) < 2.0


def test_hf_power_rests_on_it_only_where_the_settings_say_so():
    person = Person("P1", (intervals_signal(np.diff(breathed(15.0)) * 1000),))
    grid = Grid.of([20.0, 120.0], 120.0)
    asked, plain = process_person(person, HEART), process_person(person, Settings())
    assert plain.breaths is None
    assert window_features([plain], grid, Settings())["HRV_HF"].isna().all()
    table = window_features([asked], grid, HEART)
    assert table["HRV_HF"].notna().all()
    np.testing.assert_allclose(table["respiration_rate"], 15.0, rtol=0.05)
    assert "breathing-estimated" in [f.code for f in asked.findings]


def test_a_belt_comes_before_the_heart():
    signals = (intervals_signal(np.diff(breathed(15.0)) * 1000), breathing(300.0, 10.0))
    found = process_person(Person("P1", signals), HEART)
    assert found.breaths is not None
    per_minute = breathing_rate(found.breaths, Grid.of([60.0], 120.0))
    np.testing.assert_allclose(per_minute, 10.0, rtol=0.02)
    assert not found.findings


def test_no_breath_spans_a_gap_and_few_beats_give_none():
    times = breathed(12.0)
    broken = as_beats(times[times < 100], times[times > 160])
    spans = breaths_from_beats(broken)
    assert not ((spans[:, 0] < 130) & (spans[:, 1] > 130)).any()
    assert len(spans) > 30
    assert len(breaths_from_beats(as_beats(times[:20]))) == 0
    assert len(breaths_from_beats(collect_beats(Kind.RR, "", []))) == 0
