"""The page of a study: what its registered hypothesis came to, for researchers.

>>> from dashboards.results import write_results          # doctest: +SKIP
>>> write_results(run_study_test(study, now), study / "derivatives/results.html", now)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from arousal import __version__
from arousal.atomic import write_text
from arousal.errors import UsageError
from arousal.hypothesis.hypothesis_file import LEAST_BLOCKS
from arousal.tables import MEASURES
from dashboards.exploration import explored_tables
from dashboards.figures.forest import ForestRow, forest_figure, mean_course_figure
from dashboards.figures.ribbon import POLES, case_figure
from dashboards.messages import Messages, load_messages
from dashboards.page import pack

if TYPE_CHECKING:
    import pandas as pd

    from arousal.study.trajectory import StudyCurve, StudyTest

__all__ = ["render_results", "write_results"]

LABELS = {m.id: m.label for m in MEASURES} | {k: " – ".join(v) for k, v in POLES.items()}
UNITS = {m.id: m.unit for m in MEASURES}


def render_results(result: StudyTest, now: datetime) -> str:
    """Render the page.

    Parameters
    ----------
    result : StudyTest
        From `arousal.study.trajectory.run_study_test`.
    now : datetime
        Timezone-aware; stands on the page.

    Returns
    -------
    str
        Self-contained HTML, in English; nobody's own curve stands in it, and a pseudonym only where
        it is the reason for leaving something out.

    Raises
    ------
    UsageError
        If ``now`` has no time zone.
    """
    if now.tzinfo is None:
        raise UsageError("now has no time zone", hint="datetime.now(UTC)")
    say = load_messages("en")
    rows = [_row(r) for r in result.results.to_dict(orient="records")]
    figures, curves = _curves(result, say)
    tested = [_forest_row(r) for r in rows if np.isfinite(r["g"])]
    if tested:
        figures["forest"] = forest_figure(tested, say).to_json()
    case = _case(result, say, figures)
    content: dict[str, Any] = {
        "say": say,
        "body_class": "researcher",
        "head": {
            "name": result.name,
            "title": f"What the study says about {result.name}",
            "facts": (
                ("Hypothesis", f"{result.name} version {result.version}"),
                ("SHA-256", result.sha256[:16]),
                ("Counted", result.counted),
            ),
        },
        "notices": [str(f) for f in result.findings],
        "primary": [r for r in rows if r["status"] == "primary"],
        "rows": rows,
        "forest": "; ".join(r.text for r in tested),
        "curves": curves,
        "least": LEAST_BLOCKS,
        "case": case,
        "explored": explored_tables(result.exploration) if result.exploration else (),
        "excluded": _excluded(result),
        "methods": result.methods,
        "checklist": result.checklist,
        "made": f"arousal {__version__}, {now:%Y-%m-%d %H:%M %Z}",
    }
    return pack("results.html.j2", content, figures)


def write_results(result: StudyTest, path: Path, now: datetime) -> None:
    """Render the page and write it whole or not at all; raises as `render_results`."""
    write_text(path, render_results(result, now))


def _case(result: StudyTest, say: Messages, figures: dict[str, str]) -> dict[str, Any] | None:
    """The course over the case, with raters' polarities beneath it; ``None`` without any curve."""
    found = result.exploration
    if found is None or found.case_course.empty:
        return None
    course = found.case_course
    figures["case"] = case_figure(course, say).to_json()
    people = course[course["who"].isin(["presenter", "members"])]
    rated = course[course["who"] == "group"]
    return {
        "blocks": int(people["n"].max()) if len(people) else 0,
        "rated": int(rated["n"].max()) if len(rated) else 0,
        "provenance": found.provenance,
        "words": _case_words(course),
    }


def _case_words(course: pd.DataFrame) -> str:
    """Say the figure: mean index and mean polarities of each phase."""
    told = []
    for phase in dict.fromkeys(course["phase"]):
        rows = course[(course["phase"] == phase) & (course["who"] != "expected")]
        means = rows.groupby(["who", "measure"], sort=False)["mean"].mean()
        parts = [
            f"{LABELS.get(measure, who)} {mean:+.1f}" for (who, measure), mean in means.items()
        ]
        told.append(f"{phase.replace('_', ' ')}: {', '.join(parts)}")
    return "; ".join(told)


