from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.phase_align import Correction
from arousal.phase_align.standing import standing_marks
from arousal.recording import Event
from tests.phase_align.made import events


def standing(*marks: tuple[float, str], corrections: tuple[Correction, ...] = ()):
    return standing_marks(events(*marks), {}, corrections)


def times(found) -> list[tuple[str, float]]:
    return [(m.id, m.time) for m in found.marks]


def test_undo_without_of_takes_back_the_mark_before_it():
    assert times(standing((10, "questions"), (20, "discussion"), (22, "undo"))) == [("m1", 10)]


def test_two_undos_in_a_row_take_back_two_marks():
    assert times(standing((10, "a"), (20, "b"), (30, "c"), (31, "undo"), (32, "undo"))) == [
        ("m1", 10)
    ]


def test_undo_names_the_mark_it_takes_back():
    found = standing((10, "a id=x1"), (20, "b"), (30, "undo of=x1"))
    assert times(found) == [("m2", 20)]
    assert [(a.mark, a.action, a.by) for a in found.applied] == [("m1", "undo", "m3")]


def test_undoing_an_undo_brings_the_mark_back():
    found = standing((10, "a"), (20, "undo id=u1"), (30, "undo of=u1"))
    assert times(found) == [("m1", 10)]
    assert [a.action for a in found.applied] == ["undo", "redo"]


def test_undo_after_a_move_takes_back_the_move_only():
    found = standing((100, "a"), (120, "move ago=50"), (125, "undo"))
    assert times(found) == [("m1", 100)]


def test_undo_takes_back_a_mark_of_its_own_stream_only():
    marks = [
        Event(10, "questions", id="a1", source="keys"),
        Event(15, "incident/break", id="b1", source="app"),
        Event(20, "undo", id="a2", source="keys"),
    ]
    assert times(standing_marks(marks, {})) == [("b1", 15)]


def test_an_undo_without_a_mark_is_reported():
    found = standing((10, "undo"), (20, "a"), (30, "undo of=nothing"))
    assert times(found) == [("m2", 20)]
    assert [f.code for f in found.findings] == ["undo-without-mark"] * 2


def test_taking_the_same_mark_back_twice_is_reported_and_changes_nothing():
    found = standing((10, "a id=x"), (20, "undo of=x"), (30, "undo of=x"))
    assert times(found) == []
    assert [f.code for f in found.findings] == ["undo-repeated"]


def test_a_late_entry_counts_from_when_the_thing_began():
    assert times(standing((100, "a ago=20"))) == [("m1", 80)]


def test_a_move_counts_from_its_own_time_and_the_last_move_wins():
    found = standing((100, "a id=x"), (130, "move of=x ago=45"), (140, "move of=x ago=50"))
    assert times(found) == [("m1", 90)]
    assert [a.action for a in found.applied] == ["move", "move"]


def test_a_move_of_nothing_is_reported():
    found = standing((130, "move of=x ago=45"))
    assert [f.code for f in found.findings] == ["move-without-mark"]


def test_codes_give_numbers_and_words_a_meaning():
    found = standing_marks(
        events((1, "3"), (2, "P id=k ago=1")), {"3": "discussion", "P": "presenter/P04"}
    )
    assert [str(m.mark) for m in found.marks] == ["discussion", "presenter/P04 id=k ago=1"]
    assert [m.time for m in found.marks] == [1, 1]


def test_a_mark_sent_twice_with_the_same_id_counts_once():
    found = standing_marks([Event(10, "a", id="x"), Event(11, "a", id="x")], {})
    assert times(found) == [("x", 10)]
    assert [f.code for f in found.findings] == ["mark-repeated"]


def test_two_different_marks_with_one_id_both_count():
    found = standing_marks([Event(10, "a", id="x"), Event(11, "b", id="x")], {})
    assert times(found) == [("x", 10), ("x@11", 11)]
    assert [f.code for f in found.findings] == ["mark-id-reused"]


def test_a_mark_that_breaks_the_grammar_is_reported_and_left_out():
    found = standing((10, "probe/P1/12"), (20, "a"))
    assert times(found) == [("m2", 20)]
    assert [f.code for f in found.findings] == ["mark-unreadable"]


def rows(*specs: tuple[str, str, float | None, str]) -> tuple[Correction, ...]:
    return tuple(Correction(i, *spec) for i, spec in enumerate(specs, 1))


