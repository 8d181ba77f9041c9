"""What is written as BIDS reads back as it was: values to the last bit."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arousal.errors import DataError, FormatError
from arousal.ingest import load
from arousal.ingest.bids_events import events_text, read_events
from arousal.ingest.bids_names import entity, label_of
from arousal.ingest.bids_sidecar import inherited_sidecar
from arousal.ingest.bids_writer import recording_labels, write_physio
from arousal.recording import Event, Kind, Signal

PAIR = Signal(Kind.EDA, np.array([1.0, 2.0]), np.array([0.0, 0.25]), 4.0)
STEM = "sub-P07_ses-01_task-talk"
TENTH_OF_A_NANOSECOND = 1e-10
"""A steady signal's times are told by its rate alone; stamped times are exact."""


def written(folder, *signals):
    for label, signal in zip(recording_labels(signals), signals, strict=True):
        write_physio(folder, f"{STEM}_recording-{label}", signal, {"TaskName": "talk"})
    return load(folder).person("P07")


def same(back, signal):
    assert back.times.shape == signal.times.shape
    assert np.abs(back.times - signal.times).max() <= TENTH_OF_A_NANOSECOND
    np.testing.assert_array_equal(back.values, signal.values)
    assert (back.kind, back.rate, back.site, back.original_unit) == (
        signal.kind,
        signal.rate,
        signal.site,
        signal.original_unit,
    )


def lines(folder, label):
    packed = (folder / f"{STEM}_recording-{label}_physio.tsv.gz").read_bytes()
    return [line.split("\t") for line in gzip.decompress(packed).decode().splitlines()]


def sidecar(folder, label):
    return json.loads((folder / f"{STEM}_recording-{label}_physio.json").read_text())


@st.composite
def signals(draw):
    """Skin conductance as devices send it: with gaps, jitter or drift, 32 or 64 bits, NaN."""
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    rate = draw(st.sampled_from([4.0, 15.0, 128.0, 31.25]))
    count = draw(st.integers(20, 300))
    times = draw(st.sampled_from([0.0, -3.7, 1234.56789])) + np.arange(count) / rate
    times = times * (1 + draw(st.sampled_from([0.0, 1e-5, -3e-4])))
    for _ in range(draw(st.integers(0, 2))):
        late = draw(st.floats(0.1, 5.0))
        times[draw(st.integers(1, count - 1)) :] += late
    if draw(st.booleans()):
        times = times + rng.uniform(0, 0.3 / rate, count)
    values = 5 + np.cumsum(rng.normal(0, 0.01, count))
    if draw(st.booleans()):
        values = values.astype(np.float32).astype(np.float64)
    if draw(st.booleans()):
        values[rng.integers(0, count, 3)] = np.nan
    return Signal(Kind.EDA, values, times, rate, "x", draw(st.sampled_from(["finger", None])))


@settings(max_examples=40, deadline=None)
@given(signal=signals())
def test_any_signal_reads_back_as_it_was(tmp_path_factory, signal):
    folder = tmp_path_factory.mktemp("bids")
    same(written(folder, signal).signal(Kind.EDA), signal)


def test_a_steady_signal_is_plain_bids(tmp_path):
    signal = Signal(Kind.EDA, 2 + np.arange(400) / 100, 0.5 + np.arange(400) / 4, 4.0, "x", "palm")
    same(written(tmp_path, signal).signals[0], signal)
    described = sidecar(tmp_path, "eda")
    assert described["Columns"] == ["eda"]
    assert (described["SamplingFrequency"], described["StartTime"]) == (4.0, 0.5)
    assert (described["eda"]["Units"], described["eda"]["Placement"]) == ("uS", "palm")
    assert lines(tmp_path, "eda")[0] == ["2.0"]


def test_a_drifting_clock_has_its_own_rate_and_the_nominal_beside(tmp_path):
    signal = Signal(Kind.EDA, 2 + np.arange(400) / 100, np.linspace(0, 99.7899, 400), 4.0)
    same(written(tmp_path, signal).signals[0], signal)
    described = sidecar(tmp_path, "eda")
    assert described["SamplingFrequency"] == pytest.approx(1 / 0.2501)
    assert described["NominalSamplingFrequency"] == 4.0


def test_a_gap_is_lines_without_a_time_and_an_invalid_sample_has_one(tmp_path):
    times = np.concatenate([np.arange(40), np.arange(60, 100)]) / 4
    values = 2 + np.arange(80) / 100
    values[3] = np.nan
    signal = Signal(Kind.EDA, values, times, 4.0)
    same(written(tmp_path, signal).signals[0], signal)
    rows = lines(tmp_path, "eda")
    assert len(rows) == 100
    assert rows[40:60] == [["n/a", "n/a"]] * 20
    assert rows[3] == ["0.75", "n/a"]


