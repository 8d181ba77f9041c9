"""People who only wander, with and without a drift: how often do they seem slow to recover?"""

from __future__ import annotations

import numpy as np
import pytest

from arousal.hypothesis.calibration_pages import misses
from arousal.hypothesis.calibration_recovery import RECOVERY_SCENARIOS, calibrate_recovery, curves
from tests.calibration.full import SLACK, full_reps


def rates(repetitions, **more):
    return {(r.method, r.blocks): r for r in calibrate_recovery(repetitions, 5, **more)}


@pytest.fixture(scope="module")
def drifting():
    return rates(300, families=["ar80"], blocks=[6, 12], scenarios=["wandering, drift"])


def test_drifting_people_are_rarely_called_slow_or_quick(drifting):
    ours = {key: r for key, r in drifting.items() if key[0].startswith("recovery")}
    assert len(ours) == 8  # parts in the block, tests, sizes
    # Studies share the 120 blocks of this short form: as uncertain as ten studies of 12, or worse.
    assert all(r.rate <= 0.06 + 3.1 * max(r.se, 0.02) for r in ours.values())
    assert all(r.repetitions == 300 for r in ours.values())


def test_blocks_without_a_number_are_counted(drifting):
    lost = drifting["presenter, blocks without a number", 1]
    assert lost.repetitions == 120
    assert 0 <= lost.rate < 0.1


def test_falls_that_are_slower_than_rises_are_found_in_one_phase():
    found = rates(100, families=["ar80"], blocks=[12], scenarios=["slower falls in the discussion"])
    assert found["recovery, members: t", 12].rate > 0.5
    assert found["recovery, members: sign-flip", 12].rate > 0.5


def test_curves_are_what_the_world_says():
    rng = np.random.default_rng(2)
    plain = curves(RECOVERY_SCENARIOS["wandering"], "ar80", 400, rng)
    drift = curves(RECOVERY_SCENARIOS["wandering, drift"], "ar80", 400, rng)
    # A mean over 30 s of straight lines between values that correlate by r has (2 + r) / 3 of
    # their variance where it begins at a value, and less in between.
    assert plain[:, ::6].var() == pytest.approx(2.8 / 3, rel=0.05)
    assert plain[:, 3::6].var() < 2.8 / 3
    np.testing.assert_allclose(
        drift.mean(axis=0)[[0, -1]] - plain.mean(axis=0)[[0, -1]], [1.7, -1.7], atol=0.25
    )


@pytest.mark.calibration
@pytest.mark.timeout(5400)
def test_no_cell_claims_more_than_it_promises():
    rows = list(calibrate_recovery(full_reps(10_000), 1))
    assert misses(rows, slack=SLACK) == ()
