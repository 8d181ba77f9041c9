"""The tables of a page as plain values, one function for each section."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
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
from dashboards.estimates import Cell, members_change, person_cells, person_change
from dashboards.messages import Messages
from dashboards.plotly_bundle import plotly_bundle
from dashboards.story import Story
from dashboards.terms import advice_words, quality_sentence, reason_words
from dashboards.words import expectation, grade, one_person

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
RARE = 0.01
"""Share of windows below which a reason that is no reason for the whole sensor is not named."""
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
        cells = [story.cell(band, m) for m in measures]
        rows.append(
            {
                "band": band,
                "length": _length(story, band),
                "cells": [_cell(story, m, c) for m, c in zip(measures, cells, strict=True)],
                "words": story.words(band, cells[0]) if cells else "",
            }
        )
    return {"measures": measures, "rows": rows}


def _length(story: Story, band: Band) -> str:
    minutes = sum(b.minutes for b in story.bands if b.number == band.number)
    about = "" if band.certain else story.say("phases.approximate")
    return f"{about}{minutes:.0f}"


def _cell(story: Story, measure: str, cell: Cell) -> dict[str, Any]:
    digits, say = DIGITS.get(measure, 1), story.say
    value = cell.value
    spread = ""
    if np.isfinite(value.low):
        spread = f"{say.number(value.low, digits)} – {say.number(value.high, digits)}"
    coverage = say.percent(cell.coverage) if np.isfinite(cell.coverage) else ""
    return {
        "measure": measure,
        "value": say.number(value.mid, digits),
        "spread": spread,
        "n": value.n,
        "coverage": coverage,
        "shown": value.shown,
        "sure": str(grade(value)),
    }


def person_table(story: Story) -> dict[str, Any]:
    """Return everybody's own numbers per phase (researcher only)."""
    say, names = story.say, role_names(story)
    measures = shown_measures(story)
    rows = []
    for band in distinct(story.bands):
        for person, role, cells in person_cells(story.access, band, measures):
            shown = [
                {
                    "value": say.number(c.value.mid, DIGITS.get(m, 1)),
                    "spread": say.number(
                        (c.value.high - c.value.low) / 2, DIGITS.get(m, 1), signed=False
                    ),
                    "n": c.value.n,
                    "coverage": say.percent(c.coverage),
                    "reason": reason_words(c.reason, say),
                    "shown": c.value.shown,
                }
                for m, c in zip(measures, cells, strict=True)
            ]
            rows.append(
                {"band": band, "person": person, "role": names.get(role, role), "cells": shown}
            )
    return {"measures": measures, "rows": rows}


def trust(story: Story) -> dict[str, Any]:
    """Return how much was usable and why not; per person for the researcher only."""
    say, quality = story.say, story.access.result.quality
    reasons = Counter(
        code for codes in quality["reasons"] for code in str(codes).split(";") if code
    )
    people = []
    if story.access.everything:
        people = [_sensor(story, row) for row in quality.to_dict(orient="records")]
    return {
        "sentences": story.usable(),
        "scale": "" if story.access.person else f"{say('trust.better')} {say('trust.worse')}",
        "reasons": [
            story.say.count(
                "trust.reason_people", n, sentence=quality_sentence(code, story.say).rstrip(".")
            )
            for code, n in reasons.most_common()
        ],
        "people": people,
    }


def _sensor(story: Story, row: dict[Any, Any]) -> dict[str, Any]:
    say = story.say
    codes = str(row["reasons"])
    gaps = "0"
    if row["gaps"]:
        gaps = say("trust.gap_cell", n=row["gaps"], seconds=f"{row['longest_gap']:.0f}")
    return {
        "person": row["person"],
        "kind": say.term("kind", str(row["kind"])),
        "source": row["source"],
        "rate": say.number(row["rate"], 1, signed=False),
        "usable": row["usable_fraction"],
        "percent": say.percent(row["usable_fraction"]),
        "gaps": gaps,
        "corrected": say.percent(row["corrected_fraction"], 1),
        "used": bool(row["used"]),
        "why": " ".join(_reasons(codes, str(row["reason_windows"]), say)) or say("trust.fine"),
        "advice": advice_words(codes, str(row["advice"]), say),
    }


def _reasons(codes: str, windows: str, say: Messages) -> list[str]:
    """Return why, in sentences: first what holds for the sensor, then what only windows show.

    Each with the share of windows that it hit (``reason_windows``), where that is known. That
    somebody never responds is said of the session, not of its windows.
    """
    pairs = (part.split("=") for part in windows.split(";") if part)
    hit = {code: float(share) for code, share in pairs if code != Quality.NON_RESPONDER}
    named = [code for code in codes.split(";") if code]
    named += [code for code, share in hit.items() if share >= RARE and code not in named]
    return [_reason(code, hit.get(code), say) for code in named]


