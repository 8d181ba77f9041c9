"""Samples to signals: times, rates, units, and what is said about bad ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.findings import Severity
from arousal.ingest.signals import Refused, Samples, make_signal, strictly_increasing
from arousal.recording import Kind, Signal
from tests.ingest.made_streams import ecg, eda


def made(kind: Kind, values: object, **more: object) -> tuple[Signal, dict[str, str]]:
    array = np.asarray(values, dtype=float)
    rate = float(more.setdefault("rate", 4.0))  # type: ignore[arg-type]
    times = np.asarray(more.pop("times", np.arange(len(array)) / rate), dtype=float)
    more.setdefault("unit", kind.unit)
    result, findings = make_signal(Samples(kind, array, times, "box", **more))  # type: ignore[arg-type]
    assert isinstance(result, Signal)
    return result, {f.code: f.message for f in findings}


def test_good_samples_become_a_signal_without_a_word():
    signal, said = made(Kind.EDA, eda())
    np.testing.assert_array_equal(signal.values, eda())
    assert (signal.rate, signal.source, signal.original_unit, said) == (4.0, "box", "", {})


def test_a_channel_that_is_all_nan_is_kept_and_said():
    signal, said = made(Kind.EDA, np.full(40, np.nan))
    assert len(signal) == 40
    assert "all 40 samples are invalid" in said["signal-all-nan"]


def test_a_flat_signal_is_kept_and_said():
    signal, said = made(Kind.EDA, np.full(40, 0.31))
    assert len(signal) == 40
    assert "always 0.31 uS" in said["signal-flat"]


def test_repeated_and_backward_stamps_are_dropped_and_counted():
    times = np.arange(40) / 4.0
    times[10], times[20] = times[9], times[18]
    signal, said = made(Kind.EDA, np.arange(40.0) + 0.5, times=times)
    assert (np.diff(signal.times) > 0).all()
    assert len(signal) == 38
    assert said["stamps-dropped"].startswith("2 of 40 samples left out: 1 stamps were repeated, 1")


def test_samples_without_a_time_are_dropped_and_counted_as_such():
    times = np.arange(40) / 4.0
    times[7] = np.nan
    signal, said = made(Kind.EDA, eda()[:40], times=times)
    assert len(signal) == 39
    assert said["stamps-dropped"].startswith("1 of 40 samples left out: 1 had no time, 0 stamps")


def test_infinite_values_are_invalid_ones():
    values = eda()
    values[[3, 9]] = np.inf, -np.inf
    signal, _ = made(Kind.EDA, values)
    assert np.flatnonzero(np.isnan(signal.values)).tolist() == [3, 9]


@pytest.mark.parametrize(
    ("kind", "values", "rate", "reason"),
    [
        (Kind.EDA, [4.0], None, "1 samples are too few to tell their rate"),
        (Kind.RR, [0.0] * 20, None, "no usable samples"),
    ],
)
def test_a_signal_that_vanishes_is_a_problem_and_no_silence(
    kind: Kind, values: list[float], rate: float | None, reason: str
):
    times = np.arange(float(len(values)))
    samples = Samples(kind, np.array(values), times, "box", unit=kind.unit, rate=rate)
    result, [finding] = make_signal(samples)
    assert result == Refused(reason)
    assert (finding.code, finding.severity) == ("signal-unusable", Severity.PROBLEM)
    assert reason in finding.message


def test_one_wild_stamp_costs_one_sample_and_not_all_that_follow():
    times = np.arange(40) / 4.0
    times[10] = 1e6
    signal, _ = made(Kind.EDA, np.arange(40.0) + 0.5, times=times)
    assert len(signal) == 39
    assert signal.end < 11


@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), max_size=60))
def test_kept_times_increase_strictly_and_sorted_times_are_all_kept(times: list[float]):
    array = np.array(times, dtype=float)
    kept = array[strictly_increasing(array)]
    assert np.isfinite(kept).all()
    assert (np.diff(kept) > 0).all()
    ordered = np.unique(array[np.isfinite(array)])
    assert strictly_increasing(ordered).all()


def test_a_wrong_declared_rate_gives_way_to_the_measured_one():
    values = ecg(128.0)
    signal, said = made(Kind.ECG, values, rate=256.0, times=np.arange(values.size) / 128.0)
    assert signal.rate == 128.0
    assert "declared 256" in said["rate-differs"]


def test_dropped_samples_and_gaps_do_not_change_the_rate():
    times = np.arange(4000) / 4.0
    keep = np.arange(4000) % 5 != 0
    keep[1000:2000] = False
    signal, said = made(Kind.EDA, eda(seconds=1000)[keep], times=times[keep])
    assert signal.rate == 4.0
    assert "rate-differs" not in said
    assert len(signal.gaps()) == 1


def test_a_wave_without_a_declared_rate_gets_the_measured_one():
    values = ecg(130.0)
    samples = Samples(Kind.ECG, values, np.arange(values.size) / 130.0, "box", "uV")
    signal, _ = make_signal(samples)
    assert isinstance(signal, Signal)
    assert signal.rate == 130.0


def test_a_zero_heart_rate_is_no_heart_rate():
    signal, _ = made(Kind.HR, [70.0, 0.0, 72.0] * 5, rate=1.0)
    assert np.isnan(signal.values[1])
    assert np.nanmin(signal.values) == 70.0


def test_an_amplitude_of_unknown_scale_is_used_only_if_a_person_says_what_it_is():
    counts = np.round(512 + ecg() / 10)
    common = (Kind.ECG, counts, np.arange(counts.size) / 130.0, "box")
    refused, _ = make_signal(Samples(*common, rate=130.0))
    assert isinstance(refused, Refused)
    assert "counts" in refused.reason
    taken, findings = make_signal(Samples(*common, rate=130.0, confirmed=True))
    assert isinstance(taken, Signal)
    assert [f.code for f in findings] == ["amplitude-unknown"]


def test_skin_conductance_of_unknown_scale_is_refused_even_if_a_person_names_it():
    counts = np.round(20_000 + 300 * eda())
    samples = Samples(Kind.EDA, counts, np.arange(counts.size) / 4.0, "box", confirmed=True)
    refused, _ = make_signal(samples)
    assert isinstance(refused, Refused)


def test_a_contradicted_unit_is_a_problem_with_a_hint():
    values = 1000 / eda()
    result, findings = make_signal(Samples(Kind.EDA, values, np.arange(240) / 4.0, "box", "uS"))
    assert isinstance(result, Refused)
    [finding] = findings
    assert (finding.code, finding.where) == ("unit-contradicted", "box")
    assert "--map" in finding.hint


def test_scale_and_offset_turn_counts_into_the_unit():
    counts = np.round(eda() * 1000 + 40)
    signal, _ = made(Kind.EDA, counts, scale=0.001, offset=-0.04)
    assert signal.values == pytest.approx(eda(), abs=0.001)
