"""A BIDS dataset becomes sessions: ours the very same again, anybody's as far as it tells."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from arousal.errors import ArousalError, DataError, FormatError, UsageError
from arousal.hypothesis.polarities import read_ratings
from arousal.ingest import load
from arousal.pipeline import analyse
from arousal.recording import Kind
from arousal.session import load_participants, load_session, load_study
from arousal.study import bids_import
from arousal.study.bids_export import export_bids
from arousal.study.bids_import import carry_out, plan_import
from arousal.study.folder import new_study
from arousal.study.phenotype import load_phenotype
from arousal.study.sources import changed_files, read_sources
from tests.ingest.small_disk import fill, mounted
from tests.study.shared_study import DAYS, NOW, make_study

TODAY = date(2026, 11, 22)


def bring(dataset, study, **wishes):
    return carry_out(plan_import(dataset, study, **wishes), TODAY)


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Everybody shares, so that what comes back can be compared with what went."""
    root = make_study(tmp_path_factory.mktemp("round") / "study", DAYS[:1])
    table = root / "participants.tsv"
    table.write_text(table.read_text().replace("n/a\n", "2026-03-01\n"))
    return root


@pytest.fixture(scope="module")
def dataset(study):
    export_bids(study, study.parent / "dataset", NOW)
    return study.parent / "dataset"


@pytest.fixture(scope="module")
def again(dataset):
    bring(dataset, dataset.parent / "again")
    return dataset.parent / "again"


def test_the_round_trip_gives_equal_tables(study, again):
    """Beats exact (asked: 1 ms), everything else equal (asked: 1e-6), gaps and corrections too."""
    before, after = analyse(study / "sessions" / DAYS[0]), analyse(again / "sessions" / "01")
    assert before.persons == after.persons == ("P01", "P02", "P-03", "P04")
    for name in ("features", "curves", "group", "phases"):
        pd.testing.assert_frame_equal(getattr(after, name), getattr(before, name), check_exact=True)
    quality, was = (
        r.quality.drop(columns="source").sort_values(["person", "kind"], ignore_index=True)
        for r in (after, before)
    )
    pd.testing.assert_frame_equal(quality, was, check_exact=True)
    assert before.features["heart_rate"].notna().mean() > 0.5
    assert before.settings == after.settings
    assert after.settings.windows.step == 10.0


def test_the_round_trip_keeps_every_sample_and_gap(study, again):
    before, after = load(study / "sessions" / DAYS[0]), load(again / "sessions" / "01")
    gaps = 0
    for person in before:
        for signal in person.signals:
            back = after.person(person.id).signal(signal.kind)
            assert np.abs(back.times - signal.times).max() <= 1e-10
            assert back.values.tolist() == signal.values.tolist()
            assert (back.rate, back.site, back.unit) == (signal.rate, signal.site, signal.unit)
            gaps += len(back.gaps())
    assert gaps >= 2, "a lost stretch of a steady signal, and one of beats"


def test_the_round_trip_keeps_roles_consents_and_releases(study, again):
    before = load_session(study / "sessions" / DAYS[0] / "session.toml")
    after = load_session(again / "sessions" / "01" / "session.toml")
    assert {p: e.role for p, e in after.people.items()} == {
        p: e.role for p, e in before.people.items()
    }
    for file in (before, after):
        assert file.started is not None
        since = file.release.people["P02"] - file.started
        assert since == timedelta(hours=2, minutes=30)
    assert (after.meeting, after.markers.codes) == (before.meeting, before.markers.codes)
    people = load_participants(again / "participants.tsv")
    assert people["P04"].consent.share_raw.isoformat() == "1899-12-21"
    assert people["P-03"].age_band == "30-39"
    assert load_study(again / "study.toml").consent == "per person"


def test_a_release_goes_only_when_its_delay_is_over(study, tmp_path):
    late = datetime.fromisoformat(f"{DAYS[0]}T20:30:00+01:00") + timedelta(hours=24)
    for now, kept in ((late - timedelta(seconds=1), 0), (late, 1)):
        out = tmp_path / str(kept)
        export_bids(study, out, now)
        sessions = map(load_session, out.glob("sourcedata/arousal/ses-*/session.toml"))
        assert sum("P02" in session.release.people for session in sessions) == kept


def test_the_round_trip_keeps_ratings(study, again):
    before = read_ratings(study / "sessions" / DAYS[0] / "ratings.tsv")
    after = read_ratings(again / "sessions" / "01" / "ratings.tsv")
    pd.testing.assert_frame_equal(after, before.assign(rater="rater1"))


def test_the_round_trip_keeps_scores(study, again):
    assert len(load_phenotype(again)) == 4
    pd.testing.assert_frame_equal(load_phenotype(again), load_phenotype(study))


