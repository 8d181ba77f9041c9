"""OpenSignals text files, against recordings that PLUX ships with its notebooks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from arousal.errors import FormatError
from arousal.ingest import load
from arousal.ingest.opensignals import header_start
from arousal.ingest.plux_units import convert_counts
from arousal.recording import Kind
from tests.ingest.vendor_files import all_text, codes, reasons, signal, words

FOLDER = "opensignals_plux"


def device(**changes: object) -> dict[str, object]:
    entry: dict[str, object] = {
        "sensor": ["ECG"],
        "column": ["nSeq", "DI", "CH1"],
        "label": ["CH1"],
        "resolution": [16],
        "sampling rate": 100,
        "device": "biosignalsplux",
        "firmware version": 773,
        "date": "2019-3-29",
        "time": "13:55:4.491",
    }
    return entry | changes


def write(path: Path, devices: dict[str, dict[str, object]], rows: list[list[float]]) -> Path:
    lines = ["# OpenSignals Text File Format", f"# {json.dumps(devices)}", "# EndOfHeader"]
    lines += ["\t".join(f"{cell:g}" for cell in row) + "\t" for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def wave(n: int, level: float = 32768, swing: float = 3000) -> list[float]:
    return [float(round(level + swing * np.sin(i / 5))) for i in range(n)]


def test_skin_conductance_is_counts_times_the_data_sheet_s_factor(shared_data: Path):
    path = shared_data / FOLDER / "eda_slow_signal.txt"
    eda = signal(load(path), Kind.EDA)
    assert (eda.rate, len(eda), eda.unit) == (100.0, 2820, "uS")
    assert eda.original_unit == "16-bit counts"
    assert eda.values[0] == pytest.approx(46888 / 65536 * 3.0 / 0.12, rel=1e-12)
    # Its info file says: 28.2 s.
    assert eda.end - eda.onset == pytest.approx(28.2)


@pytest.mark.parametrize(("name", "samples"), [("sync_acc_1", 40950), ("sync_acc_2", 20250)])
def test_three_axes_are_one_movement_of_one_g_at_rest(shared_data: Path, name: str, samples: int):
    movement = signal(load(shared_data / FOLDER / f"{name}.txt"), Kind.ACCELERATION)
    assert movement.values.shape == (samples, 3)
    assert movement.rate == 1000.0
    assert np.median(np.linalg.norm(movement.values, axis=1)) == pytest.approx(1.0, abs=0.01)


def test_a_bitalino_s_ecg_has_millivolts_and_its_digital_line_is_an_event(shared_data: Path):
    recording = load(shared_data / "rr_pyhrv" / "SampleECG.txt")
    ecg = signal(recording, Kind.ECG)
    assert (ecg.rate, len(ecg)) == (1000.0, 22350)
    assert ecg.values[0] == pytest.approx(1000 * (496 / 1024 - 0.5) * 3.3 / 1.1)
    [event] = recording.events
    assert (event.source, event.label) == ("O1", "1")
    assert event.onset == pytest.approx(0.262)


def test_times_count_from_the_first_sample_and_never_from_the_header(shared_data: Path):
    recording = load(shared_data / FOLDER / "sync_acc_2.txt")
    assert (recording.clock, recording.origin, recording.started) == ("file", 0.0, None)
    assert signal(recording, Kind.ACCELERATION).onset == 0.0
    assert "clock-header" in codes(recording)


def test_header_starts_differ_by_what_the_headers_claim(shared_data: Path):
    one, two = (header_start(shared_data / FOLDER / f"sync_acc_{n}.txt") for n in (1, 2))
    assert two - one == pytest.approx(22.037, abs=1e-6)


@pytest.mark.parametrize("name", ["eda_slow_signal.txt", "sync_acc_1.txt"])
def test_bluetooth_addresses_go_no_further(shared_data: Path, name: str):
    recording = load(shared_data / FOLDER / name)
    assert [p.id for p in recording] == ["P01"]
    assert "00:07:80" not in all_text(recording)
    assert "persons-numbered" in codes(recording)


def test_two_devices_in_one_file_are_two_wearers_and_said_so(tmp_path: Path):
    rows = [[i, 0, a, i, 0, b] for i, (a, b) in
            enumerate(zip(wave(300), wave(300, 30000, 2000), strict=True))]  # fmt: skip
    path = write(tmp_path / "two.txt", {"00:AA": device(), "00:BB": device()}, rows)
    recording = load(path)
    assert [p.id for p in recording] == ["P01", "P02"]
    assert [p.signals[0].source for p in recording] == ["1/CH1", "2/CH1"]
    [finding] = [f for f in recording.findings if f.code == "persons-numbered"]
    assert "P02 = 2/CH1" in finding.message
    told = words(tmp_path, 'schema = 1\n[[signal]]\ncolumn = "1/CH1"\nkind = "ecg"\nunit = "mV"\n'
                 'person = "P07"\n[[signal]]\ncolumn = "2/CH1"\nkind = "ecg"\nunit = "mV"\n'
                 'person = "P09"\n')  # fmt: skip
    mapped = load(path, mapping=told)
    assert [p.id for p in mapped] == ["P07", "P09"]
    assert "persons-numbered" not in codes(mapped)


def test_samples_that_the_radio_lost_leave_a_gap(tmp_path: Path):
    numbers = [n for n in range(500) if not 100 <= n < 350]
    rows = [[n, 0, value] for n, value in zip(numbers, wave(len(numbers)), strict=True)]
    recording = load(write(tmp_path / "lost.txt", {"00:AA": device()}, rows))
    ecg = signal(recording, Kind.ECG)
    np.testing.assert_allclose(ecg.gaps(), [[0.99, 3.5]])
    assert "samples-lost" in codes(recording)


def test_a_bitalino_s_counter_of_four_bits_starts_again_without_a_gap(tmp_path: Path):
    rows = [[n % 16, 0, value] for n, value in enumerate(wave(200, 512, 200))]
    entry = device(device="bitalino_rev", resolution=[4, 1, 10])
    recording = load(write(tmp_path / "bit.txt", {"00:AA": entry}, rows))
    assert signal(recording, Kind.ECG).end == pytest.approx(2.0)
    assert "samples-lost" not in codes(recording)


def test_a_file_exported_as_converted_keeps_its_units(tmp_path: Path):
    rows = [[n, 0, 4.5 + 0.01 * (n % 7)] for n in range(200)]
    entry = device(sensor=["EDA"], convertedValues=1)
    eda = signal(load(write(tmp_path / "converted.txt", {"00:AA": entry}, rows)), Kind.EDA)
    assert eda.values[0] == 4.5
    assert eda.original_unit == ""


def test_sensors_that_are_not_read_are_listed_with_the_reason(tmp_path: Path):
    rows = [[n, 0, a, b] for n, (a, b) in enumerate(zip(wave(99), wave(99), strict=True))]
    entry = device(sensor=["ECG", "EMG"], label=["CH1", "CH2"], resolution=[16, 16],
                   column=["nSeq", "DI", "CH1", "CH2"])  # fmt: skip
    recording = load(write(tmp_path / "emg.txt", {"00:AA": entry}, rows))
    assert "'EMG' is none" in reasons(recording)["CH2"]


@pytest.mark.parametrize(
    ("model", "firmware", "sensor", "expected"),
    [
        ("biosignalsplux", "773", "EDA", 0.25 * 3.0 / 0.12),
        ("bitalino_rev", "", "EDA", 0.25 * 3.3 / 0.132),
        ("bitalino", "5.1", "EDA", 0.25 * 3.3 / 0.132),
        ("bitalino", "3.1", "EDABITREV", 0.25 * 3.3 / 0.132),
        ("bitalino", "3.1", "EDA", 1 / 0.75),
    ],
)
def test_each_board_s_skin_conductance_has_its_own_formula(
    model: str, firmware: str, sensor: str, expected: float
):
    scaled = convert_counts(sensor, model, firmware, 10, np.array([[256.0]]))
    assert (scaled.kind, scaled.unit) == (Kind.EDA, "uS")
    assert scaled.values[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("{}", "names no device"),
        ("{not json", "damaged"),
        ('{"00:AA": {"label": ["CH1"]}}', "damaged"),
        (json.dumps({"00:AA": device(resolution=[16, 16], label=["CH1", "CH2"])}), "damaged"),
        (json.dumps({"00:AA": device() | {"sampling rate": 0}}), "allowed > 0"),
    ],
)
def test_a_damaged_header_is_one_line_that_says_so(tmp_path: Path, header: str, said: str):
    path = tmp_path / "x.txt"
    path.write_text(f"# OpenSignals Text File Format\n# {header}\n# EndOfHeader\n1\t0\t5\n")
    with pytest.raises(FormatError, match=said) as caught:
        load(path)
    assert caught.value.where == str(path)
