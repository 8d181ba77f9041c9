"""Synchrony needs more than chance and more than a common agenda."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.hypothesis.calibration_synchrony import Strangers, strangers
from arousal.hypothesis.group_synchrony import phase_synchrony, synchrony_tests
from arousal.hypothesis.phase_groups import PhaseGroup
from arousal.hypothesis.units import Repeats

SECONDS = 900


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def group(seed, *, together=0.0, agenda=None, session="s1", persons=3, seconds=SECONDS, **more):
    values = strangers("ar92", (persons, seconds), rng(seed), Strangers())
    if together:
        values += together * strangers("ar80", (1, seconds), rng(seed + 500), Strangers())
    if agenda is not None:
        values += agenda[:seconds]
    given = {"presenter": 0, "speech": np.zeros_like(values), **more}
    names = given.pop("names", tuple(f"{session}-{i}" for i in range(persons)))
    return PhaseGroup(session, 1, "discussion", "heart_rate", names, values=values, **given)


def sessions(count, **more):
    return [group(10 + i, session=f"s{i}", **more) for i in range(count)]


def by_method(found):
    return {f.method: f for f in found}


def test_a_room_that_moves_together_is_above_chance_and_agenda():
    found = by_method(synchrony_tests(sessions(6, together=0.7), rng=rng(), draws=29))
    assert set(found) == {"leave-one-out", "windowed", "presenter-group"}
    for test in found.values():
        assert test.n == 6
        assert test.p < 0.01
        assert test.p == max(test.p_chance, test.p_agenda)
        assert test.low > 0
        assert test.status == "exploratory"


def test_a_common_agenda_is_above_chance_and_is_not_called_synchrony():
    agenda = 1.5 * strangers("ar80", (1, SECONDS), rng(99), Strangers())
    found = by_method(synchrony_tests(sessions(6, agenda=agenda), rng=rng(), draws=29))
    for test in found.values():
        assert test.p_chance < 0.01
        assert test.p_agenda > 0.05
        assert test.p == test.p_agenda
        assert abs(test.above_agenda) < test.above_chance / 3


def test_one_session_is_held_against_its_own_segments_only():
    found = by_method(phase_synchrony(group(3, together=0.9), rng=rng(), draws=99))
    for told in found.values():
        assert told.p == pytest.approx(0.01)
        assert told.r > told.expected
        assert (told.persons, told.exploratory, told.audience) == (3, True, "researcher")
    assert found["windowed"].expected > 0.2  # the highest of eleven correlations
    assert abs(found["leave-one-out"].expected) < 0.1


def test_fewer_than_six_blocks_are_described():
    (loo, *_) = synchrony_tests(sessions(3), rng=rng(), draws=9)
    assert loo.n == 3
    assert np.isfinite(loo.above_agenda)
    assert np.isnan(loo.p)
    assert loo.reason == "3 blocks, 6 are needed"


def test_one_session_has_no_pseudo_groups():
    (loo, *_) = synchrony_tests(sessions(1), rng=rng(), draws=9)
    assert "need other sessions" in loo.reason


def test_groups_that_meet_again_count_once():
    repeats = Repeats("group", groups={"s0": "g1", "s1": "g1"})
    (loo, *_) = synchrony_tests(sessions(6), rng=rng(), draws=9, repeats=repeats)
    assert loo.n == 5
    assert loo.reason == ("6 blocks make 5 independent units, because people repeat, 6 are needed")


def test_nobody_is_their_own_company_across_sessions():
    # The same three people in every session, each with a signature of their own.
    own = strangers("ar80", (3, SECONDS), rng(7), Strangers())
    met = [
        group(10 + i, session=f"s{i}", agenda=2.0 * own, names=("A", "B", "C")) for i in range(6)
    ]
    (loo, *_) = synchrony_tests(met, rng=rng(), draws=9)
    # Were A compared with A of another session, rooms would look far less alike than strangers.
    assert abs(loo.above_agenda) < 0.1


def test_people_without_whole_segments_are_left_out_with_the_reason():
    values = strangers("ar92", (3, SECONDS), rng(8), Strangers())
    values[1:, ::50] = np.nan
    lonely = PhaseGroup(
        "s1", 1, "questions", "heart_rate", ("A", "B", "C"), 1, values, np.zeros_like(values)
    )
    found = by_method(phase_synchrony(lonely, rng=rng(), draws=9))
    assert "1 of 3 people have 5 whole segments of 60 s" in found["leave-one-out"].reason
    assert "the presenter has fewer than" in found["presenter-group"].reason


def test_without_a_presenter_there_is_no_presenter_group_coupling():
    assert "presenter-group" not in by_method(
        phase_synchrony(group(9, presenter=None), rng=rng(), draws=9)
    )


def test_taking_turns_is_no_synchrony_once_own_speech_is_taken_out():
    turn = (np.arange(SECONDS) // 15) % 2
    talk = np.array([turn, 1 - turn], dtype=float)
    quiet = strangers("ar92", (2, SECONDS), rng(11), Strangers())
    values = quiet + 4.0 * talk

    def told(speech):
        heard = PhaseGroup("s1", 1, "discussion", "heart_rate", ("A", "B"), None, values, speech)
        return by_method(phase_synchrony(heard, rng=rng(), draws=49))["leave-one-out"]

    plain, adjusted = told(np.full_like(talk, np.nan)), told(talk)
    assert plain.r < -0.5
    assert not plain.speech
    assert abs(adjusted.r) < 0.2
    assert adjusted.speech


def test_sessions_of_different_length_are_compared_as_far_as_two_go():
    mixed = [*sessions(6, seconds=600), group(50, session="long", seconds=1800)]
    (loo, *_) = synchrony_tests(mixed, rng=rng(), draws=9)
    assert loo.n == 7
    assert np.isfinite(loo.above_agenda)
