"""Whoever withdraws is gone from sessions that were added: own exports, names of files, rows."""

from __future__ import annotations

from datetime import date

import pytest

from arousal.errors import UsageError
from arousal.forget import forget
from arousal.ingest import load
from arousal.study.adding import Adding, Wishes, candidates
from arousal.study.folder import new_study
from arousal.study.sources import changed_files, read_sources
from tests import small_session
from tests.ingest.made_e4 import e4
from tests.small_session import beats, markers

TODAY = date(2026, 4, 1)


@pytest.fixture
def study(tmp_path):
    return new_study(tmp_path / "study", consent="held elsewhere")


def add(root, *paths, people=None, **wishes):
    adding = Adding.to(root)
    [candidate], _ = candidates(paths, people or {})
    planned = adding.plan(candidate, Wishes(**wishes))
    adding.carry_out(planned, TODAY)
    return root / "sessions" / planned.id


def naming(root, word):
    return [
        p
        for p in root.rglob("*")
        if word in str(p.relative_to(root)) or (p.is_file() and word.encode() in p.read_bytes())
    ]


def test_one_of_several_wristbands_is_deleted_and_the_others_stay(study, tmp_path):
    people = {p: e4(tmp_path / f"watch-{p}", seed=n) for n, p in enumerate(("P01", "P04", "P05"))}
    folder = add(study, people=people, session="m3")
    kept = {p: p.read_bytes() for p in folder.rglob("*.csv") if "P04" not in p.parts}
    done = forget(study, "P04", today=TODAY)
    assert done.sessions == ("m3",)
    assert done.leftovers == ()
    assert "m3: their own recording" in done.removed
    assert naming(study, "P04") == []
    assert {p: p.read_bytes() for p in kept} == kept
    assert [p.id for p in load(folder)] == ["P01", "P05"]
    assert {s.file.split("/")[1] for s in read_sources(folder)} == {"P01", "P05"}


def test_a_session_of_one_person_goes_altogether(study, tmp_path):
    add(study, e4(tmp_path / "S08"))
    add(study, e4(tmp_path / "S09", seed=2))
    done = forget(study, "S08", today=TODAY)
    assert "S08: the session, in which nobody else was recorded" in done.removed
    assert naming(study, "S08") == []
    assert [p.name for p in (study / "sessions").iterdir()] == ["S09"]


def test_a_withdrawal_that_was_stopped_is_finished_by_the_next(study, tmp_path, monkeypatch):
    from arousal.forget import files

    people = {"P01": e4(tmp_path / "a"), "P04": e4(tmp_path / "b", seed=2)}
    folder = add(study, people=people, session="m3")

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(files, "_forget_in_toml", stop)
        with pytest.raises(KeyboardInterrupt):
            forget(study, "P04", today=TODAY)
    assert not (folder / "recording" / "P04").exists()
    forget(study, "P04", today=TODAY)
    assert naming(study, "P04") == []
    assert [p.id for p in load(folder)] == ["P01"]


def test_the_name_of_a_rewritten_file_is_forgotten_but_not_its_checksum(study, tmp_path):
    path = tmp_path / "evening with P02.xdf"
    small_session.write(path, [beats(1, 3), beats(2, 3), markers()])
    folder = add(study, path, session="m1")
    [before] = read_sources(folder)
    forget(study, "P02", today=TODAY)
    assert naming(study, "P02") == []
    as_added, as_it_is = read_sources(folder)
    assert as_added.sha256 == before.sha256
    assert as_it_is.file == before.file
    assert changed_files(folder) == ()
    with path.open("rb") as original:  # spoiled by somebody: a withdrawal does not hide that
        (folder / "recording.xdf").write_bytes(original.read())
    assert changed_files(folder) == ("recording.xdf",)
    with pytest.raises(UsageError, match="in the study already, as session m1"):
        add(study, path, session="m2")


def test_a_file_of_several_people_that_cannot_be_cut_is_refused_before_anything_changes(
    study, tmp_path
):
    rows = "".join(f"{k / 4},P0{1 + k % 2},2.5\n" for k in range(400))
    (tmp_path / "both.csv").write_text(f"t,who,skin\n{rows}")
    words = '[table]\ntime = "t"\nperson = "who"\n[[signal]]\ncolumn = "skin"\nkind = "eda"\n'
    (tmp_path / "map.toml").write_text(words + 'unit = "uS"\n')
    folder = add(study, tmp_path / "both.csv", mapping=tmp_path / "map.toml")
    before = {p: p.read_bytes() for p in study.rglob("*") if p.is_file()}
    with pytest.raises(UsageError, match="no XDF file"):
        forget(study, "P01", today=TODAY)
    assert {p: p.read_bytes() for p in study.rglob("*") if p.is_file()} == before
    assert [p.id for p in load(folder)] == ["P01", "P02"]
