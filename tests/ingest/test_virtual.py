"""Virtual wearables and faults as values, before anything is sent."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from arousal.errors import UsageError
from arousal.ingest.devices import load_catalogue
from arousal.ingest.raw import RawStream, StreamInfo
from arousal.ingest.units import find_unit, infer_unit, to_kind
from arousal.ingest.virtual_devices import DEVICES, VirtualStream, dress
from arousal.ingest.virtual_faults import Fault, FaultPlan, parse_fault
from arousal.recording import Kind

TRUTH: dict[Kind, NDArray[np.float64]] = {
    Kind.ECG: 400.0 * np.sin(np.arange(520) * 0.4) + 900.0 * (np.arange(520) % 110 == 0),
    Kind.EDA: 2.0 + 0.1 * np.sin(np.arange(520) / 50),
    Kind.RR: 800.0 + 20.0 * np.sin(np.arange(520)),
    Kind.HR: 75.0 + 2.0 * np.sin(np.arange(520)),
    Kind.PPG: np.sin(np.arange(520) * 0.2),
    Kind.TEMPERATURE: 33.0 + 0.1 * np.sin(np.arange(520) / 90),
    Kind.RESPIRATION: np.sin(np.arange(520) * 0.05),
}
RATES = {
    Kind.ECG: 130.0,
    Kind.EDA: 4.0,
    Kind.PPG: 64.0,
    Kind.TEMPERATURE: 4.0,
    Kind.RESPIRATION: 25,
}


def recorded(kind: Kind) -> VirtualStream:
    info = StreamInfo("W04", kind.value, units=(kind.unit,), rate=RATES.get(kind, 0.0))
    return VirtualStream(info, TRUTH[kind].reshape(-1, 1), np.arange(520.0) / 4, "W04")


@pytest.mark.parametrize(
    ("device", "kind"), [(device, kind) for device, kinds in DEVICES.items() for kind in kinds]
)
def test_what_a_virtual_device_sends_is_recognised_and_converted_back_to_the_truth(device, kind):
    sent = dress(recorded(kind), kind, TRUTH[kind], device)
    times = 100.0 + sent.times
    stream = RawStream(sent.info, sent.values, times, times)
    (match,) = load_catalogue().match(stream)
    assert match.kind == kind
    declared = find_unit(kind, sent.info.units[0]) if match.trust_unit else None
    values = sent.values[:, 0].astype(np.float64)
    unit = declared or find_unit(kind, match.unit) or infer_unit(kind, values).unit
    assert unit is not None
    np.testing.assert_allclose(to_kind(kind, unit, values), TRUTH[kind], rtol=1e-5, atol=1e-4)


def test_a_kind_that_a_device_does_not_measure_stays_as_recorded():
    assert dress(recorded(Kind.EDA), Kind.EDA, TRUTH[Kind.EDA], "polar-h10").info.name == "W04"
    with pytest.raises(UsageError, match="no virtual device 'pear-watch'"):
        dress(recorded(Kind.EDA), Kind.EDA, TRUTH[Kind.EDA], "pear-watch")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("dies:Polar-04@30", Fault("dies", "Polar-04", 30.0)),
        ("dies:Polar-04@30+20", Fault("dies", "Polar-04", 30.0, 20.0)),
        ("rate:Polar-04@0=0.5", Fault("rate", "Polar-04", 0.0, value=0.5)),
        ("step:Polar-04@60.5+1=-3.5", Fault("step", "Polar-04", 60.5, 1.0, -3.5)),
        ("freeze@60+5", Fault("freeze", "", 60.0, 5.0)),
        ("nan:a:b@c@3", Fault("nan", "a:b@c", 3.0)),
    ],
)
def test_faults_are_read_as_they_are_written(text, fault):
    assert parse_fault(text, ["Polar-04", "a:b@c"]) == fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dies:Polar-05@30", "no stream 'Polar-05'"),
        ("dies@30", "which stream"),
        ("freeze:Polar-04@30", "takes no stream"),
        ("explodes:Polar-04@30", "is not KIND"),
        ("dies:Polar-04", "is not KIND"),
        ("dies:Polar-04@1.2.3", "a number that is none"),
        ("rate:Polar-04@0=0", "factor is 0"),
    ],
)
def test_faults_that_cannot_be_are_refused_with_the_reason(text, message):
    names = ["Polar-04"]
    with pytest.raises(UsageError, match=message):
        parse_fault(text, names)


def test_a_plan_says_when_a_stream_is_there_and_when_it_sends():
    plan = FaultPlan(
        [Fault("dies", "a", 30, 20), Fault("late", "a", 5), Fault("silent", "a", 10, 2)], "a"
    )
    present = [plan.present(t) for t in (4, 5, 29.9, 30, 49, 50)]
    assert present == [False, True, True, False, False, True]
    assert [plan.sends(t) for t in (9, 10, 11.9, 12)] == [True, False, False, True]
    assert not FaultPlan([Fault("dies", "b", 0)], "a").twins


def test_spoilt_values_are_spoilt_where_and_only_where_the_fault_is():
    values = np.arange(20.0).reshape(10, 2)
    times = np.arange(10.0)
    plan = FaultPlan([Fault("nan", "a", 2, 3), Fault("flat", "a", 7, 2)], "a")
    spoilt = plan.spoil(values, times, np.array([-1.0, -2.0]))
    assert np.isnan(spoilt[2:5]).all()
    assert np.array_equal(spoilt[7:9], values[[6, 6]])
    assert np.array_equal(spoilt[[0, 1, 5, 6, 9]], values[[0, 1, 5, 6, 9]])
    assert np.array_equal(values, np.arange(20.0).reshape(10, 2))
    flat = FaultPlan([Fault("flat", "a", 0)], "a")
    assert np.array_equal(flat.spoil(values, times, values[0])[-1], values[0])


def test_a_clock_step_moves_stamps_from_then_on():
    plan = FaultPlan([Fault("step", "a", 3, value=3.5)], "a")
    assert plan.step(np.arange(5.0)).tolist() == [0, 0, 0, 3.5, 3.5]
