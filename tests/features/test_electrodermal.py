"""Skin conductance: which data count, what the level is, who does not respond."""

import warnings

import neurokit2 as nk
import numpy as np
import pytest

from arousal.features.electrodermal import process_eda
from arousal.features.quality import Quality
from arousal.features.windows import Grid
from arousal.ingest import load
from arousal.recording import Kind
from arousal.settings import EdaSettings
from tests.features.records import wave
from tests.features.waves import eda, response_times, without

SETTINGS = EdaSettings()


def changed(signal, first, last, value):
    values = signal.values.copy()
    at = slice(int(first * signal.rate), int(last * signal.rate))
    values[at] = value(values[at]) if callable(value) else value
    return wave(signal.kind, values, signal.rate, signal.site)


def skin(seconds=300.0, rate=4.0, **options):
    return eda(response_times(seconds), seconds, rate, **options)


def unusable(result, seconds=300.0):
    """What is left out, as spans."""
    rest = result.spans
    edges = np.concatenate(([0.0], rest.ravel(), [seconds])).reshape(-1, 2)
    return edges[edges[:, 1] - edges[:, 0] > 1e-6]


@pytest.mark.parametrize(("value", "code"), [(0.01, "out-of-range"), (75.0, "out-of-range")])
def test_values_out_of_range_are_left_out_with_five_seconds_around(value, code):
    result = process_eda(changed(skin(), 100, 110, value), None, SETTINGS)
    assert code in result.reasons
    np.testing.assert_allclose(unusable(result), [[95, 115]], atol=0.5)


def test_a_step_faster_than_10_microsiemens_a_second_is_a_jump():
    result = process_eda(changed(skin(), 100, 101, lambda v: v + 3.0), None, SETTINGS)
    (span,) = result.reasons[Quality.JUMP]
    np.testing.assert_allclose(span, [94.75, 106.25], atol=0.5)
    np.testing.assert_allclose(unusable(result), [span], atol=0.3)


def test_a_step_slower_than_that_is_not():
    result = process_eda(changed(skin(), 100, 101, lambda v: v + 2.0), None, SETTINGS)
    assert Quality.JUMP not in result.reasons
    assert result.usable_seconds == 300.0


@pytest.mark.parametrize("rate", [4.0, 32.0, 128.0, 2000.0])
def test_a_step_is_a_jump_at_every_rate_and_a_converters_noise_at_none(rate):
    times = np.arange(int(60 * rate)) / rate
    noise = np.random.default_rng(2).normal(0, 0.004, times.size)
    steady = wave(Kind.EDA, 4 + noise, rate, "finger")
    assert process_eda(steady, None, SETTINGS).usable_seconds == pytest.approx(60.0, abs=0.3)
    stepped = wave(Kind.EDA, 4 + noise + 3.0 * (times >= 30), rate, "finger")
    (span,) = process_eda(stepped, None, SETTINGS).reasons[Quality.JUMP]
    np.testing.assert_allclose(span, [25, 35], atol=0.3)


def test_two_thousand_samples_a_second_of_a_real_amplifier_are_used(shared_data):
    # biopac_bioread: 62 s of 3.4 to 4.2 uS; its converter's steps alone are up to 30 uS/s.
    pytest.importorskip("bioread", reason="extra 'devices' is not installed")
    recording = load(shared_data / "biopac_bioread" / "physio-5.0.1.acq")
    signal = recording.person("P01").signal(Kind.EDA)
    assert signal is not None
    found = process_eda(signal, None, SETTINGS)
    assert Quality.JUMP not in found.reasons
    assert found.usable_seconds == pytest.approx(61.9, abs=0.1)
    assert 3.4 < np.median(found.tonic) < 4.2


def test_the_step_over_a_gap_is_no_jump():
    signal = without(changed(skin(), 200, 300, lambda v: v + 8.0), 190, 200)
    assert Quality.JUMP not in process_eda(signal, None, SETTINGS).reasons


def test_hot_skin_is_refused_and_cool_skin_is_flagged():
    celsius = np.full(1200, 33.0)
    celsius[400:480] = 42.0
    celsius[800:880] = 28.0
    result = process_eda(skin(), wave(Kind.TEMPERATURE, celsius, 4.0), SETTINGS)
    np.testing.assert_allclose(unusable(result), [[95, 125]], atol=0.5)
    np.testing.assert_allclose(result.reasons[Quality.TEMPERATURE_LOW], [[200, 220]], atol=0.5)


def test_a_thermometer_that_stopped_says_nothing_about_later():
    celsius = wave(Kind.TEMPERATURE, np.full(400, 42.0), 4.0)
    result = process_eda(skin(), celsius, SETTINGS)
    np.testing.assert_allclose(result.reasons[Quality.TEMPERATURE_HIGH], [[-5, 110]], atol=0.5)