def _row(row: Mapping[Any, Any]) -> dict[str, Any]:
    tested = np.isfinite(row["p"])
    unit = f" {row['unit']}" if row["unit"] else ""
    standing = "Confirmatory." if row["confirmatory"] else f"Not confirmatory: {row['why_not']}."
    return {
        **{str(k): v for k, v in row.items()},
        "measure_label": LABELS.get(row["measure"], row["measure"].replace("_", " – ")),
        "mean_text": f"{row['mean']:+.2f}{unit}" if np.isfinite(row["mean"]) else "–",
        "interval": f"[{row['low']:+.2f}, {row['high']:+.2f}]" if np.isfinite(row["low"]) else "",
        "p_text": _p(row["p_adjusted"]) if tested else "not tested",
        "standing": standing if tested else "",
    }


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


def _is(value: float) -> str:
    return f"p {_p(value)}" if value < 0.001 else f"p = {_p(value)}"


def _forest_row(row: Mapping[str, Any]) -> ForestRow:
    # An effect that is expected to be negative is turned round, so that right is as expected.
    turned = row["direction"] == "less"
    g, low, high = row["g"], row["g_low"], row["g_high"]
    if turned:
        g, low, high = -g, -high, -low
    label = f"{row['contrast']} {row['measure_label']}"
    return ForestRow(label, g, low, high, row["n_units"], row["verdict"], row["confirmatory"])


def _curves(result: StudyTest, say: Messages) -> tuple[dict[str, str], list[dict[str, str]]]:
    figures, told = {}, []
    rows = result.results
    controlled = frozenset(rows.loc[rows["who"] == "presenter-members", "contrast"])
    for at, curves in enumerate(_alike(result.curves)):
        curve = curves[0]
        unit = UNITS[curve.measure]
        name = f"curve-{at}"
        figures[name] = mean_course_figure(curve, unit, say).to_json()
        heading = f"{' and '.join(c.contrast for c in curves)}, {LABELS[curve.measure]}"
        told.append({"name": name, "heading": heading, "text": _curve_words(curve, controlled)})
    return figures, told


def _alike(curves: Sequence[StudyCurve]) -> list[list[StudyCurve]]:
    """Contrasts that weigh one and the same course differently share its figure."""
    found: dict[StudyCurve, list[StudyCurve]] = {}
    for curve in curves:
        found.setdefault(replace(curve, contrast=""), []).append(curve)
    return list(found.values())


def _curve_words(curve: StudyCurve, controlled: frozenset[str]) -> str:
    bins = len(curve.mean)
    found = [s for s in curve.stretches if s[2] < 0.05]
    blocks = f"over {curve.blocks} case blocks"
    if max(curve.n) < curve.blocks:
        blocks = f"over {max(curve.n)} independent units of {curve.blocks} case blocks"
    if not found:
        return f"No stretch of the {curve.phase} differs from its mean {blocks} (cluster p ≥ .05)."
    parts = [
        f"{100 * first / bins:.0f}–{100 * (last + 1) / bins:.0f} % "
        f"({'above' if curve.mean[first] > 0 else 'below'}, cluster {_is(p)})"
        for first, last, p in found
    ]
    text = f"Roughly where the {curve.phase} differs from its mean {blocks}: {', '.join(parts)}."
    if curve.contrast in controlled:
        return text
    return (
        f"{text} A drift common to everyone looks the same: "
        "only the presenter less the members is free of it."
    )


def _excluded(result: StudyTest) -> list[dict[str, Any]]:
    gone = result.contrasts[result.contrasts["excluded"]]
    counted = gone.groupby("reason", sort=False)
    rows = [
        {
            "reason": str(reason),
            "contrasts": ", ".join(dict.fromkeys(part["contrast"])),
            "count": len(part),
        }
        for reason, part in counted
    ]
    return sorted(rows, key=lambda row: -int(row["count"]))
