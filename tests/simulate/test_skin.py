"""Simulated skin has the level and the responses that were asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from arousal.recording import Kind
from arousal.simulate import Level, SimulationSettings, simulate
from arousal.simulate.skin import Responses, conductance, draw_responses
from arousal.simulate.traits import draw_traits

SECONDS = 36_000
TRAITS = replace(draw_traits(np.random.default_rng(1)), scr_amplitude=0.2)


@pytest.mark.parametrize("rate", [1.0, 3.0, 6.0, 12.0])
def test_responses_come_at_the_rate_asked_for(rate: float) -> None:
    rng = np.random.default_rng(21)
    responses = draw_responses(np.full(SECONDS, rate), 0.2, True, rng)
    counted = responses.counted().size / (SECONDS / 60)
    # Four standard errors of a Poisson count; the dead time makes it more regular, not less.
    assert counted == pytest.approx(rate, abs=4 * np.sqrt(rate * 60 / SECONDS))
    assert np.diff(responses.onsets).min() >= 1.5


def test_some_responses_stay_below_the_threshold_and_are_not_counted() -> None:
    rng = np.random.default_rng(22)
    responses = draw_responses(np.full(SECONDS, 6.0), 0.2, True, rng)
    small = (responses.amplitudes < 0.05).mean()
    assert 0.005 < small < 0.06
    assert responses.counted().size == (responses.amplitudes >= 0.05).sum()


def test_a_non_responder_has_no_response_at_the_threshold() -> None:
    rng = np.random.default_rng(23)
    responses = draw_responses(np.zeros(SECONDS), 0.2, False, rng)
    assert responses.onsets.size > 100
    assert responses.counted().size == 0


def test_one_response_is_as_high_as_the_truth_says() -> None:
    times = np.arange(0, 120, 0.25)
    level = np.full(121, np.log(5.0))
    one = Responses(np.array([40.0]), np.array([0.5]))
    values = conductance(one, level, np.zeros(121), TRAITS, times, np.random.default_rng(24))
    assert values[times < 40].mean() == pytest.approx(5.0, abs=0.001)
    assert values.max() - 5.0 == pytest.approx(0.5, abs=0.02)
    peak = np.log(2.0 / 0.7) * 2.0 * 0.7 / 1.3
    assert times[values.argmax()] == pytest.approx(40.0 + peak, abs=0.3)


@pytest.mark.parametrize("rate", [1.0, 6.0])
def test_mean_conductance_is_the_level_and_not_the_level_plus_its_responses(rate: float) -> None:
    rng = np.random.default_rng(25)
    rates = np.full(SECONDS, rate)
    responses = draw_responses(rates, 0.2, True, rng)
    times = np.arange(0, SECONDS - 1, 0.25)
    level = np.full(SECONDS, np.log(5.0))
    values = conductance(responses, level, rates, TRAITS, times, rng)
    assert values.mean() == pytest.approx(5.0, rel=0.004)


def test_loose_flat_and_pushed_electrodes_look_as_planned() -> None:
    settings = SimulationSettings(signals=(Kind.EDA,), artefacts=Level.USUAL)
    session = simulate("balint-90", 10, 7, settings)
    faults = {f.what: f for f in session.truth.faults}
    assert {"loose", "flat", "bump", "no_response"} <= set(faults)
    for what, fault in faults.items():
        eda = session.recording.person(fault.person).signals[0]
        inside = eda.values[(eda.times >= fault.onset) & (eda.times < fault.end)]
        if what == "loose":
            assert np.median(inside) < 0.05
        elif what == "flat":
            assert np.ptp(inside) == 0
        elif what == "bump":
            assert inside.max() - inside[0] > 3.0


def test_a_non_responder_is_one_member_and_the_truth_knows() -> None:
    session = simulate("balint-90", 10, 7)
    (fault,) = [f for f in session.truth.faults if f.what == "no_response"]
    silent = [b for b in session.truth.bodies if b.responses.counted().size == 0]
    assert [b.seat.person for b in silent] == [fault.person]
    assert session.truth.effect(fault.person, "discussion", "scr_rate") == 0
