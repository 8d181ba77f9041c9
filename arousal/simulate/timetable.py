"""When each phase begins and ends in one simulated meeting."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from arousal.protocol import PlannedPhase, Protocol
from arousal.simulate.settings import SimulationSettings

__all__ = ["Timetable", "lay_out"]

LEAD = 20.0
"""Seconds recorded before the first phase and after the last."""
SILENCE = 60.0
"""Seconds that the leaders' silence lasts."""
_BEFORE, _AFTER = "baseline", "recovery"


@dataclass(frozen=True, slots=True)
class Timetable:
    """The phases of one meeting on recording time.

    Parameters
    ----------
    phases : tuple of PlannedPhase
        In order, each ending where the next begins.
    duration : float
        Length of the recording in s.
    """

    phases: tuple[PlannedPhase, ...]
    duration: float

    @property
    def seconds(self) -> int:
        """Number of points of a 1 Hz curve that covers the recording."""
        return int(np.ceil(self.duration)) + 1

    @property
    def longest(self) -> PlannedPhase:
        """The longest phase (the discussion of a Balint group)."""
        return max(self.phases, key=lambda p: p.end - p.onset)

    @property
    def silence(self) -> tuple[float, float]:
        """Onset and end in s of a silence that the leaders let happen, late in that phase."""
        longest = self.longest
        onset = round(longest.onset + 0.7 * (longest.end - longest.onset), 1)
        return onset, onset + min(SILENCE, 0.1 * (longest.end - longest.onset))


def lay_out(
    protocol: Protocol, settings: SimulationSettings, rng: np.random.Generator
) -> Timetable:
    """Lay the protocol's plan out with lengths of its own for this meeting.

    Each planned length is multiplied by a draw from 0.85-1.15; the phases between baseline and
    recovery are then stretched to fill the meeting again. Baseline and recovery keep their length.
    """
    outside = {
        _BEFORE: 60 * settings.baseline_minutes,
        _AFTER: 60 * settings.recovery_minutes,
    }
    plan = [p for p in protocol.plan() if outside.get(p.phase, 1.0) > 0]
    lengths = np.array([p.end - p.onset for p in plan])
    lengths *= rng.uniform(0.85, 1.15, len(plan))
    fixed = np.array([p.phase in outside for p in plan])
    lengths[fixed] = [outside[p.phase] for p in plan if p.phase in outside]
    minutes = protocol.minutes if settings.minutes is None else settings.minutes
    if not fixed.all():
        lengths[~fixed] *= 60 * minutes / lengths[~fixed].sum()
    edges = np.round(LEAD + np.concatenate([[0.0], np.cumsum(lengths)]), 1)
    phases = tuple(
        PlannedPhase(p.phase, p.block, float(onset), float(end))
        for p, (onset, end) in zip(plan, pairwise(edges), strict=True)
    )
    return Timetable(phases, float(edges[-1]) + LEAD)
