"""The known truth of a simulated session: what was planted, and what a perfect analysis would find.

The planted effects are linear, so a phase mean falls apart into what was planted, what talking
added, what drifted and what the person did by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.protocol import PlannedPhase
from arousal.settings import AlignSettings, WindowSettings
from arousal.simulate.course import GAINS, course_role
from arousal.simulate.faults import Fault
from arousal.simulate.heart import Beats
from arousal.simulate.latent import LatentSession
from arousal.simulate.roster import Seat
from arousal.simulate.settings import SimulationSettings
from arousal.simulate.skin import THRESHOLD, Responses
from arousal.simulate.traits import Traits
from arousal.tables import MEASURES

__all__ = ["Body", "PlantedEffect", "Truth", "tell_truth"]

FloatArray = NDArray[np.float64]
LEVEL_STEP = 30
"""Seconds between two levels in the file."""


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """One person's true physiology.

    Parameters
    ----------
    seat : Seat
        Who.
    traits : Traits
        Own values at level 0.
    beats : Beats
        Every heart beat.
    responses : Responses
        Every skin conductance response, the small ones included.
    """

    seat: Seat
    traits: Traits
    beats: Beats
    responses: Responses


@dataclass(frozen=True, slots=True)
class PlantedEffect:
    """What is true of one person, phase and measure, as change from the person's own baseline.

    ``total`` is the sum of the four parts and what a perfect analysis of this one session finds;
    without a baseline phase the change is counted from level 0. All in the measure's unit.
    The means are taken as the analysis takes them: over its windows, wholly inside the phase
    after its edge is dropped (``arousal.settings``). ``floored`` is what the limits of the body
    (`Traits.curve`) changed, contained in ``total``.
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
    floored: float
    total: float


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Everything that is known about a simulated session.

    Parameters
    ----------
    seed : int
        The seed it was made with.
    settings : SimulationSettings
        The settings it was made with.
    latent : LatentSession
        People, presenters, phases, turns and the levels behind it all.
    bodies : tuple of Body
        In the order of ``latent.seats``.
    faults : tuple of Fault
        What went wrong with the sensors.
    effects : tuple of PlantedEffect
        One per person, phase and measure.
    """

    seed: int
    settings: SimulationSettings
    latent: LatentSession
    bodies: tuple[Body, ...]
    faults: tuple[Fault, ...]
    effects: tuple[PlantedEffect, ...]

    def effect(self, person: str, phase: str, measure: str, block: int | None = None) -> float:
        """Return the total change of one person, phase and measure from their own baseline.

        Raises
        ------
        KeyError
            If there is no such person, phase or measure.
        """
        for e in self.effects:
            if (e.person, e.phase, e.measure) == (person, phase, measure) and block in {
                None,
                e.block,
            }:
                return e.total
        raise KeyError((person, phase, measure, block))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``truth.json``: beats and responses as counts, levels at 30 s."""
        latent = self.latent
        return {
            "schema": 1,
            "seed": self.seed,
            "protocol": latent.protocol.id,
            "settings": self.settings.as_dict(),
            "presenters": {str(block): person for block, person in latent.presenters.items()},
            "phases": [asdict(p) for p in latent.timetable.phases],
            "gains_per_sd": {name: gain._asdict() for name, gain in GAINS.items()},
            "scr_threshold_uS": THRESHOLD,
            "people": [self._person(i) for i in range(len(latent.seats))],
            "faults": [
                {**asdict(f), "kind": str(f.kind), "what": str(f.what)} for f in self.faults
            ],
            "effects": [_rounded(asdict(e)) for e in self.effects],
            "level_step_s": LEVEL_STEP,
        }

    def _person(self, i: int) -> dict[str, Any]:
        latent, body = self.latent, self.bodies[i]
        level = np.round(latent.level[i, ::LEVEL_STEP], 3)
        return {
            "person": body.seat.person,
            "role": body.seat.role,
            "own_values": _rounded(asdict(body.traits)),
            "beats": int(body.beats.times.size),
            "ectopic_beats": int(body.beats.ectopic.sum()),
            "missed_beats": int(body.beats.missed.sum()),
            "scr": int(body.responses.onsets.size),
            "scr_counted": int(body.responses.counted().size),
            "seconds_talked": round(float(latent.speaking[i].sum()), 1),
            "level_sd": level.tolist(),
        }


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    # + 0.0 turns -0.0 into 0.0.
    return {k: round(v, 4) + 0.0 if isinstance(v, float) else v for k, v in values.items()}


def tell_truth(
    seed: int,
    settings: SimulationSettings,
    latent: LatentSession,
    bodies: tuple[Body, ...],
    faults: tuple[Fault, ...],
) -> Truth:
    """Work out every planted effect of a session."""
    effects = [
        effect
        for i, body in enumerate(bodies)
        for gain in GAINS
        for effect in _effects(i, body, gain, latent)
    ]
    return Truth(seed, settings, latent, bodies, faults, tuple(effects))


def _effects(i: int, body: Body, name: str, latent: LatentSession) -> list[PlantedEffect]:
    window = next(m.window for m in MEASURES if m.id == name)
    own = float(getattr(body.traits, name))
    silent = name == "scr_rate" and own == 0
    per_sd = 0.0 if silent else GAINS[name].per_sd
    parts = [
        per_sd * curve
        for curve in (latent.course[i], latent.speech[i], latent.drift, latent.noise[i])
    ]
    curve = body.traits.curve(name, latent.level[i])
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
            PlantedEffect(
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
