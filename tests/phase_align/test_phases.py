from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.findings import Severity
from arousal.phase_align import Correction, build_timeline
from arousal.protocol import load_protocol
from arousal.recording import Event
from tests.phase_align.made import BALINT_90, BALINT_90_END, codes, events, shape, timeline

TWO = "balint-90-two-cases"
CASE = ((600, "presentation"), (1200, "questions"), (1500, "discussion"), (3000, "return"))


def finding(line, code):
    return next(f for f in line.findings if f.code == code)


def test_a_complete_session_has_every_phase_and_nothing_to_report():
    line = timeline(*BALINT_90, (900, "presenter/P1"), (5520, "end"))
    onsets = [*(t for t, _ in BALINT_90), 5520]
    case = {"invitation", "presentation", "questions", "discussion", "return"}
    assert shape(line) == [
        (p, int(p in case), a, b) for (a, p), b in zip(BALINT_90, onsets[1:], strict=True)
    ]
    assert all(p.certain for p in line.phases)
    assert line.findings == ()


@pytest.mark.parametrize(
    "word", ["phase/discussion", "Push-Back", "Gruppendiskussion", "megbeszélés", "DISCUSSION "]
)
def test_a_phase_is_known_by_its_names_in_three_languages(word):
    assert timeline((100, word)).phase_at([100])[0] == "discussion"


def test_an_unknown_label_is_reported_with_the_closest_phase_and_not_used():
    line = timeline(*CASE, (700, "quesitons"), (3600, "end"), (1, "presenter/P1"))
    unknown = finding(line, "mark-unknown")
    assert "closest: questions" in unknown.hint
    assert "quesitons" in unknown.where
    assert "quesitons" not in unknown.message
    assert [p.phase for p in line.phases] == ["presentation", "questions", "discussion", "return"]


def test_a_mistyped_phase_makes_the_phase_around_it_uncertain():
    line = timeline(*CASE, (700, "quesitons"), (1300, "hello there"), (3600, "end"))
    certain = {p.phase: p.certain for p in line.phases}
    assert certain == {
        "presentation": False,
        "questions": True,
        "discussion": True,
        "return": True,
    }


def test_a_flood_of_foreign_markers_is_reported_in_few_lines():
    line = timeline(*[(t, f"stimulus {t % 50}") for t in range(1, 501)])
    found = [f for f in line.findings if f.code == "mark-unknown"]
    assert len(found) == 21
    assert "10 times" in found[0].message
    assert "30 more labels (300 marks)" in found[-1].message


def test_a_double_press_keeps_the_first_mark_and_is_only_a_note():
    line = timeline(*CASE, (1205, "questions"), (3600, "end"))
    assert line.interval("questions", 1).onset == 1200
    assert finding(line, "mark-duplicate").severity is Severity.NOTE


def test_the_same_phase_again_while_it_runs_keeps_the_first_and_warns():
    line = timeline(*CASE, (2000, "discussion"), (3600, "end"))
    assert [p.onset for p in line.intervals("discussion", 1)] == [1500]
    repeated = finding(line, "mark-duplicate")
    assert repeated.severity is Severity.WARNING
    assert "500 s later" in repeated.message
    assert all(p.certain for p in line.phases)


def test_a_wrong_key_put_right_within_ten_seconds_is_a_slip():
    line = timeline((600, "presentation"), (1197, "discussion"), (1200, "questions"), *CASE[2:])
    assert [(p.phase, p.onset) for p in line.phases] == [
        ("presentation", 600),
        ("questions", 1200),
        ("discussion", 1500),
        ("return", 3000),
    ]
    assert all(p.certain for p in line.phases)
    assert "mark-slip" in codes(line)
    assert "phase-missing" not in codes(line)


def test_a_phase_that_lasted_longer_than_ten_seconds_was_meant():
    marks = ((600, "presentation"), (1200, "discussion"), (1211, "questions"), (3000, "return"))
    line = timeline(*marks, (3600, "end"))
    assert "mark-slip" not in codes(line)
    assert "mark-out-of-order" in codes(line)
    assert "discussion" in {p.phase for p in line.phases}


def test_a_slip_that_goes_back_to_the_running_phase_leaves_it_whole():
    line = timeline(*CASE[:3], (2000, "return"), (2004, "discussion"), (3000, "return"))
    assert line.interval("discussion", 1).duration == 1500


def test_an_earlier_phase_is_kept_as_marked_and_both_sides_become_uncertain():
    line = timeline(*CASE, (3200, "discussion"), (3600, "closing"), (3700, "end"))
    assert [(p.phase, p.certain) for p in line.phases] == [
        ("presentation", True),
        ("questions", True),
        ("discussion", True),
        ("return", False),
        ("discussion", False),
        ("closing", True),
    ]
    assert "a second time" in finding(line, "mark-out-of-order").message
    assert line.interval("discussion", 1).onset == 1500


