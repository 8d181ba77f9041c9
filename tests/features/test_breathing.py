"""Breaths and the breathing rate of each window."""

import numpy as np
import pytest

from arousal.features.breathing import breathing_rate, find_breaths
from arousal.features.spans import as_spans
from arousal.features.windows import Grid
from arousal.recording import Kind
from tests.features.records import wave
from tests.features.waves import breathing, without


@pytest.mark.parametrize("per_minute", [6.0, 12.0, 15.0, 24.0])
@pytest.mark.parametrize("rate", [8.0, 25.0, 100.0])
def test_a_steady_breath_is_counted(per_minute, rate):
    breaths = find_breaths(breathing(180.0, per_minute, rate))
    found = breathing_rate(breaths, Grid.regular(20, 160, 60.0, 10.0))
    np.testing.assert_allclose(found, per_minute, rtol=0.02)


def test_no_breath_spans_a_gap():
    breaths = find_breaths(without(breathing(180.0, 12.0), 60, 100))
    assert not ((breaths[:, 0] < 80) & (breaths[:, 1] > 80)).any()
    found = breathing_rate(breaths, Grid.of([50.0, 110.0], 60.0))
    assert np.isnan(found).tolist() == [True, False]


def test_a_window_within_one_long_breath_has_no_rate():
    assert np.isnan(breathing_rate(as_spans([(0.0, 18.0)]), Grid.of([2.0], 15.0))[0])


@pytest.mark.parametrize("values", [np.empty(0), np.full(2000, np.nan), np.full(2000, 1.0)])
def test_poor_belts_never_crash(values):
    assert len(find_breaths(wave(Kind.RESPIRATION, values, 25.0))) == 0


def test_a_belt_too_slow_for_the_filter_is_not_used():
    assert len(find_breaths(breathing(180.0, 12.0, 4.0))) == 0
