"""A contrast is one number per case block, as worked out by hand, or a reason why there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from arousal.hypothesis.contrasts import contrast_table
from arousal.phase_align import phase_table
from tests.hypothesis.made_sessions import (
    DISCUSSION,
    PEOPLE,
    PRESENTER,
    everybody,
    falling,
    hypothesis,
    row,
    session,
    silent,
    timeline,
)
from tests.phase_align import made

SLOPE = -0.002
LEFT = DISCUSSION[1] - DISCUSSION[0] - 120.0
"""Seconds of the discussion that remain without its edge."""


def presents(course, others):
    """The presenter's course, and the others'."""
    return {p: course if p == PRESENTER else others for p in PEOPLE}


def test_the_fall_over_thirds_is_that_of_a_straight_line():
    courses = presents({"heart_rate": falling(SLOPE)}, {"heart_rate": falling(0)})
    found = row(session(courses), hypothesis())
    assert found["value"] == pytest.approx(-SLOPE * LEFT * 2 / 3, rel=1e-9)
    assert (found["n_members"], found["excluded"], found["presenter"]) == (3, False, PRESENTER)


def test_what_drifts_in_everyone_is_not_there_in_presenter_minus_members():
    found = row(session(everybody("heart_rate", falling(SLOPE))), hypothesis())
    assert found["value"] == pytest.approx(0, abs=1e-9)
    plain = row(session(everybody("heart_rate", falling(SLOPE))), hypothesis({"who": "presenter"}))
    assert plain["value"] > 3


def test_a_straight_drift_is_not_there_in_a_balanced_shape():
    terms = [
        {"phase": "discussion", "part": part, "weight": w}
        for part, w in (("first", -1), ("middle", 2), ("last", -1))
    ]
    file = hypothesis({"who": "members", "terms": terms})
    found = row(session(everybody("heart_rate", falling(SLOPE))), file)
    assert found["value"] == pytest.approx(0, abs=1e-9)


def test_everybodys_own_level_does_not_matter():
    own = {p: {"heart_rate": falling(SLOPE, 50 + 13 * i)} for i, p in enumerate(PEOPLE)}
    assert row(session(own), hypothesis())["value"] == pytest.approx(0, abs=1e-9)


def test_hrv_is_turned_round_so_that_up_is_more_arousal():
    courses = presents({"ln_rmssd": falling(0.0005, 3.0)}, {"ln_rmssd": falling(0, 3.0)})
    found = row(session(courses), hypothesis({"measures": ["ln_rmssd"]}))
    assert found["value"] == pytest.approx(0.0005 * LEFT * 2 / 3, rel=1e-9)
    assert found["unit"] == "ln ms"


def test_whole_phases_differ_as_in_the_phase_table():
    line = timeline()
    levels = {"presentation": 85.0, "baseline": 66.0, "return": 71.5, "questions": 77.0}
    courses = everybody("heart_rate", made.steps(line, levels, 70.0, noise=1.0))
    frames = session(courses)
    table = phase_table(
        frames.features, frames.short, line, frames.protocol, frames.settings
    ).set_index(["person", "phase", "measure"])["value"]
    for first, second in (("presentation", "baseline"), ("questions", "return")):
        terms = [{"phase": first, "weight": 1}, {"phase": second, "weight": -1}]
        found = row(frames, hypothesis({"who": "presenter", "terms": terms}))
        expected = table[PRESENTER, first, "heart_rate"] - table[PRESENTER, second, "heart_rate"]
        assert found["value"] == pytest.approx(expected, rel=1e-9)


def test_the_edges_are_those_of_the_hypothesis():
    def jump(t):
        return np.where(t < DISCUSSION[0] + 400, 90.0, 70.0)

    courses = presents({"heart_rate": jump}, {"heart_rate": falling(0)})
    early = row(session(courses), hypothesis())["value"]
    late = row(session(courses), hypothesis(edges={"discussion": 460}))["value"]
    assert early > 5
    assert late == pytest.approx(0, abs=1e-9)


def test_quiet_windows_alone_enter_where_asked():
    def talk(t):  # every second five minutes
        return np.where((t // 300) % 2 == 0, 0.9, 0.05)

    def louder(t):
        return 70.0 + 20 * talk(t) * (t > DISCUSSION[0] + LEFT / 2)

    members = {"heart_rate": louder, "speech_fraction": talk}
    courses = presents({"heart_rate": falling(0), "speech_fraction": silent()}, members)
    quiet = row(session(courses), hypothesis({"speech": "quiet"}))
    assert quiet["value"] == pytest.approx(1.0, abs=0.3)
    assert row(session(courses), hypothesis())["value"] > 5


def test_what_was_said_aloud_is_no_lost_data():
    def talk(t):  # talks through all but three minutes of the first third
        return np.where((t > DISCUSSION[0] + 300) & (t < DISCUSSION[0] + 900), 0.9, 0.0)

    quiet = hypothesis({"speech": "quiet"})
    talker = {"heart_rate": falling(SLOPE), "speech_fraction": talk}
    courses = presents(talker, {"heart_rate": falling(0), "speech_fraction": silent()})
    assert not row(session(courses), quiet)["excluded"]
    lost = {**talker, "heart_rate": gone(falling(SLOPE), DISCUSSION[0], DISCUSSION[0] + 240)}
    courses = presents(lost, {"heart_rate": falling(0), "speech_fraction": silent()})
    assert (
        "% of the quiet windows of discussion/first are valid"
        in (row(session(courses), quiet)["reason"])
    )


def test_unknown_speech_is_refused_or_kept_as_the_file_says():
    frames = session(everybody("heart_rate", falling(SLOPE)))
    refused = row(frames, hypothesis({"speech": "quiet"}))
    assert refused["reason"] == "presenter: nobody recorded who spoke in discussion/first"
    kept = row(frames, hypothesis({"speech": "quiet"}, speech={"unknown": "keep"}))
    assert not kept["excluded"]


def talkative(own, phase_effect):
    """A presenter whose heart follows their talking by ``own`` bpm, and the presentation."""
    line = timeline()
    share = {"presentation": 0.9, "questions": 0.5, "return": 0.4, "opening": 0.2}

    def talk(t):
        usual = made.steps(line, share, 0.05)(t)
        return np.clip(usual + 0.3 * np.sin(t / 40.0) * (usual > 0.1), 0, 1)

    def heart(t):
        level = made.steps(line, {"presentation": phase_effect}, 0.0)(t)
        return 70.0 + level + own * talk(t)

    return {"heart_rate": heart, "speech_fraction": talk}


TELLING = [{"phase": "presentation", "weight": 1}, {"phase": "baseline", "weight": -1}]


@pytest.mark.parametrize("phase_effect", [0.0, 6.0, -6.0])
def test_adjusting_takes_out_talking_and_leaves_the_phase(phase_effect):
    courses = presents(talkative(8.0, phase_effect), {"heart_rate": falling(0)})
    contrast = {"who": "presenter", "terms": TELLING}
    adjusted = row(session(courses), hypothesis({**contrast, "speech": "adjusted"}))
    assert adjusted["value"] == pytest.approx(phase_effect, abs=1e-6)
    ignored = row(session(courses), hypothesis(contrast))
    assert ignored["value"] - phase_effect > 5


def test_matching_compares_windows_with_as_much_own_speech():
    courses = presents(talkative(8.0, 5.0), {"heart_rate": falling(0)})
    terms = [{"phase": "presentation", "weight": 1}, {"phase": "return", "weight": -1}]
    contrast = {"who": "presenter", "terms": terms, "speech": "matched"}
    found = row(session(courses), hypothesis(contrast))
    assert found["value"] == pytest.approx(5.0, abs=1e-6)
    whole = row(session(courses), hypothesis({**contrast, "speech": "adjusted"}))
    assert found["n_windows"] < whole["n_windows"]


def test_matching_says_where_nothing_matches():
    line = timeline()
    talk = made.steps(line, {"presentation": 0.95, "questions": 0.5, "opening": 0.5}, 0.02)
    wobble = {
        "speech_fraction": lambda t: np.clip(talk(t) + 0.45 * (talk(t) == 0.5) * np.sin(t), 0, 1)
    }
    courses = presents({"heart_rate": falling(0), **wobble}, {})
    terms = [{"phase": "presentation", "weight": 1}, {"phase": "return", "weight": -1}]
    found = row(
        session(courses), hypothesis({"who": "presenter", "terms": terms, "speech": "matched"})
    )
    assert found["reason"] == ("presenter: too few windows with as much own speech in both phases")


def test_a_slope_is_refused_where_own_speech_hardly_varies_within_phases():
    line = timeline()
    talk = made.steps(line, {"presentation": 0.95}, 0.0)
    courses = presents({"heart_rate": falling(0), "speech_fraction": talk}, {})
    found = row(
        session(courses), hypothesis({"who": "presenter", "terms": TELLING, "speech": "adjusted"})
    )
    assert "varies too little within phases" in found["reason"]


def gone(course, onset, end):
    """The course without a value between two times."""
    return lambda t: np.where((t > onset) & (t < end), np.nan, course(t))


@pytest.mark.parametrize(
    ("courses", "said"),
    [
        (
            {"heart_rate": gone(falling(0), 2280, 2900)},
            "presenter: 17% of the windows of discussion/first are valid, 50% are needed",
        ),
        (
            {"heart_rate": gone(falling(0), 2280, 3100)},
            "presenter: no valid window in discussion/first",
        ),
        ({"ln_scl": falling(0)}, "presenter: no valid window in discussion/first"),
    ],
)
def test_what_is_missing_is_told_with_its_numbers(courses, said):
    found = row(session(presents(courses, {"heart_rate": falling(0)})), hypothesis())
    assert np.isnan(found["value"])
    assert found["reason"] == said


def test_a_part_needs_enough_seconds():
    loose = hypothesis(exclusions={"min_valid": 0.0, "min_seconds_fast": 300})
    courses = presents({"heart_rate": gone(falling(0), 2280, 2900)}, {"heart_rate": falling(0)})
    assert (
        "s of discussion/first are covered by valid windows, 300 s are needed"
        in (row(session(courses), loose)["reason"])
    )


def test_too_few_members_with_a_value_leave_the_block_out():
    courses = everybody("heart_rate", falling(0))
    courses["P03"] = {"heart_rate": gone(falling(0), 2280, 3100)}
    found = row(session(courses), hypothesis())
    assert found["reason"] == (
        "2 of 3 members have a value, 3 are needed "
        "(most often: no valid window in discussion/first)"
    )
    two = hypothesis(exclusions={"min_members": 2})
    assert row(session(courses), two)["n_members"] == 2


def test_nobody_but_the_presenter_is_told():
    found = row(session({PRESENTER: {"heart_rate": falling(0)}}), hypothesis())
    assert found["reason"] == "0 of 0 members have a value, 3 are needed"


def test_leaders_are_no_members():
    courses = {**everybody("heart_rate", falling(0)), "L01": {"heart_rate": falling(SLOPE)}}
    found = row(session(courses), hypothesis())
    assert (found["value"], found["n_members"]) == (pytest.approx(0, abs=1e-9), 3)


def test_a_case_without_presenter_and_a_presenter_without_data_are_told():
    marks = [(t, f"phase/{name}") for t, name in made.BALINT_90]
    frames = session(everybody("heart_rate", falling(0)), timeline=made.timeline(*marks))
    assert row(frames, hypothesis())["reason"] == "no presenter was marked"
    others = {p: {"heart_rate": falling(0)} for p in PEOPLE if p != PRESENTER}
    assert row(session(others), hypothesis())["reason"] == (
        "presenter: no usable window of this measure"
    )


def test_persons_and_sessions_that_the_file_leaves_out_stay_out_with_the_reason():
    frames = session(everybody("heart_rate", falling(0)))
    out = hypothesis(exclusions={"persons": {PRESENTER: "beta blocker"}})
    assert row(frames, out)["reason"] == "presenter: P01 is left out by the file: beta blocker"
    out = hypothesis(exclusions={"persons": {"P03": "x"}, "min_members": 2})
    assert row(frames, out)["n_members"] == 2
    out = hypothesis(exclusions={"sessions": {"s1": "fire alarm"}})
    found = row(frames, out)
    assert (found["block"], found["reason"]) == (0, "left out by the file: fire alarm")


def test_people_without_any_skin_response_stay_out_of_skin_measures():
    courses = everybody("scr_rate", falling(0, 4.0))
    frames = session(courses)
    flagged = frames.features["person"] == PRESENTER
    frames.features.loc[flagged, "eda_reasons"] = "cold;non-responder"
    file = hypothesis({"measures": ["scr_rate"]})
    assert row(frames, file)["reason"] == "presenter: P01 showed no skin response all session"
    kept = hypothesis({"measures": ["scr_rate"]}, exclusions={"non_responders": False})
    assert not row(frames, kept)["excluded"]


def test_another_protocol_and_a_session_without_a_case_are_left_out():
    frames = session(everybody("heart_rate", falling(0)))
    other = row(
        session({PRESENTER: {"heart_rate": falling(0)}}, timeline=made.timeline()), hypothesis()
    )
    assert other["reason"] == "no case was marked"
    from dataclasses import replace

    from arousal.protocol import load_protocol

    found = row(replace(frames, protocol=load_protocol("balint-60")), hypothesis())
    assert found["reason"] == "its protocol is balint-60, not balint-90"


def test_a_phase_that_was_not_marked_is_told():
    marks = [(t, f"phase/{name}") for t, name in made.BALINT_90 if name != "baseline"]
    line = made.timeline(*marks, (960.0, f"presenter/{PRESENTER}"), people={"P01": "member"})
    frames = session(everybody("heart_rate", falling(0)), timeline=line)
    found = row(frames, hypothesis({"who": "presenter", "terms": TELLING}))
    assert found["reason"] == "presenter: baseline has no mark"


def test_each_case_of_an_evening_has_its_own_presenter():
    from arousal.protocol import load_protocol

    marks = [
        (0, "phase/presentation"),
        (600, "phase/questions"),
        (900, "phase/discussion"),
        (2400, "phase/return"),
        (2700, "phase/presentation"),
        (3300, "phase/questions"),
        (3600, "phase/discussion"),
        (5100, "phase/return"),
        (10, "presenter/P01"),
        (2710, "presenter/P02"),
    ]
    roles = dict.fromkeys(PEOPLE, "member")
    line = made.timeline(*marks, protocol="balint-90-two-cases", end=5400.0, people=roles)
    own = presents({"heart_rate": falling(SLOPE)}, {"heart_rate": falling(0)})
    frames = session(own, timeline=line, protocol=load_protocol("balint-90-two-cases"))
    from dataclasses import replace

    file = replace(hypothesis(), protocol_ids=("balint-90-two-cases",))
    table = contrast_table([frames], file)
    assert table["presenter"].tolist() == ["P01", "P02"]
    fall = -SLOPE * (1500 - 120) * 2 / 3
    assert table["value"].tolist() == pytest.approx([fall, -fall / 3])


def test_ratings_of_the_group_are_contrasted_like_anything_else():
    onset = np.arange(960.0, 4500.0, 60.0)
    late = (onset > 3800) * 0.6
    ratings = pd.DataFrame(
        {"person": "group", "onset": onset, "duration": 60.0, "measure": "self_other"}
    ).assign(value=-0.5 + late)
    contrast = {
        "who": "group",
        "status": "secondary",
        "measures": ["self_other"],
        "terms": [
            {"phase": "discussion", "part": "last", "weight": 1},
            {"phase": "presentation", "weight": -1},
        ],
    }
    frames = session(everybody("heart_rate", falling(0)), ratings=ratings)
    found = row(frames, hypothesis(contrast))
    assert found["value"] == pytest.approx(0.6)
    assert found["unit"] == ""
    bare = row(session(everybody("heart_rate", falling(0))), hypothesis(contrast))
    assert bare["reason"] == "no ratings"


def test_no_session_gives_an_empty_table():
    assert contrast_table([], hypothesis()).empty
