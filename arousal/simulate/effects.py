"""What was planted in each person, phase and measure, and what a perfect analysis would find.

Measures follow the level linearly, so a phase mean falls apart into what was planted, what talking
added, what drifted, what the person did by themselves, and chance.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from arousal.protocol import PlannedPhase
from arousal.settings import AlignSettings, WindowSettings
from arousal.simulate.body import Body
from arousal.simulate.course import GAINS, course, course_role, followed
from arousal.simulate.latent import LatentSession
from arousal.simulate.roster import Seat
from arousal.simulate.settings import SimulationSettings
from arousal.tables import MEASURES

__all__ = ["PersonEffect", "RoleEffect", "person_effects", "role_effects"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PersonEffect:
    """What is true of one person, phase and measure, as change from the person's own baseline.

    All values are in the measure's unit; without a baseline phase they are counted from level 0.
    Means are taken as the analysis takes them: over its windows, wholly inside the phase after its
    edge is dropped (`arousal.settings`).

    Parameters
    ----------
    person, role : str
        Who, and as what in this phase (the presenter's own role is ``presenter`` in their block).
    block, phase, measure, unit
        Where, and what.
    planted : float
        By the course, times the person's own factor.
    speech, drift, noise : float
        By talking, by the common drift, by the person's own fluctuation.
    chance : float
        What the body made of it: its limits (`Traits.curve`), and for responses of the skin the
        difference between their expected and their actual number.
    total : float
        The sum: what a perfect analysis of this session finds.
    """

    person: str
    role: str
    block: int
    phase: str
    measure: str
    unit: str
    planted: float
    speech: float
    drift: float
    noise: float
    chance: float
    total: float


@dataclass(frozen=True, slots=True)
class RoleEffect:
    """What was planted for a role, phase and measure, before anybody's own factor.

    Parameters
    ----------
    role, block, phase, measure, unit
        For whom, where, what.
    planted : float
        In the measure's unit, as change from the baseline.
    total : float
        Median of `PersonEffect.total` over those in the role.
    n : int
        How many they were.
    """

    role: str
    block: int
    phase: str
    measure: str
    unit: str
    planted: float
    total: float
    n: int


def person_effects(bodies: Iterable[Body], latent: LatentSession) -> tuple[PersonEffect, ...]:
    """Work out what is true of every person, phase and measure."""
    return tuple(
        effect
        for row, body in enumerate(bodies)
        for name in GAINS
        for effect in _effects(row, body, name, latent)
    )


def role_effects(
    effects: Iterable[PersonEffect],
    bodies: Iterable[Body],
    latent: LatentSession,
    settings: SimulationSettings,
) -> tuple[RoleEffect, ...]:
    """Work out what was planted for every role, phase and measure.

    People whose skin does not respond are left out of the responses, as the analysis does.
    """
    totals: dict[tuple[str, int, str, str], list[PersonEffect]] = {}
    silent = {b.seat.person for b in bodies if b.traits.scr_rate == 0}
    for e in effects:
        if e.measure == "scr_rate" and e.person in silent:
            continue
        totals.setdefault((e.role, e.block, e.phase, e.measure), []).append(e)
    seats = {seat.person: seat for seat in latent.seats}
    return tuple(
        RoleEffect(
            *key,
            GAINS[key[3]].unit,
            settings.effect * _nominal(seats[found[0].person], key, latent),
            median(e.total for e in found),
            len(found),
        )
        for key, found in totals.items()
    )


def _nominal(seat: Seat, key: tuple[str, int, str, str], latent: LatentSession) -> float:
    _, block, phase, measure = key
    level = course(followed(seat, latent.presenters, latent.timetable), latent.timetable)
    curve = GAINS[measure].per_sd * level[None]
    planned = {(p.block, p.phase): p for p in latent.timetable.phases}
    window = _window(measure)
    reference = planned.get((0, "baseline"))
    own = 0.0 if reference is None else float(_means(curve, reference, window)[0])
    return float(_means(curve, planned[block, phase], window)[0]) - own


def _effects(i: int, body: Body, name: str, latent: LatentSession) -> list[PersonEffect]:
    window = _window(name)
    own = float(getattr(body.traits, name))
    silent = name == "scr_rate" and own == 0
    per_sd = 0.0 if silent else GAINS[name].per_sd
    levels = latent.parts(i, name)
    parts = [per_sd * levels[part] for part in ("planted", "speech", "drift", "noise")]
    curve = body.traits.curve(name, sum(levels.values(), np.zeros(1)))
    if name == "scr_rate":
        curve = _per_minute(body.responses.counted(), curve.size)
    curves = np.array([*parts, curve - own - sum(parts), curve])
    reference = np.array([0.0, 0.0, 0.0, 0.0, 0.0, own])
    for planned in latent.timetable.phases:
        if planned.phase == "baseline":
            reference = _means(curves, planned, window)
    rows = []
    for planned in latent.timetable.phases:
        change = (_means(curves, planned, window) - reference).tolist()
        role = course_role(body.seat, planned, latent.presenters)
        rows.append(
            PersonEffect(
                body.seat.person,
                body.seat.role if role == "leads" else role,
                planned.block,
                planned.phase,
                name,
                GAINS[name].unit,
                *change,
            )
        )
    return rows


def _per_minute(times: FloatArray, seconds: int) -> FloatArray:
    """Events per min in each second, shape (seconds,)."""
    counts = np.bincount(times.astype(np.int64), minlength=seconds)[:seconds]
    return 60.0 * counts.astype(np.float64)


def _window(measure: str) -> float:
    return next(m.window for m in MEASURES if m.id == measure)


def _means(curves: FloatArray, planned: PlannedPhase, window: float) -> FloatArray:
    """Mean over the windows of a phase, each window's mean first; shape (curves,)."""
    align, windows = AlignSettings(), WindowSettings()
    length = planned.end - planned.onset
    edge = align.edge_short if length < align.short_edge_phase else align.edge
    if planned.phase == "discussion":
        edge = align.edge_discussion
    if length < align.short_phase:
        window = min(window, windows.short) if window < windows.rmssd_from else window
    onset, end = planned.onset + edge, planned.end
    if end - onset < window:
        # Too short for the analysis: the mean over the phase itself.
        onset, window = planned.onset, length
    total = np.concatenate([np.zeros((len(curves), 1)), np.cumsum(curves, axis=1)], axis=1)
    grid = np.arange(total.shape[1], dtype=np.float64)
    starts = np.arange(onset, end - window + 1e-6, windows.step)
    means = [
        (np.interp(starts + window, grid, row) - np.interp(starts, grid, row)).mean() / window
        for row in total
    ]
    return np.array(means)
