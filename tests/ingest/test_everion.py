"""Everion exports, against devicely's recording."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from arousal.errors import FormatError
from arousal.ingest import load
from arousal.recording import Kind, Recording
from tests.ingest.vendor_files import all_text, codes, reasons, signal, words

FOLDER = "devices_devicely/Everion_test_data"
HEADER = "count,streamType,tag,time,values\n"


@pytest.fixture(scope="module")
def recording(shared_data: Path) -> Recording:
    return load(shared_data / FOLDER)


def test_heart_rate_temperature_and_intervals_have_the_lengths_of_the_files(recording: Recording):
    assert {s.kind: len(s) for s in recording.person("P01").signals} == {
        Kind.RR: 347,
        Kind.HR: 21,
        Kind.TEMPERATURE: 21,
    }
    assert (recording.clock, recording.origin) == ("unix", 1551454470.0)


def test_beats_that_share_a_second_are_put_one_interval_apart(recording: Recording):
    rr = signal(recording, Kind.RR)
    assert "rr-rebuilt" in codes(recording)
    inside = [slice(s.start + 1, s.stop) for s in rr.segments()]
    steps = np.concatenate([np.diff(rr.times)[s.start - 1 : s.stop - 1] for s in inside])
    values = np.concatenate([rr.values[s] for s in inside])
    assert np.median(np.abs(steps - values / 1000)) < 0.02
    heart = signal(recording, Kind.HR)
    near = rr.crop(heart.onset, heart.end)
    assert 60_000 / np.median(near.values) == pytest.approx(np.median(heart.values), abs=5)


def test_what_has_no_documented_unit_is_listed_and_waits_for_a_mapping(
    recording: Recording, shared_data: Path, tmp_path: Path
):
    assert "not documented" in reasons(recording)["gsr_electrode"]
    assert {"led1", "acc_x", "core_temperature"} <= set(reasons(recording))
    text = 'schema = 1\n[[signal]]\ncolumn = "gsr_electrode"\nkind = "eda"\nunit = "kOhm"\n'
    told = load(shared_data / FOLDER, mapping=words(tmp_path, text))
    assert signal(told, Kind.EDA).values[0] == pytest.approx(1000 / 21)


def test_the_serial_number_in_the_file_names_goes_no_further(recording: Recording):
    assert "EC39" not in all_text(recording)
    assert [p.id for p in recording] == ["P01"]


def test_files_that_are_not_there_are_said(shared_data: Path, tmp_path: Path):
    folder = tmp_path / "P02"
    shutil.copytree(shared_data / FOLDER, folder)
    for path in folder.glob("*features*"):
        path.unlink()
    recording = load(folder)
    missing = [f.where for f in recording.findings if f.code == "everion-file-missing"]
    assert missing == ["features"]


def test_one_file_alone_is_read(shared_data: Path):
    [path] = (shared_data / FOLDER).glob("*features*")
    assert {s.kind for s in load(path).person("P01").signals} == {Kind.RR}


def test_light_samples_are_spread_by_their_count_where_it_tells_the_rate(tmp_path: Path):
    rows = [f"{n},16,80,{1551454000 + int(n / 50)},{500 + n % 40}" for n in range(1500)]
    path = tmp_path / "CsvData_sensor_data_EV-X.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n")
    text = 'schema = 1\n[[signal]]\ncolumn = "led1"\nkind = "ppg"\n'
    wave = signal(load(path, mapping=words(tmp_path, text)), Kind.PPG)
    assert (wave.rate, len(wave)) == (50.0, 1500)
    np.testing.assert_allclose(wave.times, np.arange(1500) / 50, atol=0.05)


@pytest.mark.parametrize("text", ["a,b\n1,2\n", HEADER, HEADER + "x,x,x,x,x\n"])
def test_a_file_of_another_kind_is_a_format_error(tmp_path: Path, text: str):
    path = tmp_path / "CsvData_signals_EV-X.csv"
    path.write_text(text)
    with pytest.raises(FormatError):
        load(path)
