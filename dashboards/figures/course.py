"""The expected course as lines over a session's own phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dashboards.bands import Band
from dashboards.figures.parts import Strand
from dashboards.lines import Line
from dashboards.messages import Messages

if TYPE_CHECKING:
    from arousal.hypothesis.course import Course, Stretch

__all__ = ["course_strands"]

PROGRESS = np.append(np.linspace(0, 1, 21), 1.0)
"""Steps through a phase, and one more that breaks the line."""


def course_strands(course: Course, bands: tuple[Band, ...], say: Messages) -> tuple[Strand, ...]:
    """Return the expected course as lines over the session's own phases.

    Parameters
    ----------
    course : Course
        The hypothesis; where it expects nothing there is no line.
    bands : tuple of Band
        The session's phases.
    say : Messages
        The catalogue: it is always named as a hypothesis.
    """
    strands = []
    for group, dash in (("members", "solid"), ("presenter", "dot")):
        parts = [(b, s) for b in bands if (s := course.stretch(group, b.phase)) is not None]
        if parts:
            label = f"{say('switch.course')}: {say(f'switch.{group}')}"
            strands.append(Strand(_line(parts), label, "course", dash=dash))
    return tuple(strands)


def _line(parts: list[tuple[Band, Stretch]]) -> Line:
    steps, n = PROGRESS.size, len(parts)
    heights = np.concatenate([stretch.at(PROGRESS) for _, stretch in parts])
    heights[steps - 1 :: steps] = np.nan
    minutes = np.concatenate([band.onset + PROGRESS * band.minutes for band, _ in parts])
    empty = np.full(steps * n, np.nan, dtype=np.float32)
    return Line(
        minutes.astype(np.float32),
        heights.astype(np.float32),
        empty,
        empty,
        empty,
        np.repeat([band.block for band, _ in parts], steps),
        np.repeat(np.array([band.phase for band, _ in parts], dtype=object), steps),
        np.tile(PROGRESS, n).astype(np.float32),
    )
