"""Blocks are each other's strangers, and the standard error of their mean knows it."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.hypothesis.agenda import Room, above_agenda
from arousal.hypothesis.phase_pieces import cut


def rooms(rng, blocks=6, people=3, seconds=600, presenter=0):
    return [
        Room(
            f"s{b}",
            tuple(f"P{b}{i}" for i in range(people)),
            presenter,
            cut(rng.standard_normal((people, seconds)), 60),
        )
        for b in range(blocks)
    ]


def theory(blocks, people):
    """Worked by hand for rooms of equal size in which all pairs count."""
    cross = 1 / people**2
    room = 2 / (people * (people - 1))
    variance = room + cross / (blocks - 1) * (4 - 6 / blocks)
    between = cross / (blocks - 1) * (4 / (blocks - 1) - 6 / blocks)
    return np.sqrt(1 + blocks * between / (variance - between))


@pytest.mark.parametrize(("blocks", "people"), [(6, 3), (12, 3), (6, 8)])
def test_the_shrinkage_is_what_it_is_by_hand(blocks, people):
    found = above_agenda(
        rooms(np.random.default_rng(1), blocks, people), windowed=False, coupling=False
    )
    names = [f"s{b}" for b in range(blocks)]
    told = found.shrinkage(names, np.ones(blocks, dtype=bool))
    assert told == pytest.approx(theory(blocks, people), rel=1e-4)
    assert told == pytest.approx(
        {(6, 3): 0.966, (12, 3): 0.977}.get((blocks, people), told), abs=1e-3
    )


@pytest.mark.parametrize("coupling", [False, True])
def test_simulated_strangers_vary_as_the_covariance_says(coupling):
    rng = np.random.default_rng(2)
    drawn, told = [], None
    for _ in range(400):
        found = above_agenda(rooms(rng, seconds=300), windowed=False, coupling=coupling)
        drawn.append(found.values)
        told = found.covariance
    assert told is not None
    values = np.array(drawn)
    assert np.abs(values.mean()) < 0.01
    seen = np.cov(values.T)
    pair = np.trace(seen) / np.trace(told)
    # Fisher z of 300 white seconds with level and line of each minute taken out.
    assert pair == pytest.approx(1 / 290, rel=0.15)
    off = seen[~np.eye(6, dtype=bool)].mean() / pair
    assert off == pytest.approx(told[0, 1], abs=0.03)


def test_an_agenda_that_all_share_leaves_nothing():
    rng = np.random.default_rng(3)
    agenda = rng.standard_normal(600)
    shared = [
        Room(r.session, r.persons, 0, cut(rng.standard_normal((3, 600)) + agenda, 60))
        for r in rooms(rng)
    ]
    found = above_agenda(shared, windowed=False, coupling=False)
    assert np.abs(found.values.mean()) < 0.03


def test_one_unit_has_no_standard_error_to_correct():
    found = above_agenda(rooms(np.random.default_rng(4), 2), windowed=False, coupling=False)
    assert found.shrinkage(["g", "g"], np.ones(2, dtype=bool)) == 1.0
