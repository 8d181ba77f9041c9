"""The tables of a page as plain values, one function for each section."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import numpy as np

from arousal.derivatives import provenance
from arousal.features.quality import Quality
from arousal.findings import Severity
from arousal.hypothesis.course import Course, Expectation
from arousal.phase_align.timeline import clock
from arousal.protocol import INTERVENTIONS
from arousal.tables import INDEX_ID, MEASURES
from dashboards.bands import Band, distinct
from dashboards.estimates import Cell, members_change, members_in_phase, person_cells, person_change
from dashboards.plotly_bundle import plotly_bundle
from dashboards.story import Story
from dashboards.words import against_start, expectation, grade, number, one_person

__all__ = [
    "details",
    "expected",
    "findings",
    "interventions",
    "phase_table",
    "record",
    "trust",
]

RESEARCHER_ONLY = ("ln_scl",)
"""Left out of a leader's table (not of the curve): one number for the skin is enough to read."""
GLOSSARY = ("arousal", "median", "half", "index", "vagal")
DIGITS = {"heart_rate": 1, "scr_rate": 1, "ln_scl": 2, "ln_rmssd": 2, INDEX_ID: 1}


def shown_measures(story: Story) -> list[str]:
    """Return the measures that the per-phase table has: those with any number at all."""
    table = story.access.result.phases
    ids = [INDEX_ID, *(m.id for m in MEASURES), "device_heart_rate"]
    with_values = set(table.loc[table["value"].notna(), "measure"])
    return [m for m in ids if m in with_values]


def phase_table(story: Story) -> dict[str, Any]:
    """Return the members' table: a row for each phase, a cell for each measure."""
    measures = shown_measures(story)
    if not story.access.everything:
        measures = [m for m in measures if m not in RESEARCHER_ONLY]
    rows = []
    for band in distinct(story.bands):
        cells = [members_in_phase(story.access, band, m) for m in measures]
        rows.append(
            {
                "band": band,
                "length": _length(story, band),
                "cells": [_cell(m, c) for m, c in zip(measures, cells, strict=True)],
                "words": _words(story, band, cells[0]) if cells else "",
            }
        )
    return {"measures": measures, "rows": rows}


def _length(story: Story, band: Band) -> str:
    minutes = sum(b.minutes for b in story.bands if b.number == band.number)
    about = "" if band.certain else story.say("phases.approximate")
    return f"{about}{minutes:.0f}"


def _words(story: Story, band: Band, cell: Cell) -> str:
    if band.phase == "baseline" and set(story.baseline_kinds) == {"baseline"}:
        return story.say("phases.reference")
    if cell.view is not None and not cell.value.shown:
        return story.say("phases.no_number", reason=story.refusal(cell.view))
    return against_start(cell.value, story.say)


def _cell(measure: str, cell: Cell) -> dict[str, Any]:
    digits = DIGITS.get(measure, 1)
    value = cell.value
    spread = ""
    if np.isfinite(value.low):
        spread = f"{number(value.low, digits)} – {number(value.high, digits)}"
    coverage = f"{100 * cell.coverage:.0f} %" if np.isfinite(cell.coverage) else ""
    return {
        "measure": measure,
        "value": number(value.mid, digits),
        "spread": spread,
        "n": value.n,
        "coverage": coverage,
        "shown": value.shown,
        "sure": str(grade(value)),
    }


def person_table(story: Story) -> dict[str, Any]:
    """Return everybody's own numbers per phase (researcher only)."""
    measures = shown_measures(story)
    rows = []
    for band in distinct(story.bands):
        for person, role, cells in person_cells(story.access, band, measures):
            shown = [
                {
                    "value": number(c.value.mid, DIGITS.get(m, 1)),
                    "spread": number(
                        (c.value.high - c.value.low) / 2, DIGITS.get(m, 1), signed=False
                    ),
                    "n": c.value.n,
                    "coverage": f"{100 * c.coverage:.0f} %",
                    "reason": c.reason,
                    "shown": c.value.shown,
                }
                for m, c in zip(measures, cells, strict=True)
            ]
            rows.append({"band": band, "person": person, "role": role, "cells": shown})
    return {"measures": measures, "rows": rows}