def test_a_flat_line_is_no_contact_and_never_counts():
    result = process_eda(wave(Kind.EDA, np.full(2400, 4.0), 4.0, "finger"), None, SETTINGS)
    assert result.usable_seconds == 0.0
    assert len(result.responses) == 0
    assert Quality.NO_CONTACT in result.reasons
    assert not result.non_responder


def test_neurokit_counts_responses_on_a_line_that_went_flat():
    signal = changed(skin(600), 300, 600, 5.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        phasic = nk.eda_phasic(signal.values, sampling_rate=4, method="highpass")["EDA_Phasic"]
        theirs = nk.eda_findpeaks(phasic.to_numpy(), 4, method="neurokit", amplitude_min=0)
    ours = process_eda(signal, None, SETTINGS)
    assert (theirs["SCR_Peaks"] > 305 * 4).any()
    assert not (ours.responses.peak > 300).any()
    np.testing.assert_allclose(ours.reasons[Quality.NO_CONTACT], [[300, 600]], atol=0.5)


def test_a_short_standstill_is_normal():
    result = process_eda(changed(skin(), 100, 120, 6.0), None, SETTINGS)
    assert Quality.NO_CONTACT not in result.reasons


def test_tonic_level_is_neurokits_on_each_stretch():
    signal = without(skin(), 140, 160)
    result = process_eda(signal, None, SETTINGS)
    for piece in signal.segments():
        split = nk.eda_phasic(signal.values[piece], sampling_rate=4.0, method="highpass")
        mine = result.tonic[np.isin(result.times, signal.times[piece])]
        np.testing.assert_allclose(mine, split["EDA_Tonic"].to_numpy(), rtol=1e-9)


@pytest.mark.parametrize("rate", [4.0, 15.0, 128.0])
def test_the_level_is_the_same_at_every_rate_and_not_detrended(rate):
    seconds = 300.0
    times = np.arange(int(seconds * rate)) / rate
    result = process_eda(wave(Kind.EDA, 3 + times / 100, rate, "finger"), None, SETTINGS)
    inner = (result.times > 60) & (result.times < 240)
    np.testing.assert_allclose(result.tonic[inner], 3 + result.times[inner] / 100, atol=0.01)


def test_fast_signals_are_low_passed_so_that_mains_hum_is_no_response():
    signal = skin(300, 128.0)
    hum = 0.2 * np.sin(2 * np.pi * 50 * signal.times)
    clean = process_eda(signal, None, SETTINGS)
    noisy = process_eda(wave(Kind.EDA, signal.values + hum, 128.0, "finger"), None, SETTINGS)
    assert len(noisy.responses) == len(clean.responses)
    assert noisy.usable_seconds == clean.usable_seconds


def test_someone_who_never_responds_is_called_a_non_responder():
    quiet = eda(np.empty(0), 600.0, 4.0)
    assert process_eda(quiet, None, SETTINGS).non_responder
    assert not process_eda(skin(600.0), None, SETTINGS).non_responder


def test_too_little_data_calls_nobody_a_non_responder():
    assert not process_eda(eda(np.empty(0), 200.0, 4.0), None, SETTINGS).non_responder


def test_one_sample_a_second_gives_a_level_and_no_count():
    result = process_eda(skin(600, 1.0), None, SETTINGS)
    assert result.tonic.size == 600
    assert not result.counts_responses
    assert Quality.RATE_LOW in result.reasons


def test_an_unknown_site_takes_the_default_threshold():
    result = process_eda(skin(site="forehead"), None, SETTINGS)
    assert (result.site, result.threshold) == ("finger", 0.05)


@pytest.mark.parametrize("size", [0, 1, 2, 30])
@pytest.mark.parametrize("value", [np.nan, 0.0, 5.0, 100.0])
def test_poor_signals_never_crash(size, value):
    result = process_eda(wave(Kind.EDA, np.full(size, value), 4.0), None, SETTINGS)
    assert len(result.responses) == 0
    assert result.usable_seconds <= 7.5


@pytest.mark.parametrize("seed", range(5))
def test_wild_signals_with_holes_never_crash_and_stay_in_range(seed):
    rng = np.random.default_rng(seed)
    values = np.abs(np.cumsum(rng.normal(0, 0.5, 2000)))
    values[rng.integers(0, 2000, 300)] = np.nan
    result = process_eda(wave(Kind.EDA, values, 4.0), None, SETTINGS)
    assert np.isfinite(result.tonic).all()
    assert (result.responses.amplitude >= result.threshold).all()
    share = Grid.of([0.0], 500.0).share(result.spans)
    assert 0 <= share[0] <= 1
