"""What follows an event is held against what follows such a level anyway; borders are respected."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.errors import UsageError
from arousal.hypothesis.events import adjusted_change, matched_change, moments, recently
from arousal.simulate import noise

STEP = 5.0
WINDOW = 30.0
N = 900
ONE = np.zeros(N, dtype=int)
TIME = np.arange(float(N))


def wavy(seed: int = 1) -> np.ndarray:
    """A slow walk at 5 s."""
    coarse = noise("ar80", N // 6 + 2, np.random.default_rng(seed))[0]
    return np.interp(np.arange(N) * STEP, np.arange(coarse.size) * 30.0, coarse)


def at(*places: int) -> np.ndarray:
    events = np.zeros(N, dtype=bool)
    events[list(places)] = True
    return events


def test_before_is_two_halves_of_a_minute_and_after_the_mean_of_the_third_to_sixth_half():
    ramp = np.arange(float(N))  # the middle of window i lies at 5 i + 15 s, its end at 5 i + 30 s
    found = moments(ramp, ONE, STEP, WINDOW)
    i = 100
    assert found.before[:, i].tolist() == [94.0, 100.0]
    # After: windows that begin 60, 90, 120 and 150 s after the end of window i.
    assert found.after[i] == np.mean([100 + (30 + t) / 5 for t in (60, 90, 120, 150)])
    assert found.change[i] == found.after[i] - 97.0


def test_a_moment_counts_only_if_all_of_it_lies_in_one_phase():
    stratum = np.repeat([0, -1, 1], [400, 20, 480])
    usable = moments(wavy(), stratum, STEP, WINDOW).usable
    first, last = 6, 400 - 36 - 1  # 60 s before need one more window, 180 s after 36 steps
    np.testing.assert_array_equal(np.flatnonzero(usable[:420]), np.arange(first, last + 1))
    assert usable[420 + 6 : N - 36].all()
    assert not usable[N - 36 :].any()


def test_a_gap_before_takes_a_moment_out_and_half_of_the_time_after_suffices():
    values = wavy()
    values[200] = np.nan
    usable = moments(values, ONE, STEP, WINDOW).usable
    assert not usable[200]
    assert not usable[206]
    assert usable[[199, 201, 205, 207]].all()
    values[218:236] = np.nan  # the first three of four windows after moment 200 - 6 = 194 ... 199
    assert not moments(values, ONE, STEP, WINDOW).usable[199]
    assert np.isnan(moments(values, ONE, STEP, WINDOW).after[199])


def test_windows_that_do_not_make_a_minute_are_refused():
    for step, window in ((5.0, 60.0), (7.0, 30.0)):
        with pytest.raises(UsageError, match="events need windows of 30 s"):
            moments(wavy(), ONE, step, window)


def test_moments_within_three_minutes_after_an_event_are_known():
    near = recently(at(300), STEP)
    np.testing.assert_array_equal(np.flatnonzero(near), np.arange(301, 336))
    assert not recently(at(300), STEP)[300]
    assert recently(at(300, 310), STEP)[310]


@given(st.integers(0, 5_000), st.floats(-5, 5))
def test_a_planted_answer_is_found_whatever_the_level_does(seed, size):
    values = wavy(seed)
    places = at(150, 350, 550, 750)
    answered = values.copy()
    for i in np.flatnonzero(places):
        answered[i + 12 : i + 48] += size  # 60-180 s after, and no longer
    plain, changed = (
        adjusted_change(
            moments(v, ONE, STEP, WINDOW), places, ~recently(places, STEP), ONE, TIME, STEP
        )
        for v in (values, answered)
    )
    assert plain.n == changed.n == 4
    # Moments just before an event hold part of the answer, so a little of it is lost.
    assert changed.value - plain.value == pytest.approx(size, abs=0.25 * abs(size) + 1e-9)


def test_a_level_that_only_falls_back_is_no_answer():
    rng = np.random.default_rng(5)
    values = np.array([wavy(s) for s in range(200)])
    found = moments(values, ONE, STEP, WINDOW)
    high = found.usable & (values > 1.0) & (rng.random(values.shape) < 0.01)
    kept = high & ~recently(high, STEP)
    told = adjusted_change(found, kept, ~recently(high, STEP), ONE, TIME, STEP)
    sums = told.value * told.weight
    assert found.change[high].mean() < -0.7
    assert abs(np.nansum(sums) / np.nansum(told.weight)) < 0.15


def test_every_phase_has_its_own_mean():
    stratum = np.repeat([0, 1], [450, 450])
    values = wavy() + np.where(stratum == 1, 20.0, 0.0)
    places = at(200, 600)
    plain, stepped = (
        adjusted_change(
            moments(v, stratum, STEP, WINDOW),
            places,
            ~recently(places, STEP),
            stratum,
            TIME,
            STEP,
        )
        for v in (wavy(), values)
    )
    assert stepped.value == pytest.approx(float(plain.value))


def test_speech_that_explains_the_change_is_taken_out_and_unknown_speech_takes_moments_out():
    rng = np.random.default_rng(2)
    values, talk = wavy(), rng.random(N)
    found = moments(values, ONE, STEP, WINDOW)
    spoken = type(found)(found.before, found.after + 7.0 * talk, found.usable)
    places = at(150, 350, 550)
    allowed = ~recently(places, STEP)
    plain = adjusted_change(found, places, allowed, ONE, TIME, STEP, [talk])
    told = adjusted_change(spoken, places, allowed, ONE, TIME, STEP, [talk])
    assert told.value == pytest.approx(float(plain.value))
    talk[150] = np.nan
    assert adjusted_change(found, places, allowed, ONE, TIME, STEP, [talk]).n == 2


def test_without_events_or_without_moments_to_compare_there_is_no_number():
    found = moments(wavy(), ONE, STEP, WINDOW)
    none = adjusted_change(found, at(), np.ones(N, dtype=bool), ONE, TIME, STEP)
    assert np.isnan(none.value)
    assert none.n == 0
    few = np.zeros(N, dtype=bool)
    few[200:300] = True  # 100 moments, 5 s apart: less than ten minutes
    assert np.isnan(adjusted_change(found, at(250), few, ONE, TIME, STEP).value)
    alone = np.where(np.arange(N) == 250, 1, 0)  # an event in a stratum of its own
    lonely = adjusted_change(found, at(250), np.ones(N, dtype=bool), alone, TIME, STEP)
    assert np.isnan(lonely.value)
    assert lonely.weight == 0


def test_pseudo_events_are_alike_apart_and_at_least_three():
    values = wavy(3)
    found = moments(values, ONE, STEP, WINDOW)
    places = at(150, 350, 550, 750)
    allowed = ~recently(places, STEP)
    value, n, without = matched_change(found, places, allowed, ONE, STEP)
    assert n + without == 4
    assert n >= 1
    answered = type(found)(found.before, found.after - 4.0 * places, found.usable)
    shifted, same, _ = matched_change(answered, places, allowed, ONE, STEP)
    assert same == n
    assert shifted - value == pytest.approx(-4.0)


def test_an_event_at_a_level_of_its_own_has_no_pseudo_events():
    values = wavy(4)
    values[345:351] += 50.0
    value, n, without = matched_change(
        moments(values, ONE, STEP, WINDOW), at(350), np.ones(N, dtype=bool), ONE, STEP
    )
    assert np.isnan(value)
    assert (n, without) == (0, 1)
