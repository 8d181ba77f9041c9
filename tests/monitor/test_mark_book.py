"""Marks of a running session: allowed words only, each once, undone and moved by marks."""

from __future__ import annotations

import pytest

from arousal.errors import DataError, UsageError
from arousal.ingest.marker_outlet import MarkLog, PlacedMark
from arousal.monitor.mark_book import MarkBook
from arousal.protocol import load_protocol
from arousal.session import SessionFile


class Tape:
    """What a recorder does with marks, on a clock that the test moves."""

    def __init__(self) -> None:
        self.now, self.log = 1000.0, MarkLog()
        self.sent: list[str] = []

    def mark(self, text: str) -> PlacedMark:
        mark = self.log.next(text)
        placed = PlacedMark(mark, self.now, 0.0, True)
        self.log.place(placed)
        self.sent.append(str(mark))
        return placed


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def book(tape) -> MarkBook:
    session = SessionFile.model_validate(
        {"id": "s", "people": {"P01": {"role": "leader"}, "P02": {}, "P03": {}}}
    )
    return MarkBook(tape, load_protocol("balint-60"), session, 1000.0, lambda: tape.now)


def test_the_same_key_marks_once_and_gets_the_same_answer(book, tape):
    first = book.mark("phase/baseline", "k1")
    tape.now += 3
    assert book.mark("phase/baseline", "k1") == first
    assert book.mark("phase/baseline", "k2") != first
    assert len(tape.sent) == 2


@pytest.mark.parametrize(
    "text",
    [
        "Mrs Smith's case",
        "phase/unheard",
        "presenter/Smith",
        "intervention/shouting/P01",
        "intervention/empathy/P01/Smith",
        "incident/quarrel",
        "probe/Smith/5",
        "role/P02/boss",
    ],
)
def test_words_that_are_not_the_sessions_own_are_refused_and_never_stored(book, tape, text):
    with pytest.raises(DataError):
        book.mark(text, "k")
    assert tape.sent == []


def test_undo_takes_back_the_newest_that_stands_and_the_log_shows_it(book, tape):
    book.mark("phase/baseline", "a")
    tape.now += 10
    book.mark("phase/opening", "b")
    book.mark("undo", "c")
    assert [(line["text"], line["onset"]) for line in book.log()][1:] == [
        ("phase/opening", None),
        ("phase/baseline", 0.0),
    ]
    book.mark("undo", "d")
    assert book.timeline(20.0).phases[0].phase == ""
    with pytest.raises(UsageError, match="no mark"):
        book.mark("undo", "e")


def test_a_phase_is_shifted_in_steps_and_never_before_the_start(book, tape):
    tape.now += 12
    book.mark("phase/baseline", "a")
    tape.now += 2
    book.shift(-5, "", "b")
    assert book.timeline(20.0).phases[0].onset == pytest.approx(7.0, abs=0.01)
    tape.now += 2
    book.shift(-5, "", "c")
    book.shift(-5, "", "c")
    assert book.timeline(20.0).phases[0].onset == pytest.approx(2.0, abs=0.01)
    book.shift(-5, "", "d")
    assert book.log()[-1]["onset"] == pytest.approx(0.0, abs=0.01)


def test_case_blocks_and_their_presenters_are_known_while_they_run(book, tape):
    for second, text in enumerate(["phase/presentation", "presenter/P02", "phase/questions"]):
        tape.now = 1000.0 + 60 * second
        book.mark(text, text)
    timeline = book.timeline(200.0)
    assert timeline.presenter(1) == "P02"
    assert timeline.phases[-1].phase == "questions"
    assert timeline.phases[-1].end == 200.0
    assert not book.has_end
    book.mark("end", "end")
    assert book.has_end
