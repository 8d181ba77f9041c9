from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.phase_align import build_timeline
from arousal.protocol import load_protocol
from tests.phase_align.made import codes, events, session, timeline

TWO = "balint-90-two-cases"
PEOPLE = {"P1": "member", "P2": "member", "P3": "member", "L1": "leader"}
CASE = (
    (500, "invitation"), (600, "presentation"), (1200, "questions"), (1500, "discussion"),
    (3000, "return"),
)  # fmt: skip
CASES = (*CASE, *((t + 3000, w) for t, w in CASE), (6500, "closing"))


def two(*marks):
    return timeline(*CASES, *marks, protocol=TWO, end=6600, people=PEOPLE)


@pytest.mark.parametrize("when", [100, 500, 550, 599, 700, 1400, 2900, 3100])
def test_the_presenter_of_the_only_case_may_be_marked_at_any_time(when):
    line = timeline(*CASE, (3400, "closing"), (when, "presenter/P2"), end=3600, people=PEOPLE)
    assert line.presenter(1) == "P2"
    assert [(r.role, r.onset, r.end) for r in line.roles if r.person == "P2"] == [
        ("member", 0, 500),
        ("presenter", 500, 3400),
        ("member", 3400, 3600),
    ]


def test_a_presenter_marked_after_the_case_still_presented_it():
    line = timeline(*CASE, (3300, "closing"), (3400, "presenter/P2"), end=3600, people=PEOPLE)
    assert line.presenter(1) == "P2"


def test_each_case_has_its_own_presenter():
    line = two((520, "presenter/P1"), (3520, "presenter/P2"))
    assert (line.presenter(1), line.presenter(2)) == ("P1", "P2")
    assert line.role_of("P1", 1000) == "presenter"
    assert line.role_of("P1", 4000) == "member"
    assert "presenter-missing" not in codes(line)


def test_the_next_presenter_may_be_named_while_the_first_case_returns():
    line = two((520, "presenter/P1"), (3400, "presenter/P2"))
    assert (line.presenter(1), line.presenter(2)) == ("P1", "P2")


def test_a_second_name_within_a_case_replaces_the_first_and_is_reported():
    line = two((520, "presenter/P1"), (700, "presenter/P3"), (3520, "presenter/P2"))
    assert (line.presenter(1), line.presenter(2)) == ("P3", "P2")
    assert codes(line).count("presenter-changed") == 1


def test_another_name_after_the_last_case_does_not_replace_its_presenter():
    line = two((520, "presenter/P1"), (3520, "presenter/P2"), (6550, "presenter/P3"))
    assert line.presenter(2) == "P2"
    assert "presenter-changed" in codes(line)


def test_a_case_without_a_presenter_is_reported():
    line = two((520, "presenter/P1"))
    assert line.presenter(2) is None
    missing = next(f for f in line.findings if f.code == "presenter-missing")
    assert missing.where == "case 2"


def test_a_presenter_who_is_not_in_the_roster_is_reported_and_not_used():
    line = timeline(*CASE, (520, "presenter/P22"), end=3600, people=PEOPLE)
    assert line.presenter(1) is None
    unknown = next(f for f in line.findings if f.code == "presenter-unknown")
    assert "closest: P2" in unknown.hint


def test_a_presenter_who_leads_is_kept_and_reported():
    line = timeline(*CASE, (520, "presenter/L1"), end=3600, people=PEOPLE)
    assert line.presenter(1) == "L1"
    assert "presenter-is-leader" in codes(line)


def test_without_a_roster_any_presenter_is_believed():
    line = timeline(*CASE, (520, "presenter/P9"), end=3600)
    assert line.role_of("P9", 1000) == "presenter"
    assert line.role_of("P9", 0) == line.role_of("somebody", 0) == "member"


def test_a_presenter_without_a_case_is_reported():
    line = timeline(
        (0, "session"), (10, "presenter/P1"), protocol="mbt-group-90", end=3600, people=None
    )
    assert "presenter-without-case" in codes(line)


def test_session_toml_names_the_presenter_where_no_mark_does():
    protocol, roster = load_protocol("balint-90"), session(PEOPLE, presenter="P3")
    line = build_timeline(events(*CASE), protocol, roster, start=0, end=3600)
    assert line.presenter(1) == "P3"
    marked = events(*CASE, (520, "presenter/P1"))
    line = build_timeline(marked, protocol, roster, start=0, end=3600)
    assert line.presenter(1) == "P1"
    assert "session-presenter-unused" in codes(line)


def test_a_role_mark_changes_a_role_from_then_on():
    line = timeline(
        *CASE, (520, "presenter/P1"), (1000, "role/P2/co_leader"), end=3600, people=PEOPLE
    )
    assert line.roles_at("P2", [0, 999, 1000, 3599]).tolist() == [
        "member",
        "member",
        "co_leader",
        "co_leader",
    ]


def test_a_role_mark_may_name_the_presenter_too():
    line = timeline(*CASE, (520, "role/P1/presenter"), end=3600, people=PEOPLE)
    assert line.presenter(1) == "P1"


@pytest.mark.parametrize(
    ("mark", "code", "hint"),
    [
        ("role/P2/coleader", "role-unknown", "closest: co_leader"),
        ("role/P8/leader", "person-unknown", "closest: P"),
    ],
)
def test_a_role_mark_that_names_nobody_is_reported_and_not_used(mark, code, hint):
    line = timeline(*CASE, (520, "presenter/P1"), (1000, mark), end=3600, people=PEOPLE)
    found = next(f for f in line.findings if f.code == code)
    assert hint in found.hint
    assert line.role_of("P2", 2000) == "member"


def test_marks_of_another_stream_are_not_used_where_one_is_named():
    roster = session(PEOPLE, markers={"stream": "other"})
    line = build_timeline(events(*CASE), load_protocol("balint-90"), roster, start=0, end=3600)
    assert codes(line) == ["marker-stream-missing", "no-markers"]


NAMES = st.sampled_from([f"presenter/{p}" for p in PEOPLE] + ["role/P2/leader", "role/P1/member"])


@given(st.lists(st.tuples(st.integers(0, 6600), NAMES), max_size=10))
def test_everybody_has_exactly_one_role_at_any_time(marks):
    line = two(*marks)
    for person in PEOPLE:
        own = [r for r in line.roles if r.person == person]
        assert own[0].onset == 0
        assert own[-1].end == 6600
        assert all(a.end == b.onset for a, b in pairwise(own))
    for block in line.blocks:
        inside = (block.onset + block.end) / 2
        presenting = [p for p in PEOPLE if line.role_of(p, inside) == "presenter"]
        assert presenting == ([block.presenter] if block.presenter else [])


def test_in_a_case_of_one_phase_a_second_name_replaces_the_first():
    line = timeline(
        (100, "presentation"), (200, "presenter/P1"), (300, "presenter/P3"),
        (3000, "discussion"), (3001, "undo"), (3100, "closing"), (3200, "presentation"),
        protocol=TWO, end=6600, people=PEOPLE,
    )  # fmt: skip
    assert (line.presenter(1), line.presenter(2)) == ("P3", None)
