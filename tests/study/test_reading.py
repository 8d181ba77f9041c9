"""A session is read on its own, and what is kept of it travels to other processes."""

from __future__ import annotations

import pickle

import pandas as pd
import pytest

from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.ingest.session_writer import write_session
from arousal.recording import Kind
from arousal.simulate import Level, SimulationSettings, simulate
from arousal.study.reading import read_session
from arousal.study.summary import StudySummary
from arousal.tables import CONTRASTS

FILE = load_hypothesis("farkas2024")


@pytest.fixture(scope="module")
def evening(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evening") / "s01"
    settings = SimulationSettings(
        signals=(Kind.RR, Kind.SPEECH), minutes=40, artefacts=Level.NONE, dropouts=Level.NONE
    )
    made = simulate("balint-60", 6, 5, settings)
    write_session(folder, made.recording, made.session, protocol=made.protocol)
    return folder


@pytest.fixture(scope="module")
def reading(evening):
    return read_session(evening, FILE)


def test_a_reading_survives_pickling_with_all_it_holds(reading):
    back = pickle.loads(pickle.dumps(reading))  # noqa: S301 (our own bytes)
    pd.testing.assert_frame_equal(back.contrasts, reading.contrasts)
    assert back.tally == reading.tally
    assert [(c.contrast, c.measure) for c in back.curves] == [
        (c.contrast, c.measure) for c in reading.curves
    ]


def test_reading_twice_gives_the_same_numbers(evening, reading):
    again = read_session(evening, FILE)
    pd.testing.assert_frame_equal(again.contrasts, reading.contrasts)
    assert list(reading.contrasts.columns) == CONTRASTS.names
    assert reading.session == "s01"


def test_a_folder_that_cannot_be_read_is_told_and_not_raised(tmp_path):
    (tmp_path / "session.toml").write_text('schema = 1\nid = "s1"\n')
    reading = read_session(tmp_path, FILE)
    assert reading.tally is None
    assert reading.contrasts["excluded"].all()
    assert [f.code for f in reading.findings] == ["session-unread"]


def test_sessions_sum_up_to_the_facts_of_a_study(reading):
    summary = StudySummary()
    for one in (reading.tally, None, reading.tally):
        summary.add(one)
    facts = summary.facts(frozenset({"age"}))
    assert (facts.sessions, facts.used_sessions, facts.blocks) == (3, 2, 2)
    assert facts.people == len(reading.tally.people)
    assert facts.signals == ("rr",)
    assert facts.described == frozenset({"age"})