def _reason(code: str, share: float | None, say: Messages) -> str:
    sentence = quality_sentence(code, say)
    if share is None:
        return sentence
    return say("trust.hit", sentence=sentence.rstrip("."), share=say.percent(share))


def role_names(story: Story) -> dict[str, str]:
    """Return role id -> name, the presenter's included."""
    protocol, say = story.access.result.protocol, story.say
    names = {role: say.term("role", name) for role, name in protocol.roles.items()}
    return {**names, protocol.presenter_role: say("term.role.presenter")}


def expected(story: Story, course: Course | None) -> dict[str, Any] | None:
    """Return the hypothesis, its provenance, and what this session shows of it."""
    if course is None:
        return None
    say = story.say
    blocks = sorted({b.block for b in story.bands if b.block})
    rows = [
        {"statement": say.term("course", item.statement), "seen": _seen_in(story, item, blocks)}
        for item in course.expectations
    ]
    origin = say(
        "expected.provenance",
        name=course.name,
        version=course.version,
        date=course.date.isoformat(),
        provenance=say.term("course", course.provenance),
        source=course.source,
    )
    return {"statement": say.term("course", course.statement), "rows": rows, "provenance": origin}


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
            "type": _point_type(story, point.type),
            "actor": point.actor if story.access.everything else "",
            "target": point.target if story.access.everything else "",
        }
        for point in story.access.result.timeline.interventions
    ]


def _point_type(story: Story, kind: str) -> str:
    if kind in INTERVENTIONS:
        return story.say.term("intervention", INTERVENTIONS[kind])
    return story.say.term("incident", kind)


def record(story: Story) -> dict[str, Any]:
    """Return phases as marked, roles, points and corrections (researcher only)."""
    result, say = story.access.result, story.say
    line, zero = result.timeline, result.recording.onset
    names = role_names(story)
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
                "type": _point_type(story, p.type)
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
        problems=say.count("findings.problems", counts[Severity.PROBLEM]),
        warnings=say.count("findings.warnings", counts[Severity.WARNING]),
        notes=say.count("findings.notes", counts[Severity.NOTE]),
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
        "inputs": _inputs(story, made.inputs),
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


def _inputs(story: Story, inputs: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the files; numbered for all but the researcher, as a name may be a person's."""
    return [
        {**file, "path": file["path"] if story.access.everything else str(number)}
        for number, file in enumerate(inputs, start=1)
    ]


def _methods(story: Story) -> list[str]:
    """Generate the methods from the settings that were used."""
    s, say = story.access.result.settings, story.say
    thresholds = ", ".join(
        f"{say.term('site', site)} {say.plain(value)} µS"
        for site, value in s.eda.scr_threshold.items()
    )
    return [
        say(
            "method.windows",
            short=say.plain(s.windows.durations[0]),
            long=say.plain(s.windows.rmssd_from),
            step=say.plain(s.windows.step),
            hr=say.percent(s.windows.hr_coverage, None),
            hrv=say.percent(s.windows.hrv_coverage, None),
            eda=say.percent(s.windows.eda_coverage, None),
        ),
        say(
            "method.beats",
            flag=say.percent(s.beats.corrected_flag, None),
            refuse=say.percent(s.beats.corrected_refuse, None),
        ),
        say(
            "method.eda",
            thresholds=thresholds,
            low=say.plain(s.eda.low),
            high=say.plain(s.eda.high),
            slope=say.plain(s.eda.max_slope),
            surround=say.plain(s.eda.surround),
        ),
        say("method.speech", speech=say.percent(s.windows.speech_max, None)),
        say(
            "method.align",
            edge=say.plain(s.align.edge),
            edge_short=say.plain(s.align.edge_short),
            short_phase=say.plain(s.align.short_edge_phase / 60),
            edge_discussion=say.plain(s.align.edge_discussion),
            valid=say.percent(s.align.min_valid, None),
            seconds=say.plain(s.align.min_seconds),
            fast=say.plain(s.align.min_seconds_fast),
        ),
        say("method.index"),
        say("method.grades"),
    ]


def _flat(table: Any, prefix: str = "") -> list[tuple[str, str]]:
    if isinstance(table, dict):
        return [pair for k, v in table.items() for pair in _flat(v, f"{prefix}{k}.")]
    return [(prefix.rstrip("."), str(table))]
