"""One simulated person's true physiology."""

from __future__ import annotations

from dataclasses import dataclass

from arousal.simulate.heart import Beats
from arousal.simulate.roster import Seat
from arousal.simulate.skin import Responses
from arousal.simulate.traits import Traits

__all__ = ["Body"]


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
