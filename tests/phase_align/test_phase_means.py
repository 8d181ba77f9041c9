from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from arousal.phase_align import phase_table
from arousal.protocol import load_protocol
from arousal.recording import Kind, Signal
from arousal.settings import AlignSettings, Settings
from arousal.tables import PHASES
from tests.phase_align.made import BALINT_90, constant, features, steps, timeline

BALINT = load_protocol("balint-90")
DEFAULT = Settings()
PEOPLE = {"P1": "member", "P2": "member", "P3": "member", "P4": "member", "L1": "leader"}
MARKS = (*BALINT_90, (900, "presenter/P1"), (5520, "end"))
LINE = timeline(*MARKS, people=PEOPLE)
END = 5520.0


def drop(course, *spans: tuple[float, float]):
    def holed(t):
        missing = np.zeros(t.shape, dtype=bool)
        for a, b in spans:
            missing |= (t >= a) & (t < b)
        return np.where(missing, np.nan, course(t))

    return holed


def table(people, line=LINE, settings=DEFAULT, protocol=BALINT, **more):
    ordinary = features(people, line.end)
    short = features(people, line.end, durations=(30.0,))
    found = phase_table(ordinary, short, line, protocol, settings, **more)
    PHASES.check(found)
    return found.set_index(["person", "phase", "measure"]).sort_index()


def test_a_phase_mean_is_the_planted_change_with_its_windows_and_coverage():
    levels = {"presentation": 82.0, "discussion": 76.0}
    row = table({"P1": {"heart_rate": steps(LINE, levels, 70.0)}}).loc[
        ("P1", "presentation", "heart_rate")
    ]
    # 960-1740 s without 60 s: windows of 60 s begin at 1020, 1025, ..., 1680.
    assert (row["value"], row["n"], row["coverage"]) == (12.0, 133, 1.0)
    assert (row["unit"], row["baseline"], row["reason"]) == ("bpm", "baseline", "")
    assert (row["role"], row["block"]) == ("presenter", 1)


def test_the_edge_keeps_the_transition_out_of_the_mean():
    def slow(t):
        return np.where(t < 2160 + 120 + 30, 99.0, 70.0)

    found = table({"P1": {"heart_rate": slow}})
    assert found.loc[("P1", "discussion", "heart_rate"), "value"] == 70.0 - 99.0
    bare = Settings(align=AlignSettings(edge_discussion=1e-9))
    assert table({"P1": {"heart_rate": slow}}, settings=bare).loc[
        ("P1", "discussion", "heart_rate"), "value"
    ] > -29.0  # fmt: skip


def test_short_phases_take_rate_and_responses_from_short_windows():
    people = {
        "P1": {"heart_rate": constant(70.0), "scr_rate": constant(3.0), "ln_scl": constant(1)}
    }
    found = table(people).loc["P1"].loc["invitation"]
    # 840-960 s without 30 s: 30-s windows begin at 870, ..., 930; 60-s windows at 870, ..., 900.
    assert found["n"].to_dict()["heart_rate"] == 13
    assert found["n"].to_dict()["ln_scl"] == 7
    assert found.loc["heart_rate", "value"] == 0.0
    assert np.isnan(found.loc["ln_scl", "value"])
    assert found.loc["ln_scl", "reason"] == "90 s are covered by valid windows, 120 s are needed"


def test_exactly_half_of_the_windows_is_enough():
    # 133 windows begin from 1020 to 1680 s; 66 or 67 of them are kept.
    for last, counts in ((1350.0, False), (1355.0, True)):
        course = drop(constant(80.0), (last + 30, 1740))
        row = table({"P1": {"heart_rate": course}}).loc[("P1", "presentation", "heart_rate")]
        assert (row["n"], row["reason"] == "") == ((67 if counts else 66), counts)
    even = timeline(*[(t if p != "questions" else 1745, p) for t, p in MARKS], people=PEOPLE)
    row = table({"P1": {"heart_rate": drop(constant(80.0), (1385, 1745))}}, even).loc[
        ("P1", "presentation", "heart_rate")
    ]
    assert (row["n"], row["coverage"], row["reason"]) == (67, 0.5, "")


