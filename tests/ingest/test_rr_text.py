"""Plain intervals and Welltory folders, against figures recomputed from the files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arousal.errors import DataError, FormatError
from arousal.ingest import load
from arousal.recording import Kind, Recording
from tests.ingest.vendor_files import codes, reasons, signal, words

SUBJECTS = [f"subject_{n:02d}" for n in range(1, 11)]


@pytest.fixture(scope="module")
def figures(shared_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data / "EXPECTED.json").read_text("utf-8"))
    return found


def check_statistics(recording: Recording, truth: dict[str, float]) -> None:
    values = signal(recording, Kind.RR).values
    steps = np.diff(values)
    assert values.size == truth["n"]
    assert values.mean() == pytest.approx(truth["mean_nn_ms"], abs=5e-5)
    assert values.std(ddof=1) == pytest.approx(truth["sdnn_ms"], abs=5e-5)
    assert np.sqrt(np.mean(steps**2)) == pytest.approx(truth["rmssd_ms"], abs=5e-5)
    assert 100 * np.mean(np.abs(steps) > 50) == pytest.approx(truth["pnn50_pct"], abs=5e-5)
    assert (np.abs(steps) > 50).sum() == truth["nn50"]


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_strap_s_intervals_have_the_expected_statistics(
    shared_data: Path, figures: dict[str, Any], name: str
):
    truth = figures["ppg_rr_welltory"][name]
    check_statistics(load(shared_data / "ppg_rr_welltory" / name / "RR.txt"), truth)
    check_statistics(load(shared_data / "ppg_rr_welltory" / name), truth)


def test_a_healthy_person_s_intervals_have_the_expected_statistics(
    shared_data: Path, figures: dict[str, Any]
):
    truth = figures["rr_healthy_000"]["recomputed"]
    check_statistics(load(shared_data / "rr_healthy_000" / "rr_ms.txt"), truth)


@pytest.mark.parametrize("name", ["SampleNNISeriesLong", "SampleNNISeriesShort"])
def test_pyhrv_s_series_survive_as_text(
    shared_data: Path, figures: dict[str, Any], tmp_path: Path, name: str
):
    series = np.load(shared_data / "rr_pyhrv" / f"{name}.npy")
    path = tmp_path / "P01_nni.txt"
    path.write_text("\n".join(repr(float(value)) for value in series) + "\n")
    check_statistics(load(path), figures[f"rr_pyhrv/{name}"]["recomputed"])


def test_beats_follow_each_other_without_gaps(shared_data: Path):
    rr = signal(load(shared_data / "rr_healthy_000" / "rr_ms.txt"), Kind.RR)
    np.testing.assert_allclose(rr.times, np.cumsum(rr.values) / 1000)
    assert len(rr.segments()) == 1


@pytest.mark.parametrize(
    ("name", "text", "unit"),
    [
        ("2026-03-12 18-00-05.txt", "812\n790\n801\n845\n830\n", ""),
        ("P04_rr.csv", "RR\n812\n790\n801\n845\n830\n", ""),
        ("P04-ibi.txt", "0.812\n0.790\n0.801\n0.845\n0.830\n", "s"),
        ("hrv.dat", "812, 790, 801, 845, 830\n", ""),
        ("x.rr.txt", "812 790 801 845 830", ""),
    ],
)
def test_apps_write_one_number_a_line_or_all_in_one(
    tmp_path: Path, name: str, text: str, unit: str
):
    path = tmp_path / name
    path.write_text(text)
    rr = load(path).persons[0].signal(Kind.RR)
    assert rr is not None
    np.testing.assert_allclose(rr.values, [812, 790, 801, 845, 830])
    assert rr.original_unit == unit


def test_the_person_is_the_pseudonym_in_the_file_s_name(tmp_path: Path):
    path = tmp_path / "P04_rr.txt"
    path.write_text("812\n790\n801\n845\n830\n")
    assert [p.id for p in load(path)] == ["P04"]


def test_bare_numbers_whose_name_does_not_say_intervals_are_not_guessed_at(
    shared_data: Path, tmp_path: Path
):
    path = tmp_path / "anna.txt"
    path.write_text("812\n790\n801\n845\n830\n")
    with pytest.raises(FormatError, match="no names of columns"):
        load(path)
    ecg = shared_data / "ecg_noisy_nst118" / "118e24.csv"
    with pytest.raises(FormatError):
        load(ecg)


def test_numbers_of_another_size_are_no_intervals(tmp_path: Path):
    path = tmp_path / "rr.txt"
    path.write_text("12\n11\n13\n12\n12\n")
    with pytest.raises(DataError, match="no intervals") as caught:
        load(path)
    assert "--map" in caught.value.hint


def test_words_and_zeros_between_are_counted(tmp_path: Path):
    path = tmp_path / "rr.txt"
    path.write_text("\n".join(["812", "790"] * 8 + ["pause", "0", "801", "845"]) + "\n")
    recording = load(path)
    assert len(signal(recording, Kind.RR)) == 18
    assert {"lines-broken", "rr-empty"} <= codes(recording)


def logger(folder: Path) -> Path:
    intervals = [820 + 5 * (n % 7) for n in range(60)]
    since = [0, *np.cumsum(intervals)[:-1].tolist()]
    lines = ["date,rr,since start"]
    lines += [f"2025-03-15 09:00:15.123,{r},{s}" for r, s in zip(intervals, since, strict=True)]
    path = folder / "2025-03-15_RR_P12.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_hrv_logger_s_marks_stand_in_a_second_file(tmp_path: Path):
    path = logger(tmp_path)
    assert "events-missing" in codes(load(path))
    beside = tmp_path / "2025-03-15_Events_P12.csv"
    beside.write_text(
        "date,timestamp,annotation,manual\n2025-03-15 09:00:20,5000,Start,false\n"
        "2025-03-15 09:00:45,30000,End,true\n"
    )
    recording = load(path)
    assert len(signal(recording, Kind.RR, "P12")) == 60
    assert [(e.onset, e.label) for e in recording.events] == [(5.0, "Start"), (30.0, "End")]
    assert len(recording.sources) == 2


def test_a_broken_marks_file_is_one_clear_error(tmp_path: Path):
    path = logger(tmp_path)
    beside = tmp_path / "2025-03-15_Events_P12.csv"
    beside.write_text("date,timestamp,annotation\nx,soon,Start\n")
    with pytest.raises(DataError, match="no number of ms"):
        load(path)
    beside.write_text("nonsense\n")
    with pytest.raises(FormatError, match="first line"):
        load(path)


def test_a_camera_s_frames_keep_their_own_times_and_red_is_the_pulse(shared_data: Path):
    recording = load(shared_data / "ppg_rr_welltory" / "subject_01")
    wave = signal(recording, Kind.PPG)
    assert (wave.source, wave.site, len(wave)) == ("R", "finger", 3155)
    np.testing.assert_allclose(wave.times[:2], [0.0, 0.039])
    assert set(reasons(recording)) == {"G", "B"}
    assert "clocks-unmatched" in codes(recording)
    assert len(recording.sources) == 2


def test_another_colour_can_be_chosen(shared_data: Path, tmp_path: Path):
    text = 'schema = 1\nperson = "P02"\n[[signal]]\ncolumn = "G"\nkind = "ppg"\nunit = "a.u."\n'
    folder = shared_data / "ppg_rr_welltory" / "subject_04"
    recording = load(folder, mapping=words(tmp_path, text))
    assert [s.source for s in recording.person("P02").of(Kind.PPG)] == ["R", "G"]


def test_a_folder_without_intervals_says_so(shared_data: Path, tmp_path: Path):
    source = shared_data / "ppg_rr_welltory" / "subject_01" / "PPG.csv"
    shutil.copy(source, tmp_path / "PPG.csv")
    recording = load(tmp_path)
    assert "welltory-file-missing" in codes(recording)
    assert len(load(tmp_path / "PPG.csv").persons[0].signals) == 1
