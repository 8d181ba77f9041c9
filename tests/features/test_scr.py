"""Skin conductance responses against their known times, at absolute thresholds."""

import warnings

import neurokit2 as nk
import numpy as np
import pytest

from arousal.features.electrodermal import process_eda
from arousal.features.scr import find_responses
from arousal.settings import EdaSettings
from tests.features.waves import eda, response_times

SETTINGS = EdaSettings()
SECONDS = 900.0


def matched(truth, found):
    """Sensitivity and precision: an onset within 1 s, each used once."""
    free, hits = np.ones(found.size, dtype=bool), 0
    for onset in truth:
        near = np.flatnonzero(free & (np.abs(found - onset) <= 1.0))
        if near.size:
            free[near[0]] = False
            hits += 1
    return hits / truth.size, hits / max(found.size, 1)


def sizes(truth):
    return np.random.default_rng(1).lognormal(np.log(0.25), 0.6, truth.size).clip(0.08, 3.0)


@pytest.mark.parametrize("rate", [4.0, 32.0, 128.0])
def test_known_responses_are_found_with_and_without_a_bump_of_5_microsiemens(rate):
    truth = response_times(SECONDS)
    signals = [
        eda(truth, SECONDS, rate, amplitudes=sizes(truth), bump=bump) for bump in (False, True)
    ]
    plain, bumped = (process_eda(s, None, SETTINGS).responses for s in signals)
    for found in (plain, bumped):
        sensitivity, precision = matched(truth, found.onset)
        assert sensitivity >= 0.90
        assert precision >= 0.90
    assert abs(len(bumped) - len(plain)) <= 2
    far = np.abs(plain.onset - SECONDS / 2) > 10
    far_too = np.abs(bumped.onset - SECONDS / 2) > 10
    np.testing.assert_array_equal(plain.onset[far], bumped.onset[far_too])


def test_neurokits_relative_threshold_loses_most_responses_to_the_bump():
    truth = response_times(SECONDS)
    found = {}
    for bump in (False, True):
        signal = eda(truth, SECONDS, 4.0, amplitudes=sizes(truth), bump=bump)
        phasic = nk.eda_phasic(signal.values, sampling_rate=4, method="highpass")["EDA_Phasic"]
        peaks = nk.eda_findpeaks(phasic.to_numpy(), sampling_rate=4, method="neurokit")
        found[bump] = len(peaks["SCR_Peaks"])
    ours = len(process_eda(eda(truth, SECONDS, 4.0, bump=True), None, SETTINGS).responses)
    assert found[True] < 0.4 * found[False]
    assert ours >= 0.9 * truth.size


def test_amplitudes_are_measured_from_trough_to_peak():
    truth = np.array([50.0, 100.0, 150.0])
    result = process_eda(
        eda(truth, 200.0, 32.0, amplitudes=np.array([0.1, 0.5, 2.0]), noise=0.0005), None, SETTINGS
    )
    np.testing.assert_allclose(result.responses.amplitude, [0.1, 0.5, 2.0], rtol=0.1)
    rise = result.responses.peak - result.responses.onset
    assert ((rise > 0.5) & (rise < 2.5)).all()


@pytest.mark.parametrize(("site", "count"), [("finger", 2), ("wrist", 4)])
def test_the_threshold_belongs_to_the_site(site, count):
    truth = np.array([50.0, 90.0, 130.0, 170.0])
    sizes = np.array([0.02, 0.03, 0.1, 0.2])
    signal = eda(truth, 220.0, 4.0, amplitudes=sizes, noise=0.0002, site=site)
    assert len(process_eda(signal, None, SETTINGS).responses) == count


def test_a_slow_rise_is_drift_and_not_a_response():
    times = np.arange(0, 120, 0.25)
    level = 5 + 0.3 * np.sin(2 * np.pi * times / 80)
    assert len(find_responses(times, level, 4.0, 0.05)) == 0


def test_neurokit_finds_responses_in_noise_on_a_flat_line_and_we_find_none():
    signal = eda(np.empty(0), 300.0, 4.0, noise=0.0005)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        phasic = nk.eda_phasic(signal.values, sampling_rate=4, method="highpass")["EDA_Phasic"]
        theirs = nk.eda_findpeaks(phasic.to_numpy(), sampling_rate=4, method="neurokit")
    assert len(theirs["SCR_Peaks"]) > 10
    assert len(process_eda(signal, None, SETTINGS).responses) == 0
