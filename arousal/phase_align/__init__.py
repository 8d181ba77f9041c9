"""Features + marks -> curves: which phase, which role, how far from a person's own quiet start.

Each name is loaded when it is first asked for: a recorder that was killed reads its marks again
before anything is loaded that works on tables.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
]

_HOME = {
    "Applied": "timeline",
    "CaseBlock": "timeline",
    "Correction": "corrections",
    "Curves": "curves",
    "MEMBERS": "phase_means",
    "PhaseInterval": "timeline",
    "PointEvent": "timeline",
    "RoleInterval": "timeline",
    "Timeline": "timeline",
    "align_windows": "align",
    "append_correction": "corrections",
    "build_timeline": "build",
    "group_curves": "curves",
    "group_of": "align",
    "normalised_curves": "curves",
    "person_curves": "curves",
    "phase_table": "phase_means",
    "read_corrections": "corrections",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'arousal.phase_align' has no attribute {name!r}")
    return getattr(import_module(f"arousal.phase_align.{_HOME[name]}"), name)
