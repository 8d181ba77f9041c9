from __future__ import annotations

import math

import numpy as np
import pytest

from arousal.phase_align import build_timeline
from arousal.protocol import load_protocol
from arousal.recording import Event
from tests.phase_align.made import codes, timeline

PEOPLE = {"P1": "member", "P2": "member", "L1": "leader"}


def points(*marks):
    return timeline((0, "opening"), *marks, end=3600, people=PEOPLE)


def test_an_intervention_has_its_type_its_actor_and_its_target():
    line = points((100, "intervention/empathy/L1/P2 ago=5"))
    (found,) = line.interventions
    assert (found.onset, found.type, found.actor, found.target) == (95, "empathy", "L1", "P2")


def test_an_unknown_type_is_reported_with_the_closest_and_not_used():
    line = points((100, "intervention/empaty/L1"), (200, "incident/moves/P1"))
    assert line.interventions == line.incidents == ()
    hints = {f.code: f.hint for f in line.findings}
    assert hints["intervention-unknown"] == "closest: empathy"
    assert hints["incident-unknown"] == "closest: movement"


def test_probes_and_incidents_are_read():
    line = points((100, "probe/P1/7"), (200, "incident/movement/P2"), (300, "incident/break"))
    assert [(p.actor, p.value) for p in line.probes] == [("P1", 7.0)]
    assert [(p.type, p.actor) for p in line.incidents] == [("movement", "P2"), ("break", "")]


def test_a_silence_lasts_from_its_start_to_its_end():
    line = points((100, "silence/start"), (160, "silence/end"))
    assert [(s.onset, s.duration) for s in line.silences] == [(100, 60)]


def test_a_silence_without_an_end_has_no_known_length():
    line = points((100, "silence/start"))
    assert math.isnan(line.silences[0].duration)
    assert "silence-unclosed" in codes(line)


def test_speech_turns_are_arrays_per_person():
    line = points(
        (100, "speech/P1/start"), (110, "speech/P2/start"), (130, "speech/P1/end"),
        (140, "speech/P2/end"), (200, "speech/P1/start"), (260, "speech/P1/end"),
    )  # fmt: skip
    np.testing.assert_array_equal(line.speech["P1"], [[100, 130], [200, 260]])
    np.testing.assert_array_equal(line.speech["P2"], [[110, 140]])


@pytest.mark.parametrize(
    ("marks", "code"),
    [
        (((100, "speech/P1/start"),), "speech-unclosed"),
        (((100, "speech/P1/end"),), "turn-unopened"),
        (((100, "silence/end"),), "turn-unopened"),
    ],
)
def test_half_a_turn_is_reported_and_left_out(marks, code):
    line = points(*marks)
    assert line.speech == {}
    assert line.silences == ()
    assert code in codes(line)


def test_a_turn_that_begins_twice_begins_the_first_time():
    line = points((100, "silence/start"), (105, "silence/start"), (160, "silence/end"))
    assert [(s.onset, s.duration) for s in line.silences] == [(100, 60)]
    assert "turn-repeated" in codes(line)


def test_an_event_with_a_duration_needs_no_end():
    marks = [Event(100, "speech/P1/start", 12.5, "a"), Event(0, "opening", id="b")]
    line = build_timeline(marks, load_protocol("balint-90"), None, start=0, end=500)
    np.testing.assert_array_equal(line.speech["P1"], [[100, 112.5]])


def test_people_who_are_not_in_the_roster_are_reported_once_and_kept():
    line = points((100, "intervention/empathy/L1/P77"), (200, "probe/P77/3"))
    found = [f for f in line.findings if f.code == "person-unknown"]
    assert [f.where for f in found] == ["P77"]
    assert "2 mark(s)" in found[0].message
    assert len(line.probes) == 1
