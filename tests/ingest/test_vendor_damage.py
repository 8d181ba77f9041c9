"""Vendors' files that are cut, scrambled, empty or misnamed: a recording or one clear error."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arousal.errors import ArousalError, DataError, FormatError
from arousal.ingest import load
from arousal.ingest.loading import FORMATS
from arousal.recording import Recording

DEVICES = "devices_devicely"
FILES = {
    "opensignals": "opensignals_plux/eda_slow_signal.txt",
    "biopac": "biopac_bioread/physio-5.0.1.acq",
    "edf": f"{DEVICES}/Faros_test_data/testfile_read.EDF",
    "edf+": "opensignals_plux/eda_slow_signal.edf",
    "faros": f"{DEVICES}/Faros_test_data/testdir_read",
    "shimmer": f"{DEVICES}/Shimmer_test_data/read_test_data.csv",
    "everion": f"{DEVICES}/Everion_test_data/CsvData_features_EV-EC39-7079-57A8.csv",
    "rr-text": "rr_healthy_000/rr_ms.txt",
    "welltory": "ppg_rr_welltory/subject_05/PPG.csv",
    "bids": "bids_ds210/sub-01/func/sub-01_task-rest_run-01_physio.tsv.gz",
}
EMOTIBIT = "LocalTimestamp,EmotiBitTimestamp,PacketNumber,DataLength,TypeTag,ProtocolVersion,"
PHONE = "Phone timestamp;"
MADE = {
    "x_EA.csv": "\n".join([f"{EMOTIBIT}DataReliability,EA"] + [
        f"{1726714786 + n / 15:.6f},{n / 15:.3f},{n},3,EA,1,100,{2.5 + n % 7 / 10}"
        for n in range(400)]),
    "Polar_H10_9F2C3E21_RR.txt": "\n".join([f"{PHONE}RR-interval [ms]"] + [
        f"2026-03-12T18:{n // 60:02d}:{n % 60:02d}.123;{980 + n % 40}" for n in range(400)]),
    "Polar_H10_9F2C3E21_ECG.txt": "\n".join([f"{PHONE}sensor timestamp [ns];ecg [uV]"] + [
        f"2026-03-12T18:00:{n // 130:02d}.123;{838432586543515816 + n * 7692307};{n % 104 * 9}"
        for n in range(1300)]),
    "x_RR_P12.csv": "\n".join(["date,rr,since start"] + [
        f"2025-03-15 09:00:15.123,{800 + n % 9},{n * 804}" for n in range(400)]),
}  # fmt: skip
"""Files of which no real one may be redistributed, in their makers' layout."""
NAMES = sorted((set(FILES) | set(MADE)) - {"faros"})


def clear(error: DataError) -> DataError:
    """Check that an error says what, where, in one line."""
    assert error.where
    assert error.exit_code == 3
    assert "\n" not in str(error)
    assert len(error.message) > 10
    return error


def outcome(path: Path) -> Recording | DataError:
    """What comes of a file; anything but a recording or a clear error fails the test."""
    try:
        recording = load(path)
    except DataError as error:
        return clear(error)
    for person in recording:
        for found in person.signals:
            assert len(found)
            assert np.isfinite(found.times).all()
    return recording


def copied(shared_data: Path, name: str, folder: Path) -> Path:
    """The real file, with what must lie beside it."""
    if name in MADE:
        (folder / name).write_text(MADE[name] + "\n")
        return folder / name
    source = shared_data / FILES[name]
    if name == "bids":
        shutil.copy(shared_data / "bids_ds210/sub-01/sub-01_task-rest_physio.json", folder)
    target = folder / source.name
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
    return target


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_file_is_a_format_error(shared_data: Path, tmp_path: Path, name: str):
    path = copied(shared_data, name, tmp_path)
    path.write_bytes(b"")
    assert isinstance(outcome(path), FormatError)


