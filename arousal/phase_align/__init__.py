"""Features + marks -> curves: which phase, which role, how far from a person's own quiet start."""

from arousal.phase_align.build import build_timeline
from arousal.phase_align.corrections import Correction, append_correction, read_corrections
from arousal.phase_align.timeline import (
    Applied,
    CaseBlock,
    PhaseInterval,
    PointEvent,
    RoleInterval,
    Timeline,
)

__all__ = [
    "Applied",
    "CaseBlock",
    "Correction",
    "PhaseInterval",
    "PointEvent",
    "RoleInterval",
    "Timeline",
    "append_correction",
    "build_timeline",
    "read_corrections",
]
