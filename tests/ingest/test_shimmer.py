"""Shimmer CSV, against devicely's recording."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from arousal.errors import FormatError
from arousal.ingest import load
from arousal.recording import Kind, Recording
from tests.ingest.vendor_files import all_text, codes, reasons, signal, words

FILE = "devices_devicely/Shimmer_test_data/read_test_data.csv"
SAMPLES = 90


@pytest.fixture(scope="module")
def recording(shared_data: Path) -> Recording:
    return load(shared_data / FILE)


def test_the_clock_is_unix_and_begins_with_the_first_line(recording: Recording):
    assert (recording.clock, recording.origin) == ("unix", 1595933810.034)
    assert recording.started == datetime(2020, 7, 28, 10, 56, 50, 34000, tzinfo=UTC)


def test_conductance_is_used_and_repeated_stamps_are_counted(recording: Recording):
    eda = signal(recording, Kind.EDA)
    assert eda.source == "GSR_Skin_Conductance"
    assert eda.values[0] == 2.493040293040293
    [dropped] = [f for f in recording.findings if f.where == "GSR_Skin_Conductance"]
    assert dropped.message.startswith("4 of 90 samples left out")
    assert len(eda) == SAMPLES - 4


def test_movement_at_rest_is_one_g_and_one_of_two_sensors_is_enough(recording: Recording):
    movement = signal(recording, Kind.ACCELERATION)
    assert movement.source == "Accel_LN"
    assert np.median(np.linalg.norm(movement.values, axis=1)) == pytest.approx(1.03, abs=0.03)
    assert "Accel_LN" in reasons(recording)["Accel_WR"]


def test_the_case_s_temperature_is_not_the_skin_s(recording: Recording):
    assert recording.person("P01").signal(Kind.TEMPERATURE) is None
    assert "inside the case" in reasons(recording)["Temperature_BMP280"]


def test_the_device_s_number_goes_no_further(recording: Recording):
    assert "40AC" not in all_text(recording)
    assert "persons-numbered" in codes(recording)


def without(shared_data: Path, target: Path, *columns: str) -> Path:
    """The real file without some columns."""
    rows = [
        line.rstrip(";").split(";") for line in (shared_data / FILE).read_text().splitlines()[1:]
    ]
    keep = [i for i, name in enumerate(rows[0]) if not any(c in name for c in columns)]
    text = "\n".join(";".join(row[i] for i in keep) + ";" for row in rows)
    target.write_text('"sep=;"\n' + text + "\n")
    return target


def test_resistance_in_kiloohm_becomes_the_conductance_that_shimmer_itself_computes(
    recording: Recording, shared_data: Path, tmp_path: Path
):
    path = without(shared_data, tmp_path / "P11.csv", "Skin_Conductance")
    eda = signal(load(path), Kind.EDA, "P11")
    assert (eda.source, eda.unit, eda.original_unit) == ("GSR_Skin_Resistance", "uS", "kOhm")
    np.testing.assert_allclose(eda.values, signal(recording, Kind.EDA).values, rtol=1e-12)


def test_a_file_without_the_line_that_names_the_separator_is_read_too(
    shared_data: Path, tmp_path: Path
):
    path = tmp_path / "x.csv"
    path.write_text((shared_data / FILE).read_text().split("\n", 1)[1])
    assert len(signal(load(path), Kind.EDA)) == SAMPLES - 4


def test_without_a_time_column_it_is_a_format_error(shared_data: Path, tmp_path: Path):
    with pytest.raises(FormatError, match="no column is a timestamp"):
        load(without(shared_data, tmp_path / "x.csv", "Timestamp"))


def two_devices(folder: Path) -> Path:
    names = [
        f"Shimmer_{d}_{what}_CAL"
        for d in ("AAAA", "BBBB")
        for what in ("Timestamp_Unix", "GSR_Skin_Resistance", "Event_Marker")
    ]
    units = ["ms", "kOhms", "no_units"] * 2
    rows = [
        [1.6e12 + 20 * i, 400 + i % 9, i == 30, 1.6e12 + 1000 + 20 * i, 200 + i % 7, 0]
        for i in range(100)
    ]
    lines = ["\t".join(names), "\t".join(units)]
    lines += ["\t".join(f"{float(c):.15g}" for c in row) for row in rows]
    path = folder / "both.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_two_devices_in_one_file_have_their_own_clocks_persons_and_marks(tmp_path: Path):
    recording = load(two_devices(tmp_path))
    assert [p.id for p in recording] == ["P01", "P02"]
    assert [p.signals[0].onset for p in recording] == [0.0, 1.0]
    [event] = recording.events
    assert event.onset == pytest.approx(0.6)
    assert event.label == "1"


def test_a_mapping_may_choose_the_resistance(shared_data: Path, tmp_path: Path):
    text = 'schema = 1\nperson = "P02"\n[[signal]]\ncolumn = "GSR_Skin_Resistance"\n'
    text += 'kind = "eda"\nunit = "kOhm"\nsite = "finger"\n'
    recording = load(shared_data / FILE, mapping=words(tmp_path, text))
    assert {s.source for s in recording.person("P02").of(Kind.EDA)} == {
        "GSR_Skin_Conductance",
        "GSR_Skin_Resistance",
    }