def test_corrections_move_relabel_delete_and_add():
    found = standing(
        (10, "a"),
        (20, "b"),
        (30, "c"),
        corrections=rows(
            ("m1", "move", 5.0, ""),
            ("m2", "relabel", None, "questions"),
            ("m3", "delete", None, ""),
            ("c1", "add", 25.0, "phase/return"),
        ),
    )
    assert [(m.id, m.time, str(m.mark)) for m in found.marks] == [
        ("m1", 5, "a"),
        ("m2", 20, "questions"),
        ("c1", 25, "phase/return"),
    ]
    assert [a.action for a in found.applied] == ["move", "relabel", "delete", "add"]


def test_the_last_row_about_a_mark_wins_and_the_first_is_reported():
    found = standing((10, "a"), corrections=rows(("m1", "move", 5, ""), ("m1", "move", 7, "")))
    assert times(found) == [("m1", 7)]
    assert [f.code for f in found.findings] == ["correction-superseded"]


def test_a_move_and_a_relabel_of_one_mark_both_hold():
    found = standing(
        (10, "a"), corrections=rows(("m1", "move", 5, ""), ("m1", "relabel", None, "b"))
    )
    assert [(m.time, str(m.mark)) for m in found.marks] == [(5, "b")]
    assert not found.findings


def test_a_later_row_brings_a_deleted_mark_back():
    found = standing(
        (10, "a"), corrections=rows(("m1", "delete", None, ""), ("m1", "move", 12, ""))
    )
    assert times(found) == [("m1", 12)]


def test_deleting_an_undo_brings_its_mark_back():
    found = standing((10, "a"), (20, "undo"), corrections=rows(("m2", "delete", None, "")))
    assert times(found) == [("m1", 10)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("zz", "delete", None, ""), "correction-unknown-mark"),
        (("m1", "add", 5.0, "questions"), "correction-impossible"),
        (("m2", "move", 5.0, ""), "correction-impossible"),
    ],
)
def test_a_correction_that_cannot_be_is_reported_and_not_used(row, code):
    found = standing((10, "a"), (20, "undo of=m9"), corrections=rows(row))
    assert times(found) == [("m1", 10)]
    assert code in [f.code for f in found.findings]


words = st.sampled_from(["opening", "presentation", "questions", "probe/P1/3", "presenter/P1"])
sent = st.lists(st.tuples(st.integers(0, 500), words), min_size=1, max_size=12)


@given(marks=sent, which=st.integers(0, 11), late=st.integers(500, 600))
def test_undo_then_redo_changes_nothing(marks, which, late):
    plain = standing(*marks)
    victim = f"m{which % len(marks) + 1}"
    again = standing(*marks, (late, f"undo of={victim} id=u"), (late + 1, "undo of=u"))
    assert times(again) == times(plain)


actions = st.sampled_from(["move", "relabel", "delete"])
corrected = st.lists(st.tuples(st.integers(1, 6), actions, st.integers(0, 500), words), max_size=8)


@given(marks=sent, wanted=corrected)
def test_applying_the_same_corrections_twice_changes_nothing(marks, wanted):
    specs = [
        (f"m{n}", a, float(t) if a == "move" else None, w if a == "relabel" else "")
        for n, a, t, w in wanted
    ]
    once = standing(*marks, corrections=rows(*specs))
    twice = standing(*marks, corrections=rows(*specs, *specs))
    assert [(m.id, m.time, m.mark) for m in once.marks] == [
        (m.id, m.time, m.mark) for m in twice.marks
    ]


@given(marks=sent, seed=st.randoms(use_true_random=False))
def test_the_order_of_marks_in_the_file_does_not_matter_when_their_times_differ(marks, seed):
    apart = [Event(t + i / 100, w, id=f"m{i}") for i, (t, w) in enumerate(marks)]
    mixed = list(apart)
    seed.shuffle(mixed)
    assert standing_marks(apart, {}) == standing_marks(mixed, {})


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), max_size=12))
def test_chains_of_undos_always_end(pairs):
    marks = [Event(t, f"undo of=m{n}", id=f"m{i}") for i, (t, n) in enumerate(pairs)]
    assert standing_marks(marks, {}).marks == ()
