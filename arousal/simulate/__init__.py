"""Sessions with a known truth: pure functions of a seed, for tests, teaching and power studies.

`simulate` makes a whole session, `simulate_latent` only the levels of arousal behind one.
"""

from __future__ import annotations

from arousal.simulate.body import Body
from arousal.simulate.course import COURSES, GAINS
from arousal.simulate.effects import PersonEffect, RoleEffect
from arousal.simulate.faults import Fault, FaultKind
from arousal.simulate.latent import LatentSession, simulate_latent
from arousal.simulate.noise import NOISE_FAMILIES, NOISE_STEP, noise
from arousal.simulate.roster import Seat
from arousal.simulate.session import SimulatedSession, simulate
from arousal.simulate.settings import SIMULATED_KINDS, Level, SimulationSettings, SpeechForm
from arousal.simulate.talk import Turn
from arousal.simulate.timetable import Timetable
from arousal.simulate.truth import Truth

__all__ = [
    "COURSES",
    "GAINS",
    "NOISE_FAMILIES",
    "NOISE_STEP",
    "SIMULATED_KINDS",
    "Body",
    "Fault",
    "FaultKind",
    "LatentSession",
    "Level",
    "PersonEffect",
    "RoleEffect",
    "Seat",
    "SimulatedSession",
    "SimulationSettings",
    "SpeechForm",
    "Timetable",
    "Truth",
    "Turn",
    "noise",
    "simulate",
    "simulate_latent",
]