def test_a_dataset_of_one_person_of_the_group_keeps_their_pseudonym(study, tmp_path):
    shutil.copytree(study, tmp_path / "study")
    table = tmp_path / "study/participants.tsv"
    lines = [line if line.startswith(("participant", "P-03")) else line.rsplit("\t", 1)[0] + "\tn/a"
             for line in table.read_text().splitlines()]  # fmt: skip
    table.write_text("\n".join(lines) + "\n")
    export_bids(tmp_path / "study", tmp_path / "dataset", NOW)
    bring(tmp_path / "dataset", tmp_path / "again")
    assert [p.id for p in load(tmp_path / "again/sessions/01")] == ["P-03"]


def test_a_dry_run_changes_nothing(dataset, tmp_path):
    plan = plan_import(dataset, tmp_path / "new")
    assert [p.id for p in plan.sessions] == ["01"]
    assert plan.new
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def ds210(shared_data):
    return shared_data / "bids_ds210"


def test_a_foreign_dataset_becomes_a_session_per_run_with_consents_held_elsewhere(ds210, tmp_path):
    before = contents(ds210)
    done = bring(ds210, tmp_path / "study")
    assert [p.name for p in done.sessions] == [
        *(f"sub-01_task-cuedSGT_run-0{n}" for n in range(1, 5)),
        "sub-01_task-rest_run-01",
    ]
    assert load_study(tmp_path / "study/study.toml").consent == "held elsewhere"
    assert contents(ds210) == before, "originals are only read"
    for folder in done.sessions:
        assert changed_files(folder) == ()
        for row in read_sources(folder):
            assert row.sha256 == sha256(before[Path(row.name)]).hexdigest()


def test_a_foreign_run_is_read_as_its_own_file_is(ds210, tmp_path):
    rest = "sub-01_task-rest_run-01"
    bring(ds210, tmp_path / "study", sessions=[rest])
    imported = load(tmp_path / "study/sessions" / rest)
    direct = load(ds210 / "sub-01/func" / f"{rest}_physio.tsv.gz")
    for back, signal in zip(imported.persons[0].signals, direct.persons[0].signals, strict=True):
        assert (back.kind, back.rate) == (signal.kind, signal.rate)
        assert back.times.tolist() == signal.times.tolist()
        assert back.values.tolist() == signal.values.tolist()
    assert analyse(tmp_path / "study/sessions" / rest).features["heart_rate"].notna().any()


def test_a_mapping_says_what_a_foreign_column_is_and_stays_with_the_session(ds210, tmp_path):
    words = tmp_path / "words.toml"
    words.write_text('schema = 1\n[[signal]]\ncolumn = "cardiac"\nkind = "ecg"\nunit = "a.u."\n')
    run = "sub-01_task-rest_run-01"
    bring(ds210, tmp_path / "study", sessions=[run], mapping=words)
    [person] = load(tmp_path / "study/sessions" / run)
    assert [s.kind for s in person.signals] == [Kind.ECG, Kind.RESPIRATION]


def foreign(root, sidecar=None, rows=b"1\t2\n" * 400):
    """Make a dataset of two subjects with a table of people."""
    for sub in ("07", "08"):
        folder = root / f"sub-{sub}" / "beh"
        folder.mkdir(parents=True)
        stem = folder / f"sub-{sub}_task-talk_physio"
        content = b"".join(b"%d\t%.3f\n" % (k % 90, 2 + k / 500 + int(sub) / 9) for k in range(600))
        Path(f"{stem}.tsv.gz").write_bytes(gzip.compress(content, mtime=0))
        described = {"SamplingFrequency": 20, "StartTime": 0, "Columns": ["trigger", "eda"],
                     "eda": {"Units": "uS"}}  # fmt: skip
        Path(f"{stem}.json").write_text(json.dumps(described))
    (root / "dataset_description.json").write_text('{"Name": "Talks", "BIDSVersion": "1.8.0"}')
    (root / "sub-07/beh/sub-07_task-talk_events.tsv").write_text(
        "onset\tduration\tvalue\n0\tn/a\tpresentation\n20\t0\tdiscussion\n"
    )
    (root / "participants.tsv").write_text(
        "participant_id\tage\tsex\tname\thandedness\n"
        "sub-07\t34\tfemale\tAnna\tright\nsub-08\tn/a\tn/a\tBea\tleft\n"
    )
    return root


def test_events_of_a_run_become_its_marks(tmp_path):
    bring(foreign(tmp_path / "talks"), tmp_path / "study")
    marked = load(tmp_path / "study/sessions/sub-07_task-talk")
    assert [(e.onset, e.label) for e in marked.events] == [
        (0.0, "presentation"),
        (20.0, "discussion"),
    ]
    assert load(tmp_path / "study/sessions/sub-08_task-talk").events == ()


def test_people_come_with_bands_instead_of_ages_and_without_names(tmp_path):
    done = bring(foreign(tmp_path / "talks"), tmp_path / "study")
    people = load_participants(tmp_path / "study/participants.tsv")
    assert done.people == ("sub-07", "sub-08")
    assert (people["sub-07"].age_band, people["sub-07"].sex) == ("30-39", "F")
    assert people["sub-07"].covariates == {"handedness": "right"}
    assert b"Anna" not in b"".join(contents(tmp_path / "study").values())
    assert ("participants.tsv: name", "it identifies people") in done.left_out


