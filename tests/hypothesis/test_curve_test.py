"""Curves are tested as wholes: one error rate for all their points."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.errors import NothingUsableError
from arousal.hypothesis.curve_test import curve_clusters, simultaneous_band


def smooth(rng, blocks, bins=20):
    steps = rng.normal(0, 1, (blocks, bins + 4))
    return np.apply_along_axis(np.convolve, 1, steps, np.ones(5) / np.sqrt(5), "valid")


def test_a_stretch_is_found_where_it_is():
    curves = smooth(np.random.default_rng(1), 12)
    curves[:, 8:14] += 1.5
    found = curve_clusters(curves)
    best = min(found.stretches, key=lambda s: s.p)
    assert found.p == best.p < 0.01
    assert 5 <= best.first <= 9
    assert 12 <= best.last <= 16


def test_smooth_noise_is_found_as_often_as_stated():
    rng = np.random.default_rng(2)
    p = [curve_clusters(smooth(rng, 9)).p for _ in range(400)]
    assert 0.025 < np.mean(np.array(p) <= 0.05) < 0.08


def test_directions_are_kept_apart():
    curves = smooth(np.random.default_rng(3), 10) - 1.5
    assert curve_clusters(curves, "less").p < 0.01
    assert curve_clusters(curves, "greater").p > 0.5
    two = curve_clusters(curves, "two-sided")
    assert two.p < 0.02
    assert (two.t < 0).any()


def test_a_curve_with_holes_still_takes_part():
    curves = smooth(np.random.default_rng(4), 10)
    curves[:, 3:9] += 2
    curves[2, :5] = np.nan
    found = curve_clusters(curves)
    assert found.n == 10
    assert found.p < 0.01


def test_the_band_holds_the_whole_true_curve_as_often_as_stated():
    rng = np.random.default_rng(6)
    held = []
    for _ in range(300):
        band = simultaneous_band(smooth(rng, 12))
        held.append(np.all((band.low <= 0) & (band.high >= 0)))
    assert 0.90 < np.mean(held) < 0.985


def test_the_band_is_wider_than_the_interval_at_one_point():
    curves = smooth(np.random.default_rng(7), 12)
    band = simultaneous_band(curves)
    se = curves.std(axis=0, ddof=1) / np.sqrt(12)
    assert np.all((band.high - band.mean) > 2.2 * se)
    assert band.n.tolist() == [12] * 20


def test_two_curves_are_too_few():
    with pytest.raises(NothingUsableError, match="2 curves, 3 are needed"):
        curve_clusters(np.ones((2, 5)))
    with pytest.raises(NothingUsableError):
        simultaneous_band(np.full((6, 5), np.nan))
