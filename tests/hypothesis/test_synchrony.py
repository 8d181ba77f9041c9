"""Those who move together are found, strangers are not, and gaps count for nothing."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.hypothesis.calibration_synchrony import Strangers, strangers
from arousal.hypothesis.phase_pieces import cut, lagged
from arousal.hypothesis.synchrony import (
    aligned_correlation,
    aligned_peaks,
    coupling,
    leave_one_out,
    peaks,
    products,
    shuffle_coupling,
    shuffle_leave_one_out,
    shuffle_windows,
)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def people(seed: int, persons: int = 4, seconds: int = 1200, together: float = 0.0) -> np.ndarray:
    """Strangers, or people who share a quick part of their own room."""
    found = strangers("ar92", (persons, seconds), rng(seed), Strangers())
    if together:
        found += together * strangers("ar80", (1, seconds), rng(seed + 1), Strangers())
    return found


def side_by_side(segments: np.ndarray) -> np.ndarray:
    gram = products(segments)
    k = np.arange(segments.shape[1])
    return gram[:, k, :, k]


def test_leave_one_out_is_the_correlation_with_the_sum_of_the_others():
    segments = cut(people(1), 60)
    z = leave_one_out(side_by_side(segments))
    for i in range(4):
        own = segments[i].ravel()
        others = np.delete(segments, i, axis=0).sum(axis=0).ravel()
        assert np.tanh(z[i]) == pytest.approx(np.corrcoef(own, others)[0, 1])
    assert coupling(side_by_side(segments), 2) == z[2]


def test_a_missing_segment_is_left_out_on_both_sides():
    values = people(2)
    values[1, 130] = np.nan
    segments = cut(values, 60)
    z = leave_one_out(side_by_side(segments))
    kept = np.delete(np.arange(20), 2)
    others = np.delete(segments, 1, axis=0).sum(axis=0)[kept].ravel()
    assert np.tanh(z[1]) == pytest.approx(np.corrcoef(segments[1, kept].ravel(), others)[0, 1])
    sums = np.nan_to_num(segments)[[1, 2, 3]].sum(axis=0).ravel()
    assert np.tanh(z[0]) == pytest.approx(np.corrcoef(segments[0].ravel(), sums)[0, 1])


def test_somebody_alone_has_no_synchrony():
    segments = cut(people(3, persons=2), 60)
    segments[1] = np.nan
    assert np.isnan(leave_one_out(side_by_side(segments))).all()
    assert shuffle_leave_one_out(segments, 20, rng()) is None


def test_a_copy_some_seconds_later_has_a_peak_of_one_within_the_lag_and_not_beyond():
    series = people(4, persons=1, seconds=700)[0]
    one = lagged(series[20:620], 30, 5)
    for delay, found in ((-5, True), (3, True), (8, False)):
        other = lagged(series[20 - delay : 620 - delay], 30, 5)
        diagonal = np.tanh(np.diagonal(peaks(one, other[None])[0]))
        assert bool((diagonal > 0.998).all()) is found


def test_people_who_share_a_room_are_found_by_every_method():
    together = people(5, together=0.7)
    segments = cut(together, 60)
    for found in (
        shuffle_leave_one_out(segments, 199, rng()),
        shuffle_coupling(segments, 0, 199, rng()),
        shuffle_windows(lagged(together, 30, 5), 199, rng()),
    ):
        assert found.p == pytest.approx(1 / 200)
        assert found.value > found.expected + 0.05


def test_the_group_stays_as_it_is_while_the_presenters_segments_change_places():
    # The others move together, the presenter does not.
    together = people(6, together=1.5)
    together[0] = people(60, persons=1)[0]
    segments = cut(together, 60)
    assert shuffle_leave_one_out(segments, 99, rng()).p < 0.05
    assert shuffle_coupling(segments, 0, 99, rng()).p > 0.05


def test_shuffles_can_be_repeated_and_p_is_never_zero():
    segments = cut(people(7), 60)
    one, same = (shuffle_leave_one_out(segments, 50, rng(3)) for _ in range(2))
    assert one == same
    assert 1 / 51 <= one.p <= 1
    assert one.draws == 50


def test_pairs_at_the_same_time_are_the_diagonals_of_the_shuffled_tables():
    values = people(8, persons=3)
    values[2, 40] = np.nan
    segments, windows = cut(values, 60), lagged(values, 30, 5)
    expected = np.corrcoef(segments[0].ravel(), segments[1].ravel())[0, 1]
    alike = aligned_correlation(segments)
    assert np.tanh(alike[0, 1]) == pytest.approx(expected)
    assert np.isnan(np.diagonal(alike)).all()
    one, other = peaks(windows[0], windows[2:])[0], peaks(windows[2], windows[:1])[0]
    both = np.nanmean(np.diagonal(one) + np.diagonal(other)) / 2
    assert aligned_peaks(windows)[0, 2] == pytest.approx(both)


def test_a_window_with_a_missing_second_has_no_peak_with_any_other():
    values = people(9, persons=3)
    values[1, 100] = np.nan
    windows = lagged(values, 30, 5)
    hit = np.isnan(windows).any(axis=(2, 3))
    found = peaks(windows[0], windows[1:])
    assert hit[1].any()
    assert np.isnan(found[0]).tolist() == np.broadcast_to(hit[1], found[0].shape).tolist()
    assert np.isfinite(found[1]).all()
    moved = peaks(windows[1], windows[:1])[0]
    np.testing.assert_allclose(np.isnan(moved), np.isnan(found[0]).T)


def test_one_window_or_one_person_cannot_be_shuffled():
    values = people(9, persons=2, seconds=65)
    assert shuffle_windows(lagged(values, 30, 5)[:, :1], 20, rng()) is None
    assert shuffle_windows(lagged(values[:1], 30, 5), 20, rng()) is None
