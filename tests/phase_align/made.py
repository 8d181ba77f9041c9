"""Feature tables and marks made by hand, with values that a test can predict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from arousal.phase_align import Correction, Timeline, build_timeline
from arousal.protocol import load_protocol
from arousal.recording import Event
from arousal.session import SessionFile
from arousal.tables import FEATURES

Course = Callable[[NDArray[np.float64]], NDArray[np.float64]]

BALINT_90 = (
    (0, "baseline"),
    (420, "opening"),
    (840, "invitation"),
    (960, "presentation"),
    (1740, "questions"),
    (2160, "discussion"),
    (4560, "return"),
    (5040, "closing"),
    (5220, "recovery"),
)
"""A whole session: onset in s and phase."""
BALINT_90_END = 5520.0


def events(*marks: tuple[float, str]) -> list[Event]:
    """Marks with ids m1, m2, ... in order."""
    return [Event(t, text, id=f"m{i}", source="marks") for i, (t, text) in enumerate(marks, 1)]


def session(people: Mapping[str, str], **more: object) -> SessionFile:
    """A session file with these roles."""
    return SessionFile.model_validate(
        {"schema": 1, "id": "s1", "people": {p: {"role": r} for p, r in people.items()}, **more}
    )


def timeline(
    *marks: tuple[float, str],
    protocol: str = "balint-90",
    end: float = BALINT_90_END,
    people: Mapping[str, str] | None = None,
    corrections: Sequence[Correction] = (),
) -> Timeline:
    """Build the timeline of these marks."""
    roster = session(people) if people else None
    return build_timeline(
        events(*marks), load_protocol(protocol), roster, start=0.0, end=end, corrections=corrections
    )


def codes(line: Timeline) -> list[str]:
    """Codes of what was noticed, in order."""
    return [f.code for f in line.findings]


def shape(line: Timeline) -> list[tuple[str, int, float, float]]:
    """Phases as plain tuples."""
    return [(p.phase, p.block, p.onset, p.end) for p in line.phases]


def features(
    people: Mapping[str, Mapping[str, Course]],
    end: float,
    durations: Sequence[float] = (60.0, 120.0),
    step: float = 5.0,
) -> pd.DataFrame:
    """A feature table in which each measure is a function of the window's middle.

    Measures: ``heart_rate``, ``scr_rate``, ``ln_scl``, ``ln_rmssd``; what is not given is NaN.
    lnRMSSD stands in windows of 120 s and more only, as in the real table.
    """
    parts = []
    for person, courses in people.items():
        for duration in durations:
            onset = np.arange(0.0, end - duration + 1e-9, step)
            columns: dict[str, object] = {
                c.name: np.full(onset.size, np.nan) for c in FEATURES.columns if c.dtype == "float"
            }
            columns |= {"cardiac_reasons": "", "eda_reasons": "", "person": person}
            columns |= {"onset": onset, "duration": np.full(onset.size, duration)}
            for name, course in courses.items():
                if name != "ln_rmssd" or duration >= 120:
                    columns[name] = course(onset + duration / 2)
            parts.append(FEATURES.frame({n: columns[n] for n in FEATURES.names}))
    return pd.concat(parts, ignore_index=True)


def constant(value: float) -> Course:
    """The same at all times."""
    return lambda t: np.full(t.shape, value)


def steps(line: Timeline, levels: Mapping[str, float], usual: float, noise: float = 0.0) -> Course:
    """A level per phase (by window middle), and a smooth ripple so that the spread is not 0."""

    def course(t: NDArray[np.float64]) -> NDArray[np.float64]:
        level = np.array([levels.get(str(p), usual) for p in line.phase_at(t)])
        return level + noise * np.sin(t / 7.0)

    return course
