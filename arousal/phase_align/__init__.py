"""Features + marks -> curves: which phase, which role, how far from a person's own quiet start."""

from arousal.phase_align.align import align_windows, group_of
from arousal.phase_align.build import build_timeline
from arousal.phase_align.corrections import Correction, append_correction, read_corrections
from arousal.phase_align.curves import (
    Curves,
    group_curves,
    normalised_curves,
    person_curves,
)
from arousal.phase_align.phase_means import MEMBERS, phase_table
from arousal.phase_align.timeline import (
    Applied,
    CaseBlock,
    PhaseInterval,
    PointEvent,
    RoleInterval,
    Timeline,
)
from arousal.phase_align.withhold import withhold

__all__ = [
    "MEMBERS",
    "Applied",
    "CaseBlock",
    "Correction",
    "Curves",
    "PhaseInterval",
    "PointEvent",
    "RoleInterval",
    "Timeline",
    "align_windows",
    "append_correction",
    "build_timeline",
    "group_curves",
    "group_of",
    "normalised_curves",
    "person_curves",
    "phase_table",
    "read_corrections",
    "withhold",
]
