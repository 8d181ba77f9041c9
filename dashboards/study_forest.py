"""A study's stored tests as rows of its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from arousal.tables import MEASURES
from dashboards.figures.forest import ForestRow
from dashboards.study_quality import SHORT

if TYPE_CHECKING:
    from arousal.study.overview import StudyOverview

__all__ = ["forest_rows", "measure_label", "test_rows"]

LABELS = {m.id: m.label for m in MEASURES}


def measure_label(measure: str) -> str:
    """Name of a measure (or a rated polarity) that a person reads."""
    return LABELS.get(measure, measure.replace("_", " – "))


def test_rows(overview: StudyOverview) -> list[dict[str, Any]]:
    """Return every stored test with its texts; ``stored`` names the table's own columns."""
    if overview.tested is None:
        return []
    return [
        {
            **row,
            "stored": tuple(row),
            "measure_label": measure_label(row["measure"]),
            "mean_text": _number(row["mean"], row["unit"]),
            "interval": _interval(row["low"], row["high"]),
            "standing": _standing(row),
        }
        for row in overview.tested.rows
    ]


def forest_rows(overview: StudyOverview) -> list[ForestRow]:
    """Return the tests that have an effect size, turned so that right is as expected."""
    rows = []
    for row in test_rows(overview):
        if row["g"] is None or row["g_low"] is None:
            continue
        numbers = row["g"], row["g_low"], row["g_high"]
        if row["direction"] == "less":
            numbers = -numbers[0], -numbers[2], -numbers[1]
        label = f"{row['contrast']} {SHORT.get(row['measure'], row['measure_label'])}"
        rows.append(ForestRow(label, *numbers, row["n_units"], row["verdict"], row["confirmatory"]))
    return rows


def _standing(row: Mapping[str, Any]) -> str:
    if row["p"] is None:
        return "Not tested."
    return "Confirmatory." if row["confirmatory"] else f"Not confirmatory: {row['why_not']}."


def _number(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{value:+.2f} {unit}".rstrip().replace("-", "−")


def _interval(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return f"[{low:+.2f}, {high:+.2f}]".replace("-", "−")
