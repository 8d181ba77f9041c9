"""Polar Sensor Logger files, in the layout that the app writes."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from arousal.errors import DataError, FormatError
from arousal.ingest import load
from arousal.recording import Kind
from tests.ingest.vendor_files import all_text, codes, signal

START = datetime.fromisoformat("2026-03-12T18:00:00")
DEVICE = "Polar_H10_9F2C3E21_20260312_180000"
PACKET = 73


def phone(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def ecg_values(n: int) -> list[int]:
    return [round(900 * np.exp(-(((i % 104) - 50) ** 2) / 8) - 20) for i in range(n)]


def write_ecg(folder: Path, n: int = 1300, *, drift: float = 0.0, late: float = 0.15) -> Path:
    """Packets of 73 samples that arrive together, 0.15-0.35 s after the last was taken."""
    rng = np.random.default_rng(4)
    lines = ["Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV]"]
    for i, value in enumerate(ecg_values(n)):
        if i % PACKET == 0:
            arrival = (min(i + PACKET, n) - 1) / 130 + late + 0.2 * rng.random()
        nanoseconds = 838432586543515816 + round(i / 130 * (1 + drift) * 1e9)
        lines.append(f"{phone(arrival)};{nanoseconds};{1000 * i / 130:.1f};{value}")
    path = folder / f"{DEVICE}_ECG.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def write_rr(folder: Path, name: str = DEVICE) -> Path:
    intervals = [round(850 + 40 * np.sin(k / 4)) for k in range(120)]
    beats = np.cumsum(intervals) / 1000
    lines = ["Phone timestamp;RR-interval [ms]"]
    lines += [f"{phone(np.ceil(b))};{r}" for b, r in zip(beats, intervals, strict=True)]
    path = folder / f"{name}_RR.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_sensor_s_clock_spaces_the_ecg_and_the_phone_s_places_it(tmp_path: Path):
    recording = load(write_ecg(tmp_path))
    ecg = signal(recording, Kind.ECG)
    assert (ecg.rate, len(ecg), ecg.site, ecg.unit) == (130.0, 1300, "chest", "uV")
    np.testing.assert_allclose(np.diff(ecg.times), 1 / 130, atol=1e-6)
    np.testing.assert_array_equal(ecg.values, ecg_values(1300))


def test_radio_delays_and_a_sensor_clock_that_drifts_leave_beats_on_the_phone_s_clock(
    tmp_path: Path,
):
    ecg = signal(load(write_ecg(tmp_path, 130 * 400, drift=5e-4)), Kind.ECG)
    # Zero is the first arrival: 73 samples and at most 0.35 s after the first sample was taken.
    true = np.arange(len(ecg)) / 130
    error = ecg.times - ecg.times[0] - true
    assert np.abs(error).max() < 0.05  # the sensor alone would be 0.2 s off


def test_intervals_are_put_to_their_beats(tmp_path: Path):
    recording = load(write_rr(tmp_path))
    rr = signal(recording, Kind.RR)
    assert len(rr) == 120
    assert len(rr.segments()) == 1
    np.testing.assert_allclose(np.diff(rr.times), rr.values[1:] / 1000, rtol=0.02)
    assert "rr-rebuilt" in codes(recording)
    assert "time-zone-unknown" in codes(recording)
    assert (recording.clock, recording.started) == ("file", None)


def test_times_with_a_zone_tell_when_it_was(tmp_path: Path):
    path = write_rr(tmp_path)
    lines = path.read_text().replace(";", "+01:00;").replace("timestamp+01:00", "timestamp")
    path.write_text(lines)
    recording = load(path)
    assert recording.clock == "unix"
    assert recording.started is not None
    assert recording.started.isoformat() == "2026-03-12T17:00:01+00:00"


def test_a_folder_is_one_session_on_the_phone_s_clock_with_its_marks(tmp_path: Path):
    write_ecg(tmp_path)
    write_rr(tmp_path)
    lines = ["Phone timestamp;sensor timestamp [ns];X [mg];Y [mg];Z [mg]"]
    lines += [f"{phone(n / 50 + 1)};{838432586543515816 + 20_000_000 * n};10;-20;{990 + n % 20}"
              for n in range(500)]  # fmt: skip
    (tmp_path / f"{DEVICE}_ACC.txt").write_text("\n".join(lines) + "\n")
    hr = ["Phone timestamp;HR [bpm];HRV [ms];Breathing interval [rpm];"]
    hr += [f"{phone(n)};{70 + n % 3};42.5;;" for n in range(1, 100)]
    (tmp_path / f"{DEVICE}_HR.txt").write_text("\n".join(hr) + "\n")
    marks = ["Phone timestamp;Marker start/stop", f"{phone(5)};MARKER_START"]
    (tmp_path / f"{DEVICE}_MARKER.txt").write_text("\n".join(marks) + "\n")
    recording = load(tmp_path)
    [person] = recording.persons
    assert {s.kind for s in person.signals} == {Kind.ECG, Kind.RR, Kind.HR, Kind.ACCELERATION}
    assert signal(recording, Kind.ACCELERATION, person.id).rate == 50.0
    [event] = recording.events
    first = min(s.onset for s in person.signals)
    assert event.label == "MARKER_START"
    assert event.onset - first == pytest.approx(4.5, abs=1.0)
    assert len(recording.sources) == 5


def test_two_straps_in_one_folder_are_two_wearers_and_numbers_go_no_further(tmp_path: Path):
    write_rr(tmp_path)
    write_rr(tmp_path, "Polar_H10_AB12CD34_20260312_180001")
    recording = load(tmp_path)
    assert [p.id for p in recording] == ["P01", "P02"]
    assert "9F2C3E21" not in all_text(recording)
    assert "persons-numbered" in codes(recording)


def test_packets_without_a_sensor_clock_are_spread_and_no_sample_is_lost(tmp_path: Path):
    path = write_ecg(tmp_path)
    lines = path.read_text().splitlines()
    rows = [line.split(";") for line in lines[1:]]
    text = [lines[0], *(";".join([row[0], "0", "0", row[3]]) for row in rows)]
    path.write_text("\n".join(text) + "\n")
    recording = load(path)
    ecg = signal(recording, Kind.ECG)
    assert len(ecg) == 1300
    assert "sensor-time-unusable" in codes(recording)
    np.testing.assert_allclose(np.diff(ecg.times), 1 / 130, atol=0.002)


def test_intervals_that_the_watch_marks_as_disturbed_are_left_out(tmp_path: Path):
    head = "Phone Data RX timestamp;PP-interval [ms];error estimate [ms];blocker;contact;contact;"
    lines = [f"{head}hr [bpm]"]
    lines += [f"{phone(0.8 * n)};{800 + n % 5};5;{int(n in (20, 21))};1;1;75" for n in range(1, 60)]
    path = tmp_path / "Polar_Sense_0C301E3F_PPI.txt"
    path.write_text("\n".join(lines) + "\n")
    assert len(signal(load(path), Kind.RR)) == 57


def test_times_in_another_form_are_one_clear_error(tmp_path: Path):
    path = tmp_path / f"{DEVICE}_RR.txt"
    path.write_text("Phone timestamp;RR-interval [ms]\n12/03/26 6 pm;800\n12/03/26 6 pm;810\n")
    with pytest.raises(DataError, match="not ISO dates"):
        load(path)


def test_a_file_with_a_header_alone_is_a_format_error(tmp_path: Path):
    path = tmp_path / f"{DEVICE}_RR.txt"
    path.write_text("Phone timestamp;RR-interval [ms]\n")
    with pytest.raises(FormatError, match="no line of data"):
        load(path)
