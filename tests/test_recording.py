"""The nouns keep gaps, refuse nonsense and never change under a reader's hands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.errors import DataError
from arousal.recording import Event, Kind, Person, Recording, Signal


def eda(times, rate=4.0):
    return Signal(Kind.EDA, np.ones(len(times)), np.asarray(times, dtype=float), rate, "gsr")


def test_a_gap_is_a_step_of_more_than_three_periods_and_more_than_a_second():
    times = np.concatenate((np.arange(0, 10, 0.25), np.arange(70, 80, 0.25)))
    signal = eda(times)
    assert [(s.start, s.stop) for s in signal.segments()] == [(0, 40), (40, 80)]
    assert signal.gaps().tolist() == [[9.75, 70.0]]


def test_a_step_below_a_second_is_jitter_and_not_a_gap():
    assert len(eda([0, 0.25, 1.2, 1.45]).segments()) == 1


def test_slow_signals_have_gaps_only_beyond_three_periods():
    assert len(eda([0, 10, 39, 49], rate=0.1).segments()) == 1
    assert len(eda([0, 10, 41, 51], rate=0.1).segments()) == 2


def test_beats_are_contiguous_where_the_step_is_the_interval():
    intervals = np.array([800.0, 810, 790, 805, 800])
    times = np.array([0.8, 1.61, 2.4, 5.0, 5.8])  # the fourth beat came 2.6 s after the third
    signal = Signal(Kind.RR, intervals, times)
    assert [(s.start, s.stop) for s in signal.segments()] == [(0, 3), (3, 5)]


def test_an_interval_that_is_not_a_number_breaks_the_stretch():
    signal = Signal(Kind.RR, np.array([800, np.nan, 800.0]), np.array([0.8, 1.6, 2.4]))
    assert len(signal.segments()) == 2


def test_an_empty_signal_has_no_segments_and_no_onset():
    signal = eda([])
    assert signal.segments() == []
    assert np.isnan(signal.onset)


@pytest.mark.parametrize(
    ("values", "times", "rate", "word"),
    [
        ([1.0, 2.0], [0.0], 4.0, "do not match"),
        ([1.0, 2.0], [1.0, 0.0], 4.0, "increase"),
        ([1.0, 2.0], [0.0, 0.0], 4.0, "increase"),
        ([1.0, 2.0], [0.0, np.nan], 4.0, "finite"),
        ([1.0, 2.0], [0.0, 1.0], 0.0, "rate"),
        (np.ones((2, 2, 2)), [0.0, 1.0], 4.0, "dimensions"),
    ],
)
def test_a_signal_that_cannot_be_right_is_refused_by_name(values, times, rate, word):
    with pytest.raises(DataError, match=word) as caught:
        Signal(Kind.EDA, np.asarray(values), np.asarray(times), rate, "gsr-04")
    assert "gsr-04" in str(caught.value)


def test_a_signal_cannot_be_written_to_and_leaves_the_callers_array_alone():
    mine = np.zeros(3)
    signal = Signal(Kind.EDA, mine, np.arange(3.0), 1.0)
    with pytest.raises(ValueError, match="read-only"):
        signal.values[0] = 1.0
    mine[0] = 5.0  # the caller's own array stays writable


@given(
    st.lists(st.floats(0.01, 50), min_size=1, max_size=60),
    st.sampled_from([0.5, 4.0, 130.0]),
)
def test_segments_cover_every_sample_once_in_order(steps, rate):
    signal = eda(np.cumsum(steps), rate)
    covered = [i for s in signal.segments() for i in range(s.start, s.stop)]
    assert covered == list(range(len(signal)))
    assert len(signal.gaps()) == len(signal.segments()) - 1


def test_crop_keeps_times_and_is_half_open():
    part = eda(np.arange(0, 10, 0.25)).crop(2.0, 3.0)
    assert part.times.tolist() == [2.0, 2.25, 2.5, 2.75]


def test_a_person_hands_out_the_longest_signal_of_a_kind():
    short, long = eda([0, 1]), eda([0, 1, 2])
    person = Person("P01", (short, long))
    assert person.signal(Kind.EDA) is long
    assert person.signal(Kind.ECG) is None


def test_a_recording_refuses_one_pseudonym_twice_and_unknown_ones():
    with pytest.raises(DataError, match="P01"):
        Recording((Person("P01"), Person("P01")))
    with pytest.raises(DataError, match="known: P01"):
        Recording((Person("P01"),)).person("P09")


def test_a_recording_sorts_events_and_spans_everything():
    recording = Recording(
        (Person("P01", (eda(np.arange(5, 10, 0.25)),)),),
        (Event(30.0, "end"), Event(2.0, "start")),
    )
    assert [e.label for e in recording.events] == ["start", "end"]
    assert (recording.onset, recording.end) == (2.0, 30.0)


@pytest.mark.parametrize("name", ["Jane Doe", "a\tb", "", "../x", "<b>", "members", "x" * 33])
def test_a_person_has_a_pseudonym_and_no_name(name):
    with pytest.raises(DataError, match="pseudonym"):
        Person(name)


def test_beats_are_contiguous_while_steps_agree_with_their_intervals():
    intervals = np.full(40, 800.0)
    times = np.cumsum(intervals) / 1000
    steady = Signal(Kind.RR, intervals, times)
    assert len(steady.segments()) == 1
    times[20:] += 0.11  # within 15 % of 800 ms: quantisation
    assert len(Signal(Kind.RR, intervals, times).segments()) == 1
    times[20:] += 0.04  # beyond: a beat was missed or moved
    assert [(s.start, s.stop) for s in Signal(Kind.RR, intervals, times).segments()] == [
        (0, 20),
        (20, 40),
    ]


def test_a_devices_heart_rate_is_broken_by_more_than_ten_seconds_of_silence():
    times = np.array([0.0, 1, 11, 22, 23])
    rate = Signal(Kind.HR, np.full(5, 70.0), times)
    assert rate.gaps().tolist() == [[11.0, 22.0]]
