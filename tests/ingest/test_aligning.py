"""Recordings on one clock, against two hubs whose headers lie and against made signals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arousal.errors import DataError, NothingUsableError, UsageError
from arousal.findings import Finding
from arousal.ingest import load
from arousal.ingest.aligning import Alignment, find_offset, join_recordings
from arousal.ingest.opensignals import header_start
from arousal.recording import Event, Kind, Person, Recording, Signal
from tests.ingest.vendor_files import codes, signal

TRUE_OFFSET = 17.6045
"""Between samples 17604 and 17605 at 1000 Hz on all three axes (EXPECTED.json)."""


@pytest.fixture(scope="module")
def hubs(shared_data: Path) -> tuple[Recording, Recording]:
    folder = shared_data / "opensignals_plux"
    return load(folder / "sync_acc_1.txt"), load(folder / "sync_acc_2.txt")


@pytest.fixture(scope="module")
def claimed(shared_data: Path) -> float:
    folder = shared_data / "opensignals_plux"
    return header_start(folder / "sync_acc_2.txt") - header_start(folder / "sync_acc_1.txt")


def test_two_hubs_lie_17_604_s_apart_whatever_their_headers_claim(
    hubs: tuple[Recording, Recording], claimed: float
):
    one, two = (signal(hub, Kind.ACCELERATION) for hub in hubs)
    found = find_offset(one, two, claimed=claimed)
    assert found.offset == pytest.approx(TRUE_OFFSET, abs=0.001)
    assert found.correlation > 0.99
    [finding] = found.findings
    assert finding.code == "clock-contradicted"
    assert "22.037 s" in finding.message
    assert "wrong by 4.4 s" in finding.message


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_each_axis_alone_says_the_same(hubs: tuple[Recording, Recording], axis: int):
    one, two = (signal(hub, Kind.ACCELERATION) for hub in hubs)
    singles = [Signal(Kind.ACCELERATION, s.values[:, axis], s.times, s.rate) for s in (one, two)]
    assert find_offset(*singles).offset == pytest.approx(TRUE_OFFSET, abs=0.001)


def test_asked_the_other_way_round_the_sign_turns(hubs: tuple[Recording, Recording]):
    one, two = (signal(hub, Kind.ACCELERATION) for hub in hubs)
    assert find_offset(two, one).offset == pytest.approx(-TRUE_OFFSET, abs=0.001)


def test_a_claim_that_is_right_is_not_mentioned(hubs: tuple[Recording, Recording]):
    one, two = (signal(hub, Kind.ACCELERATION) for hub in hubs)
    assert find_offset(one, two, claimed=17.65).findings == ()


def test_joined_hubs_share_one_clock_and_say_how(hubs: tuple[Recording, Recording]):
    one, two = hubs
    found = find_offset(signal(one, Kind.ACCELERATION), signal(two, Kind.ACCELERATION))
    joined = join_recordings(one, two, found, persons={"P01": "P02"})
    assert [p.id for p in joined] == ["P01", "P02"]
    assert signal(joined, Kind.ACCELERATION, "P02").onset == pytest.approx(TRUE_OFFSET, abs=0.001)
    assert len(joined.sources) == 2
    assert "recordings-joined" in codes(joined)
    again = find_offset(signal(joined, Kind.ACCELERATION), signal(joined, Kind.ACCELERATION, "P02"))
    assert again.offset == pytest.approx(0.0, abs=0.001)


def test_two_wearers_whom_no_file_names_are_never_taken_for_one(
    hubs: tuple[Recording, Recording],
):
    with pytest.raises(DataError, match="P01 is in both") as caught:
        join_recordings(*hubs, Alignment(17.6, 1.0, 0.0, 20.0))
    assert "persons=" in caught.value.hint


def made(seconds: float, rate: float, seed: int = 1, width: int = 3) -> Signal:
    noise = np.random.default_rng(seed).standard_normal(round(seconds * rate))
    smooth = np.asarray(np.convolve(noise, np.hanning(width + 2), "same"), dtype=np.float64)
    return Signal(Kind.ACCELERATION, smooth, np.arange(smooth.size) / rate, rate)


def moved(whole: Signal, start: float, seconds: float, zero: float = 0.0) -> Signal:
    part = whole.crop(start, start + seconds)
    return Signal(whole.kind, part.values, part.times - start + zero, whole.rate)


@settings(max_examples=15, deadline=None)
@given(
    start=st.floats(0, 60), zero=st.floats(-100, 100), scale=st.floats(0.1, 10),
    gap=st.floats(5, 20),
)  # fmt: skip
def test_any_offset_is_found_through_gaps_gain_and_other_zeros(
    start: float, zero: float, scale: float, gap: float
):
    whole = made(120, 25)
    part = moved(whole, start, 40, zero)
    keep = (part.times < part.onset + gap) | (part.times > part.onset + gap + 4)
    broken = Signal(Kind.ACCELERATION, scale * part.values[keep] + 3, part.times[keep], 25.0)
    assert find_offset(whole, broken).offset == pytest.approx(start - zero, abs=0.04)


def test_clocks_that_run_apart_are_reported():
    whole = made(200, 50, width=50)
    part = moved(whole, 20, 160)
    slow = Signal(part.kind, part.values, part.times * 1.002, part.rate)
    found = find_offset(whole, slow)
    assert [f.code for f in found.findings] == ["clocks-drift"]
    assert found.drift == pytest.approx(-0.002 * 80, abs=0.02)


def swing() -> Signal:
    times = np.arange(1500, dtype=np.float64) / 25.0
    return Signal(Kind.ACCELERATION, np.sin(2 * np.pi * times), times, 25.0)


def test_strangers_and_signals_that_repeat_are_refused():
    with pytest.raises(NothingUsableError, match="agree nowhere"):
        find_offset(made(60, 25, 1), made(60, 25, 2))
    beat = swing()
    with pytest.raises(NothingUsableError, match="more than one place"):
        find_offset(beat, moved(beat, 10, 20))


def test_a_range_to_search_resolves_a_signal_that_repeats():
    beat = swing()
    found = find_offset(beat, moved(beat, 10.2, 20, 10.0), within=0.45)
    assert found.offset == pytest.approx(0.2, abs=0.01)


def test_different_kinds_and_empty_signals_are_refused():
    one = made(60, 25)
    with pytest.raises(UsageError, match="cannot be compared"):
        find_offset(one, Signal(Kind.ECG, one.values, one.times, 25.0))
    rr = Signal(Kind.RR, np.full(5, 800.0), np.linspace(0.8, 4.0, 5))
    with pytest.raises(UsageError, match="without a sampling rate"):
        find_offset(rr, rr)
    empty = Signal(Kind.ACCELERATION, np.array([]), np.array([]), 25.0)
    with pytest.raises(NothingUsableError, match="empty"):
        find_offset(one, empty)
    with pytest.raises(NothingUsableError, match="share no stretch"):
        find_offset(one, moved(one, 0, 5))


def test_a_person_in_both_gets_the_signals_of_both_and_marks_move_along():
    one = Recording((Person("P04", (made(30, 25),)),), (Event(1.0, "a", id="m#0"),), "x")
    heart = Signal(Kind.HR, np.array([70.0, 71.0]), np.array([0.0, 1.0]))
    note = Finding("note", "of the second")
    two = Recording((Person("P04", (heart,)),), (Event(2.0, "b", id="m#0"),), findings=(note,))
    joined = join_recordings(one, two, Alignment(5.0, 0.9, 0.1, 20.0))
    assert [s.kind for s in joined.person("P04").signals] == [Kind.ACCELERATION, Kind.HR]
    assert [(e.onset, e.label, e.id) for e in joined.events] == [(1, "a", "m#0"), (7, "b", "m#0/2")]
    assert note in joined.findings
    with pytest.raises(UsageError, match="P99"):
        join_recordings(one, two, Alignment(5.0, 0.9, 0.1, 20.0), persons={"P99": "P01"})
