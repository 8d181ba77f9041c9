"""Samples in time: what is laid out, sorted, parted or dropped, and that it is said."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arousal.ingest.raw import StreamInfo
from arousal.ingest.sample_times import Placed, place_samples

ECG = StreamInfo("ecg", "ECG", rate=130.0)
EDA = StreamInfo("eda", "EDA", rate=4.0)
RR = StreamInfo("rr", "RR", rate=0.0)
MARKS = StreamInfo("marks", "Markers", format="string")


def place(info: StreamInfo, times, values=None) -> Placed:
    times = np.asarray(times, dtype=float)
    if values is None:
        values = np.arange(times.size, dtype=float)
    return place_samples(info, np.asarray(values).reshape(times.size, -1), times)


def codes(placed: Placed) -> list[str]:
    return [finding.code for finding in placed.findings]


def order(placed: Placed) -> list[int]:
    return list(range(placed.times.size)) if placed.order is None else placed.order.tolist()


def test_a_good_stream_is_left_in_place_and_nothing_is_said():
    placed = place(EDA, 100 + np.arange(400) / 4)
    assert placed.order is None
    assert placed.findings == ()
    np.testing.assert_allclose(placed.times, 100 + np.arange(400) / 4)


def test_markers_out_of_order_are_sorted_and_equal_stamps_kept():
    placed = place(MARKS, [5.0, 9.0, 7.0, 7.0, 10.0], np.array(list("abcde"), dtype=object))
    assert placed.times.tolist() == [5.0, 7.0, 7.0, 9.0, 10.0]
    assert order(placed) == [0, 2, 3, 1, 4]
    assert codes(placed) == ["stamps-backward"]
    assert "1 of 5 stamps" in placed.findings[0].message


def test_the_same_number_sent_twice_at_once_is_dropped():
    times = np.concatenate([[1.0, 1.8, 1.8, 2.7, 3.4], 4.2 + np.arange(60) * 0.8])
    values = np.concatenate([[800, 810, 810, 900, 700], 800 + np.arange(60)])
    placed = place(RR, times, values)
    assert order(placed)[:4] == [0, 1, 3, 4]
    assert codes(placed) == ["stamps-repeated"]


def test_two_beats_of_one_packet_are_both_kept():
    placed = place(RR, [1.0, 2.0, 2.0, 3.0, 4.0, 5.0], [990, 480, 500, 1010, 1000, 990])
    assert order(placed) == [0, 1, 2, 3, 4, 5]
    assert (np.diff(placed.times) > 0).all()
    np.testing.assert_allclose(placed.times, [1, 2, 2, 3, 4, 5], atol=1e-5)
    assert codes(placed) == ["stamps-shared"]


def test_a_wave_without_a_declared_rate_that_comes_in_bursts_is_laid_out():
    truth = 100 + np.arange(73 * 40) / 130
    stamps = np.repeat(truth.reshape(-1, 73)[:, -1], 73)
    placed = place(StreamInfo("ecg", "ECG", rate=0.0), stamps, np.zeros(stamps.size))
    np.testing.assert_allclose(placed.times, truth, atol=1e-3)
    assert codes(placed) == ["stream-bursts"]


def test_a_chunk_stored_twice_is_dropped_once():
    times = 100 + np.arange(4000) / 130
    values = np.random.default_rng(1).normal(size=4000)
    twice = np.r_[0:2000, 1900:2000, 2000:4000]
    placed = place(ECG, times[twice], values[twice])
    np.testing.assert_allclose(placed.times, times, atol=1e-6)
    np.testing.assert_array_equal(values[twice][order(placed)], values)
    assert codes(placed) == ["stamps-repeated"]


def test_a_clock_that_goes_back_without_a_word_costs_what_overlaps():
    times = 100 + np.arange(4000) / 10
    times[2000:] -= 30.0
    placed = place(StreamInfo("temp", "Temp", rate=10.0), times)
    assert (np.diff(placed.times) > 0).all()
    assert placed.times.size == 3700
    assert codes(placed) == ["stamps-backward"]
    assert "300 of 4000" in placed.findings[0].message


def test_one_wild_stamp_is_dropped():
    times = 100 + np.arange(400) / 4
    times[200] = 1e15
    placed = place(EDA, times)
    assert placed.times.size == 399
    assert codes(placed)[0] == "stamps-stray"


def test_beats_declared_regular_keep_their_stamps():
    rng = np.random.default_rng(3)
    times = 100 + np.cumsum(rng.normal(0.8, 0.04, 600))
    placed = place(StreamInfo("ibi", "IBI", rate=1.0), times)
    np.testing.assert_array_equal(placed.times, times)
    assert codes(placed) == ["stream-irregular"]


def test_gaps_losses_and_another_rate_are_said():
    times = 100 + np.arange(130 * 600) / 133.0
    keep = np.ones(times.size, bool)
    keep[20_000:30_000] = False
    keep[50_000:50_073] = False
    placed = place(ECG, times[keep])
    np.testing.assert_allclose(placed.times, times[keep], atol=1e-4)
    assert codes(placed) == ["stream-gaps", "stream-losses"]
    slow = place(StreamInfo("ecg", "ECG", rate=100.0), times)
    assert codes(slow) == ["stream-rate"]


@given(
    st.lists(st.floats(0, 8e4) | st.sampled_from([10.0, 10.25, 10.5]), min_size=1, max_size=40),
    st.sampled_from([ECG, EDA, RR, MARKS]),
)
def test_times_always_increase(stamps: list[float], info: StreamInfo):
    placed = place(info, stamps)
    steps = np.diff(placed.times)
    assert (steps >= 0).all() if info.is_text else (steps > 0).all()
    assert len(set(order(placed))) == placed.times.size
    if info.is_text:
        assert placed.times.tolist() == sorted(stamps)
