"""Recovery over blocks: one number each, and the method's own bias granted before a claim."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from arousal.errors import NothingUsableError
from arousal.hypothesis import inference
from arousal.hypothesis.recovery import Recovery
from arousal.hypothesis.recovery_tests import (
    GRANTED,
    BlockRecovery,
    beyond_granted,
    recovery_tests,
)
from arousal.hypothesis.units import Repeats

RATIOS = np.array([0.31, 0.12, 0.44, 0.27, 0.05, 0.38, 0.22, 0.19])


def blocks(ratios, who="members"):
    return [
        BlockRecovery(f"s{i}", "heart_rate", who, Recovery(120.0, 100.0, float(r), 0.5, 5, 1))
        for i, r in enumerate(ratios)
    ]


def test_a_ratio_is_held_against_what_surrogates_make_and_not_against_zero():
    found = recovery_tests(blocks(RATIOS))[0]
    assert found.ratio == pytest.approx(RATIOS.mean())
    one_sided = inference.student_t(RATIOS, "greater", against=GRANTED)[2]
    assert found.p_t == pytest.approx(2 * float(one_sided))
    assert found.p_flip == 2 / 2**8  # all eight lie above, one of 256 flips, either side
    # What lies within the bias that is granted is never claimed, however sure it is.
    sure = 0.03 + 0.001 * RATIOS
    assert min(*beyond_granted(sure)) > 0.5
    assert inference.student_t(sure, "two-sided")[2] < 1e-6


def test_slower_and_quicker_are_mirror_images():
    np.testing.assert_allclose(beyond_granted(RATIOS), beyond_granted(-RATIOS))


def test_many_studies_at_once_are_each_what_it_is_alone():
    studies = np.random.default_rng(1).normal(0.2, 0.3, (5, 12))
    p_t, p_flip = beyond_granted(studies)
    told = [recovery_tests(blocks(row, "presenter"))[0] for row in studies]
    np.testing.assert_allclose(p_t, [t.p_t for t in told])
    np.testing.assert_allclose(p_flip, [t.p_flip for t in told])


def test_members_of_one_evening_count_once_and_presenters_by_their_name():
    two_cases = [replace(b, session=f"s{i // 2}") for i, b in enumerate(blocks(RATIOS))]
    two_cases = [
        replace(b, found=replace(b.found, block=1 + i % 2)) for i, b in enumerate(two_cases)
    ]
    presenters = {(b.session, b.found.block): f"P{i}" for i, b in enumerate(two_cases)}
    presenters["s3", 2] = "P0"  # presents again
    repeats = Repeats("presenter", presenters)
    (members,) = recovery_tests(two_cases, repeats)
    assert members.n == 4
    assert members.reason == (
        "8 blocks make 4 independent units, because people repeat, 6 are needed"
    )
    (own,) = recovery_tests([replace(b, who="presenter") for b in two_cases], repeats)
    assert (own.n, own.reason) == (7, "")
    assert own.ratio == pytest.approx(np.mean([np.mean(RATIOS[[0, 7]]), *RATIOS[1:7]]))


def test_too_few_blocks_are_described_and_equal_ones_refused():
    few = recovery_tests(blocks(RATIOS[:5]))[0]
    assert np.isnan(few.p_t)
    assert few.reason == "5 blocks, 6 are needed"
    with pytest.raises(NothingUsableError):
        beyond_granted(np.full(8, 0.2))
