"""The known truth of a simulated session, and its form in ``truth.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from arousal.simulate.body import Body
from arousal.simulate.course import GAINS
from arousal.simulate.effects import PersonEffect, RoleEffect
from arousal.simulate.faults import Fault
from arousal.simulate.latent import LatentSession
from arousal.simulate.settings import SimulationSettings
from arousal.simulate.skin import THRESHOLD

__all__ = ["Truth"]

LEVEL_STEP = 30
"""Seconds between two levels in the file."""


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
    effects : tuple of PersonEffect
        One per person, phase and measure.
    roles : tuple of RoleEffect
        One per role, phase and measure.
    """

    seed: int
    settings: SimulationSettings
    latent: LatentSession
    bodies: tuple[Body, ...]
    faults: tuple[Fault, ...]
    effects: tuple[PersonEffect, ...]
    roles: tuple[RoleEffect, ...]

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
            "roles": [_rounded(asdict(e)) for e in self.roles],
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