def trust(story: Story) -> dict[str, Any]:
    """Return how much was usable and why not; per person for the researcher only."""
    quality = story.access.result.quality
    reasons = Counter(
        code for codes in quality["reasons"] for code in str(codes).split(";") if code
    )
    people = []
    if story.access.everything:
        people = [_sensor(story, row) for row in quality.to_dict(orient="records")]
    return {
        "sentences": story.usable(),
        "reasons": [
            story.say.count("trust.reason_people", n, sentence=_sentence(code).rstrip("."))
            for code, n in reasons.most_common()
        ],
        "people": people,
    }


def _sentence(code: str) -> str:
    return Quality(code).sentence if code in set(Quality) else code.replace("-", " ")


def _sensor(story: Story, row: dict[Any, Any]) -> dict[str, Any]:
    say = story.say
    reasons = [_sentence(code) for code in str(row["reasons"]).split(";") if code]
    gaps = "0"
    if row["gaps"]:
        gaps = say("trust.gap_cell", n=row["gaps"], seconds=f"{row['longest_gap']:.0f}")
    return {
        "person": row["person"],
        "kind": row["kind"],
        "source": row["source"],
        "rate": number(row["rate"], 1, signed=False),
        "usable": row["usable_fraction"],
        "percent": f"{100 * row['usable_fraction']:.0f} %"
        if np.isfinite(row["usable_fraction"])
        else "–",
        "gaps": gaps,
        "corrected": f"{number(100 * row['corrected_fraction'], 1, signed=False)} %"
        if np.isfinite(row["corrected_fraction"])
        else "–",
        "used": bool(row["used"]),
        "why": " ".join(reasons) or say("trust.fine"),
        "advice": row["advice"],
    }


def expected(story: Story, course: Course | None) -> dict[str, Any] | None:
    """Return the hypothesis, its provenance, and what this session shows of it."""
    if course is None:
        return None
    say = story.say
    blocks = sorted({b.block for b in story.bands if b.block})
    rows = [
        {"statement": item.statement, "seen": _seen_in(story, item, blocks)}
        for item in course.expectations
    ]
    origin = say(
        "expected.provenance",
        name=course.name,
        version=course.version,
        date=course.date.isoformat(),
        provenance=course.provenance,
        source=course.source,
    )
    return {"statement": course.statement, "rows": rows, "provenance": origin}


def _seen_in(story: Story, item: Expectation, blocks: list[int]) -> list[str]:
    texts = [_seen(story, item, block) for block in blocks]
    if len(texts) < 2:
        return texts
    say = story.say
    pairs = zip(blocks, texts, strict=True)
    return [say("expected.in_case", block=block, text=text) for block, text in pairs]


def _seen(story: Story, item: Expectation, block: int) -> str:
    up, access, say = item.direction == "up", story.access, story.say
    if item.group == "members":
        return expectation(members_change(access, item, block), up, say)
    presenter = next((p for p in access.presenters if p.block == block), None)
    if presenter is None:
        return say("expected.hidden")
    change = person_change(access, presenter.person, item, block)
    return one_person(change, members_change(access, item, block), up, say)


def interventions(story: Story) -> list[dict[str, Any]]:
    """Return when which kind of intervention was marked; who, for the researcher only."""
    zero = story.access.result.recording.onset
    return [
        {
            "minute": (point.onset - zero) / 60,
            "time": clock(point.onset - zero),
            "type": INTERVENTIONS.get(point.type, point.type),
            "actor": point.actor if story.access.everything else "",
            "target": point.target if story.access.everything else "",
        }
        for point in story.access.result.timeline.interventions
    ]


