"""Units: spellings, conversions, and what values say about them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.errors import DataError
from arousal.ingest.units import check_unit, find_unit, infer_unit, to_kind, unit_names
from arousal.recording import Kind
from tests.ingest.made_streams import beats, ecg, eda, movement


@pytest.mark.parametrize(
    ("kind", "text", "unit"),
    [
        (Kind.EDA, "µS", "uS"),
        (Kind.EDA, "μS", "uS"),
        (Kind.EDA, "microsiemens", "uS"),
        (Kind.EDA, "micro Siemens", "uS"),
        (Kind.EDA, "kΩ", "kOhm"),
        (Kind.EDA, "kOhms", "kOhm"),
        (Kind.EDA, "Ω", "Ohm"),
        (Kind.EDA, "S", "S"),
        (Kind.RR, "s", "s"),
        (Kind.RR, "Seconds", "s"),
        (Kind.RR, "msec", "ms"),
        (Kind.RR, "1/1024 s", "1/1024 s"),
        (Kind.ECG, "microvolts", "uV"),
        (Kind.ECG, "[mV]", "mV"),
        (Kind.TEMPERATURE, "°C", "degC"),
        (Kind.TEMPERATURE, "Celsius", "degC"),
        (Kind.ACCELERATION, "m/s^2", "m/s2"),
        (Kind.HR, "beats/min", "bpm"),
        (Kind.PPG, "mmHg", "a.u."),
    ],
)
def test_units_are_known_by_the_spellings_devices_use(kind: Kind, text: str, unit: str):
    assert find_unit(kind, text) == unit


@pytest.mark.parametrize("text", ["", "mmHg", "V", "foo"])
def test_what_is_no_unit_of_the_kind_is_not_taken_for_one(text: str):
    assert find_unit(Kind.EDA, text) is None


@pytest.mark.parametrize(
    ("kind", "unit", "sent", "true"),
    [
        (Kind.EDA, "kOhm", 250.0, 4.0),
        (Kind.EDA, "Ohm", 250_000.0, 4.0),
        (Kind.EDA, "S", 4e-6, 4.0),
        (Kind.RR, "s", 0.8, 800.0),
        (Kind.RR, "1/1024 s", 1024.0, 1000.0),
        (Kind.ECG, "mV", 1.2, 1200.0),
        (Kind.ECG, "V", 0.0012, 1200.0),
        (Kind.TEMPERATURE, "degF", 95.0, 35.0),
        (Kind.TEMPERATURE, "K", 308.15, 35.0),
        (Kind.ACCELERATION, "m/s2", 9.80665, 1.0),
        (Kind.ACCELERATION, "1/64 g", 64.0, 1.0),
        (Kind.BATTERY, "fraction", 0.5, 50.0),
        (Kind.HR, "Hz", 1.2, 72.0),
    ],
)
def test_values_come_in_the_unit_of_their_kind(kind: Kind, unit: str, sent: float, true: float):
    assert to_kind(kind, unit, np.array([sent]))[0] == pytest.approx(true)


def test_a_resistance_of_zero_or_less_has_no_conductance():
    assert np.isnan(to_kind(Kind.EDA, "kOhm", np.array([0.0, -5.0]))).all()


def test_a_unit_of_another_kind_is_an_error_that_lists_the_right_ones():
    with pytest.raises(DataError, match="uS, S, nS, kOhm"):
        to_kind(Kind.EDA, "mV", np.zeros(3))


@given(st.sampled_from(list(Kind)), st.data())
def test_every_unit_converts_growing_values_to_ordered_ones(kind: Kind, data: st.DataObject):
    unit = data.draw(st.sampled_from(unit_names(kind)))
    values = np.sort(np.array(data.draw(st.lists(st.floats(1.0, 1e4), min_size=2, max_size=9))))
    steps = np.diff(to_kind(kind, unit, values))
    assert (steps >= 0).all() or (steps <= 0).all()


def test_a_skin_conductance_of_250_microsiemens_is_refused_and_not_relabelled():
    verdict = check_unit(Kind.EDA, "uS", 1000 / eda())
    assert verdict.unit is None
    assert "median 242.6 uS" in verdict.reason
    assert "several units are possible" in verdict.reason


@pytest.mark.parametrize("level", [0.0005, 0.02, 5.0, 45.0])
def test_low_and_high_conductance_are_a_matter_of_quality_and_not_of_units(level: float):
    assert check_unit(Kind.EDA, "uS", eda(level=level)).unit == "uS"


def test_intervals_declared_in_seconds_that_can_only_be_milliseconds_are_repaired_and_said():
    verdict = check_unit(Kind.RR, "s", beats() * 1000)
    assert verdict.unit == "ms"
    assert "only ms is possible" in verdict.reason


def test_an_ecg_declared_in_microvolts_that_can_only_be_volts_is_repaired_and_said():
    verdict = check_unit(Kind.ECG, "uV", ecg() * 1e-6)
    assert (verdict.unit, "only V" in verdict.reason) == ("V", True)


@pytest.mark.parametrize("values", [np.array([]), np.full(50, np.nan), np.zeros(50)])
def test_values_that_say_nothing_leave_the_declared_unit(values: np.ndarray):
    assert check_unit(Kind.ECG, "mV", values).unit == "mV"
    assert check_unit(Kind.EDA, "uS", values).unit == "uS"


@pytest.mark.parametrize(
    ("kind", "values", "unit"),
    [
        (Kind.EDA, eda(level=2.0), "uS"),
        (Kind.EDA, 1000 / eda(level=2.0), "kOhm"),
        (Kind.EDA, 1e6 / eda(level=2.0), "Ohm"),
        (Kind.RR, beats(), "s"),
        (Kind.RR, beats() * 1000, "ms"),
        (Kind.ECG, ecg() + 0.01, "uV"),
        (Kind.ECG, ecg() / 1000, "mV"),
        (Kind.TEMPERATURE, np.full(9, 33.0), "degC"),
        (Kind.TEMPERATURE, np.full(9, 91.4), "degF"),
        (Kind.TEMPERATURE, np.full(9, 306.0), "K"),
        (Kind.ACCELERATION, movement(g=9.81), "m/s2"),
        (Kind.ACCELERATION, movement(g=1000), "mg"),
        (Kind.ACCELERATION, movement(g=64), "1/64 g"),
    ],
)
def test_a_unit_that_is_not_declared_is_found_where_only_one_is_possible(
    kind: Kind, values: np.ndarray, unit: str
):
    verdict = infer_unit(kind, values)
    assert verdict.unit == unit
    assert unit in verdict.reason


def test_where_two_units_are_possible_none_is_taken():
    verdict = infer_unit(Kind.EDA, eda(level=30.0))
    assert verdict.unit is None
    assert "uS and kOhm" in verdict.reason


def test_counts_of_a_converter_are_never_taken_for_conductance():
    counts = np.round(4.0 + np.arange(100) % 3)
    assert infer_unit(Kind.EDA, counts).unit is None
