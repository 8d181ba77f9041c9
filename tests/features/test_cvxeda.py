"""cvxEDA: NeuroKit2's split within a nanosiemens, and what is said where the solver is missing."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from arousal.errors import SettingsError
from arousal.features.cvxeda import split_conductance
from arousal.features.electrodermal import process_eda
from arousal.settings import EdaSettings
from tests.features.waves import eda, response, response_times, without

# ``nk.eda_phasic(values, sampling_rate=4, method="cvxeda")`` of NeuroKit2 0.2.13 with cvxopt 1.3.3,
# every 25th sample of the signal below. cvxopt is GPL-3 and therefore not installed for the tests.
REFERENCE = Path(__file__).with_name("cvxeda_neurokit2.tsv")
CONVEX = EdaSettings(phasic="cvxeda")


def test_both_parts_are_neurokits_within_a_nanosiemens():
    reference = pd.read_csv(REFERENCE, sep="\t")
    split = split_conductance(eda(response_times(300.0), 300.0, 4.0).values, 4.0)
    at = reference["sample"].to_numpy()
    assert at.size == 48
    np.testing.assert_allclose(split.tonic[at], reference["tonic"], atol=1e-3)
    np.testing.assert_allclose(split.phasic[at], reference["phasic"], atol=1e-3)
    assert reference["phasic"].max() > 0.2


def test_ninety_minutes_at_4_hz_are_solved_at_once():
    signal = eda(response_times(5400.0), 5400.0, 4.0)
    split = split_conductance(signal.values, 4.0)
    rest = signal.values - split.tonic - split.phasic
    assert np.sqrt(np.mean(rest**2)) < 0.01
    # Only the response that was under way when the recording began has no sign.
    assert split.phasic[40:].min() > -1e-3


def test_the_level_under_responses_is_the_planted_one():
    onsets = np.arange(20.0, 280.0, 15.0)
    times = np.arange(1200) / 4
    phasic = sum(0.5 * response(times - onset) * (times >= onset) for onset in onsets)
    split = split_conductance(5 + times / 300 + phasic, 4.0)
    inner = slice(80, -80)
    np.testing.assert_allclose(split.tonic[inner], (5 + times / 300)[inner], atol=0.1)


def test_the_setting_changes_the_level_and_not_the_responses():
    signal = without(eda(response_times(300.0), 300.0, 4.0), 140, 160)
    convex, plain = (process_eda(signal, None, s) for s in (CONVEX, EdaSettings()))
    assert convex.tonic.size == plain.tonic.size
    # Below the responses and not through their middle.
    assert convex.tonic.mean() < plain.tonic.mean() - 0.02
    np.testing.assert_array_equal(convex.responses.peak, plain.responses.peak)


def test_without_the_solver_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "piqp", None)
    with pytest.raises(SettingsError, match=r'pip install "arousal\[cvx\]"'):
        process_eda(eda(response_times(60.0), 60.0, 4.0), None, CONVEX)
