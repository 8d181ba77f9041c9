"""From whatever is given to the tables: own speech, spans, purposes, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from arousal.errors import NothingUsableError, UsageError
from arousal.ingest.loading import load
from arousal.pipeline import analyse, measure, open_session
from arousal.recording import Event, Kind, Person, Recording, Signal
from tests import small_session


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> Recording:
    return load(small_session.write(tmp_path_factory.mktemp("s") / "evening.xdf"))


def heard(recording, person, values, times, rate=1.0):
    """Return the recording with a voice-activity signal of one person."""
    speech = Signal(Kind.SPEECH, np.asarray(values, float), np.asarray(times, float), rate, "vad")
    people = (
        Person(p.id, (*p.signals, speech)) if p.id == person else p for p in recording.persons
    )
    return replace(recording, persons=tuple(people))


def spoken(recording, person="P01", at=300.0):
    """Share of own speech in the 60-s window that begins at (or next to) a time."""
    rows = measure_of(recording)
    rows = rows[(rows["person"] == person) & (rows["duration"] == 60)]
    return float(rows.loc[(rows["onset"] - at).abs().idxmin(), "speech_fraction"])


def measure_of(recording):
    return analyse(recording, protocol="balint-60").features


def test_a_second_counts_as_speech_if_half_of_it_was(recording):
    times = np.arange(840.0)
    values = np.zeros(840)
    values[300:315], values[315:330] = 0.5, 0.49
    assert spoken(heard(recording, "P01", values, times)) == pytest.approx(0.25, abs=0.02)


def test_no_turn_of_speech_reaches_across_a_gap(recording):
    times = np.r_[np.arange(301.0), np.arange(400.0, 840.0)]
    values = np.zeros(times.size)
    values[(times >= 299) & (times <= 401)] = 1.0
    assert spoken(heard(recording, "P01", values, times), at=320.0) == 0.0


def test_speech_that_nobody_measured_or_marked_is_not_known(recording):
    assert np.isnan(spoken(recording))
    rows = measure_of(heard(recording, "P01", np.zeros(840), np.arange(840.0)))
    known = rows.groupby("person")["speech_fraction"].agg(lambda x: x.notna().all())
    assert known.to_dict() == {"P01": True, "P02": False}


def test_where_turns_were_marked_a_person_without_one_was_silent(recording):
    marks = (Event(300.0, "speech/P01/start"), Event(330.0, "speech/P01/end"))
    marked = replace(recording, events=(*recording.events, *marks))
    assert spoken(marked, "P01") == pytest.approx(0.5, abs=0.05)
    assert spoken(marked, "P02") == 0.0


def test_a_stray_mark_does_not_stretch_the_session(recording):
    far = replace(recording, events=(*recording.events, Event(90_000.0, "hello")))
    assert measure_of(far)["onset"].max() < 840


def test_path_recording_and_input_give_the_same_numbers(recording, tmp_path):
    path = small_session.write(tmp_path / "evening.xdf")
    by_path = analyse(path, protocol="balint-60").phases
    by_input = analyse(open_session(path, protocol="balint-60")).phases
    assert by_path.equals(by_input)
    assert by_path.equals(analyse(recording, protocol="balint-60").phases)
    with pytest.raises(UsageError, match="has its protocol already"):
        analyse(open_session(path), protocol="balint-60")


def test_an_unknown_purpose_and_an_empty_recording_are_refused(recording):
    with pytest.raises(UsageError, match="no purpose 'fun'"):
        analyse(recording, purpose="fun")
    with pytest.raises(NothingUsableError, match="no signal was recognised"):
        analyse(Recording(id="empty"))
    with pytest.raises(NothingUsableError, match="nobody agreed to 'group_view'"):
        analyse(recording, purpose="group_view")


def test_where_nothing_is_usable_the_error_says_what_is_wrong_with_the_signal_that_is_there():
    noise = np.random.default_rng(3).normal(0, 400, 200 * 130)
    ecg = Signal(Kind.ECG, noise, np.arange(noise.size) / 130, 130.0, "strap")
    alone = Recording((Person("P01", (ecg,)),), id="noise")
    # Skin conductance is "no-signal" in every window too, which explains nothing here.
    with pytest.raises(
        NothingUsableError, match=r"mostly (no beats|noisy|coverage|corrected|irreg)"
    ):
        analyse(alone)
    silent = Signal(Kind.ECG, noise * np.nan, ecg.times, 130.0, "strap")
    with pytest.raises(NothingUsableError, match="no heartbeats could be used"):
        analyse(Recording((Person("P01", (silent,)),), id="silent"))


def test_progress_is_told_person_by_person(recording, tmp_path):
    told: list[str] = []
    path = small_session.write(tmp_path / "evening.xdf")
    measure(open_session(path), progress=told.append)
    assert told == ["P01 (1 of 2)", "P02 (2 of 2)", "windows"]