def test_a_missing_required_phase_makes_the_one_before_it_uncertain():
    line = timeline((600, "presentation"), (1500, "discussion"), (3000, "return"), (3600, "end"))
    assert [(p.phase, p.certain) for p in line.phases] == [
        ("presentation", False),
        ("discussion", True),
        ("return", True),
    ]
    assert "questions has no mark" in line.phases[0].note
    assert finding(line, "phase-missing").where == "questions"


def test_a_required_phase_missing_at_the_end_makes_the_last_phase_uncertain():
    line = timeline(*CASE[:3], (3600, "end"))
    assert not line.phases[-1].certain
    assert "return has no mark" in line.phases[-1].note


def test_missing_optional_phases_are_one_note():
    line = timeline(*CASE, (3600, "end"))
    found = finding(line, "phase-not-marked")
    assert found.severity is Severity.NOTE
    assert "baseline, opening, invitation, closing, recovery" in found.message


def test_without_an_end_mark_the_last_phase_ends_with_the_recording():
    line = timeline(*CASE, end=3600)
    assert line.phases[-1].end == 3600
    assert line.phases[-1].certain
    assert finding(line, "end-missing").severity is Severity.NOTE


def test_phases_after_the_end_mark_count_and_the_time_between_belongs_to_none():
    line = timeline(*CASE, (3600, "end"), (3700, "recovery"), (4000, "end"), end=4100)
    assert line.phase_at([3599, 3650, 3700, 4050]).tolist() == ["return", "", "recovery", ""]
    assert "mark-after-end" in codes(line)


def test_without_marks_the_session_is_one_unlabelled_stretch():
    line = timeline(end=1000)
    assert shape(line) == [("", 0, 0, 1000)]
    assert codes(line) == ["no-markers"]
    assert line.blocks == ()


def test_marks_outside_of_the_recording_are_reported_and_not_used():
    line = timeline(*CASE, (-43000, "opening"), (9000, "closing"), (3600, "end"))
    assert codes(line).count("mark-outside-recording") == 2
    assert "11:56:40 before" in finding(line, "mark-outside-recording").message
    assert {"opening", "closing"}.isdisjoint(p.phase for p in line.phases)


def test_a_phase_that_began_just_before_the_recording_begins_with_it():
    line = timeline((10, "baseline ago=30"), *CASE)
    assert (line.phases[0].phase, line.phases[0].onset) == ("baseline", 0)
    assert "mark-before-start" in codes(line)


def test_two_cases_are_numbered_and_complete():
    second = [(t + 2700, w) for t, w in CASE]
    line = timeline((300, "opening"), *CASE, *second, (6500, "closing"), protocol=TWO, end=6600)
    assert [(b.index, b.onset, b.end) for b in line.blocks] == [(1, 600, 3300), (2, 3300, 6500)]
    assert [p.block for p in line.phases] == [0, 1, 1, 1, 1, 2, 2, 2, 2, 0]
    assert all(p.certain for p in line.phases)


def test_the_invitation_opens_the_second_case():
    second = [(3200, "invitation"), *((t + 2700, w) for t, w in CASE)]
    line = timeline(*CASE, *second, protocol=TWO, end=6600)
    assert [(p.phase, p.block) for p in line.phases][4:6] == [
        ("invitation", 2),
        ("presentation", 2),
    ]
    assert line.blocks[0].end == 3200


def test_a_second_case_in_a_protocol_of_one_is_reported_and_not_made_up():
    line = timeline(*CASE, (3300, "presentation"), (3600, "end"))
    assert [b.index for b in line.blocks] == [1]
    assert "mark-out-of-order" in codes(line)
    assert [p.certain for p in line.intervals("presentation", 1)] == [True, False]


def test_one_case_in_a_protocol_of_two_is_a_note():
    line = timeline(*CASE, (3600, "end"), protocol=TWO)
    assert finding(line, "case-block-missing").severity is Severity.NOTE
    assert all(p.certain for p in line.phases)


def test_a_phase_missing_in_the_second_case_is_named_with_its_case():
    second = [(3300, "presentation"), (4200, "discussion"), (5700, "return")]
    line = timeline(*CASE, *second, (6000, "end"), protocol=TWO, end=6600)
    assert "questions of case 2" in finding(line, "phase-missing").message
    assert [p.certain for p in line.intervals("presentation", 2)] == [False]
    assert [p.certain for p in line.intervals("presentation", 1)] == [True]


def test_a_case_after_the_closing_is_a_case_against_the_order():
    second = [(t + 3000, w) for t, w in CASE]
    line = timeline(*CASE, (3500, "closing"), *second, (6500, "end"), protocol=TWO, end=6600)
    assert [b.index for b in line.blocks] == [1, 2]
    assert "mark-out-of-order" in codes(line)
    assert [p.certain for p in line.phases] == [True] * 4 + [False, False] + [True] * 3


