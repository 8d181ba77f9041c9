"""What is followed over phases: measures, their direction and where they come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from arousal.errors import DataError

__all__ = ["INDEX_ID", "MEASURES", "MEASURE_IDS", "Measure", "measure"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity that is followed over phases.

    Parameters
    ----------
    id : str
        Name in tables.
    label : str
        Name a person reads.
    unit : str
        Unit of its change from baseline.
    column : str
        Column of `FEATURES` that it comes from.
    sign : int
        +1 where a rise means more arousal, -1 where a fall does.
    branch : str
        ``"mixed"``, ``"sympathetic"`` or ``"vagal"``: what innervates it.
    window : float
        Window length in s that it is taken from.
    """

    id: str
    label: str
    unit: str
    column: str
    sign: Literal[1, -1]
    branch: Literal["mixed", "sympathetic", "vagal"]
    window: float


MEASURES = (
    Measure("heart_rate", "Heart rate", "bpm", "heart_rate", 1, "mixed", 60.0),
    Measure(
        "scr_rate",
        "Skin conductance responses",
        "1/min",
        "scr_rate",
        1,
        "sympathetic",
        60.0,
    ),
    Measure("ln_scl", "Skin conductance level", "ln uS", "ln_scl", 1, "sympathetic", 60.0),
    Measure(
        "ln_rmssd",
        "Heart-rate variability (lnRMSSD)",
        "ln ms",
        "ln_rmssd",
        -1,
        "vagal",
        120.0,
    ),
)
"""What is followed over phases, in the order in which pages show it."""

MEASURE_IDS = tuple(m.id for m in MEASURES)
INDEX_ID = "arousal_index"
"""The display index (mean of robust z of the parts); never used for inference."""


def measure(measure_id: str, among: Iterable[Measure] = MEASURES) -> Measure:
    """Return the measure with this id.

    Raises
    ------
    DataError
        If there is none.
    """
    for candidate in among:
        if candidate.id == measure_id:
            return candidate
    raise DataError(f"no measure {measure_id!r}, known: {', '.join(m.id for m in among)}")
