"""How often the event test claims calming, or arousing, where events do nothing.

Runs on the functions that users' sessions go through (`arousal.hypothesis.events`,
`arousal.hypothesis.event_tests`), many sessions at once. Levels are noise of a family at 30 s; one
session is 75 min of it, in three phases.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.hypothesis.allowance import t_beyond
from arousal.hypothesis.calibration_row import CalibrationRow, rate_row
from arousal.hypothesis.event_tests import ALLOWANCE, session_units
from arousal.hypothesis.events import (
    Moments,
    adjusted_change,
    matched_change,
    moments,
    recently,
)
from arousal.hypothesis.inference import Alternative
from arousal.simulate import NOISE_FAMILIES, NOISE_STEP, noise

__all__ = ["EVENT_SCENARIOS", "Acting", "act", "calibrate_events"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

PHASES = np.repeat([0, 1, 2], [30, 90, 30])
"""Three phases of 15, 45 and 15 min, in windows of 30 s."""
TIME = np.arange(float(PHASES.size))
BLOCKS = (6, 8, 12, 20)
CHUNK = 4_000
"""Sessions at once."""
OURS = "event test"
WAYS: tuple[Alternative, Alternative] = ("less", "greater")
"""Calms, arouses."""


@dataclass(frozen=True, slots=True)
class Acting:
    """When a leader acts.

    Parameters
    ----------
    above : float or None
        Level in SD above which they may act; ``None``: at any time.
    chance : float
        Probability per 30 s of acting then.
    rest : int
        Windows that pass after an act before the next.
    drift : float
        SD of a straight drift of the level over the session.
    """

    above: float | None
    chance: float
    rest: int
    drift: float = 0.0


EVENT_SCENARIOS = {
    "events at random": Acting(None, 0.07, 8),
    "arousal-triggered": Acting(1.0, 0.5, 8),
    "arousal-triggered, in quick succession": Acting(1.0, 0.5, 1),
    "arousal-triggered, drift": Acting(1.0, 0.5, 8, drift=1.0),
}
"""Name -> when leaders act; in none of them does an act do anything."""


def act(level: FloatArray, acting: Acting, rng: np.random.Generator) -> BoolArray:
    """Let leaders act, looking at the level of the last window only.

    Parameters
    ----------
    level : ndarray, shape (sessions, n)
        SD.
    """
    happened = np.zeros(level.shape, dtype=bool)
    last = np.full(level.shape[0], -acting.rest, dtype=np.int64)
    for i in range(level.shape[1]):
        go = (i - last >= acting.rest) & (rng.random(level.shape[0]) < acting.chance)
        if acting.above is not None:
            go &= level[:, i] > acting.above
        happened[go, i] = True
        last[go] = i
    return happened


def calibrate_events(
    repetitions: int,
    seed: int,
    *,
    families: Sequence[str] = tuple(NOISE_FAMILIES),
    blocks: Sequence[int] = BLOCKS,
    scenarios: Sequence[str] = tuple(EVENT_SCENARIOS),
    matched: bool = True,
) -> Iterator[CalibrationRow]:
    """Simulate studies of events that do nothing, and count claims.

    Parameters
    ----------
    repetitions : int
        Studies per cell.
    seed : int
        Same seed, same table.
    families, blocks, scenarios
        Which cells.
    matched : bool
        Whether the check by pseudo-events is run too (session by session, so with at most 500
        studies per cell).

    Yields
    ------
    CalibrationRow
        ``event: ...`` one-sided (calms, arouses) and the naive difference beside them.
    """
    most = max(blocks)
    for name in scenarios:
        for family in families:
            rng = np.random.default_rng([seed, *map(ord, name + family)])
            found = _studies(EVENT_SCENARIOS[name], family, repetitions * most, rng, matched)
            for method, values in found.items():
                studies = values.reshape(-1, most)
                for count in blocks:
                    allowance = ALLOWANCE if method == OURS else 0.0
                    p_less, p_greater = (
                        t_beyond(studies[:, :count], way, allowance) for way in WAYS
                    )
                    yield rate_row(f"{method}: calms", name, family, count, p_less)
                    yield rate_row(f"{method}: arouses", name, family, count, p_greater)


def _studies(
    acting: Acting, family: str, sessions: int, rng: np.random.Generator, matched: bool
) -> dict[str, FloatArray]:
    """Session numbers by method; sessions that belong together stand side by side."""
    naive, value, weight, pseudo = [], [], [], []
    most_matched = 500 * max(BLOCKS)
    done = 0
    while done < sessions:
        size = min(CHUNK, sessions - done)
        level = noise(family, PHASES.size, rng, size)
        level = level + acting.drift * np.linspace(-1.7, 1.7, PHASES.size)
        events = act(level, acting, rng)
        cut = moments(level, PHASES, NOISE_STEP, NOISE_STEP)
        allowed = ~recently(events, NOISE_STEP)
        found = adjusted_change(cut, events, allowed, PHASES, TIME, NOISE_STEP)
        naive.append(_mean_change(cut, events))
        value.append(found.value)
        weight.append(found.weight)
        if matched and done < most_matched:
            pseudo.append(_matched(cut, events, allowed))
        done += size
    # Studies of any size share their first sessions; a common scale does not touch their t.
    result = {
        "naive, after minus before": np.concatenate(naive),
        OURS: session_units(np.concatenate(value), np.concatenate(weight)),
    }
    if pseudo:
        result["check by pseudo-events"] = np.concatenate(pseudo)[:most_matched]
    return result


def _mean_change(cut: Moments, events: BoolArray) -> FloatArray:
    there = cut.usable & events
    count = there.sum(axis=1)
    total = np.where(there, cut.change, 0.0).sum(axis=1)
    mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return np.asarray(mean)


def _matched(cut: Moments, events: BoolArray, allowed: BoolArray) -> FloatArray:
    return np.array(
        [
            matched_change(
                Moments(cut.before[:, i], cut.after[i], cut.usable[i]),
                events[i],
                allowed[i],
                PHASES,
                NOISE_STEP,
            )[0]
            for i in range(len(events))
        ]
    )
