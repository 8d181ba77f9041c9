"""The methods paragraph and the checklist say what is known and ask for what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from arousal.hypothesis.checklist import checklist
from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.hypothesis.methods import methods_paragraph
from arousal.hypothesis.outcome import results_table
from arousal.hypothesis.registration import Ledger, Look, Registration, Status
from arousal.hypothesis.study_facts import StudyFacts
from tests.hypothesis.made_sessions import hypothesis
from tests.hypothesis.test_outcome import RISES, contrasts

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FACTS = StudyFacts(
    sessions=9,
    used_sessions=8,
    blocks=8,
    people=11,
    groups=2,
    protocols=("balint-90",),
    described=frozenset({"age", "sex"}),
    signals=("ecg", "eda"),
    rates=("ecg 130 Hz", "eda 4 Hz"),
    sites=("finger",),
    speech=True,
    corrected=0.012,
    usable=0.94,
    versions=("arousal 0.1.0",),
    windows=(60.0, 120.0),
    coverage=(0.8, 0.9, 0.8),
)


def paragraph(values=RISES, looks=(8,), registered=NOW, agreed=(), sha256=None):
    file = hypothesis()
    entry = Registration(
        name="made", version="1", sha256=sha256 or file.sha256, registered=registered, file="x.toml"
    )
    ledger = Ledger(
        registered=(entry,),
        looks=tuple(
            Look(time=NOW + timedelta(days=i + 1), sha256=file.sha256, sessions=n)
            for i, n in enumerate(looks)
        ),
    )
    results = results_table(contrasts(values), file.hypothesis, {"A": Status(True)})
    return methods_paragraph(file, entry, ledger, FACTS, results, agreed)


def test_the_paragraph_tells_registration_data_rules_tests_and_results():
    text = paragraph()
    for part in (
        "made, version 1 (SHA-256 ",
        "registered in the study on 2026-03-01, before contrasts were first computed on 2026-03-02",
        "8 of 9 recorded sessions of 2 groups (balint-90)",
        "Measures were heart rate, from windows of 60 and 120 s",
        "without its first 60 s",
        "The unit of analysis is the case block",
        "No p value was computed over windows",
        "Confirmatory: A (heart rate): supported, n = 8.",
    ):
        assert part in text


def test_a_late_registration_and_repeated_looks_are_not_hidden():
    text = paragraph(looks=(6, 8), registered=NOW + timedelta(days=9))
    assert ", after contrasts were first computed" in text
    assert "tested at 2 sizes of the study (6, 8 sessions)" in text
    assert "not corrected for these repeated looks" in text


def test_a_file_that_was_changed_after_its_registration_is_not_hidden():
    text = paragraph(sha256="0" * 64)
    assert "(SHA-256 000000000000), was registered" in text
    assert "What was tested is not what was registered" in text
    assert f"SHA-256 now {hypothesis().sha256[:12]}" in text
    assert "not what was registered" not in paragraph()


def test_a_study_without_enough_blocks_says_so():
    assert "No contrast had enough case blocks" in paragraph(RISES[:4])


def states(facts):
    items = checklist(facts, load_hypothesis("farkas2024").hypothesis)
    return {(i.source, i.number, i.item): i for i in items}


def item(facts, number, word=""):
    found = [i for k, i in states(facts).items() if k[1] == number and word in k[2]]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("number", "word", "state"),
    [
        ("1a", "", "not applicable"),
        ("1d", "", "missing"),
        ("1e", "", "filled"),
        ("2a", "", "missing"),
        ("2b", "Sampling", "filled"),
        ("3d", "", "filled"),
        ("4b", "", "not applicable"),
        ("breathing", "", "missing"),
        ("speech", "", "filled"),
        ("site", "", "filled"),
        ("electrodes", "", "missing"),
    ],
)
def test_each_item_is_filled_missing_or_not_applicable(number, word, state):
    found = item(FACTS, number, word)
    assert found.state == state
    assert bool(found.text) is (state != "not applicable")


def test_what_is_there_is_told_in_the_item():
    assert item(FACTS, "3d").text.endswith("median corrected 1.2%")
    assert item(FACTS, "2b", "Sampling").text == "ecg 130 Hz"
    assert item(FACTS, "1e").text == "participants.tsv: age, sex"


def test_skin_items_do_not_apply_to_a_study_without_skin_conductance():
    hearts = replace(FACTS, signals=("ecg",))
    skin = [i for (source, *_), i in states(hearts).items() if source.startswith("SPR")]
    assert len(skin) >= 5
    assert {i.state for i in skin} == {"not applicable"}


def test_a_study_that_tells_nothing_leaves_everything_missing():
    bare = StudyFacts(0, 0, 0, 0, 0, signals=("ecg", "eda"))
    missing = {k[1] for k, i in states(bare).items() if i.state == "missing"}
    assert {"1d", "1e", "2a", "2b", "3c", "3d", "segments", "site", "sampling"} <= missing


def test_raters_are_told_with_their_agreement_and_without_it():
    from arousal.hypothesis.agreement import Agreement, Icc

    icc = Icc(0.7, 0.5, 0.8, 0.82, 0.71, 0.9, 0.72, 40, 2)
    told = paragraph(agreed=[Agreement("self_other", icc)])
    assert "by 2 raters; agreement of their mean, ICC(2,k): self-other 0.82 [0.71, 0.90]." in told
    alone = paragraph(agreed=[Agreement("self_other", None, "1 rater: agreement needs two")])
    assert "agreement could not be told (1 rater: agreement needs two)" in alone
    assert "rated per phase" not in paragraph()