@pytest.mark.parametrize("name", NAMES)
def test_binary_garbage_under_its_name_is_a_format_error(
    shared_data: Path, tmp_path: Path, name: str
):
    path = copied(shared_data, name, tmp_path)
    for seed in range(3):
        path.write_bytes(np.random.default_rng(seed).bytes(20_000))
        assert isinstance(outcome(path), FormatError)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5, 0.9])
def test_a_cut_file_is_read_as_far_as_it_goes_or_said_to_be_damaged(
    shared_data: Path, tmp_path: Path, name: str, share: float
):
    path = copied(shared_data, name, tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: max(1, round(share * len(content)))])
    found = outcome(path)
    if share >= 0.5:
        assert isinstance(found, Recording)


@pytest.mark.parametrize("name", NAMES)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(places=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=40)),
                       min_size=1, max_size=6))  # fmt: skip
def test_scrambled_bytes_never_end_in_a_traceback(
    shared_data: Path,
    tmp_path: Path,
    name: str,
    places: list[tuple[float, bytes]],
):
    path = copied(shared_data, name, tmp_path)
    content = bytearray(path.read_bytes()[:60_000])
    for share, noise in places:
        # Half of the damage goes into the first 3 kB, where headers are.
        place = round(share * 2 * len(content)) if share < 0.5 else round((share - 0.5) * 6000)
        place = min(place, len(content))
        content[place : place + len(noise)] = noise
    path.write_bytes(content)
    outcome(path)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("suffix", [".acq", ".edf", ".csv", ".xdf", ".zip", ".foo"])
def test_a_wrong_extension_is_read_by_content_or_said_clearly(
    shared_data: Path, tmp_path: Path, name: str, suffix: str
):
    path = copied(shared_data, name, tmp_path)
    wrong = path.rename(path.with_name("recording").with_suffix(suffix))
    outcome(wrong)


def test_files_told_by_their_content_are_read_whatever_they_are_called(
    shared_data: Path, tmp_path: Path
):
    for name in ("opensignals", "edf", "shimmer"):
        path = copied(shared_data, name, tmp_path)
        assert isinstance(outcome(path.rename(tmp_path / f"{name}.bin")), Recording)


def test_an_unknown_file_s_error_lists_what_can_be_read(tmp_path: Path):
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(FormatError) as caught:
        load(path)
    for device in ("BIOPAC", "OpenSignals", "EDF", "Shimmer", "Everion", "EmotiBit", "Polar",
                   "BIDS", "Faros", "Welltory", "intervals"):  # fmt: skip
        assert device in caught.value.hint


def test_empty_and_strange_folders_and_archives_are_nothing_that_can_be_read(tmp_path: Path):
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "notes.txt").write_text("hello")
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "hello")
    for path in (folder, archive):
        assert isinstance(outcome(path), FormatError)


@pytest.mark.parametrize("name", list(FILES))
def test_exactly_one_format_before_plain_tables_claims_each_file(shared_data: Path, name: str):
    path = shared_data / FILES[name]
    claiming = [f.name for f in FORMATS if f.name != "table" and f.recognises(path)]
    assert len(claiming) == 1


@pytest.mark.parametrize("name", list(FILES))
def test_reading_twice_gives_the_same(shared_data: Path, name: str):
    one, two = load(shared_data / FILES[name]), load(shared_data / FILES[name])
    assert one.findings == two.findings
    assert one.events == two.events
    for a, b in zip(one.persons[0].signals, two.persons[0].signals, strict=True):
        np.testing.assert_array_equal(a.values, b.values)


@pytest.mark.parametrize("member", ["ECG.csv", "meta.json"])
def test_a_folder_in_the_place_of_a_file_is_no_traceback(
    shared_data: Path, tmp_path: Path, member: str
):
    folder = copied(shared_data, "faros", tmp_path)
    (folder / member).unlink()
    (folder / member).mkdir()
    with pytest.raises(ArousalError):
        load(folder)