def test_known_people_keep_their_row(tmp_path):
    study = new_study(tmp_path / "study", consent="held elsewhere")
    table = study / "participants.tsv"
    row = "sub-07\t40-49" + "\tn/a" * (len(table.read_text().split("\t")) - 2)
    table.write_text(table.read_text() + row + "\n")
    done = bring(foreign(tmp_path / "talks"), study)
    assert done.people == ("sub-08",)
    assert load_participants(table)["sub-07"].age_band == "40-49"


def test_a_study_that_asks_each_person_takes_no_dataset_without_consents(tmp_path):
    study = new_study(tmp_path / "study")
    before = contents(study)
    with pytest.raises(UsageError, match="asks each person for consent"):
        plan_import(foreign(tmp_path / "talks"), study)
    assert contents(study) == before


def test_the_same_dataset_is_not_taken_twice(tmp_path):
    talks = foreign(tmp_path / "talks")
    bring(talks, tmp_path / "study")
    with pytest.raises(UsageError, match="has a session 'sub-07_task-talk' already"):
        plan_import(talks, tmp_path / "study")
    (tmp_path / "study/sessions/sub-07_task-talk").rename(tmp_path / "study/sessions/other")
    with pytest.raises(UsageError, match="are in the study already, as session 'other'"):
        plan_import(talks, tmp_path / "study", sessions=["sub-07_task-talk"])


def spoil(name, change):
    def spoiled(root):
        [path] = root.glob(f"sub-07/beh/*{name}")
        change(path)

    return spoiled


@pytest.mark.parametrize(
    ("damage", "kind", "said"),
    [
        (shutil.rmtree, DataError, "no such folder"),
        (lambda root: (root / "dataset_description.json").unlink(), FormatError, "no BIDS dataset"),
        (lambda root: [p.unlink() for p in root.rglob("*.gz")], FormatError, "no .*_physio.tsv.gz"),
        (spoil("json", Path.unlink), FormatError, "says SamplingFrequency or Columns"),
        (spoil("json", lambda p: p.write_text("{")), FormatError, "is no JSON"),
        (
            spoil("json", lambda p: p.write_text('{"SamplingFrequency": 20, "Columns": ["eda"]}')),
            FormatError,
            "lines have 2 cells",
        ),
        (spoil("gz", lambda p: p.write_bytes(p.read_bytes()[:-200])), DataError, "file is cut"),
        (spoil("gz", lambda p: p.write_bytes(b"\x1f\x8bxx")), FormatError, "no gzip file"),
        (spoil("gz", lambda p: p.write_bytes(b"")), FormatError, "cells|no line"),
    ],
)
def test_a_damaged_dataset_is_one_clear_error_and_nothing_is_made(tmp_path, damage, kind, said):
    root = foreign(tmp_path / "talks")
    damage(root)
    with pytest.raises(kind, match=said) as caught:
        plan_import(root, tmp_path / "study")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "study").exists()


def test_an_export_that_lost_what_it_kept_says_so(dataset, tmp_path):
    shutil.copytree(dataset, tmp_path / "dataset")
    shutil.rmtree(tmp_path / "dataset/sourcedata/arousal/ses-01")
    with pytest.raises(FormatError, match=r"ses-01 has no sourcedata/arousal/ses-01/session\.toml"):
        plan_import(tmp_path / "dataset", tmp_path / "study")


def test_a_file_that_changed_after_the_dry_run_is_not_taken(tmp_path):
    root = foreign(tmp_path / "talks")
    plan = plan_import(root, tmp_path / "study")
    [path] = root.glob("sub-08/beh/*.gz")
    path.write_bytes(gzip.compress(b"1\t2\n" * 300))
    with pytest.raises(DataError, match="changed while it was being added"):
        carry_out(plan, TODAY)
    assert not (tmp_path / "study").exists(), "not even the session of sub-07 before it"


def test_what_fails_at_the_end_takes_back_what_was_made(tmp_path, monkeypatch):
    study = new_study(tmp_path / "study", consent="held elsewhere")
    before = contents(study)

    def broken(*_):
        raise UsageError("cannot be written: No space left on device")

    monkeypatch.setattr(bids_import, "add_people", broken)
    with pytest.raises(ArousalError, match="No space left"):
        bring(foreign(tmp_path / "talks"), study)
    assert contents(study) == before


def test_a_full_disk_leaves_nothing_half_written(tmp_path):
    root = foreign(tmp_path / "talks")
    with mounted(tmp_path / "disk") as disk:
        fill(disk, 100_000)
        with pytest.raises(UsageError):
            bring(root, disk / "study")
        assert [p.name for p in disk.iterdir()] == ["ballast"]


def test_a_read_only_place_is_one_clear_error(tmp_path):
    root = foreign(tmp_path / "talks")
    with mounted(tmp_path / "disk") as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(UsageError, match="cannot be written"):
            bring(root, disk / "study")
