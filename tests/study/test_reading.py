"""A session is read on its own, and what is kept of it travels to other processes."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.study.codec import from_plain, to_plain
from arousal.study.reading import read_session
from arousal.study.summary import StudySummary
from arousal.tables import CONTRASTS
from tests.study.rated_evening import make_evening, rate

FILE = load_hypothesis("farkas2024")


def leaving(**rules):
    """The bundled hypothesis with exclusions."""
    hypothesis = FILE.hypothesis
    exclusions = hypothesis.exclusions.model_copy(update=rules)
    return replace(FILE, hypothesis=hypothesis.model_copy(update={"exclusions": exclusions}))


@pytest.fixture(scope="module")
def evening(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evening") / "s01"
    timeline = make_evening(folder)
    presenter = timeline.presenter(1)
    rate(folder, timeline, people=(presenter, "P99"))
    return folder


@pytest.fixture(scope="module")
def reading(evening):
    return read_session(evening, FILE)


@pytest.mark.parametrize(
    "there_and_back",
    [
        lambda x: pickle.loads(pickle.dumps(x)),  # noqa: S301 (our own bytes)
        lambda x: from_plain(json.loads(json.dumps(to_plain(x)))),
    ],
    ids=["pickle", "json"],
)
def test_a_reading_travels_and_is_kept_with_all_it_holds(reading, there_and_back):
    back = there_and_back(reading)
    pd.testing.assert_frame_equal(back.contrasts, reading.contrasts)
    pd.testing.assert_frame_equal(back.course, reading.course)
    pd.testing.assert_frame_equal(back.ratings, reading.ratings)
    assert (back.tally, back.presenters) == (reading.tally, reading.presenters)
    assert back.explored.bands == reading.explored.bands
    assert repr(back.explored.recoveries) == repr(reading.explored.recoveries)  # NaN is itself
    assert repr(back.links) == repr(reading.links)
    for one, other in zip(back.explored.groups, reading.explored.groups, strict=True):
        assert one.persons == other.persons
        np.testing.assert_array_equal(one.values, other.values)


def test_reading_twice_gives_the_same_numbers(evening, reading):
    again = read_session(evening, FILE)
    pd.testing.assert_frame_equal(again.contrasts, reading.contrasts)
    assert repr(again.explored.recoveries) == repr(reading.explored.recoveries)
    assert list(reading.contrasts.columns) == CONTRASTS.names
    assert reading.session == "s01"


def test_ratings_give_the_polarities_their_contrasts(reading):
    rows = reading.contrasts.set_index(["contrast", "measure"])
    late = rows.loc[("C18-late", "automatic_controlled")]
    # Expected -.6 throughout the presentation; -.5 to .3 over the discussion, its last third .17.
    assert not late["excluded"]
    assert late["value"] == pytest.approx(0.77, abs=0.12)
    back = rows.loc[("C18-return", "self_other")]
    assert back["value"] == pytest.approx(0.0, abs=0.12)


def test_ratings_are_linked_to_arousal_and_laid_on_the_case(reading):
    assert {link.claim for link in reading.links} == {"C16", "C17"}
    slopes = [x for x in reading.links if x.claim == "C17" and x.within == "person"]
    assert all(x.persons == 1 for x in slopes)  # only the presenter has a body and ratings
    rated = reading.course[reading.course["who"] == "group"]
    told = rated[rated["measure"] == "self_other"].groupby("phase")["value"].mean()
    assert told["presentation"] == pytest.approx(-0.6, abs=0.08)
    assert told["return"] == pytest.approx(0.0, abs=0.08)


def test_what_was_said_of_strangers_is_left_out_and_counted(reading):
    (noticed,) = reading.findings
    assert noticed.code == "ratings-withheld"
    assert noticed.message.endswith("who are not in the session, or without consent to 'research'")
    assert set(reading.ratings["person"]) == {"group", reading.presenters[1]}


def test_ratings_that_cannot_be_read_are_told_and_the_rest_stands(evening, tmp_path, reading):
    import shutil

    folder = tmp_path / "s01"
    shutil.copytree(evening, folder)
    path = folder / "ratings.tsv"
    path.write_text(path.read_text().replace("\t60.0\t", "\tsoon\t", 1))
    broken = read_session(folder, FILE)
    (noticed,) = broken.findings
    assert noticed.code == "ratings-unread"
    assert noticed.message.startswith("line 2: duration is 'soon'")
    assert noticed.where == "s01/ratings.tsv"
    rows = broken.contrasts.set_index(["contrast", "measure"])
    assert rows.loc[("C18-late", "self_other"), "reason"] == "no ratings"
    bodies = ~broken.contrasts["contrast"].str.startswith("C18")
    pd.testing.assert_frame_equal(broken.contrasts[bodies], reading.contrasts[bodies])


def test_a_person_whom_the_file_leaves_out_enters_nothing_exploratory(evening, reading):
    member = next(p for g in reading.explored.groups for p in g.persons)
    found = read_session(evening, leaving(persons={member: "takes a beta blocker"}))
    assert member in {r.found.person for r in reading.explored.recoveries}
    assert member not in {p for g in found.explored.groups for p in g.persons}
    assert member not in {r.found.person for r in found.explored.recoveries}
    assert member not in {p.person for p in found.explored.probes}
    assert member not in {b.person for b in found.explored.bands}


def test_a_session_that_the_file_leaves_out_is_not_explored(evening):
    found = read_session(evening, leaving(sessions={"s01": "fire alarm"}))
    assert found.contrasts["excluded"].all()
    assert found.explored.groups == ()
    assert found.explored.events == ()
    assert found.ratings is None


def test_curves_second_by_second_hold_those_who_sat_there(reading):
    group = next(
        g for g in reading.explored.groups if (g.phase, g.signal) == ("discussion", "heart_rate")
    )
    assert reading.presenters[1] == group.persons[group.presenter]
    assert not [p for p in group.persons if p.startswith("L")]
    assert 40 < np.nanmedian(group.values) < 110
    assert np.isfinite(group.speech).all()


def test_a_folder_that_cannot_be_read_is_told_and_not_raised(tmp_path):
    (tmp_path / "session.toml").write_text('schema = 1\nid = "s1"\n')
    reading = read_session(tmp_path, FILE)
    assert reading.tally is None
    assert reading.contrasts["excluded"].all()
    assert [f.code for f in reading.findings] == ["session-unread"]


def test_sessions_sum_up_to_the_facts_of_a_study(reading):
    summary = StudySummary()
    for one in (reading.tally, None, reading.tally):
        summary.add(one)
    facts = summary.facts(frozenset({"age"}))
    assert (facts.sessions, facts.used_sessions, facts.blocks) == (3, 2, 2)
    assert facts.people == len(reading.tally.people)
    assert facts.signals == ("rr",)
    assert facts.described == frozenset({"age"})
