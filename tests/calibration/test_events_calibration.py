"""Leaders who act at high arousal, and events that do nothing: how often is something claimed?"""

from __future__ import annotations

import numpy as np
import pytest

from arousal.hypothesis.calibration_events import EVENT_SCENARIOS, act, calibrate_events
from arousal.hypothesis.calibration_pages import misses
from tests.calibration.full import SLACK, full_reps


def rates(repetitions, **more):
    return {
        (r.method, r.scenario, r.family, r.blocks): r
        for r in calibrate_events(repetitions, 7, **more)
    }


def bound(limit, repetitions):
    """What a rate of ``limit`` may reach by chance in one of a thousand runs."""
    return limit + 3.1 * np.sqrt(limit * (1 - limit) / repetitions)


def test_arousal_triggered_events_fool_the_naive_difference_and_not_the_event_test():
    found = rates(
        1000, families=["ar92"], blocks=[6, 12], scenarios=["arousal-triggered"], matched=False
    )
    for blocks in (6, 12):
        naive = found["naive, after minus before: calms", "arousal-triggered", "ar92", blocks]
        ours = found["event test: calms", "arousal-triggered", "ar92", blocks]
        assert naive.rate > 0.5
        assert ours.rate <= bound(0.05, 1000)


def test_events_at_random_are_called_calming_at_most_one_time_in_twenty():
    found = rates(
        1000, families=["ar92"], blocks=[12], scenarios=["events at random"], matched=False
    )
    row = found["event test: calms", "events at random", "ar92", 12]
    # What is granted to the method's own bias is not needed here: a little timid, never bold.
    assert 0.02 < row.rate <= bound(0.05, 1000)
    assert row.repetitions == 1000
    assert row.se == pytest.approx(np.sqrt(row.rate * (1 - row.rate) / 1000))


def test_the_same_seed_gives_the_same_table():
    few = {"families": ["ar80"], "blocks": [6], "scenarios": ["arousal-triggered"]}
    assert rates(30, **few) == rates(30, **few)


def test_leaders_act_where_the_scenario_says():
    rng = np.random.default_rng(1)
    level = rng.standard_normal((200, 150))
    happened = act(level, EVENT_SCENARIOS["arousal-triggered"], rng)
    assert (level[happened] > 1.0).all()
    gaps = [np.diff(np.flatnonzero(row)) for row in happened]
    assert min(int(g.min()) for g in gaps if g.size) >= 8


@pytest.mark.calibration
@pytest.mark.timeout(5400)
def test_no_cell_of_the_event_test_claims_more_than_it_promises():
    rows = list(calibrate_events(full_reps(10_000), 1))
    assert misses(rows, slack=SLACK) == ()
