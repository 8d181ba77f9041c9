"""Who withdraws is gone from a meeting that came as BIDS, and the others are as they were."""

from __future__ import annotations

import gzip
from datetime import date

import pytest

from arousal.forget import forget
from arousal.ingest import load
from arousal.study.bids_export import export_bids
from arousal.study.bids_import import carry_out, plan_import
from tests.study.shared_study import DAYS, NOW, make_study

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(("person", "label"), [("P02", "P02"), ("P-03", "P03")])
def test_a_person_leaves_a_meeting_of_bids_files(tmp_path, person, label):
    root = make_study(tmp_path / "study", DAYS[:1])
    export_bids(root, tmp_path / "dataset", NOW)
    carry_out(plan_import(tmp_path / "dataset", tmp_path / "again"), TODAY)
    folder = tmp_path / "again/sessions/01"
    before = load(folder)
    done = forget(tmp_path / "again", person, today=TODAY)
    assert done.leftovers == ()
    for path in (p for p in (tmp_path / "again").rglob("*") if p.is_file()):
        data = path.read_bytes()
        data += gzip.decompress(data) if path.suffix == ".gz" else b""
        assert person.encode() not in data, path
        assert f"sub-{label}" not in str(path)
    after = load(folder)
    assert [p.id for p in after] == [p.id for p in before if p.id != person]
    for one in after:
        for signal, was in zip(one.signals, before.person(one.id).signals, strict=True):
            assert signal.values.tolist() == was.values.tolist()
    phases = [e for e in before.events if e.label.startswith("phase/")]
    assert [e for e in after.events if e.label.startswith("phase/")] == phases
