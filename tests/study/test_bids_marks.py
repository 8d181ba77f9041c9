"""Marks as they are shared: nobody who did not agree, and every other mark means what it meant."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.phase_align import Correction, build_timeline
from arousal.protocol import load_protocol
from arousal.recording import Event
from arousal.study.bids_marks import MarkTeller, people_named
from arousal.study.stripping import MovedDates, Stripping
from arousal.withheld import Withheld

PROTOCOL = load_protocol("balint-60")
RELATIVE = Stripping(MovedDates(datetime(2026, 3, 12, 18, tzinfo=UTC)), frozenset({"LAB-PC7"}))
ABSOLUTE = Stripping(MovedDates(absolute=True), frozenset({"LAB-PC7"}))
HIDDEN = Withheld(frozenset({"P04"}))


def events(*labels, source="Marks-LAB-PC7"):
    return tuple(Event(60.0 * n, label, id=f"{source}#{n}", source=source)
                 for n, label in enumerate(labels))  # fmt: skip


def told(*labels, strip=RELATIVE, hidden=HIDDEN, codes=None):
    teller = MarkTeller(events(*labels), PROTOCOL, codes or {}, hidden, strip)
    return [event.label for event in teller.told()]


def test_a_withheld_person_s_own_marks_are_a_word_without_meaning():
    own = ["probe/P04/7", "speech/P04/start", "role/P04/co_leader", "incident/movement/P04"]
    assert told(*own) == ["withheld"] * 4
    assert told("presenter/P04", "intervention/empathy/P01/P04") == [
        "presenter/somebody",
        "intervention/empathy/P01/somebody",
    ]


def test_a_code_that_stands_for_a_withheld_person_is_withheld_too():
    assert told("7", "8", codes={"7": "probe/P04/7", "8": "phase/discussion"}) == ["withheld", "8"]


def test_codes_are_told_without_who_is_withheld():
    codes = {"7": "probe/P04/7", "8": "phase/discussion", "LAB-PC7": "presenter/P04", "9": "Return"}
    teller = MarkTeller(events("LAB-PC7"), PROTOCOL, codes, HIDDEN, RELATIVE)
    assert teller.told_codes() == {
        "8": "phase/discussion",
        "removed": "presenter/somebody",
        "9": "Return",
    }
    assert [e.label for e in teller.told()] == ["removed"]


def test_what_stands_where_a_phase_should_is_free_text_too():
    assert told("phase/what she told us", "intervention/LAB-PC7/P01") == [
        "unrecognised",
        "intervention/removed/P01",
    ]


def test_free_text_is_shared_only_with_absolute_dates_and_then_without_names():
    note = "P04 cried at LAB-PC7"
    assert told(note) == ["unrecognised"]
    assert told(note, strip=ABSOLUTE) == ["somebody cried at removed"]
    assert told("Push-Back", "phase/discussion") == ["Push-Back", "phase/discussion"]
    assert told("probe/P04/99", "speech/P04") == ["unrecognised"] * 2, "broken grammar"


def test_ids_and_senders_lose_the_computer_s_name_and_stay_unique():
    marks = (
        *events("phase/presentation", "end"),
        Event(5.0, "phase/questions id=LAB-PC7-9", id="LAB-PC7-9", source="other"),
        Event(9.0, "undo of=LAB-PC7-9", id="other#1", source="other"),
        Event(10.0, "phase/return id=m12", id="m12", source="other"),
    )
    found = MarkTeller(marks, PROTOCOL, {}, HIDDEN, RELATIVE).told()
    assert [e.id for e in found] == ["marks1#0", "marks1#1", "x3", "marks2#1", "m12"]
    assert [e.label for e in found[2:]] == [
        "phase/questions id=x3",
        "undo of=x3",
        "phase/return id=m12",
    ]
    assert {e.source for e in found} == {"marks1", "marks2"}


def test_corrections_name_marks_as_the_export_does_and_their_times_are_moved():
    teller = MarkTeller(events("phase/presentation"), PROTOCOL, {}, HIDDEN, RELATIVE)
    rows = (
        Correction(1, "Marks-LAB-PC7#0", "move", 3.0, made_at="2026-03-12T20:00:00+00:00"),
        Correction(2, "c1", "add", 9.0, "probe/P04/8"),
    )
    first, second = teller.corrections(rows)
    assert (first.mark, first.onset, first.made_at) == (
        "marks1#0",
        3.0,
        "1900-01-01T02:00:00+00:00",
    )
    assert (second.mark, second.label) == ("c1", "withheld")


LABELS = st.sampled_from(
    [
        "phase/presentation",
        "phase/questions",
        "phase/discussion",
        "Return",
        "presenter/P02",
        "speech/P02/start",
        "speech/P02/end",
        "speech/P04/start",
        "speech/P04/end",
        "probe/P04/7",
        "probe/P01/2",
        "intervention/empathy/P01/P04",
        "incident/movement/P04",
        "undo",
        "move ago=20",
    ]
)


@given(st.lists(LABELS, max_size=14))
def test_whatever_is_withheld_the_phases_and_points_of_others_stay(labels):
    marks = events(*labels, source="marks1")  # so that ids are the same before and after
    shared = MarkTeller(marks, PROTOCOL, {}, HIDDEN, RELATIVE).told()
    before, after = (
        build_timeline(found, PROTOCOL, None, start=0.0, end=900.0) for found in (marks, shared)
    )
    assert after.phases == before.phases
    assert [b.presenter for b in after.blocks] == [b.presenter for b in before.blocks]

    def others(timeline):
        named = [p for p in timeline.points if p.actor != "P04"]
        return [(p.kind, p.onset, p.actor, p.target.replace("P04", "somebody")) for p in named]

    assert others(after) == others(before)


@pytest.mark.parametrize("label", ["x", "", "undo", "silence/start", "probe/P1/77"])
def test_marks_without_people_name_nobody(label):
    assert people_named([label]) == set()
