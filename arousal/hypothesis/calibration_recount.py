"""Cells of synchrony that lie out of bounds, counted again with more studies.

Of some hundred cells with a thousand studies each, several leave [.04, .07] by chance. Those are
looked at again: other studies, more of them, and only the comparison in question, by the functions
that `arousal.hypothesis.group_synchrony` calls. The new rates stand beside the old ones, not in
their place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arousal.hypothesis.agenda import Room, above_agenda
from arousal.hypothesis.calibration_row import CalibrationRow, rate_row
from arousal.hypothesis.calibration_synchrony import (
    DRAWS_MANY,
    DRAWS_ONE,
    MANY_PHASE,
    ONE_PHASE,
    PERSONS,
    SYNCHRONY_SCENARIOS,
    quick,
    strangers,
)
from arousal.hypothesis.inference import student_t
from arousal.hypothesis.phase_groups import SIGNALS
from arousal.hypothesis.phase_pieces import cut, lagged
from arousal.hypothesis.synchrony import (
    Shuffled,
    shuffle_coupling,
    shuffle_leave_one_out,
    shuffle_windows,
)

__all__ = ["MORE", "recount"]

FloatArray = NDArray[np.float64]

MORE = 10
"""How many times as many studies a cell is given."""
PRESENTER = 0
LENGTHS = SIGNALS["heart_rate"]


class _Cell(NamedTuple):
    """Which world, and which comparison by which method."""

    scenario: str
    family: str
    blocks: int
    method: str
    agenda: bool


def recount(
    rows: Iterable[CalibrationRow], seed: int, *, more: int = MORE
) -> Iterator[CalibrationRow]:
    """Count cells again.

    Parameters
    ----------
    rows : iterable of CalibrationRow
        Of `arousal.hypothesis.calibration_synchrony.calibrate_synchrony`, either comparison.
    seed : int
        Not that of the rows.
    more : int
        Times as many studies.

    Yields
    ------
    CalibrationRow
        One for each, in order.
    """
    for row in rows:
        method, against = row.method.removeprefix("synchrony, ").split(": ")
        cell = _Cell(row.scenario, row.family, row.blocks, method, against == "other sessions")
        rng = np.random.default_rng([seed, row.blocks, *map(ord, row.scenario + row.family)])
        p = (_agenda if cell.agenda else _chance)(cell, more * row.repetitions, rng)
        yield rate_row(row.method, row.scenario, row.family, row.blocks, p)


def _agenda(cell: _Cell, studies: int, rng: np.random.Generator) -> FloatArray:
    """P against other sessions, as `synchrony_tests` has it."""
    from scipy import stats

    common, count = SYNCHRONY_SCENARIOS[cell.scenario], cell.blocks
    names = [str(i) for i in range(count)]
    values, shrunk = np.empty((studies, count)), np.empty(studies)
    for k in range(studies):
        level = strangers(cell.family, (PERSONS * count, MANY_PHASE), rng, common)
        level += common.agenda * quick((1, MANY_PHASE), rng)
        rooms = [
            Room(n, tuple(f"{n}/{i}" for i in range(PERSONS)), PRESENTER, _pieces(cell, room))
            for n, room in zip(names, level.reshape(count, PERSONS, -1), strict=True)
        ]
        found = above_agenda(
            rooms, windowed=cell.method == "windowed", coupling=cell.method == "presenter-group"
        )
        values[k] = found.values
        shrunk[k] = found.shrinkage(names, np.isfinite(found.values))
    t, df, _ = student_t(values)
    return np.asarray(stats.t.sf(t / shrunk, df))


def _chance(cell: _Cell, studies: int, rng: np.random.Generator) -> FloatArray:
    """P against shuffled segments: of one session by rank, of several by t."""
    common, count = SYNCHRONY_SCENARIOS[cell.scenario], cell.blocks
    seconds, draws = (ONE_PHASE, DRAWS_ONE) if count == 1 else (MANY_PHASE, DRAWS_MANY)
    rank, beyond = np.full(studies, np.nan), np.full((studies, count), np.nan)
    for k in range(studies):
        level = strangers(cell.family, (PERSONS * count, seconds), rng, common)
        for i, room in enumerate(level.reshape(count, PERSONS, -1)):
            found = _shuffled(cell, _pieces(cell, room), draws, rng)
            if found is not None:
                rank[k], beyond[k, i] = found.p, found.value - found.expected
    return rank if count == 1 else student_t(beyond, "greater")[2]


def _pieces(cell: _Cell, room: FloatArray) -> FloatArray:
    if cell.method == "windowed":
        return lagged(room, LENGTHS.window, LENGTHS.lag)
    return cut(room, LENGTHS.segment)


def _shuffled(
    cell: _Cell, pieces: FloatArray, draws: int, rng: np.random.Generator
) -> Shuffled | None:
    if cell.method == "windowed":
        return shuffle_windows(pieces, draws, rng)
    if cell.method == "leave-one-out":
        return shuffle_leave_one_out(pieces, draws, rng)
    return shuffle_coupling(pieces, PRESENTER, draws, rng)
