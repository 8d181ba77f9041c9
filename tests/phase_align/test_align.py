from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.phase_align import align_windows, group_of
from arousal.protocol import load_protocol
from arousal.settings import AlignSettings
from tests.phase_align.made import BALINT_90, timeline

BALINT = load_protocol("balint-90")
LINE = timeline(*BALINT_90, (900, "presenter/P1"), people={"P1": "member", "L1": "leader"})


def windows(*rows: tuple[str, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["person", "onset", "duration"])


def test_a_window_belongs_to_the_phase_that_holds_its_middle():
    found = align_windows(windows(("P1", 389.9, 60), ("P1", 390, 60)), LINE, BALINT)
    assert found["phase"].tolist() == ["baseline", "opening"]
    assert found["phase_time"].tolist() == pytest.approx([419.9, 0])
    assert found["progress"].tolist() == pytest.approx([419.9 / 420, 0])


@pytest.mark.parametrize(
    ("phase", "onset", "end", "edge"),
    [
        ("presentation", 960, 1740, 60),
        ("discussion", 2160, 4560, 120),
        ("invitation", 840, 960, 30),
        ("closing", 5040, 5220, 30),
        ("opening", 420, 840, 60),
    ],
)
def test_inside_means_wholly_in_the_phase_without_its_edge(phase, onset, end, edge):
    first, last = onset + edge, end - 30
    found = align_windows(
        windows(*(("P1", t, 30) for t in (first - 1, first, last, last + 1))), LINE, BALINT
    )
    assert found["inside"].tolist() == [False, True, True, False]
    assert set(found["phase"]) == {phase}


def test_edges_come_from_the_settings():
    rules = AlignSettings(edge=10, edge_discussion=20)
    found = align_windows(windows(("P1", 970, 60), ("P1", 2180, 60)), LINE, BALINT, rules)
    assert found["inside"].all()


def test_windows_between_phases_have_no_phase_and_no_progress():
    line = timeline((100, "opening"), (200, "end"), end=1000)
    found = align_windows(windows(("P1", 500, 60)), line, BALINT)
    assert found.loc[0, ["phase", "block", "inside", "certain"]].tolist() == ["", 0, False, False]
    assert found[["phase_time", "progress"]].isna().all(axis=None)


def test_roles_and_groups_follow_the_case():
    found = align_windows(
        windows(
            ("P1", 0, 60), ("P1", 2000, 60), ("P1", 5300, 60), ("L1", 2000, 60), ("X", 2000, 60)
        ),
        LINE,
        BALINT,
    )
    assert found["role"].tolist() == ["member", "presenter", "member", "leader", "member"]
    assert found["group"].tolist() == ["members", "presenter", "members", "leaders", "members"]


def test_the_index_of_the_features_is_kept():
    frame = windows(("P1", 0, 60), ("P1", 60, 60)).set_index(pd.Index([7, 3]))
    assert align_windows(frame, LINE, BALINT).index.tolist() == [7, 3]


@pytest.mark.parametrize(
    ("protocol", "role", "group"),
    [
        ("balint-fishbowl", "observer", ""),
        ("balint-fishbowl", "member", "members"),
        ("mbt-individual-50", "patient", "members"),
        ("mbt-individual-50", "therapist", "leaders"),
        ("mbt-group-90", "", ""),
        ("balint-60", "presenter", "presenter"),
    ],
)
def test_members_are_members_and_the_outer_circle_is_not(protocol, role, group):
    assert group_of(role, load_protocol(protocol)) == group


@given(
    onsets=st.lists(st.floats(-200, 6000), min_size=1, max_size=40),
    duration=st.sampled_from([30.0, 60.0, 120.0]),
)
def test_progress_lies_between_0_and_1_and_inside_implies_the_phase(onsets, duration):
    frame = windows(*(("P1", t, duration) for t in onsets))
    found = align_windows(frame, LINE, BALINT)
    known = found[found["phase"] != ""]
    assert known["progress"].between(0, 1).all()
    assert found.loc[found["phase"] == "", "progress"].isna().all()
    for row, onset in zip(found.itertuples(), onsets, strict=True):
        holding = [p for p in LINE.phases if p.onset <= onset and onset + duration <= p.end]
        if row.inside:
            assert [p.phase for p in holding] == [row.phase]
    assert np.array_equal(found["interval"] >= 0, found["phase"] != "")
