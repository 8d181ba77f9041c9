"""Marker streams to raw events."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.ingest.assemble import Known, assemble
from arousal.ingest.raw import RawStream
from arousal.recording import Recording
from arousal.session import MarkerSettings, SessionFile
from tests.ingest.made_streams import made_stream


def marks(name: str, *labels: object, typed: str = "Markers", rate: float = 0.0) -> RawStream:
    text = any(isinstance(label, str) for label in labels)
    values = np.array(labels, dtype=object if text else float)
    return made_stream(
        name, values, typed=typed, rate=rate, times=100.0 + np.arange(len(labels)), uid=name
    )


def read(*streams: RawStream, stream: str | None = None) -> Recording:
    session = SessionFile(id="t", markers=MarkerSettings(stream=stream))
    return assemble(streams, Known("t", session=session))


def test_text_marks_keep_their_words_and_their_sender_s_id():
    recording = read(marks("Marks", "phase/discussion id=m12 ago=20", "Discussion", "phase/"))
    assert [(e.onset, e.label, e.id) for e in recording.events] == [
        (0.0, "phase/discussion id=m12 ago=20", "m12"),
        (1.0, "Discussion", "Marks#1"),
        (2.0, "phase/", "Marks#2"),
    ]


def test_numeric_marks_become_their_shortest_text():
    recording = read(marks("Triggers", 3.0, 4.5, 1e6, float("nan")))
    assert [e.label for e in recording.events] == ["3", "4.5", "1000000"]


def test_a_trigger_line_marks_only_the_moments_it_changes():
    line = marks("STI 014", 0, 0, 5, 5, 0, 7, 7, 5, typed="Stim", rate=1.0)
    assert [(e.onset, e.label) for e in read(line).events] == [(2.0, "5"), (5.0, "7"), (7.0, "5")]


def test_texts_of_several_channels_are_one_mark():
    values = np.array([["phase", "Push-Back"], ["", "end"]], dtype=object)
    stream = made_stream("M", values, typed="Markers", times=[1.0, 2.0])
    assert [e.label for e in read(stream).events] == ["phase Push-Back", "end"]


def test_the_session_s_marker_stream_is_the_only_one_used():
    recording = read(marks("A", "one"), marks("B", "two", "three"), stream="B")
    assert [e.label for e in recording.events] == ["two", "three"]
    assert "marker-stream-unused" in {f.code for f in recording.findings}


def test_a_marker_stream_of_numbers_of_any_type_is_used_if_the_session_names_it():
    recording = read(marks("Buttons", 1.0, 2.0, typed="misc"), stream="Buttons")
    assert [e.label for e in recording.events] == ["1", "2"]


def test_a_marker_stream_that_is_not_there_is_a_problem_and_no_other_is_taken():
    recording = read(marks("A", "one"), stream="B")
    assert not recording.events
    [finding] = [f for f in recording.findings if f.code == "marker-stream-missing"]
    assert "'A'" in finding.message


def test_a_mark_sent_twice_under_one_id_counts_once():
    recording = read(marks("A", "phase/return id=m1", "phase/return id=m1"))
    assert len(recording.events) == 1
    assert "marks-repeated" in {f.code for f in recording.findings}


@pytest.mark.parametrize("second", ["phase/closing id=m1", "phase/closing"])
def test_ids_are_unique_even_if_senders_are_careless(second: str):
    recording = read(marks("A", "phase/return id=m1", second), marks("A", "word"))
    ids = [e.id for e in recording.events]
    assert len(set(ids)) == len(ids) == 3


def test_marks_without_any_signal_are_kept_and_said():
    recording = read(marks("A", "phase/return"))
    [finding] = [f for f in recording.findings if f.code == "no-signals"]
    assert finding.message.startswith("1 marks, but no signal")
