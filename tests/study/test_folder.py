"""A study's folder: made whole or not at all, never over anything, and opened."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from arousal.errors import SettingsError, UsageError
from arousal.hypothesis.checklist import checklist
from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.hypothesis.study_facts import StudyFacts
from arousal.monitor import study_folder as desk
from arousal.session import load_participants, load_study
from arousal.study import folder as module
from arousal.study.folder import new_study, open_study
from arousal.study.phenotype import load_phenotype

NOW = datetime(2026, 3, 12, tzinfo=UTC)


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_a_new_study_opens_and_says_what_was_asked(tmp_path):
    root = new_study(
        tmp_path / "deep" / "north",
        name='Nord "é" 2026',
        protocol="balint-60",
        consent="held elsewhere",
        language="hu",
    )
    study = open_study(root)
    settings = study.settings
    assert (settings.name, settings.protocol) == ('Nord "é" 2026', "balint-60")
    assert (settings.consent, settings.language) == ("held elsewhere", "hu")
    assert study.participants == {}
    assert study.session_folders() == ()
    assert load_phenotype(root).empty
    assert "Nord" in (root / "README.md").read_text()
    assert names(root) == [
        "README.md",
        "participants.json",
        "participants.tsv",
        "phenotype",
        "sessions",
        "study.toml",
    ]


def test_everything_in_it_is_its_owners_alone(tmp_path):
    root = new_study(tmp_path / "s")
    modes = {stat.S_IMODE(p.stat().st_mode) for p in root.rglob("*") if p.is_file()}
    folders = {stat.S_IMODE(p.stat().st_mode) for p in (root, *root.rglob("*")) if p.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})


def test_every_column_of_participants_is_explained_and_answers_the_checklist(tmp_path):
    root = new_study(tmp_path / "s")
    columns = (root / "participants.tsv").read_text().strip().split("\t")
    described = json.loads((root / "participants.json").read_text())
    assert columns == ["participant_id", *described]
    row = "\t".join(["P01", "30-39", "F", *["1"] * 8, *["2026-03-01"] * 6])
    with (root / "participants.tsv").open("a") as file:
        file.write(row + "\n")
    person = load_participants(root / "participants.tsv")["P01"]
    assert (person.age_band, str(person.consent.share_raw)) == ("30-39", "2026-03-01")
    facts = StudyFacts(1, 1, 1, 1, 1, described=frozenset({"age", "sex", *person.covariates}),
                       signals=("rr",))  # fmt: skip
    items = checklist(facts, load_hypothesis("farkas2024").hypothesis)
    asked = {i.item: i.text for i in items if i.text.startswith("participants.tsv")}
    assert asked == {
        "Illness and medication": "participants.tsv: medication, illness",
        "Age, sex, activity, smoking": "participants.tsv: age, sex, smok",
        "Caffeine, nicotine, exercise, sleep beforehand": (
            "participants.tsv: caffeine, nicotine, exercise, sleep"
        ),
    }


def test_each_template_of_scores_is_read_once_it_is_copied_and_filled(tmp_path):
    root = new_study(tmp_path / "s")
    with (root / "participants.tsv").open("a") as file:
        file.write("\t".join(["P01", *["n/a"] * 16]) + "\n")
    templates = sorted((root / "phenotype" / "templates").glob("*.tsv"))
    assert [t.stem for t in templates] == ["brs", "cd_risc", "mbi", "olbi", "rfq"]
    measures = 0
    for table in templates:
        columns = table.read_text().strip().split("\t")[2:]
        sidecar = json.loads(table.with_suffix(".json").read_text())
        top = [str(sidecar[c]["Maximum"]) for c in columns]
        row = "\t".join(["P01", "1", *top])
        (root / "phenotype" / table.name).write_text(table.read_text() + row + "\n")
        table.with_suffix(".json").rename(root / "phenotype" / f"{table.stem}.json")
        measures += len(columns)
    assert len(load_phenotype(root)) == measures == 9


def test_ones_own_protocol_comes_along_and_is_found_from_a_session(tmp_path):
    text = (files("arousal") / "protocols" / "balint-60.toml").read_text()
    (tmp_path / "ours.toml").write_text(text.replace('"balint-60"', '"ours"'))
    root = new_study(tmp_path / "s", protocol=str(tmp_path / "ours.toml"))
    assert load_study(root / "study.toml").protocol == "ours.toml"
    session = desk.prepare_session(root, "one")
    desk.write_setup(session, {"people": {"P01": {"role": "leader"}}}, NOW)


@pytest.mark.parametrize("there", ["study.toml", "session.toml", "letters.txt"])
def test_nothing_is_ever_overwritten(tmp_path, there):
    (tmp_path / there).write_text("mine")
    with pytest.raises(UsageError):
        new_study(tmp_path)
    assert names(tmp_path) == [there]
    assert (tmp_path / there).read_text() == "mine"


def test_an_unknown_protocol_makes_nothing(tmp_path):
    with pytest.raises(SettingsError, match="no protocol 'balint-61'"):
        new_study(tmp_path / "s", protocol="balint-61")
    assert names(tmp_path) == []


@pytest.mark.parametrize("existed", [True, False])
def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch, existed):
    def full(path, text):
        if path.name == "study.toml":
            raise OSError(28, os.strerror(28))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    monkeypatch.setattr(module, "write_text", full)
    if existed:
        (tmp_path / "s").mkdir()
    with pytest.raises(UsageError, match="No space left"):
        new_study(tmp_path / "s")
    assert (tmp_path / "s").exists() is existed
    assert not existed or names(tmp_path / "s") == []


def test_a_folder_that_is_no_study_is_told_how_to_become_one(tmp_path):
    with pytest.raises(UsageError, match="arousal study new"):
        open_study(tmp_path)
