"""A study's stored slopes over its course as rows and sentences of its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dashboards.study_forest import measure_label

if TYPE_CHECKING:
    from arousal.study.overview import StudyOverview

__all__ = ["course_rows", "slope_sentences"]


def course_rows(overview: StudyOverview) -> list[dict[str, Any]]:
    """Return every stored slope with its texts; ``stored`` names the table's own columns."""
    if overview.course is None:
        return []
    return [
        {
            **row,
            "stored": tuple(row),
            "measure_label": measure_label(row["measure"]),
            "covariate_label": _covariate(row["covariate"]),
            "slope_text": _slope(row),
            "used": _used(row),
        }
        for row in overview.course.rows
    ]


def slope_sentences(overview: StudyOverview, contrasts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return, for each contrast on the page, what is known of its course over meetings."""
    if overview.course is None:
        return [f"No slope over the meetings: {overview.no_course}." for _ in contrasts]
    rows = {
        (r["contrast"], r["measure"]): r
        for r in course_rows(overview)
        if r["covariate"] == "meeting"
    }
    return [_sentence(rows.get((c["id"], c["measure"]))) for c in contrasts]


def _sentence(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "Slope over the meetings, whole study: the meeting's number is told for no block."
    head = "Slope over the meetings, whole study (filters do not apply): "
    if row["found"] == "refused":
        return f"{head}none, {row['why']}; {row['used']}."
    return (
        f"{head}{row['slope_text']}; {row['found']} ({row['model']}; {row['used']}). Exploratory."
    )


def _covariate(name: str) -> str:
    if name.startswith("score:"):
        return f"presenter's {name.removeprefix('score:')} at first wave"
    return {"meeting": "number of the meeting"}.get(name, name)


def _slope(row: Mapping[str, Any]) -> str:
    if row["slope"] is None:
        return "–"
    text = f"{row['slope']:+.2g} {row['unit']} [{row['low']:+.2g}, {row['high']:+.2g}]"
    return text.replace("-", "−").replace("uS", "µS")


def _used(row: Mapping[str, Any]) -> str:
    n = f"{row['n_blocks']} case blocks"
    if row["n_units"] != row["n_blocks"]:
        n += f" of {row['n_units']} presenters"
    if row["n_clusters"]:
        n += f" in {row['n_clusters']} clusters"
    lost = [
        (row["n_excluded"], "without a value"),
        (row["n_untold"], "without the covariate"),
    ]
    return ", ".join([n, *(f"{count} {why}" for count, why in lost if count)])
