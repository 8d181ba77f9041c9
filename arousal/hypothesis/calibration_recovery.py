"""How often people who only wander are said to come down slower, or quicker, from their peaks.

Runs on the functions that users' sessions go through (`recovery`, `beyond_granted`). A level is
noise of a family at 30 s, joined by straight lines; a curve is its mean over windows of 30 s that
begin every 5 s, as in sessions. A block is 75 min of it in three phases, with a presenter and five
members. Blocks in which nobody has enough peaks give no number and are left out of studies, as
users' are.

Blocks are costly and studies cheap, so studies are put together from a pool of blocks, each block
at most once in a study. Every study is then a fair sample, but studies share blocks: standard
errors come from parts of the pool that share none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.hypothesis.calibration_row import CalibrationRow, rate_row
from arousal.hypothesis.inference import cluster_means
from arousal.hypothesis.recovery import Recovery, recovery
from arousal.hypothesis.recovery_tests import beyond_granted
from arousal.simulate import NOISE_FAMILIES, NOISE_STEP, noise

__all__ = ["RECOVERY_SCENARIOS", "Answers", "World", "calibrate_recovery", "curves"]

FloatArray = NDArray[np.float64]

STEP = 5.0
"""Seconds between windows."""
PHASES = np.repeat([0, 1, 2], [180, 540, 180])
"""Three phases of 15, 45 and 15 min, in windows."""
DISCUSSION = 1
MEMBERS = 5
BLOCKS = (6, 8, 12, 20)
DRAWS = 39
"""Surrogates per curve; a study uses more, but only the mean of their logarithms enters."""
SHARE, PLANTED_SHARE = 8, 16
"""Studies of a size per simulated block."""
PLANTED_FAMILIES = ("ar80", "ar92")
"""Where the tests' power is shown."""
PART, PARTS = 40, 20
"""Fewest blocks of a part of the pool, and the most parts."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Rises in the discussion, one every five to ten minutes.

    Parameters
    ----------
    rise : float
        Seconds of a straight rise.
    half : float
        Seconds until half of it is gone, exponentially.
    height : float
        SD of a person's own noise.
    """

    rise: float
    half: float
    height: float = 3.0


@dataclass(frozen=True, slots=True)
class World:
    """What is true beside noise.

    Parameters
    ----------
    drift : float
        SD of a straight fall of everyone over the block.
    answers : Answers or None
        What happens in the discussion.
    """

    drift: float = 0.0
    answers: Answers | None = None


RECOVERY_SCENARIOS = {
    "wandering": World(),
    "wandering, drift": World(drift=1.0),
    "slower falls in the discussion": World(answers=Answers(30.0, 240.0)),
    "quicker falls in the discussion": World(answers=Answers(240.0, 15.0)),
}
"""Name -> world; in the first two there is nothing to be found."""


