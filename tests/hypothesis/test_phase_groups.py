"""Second by second: means over time, never across a gap, and only those who do not lead."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.features import PersonPhysiology, Responses
from arousal.features.beats import BeatRun, collect_beats
from arousal.features.electrodermal import Electrodermal
from arousal.hypothesis.phase_groups import heart_rate_seconds, phase_groups, scr_seconds
from arousal.recording import Kind
from tests.hypothesis.walks import PEOPLE, line_of, walking
from tests.phase_align.made import BALINT_90, BALINT_90_END


def beats(*stretches):
    """Beats at the given times; each stretch is one run."""
    runs = []
    for times in stretches:
        at = np.asarray(times, dtype=float)
        none = np.zeros(at.size, dtype=bool)
        runs.append(BeatRun(at, at, none, none))
    return collect_beats(Kind.RR, "made", runs)


def skin(onsets, spans, counts=True):
    at = np.asarray(onsets, dtype=float)
    return Electrodermal(
        "made",
        "finger",
        0.05,
        np.empty(0),
        np.empty(0),
        np.asarray(spans, dtype=float).reshape(-1, 2),
        Responses(at, at + 1.0, np.full(at.size, 0.2)),
        counts,
    )


def test_a_second_holds_the_time_weighted_mean_of_its_intervals():
    # 0.5 s at 120 bpm and then 0.8 s at 75 bpm: the second from 0 to 1 is half one, half other.
    found = heart_rate_seconds(beats([0.0, 0.5, 1.3, 2.1, 2.9, 3.7]), 0.0, 4)
    assert found[0] == pytest.approx(0.5 * 120 + 0.5 * 75)
    assert found[1:3].tolist() == pytest.approx([75.0, 75.0])
    assert np.isnan(found[3])  # 0.7 s of it are covered


def test_nothing_is_drawn_across_a_gap():
    first, second = np.arange(0.0, 10.1, 0.8), np.arange(20.0, 30.1, 0.8)
    found = heart_rate_seconds(beats(first, second), 0.0, 30)
    assert np.isfinite(found[:9]).all()
    assert np.isnan(found[10:20]).all()
    np.testing.assert_allclose(found[np.isfinite(found)], 75.0)
    assert np.isnan(heart_rate_seconds(beats(), 0.0, 5)).all()


def test_responses_are_counted_over_ten_seconds_of_usable_skin():
    found = scr_seconds(skin([12.0, 13.0, 40.0], [(0.0, 60.0)]), 0.0, 60)
    assert found[12] == 12.0  # two in the ten seconds around 12.5
    assert found[40] == 6.0
    assert found[25] == 0.0
    assert np.isnan(found[:4]).all()
    assert np.isnan(found[56:]).all()
    assert np.isnan(scr_seconds(skin([12.0], [(0.0, 60.0)], counts=False), 0.0, 60)).all()
    assert np.isnan(scr_seconds(skin([], [(0.0, 8.0)]), 0.0, 8)).all()


def physiologies():
    regular = beats(np.arange(0.0, BALINT_90_END, 0.8))
    return [PersonPhysiology(p, beats=regular) for p in PEOPLE]


def test_a_phase_holds_those_who_do_not_lead_and_knows_who_presents():
    line = line_of(BALINT_90, (), BALINT_90_END)
    protocol = walking(1).protocol
    speech = {"P02": np.array([[2300.0, 2310.5]])}
    found = {g.phase: g for g in phase_groups("s1", physiologies(), line, protocol, speech=speech)}
    talked = found["discussion"]
    assert talked.persons == ("P01", "P02", "P03", "P04", "P05")
    assert talked.presenter == 0
    assert talked.values.shape == (5, 4560 - 2160 - 120)
    assert talked.speech[1, 20:31].tolist() == [1.0] * 10 + [0.5]
    assert talked.speech.sum() == pytest.approx(10.5)
    assert found["opening"].presenter is None
    assert {g.signal for g in found.values()} == {"heart_rate"}


def test_unknown_speech_stays_unknown_and_people_without_data_are_left_out():
    line = line_of(BALINT_90, (), BALINT_90_END)
    people = [*physiologies(), PersonPhysiology("P09")]
    found = phase_groups("s1", people, line, walking(1).protocol)
    assert all(np.isnan(g.speech).all() for g in found)
    assert all("P09" not in g.persons for g in found)
    assert phase_groups("s1", [PersonPhysiology("P09")], line, walking(1).protocol) == ()
