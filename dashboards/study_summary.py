"""The study page's numbers as words and tables: what stands there before (and without) its script.

The phase table is counted from the packed numbers, exactly as the page's script counts it anew
when somebody filters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.messages import Messages

__all__ = ["PhaseRow", "phase_rows"]


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """One phase: members, presenter, and the difference within case blocks, as text."""

    name: str
    members: str
    presenter: str
    difference: str


def phase_rows(
    data: Mapping[str, Any], measure: Mapping[str, Any], say: Messages
) -> list[PhaseRow]:
    """Return means over sessions (in case phases: case blocks) with their 95 % intervals.

    Parameters
    ----------
    data : mapping
        From `dashboards.study_data.study_data`.
    measure : mapping
        One of its measures.
    say : Messages
        The catalogue (number format).
    """
    own = data["means"][measure["id"]]
    step = measure["step"] / data["finer"]
    rows = []
    for at, phase in enumerate(data["phases"]):
        pairs = [
            (m[at] if m else None, p[at] if p else None)
            for m, p in zip(own["members"], own["presenter"], strict=True)
        ]
        members = [m[0] * step for m, _ in pairs if m]
        presenter = [p[0] * step for _, p in pairs if p]
        both = [(p[0] - m[0]) * step for m, p in pairs if m and p and m[1] >= data["leastMembers"]]
        if members or presenter:
            told = (_told(values, data, measure, say) for values in (members, presenter, both))
            rows.append(PhaseRow(phase["name"], *told))
    return rows


def _told(
    values: Sequence[float], data: Mapping[str, Any], measure: Mapping[str, Any], say: Messages
) -> str:
    n, digits = len(values), measure["digits"]
    if not n:
        return "–"
    mean = sum(values) / n
    text = f"{say.number(mean, digits)} {measure['unit']}"
    if n < data["least"]:
        return f"{text}, n {n}"
    spread = sum((v - mean) ** 2 for v in values) / (n - 1)
    half = data["t"][n - 2] * math.sqrt(spread) / math.sqrt(n)
    low, high = say.number(mean - half, digits), say.number(mean + half, digits)
    return f"{text} [{low}, {high}], n {n}"