def test_a_protocol_without_an_order_takes_phases_as_they_come():
    line = timeline(
        (0, "session"), (600, "closing"), (700, "session"), (2000, "opening"), (2100, "end"),
        protocol="mbt-individual-50", end=2200,
    )  # fmt: skip
    assert [p.phase for p in line.phases] == ["session", "closing", "session", "opening"]
    assert all(p.certain for p in line.phases)
    assert codes(line) == ["phase-not-marked"]


def test_a_protocol_without_an_order_still_misses_what_it_needs():
    line = timeline((0, "opening"), (2100, "end"), protocol="mbt-individual-50", end=2200)
    assert "phase-missing" in codes(line)
    assert line.phases[0].certain


IMPLICIT = """
schema = 1
id = "two-tasks"
name = "Two tasks"
minutes = 10
case_blocks = 0
baseline_phases = ["rest"]
[[phase]]
id = "rest"
name = "Rest"
minutes = [2, 5]
implicit = true
[[phase]]
id = "task"
name = "Task"
minutes = [2, 5]
aliases = ["1"]
"""


@pytest.fixture
def two_tasks(tmp_path: Path):
    (tmp_path / "own.toml").write_text(IMPLICIT)
    return load_protocol("own.toml", folder=tmp_path)


def test_an_implicit_phase_begins_with_the_recording(two_tasks):
    line = build_timeline(events((200, "1")), two_tasks, None, start=5.0, end=500)
    assert shape(line) == [("rest", 0, 5.0, 200), ("task", 0, 200, 500)]
    assert line.phases[0].mark == ""


def test_a_marked_phase_does_not_begin_implicitly_as_well(two_tasks):
    line = build_timeline(events((50, "rest"), (200, "1")), two_tasks, None, start=0, end=500)
    assert shape(line) == [("rest", 0, 50, 200), ("task", 0, 200, 500)]


def test_an_implicit_phase_whose_end_is_missing_is_uncertain(two_tasks):
    line = build_timeline([], two_tasks, None, start=0, end=500)
    assert [(p.phase, p.certain) for p in line.phases] == [("rest", False)]


def test_corrections_give_phases_their_place():
    rows = (
        Correction(1, "m2", "move", onset=1190.0),
        Correction(2, "c1", "add", onset=3500.0, label="closing"),
    )
    line = timeline(*CASE, (3600, "end"), corrections=rows)
    assert line.interval("questions", 1).onset == 1190
    assert line.interval("closing").onset == 3500
    assert [(a.mark, a.action) for a in line.applied] == [("m2", "move"), ("c1", "add")]


def test_a_correction_that_breaks_the_order_is_reported_like_a_mark():
    rows = (Correction(1, "m2", "move", onset=2000.0),)
    assert "mark-out-of-order" in codes(timeline(*CASE, (3600, "end"), corrections=rows))


WORDS = st.sampled_from(
    ["baseline", "opening", "invitation", "presentation", "questions", "discussion", "return",
     "closing", "recovery", "end", "undo", "nonsense", "presenter/P1", "presenter/P2",
     "discussion ago=30", "move ago=15", "role/P3/leader"]
)  # fmt: skip
MARKS = st.lists(st.tuples(st.integers(-100, 3700), WORDS), max_size=25)


@given(marks=MARKS, protocol=st.sampled_from(["balint-90", TWO, "mbt-group-90"]))
def test_whatever_is_marked_phases_stay_inside_and_apart(marks, protocol):
    line = timeline(*marks, protocol=protocol, end=3600, people={"P1": "member", "P2": "member"})
    assert line.phases
    assert line.phases[0].onset >= 0
    assert line.phases[-1].end <= 3600
    for before, after in zip(line.phases, line.phases[1:], strict=False):
        assert before.onset <= before.end <= after.onset <= after.end
    blocks = [p.block for p in line.phases if p.block]
    assert blocks == sorted(blocks)
    assert [b.index for b in line.blocks] == list(range(1, len(line.blocks) + 1))
    assert len(line.blocks) <= load_protocol(protocol).case_blocks


@given(marks=MARKS)
def test_every_uncertain_phase_says_why_and_every_certain_repeat_was_allowed(marks):
    line = timeline(*marks, end=3600)
    for phase in line.phases:
        assert phase.certain or phase.note
    sure = [(p.phase, p.block) for p in line.phases if p.certain]
    assert len(set(sure)) == len(sure)


@given(seed=st.randoms(use_true_random=False))
def test_marks_of_different_kinds_at_one_time_may_come_in_any_order(seed):
    marks = [
        *events(*BALINT_90),
        Event(960, "presenter/P1", id="p"),
        Event(960, "intervention/empathy/L1", id="i"),
        Event(960, "role/P3/co_leader", id="r"),
    ]
    mixed = list(marks)
    seed.shuffle(mixed)
    protocol = load_protocol("balint-90")
    lines = [build_timeline(m, protocol, None, start=0, end=BALINT_90_END) for m in (marks, mixed)]
    assert [(x.phases, x.blocks, x.roles) for x in lines[:1]] == [
        (x.phases, x.blocks, x.roles) for x in lines[1:]
    ]