def test_a_signal_that_is_mostly_gap_does_not_fill_the_disk(tmp_path):
    times = np.concatenate([np.arange(40) / 4, 1e7 + np.arange(40) / 4])
    signal = Signal(Kind.EDA, 2 + np.arange(80) / 100, times, 4.0)
    same(written(tmp_path, signal).signals[0], signal)
    assert len(lines(tmp_path, "eda")) == 80


def test_beats_are_observations_with_their_time(tmp_path):
    intervals = np.round(800 + 30 * np.sin(np.arange(300)))
    times = np.add.accumulate(intervals) / 1000
    times[150:] += 12.3
    beats = Signal(Kind.RR, intervals, times, None, "strap")
    same(written(tmp_path, beats).signals[0], beats)
    back = load(tmp_path).person("P07").signals[0]
    assert back.times.tolist() == beats.times.tolist()
    assert sidecar(tmp_path, "rr")["NominalSamplingFrequency"] == "n/a"
    assert sidecar(tmp_path, "rr")["SamplingFrequency"] == pytest.approx(
        299 / (times[-1] - times[0])
    )


def test_axes_device_rates_and_two_of_a_kind_come_back_in_order(tmp_path):
    rng = np.random.default_rng(1)
    times = np.arange(400) / 8
    motion = Signal(Kind.ACCELERATION, rng.normal(0, 1, (400, 3)), times, 8.0)
    pulse = [Signal(Kind.PPG, rng.normal(0, 1, 400), times, 8.0) for _ in range(11)]
    rate = Signal(Kind.HR, 70 + rng.normal(0, 1, 50), np.linspace(0, 55, 50), None)
    belt = Signal(Kind.RESPIRATION, rng.normal(0, 1, 400), times, 8.0)
    person = written(tmp_path, motion, *pulse, rate, belt)
    same(person.signal(Kind.ACCELERATION), motion)
    same(person.signal(Kind.HR), rate)
    for back, signal in zip(person.of(Kind.PPG), pulse, strict=True):
        same(back, signal)
    assert sidecar(tmp_path, "ppg")["Columns"] == ["cardiac"]
    assert sidecar(tmp_path, "respiration")["Columns"] == ["respiratory"]
    assert sidecar(tmp_path, "acceleration")["Columns"][1] == "acceleration_y"


@pytest.mark.parametrize("name", ["e4_stress_predict/S08", "devices_devicely/Everion_test_data"])
def test_real_recordings_read_back_as_they_were(shared_data, tmp_path, name):
    [person] = load(shared_data / name)
    back = written(tmp_path, *person.signals)
    for signal in person.signals:
        found = back.signal(signal.kind)
        assert len(found.gaps()) == len(signal.gaps())
        same(found, signal)


def test_a_long_signal_is_written_in_blocks_without_a_seam(tmp_path):
    values = (np.arange(150_000) % 977).astype(float)
    ecg = Signal(Kind.ECG, values, np.arange(150_000) / 130, 130.0)
    same(written(tmp_path, ecg).signals[0], ecg)


def test_nothing_that_exists_is_written_over(tmp_path):
    write_physio(tmp_path, STEM, PAIR, {})
    with pytest.raises(FileExistsError):
        write_physio(tmp_path, STEM, PAIR, {})


def test_events_read_back_and_short_lines_are_forgiven(tmp_path):
    path = tmp_path / f"{STEM}_events.tsv"
    marks = (
        Event(1 / 3, "phase/discussion id=m1 ago=2", 0.0, "m1", "marks1"),
        Event(7.0, "NA", 2.5, "marks1#1", "marks1"),
    )
    path.write_text(events_text(marks))
    assert read_events(path) == marks
    path.write_text("onset\tduration\ttrial_type\n1.5\n")
    assert [(e.onset, e.label, e.id) for e in read_events(path)] == [(1.5, "", "events#0")]
    path.write_text("onset\tduration\n1\t2\t3\n")
    with pytest.raises(DataError, match="line 2 has 3 cells"):
        read_events(path)
    path.write_bytes(b"onset\xff\n")
    with pytest.raises(FormatError, match="not UTF-8"):
        read_events(path)


def test_names_of_files_in_parts():
    assert entity("sub-01_ses-b_task-x_physio.tsv.gz", "ses") == "b"
    assert label_of("Ödön_2") == "dn2"


def test_the_json_is_found_beside_the_table(tmp_path):
    write_physio(tmp_path, STEM, PAIR, {"TaskName": "x"})
    merged, used = inherited_sidecar(tmp_path / f"{STEM}_physio.tsv.gz")
    assert merged["TaskName"] == "x"
    assert len(used) == 1
