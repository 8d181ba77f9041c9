"""Numbers, undo and retries of the recorder's own marks (sent over LSL in test_recorder)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.errors import UsageError
from arousal.ingest.marker_outlet import MarkLog, PlacedMark


def texts(log: MarkLog, *sent: str) -> list[str]:
    return [str(log.next(text)) for text in sent]


def test_marks_are_numbered_and_undo_takes_back_the_newest_that_stands():
    log = MarkLog()
    assert texts(log, "phase/baseline", "3", "undo", "undo") == [
        "phase/baseline id=m1",
        "3 id=m2",
        "undo id=m3 of=m2",
        "undo id=m4 of=m1",
    ]
    with pytest.raises(UsageError, match="nothing to undo"):
        log.next("undo")


def test_a_mark_can_be_moved_and_undone_by_name():
    log = MarkLog()
    assert texts(log, "phase/baseline id=a", "phase/opening", "move of=a ago=40") == [
        "phase/baseline id=a",
        "phase/opening id=m2",
        "move id=m3 of=a ago=40",
    ]
    assert str(log.next("undo of=a")) == "undo id=m4 of=a"
    with pytest.raises(UsageError, match=r"no mark 'a' to move \(marks so far: m2\)"):
        log.next("move of=a ago=3")


def test_an_id_names_one_mark_only():
    log = MarkLog(["phase/baseline id=m1"])
    with pytest.raises(UsageError, match="id m1 is taken"):
        log.next("phase/opening id=m1")
    assert log.next("phase/opening").id == "m2"


def test_sending_a_mark_again_is_recognised_by_id_and_text():
    log = MarkLog()
    log.next("phase/baseline")
    placed = PlacedMark(log.next("undo id=key"), 1.0, 2.0, on_disk=True)
    log.place(placed)
    assert log.repeated("undo id=key") == placed
    assert log.repeated("undo id=key of=m1") == placed
    assert log.repeated("phase/opening id=key") is None
    assert log.repeated("phase/opening") is None


@given(
    st.lists(st.sampled_from(["3", "undo", "phase/baseline", "3 id=m2", "x id=m5"]), max_size=12)
)
def test_whatever_is_sent_ids_are_unique_and_a_log_read_back_goes_on_alike(sent):
    log = MarkLog()
    kept = []
    for text in sent:
        try:
            kept.append(log.next(text))
        except UsageError:
            continue
    ids = [mark.id for mark in kept]
    again = MarkLog(str(mark) for mark in kept)
    assert again.next("last").id not in ids
    distinct = {mark.id: mark for mark in kept}
    assert all(distinct[mark.id] == mark for mark in kept)
