"""Marks are written and read back the same, and broken ones are named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.errors import DataError
from arousal.marks import VERBS, Mark, parse_mark

WORD = st.text("abcdefghijklmnopqrstuvwxyzP0123456789_-", min_size=1, max_size=12)


@st.composite
def marks(draw):
    verb = draw(st.sampled_from(sorted(VERBS)))
    fewest, most = VERBS[verb]
    args = draw(st.lists(WORD, min_size=fewest, max_size=most))
    if verb in {"silence", "speech"}:
        args[-1] = draw(st.sampled_from(["start", "end"]))
    if verb == "probe":
        args[1] = str(draw(st.integers(1, 9)))
    ago = draw(st.sampled_from([0.0, 5.0, 20.0, 0.5]))
    return Mark(verb, tuple(args), draw(WORD | st.just("")), ago, draw(WORD | st.just("")))


@given(marks())
def test_a_mark_reads_back_as_it_was_written(mark):
    assert parse_mark(str(mark)) == mark


@pytest.mark.parametrize("text", ["Discussion", "3", "push back now", "phases", "ending soon", ""])
def test_other_words_are_kept_as_they_are(text):
    assert parse_mark(text) == Mark("word", (text,))


@pytest.mark.parametrize(
    "text",
    [
        "phase/",
        "phase/a/b",
        "probe/P04/12",
        "probe/P04",
        "speech/P04/maybe",
        "move of=m1 ago=soon",
        "phase/discussion ago=-5",
        "undo/all",
    ],
)
def test_a_known_verb_that_breaks_the_grammar_is_named(text):
    with pytest.raises(DataError) as caught:
        parse_mark(text)
    assert text in str(caught.value)
