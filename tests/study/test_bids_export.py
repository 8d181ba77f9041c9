"""A study shared as BIDS: who agreed and nobody else, nothing that tells where and when."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from arousal.errors import NothingUsableError, SettingsError, UsageError
from arousal.session_input import open_session
from arousal.study.bids_export import export_bids
from tests.ingest.small_disk import fill, mounted
from tests.study.shared_study import DAYS, NOW, PLANTED, SHARING, WORDS, make_study

VALIDATOR = Path(sys.executable).parent / "bids-validator-deno"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("shared") / "study")


@pytest.fixture(scope="module")
def dataset(study):
    export_bids(study, study.parent / "dataset", NOW)
    return study.parent / "dataset"


def bytes_of(folder):
    """Everything in a folder as one would read it: names, texts, and tables unpacked."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = path.read_bytes()
        packed = data[:2] == b"\x1f\x8b"
        yield path.relative_to(folder), data + (gzip.decompress(data) if packed else b"")


def contents(folder):
    return dict(bytes_of(folder))


def errors_of(dataset):
    done = subprocess.run(
        [VALIDATOR, str(dataset), "--format", "json", "--max-rows", "-1"],
        capture_output=True,
        check=False,
        text=True,
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    return [i for i in issues if i["severity"] == "error"], issues


def test_the_standards_own_validator_finds_no_error(dataset):
    errors, issues = errors_of(dataset)
    assert errors == []
    assert issues, "it says at least that authors are missing; else it did not look"


def test_the_validator_would_find_one(dataset, tmp_path):
    (tmp_path / "dataset_description.json").write_text('{"Name": "x"}')
    assert errors_of(tmp_path)[0]


def test_no_byte_tells_a_device_a_computer_a_file_or_a_date(dataset):
    for name, data in bytes_of(dataset):
        for word in PLANTED:
            assert word.encode() not in data, (word, name)
            assert word not in str(name)


def test_the_search_would_find_them(study):
    data = b"".join(data for _, data in bytes_of(study))
    assert [word for word in PLANTED if word.encode() not in data] == []


def test_dates_keep_their_distances_from_a_first_session_in_1900(dataset):
    kept = (dataset / "sourcedata/arousal/ses-02/session.toml").read_text()
    assert "started = 1900-01-15T00:00:00Z" in kept
    assert "P02 = 1900-01-15T02:30:00Z" in kept
    people = (dataset / "participants.tsv").read_text().splitlines()
    assert "\t1899-12-21\t" in people[1], "11 days before"
    rows = (dataset / "sub-P01/sub-P01_sessions.tsv").read_text().splitlines()
    assert rows[2].startswith("ses-02\t1900-01-15T00:00:00\tleader\tours-60")


def test_only_who_agreed_to_share_is_in_it(study, dataset, tmp_path):
    done = export_bids(study, tmp_path / "again", NOW, sessions=[DAYS[0]])
    assert done.persons == SHARING
    assert [(left.person, left.reason) for left in done.left_out] == [
        ("P04", "no consent to share_raw")
    ]
    assert {p.name for p in dataset.glob("sub-*")} == {"sub-P01", "sub-P02", "sub-P03"}
    for name, data in bytes_of(dataset):
        assert b"P04" not in data, name


def test_marks_of_others_are_withheld_without_moving_an_undo(dataset):
    [events] = (dataset / "sub-P01/ses-01/beh").glob("*_events.tsv")
    lines = [line.split("\t") for line in events.read_text().splitlines()[1:]]
    assert len(lines) == len(WORDS), "each mark keeps its place, because undo takes the one before"
    said = {float(onset): label for onset, _, label, *_ in lines}
    first = min(float(onset) for onset, *_ in lines)
    by_time = {round(t - first): label for t, label in said.items()}
    assert by_time[60] == "withheld id=m90"
    assert by_time[65] == "undo"
    assert by_time[400] == "intervention/empathy/P01/somebody"
    assert by_time[500] == "withheld"
    assert by_time[300] == "unrecognised", "free text is nobody's to share"
    assert by_time[600] == "speech/P02/start"


def test_ratings_of_others_are_left_out_and_raters_get_numbers(dataset):
    rows = (dataset / "sourcedata/arousal/ses-02/ratings.tsv").read_text().splitlines()[1:]
    assert [row.split("\t")[2:4] for row in rows] == [["rater1", "P02"], ["rater1", "group"]]


def test_every_person_has_the_group_s_marks(dataset):
    files = sorted(dataset.glob("sub-*/ses-01/beh/*_events.tsv"))
    assert len(files) == 3
    assert len({file.read_bytes() for file in files}) == 1


def test_a_pseudonym_with_other_signs_is_mapped_and_recorded(dataset):
    rows = (dataset / "participants.tsv").read_text().splitlines()
    assert rows[3].startswith("sub-P03\tP-03\t30-39\tF")
    scores = (dataset / "phenotype/rfq.tsv").read_text().splitlines()
    assert [row.split("\t")[:3] for row in scores[1:]] == [
        ["sub-P01", "1", "1"],
        ["sub-P02", "1", "2"],
        ["sub-P03", "1", "3"],
    ]


def physio(dataset, name):
    [path] = dataset.glob(f"*/ses-01/beh/*{name}_physio.tsv.gz")
    sidecar = json.loads(path.with_name(path.name.replace(".tsv.gz", ".json")).read_text())
    rows = [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    return sidecar, rows


def test_a_gap_is_not_available_on_the_regular_grid(study, dataset):
    signal = open_session(study / "sessions" / DAYS[0]).recording.person("P02").signals[-1]
    sidecar, rows = physio(dataset, "P02_ses-01_task-ours60_recording-eda")
    assert sidecar["Columns"] == ["timestamp", "eda"]
    empty = [n for n, row in enumerate(rows) if row == ["n/a", "n/a"]]
    assert len(signal.gaps()) == 1
    assert len(empty) in {160, 161}, "40 s at 4 Hz"
    assert len(rows) == len(signal) + len(empty)
    grid = sidecar["StartTime"] + np.arange(len(rows)) / sidecar["SamplingFrequency"]
    there = np.array([float(t) if t != "n/a" else np.nan for t, _ in rows])
    assert np.nanmax(np.abs(there - grid)) < 0.5 / 4.0, "a reader without timestamps is near"


def test_beats_are_stamped_and_a_steady_signal_needs_no_stamps(dataset):
    sidecar, rows = physio(dataset, "P01_ses-01_task-ours60_recording-rr")
    assert sidecar["Columns"] == ["timestamp", "rr"]
    assert (sidecar["rr"]["Units"], sidecar["timestamp"]["Units"]) == ("ms", "s")
    assert float(rows[0][0]) == sidecar["StartTime"]
    moved, _ = physio(dataset, "recording-acceleration")
    assert moved["Columns"][-3:] == ["acceleration_x", "acceleration_y", "acceleration_z"]


def test_the_same_study_gives_the_same_bytes(study, dataset, tmp_path):
    export_bids(study, tmp_path / "again", NOW)
    assert contents(tmp_path / "again") == contents(dataset)
    packed = next((tmp_path / "again").rglob("*.gz")).read_bytes()
    assert packed[4:8] == bytes(4), "no time of packing"


def test_files_and_folders_are_their_owner_s_alone(dataset):
    modes = {p.is_dir(): p.stat().st_mode & 0o777 for p in (dataset, *dataset.rglob("*"))}
    assert modes == {True: 0o700, False: 0o600}


def test_absolute_dates_have_to_be_asked_for_and_bring_no_device(study, tmp_path):
    done = export_bids(study, tmp_path / "out", NOW, dates="absolute")
    assert done.sessions == (("2026-03-12", "20260312"), ("2026-03-26", "20260326"))
    every = b"".join(data for _, data in bytes_of(tmp_path / "out"))
    assert b"2026-03-12T18:00:00+01:00" in every
    assert [w for w in PLANTED if w.encode() in every] == ["2026-03", "12.03.2026", "Balint 2026"]


def test_nobody_s_data_are_shared_without_a_consent(study, tmp_path):
    table = study / "participants.tsv"
    text = table.read_text()
    table.write_text(text.replace("consent_share_raw", "shares"))
    try:
        with pytest.raises(NothingUsableError, match="no consent to share_raw"):
            export_bids(study, tmp_path / "out", NOW)
    finally:
        table.write_text(text)
    assert list(tmp_path.iterdir()) == []


def test_consents_held_elsewhere_need_a_word_of_their_own(tmp_path):
    study = make_study(tmp_path / "study", DAYS[:1])
    (study / "study.toml").write_text('schema = 1\nname = "a"\nconsent = "held elsewhere"\n')
    with pytest.raises(NothingUsableError, match="held elsewhere"):
        export_bids(study, tmp_path / "out", NOW)
    done = export_bids(study, tmp_path / "out", NOW, held_elsewhere=True)
    assert len(done.persons) == 4
    assert "kept by the institution" in (tmp_path / "out/README.md").read_text()


def test_what_exists_is_not_overwritten(study, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        export_bids(study, tmp_path / "out", NOW)
    with pytest.raises(UsageError, match="lies in the study itself"):
        export_bids(study, study / "dataset", NOW)
    with pytest.raises(UsageError, match="no session 'x'"):
        export_bids(study, tmp_path / "new", NOW, sessions=["x"])
    with pytest.raises(UsageError, match="is no study"):
        export_bids(tmp_path, tmp_path / "new", NOW)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_two_pseudonyms_that_would_become_one_are_refused(tmp_path):
    study = make_study(tmp_path / "study", DAYS[:1])
    for path in (study / "participants.tsv", study / "sessions" / DAYS[0] / "session.toml"):
        path.write_text(path.read_text().replace("P04", "P_02").replace("P01\t", "P01\t"))
    table = study / "participants.tsv"
    table.write_text(table.read_text().replace("n/a\n", "2026-03-01\n"))
    with pytest.raises(UsageError, match=r"'P02' and 'P_02' would both be 'P02'"):
        export_bids(study, tmp_path / "out", NOW)
    assert not (tmp_path / "out").exists()


def test_a_broken_session_stops_the_export_and_leaves_nothing(tmp_path):
    study = make_study(tmp_path / "study", DAYS[:1])
    (study / "sessions" / DAYS[0] / "session.toml").write_text("id = 3")
    with pytest.raises(SettingsError) as caught:
        export_bids(study, tmp_path / "out", NOW)
    assert caught.value.hint == "mend it, or name the others with --session"
    assert [p.name for p in tmp_path.iterdir()] == ["study"]


def test_a_full_disk_leaves_nothing_half_written(study, tmp_path):
    with mounted(tmp_path / "disk") as disk:
        fill(disk, 200_000)
        with pytest.raises(UsageError, match="No space left"):
            export_bids(study, disk / "out", NOW)
        assert [p.name for p in disk.iterdir()] == ["ballast"]


def test_what_a_killed_export_left_behind_is_removed_by_the_next(study, tmp_path):
    for name, age in ((".out.old.tmp", 7200), (".out.new.tmp", 0), (".other.old.tmp", 7200)):
        (tmp_path / name).mkdir()
        at = time.time() - age
        os.utime(tmp_path / name, (at, at))
    export_bids(study, tmp_path / "out", NOW, sessions=[DAYS[0]])
    assert {p.name for p in tmp_path.iterdir()} == {"out", ".out.new.tmp", ".other.old.tmp"}


def test_a_read_only_place_is_one_clear_error(study, tmp_path):
    with mounted(tmp_path / "disk") as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(UsageError, match="cannot be written: Read-only file system"):
            export_bids(study, disk / "out", NOW)


def test_people_called_by_names_are_not_shared_without_a_word(tmp_path):
    study = make_study(tmp_path / "study", DAYS[:1])
    for path in (study / "participants.tsv", study / "sessions" / DAYS[0] / "session.toml"):
        path.write_text(path.read_text().replace("P02", "Anna"))
    with pytest.raises(UsageError, match="1 people are called by what looks like a name"):
        export_bids(study, tmp_path / "out", NOW)
    export_bids(study, tmp_path / "out", NOW, any_pseudonym=True)
    assert (tmp_path / "out/sub-Anna").is_dir()


def test_a_place_below_a_file_is_one_clear_error(study, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        export_bids(study, tmp_path / "file" / "out", NOW)
