"""The quality table: one row per person and signal, with reasons and advice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arousal.features.beats import Beats
from arousal.features.person import PersonPhysiology
from arousal.features.quality import Quality, advice, split_codes
from arousal.features.segments import finite_part, measured_rate
from arousal.features.spans import as_spans, covered, total
from arousal.recording import Kind, Person, Signal
from arousal.settings import Settings
from arousal.tables import QUALITY
from arousal.withheld import without_device

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["quality_table"]

FloatArray = NDArray[np.float64]

_REASONS = dict.fromkeys((Kind.ECG, Kind.RR, Kind.PPG), "cardiac_reasons") | {
    Kind.EDA: "eda_reasons"
}

POOR = 0.8
"""Usable share below which a signal's coverage is named as a reason."""
WORTH_MENTION = 0.01
"""A reason that concerns less than this share of the recorded time is named in its windows only."""


def quality_table(
    persons: Sequence[Person],
    physiologies: Sequence[PersonPhysiology],
    onset: float,
    end: float,
    settings: Settings,
    windows: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Describe every signal of every person.

    Parameters
    ----------
    persons : sequence of Person
    physiologies : sequence of PersonPhysiology
        Of the same persons, in any order.
    onset, end : float
        The session, in seconds: what the usable share is counted on.
    settings : Settings
    windows : pandas.DataFrame, optional
        What `window_features` made of them: for the share of windows that each reason hit.

    Returns
    -------
    pandas.DataFrame
        `arousal.tables.QUALITY`, persons and signals in their order.
    """
    known = {p.id: p for p in physiologies}
    rows: list[dict[str, Any]] = []
    for person in persons:
        physiology = known.get(person.id, PersonPhysiology(person.id))
        seen: Counter[tuple[str, str]] = Counter()
        for signal in person.signals:
            row = _row(person.id, signal, physiology, (onset, end), settings)
            row["reason_windows"] = ""
            if windows is not None and row["used"]:
                row["reason_windows"] = _reason_windows(windows, person.id, signal.kind)
            seen[row["kind"], row["source"]] += 1
            if (again := seen[row["kind"], row["source"]]) > 1:
                row["source"] += f" #{again}"
            rows.append(row)
    return QUALITY.frame({name: [row[name] for row in rows] for name in QUALITY.names})


def _row(
    person: str,
    signal: Signal,
    physiology: PersonPhysiology,
    session: tuple[float, float],
    settings: Settings,
) -> dict[str, Any]:
    part = finite_part(signal)
    result = next((found for other, found in physiology.judged if other is signal), None)
    gaps = part.gaps()
    lengths = gaps[:, 1] - gaps[:, 0]
    spans = _present(part) if result is None else result.spans
    reasons = _reasons(signal, result, settings)
    if len(gaps):
        reasons.add(Quality.GAP)
    usable = _share(spans, session)
    if usable < POOR and signal.kind is not Kind.SPEECH:
        reasons.add(Quality.COVERAGE if usable > 0 else Quality.NO_SIGNAL)
    ordered = [code for code in Quality if code in reasons]
    return {
        "person": person,
        "kind": str(signal.kind),
        "source": without_device(signal.source, person),
        "rate": measured_rate(part),
        "declared_rate": float("nan") if signal.rate is None else signal.rate,
        "seconds": float(part.times[-1] - part.times[0]) if len(part) else 0.0,
        "usable_fraction": usable,
        "gaps": len(gaps),
        "gap_seconds": float(lengths.sum()),
        "longest_gap": float(lengths.max(initial=0.0)),
        "corrected_fraction": (
            result.corrected_fraction if isinstance(result, Beats) else float("nan")
        ),
        "used": any(other is signal for other in physiology.used),
        "reasons": ";".join(ordered),
        "advice": advice(ordered),
    }


def _reason_windows(windows: pd.DataFrame, person: str, kind: Kind) -> str:
    """How often each reason stands in the person's shortest windows."""
    column = _REASONS.get(kind)
    if column is None:
        return ""
    own = windows[windows["person"] == person]
    cells = own.loc[own["duration"] == own["duration"].min(), column].tolist()
    hits = Counter(code for cell in cells for code in split_codes(cell))
    order = sorted(hits, key=lambda code: (-hits[code], tuple(Quality).index(code)))
    return ";".join(f"{code}={hits[code] / len(cells):.3g}" for code in order)


def _reasons(signal: Signal, result: Any, settings: Settings) -> set[Quality]:
    enough = WORTH_MENTION * max(signal.end - signal.onset, 0.0) if len(signal) else 0.0
    found = set()
    if result is not None:
        found = {code for code, spans in result.reasons.items() if total(spans) > enough}
    if isinstance(result, Beats):
        share = result.corrected_fraction
        if share > settings.beats.corrected_refuse:
            found.add(Quality.CORRECTED_TOO_MUCH)
        elif share > settings.beats.corrected_flag:
            found.add(Quality.CORRECTED)
    elif result is not None and result.non_responder:
        found.add(Quality.NON_RESPONDER)
    if not len(signal):
        found.add(Quality.NO_SIGNAL)
    return found


def _present(part: Signal) -> FloatArray:
    """Time in which finite samples arrived."""
    period = 1.0 / part.rate if part.rate else 0.0
    return as_spans(
        [(part.times[s.start], part.times[s.stop - 1] + period) for s in part.segments()]
    )


def _share(spans: FloatArray, session: tuple[float, float]) -> float:
    onset, end = session
    if not end > onset:
        return 0.0 if not total(spans) else 1.0
    inside = covered(spans, np.array([onset]), np.array([end]))
    return float(min(inside[0] / (end - onset), 1.0))
