"""What the health of a stream says about signals with known faults."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.findings import Severity
from arousal.ingest.devices import load_catalogue
from arousal.ingest.lsl import Arrival, Offset
from arousal.ingest.raw import StreamInfo
from arousal.ingest.stream_health import Meter, State, StreamHealth, judge
from arousal.recording import Kind

ECG = StreamInfo("ECG-1", "ECG", units=("uV",), rate=130.0)
EDA = StreamInfo("EDA-1", "EDA", units=("uS",), rate=4.0)
RR = StreamInfo("RR-1", "RR", units=("ms",))
TEXT = StreamInfo("Marks", "Markers", format="string")


def heart(n: int) -> np.ndarray:
    return 300.0 * np.sin(np.arange(n) * 0.31) + 700.0 * (np.arange(n) % 130 == 0)


def follow(
    info: StreamInfo,
    values: np.ndarray,
    *,
    rate: float | None = None,
    every: float = 0.5,
    stamps: np.ndarray | None = None,
    wait: float = 0.0,
    offset: Offset | None = None,
    lost: bool = False,
) -> StreamHealth:
    """Send values at a true rate, in arrivals every so often; read the health after a wait."""
    rate = rate or info.rate or 1.0
    meter = Meter(info, load_catalogue(), opened=0.0)
    times = (np.arange(len(values)) + 1) / rate
    stamps = times if stamps is None else stamps
    arrivals = np.ceil(times / every - 1e-9).astype(int)
    for arrival in np.unique(arrivals):
        new = arrivals == arrival
        now = float(arrival * every)
        meter.take(Arrival(values[new].reshape(int(new.sum()), -1), stamps[new]), now)
    health = meter.read(1, now + wait, offset, ended=State.LOST if lost else None)
    assert health.samples == len(values)
    return health


def codes(health: StreamHealth) -> list[str]:
    return [finding.code for finding in judge(health)]


def test_a_good_ecg_is_recognised_measured_and_has_no_findings():
    health = follow(ECG, heart(2600))
    assert health.kinds == (Kind.ECG,)
    assert health.state is State.LIVE
    assert health.rate == pytest.approx(130.0, rel=0.02)
    assert codes(health) == []


@pytest.mark.parametrize(("info", "n", "after"), [(ECG, 1300, 2.0), (EDA, 80, 2.0), (RR, 20, 2.4)])
def test_a_stream_that_stops_is_silent_before_3_s_are_over(info, n, after):
    values = (
        heart(n) if info is ECG else 800.0 + np.arange(n) if info is RR else 2.0 + heart(n) / 1e3
    )
    # The watch looks every 0.5 s. A heart of 55 bpm that skips a beat is not silent.
    assert follow(info, values, wait=after - 0.1).state is not State.SILENT
    health = follow(info, values, wait=after + 0.05)
    assert health.state is State.SILENT
    assert codes(health) == ["stream-silent"]
    assert judge(health)[0].severity is Severity.PROBLEM


def test_bursts_of_a_chest_strap_are_neither_silence_nor_a_wrong_rate():
    health = follow(ECG, heart(2600), every=73 / 130)
    assert health.pause == pytest.approx(73 / 130, rel=0.01)
    assert codes(health) == []


def test_a_stream_with_long_pauses_of_its_own_is_granted_twice_as_long():
    beats = StreamInfo("IBI", "IBI", units=("s",))
    values = 0.8 + 0.01 * np.arange(20)
    assert follow(beats, values, rate=0.25, every=4.0, wait=7.0).state is State.LIVE
    assert follow(beats, values, rate=0.25, every=4.0, wait=9.0).state is State.SILENT


def test_text_streams_and_unknown_irregular_numbers_may_rest():
    for info in (TEXT, StreamInfo("codes", "Whatever")):
        values = np.array([["a"]] * 5, dtype=object) if info.is_text else np.arange(5.0)
        assert codes(follow(info, values, wait=60.0)) == []


def test_a_stream_whose_sender_is_gone_is_a_problem_until_another_continues_it():
    health = follow(ECG, heart(1300), lost=True)
    assert health.state is State.LOST
    assert codes(health) == ["stream-lost"]


def test_a_marker_stream_that_goes_is_worth_a_warning():
    health = follow(TEXT, np.array([["a"]] * 5, dtype=object), lost=True)
    assert [f.severity for f in judge(health)] == [Severity.WARNING]


def test_a_flat_line_is_told_with_its_length():
    health = follow(ECG, np.concatenate([heart(1300), np.full(650, 12.0)]))
    assert codes(health) == ["flat-line"]
    assert health.flat == pytest.approx(5.0, abs=0.6)


def test_a_bridge_that_repeats_the_last_interval_of_a_dead_strap_is_found_out():
    live = 800.0 + 30.0 * np.sin(np.arange(30))
    assert codes(follow(RR, live)) == []
    assert codes(follow(RR, np.concatenate([live, np.full(25, 812.0)]))) == ["flat-line"]


def test_values_that_are_no_numbers_are_told_with_their_share():
    values = heart(1300)
    values[-650::2] = np.nan
    health = follow(ECG, values)
    assert health.invalid == pytest.approx(0.25, abs=0.02)
    assert codes(health) == ["values-invalid"]


def test_values_out_of_range_are_judged_in_the_kinds_own_unit():
    ohms = StreamInfo("gsr", "EDA", units=("kOhm",), rate=4.0)
    assert codes(follow(ohms, 500.0 + np.arange(80.0))) == []  # 2 uS
    assert codes(follow(ohms, 50_000.0 + np.arange(80.0))) == ["values-outside"]  # 0.02 uS


def test_a_rate_far_from_the_declared_one_is_told():
    health = follow(ECG, heart(2000), rate=100.0)
    assert codes(health) == ["rate-off"]
    assert health.rate == pytest.approx(100.0, rel=0.03)


def test_intervals_declared_regular_are_noted_and_their_rate_is_not_held_against_them():
    beats = StreamInfo("IBI-1", "IBI", units=("s",), rate=1.0)
    health = follow(beats, 0.8 + 0.01 * np.arange(30), rate=1.25)
    assert [(f.code, f.severity) for f in judge(health)] == [("rate-of-beats", Severity.NOTE)]


def test_unix_stamps_are_noted_not_alarmed():
    values = heart(1300)
    stamps = 1.7e9 + np.arange(1300) / 130
    findings = judge(follow(ECG, values, stamps=stamps))
    assert [(f.code, f.severity) for f in findings] == [("stamps-unix", Severity.NOTE)]


def test_backward_and_repeated_stamps_are_counted_across_arrivals():
    stamps = np.arange(1300) / 130
    stamps[700:] -= 1.0
    assert follow(ECG, heart(1300), stamps=stamps).backward == 1
    packets = np.floor(np.arange(1300) / 25) * 25 / 130
    health = follow(ECG, heart(1300), stamps=packets)
    assert health.repeated == 1300 - 52
    assert "stamps-repeat" in codes(health)


def test_a_clock_that_is_no_longer_measured_is_told():
    health = follow(ECG, heart(1300), offset=Offset(measured=-15.0, value=0.0, uncertainty=1e-4))
    assert health.offset_age == pytest.approx(25.0, abs=0.6)
    assert codes(health) == ["clock-stale"]


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=30),
    seed=st.integers(0, 2**32 - 1),
)
def test_however_samples_are_cut_into_arrivals_the_counts_are_the_same(sizes, seed):
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    stamps = np.cumsum(rng.choice([-0.1, 0.0, 0.01, 0.01, 0.01], n))
    meter = Meter(ECG, load_catalogue(), opened=0.0)
    for number, part in enumerate(np.split(np.arange(n), np.cumsum(sizes)[:-1])):
        meter.take(Arrival(heart(n)[part].reshape(-1, 1), stamps[part]), 0.01 * number)
    steps = np.diff(stamps)
    assert (meter.backward, meter.repeated) == ((steps < 0).sum(), (steps == 0).sum())


@pytest.mark.parametrize(("step", "told"), [(3.5, ["stamps-ahead"]), (0.2, [])])
def test_stamps_that_jump_ahead_of_their_arrival_are_told(step, told):
    stamps = (np.arange(1300) + 1) / 130.0 - 40.0
    stamps[650:] += step
    health = follow(ECG, heart(1300), stamps=stamps, offset=Offset(-31.0, 40.0, 1e-4))
    assert codes(health) == told
    assert health.ahead == pytest.approx(step, abs=0.01)
    unknown = follow(ECG, heart(1300), stamps=stamps + 60.0)
    assert codes(unknown) == []  # before the first offset nobody can know
