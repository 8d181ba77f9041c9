"""EDF files and Faros folders, against devicely's recordings and files made with edfio."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from arousal.errors import FormatError, UsageError
from arousal.ingest import load
from arousal.recording import Kind, Recording
from tests.ingest.vendor_files import all_text, codes, reasons, signal, words

edfio = pytest.importorskip("edfio", reason="extra 'devices' is not installed")
FAROS = "devices_devicely/Faros_test_data"


@pytest.fixture(scope="module")
def faros(shared_data: Path) -> Recording:
    return load(shared_data / FAROS / "testfile_read.EDF")


def test_a_faros_has_its_rates_lengths_and_units(faros: Recording):
    ecg, movement = signal(faros, Kind.ECG), signal(faros, Kind.ACCELERATION)
    assert (ecg.rate, len(ecg), ecg.values[0]) == (500.0, 39000, -2134.0)
    assert (movement.rate, movement.values.shape) == (25.0, (1950, 3))
    np.testing.assert_allclose(movement.values[0], [0.3085, -0.645, -0.5235])
    assert movement.original_unit == "mg"


def test_a_faros_s_start_is_local_and_its_header_names_the_zone(faros: Recording):
    # 2018-10-12 16:54:12 at TZ=+0200
    assert faros.started == dt.datetime(2018, 10, 12, 14, 54, 12, tzinfo=dt.UTC)
    assert (faros.clock, faros.origin) == ("unix", 1539356052.0)


def test_a_press_of_the_button_is_an_event(faros: Recording):
    assert [(e.onset, e.label) for e in faros.events] == [(72.0, "1")]


def test_intervals_that_no_heart_can_have_are_refused(faros: Recording):
    assert "no person has that" in reasons(faros)["HRV"]


def test_identifications_and_serial_numbers_go_no_further(faros: Recording):
    assert [p.id for p in faros] == ["P01"]
    assert "1621280" not in all_text(faros)
    assert "DEFAULT_DEVICE_ID" not in all_text(faros)


def test_the_folder_of_csv_files_holds_the_same_recording(faros: Recording, shared_data: Path):
    folder = load(shared_data / FAROS / "testdir_read")
    for kind in (Kind.ECG, Kind.ACCELERATION):
        one, other = signal(folder, kind), signal(faros, kind)
        np.testing.assert_allclose(one.values, other.values, atol=1e-9)
        np.testing.assert_array_equal(one.times, other.times)
    assert [(e.onset, e.label) for e in folder.events] == [(72.0, "1")]
    assert (folder.clock, folder.started) == ("file", None)
    assert "time-zone-unknown" in codes(folder)
    assert len(folder.sources) == 5


def test_a_folder_without_one_of_its_files_says_which(shared_data: Path, tmp_path: Path):
    folder = tmp_path / "P07"
    shutil.copytree(shared_data / FAROS / "testdir_read", folder)
    (folder / "ACC.csv").unlink()
    recording = load(folder)
    assert [p.id for p in recording] == ["P07"]
    [finding] = [f for f in recording.findings if f.code == "faros-file-missing"]
    assert finding.where == "ACC.csv"


@pytest.mark.parametrize(
    "meta", ["", "[]", "{}", '{"sample_freqs": {"ECG": 0}}', '{"sample_freqs": {"ECG": "x"}}']
)
def test_a_folder_whose_meta_does_not_tell_rates_is_a_format_error(tmp_path: Path, meta: str):
    (tmp_path / "meta.json").write_text(meta)
    (tmp_path / "ECG.csv").write_text("ECG\n1\n2\n")
    with pytest.raises(FormatError, match="does not hold the rates"):
        load(tmp_path)


def test_the_firmware_s_beats_become_intervals_at_their_beats(tmp_path: Path):
    rate, seconds = 5, 60
    intervals = 800 + 40 * np.sin(np.arange(70) / 3)
    beats = np.cumsum(intervals) / 1000
    beats = beats[beats < seconds - 1]
    line = np.zeros(rate * seconds)
    line[np.ceil(beats * rate).astype(int)] = np.round(intervals[: beats.size])
    hrv = edfio.EdfSignal(line, rate, label="HRV", physical_dimension="ms",
                          physical_range=(0, 32767), digital_range=(0, 32767))  # fmt: skip
    edfio.Edf([hrv]).write(tmp_path / "P03.edf")
    rr = signal(load(tmp_path / "P03.edf"), Kind.RR, "P03")
    assert len(rr) == beats.size
    np.testing.assert_allclose(rr.values, np.round(intervals[: beats.size]), atol=0.51)
    assert len(rr.segments()) == 1
    assert np.abs(rr.times - beats).max() < 0.25


def test_opensignals_own_edf_export_is_clipped_and_that_is_said(shared_data: Path):
    # The text file beside it says 13.9-17.9 uS; the EDF was given a range of -1.5 to 1.5.
    recording = load(shared_data / "opensignals_plux" / "eda_slow_signal.edf")
    assert signal(recording, Kind.EDA).values.max() == 1.5
    [finding] = [f for f in recording.findings if f.code == "values-at-limit"]
    assert "97% of the values" in finding.message
    assert "00:07:80" not in all_text(recording)


def wave(n: int = 2000, level: float = 0.0) -> np.ndarray:
    return level + np.sin(np.arange(n) / 7.0)


def make(path: Path, *signals: object, **more: object) -> Path:
    edfio.Edf(signals, **more).write(path)
    return path


def test_annotations_are_events_and_labels_name_kinds(tmp_path: Path):
    parts = [
        edfio.EdfSignal(wave(), 100, label="ECG II", physical_dimension="mV"),
        edfio.EdfSignal(wave(200, 5), 10, label="GSR", physical_dimension="uS"),
        edfio.EdfSignal(wave(), 100, label="EEG Fpz-Cz", physical_dimension="uV"),
    ]
    marks = [edfio.EdfAnnotation(3.5, None, "discussion"), edfio.EdfAnnotation(12, 2, "end")]
    recording = load(make(tmp_path / "P05.edf", *parts, annotations=marks))
    assert {s.kind for s in recording.person("P05").signals} == {Kind.ECG, Kind.EDA}
    assert [(e.onset, e.label) for e in recording.events] == [(3.5, "discussion"), (12.0, "end")]
    assert "EEG Fpz-Cz" in reasons(recording)


def test_a_label_that_says_nothing_can_be_mapped(tmp_path: Path):
    part = edfio.EdfSignal(wave(200, 5), 10, label="AUX1", physical_dimension="")
    path = make(tmp_path / "x.edf", part)
    with pytest.raises(FormatError, match="no usable signal") as caught:
        load(path)
    assert "--map" in caught.value.hint
    text = 'schema = 1\nperson = "P02"\n[[signal]]\ncolumn = "AUX1"\nkind = "eda"\nunit = "uS"\n'
    recording = load(path, mapping=words(tmp_path, text + 'site = "finger"\n'))
    assert signal(recording, Kind.EDA, "P02").site == "finger"


def test_a_cut_file_keeps_its_whole_records(tmp_path: Path):
    part = edfio.EdfSignal(wave(), 100, label="ECG", physical_dimension="mV")
    path = make(tmp_path / "cut.edf", part, data_record_duration=1.0)
    path.write_bytes(path.read_bytes()[:-450])
    recording = load(path)
    assert len(signal(recording, Kind.ECG)) == 1700
    assert "edf-truncated" in codes(recording)


def test_a_discontinuous_file_is_refused_and_says_what_to_do(tmp_path: Path):
    part = edfio.EdfSignal(wave(), 100, label="ECG", physical_dimension="mV")
    path = make(tmp_path / "d.edf", part, data_record_duration=1.0,
                annotations=[edfio.EdfAnnotation(1, None, "x")])  # fmt: skip
    content = path.read_bytes().replace(b"+5\x14\x14", b"+7\x14\x14", 1).replace(b"EDF+C", b"EDF+D")
    path.write_bytes(content)
    with pytest.raises(FormatError, match="discontinuous") as caught:
        load(path)
    assert "EDF+C" in caught.value.hint


def test_text_with_the_wrong_extension_is_no_edf(tmp_path: Path):
    path = tmp_path / "x.edf"
    path.write_text("time,ECG\n0,1\n")
    with pytest.raises(FormatError, match="no EDF file"):
        load(path)


def test_without_the_library_the_error_names_the_extra(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "edfio", None)
    with pytest.raises(UsageError, match="edfio") as caught:
        load(shared_data / FAROS / "testfile_read.EDF")
    assert "arousal[devices]" in caught.value.hint
