"""Windows x timeline: which phase, how far into it, in which role, and inside its edges or not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from arousal.phase_align.timeline import PhaseInterval, Timeline
from arousal.protocol import Protocol
from arousal.settings import AlignSettings

__all__ = ["align_windows", "edge_of", "group_of"]

ROUNDING = 1e-6
"""Seconds that binary rounding may put between a window's end and a phase's."""
LONG_EDGE = "discussion"
"""The phase before which the presenter has just stopped talking."""


def edge_of(phase: PhaseInterval, settings: AlignSettings) -> float:
    """Seconds dropped at the beginning of a phase before its mean is taken.

    The transition is not the phase: `AlignSettings.edge`, ``edge_short`` in phases under
    ``short_edge_phase``, ``edge_discussion`` in the discussion, 0 for an unlabelled stretch.
    """
    if not phase.phase:
        return 0.0
    if phase.phase == LONG_EDGE:
        return settings.edge_discussion
    return settings.edge_short if phase.duration < settings.short_edge_phase else settings.edge


def group_of(role: str, protocol: Protocol) -> str:
    """Group of a role: ``members``, ``presenter``, ``leaders``, or empty for none of them.

    Members are the role ``member`` where the protocol has it (so the outer circle of a fishbowl is
    no member), else every role that is not a leader's. A presenter is no member while presenting.
    """
    if role == protocol.presenter_role and protocol.case_blocks:
        return "presenter"
    if role in protocol.leader_roles:
        return "leaders"
    others = {"member"} if "member" in protocol.roles else set(protocol.roles)
    return "members" if role in others else ""


def align_windows(
    features: pd.DataFrame,
    timeline: Timeline,
    protocol: Protocol,
    settings: AlignSettings | None = None,
) -> pd.DataFrame:
    """Say of every window where in the session it lies.

    Parameters
    ----------
    features : DataFrame
        Rows with ``person``, ``onset`` and ``duration`` (`arousal.tables.FEATURES`).
    timeline : Timeline
        The session's course.
    protocol : Protocol
        Names the groups of roles.
    settings : AlignSettings, optional
        Edges; the defaults where not given.

    Returns
    -------
    DataFrame
        Same index as ``features``: ``time`` (middle, s), ``interval`` (position in
        ``timeline.phases``, -1 between phases), ``block``, ``phase``, ``phase_time`` (s),
        ``progress`` (0-1), ``role`` and ``group`` at the middle, ``certain`` (its interval is),
        ``inside`` (the whole window lies in its interval without the edge), ``short`` (its interval
        is shorter than ``short_phase``). A window belongs to the phase that holds its middle.
    """
    rules = settings or AlignSettings()
    onset = features["onset"].to_numpy(dtype=np.float64)
    duration = features["duration"].to_numpy(dtype=np.float64)
    time = onset + duration / 2
    at = timeline.index_at(time)
    bounds = _Bounds(timeline.phases, rules)
    phase_time = time - bounds.onset[at]
    aligned = pd.DataFrame(
        {
            "time": time,
            "interval": at,
            "block": bounds.block[at],
            "phase": bounds.phase[at],
            "phase_time": phase_time,
            "progress": np.clip(phase_time / (bounds.end[at] - bounds.onset[at]), 0.0, 1.0),
            "role": _roles(features["person"], time, timeline),
            "certain": bounds.certain[at],
            "inside": (onset >= bounds.onset[at] + bounds.edge[at] - ROUNDING)
            & (onset + duration <= bounds.end[at] + ROUNDING),
            "short": (bounds.end[at] - bounds.onset[at]) < rules.short_phase,
        },
        index=features.index,
    )
    groups = {role: group_of(role, protocol) for role in aligned["role"].unique()}
    aligned["group"] = aligned["role"].map(groups).astype(object)
    return aligned


class _Bounds:
    """The intervals as arrays; the last entry stands for "between phases" (index -1)."""

    def __init__(self, phases: Sequence[PhaseInterval], settings: AlignSettings) -> None:
        nowhere = float("nan")
        self.onset = np.array([*(p.onset for p in phases), nowhere])
        self.end = np.array([*(p.end for p in phases), nowhere])
        self.edge = np.array([*(edge_of(p, settings) for p in phases), nowhere])
        self.block = np.array([*(p.block for p in phases), 0], dtype=np.int64)
        self.phase = np.array([*(p.phase for p in phases), ""], dtype=object)
        self.certain = np.array([*(p.certain for p in phases), False])


def _roles(
    persons: pd.Series[str], time: NDArray[np.float64], timeline: Timeline
) -> NDArray[np.object_]:
    roles = np.empty(len(persons), dtype=object)
    names = persons.to_numpy()
    for person in persons.unique():
        own = names == person
        roles[own] = timeline.roles_at(person, time[own])
    return roles