def test_half_of_the_windows_must_be_valid():
    line = timeline(*MARKS, people=PEOPLE)
    people = {"P1": {"heart_rate": drop(constant(70.0), (2160, 4000))}}
    row = table(people, line).loc[("P1", "discussion", "heart_rate")]
    assert np.isnan(row["value"])
    assert row["reason"] == "24% of its windows are valid, 50% are needed"
    assert row["coverage"] == pytest.approx(107 / 445)
    assert row["n"] == 107


def test_enough_windows_over_too_little_time_do_not_count():
    # 200 s of presentation without 30 s: 23 windows of 60 s, of which the last 12 cover 115 s.
    marks = ((0, "baseline"), (600, "presentation"), (800, "questions"), (1500, "discussion"))
    line = timeline(*marks, (3000, "return"), (3600, "end"), end=3600)
    people = {"P1": {"ln_scl": drop(constant(1.0), (600, 715))}}
    row = table(people, line).loc[("P1", "presentation", "ln_scl")]
    assert np.isnan(row["value"])
    assert (row["n"], row["coverage"]) == (12, pytest.approx(12 / 23))
    assert row["reason"] == "115 s are covered by valid windows, 120 s are needed"


def test_the_spread_of_a_person_is_one_standard_deviation_of_the_windows():
    row = table({"P1": {"heart_rate": steps(LINE, {}, 70.0, 2.0)}}).loc[
        ("P1", "discussion", "heart_rate")
    ]
    times = np.arange(2280.0, 4500.0 + 1, 5) + 30
    assert row["high"] - row["value"] == pytest.approx(np.std(2 * np.sin(times / 7), ddof=1))
    assert row["value"] - row["low"] == pytest.approx(row["high"] - row["value"])


def test_the_numbers_of_an_uncertain_phase_are_refused_with_the_reason():
    line = timeline((0, "baseline"), (600, "presentation"), (1500, "discussion"),
                    (3000, "return"), (3600, "end"), end=3600)  # fmt: skip
    found = table({"P1": {"heart_rate": constant(70.0)}}, line).loc["P1"]
    assert np.isnan(found.loc[("presentation", "heart_rate"), "value"])
    assert "questions has no mark" in found.loc[("presentation", "heart_rate"), "reason"]
    assert found.loc[("questions", "heart_rate"), "reason"] == "questions has no mark"
    assert found.loc[("discussion", "heart_rate"), "value"] == 0.0


def test_missing_phases_stand_at_their_place_in_the_order():
    line = timeline((0, "baseline"), (600, "presentation"), (1500, "discussion"),
                    (3000, "return"), (3600, "end"), end=3600)  # fmt: skip
    ordinary = features({"P1": {"heart_rate": constant(70.0)}}, 3600)
    found = phase_table(ordinary, ordinary, line, BALINT, DEFAULT)
    assert list(dict.fromkeys(found["phase"])) == [
        "baseline", "presentation", "questions", "discussion", "return",
    ]  # fmt: skip


def test_the_members_row_is_the_median_without_the_presenter():
    ups = {"P1": 40.0, "P2": 4.0, "P3": 8.0, "P4": 20.0, "L1": 50.0}
    people = {p: {"heart_rate": steps(LINE, {"discussion": 60 + u}, 60)} for p, u in ups.items()}
    found = table(people)
    row = found.loc[("members", "discussion", "heart_rate")]
    assert (row["value"], row["low"], row["high"], row["n"]) == (8.0, 6.0, 14.0, 3)
    assert found.loc[("members", "recovery", "heart_rate"), "n"] == 4


def test_a_member_without_a_value_does_not_count():
    people = {p: {"heart_rate": constant(70.0)} for p in ("P1", "P2", "P3")}
    people["P4"] = {"heart_rate": drop(constant(70.0), (2000, 5000))}
    found = table(people)
    assert found.loc[("members", "discussion", "heart_rate"), "n"] == 2
    assert found.loc[("members", "discussion", "ln_scl"), ["n", "reason"]].tolist() == [
        0, "no valid window",
    ]  # fmt: skip


def test_measures_that_are_missing_altogether_have_a_reason():
    found = table({"P1": {"heart_rate": constant(70.0)}}).loc["P1"]
    assert found.loc[("discussion", "ln_rmssd"), "reason"] == "no valid window"
    assert (
        found.loc[("discussion", "arousal_index"), "reason"]
        == "no part of the index is usable in every phase"
    )
    assert found.loc[("discussion", "ln_rmssd"), "baseline"] == "none"


