"""BIDS physiological recordings, against ds000210 and small made datasets."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arousal.errors import DataError, FormatError
from arousal.ingest import load
from arousal.ingest.bids import inherited_sidecar
from arousal.recording import Kind, Recording
from tests.ingest.vendor_files import codes, reasons, signal, words

DATASET = "bids_ds210"
REST = f"{DATASET}/sub-01/func/sub-01_task-rest_run-01_physio.tsv.gz"
SIDECAR = {"SamplingFrequency": 50, "StartTime": -2.0, "Columns": ["cardiac", "trigger", "GSR"],
           "GSR": {"Units": "microsiemens"}}  # fmt: skip


@pytest.fixture(scope="module")
def rest(shared_data: Path) -> Recording:
    return load(shared_data / REST)


def test_rest_has_the_expected_rows_rate_columns_and_length(rest: Recording, shared_data: Path):
    truth = json.loads((shared_data / "EXPECTED.json").read_text("utf-8"))["bids_ds210"]
    [person] = rest.persons
    assert person.id == "sub-01"
    assert [s.source for s in person.signals] == truth["columns"]
    assert [s.kind for s in person.signals] == [Kind.PPG, Kind.RESPIRATION]
    for found in person.signals:
        assert (len(found), found.rate, found.onset) == (truth["rest_rows"], truth["fs"], 0.0)
        assert found.end == pytest.approx(truth["dur_s"])
    assert person.signals[0].values[:3].tolist() == [-290.0, -286.0, -282.0]


def test_the_sidecar_above_applies_and_both_files_are_sources(rest: Recording):
    names = [Path(source.path).name for source in rest.sources]
    assert names == ["sub-01_task-rest_run-01_physio.tsv.gz", "sub-01_task-rest_physio.json"]
    assert "kind-by-bids" in codes(rest)


def test_cardiac_can_be_said_to_be_an_ecg(shared_data: Path, tmp_path: Path):
    text = 'schema = 1\nperson = "P09"\n[[signal]]\ncolumn = "cardiac"\nkind = "ecg"\n'
    recording = load(shared_data / REST, mapping=words(tmp_path, text + 'unit = "uV"\n'))
    assert signal(recording, Kind.ECG, "P09").rate == 50.0


def test_a_dataset_of_several_runs_asks_which(shared_data: Path):
    with pytest.raises(
        FormatError, match="holds 5 runs: sub-01/func/sub-01_task-cuedSGT"
    ) as caught:
        load(shared_data / DATASET)
    assert caught.value.hint.startswith("name one of them")


def rows(n: int = 500) -> str:
    return "".join(f"{1000 * np.sin(k / 7):.0f}\t0\t{3 + k / 500:.3f}\n" for k in range(n))


def make(root: Path, *, run: str = "sub-P07_task-balint", sidecar: Any = None) -> Path:
    folder = root / "sub-P07" / "beh"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.10.0"}')
    path = folder / f"{run}_physio.tsv.gz"
    path.write_bytes(gzip.compress(rows().encode()))
    content = SIDECAR if sidecar is None else sidecar
    (folder / f"{run}_physio.json").write_text(json.dumps(content))
    return path


def test_start_time_units_and_person_come_from_the_sidecar_and_the_name(tmp_path: Path):
    recording = load(make(tmp_path))
    eda = signal(recording, Kind.EDA, "P07")
    assert (eda.onset, eda.rate, eda.unit) == (-2.0, 50.0, "uS")
    assert reasons(recording) == {"trigger": "the scanner's trigger"}


def test_a_dataset_of_one_run_is_read_by_its_folder(tmp_path: Path):
    make(tmp_path)
    assert [p.id for p in load(tmp_path)] == ["P07"]
    assert [p.id for p in load(tmp_path / "sub-P07")] == ["P07"]


def test_tables_that_differ_in_recording_only_are_one_run(tmp_path: Path):
    make(tmp_path, run="sub-P07_task-balint_recording-a")
    make(tmp_path, run="sub-P07_task-balint_recording-b")
    assert len(load(tmp_path).person("P07").of(Kind.EDA)) == 2


def test_the_run_s_events_are_its_marks(tmp_path: Path):
    path = make(tmp_path)
    events = path.with_name("sub-P07_task-balint_events.tsv")
    events.write_text("onset\tduration\ttrial_type\n1.5\t0\tphase/discussion\n7\tn/a\tend\n")
    found = load(path).events
    assert [(e.onset, e.label, e.duration) for e in found] == [
        (1.5, "phase/discussion", 0.0),
        (7.0, "end", 0.0),
    ]
    events.write_text("onset\tduration\nsoon\t1\n")
    with pytest.raises(DataError, match="'soon' is no number"):
        load(path)
    events.write_text("when\n1\n")
    with pytest.raises(FormatError, match="column onset"):
        load(path)


def test_the_nearest_sidecar_wins_key_by_key(tmp_path: Path):
    path = make(tmp_path, sidecar={"StartTime": 1.0})
    (tmp_path / "physio.json").write_text(json.dumps(SIDECAR))
    (tmp_path / "task-other_physio.json").write_text('{"SamplingFrequency": 7}')
    merged, used = inherited_sidecar(path)
    assert merged["StartTime"] == 1.0
    assert merged["SamplingFrequency"] == 50
    assert [file.name for file in used] == ["physio.json", "sub-P07_task-balint_physio.json"]


@pytest.mark.parametrize(
    ("sidecar", "said"),
    [
        ({}, "SamplingFrequency or Columns"),
        (SIDECAR | {"SamplingFrequency": 0}, "above 0"),
        (SIDECAR | {"SamplingFrequency": "fast"}, "above 0"),
        (SIDECAR | {"Columns": ["a", "a", "b"]}, "list of names"),
        (SIDECAR | {"Columns": ["cardiac"]}, "lines have 3 cells"),
        ([], "no JSON object"),
    ],
)
def test_an_incomplete_sidecar_says_what_is_missing(tmp_path: Path, sidecar: Any, said: str):
    with pytest.raises(FormatError, match=said):
        load(make(tmp_path, sidecar=sidecar))


def test_a_cut_gzip_file_keeps_what_can_be_unpacked(shared_data: Path, tmp_path: Path):
    folder = tmp_path / "sub-01"
    shutil.copytree(shared_data / DATASET / "sub-01", folder)
    path = folder / "func" / Path(REST).name
    path.write_bytes(path.read_bytes()[:60_000])
    recording = load(path)
    assert "gzip-truncated" in codes(recording)
    part = recording.person("sub-01").signals[0]
    assert 1000 < len(part) < 30600


def test_values_that_are_not_available_stay_missing(tmp_path: Path):
    path = make(tmp_path)
    lines = rows().splitlines()
    lines[10] = "n/a\t0\tn/a"
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    recording = load(path)
    eda = signal(recording, Kind.EDA, "P07")
    assert len(eda) == 500
    assert "lines-broken" not in codes(recording)
    assert np.flatnonzero(np.isnan(eda.values)).tolist() == [10]


def test_a_dataset_without_physio_says_so(tmp_path: Path):
    (tmp_path / "dataset_description.json").write_text("{}")
    with pytest.raises(FormatError, match=r"no \*_physio.tsv.gz"):
        load(tmp_path)
