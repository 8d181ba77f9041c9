"""What a study shows beside its hypothesis: tables that name nobody, tested from six blocks on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from arousal.hypothesis.dissociation import BandTime, ProbePair
from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.hypothesis.interventions import SessionEvents
from arousal.hypothesis.phase_groups import PhaseGroup
from arousal.hypothesis.polarity_arousal import BlockLink
from arousal.hypothesis.prediction import POLARITIES
from arousal.hypothesis.recovery import Recovery
from arousal.hypothesis.recovery_tests import BlockRecovery
from arousal.study.exploration import explore_study, write_exploration
from arousal.study.explored import SessionExplored
from arousal.study.reading import SessionReading
from arousal.tables import CONTRASTS
from arousal.tables.exploration import EXPLORATION

HYPOTHESIS = load_hypothesis("farkas2024").hypothesis
RNG = np.random.default_rng(8)


def ratings(shift=0.0):
    """Two raters who nearly agree on the group in five phases."""
    phases = ("presentation", "questions", "discussion", "return", "closing")
    rows = [
        {
            "block": 1,
            "phase": phase,
            "person": "group",
            "rater": rater,
            "measure": name,
            "value": -0.6 + 0.3 * k + shift + 0.05 * (rater == "R2"),
            "seconds": 600.0,
        }
        for k, phase in enumerate(phases)
        for rater in ("R1", "R2")
        for name in POLARITIES
    ]
    return pd.DataFrame(rows)


def together(session, same):
    """Three people in one phase; ``same`` of what they show is the room's."""
    room = RNG.standard_normal(1200)
    values = 70 + same * room + RNG.standard_normal((3, 1200))
    persons = tuple(f"{session}{i}" for i in range(3))
    silent = np.zeros_like(values)
    return PhaseGroup(session, 1, "discussion", "heart_rate", persons, 0, values, silent)


def reading(i, same=1.0):
    name = f"s{i}"
    fall = -2.0 + RNG.normal(0, 0.5)
    events = SessionEvents(
        name,
        *("empathy", "heart_rate", "bpm", "presenter"),
        value=fall,
        weight=2.0,
        n=3,
        matched=fall,
        n_matched=2,
    )
    quick = Recovery(60.0, 80.0, -0.3 + RNG.normal(0, 0.1), 0.1, 9, 1, person="P1", block=1)
    probes = [ProbePair(name, f"P{k}", 1, "discussion", 60.0 * k, 1 + k, 0.1 * k) for k in range(6)]
    slow = BlockLink(
        name, 1, "C17", "self_other", "heart_rate", "person and phase", -0.1 - 0.01 * i
    )
    course = pd.DataFrame(
        {
            "block": 1,
            "who": ["presenter", "group"],
            "measure": ["arousal_index", "self_other"],
            "phase": "discussion",
            "bin": 0,
            "value": [1.0 + i, 0.1 * i],
        }
    )
    return SessionReading(
        name,
        CONTRASTS.empty(),
        ratings=ratings(RNG.normal(0, 0.1)),
        links=(slow,),
        explored=SessionExplored(
            (events,),
            (BlockRecovery(name, "heart_rate", "members", quick),),
            tuple(probes),
            (BandTime("P1", 1, "discussion", -1.0, 1.0, 0.2, 0.5, 0.3, 40),),
            (together(name, same),),
        ),
        course=course,
        presenters={1: f"{name}0"},
        group="G1",
    )


@pytest.fixture(scope="module")
def eight():
    return [reading(i) for i in range(8)]


@pytest.fixture(scope="module")
def found(eight):
    return explore_study(eight, HYPOTHESIS)


def test_eight_sessions_are_tested_one_number_each(found):
    event = found.events.iloc[0]
    assert (event["n"], event["events"], event["agrees"]) == (8, 24, "yes")
    assert event["p_t"] < 0.001
    recovery = found.recovery.iloc[0]
    assert recovery["ratio"] == pytest.approx(-0.3, abs=0.15)
    assert recovery["p_t"] < 0.01
    assert recovery["censored"] == pytest.approx(1 / 9)
    assert found.links.iloc[0]["p_t"] < 0.001


def test_a_room_of_its_own_is_synchronous_and_strangers_in_one_room_are_not(found):
    row = found.synchrony.set_index("method").loc["leave-one-out"]
    assert row["n"] == 8
    assert row["p"] < 0.001
    apart = explore_study([reading(i, same=0.0) for i in range(8)], HYPOTHESIS)
    assert (apart.synchrony["p"] > 0.01).all()


def test_raters_agreement_reports_and_bands_are_there(found):
    one = found.agreement.set_index("measure").loc["self_other"]
    assert (one["raters"], one["targets"]) == (2, 40)
    assert 0.9 < one["single"] < one["mean"] < 1
    assert found.dissociation["n"].tolist() == [6] * 8
    np.testing.assert_allclose(found.dissociation["mean"], 0.0, atol=1e-9)
    band = found.bands.iloc[0]
    assert (band["phase"], band["inside"], band["n"]) == ("discussion", 0.5, 8)


def test_the_expected_course_stands_beside_ratings_only_and_is_said_to_be_no_data(eight, found):
    presenter = found.case_course.query("who == 'presenter'")
    assert presenter["mean"].tolist() == pytest.approx([4.5])
    assert (found.case_course.query("who == 'expected'")["n"] == 0).all()
    assert "not data" in found.provenance
    bare = [replace(r, course=r.course[r.course["who"] != "group"]) for r in eight]
    assert "expected" not in set(explore_study(bare, HYPOTHESIS).case_course["who"])


def test_fewer_than_six_blocks_are_described(eight):
    few = explore_study(eight[:5], HYPOTHESIS)
    for table in (few.events, few.recovery, few.links):
        assert table["p_t"].isna().all()
        assert table["reason"].str.contains("6 are needed").all()
    assert few.synchrony["p"].isna().all()


def test_sessions_of_one_presenter_count_as_one(eight):
    repeated = [replace(r, presenters={1: f"P{i // 2}"}) for i, r in enumerate(eight)]
    four = explore_study(repeated, HYPOTHESIS)
    assert four.events.iloc[0]["n"] == 4
    # The members' recovery is of eight evenings, whoever presents, as the members' contrasts are.
    assert four.recovery.iloc[0]["n"] == 8
    presented = [
        replace(
            r,
            explored=replace(
                r.explored,
                recoveries=tuple(replace(b, who="presenter") for b in r.explored.recoveries),
            ),
        )
        for r in repeated
    ]
    assert explore_study(presented, HYPOTHESIS).recovery.iloc[0]["n"] == 4
    alike = HYPOTHESIS.model_copy(update={"cluster": "group"})
    assert explore_study(eight, alike).events.iloc[0]["n"] == 1


def test_each_table_is_written_as_declared_and_names_nobody(found, tmp_path):
    write_exploration(found, tmp_path)
    for table in EXPLORATION:
        read = pd.read_csv(tmp_path / f"{table.name}.tsv", sep="\t")
        assert list(read.columns) == table.names
        assert (tmp_path / f"{table.name}.json").is_file()
        assert not {"person", "presenter", "rater"} & set(read.columns)


def test_a_table_that_has_no_rows_any_more_is_taken_away(found, tmp_path):
    write_exploration(found, tmp_path)
    empty = explore_study([], HYPOTHESIS)
    write_exploration(empty, tmp_path)
    assert list(tmp_path.iterdir()) == []
