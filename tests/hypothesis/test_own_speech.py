"""Own speech is taken out by the person's own slope, and nothing else with it."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.hypothesis.layout import Layout
from arousal.hypothesis.own_speech import own_slope
from arousal.hypothesis.part_means import covered_seconds, valid_windows
from arousal.hypothesis.simulated_blocks import (
    PRESENTER,
    Conditions,
    contrast_of,
    draw,
    make_evening,
)
from arousal.protocol import load_protocol

HYPOTHESIS = load_hypothesis("farkas2024").hypothesis


@pytest.fixture(scope="module")
def evening():
    return make_evening(load_protocol("balint-90"), 6, HYPOTHESIS, 3)


def flat(windows, stretches):
    onset = np.arange(windows) * 30.0
    return Layout(
        onset, np.full(windows, 60.0), np.repeat(np.arange(stretches), windows // stretches)
    )


def test_phase_effects_do_not_leak_into_the_slope(evening):
    rng = np.random.default_rng(1)
    drawn = draw(evening, Conditions("ar92", speech=0.7), 1500, rng)
    names = np.array([p.phase for p in evening.timeline.phases])[evening.layout.stretch]
    high = 3.0 * (names == "presentation") + 1.5 * (names == "questions")
    values = drawn.values.astype(np.float64) + high
    own = own_slope(values, drawn.speech.now, evening.layout, drawn.speech.before)[:, PRESENTER]
    error = own.std() / np.sqrt(own.size)
    assert own.mean() == pytest.approx(1.05, abs=4 * error)  # .7 SD, presenter 1.5 times
    one = Layout(
        evening.layout.onset, evening.layout.duration, np.zeros_like(evening.layout.stretch)
    )
    pooled = own_slope(values, drawn.speech.now, one, drawn.speech.before)[:, PRESENTER]
    assert pooled.mean() > 3  # what a slope over the whole session takes for speech


def test_the_bodys_delay_is_taken_up(evening):
    speech = evening.speech
    rise = evening.rise.astype(np.float64)
    with_delay = own_slope(rise, speech.now, evening.layout, speech.before)[:, PRESENTER]
    without = own_slope(rise, speech.now, evening.layout)[:, PRESENTER]
    assert with_delay.mean() == pytest.approx(1.0, abs=0.01)
    assert without.mean() < 0.975


def test_a_slope_of_what_is_exactly_linear_is_exact():
    rng = np.random.default_rng(2)
    layout = flat(40, 4)
    speech = rng.uniform(0, 1, (3, 2, 40))
    level = rng.normal(0, 5, (3, 2, 4)).repeat(10, axis=-1)
    slope = np.array([1.5, -0.7])[None, :, None]
    found = own_slope(level + slope * speech, speech, layout, rng.uniform(0, 1, speech.shape))
    assert found == pytest.approx(np.broadcast_to(slope[..., 0], (3, 2)))


def test_missing_windows_do_not_matter_to_an_exact_slope():
    rng = np.random.default_rng(3)
    layout = flat(40, 4)
    speech = rng.uniform(0, 1, 40)
    values = 2.0 * speech + np.arange(4).repeat(10)
    values[5], speech[17] = np.nan, np.nan
    assert float(own_slope(values, speech, layout)) == pytest.approx(2.0)


def test_nobody_gets_a_slope_without_variation_in_their_speech():
    layout = flat(40, 4)
    values = np.random.default_rng(4).normal(size=40)
    silent = np.zeros(40)
    steady = np.arange(4).repeat(10) / 4  # varies between stretches only
    for speech in (silent, steady, np.full(40, np.nan)):
        assert np.isnan(own_slope(values, speech, layout))


def test_repetitions_at_once_are_the_same_as_one_by_one(evening):
    drawn = draw(evening, Conditions("ar80", speech=0.7), 6, np.random.default_rng(5))
    for name in ("C2", "C1-members", "C1-return", "C6"):
        contrast = HYPOTHESIS.contrast(name)
        together = contrast_of(evening, drawn, contrast, HYPOTHESIS).value
        for i in range(6):
            one = type(drawn)(
                drawn.values[i : i + 1], type(drawn.speech)(*(s[i : i + 1] for s in drawn.speech))
            )
            alone = contrast_of(evening, one, contrast, HYPOTHESIS).value[0]
            assert alone == pytest.approx(together[i], rel=1e-4, abs=1e-4, nan_ok=True)


def test_seconds_are_those_of_the_union_of_windows():
    time = np.array([30.0, 60.0, 90.0, 300.0])
    length = np.full(4, 60.0)
    every = np.ones(4, dtype=bool)
    assert covered_seconds(every, time, length, every) == pytest.approx(60 + 30 + 30 + 60)
    gap = np.array([True, False, True, True])
    assert covered_seconds(gap, time, length, every) == pytest.approx(180)
    assert covered_seconds(np.array([gap, every]), time, length, every).tolist() == [180, 180]
    assert covered_seconds(~every, time, length, every) == 0


def test_a_quiet_window_has_little_own_speech():
    values = np.array([1.0, 2.0, np.nan, 4.0])
    speech = np.array([0.1, 0.3, 0.1, np.nan])
    assert valid_windows(values, speech, "quiet", 0.2, False).tolist() == [
        True,
        False,
        False,
        False,
    ]
    assert valid_windows(values, speech, "quiet", 0.2, True).tolist() == [True, False, False, True]
    assert valid_windows(values, speech, "ignored", 0.2, False).tolist() == [
        True,
        True,
        False,
        True,
    ]
    adjusted = valid_windows(values, speech, "adjusted", 0.2, False)
    assert adjusted.tolist() == [True, True, False, False]
