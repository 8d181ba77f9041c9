"""Empatica E4 exports, against the figures that the recordings' authors published."""

from __future__ import annotations

import json
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arousal.errors import FormatError
from arousal.ingest import load
from arousal.protocol import load_protocol
from arousal.recording import Kind, Recording, Signal

PEOPLE = ("S08", "S09", "S18", "S24", "S25")
PROTOCOL = Path(__file__).with_name("stress_predict.toml")


@pytest.fixture(scope="module")
def expected(shared_data: Path) -> dict[str, Any]:
    figures = json.loads((shared_data / "EXPECTED.json").read_text(encoding="utf-8"))
    return {name: figures[f"e4_stress_predict/{name}"] for name in PEOPLE}


@pytest.fixture(scope="module")
def recordings(shared_data: Path) -> dict[str, Recording]:
    return {name: load(shared_data / "e4_stress_predict" / name) for name in PEOPLE}


def signal(recording: Recording, kind: Kind) -> Signal:
    [person] = recording.persons
    found = person.signal(kind)
    assert found is not None
    return found


@pytest.mark.parametrize("name", PEOPLE)
def test_the_person_is_the_folder_and_the_clock_is_unix(
    recordings: dict[str, Recording], expected: dict[str, Any], name: str
):
    recording = recordings[name]
    assert [p.id for p in recording] == [name]
    assert (recording.clock, recording.origin) == ("unix", expected[name]["session_start_unix"])
    assert recording.started == datetime.fromtimestamp(recording.origin, UTC)
    assert len(recording.sources) == 7
    assert all(len(source.sha256) == 64 for source in recording.sources)


@pytest.mark.parametrize("name", PEOPLE)
def test_skin_conductance_has_the_published_length_and_median(
    recordings: dict[str, Recording], expected: dict[str, Any], name: str
):
    eda = signal(recordings[name], Kind.EDA)
    assert (eda.rate, eda.unit, eda.site) == (4.0, "uS", "wrist")
    assert (eda.end - eda.onset) / 60 == pytest.approx(expected[name]["eda_minutes"], abs=1e-9)
    assert np.median(eda.values) == pytest.approx(expected[name]["eda_median_uS"], abs=5e-5)


@pytest.mark.parametrize("name", PEOPLE)
def test_intervals_cover_each_of_the_authors_phases_as_published(
    recordings: dict[str, Recording], expected: dict[str, Any], name: str
):
    recording = recordings[name]
    rr, eda = signal(recording, Kind.RR), signal(recording, Kind.EDA)
    total = rr.values.sum() / 1000 / (eda.end - eda.onset)
    assert total == pytest.approx(expected[name]["ibi_total_coverage"], abs=6e-5)
    for phase in expected[name]["phases"].values():
        onset, end = (phase[key] - recording.origin for key in ("start_unix", "end_unix"))
        part = rr.crop(onset, end)
        assert len(part) == phase["ibi_n"]
        coverage = part.values.sum() / 1000 / (end - onset)
        assert coverage == pytest.approx(phase["ibi_coverage"], abs=6e-5)


@pytest.mark.parametrize("name", PEOPLE)
def test_missing_beats_stay_gaps_and_intervals_end_at_their_beats(
    recordings: dict[str, Recording], name: str
):
    rr = signal(recordings[name], Kind.RR)
    steps = np.diff(rr.times)
    inside = np.ones(steps.shape, dtype=bool)
    inside[[s.stop - 1 for s in rr.segments()[:-1]]] = False
    np.testing.assert_allclose(steps[inside], rr.values[1:][inside] / 1000, atol=0.13)
    assert len(rr.gaps()) > 50
    assert steps[~inside].max() > 10


@pytest.mark.parametrize("name", PEOPLE)
def test_the_watch_s_own_heart_rate_has_the_authors_mean_in_every_phase(
    recordings: dict[str, Recording], expected: dict[str, Any], name: str
):
    recording = recordings[name]
    hr = signal(recording, Kind.HR)
    assert hr.rate == 1.0
    assert hr.onset == 10.0
    for phase in expected[name]["phases"].values():
        part = hr.crop(phase["start_unix"] - recording.origin, phase["end_unix"] - recording.origin)
        assert part.values.mean() == pytest.approx(phase["mean_hr_author"], abs=0.5)


@pytest.mark.parametrize("name", PEOPLE)
def test_boundaries_with_a_tag_are_the_authors_to_one_second(
    recordings: dict[str, Recording], expected: dict[str, Any], name: str
):
    recording, protocol = recordings[name], load_protocol(PROTOCOL)
    begins = {protocol.find_phase(e.label): e.onset + recording.origin for e in recording.events}
    begins.pop(None)  # the seventh press, inside the last stretch
    tagged = ["stroop", "relax1", "interview", "relax2", "hyperventilation", "post"]
    if name == "S18":
        tagged.remove("stroop")
    assert list(begins) == tagged
    for phase in tagged:
        assert begins[phase] == pytest.approx(expected[name]["phases"][phase]["start_unix"], abs=1)