def test_a_phase_too_short_for_a_window_says_so():
    people = {"P1": {"ln_rmssd": steps(LINE, {}, 3.5, 0.1)}}
    row = table(people).loc[("P1", "invitation", "ln_rmssd")]
    assert row["reason"] == "too short: without its edge it holds no window"
    assert row["n"] == 0


def test_the_index_of_a_phase_uses_values_whose_parts_lie_inside():
    people = {
        "P1": {
            "heart_rate": steps(LINE, {"discussion": 80}, 70, 1.0),
            "ln_rmssd": steps(LINE, {}, 3.5, 0.1),
        }
    }
    row = table(people).loc[("P1", "discussion", "arousal_index")]
    # lnRMSSD reaches 60 s to both sides: middles from 2340 to 4500 s.
    assert row["n"] == 433
    assert row["unit"] == "z"
    assert row["baseline"] == "baseline"
    assert row["value"] > 1


def test_without_any_reference_there_is_no_change():
    found = table({"P1": {}, "P2": {"heart_rate": constant(70.0)}})
    assert found.loc[("P1", "discussion", "heart_rate"), "reason"] == "no valid window"


def test_a_session_without_marks_has_one_row_per_measure():
    line = timeline(end=3600)
    found = table({"P1": {"heart_rate": steps(line, {}, 70, 1.0)}}, line)
    row = found.loc[("P1", "", "heart_rate")]
    assert row["baseline"] == "session"
    assert abs(row["value"]) < 0.1
    assert len(found.loc["P1"]) == 5


def test_a_phase_that_was_returned_to_pools_its_stretches():
    line = timeline((0, "session"), (600, "closing"), (1000, "session"), (1600, "end"),
                    protocol="mbt-group-90", end=1700)  # fmt: skip
    people = {"P1": {"heart_rate": lambda t: np.where(t < 800, 70.0, 80.0)}}
    row = table(people, line, protocol=load_protocol("mbt-group-90")).loc[
        ("P1", "session", "heart_rate")
    ]
    # Two stretches of 540 s inside their edges: 97 windows each.
    assert row["n"] == 194


def device(rate: float | None = 1.0, until: float = END) -> Signal:
    times = np.arange(10.0, until, 1.0)
    values = np.where((times >= 960) & (times < 1740), 90.0, 60.0)
    return Signal(Kind.HR, values, times, rate)


def test_the_devices_own_rate_is_a_plain_mean_between_the_bounds():
    found = table({"P1": {"heart_rate": constant(70.0)}}, device_hr={"P1": device()})
    row = found.loc[("P1", "presentation", "device_heart_rate")]
    assert (row["value"], row["n"], row["coverage"]) == (90.0, 780, 1.0)
    assert (row["baseline"], row["unit"]) == ("none", "bpm")
    baseline = found.loc[("P1", "baseline", "device_heart_rate")]
    assert baseline["coverage"] == pytest.approx(410 / 420)
    assert found.loc[("members", "opening", "device_heart_rate"), "value"] == 60.0


def test_a_device_that_fell_silent_gives_no_mean():
    found = table({"P1": {}}, device_hr={"P1": device(None, until=3000.0)})
    half = found.loc[("P1", "discussion", "device_heart_rate")]
    assert np.isnan(half["value"])
    # From 2160 to 3000 s of 2400 s, and the last value stands for 10 s.
    assert half["coverage"] == pytest.approx(849 / 2400)
    assert half["reason"] == "the device's values cover 35% of it, 50% are needed"
    gone = found.loc[("P1", "return", "device_heart_rate")]
    assert gone["reason"] == "the device gave no heart rate"


def test_somebody_who_wears_only_such_a_device_has_its_rows():
    found = table({"P1": {"heart_rate": constant(70.0)}}, device_hr={"P2": device()})
    assert set(found.loc["P2"].index.get_level_values("measure")) == {"device_heart_rate"}


def test_tables_of_nobody_are_empty():
    empty = features({"P1": {}}, END).iloc[:0]
    found = phase_table(empty, empty, LINE, BALINT, DEFAULT)
    pd.testing.assert_frame_equal(found, PHASES.empty())
