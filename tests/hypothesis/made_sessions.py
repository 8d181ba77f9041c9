"""Sessions and hypotheses made by hand, with contrasts that a test can work out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from arousal.hypothesis.contrasts import SessionFrames, session_contrasts
from arousal.hypothesis.hypothesis_file import Hypothesis, HypothesisFile
from arousal.protocol import load_protocol
from arousal.settings import Settings
from tests.phase_align import made

PEOPLE = ("P01", "P02", "P03", "P04")
PRESENTER = "P01"
ROLES = dict.fromkeys(PEOPLE, "member") | {"L01": "leader"}
FIRST_LAST = [
    {"phase": "discussion", "part": "first", "weight": 1},
    {"phase": "discussion", "part": "last", "weight": -1},
]
DISCUSSION = (2160.0, 4560.0)
"""Onset and end in s of the discussion in `made.BALINT_90`."""


def timeline(**more: Any):
    """The usual evening, presented by P01."""
    marks = [(t, f"phase/{name}") for t, name in made.BALINT_90]
    return made.timeline(*marks, (960.0, f"presenter/{PRESENTER}"), people=ROLES, **more)


def session(courses: Mapping[str, Mapping[str, made.Course]], **more: Any) -> SessionFrames:
    """A session in which each person's measures are functions of time."""
    end = made.BALINT_90_END
    fields: dict[str, Any] = {
        "id": "s1",
        "features": made.features(courses, end, step=10.0),
        "short": made.features(courses, end, durations=(30.0,), step=10.0),
        "timeline": timeline(),
        "protocol": load_protocol("balint-90"),
        "settings": Settings(),
    }
    return SessionFrames(**{**fields, **more})


def hypothesis(contrast: Mapping[str, Any] | None = None, **more: Any) -> HypothesisFile:
    """A hypothesis with one contrast: the presenter's fall over the discussion, minus members'."""
    usual = {
        "id": "A",
        "claim": "C2",
        "label": "falls",
        "status": "primary",
        "measures": ["heart_rate"],
        "who": "presenter-members",
        "direction": "greater",
        "terms": FIRST_LAST,
    }
    head = {
        "name": "made",
        "version": "1",
        "date": "2026-01-01",
        "author": "a",
        "source": "s",
        "provenance": "p",
        "statement": "st",
        "protocols": ["balint-90"],
        "contrast": [{**usual, **(contrast or {})}],
    }
    return HypothesisFile(
        Hypothesis.model_validate({**head, **more}), b"made", "made", ("balint-90",)
    )


def row(frames: SessionFrames, file: HypothesisFile) -> Any:
    """The one row of one contrast in one block."""
    table = session_contrasts(frames, file)
    assert len(table) == 1
    return table.iloc[0]


def falling(slope: float, level: float = 70.0) -> made.Course:
    """A straight line, so much per second."""
    return lambda t: level + slope * (t - 3000.0)


def everybody(name: str, course: made.Course) -> dict[str, dict[str, made.Course]]:
    """The same course for all."""
    return {p: {name: course} for p in PEOPLE}


def silent() -> made.Course:
    """Nobody talks."""
    return lambda t: np.zeros(t.shape)