def curves(world: World, family: str, count: int, rng: np.random.Generator) -> FloatArray:
    """Draw people's curves over one block.

    Parameters
    ----------
    world : World
        What is true beside noise.
    family : str
        One of `NOISE_FAMILIES`.
    count : int
        People.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (count, windows)
        SD.
    """
    per = round(NOISE_STEP / STEP)
    fine = np.arange(PHASES.size + per)
    knots = noise(family, fine.size // per + 2, rng, count)
    level = np.array([np.interp(fine, per * np.arange(row.size), row) for row in knots])
    if world.answers is not None:
        level += np.array([_answering(world.answers, fine.size, rng) for _ in range(count)])
    # A level that is straight between steps: its mean over a window is the trapezoids'.
    weights = np.concatenate([[0.5], np.ones(per - 1), [0.5]]) / per
    found = np.lib.stride_tricks.sliding_window_view(level, per + 1, axis=-1) @ weights
    return np.asarray(found - world.drift * np.linspace(-1.7, 1.7, PHASES.size))


def _answering(answers: Answers, size: int, rng: np.random.Generator) -> FloatArray:
    time = STEP * np.arange(size)
    inside = np.flatnonzero(PHASES == DISCUSSION)
    at, last = STEP * inside[0] + rng.uniform(0.0, 300.0), STEP * inside[-1]
    level = np.zeros(size)
    while at < last:
        up = np.clip((time - at) / answers.rise, 0.0, 1.0)
        gone = np.maximum(time - at - answers.rise, 0.0)
        level += answers.height * up * 0.5 ** (gone / answers.half)
        at += rng.uniform(300.0, 600.0)
    return level


def calibrate_recovery(
    repetitions: int,
    seed: int,
    *,
    families: Sequence[str] = tuple(NOISE_FAMILIES),
    blocks: Sequence[int] = BLOCKS,
    scenarios: Sequence[str] = tuple(RECOVERY_SCENARIOS),
) -> Iterator[CalibrationRow]:
    """Simulate studies of recovery, and count claims.

    Parameters
    ----------
    repetitions : int
        Studies per cell, of an eighth as many blocks (a sixteenth where an effect is planted).
    seed : int
        Same seed, same table.
    families, blocks, scenarios
        Which cells; ``blocks`` are those with a number.

    Yields
    ------
    CalibrationRow
        ``recovery, <who>: <test>``, two-sided, with standard errors between parts of the pool; and
        ``<who>, blocks without a number``, a share of the blocks.
    """
    for name in scenarios:
        world = RECOVERY_SCENARIOS[name]
        share = SHARE if world.answers is None else PLANTED_SHARE
        for family in families:
            if world.answers is not None and family not in PLANTED_FAMILIES:
                continue
            rng = np.random.default_rng([seed, *map(ord, name + family)])
            # One pool for all sizes; large enough for three parts.
            pool = _pool(world, family, max(3 * PART, repetitions // share), rng)
            for who, values in pool.items():
                known = np.isfinite(values)  # as p, 0 is a block without a number
                yield rate_row(f"{who}, blocks without a number", name, family, 1, known, 0.5)
                for count in blocks:
                    tests = _rates(values[known], count, repetitions, rng)
                    for test, (rate, error, studies) in tests.items():
                        method = f"recovery, {who}: {test}"
                        yield CalibrationRow(method, name, family, count, rate, error, studies)


def _pool(
    world: World, family: str, blocks: int, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """One number per block for the presenter and for the members, shape (blocks,)."""
    presenter, members = np.empty(blocks), np.empty(blocks)
    for i in range(blocks):
        found = [_one(c, rng).ratio for c in curves(world, family, 1 + MEMBERS, rng)]
        presenter[i] = found[0]
        known = np.array(found[1:])[np.isfinite(found[1:])]
        members[i] = cluster_means(known, ["block"] * known.size)[0] if known.size else np.nan
    return {"presenter": presenter, "members": members}


def _one(curve: FloatArray, rng: np.random.Generator) -> Recovery:
    return recovery(curve, PHASES, STEP, rng=rng, draws=DRAWS)


def _rates(
    values: FloatArray, count: int, studies: int, rng: np.random.Generator
) -> dict[str, tuple[float, float, int]]:
    """Share of studies with p <= .05, its standard error, and how many studies, by test."""
    parts = int(min(PARTS, values.size // PART))
    if parts < 2:  # hardly any block has a number
        return dict.fromkeys(("t", "sign-flip"), (np.nan, np.nan, 0))
    each = -(-studies // parts)
    shares = []
    for part in np.array_split(values, parts):
        order = np.argsort(rng.random((each, part.size)), axis=1)[:, :count]
        shares.append([float(np.mean(p <= 0.05)) for p in beyond_granted(part[order])])
    rates = np.mean(shares, axis=0)
    errors = np.std(shares, axis=0, ddof=1) / np.sqrt(parts)
    return {
        test: (float(rate), float(error), parts * each)
        for test, rate, error in zip(("t", "sign-flip"), rates, errors, strict=True)
    }