def test_a_tag_twelve_hours_early_is_reported_and_does_not_rename_the_others(
    recordings: dict[str, Recording],
):
    recording = recordings["S18"]
    assert [e.label for e in recording.events] == [f"tag{n}" for n in range(2, 8)]
    [finding] = [f for f in recording.findings if f.code == "tag-outside"]
    assert finding.message.startswith("tag1 is 11.8 h before it begins")
    for name in set(PEOPLE) - {"S18"}:
        assert [e.label for e in recordings[name].events] == [f"tag{n}" for n in range(1, 8)]
        assert not recordings[name].findings


def test_acceleration_at_rest_is_one_g(recordings: dict[str, Recording]):
    acc = signal(recordings["S08"], Kind.ACCELERATION)
    assert acc.values.shape[1] == 3
    assert np.median(np.linalg.norm(acc.values, axis=1)) == pytest.approx(1.0, abs=0.05)


def test_another_lab_s_export_with_fractions_of_seconds_is_read(shared_data: Path):
    folder = shared_data / "devices_devicely" / "Empatica_test_data" / "test_data_read"
    recording = load(folder)
    [person] = recording.persons
    assert {s.kind: len(s) for s in person.signals} == {
        Kind.EDA: 133,
        Kind.PPG: 2054,
        Kind.RR: 49,
        Kind.HR: 28,
        Kind.TEMPERATURE: 103,
        Kind.ACCELERATION: 890,
    }
    assert recording.origin == 1551453301.0
    assert [e.label for e in recording.events] == ["tag1", "tag2", "tag3", "tag4"]
    assert recording.events[0].onset == pytest.approx(10.68)


def make_export(folder: Path, **files: str) -> Path:
    folder.mkdir()
    contents = {
        "EDA.csv": "100.0\n4.0\n" + "1.5\n1.6\n" * 40,
        "BVP.csv": "100.0\n64.0\n" + "0.5\n-0.5\n" * 640,
    }
    contents |= {f"{name}.csv": text for name, text in files.items()}
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_zip_is_read_like_its_folder(tmp_path: Path):
    folder = make_export(tmp_path / "P07", IBI="100.0, IBI\n1.0,0.8\n1.8,0.8\n2.6,0.8\n")
    path = tmp_path / "P07.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"export/{file.name}")
        archive.writestr("__MACOSX/export/._EDA.csv", b"\0")
    from_folder, from_zip = load(folder), load(path)
    for one, other in zip(from_folder.person("P07").signals, from_zip.person("P07").signals,
                          strict=True):  # fmt: skip
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.times, other.times)


def test_files_that_are_missing_or_hold_no_sample_are_said(tmp_path: Path):
    folder = make_export(tmp_path / "P07", HR="110.0\n1.0\n", TEMP="100.0\n", ACC="")
    recording = load(folder)
    said = {f.where: f.message for f in recording.findings if f.code == "e4-file-missing"}
    assert set(said) == {"HR.csv", "TEMP.csv", "ACC.csv", "IBI.csv"}
    assert "has 2 lines" in said["HR.csv"]
    assert "not in the export" in said["IBI.csv"]
    assert {s.kind for s in recording.persons[0].signals} == {Kind.EDA, Kind.PPG}


def test_a_line_cut_at_the_end_costs_itself_and_a_broken_one_inside_is_invalid(tmp_path: Path):
    acc = "100.0, 100.0, 100.0\n32.0, 32.0, 32.0\n" + "0,0,64\n" * 40 + "x,0,64\n" + "0,0,64\n" * 9
    folder = make_export(tmp_path / "P07", ACC=acc + "0,1")
    recording = load(folder)
    signal_ = signal(recording, Kind.ACCELERATION)
    assert len(signal_) == 50
    assert np.flatnonzero(np.isnan(signal_.values).any(axis=1)).tolist() == [40]
    assert "e4-broken-lines" in {f.code for f in recording.findings}


def test_tags_that_are_no_times_are_said_and_keep_their_number(tmp_path: Path):
    folder = make_export(tmp_path / "P07", tags="105.0\nbutton\n110.5\n")
    recording = load(folder)
    assert [(e.label, e.onset) for e in recording.events] == [("tag1", 5.0), ("tag3", 10.5)]
    assert "tag-broken" in {f.code for f in recording.findings}


def test_an_export_in_which_no_file_holds_a_sample_is_a_format_error(tmp_path: Path):
    folder = make_export(tmp_path / "P07", EDA="100.0\n4.0\n", BVP="")
    with pytest.raises(FormatError, match="no E4 file") as caught:
        load(folder)
    assert caught.value.exit_code == 3


def test_a_session_folder_names_the_person_and_the_site(tmp_path: Path, shared_data: Path):
    shutil.copytree(shared_data / "e4_stress_predict" / "S25", tmp_path / "e4")
    (tmp_path / "session.toml").write_text(
        f'id = "stress-1"\nprotocol = {json.dumps(str(PROTOCOL))}\nrecording = "e4"\n'
        '[people.P31]\nrole = "participant"\neda_site = "finger"\n',
        encoding="utf-8",
    )
    recording = load(tmp_path)
    assert recording.id == "stress-1"
    eda = recording.person("P31").signal(Kind.EDA)
    assert eda is not None
    assert eda.site == "finger"
