from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.errors import DataError
from arousal.phase_align import PhaseInterval, Timeline
from arousal.phase_align.timeline import clock
from tests.phase_align.made import BALINT_90, timeline

LINE = timeline(*BALINT_90, (900, "presenter/P1"))


def test_phases_that_overlap_are_refused():
    phases = (PhaseInterval("a", 0, 0, 10), PhaseInterval("b", 0, 9, 12))
    with pytest.raises(DataError, match="'b' begins at 9 s, before 'a' ends at 10 s"):
        Timeline(0, 12, phases)


def test_a_phase_holds_its_onset_and_not_its_end():
    assert LINE.phase_at([419.99, 420, 839.99, 840]).tolist() == [
        "baseline", "opening", "opening", "invitation",
    ]  # fmt: skip


def test_times_outside_of_all_phases_belong_to_none():
    assert LINE.phase_at([-1, 5520, 1e9, np.nan]).tolist() == [""] * 4
    assert Timeline(0, 10).phase_at([5]).tolist() == [""]


def test_a_phase_is_found_by_name_and_block():
    assert LINE.interval("discussion", 1).duration == 2400
    assert LINE.interval("discussion", 2) is None
    assert LINE.interval("closing").onset == 5040


def test_a_timeline_can_be_sent_to_another_process():
    again = pickle.loads(pickle.dumps(LINE))  # noqa: S301 - our own bytes
    assert again == LINE


@given(st.lists(st.floats(-100, 6000), max_size=30))
def test_asking_for_many_times_is_asking_for_each(times):
    together = LINE.phase_at(times).tolist()
    assert together == [LINE.phase_at([t])[0] for t in times]
    for time, name in zip(times, together, strict=True):
        holding = [p.phase for p in LINE.phases if p.onset <= time < p.end]
        assert holding == ([name] if name else [])


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.7, "1:00"), (3723, "1:02:03"), (-61, "-1:01")]
)
def test_times_are_written_as_people_read_them(seconds, text):
    assert clock(seconds) == text