def record(story: Story) -> dict[str, Any]:
    """Return phases as marked, roles, points and corrections (researcher only)."""
    result, say = story.access.result, story.say
    line, zero = result.timeline, result.recording.onset
    names = {**result.protocol.roles, result.protocol.presenter_role: say("switch.presenter")}
    return {
        "phases": [
            {
                "label": band.label,
                "from": clock(60 * band.onset),
                "to": clock(60 * band.end),
                "certain": band.certain,
                "note": band.note,
            }
            for band in story.bands
        ],
        "roles": [
            {
                "person": r.person,
                "role": names.get(r.role, r.role),
                "from": clock(r.onset - zero),
                "to": clock(r.end - zero),
            }
            for r in line.roles
        ],
        "points": [
            {
                "time": clock(p.onset - zero),
                "what": say(f"record.point.{p.kind}"),
                "type": INTERVENTIONS.get(p.type, p.type)
                or (f"{p.value:.0f}" if np.isfinite(p.value) else ""),
                "actor": p.actor,
                "target": p.target,
            }
            for p in line.points
            if p.kind != "speech"
        ],
        "corrections": [
            say("record.correction", mark=a.mark, action=a.action, by=a.by, note=a.note)
            for a in line.applied
        ],
    }


def findings(story: Story) -> dict[str, Any]:
    """Return what was noticed: everything for the researcher, counts for the leader."""
    found, say = story.access.result.findings, story.say
    counts = Counter(f.severity for f in found)
    count = say(
        "findings.count",
        problems=counts[Severity.PROBLEM],
        warnings=counts[Severity.WARNING],
        notes=counts[Severity.NOTE],
    )
    order = list(Severity)[::-1]
    listed = sorted(found, key=lambda f: order.index(f.severity)) if story.access.everything else []
    return {"count": count, "listed": listed, "any": bool(found)}


def details(story: Story, now: datetime) -> dict[str, Any]:
    """Return methods in sentences, every setting, files with checksums, versions."""
    made = provenance(story.access.result, now)
    return {
        "methods": _methods(story),
        "settings": list(_flat(made.settings)),
        "inputs": made.inputs,
        "protocol": {"id": made.protocol, "sha256": made.protocol_sha256},
        "versions": story.say(
            "method.versions",
            arousal=made.arousal,
            python=made.python,
            packages=", ".join(f"{k} {v}" for k, v in made.packages.items()),
            plotly=plotly_bundle().version,
        ),
        "words": [
            story.say(f"method.word_{w}") for w in ("arousal", "median", "half", "index", "vagal")
        ],
    }


def _methods(story: Story) -> list[str]:
    """Generate the methods from the settings that were used."""
    s, say = story.access.result.settings, story.say
    thresholds = ", ".join(f"{site} {value:g} µS" for site, value in s.eda.scr_threshold.items())
    return [
        say(
            "method.windows",
            short=f"{s.windows.durations[0]:g}",
            long=f"{s.windows.rmssd_from:g}",
            step=f"{s.windows.step:g}",
            hr=_percent(s.windows.hr_coverage),
            hrv=_percent(s.windows.hrv_coverage),
            eda=_percent(s.windows.eda_coverage),
        ),
        say(
            "method.beats",
            flag=_percent(s.beats.corrected_flag),
            refuse=_percent(s.beats.corrected_refuse),
        ),
        say(
            "method.eda",
            thresholds=thresholds,
            low=f"{s.eda.low:g}",
            high=f"{s.eda.high:g}",
            slope=f"{s.eda.max_slope:g}",
            surround=f"{s.eda.surround:g}",
        ),
        say("method.speech", speech=_percent(s.windows.speech_max)),
        say(
            "method.align",
            edge=f"{s.align.edge:g}",
            edge_short=f"{s.align.edge_short:g}",
            short_phase=f"{s.align.short_edge_phase / 60:g}",
            edge_discussion=f"{s.align.edge_discussion:g}",
            valid=_percent(s.align.min_valid),
            seconds=f"{s.align.min_seconds:g}",
            fast=f"{s.align.min_seconds_fast:g}",
        ),
        say("method.index"),
        say("method.grades"),
    ]


def _percent(fraction: float) -> str:
    return f"{100 * fraction:g} %"


def _flat(table: Any, prefix: str = "") -> list[tuple[str, str]]:
    if isinstance(table, dict):
        return [pair for k, v in table.items() for pair in _flat(v, f"{prefix}{k}.")]
    return [(prefix.rstrip("."), str(table))]
