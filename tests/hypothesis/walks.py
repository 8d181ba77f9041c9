"""Sessions whose measures are noise of a known family plus whatever a test plants."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from arousal.hypothesis.session_windows import SessionFrames
from arousal.phase_align import Timeline, build_timeline
from arousal.protocol import load_protocol
from arousal.recording import Event
from arousal.settings import Settings
from arousal.simulate import noise
from arousal.simulate.noise import NOISE_STEP
from tests.phase_align.made import BALINT_90, BALINT_90_END, constant, features, session

Floats = NDArray[np.float64]
Planted = Callable[[str, Floats], Floats]
"""Person and times (s) -> what is added to their measure."""

PEOPLE = ("L01", "P01", "P02", "P03", "P04", "P05")
PRESENTER = "P01"


def nothing(person: str, times: Floats) -> Floats:
    """Plant nothing."""
    return np.zeros(times.shape)


def walking(
    seed: int,
    planted: Planted = nothing,
    *,
    family: str = "ar92",
    size: float = 3.0,
    marks: Sequence[tuple[float, str]] = (),
    phases: Sequence[tuple[float, str]] = BALINT_90,
    end: float = BALINT_90_END,
    name: str = "s1",
    protocol: str = "balint-90",
    people: Sequence[str] = PEOPLE,
    talk: float | None = 0.0,
) -> SessionFrames:
    """A session in which everybody's heart rate is 70 bpm plus noise of ``size`` bpm.

    ``talk``: share of every window that everybody spoke, ``None`` = not known.
    """
    rng = np.random.default_rng(seed)
    steps = int(end / NOISE_STEP) + 3
    grid = NOISE_STEP * np.arange(steps)

    def course(person: str) -> Callable[[Floats], Floats]:
        walk = size * noise(family, steps, rng)[0]
        return lambda t: 70.0 + np.interp(t, grid, walk) + planted(person, t)

    courses = {p: {"heart_rate": course(p)} for p in people}
    if talk is not None:
        for own in courses.values():
            own["speech_fraction"] = constant(talk)
    return SessionFrames(
        name,
        features(courses, end),
        features(courses, end, durations=(30.0,)),
        line_of(phases, marks, end, protocol, people),
        load_protocol(protocol),
        Settings(),
    )


def line_of(
    phases: Sequence[tuple[float, str]],
    marks: Sequence[tuple[float, str]],
    end: float,
    protocol: str = "balint-90",
    people: Sequence[str] = PEOPLE,
) -> Timeline:
    """Timeline with phases, the presenter where the protocol has one, and further marks."""
    kind = load_protocol(protocol)
    leader = kind.leader_roles[0]
    others = next(r for r in kind.roles if r not in kind.leader_roles)
    roles = {p: leader if p.startswith("L") else others for p in people}
    told = [(t, f"phase/{p}") for t, p in phases]
    if kind.case_blocks:
        told += [(t + 1.0, f"presenter/{PRESENTER}") for t, p in phases if p == "presentation"]
    events = [
        Event(t, text, id=f"m{i}", source="marks")
        for i, (t, text) in enumerate(sorted([*told, *marks]), 1)
    ]
    return build_timeline(events, kind, session(roles), start=0.0, end=end)
