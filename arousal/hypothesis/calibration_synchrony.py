"""How often strangers are called synchronous.

Runs on the functions that users' sessions go through (`phase_synchrony`, `synchrony_tests`). A
heart is noise of a family at 30 s, 1 SD, joined by straight lines, plus a quick part of .7 SD with
a correlation of .9 from second to second. An agenda is a quick part of .7 SD that all sessions
share at the same phase time: what everybody shows who goes through such a phase, alone or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.hypothesis.calibration_row import CalibrationRow, rate_row
from arousal.hypothesis.group_synchrony import phase_synchrony, synchrony_tests
from arousal.hypothesis.phase_groups import PhaseGroup
from arousal.simulate import NOISE_FAMILIES, NOISE_STEP, noise

__all__ = ["SYNCHRONY_SCENARIOS", "Strangers", "calibrate_synchrony", "quick", "strangers"]

FloatArray = NDArray[np.float64]

QUICK, QUICK_KEPT = 0.7, 0.9
"""SD of the quick part, and its correlation from second to second."""
PERSONS = 3
ONE_PHASE = 1800
"""Seconds of the phase where single sessions are tested."""
MANY_PHASE = 1200
"""The same where sessions are held against each other."""
DRAWS_ONE, DRAWS_MANY = 99, 19
"""Shuffles of a single session, whose rank among them is its p, and of one of several."""


@dataclass(frozen=True, slots=True)
class Strangers:
    """What people who do not answer each other have in common.

    Parameters
    ----------
    drift : float
        SD of a straight drift of everyone.
    agenda : float
        SD of what everyone in any session shows at the same phase time.
    """

    drift: float = 0.0
    agenda: float = 0.0


SYNCHRONY_SCENARIOS = {
    "strangers": Strangers(),
    "strangers, drift": Strangers(drift=1.0),
    "shared agenda": Strangers(agenda=0.7),
}


def strangers(
    family: str, shape: tuple[int, int], rng: np.random.Generator, common: Strangers
) -> FloatArray:
    """Draw series of people who do not answer each other.

    Parameters
    ----------
    family : str
        One of `NOISE_FAMILIES`.
    shape : tuple of int
        Persons and seconds.
    rng : numpy.random.Generator
    common : Strangers
        Its agenda is not added here: it must be the same in every session.

    Returns
    -------
    ndarray, shape (persons, seconds)
        SD.
    """
    persons, seconds = shape
    steps = int(np.ceil(seconds / NOISE_STEP)) + 1
    slow = noise(family, steps, rng, persons)
    grid, time = NOISE_STEP * np.arange(steps), np.arange(float(seconds))
    level = np.array([np.interp(time, grid, row) for row in slow])
    level += QUICK * quick(shape, rng)
    return level + common.drift * np.linspace(-1.7, 1.7, seconds)


def quick(shape: tuple[int, int], rng: np.random.Generator) -> FloatArray:
    """Draw quick parts, 1 SD, shape (series, seconds): what agendas are made of too."""
    from scipy.signal import lfilter

    white = rng.standard_normal(shape)
    white[:, 1:] *= np.sqrt(1 - QUICK_KEPT**2)
    return np.asarray(lfilter([1.0], [1.0, -QUICK_KEPT], white, axis=-1))


def calibrate_synchrony(
    repetitions: int,
    seed: int,
    *,
    families: Sequence[str] = tuple(NOISE_FAMILIES),
    blocks: Sequence[int] = (1, 6, 12),
    scenarios: Sequence[str] = tuple(SYNCHRONY_SCENARIOS),
) -> Iterator[CalibrationRow]:
    """Simulate people who do not answer each other, and count claims.

    Parameters
    ----------
    repetitions : int
        Studies per cell.
    seed : int
        Same seed, same table.
    families, blocks, scenarios
        Which cells; ``blocks = 1`` is one phase of one session against its shuffled segments. An
        agenda can only be told from synchrony with other sessions, so that cell has no such row.

    Yields
    ------
    CalibrationRow
        ``synchrony, <method>`` with ``shuffled segments``, ``other sessions`` or ``both``, and the
        naive Pearson p beside them.
    """
    for name in scenarios:
        common = SYNCHRONY_SCENARIOS[name]
        for family in families:
            for count in blocks:
                rng = np.random.default_rng([seed, count, *map(ord, name + family)])
                if count == 1 and not common.agenda:
                    claims = _single(family, common, repetitions, rng)
                elif count > 1:
                    claims = _several(family, common, count, repetitions, rng)
                else:
                    continue
                for method, p in claims.items():
                    yield rate_row(method, name, family, count, p)


def _group(values: FloatArray, session: int) -> PhaseGroup:
    persons = tuple(f"P{session:02d}{i}" for i in range(len(values)))
    silent = np.zeros_like(values)
    return PhaseGroup(str(session), 1, "discussion", "heart_rate", persons, 0, values, silent)


def _single(
    family: str, common: Strangers, repetitions: int, rng: np.random.Generator
) -> dict[str, list[float]]:
    claims: dict[str, list[float]] = {"naive, Pearson p over windows": []}
    for _ in range(repetitions):
        level = strangers(family, (PERSONS, ONE_PHASE), rng, common)
        claims["naive, Pearson p over windows"].append(_naive(level))
        for found in phase_synchrony(_group(level, 1), rng=rng, draws=DRAWS_ONE):
            claims.setdefault(f"synchrony, {found.method}: shuffled segments", []).append(found.p)
    return claims


def _naive(level: FloatArray) -> float:
    """Two people's Pearson p over 30 s windows, as if these were independent."""
    from scipy import stats

    step = int(NOISE_STEP)
    windows = level[:2, : level.shape[1] // step * step].reshape(2, -1, step).mean(axis=-1)
    return float(stats.pearsonr(*windows).pvalue)


def _several(
    family: str, common: Strangers, count: int, repetitions: int, rng: np.random.Generator
) -> dict[str, list[float]]:
    claims: dict[str, list[float]] = {}
    for _ in range(repetitions):
        agenda = common.agenda * quick((1, MANY_PHASE), rng)
        groups = [
            _group(strangers(family, (PERSONS, MANY_PHASE), rng, common) + agenda, s)
            for s in range(count)
        ]
        for found in synchrony_tests(groups, rng=rng, draws=DRAWS_MANY):
            told = {
                "shuffled segments": found.p_chance,
                "other sessions": found.p_agenda,
                "both": found.p,
            }
            for against, p in told.items():
                claims.setdefault(f"synchrony, {found.method}: {against}", []).append(p)
    return {m: claims[m] for m in sorted(claims, key=_method)}


def _method(name: str) -> str:
    return name.removeprefix("synchrony, ").split(":")[0]
