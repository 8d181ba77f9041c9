"""A session's tables made by hand, with a known course, for tests of the page alone.

Heights (robust z of every measure): members 0 at baseline, `HEIGHTS` in the other phases, the
presenter 1 higher in the presentation. Person k of n lies ``(k - (n-1)/2) * SPREAD`` beside it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pandas as pd

from arousal.findings import Finding, Severity
from arousal.phase_align.curves import group_curves
from arousal.phase_align.timeline import CaseBlock, PhaseInterval, PointEvent, Timeline
from arousal.pipeline import SessionInput, SessionResult
from arousal.protocol import load_protocol
from arousal.recording import Event, Kind, Person, Recording, Signal, Source
from arousal.session import PURPOSES, SessionFile, StudyFile
from arousal.settings import Settings
from arousal.tables import CURVES, FEATURES, INDEX_ID, MEASURES, PHASES, QUALITY

HEIGHTS = {
    "baseline": 0.0,
    "opening": 0.3,
    "session": 0.5,
    "presentation": 1.2,
    "questions": 0.8,
    "discussion": 0.6,
    "return": -0.4,
    "closing": 0.1,
    "recovery": 0.0,
}
MINUTES = {
    "baseline": 6,
    "opening": 7,
    "presentation": 13,
    "questions": 7,
    "discussion": 45,
    "return": 8,
    "closing": 4,
    "recovery": 5,
}
SPREAD = 0.05
STEP = 10.0
UNITS = {"heart_rate": 6.0, "scr_rate": 2.0, "ln_scl": 0.2, "ln_rmssd": 0.25, INDEX_ID: 1.0}
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(1)>"


def timeline() -> Timeline:
    phases: list[PhaseInterval] = []
    now = 0.0
    for phase, minutes in MINUTES.items():
        block = int(phase in {"presentation", "questions", "discussion", "return"})
        end = now + 60.0 * minutes
        phases.append(PhaseInterval(phase, block, now, end, f"m{len(phases)}"))
        now = end
    points = (
        PointEvent("intervention", 2400.0, actor="P01", type="protects", mark="i1"),
        PointEvent("intervention", 3000.0, actor="P01", type="reflexive", mark="i2"),
    )
    case = CaseBlock(1, phases[2].onset, phases[5].end, "P03")
    return Timeline(0.0, now, tuple(phases), (case,), (), points, "member")


def two_cases() -> Timeline:
    """The same evening with two shorter cases, both told by P03."""
    case = ("presentation", "questions", "discussion", "return")
    order = [("baseline", 0), ("opening", 0), *((p, b) for b in (1, 2) for p in case)]
    order += [("closing", 0), ("recovery", 0)]
    phases: list[PhaseInterval] = []
    now = 0.0
    for name, block in order:
        end = now + 60.0 * MINUTES[name] / (2 if block else 1)
        phases.append(PhaseInterval(name, block, now, end, f"m{len(phases)}"))
        now = end
    cases = tuple(CaseBlock(b, phases[4 * b - 2].onset, phases[4 * b + 1].end, "P03")
                  for b in (1, 2))  # fmt: skip
    return Timeline(0.0, now, tuple(phases), cases, (), timeline().points * 7, "member")


def session(people, *, consent=PURPOSES, released=(), small=True) -> SessionFile:
    given = {p: "2026-03-01" for p in consent if small or p != "small_group_view"}
    return SessionFile.model_validate(
        {
            "id": "2026-03-12",
            "people": {p: {"role": role_of(p, 0)} for p in people},
            "consent": dict.fromkeys(people, given) if consent else {},
            "release": dict.fromkeys(released, "2026-03-13T20:00:00+01:00"),
        }
    )


def role_of(person: str, block: int) -> str:
    if person == "P03" and block:
        return "presenter"
    return {"P01": "leader", "P02": "co_leader"}.get(person, "member")


def dyad(*, released: bool) -> SessionResult:
    """A therapist and a patient (P02), as a leader would read it."""
    protocol = load_protocol("mbt-individual-50")
    phases = (
        PhaseInterval("baseline", 0, 0.0, 360.0, "m0"),
        PhaseInterval("session", 0, 360.0, 2400.0, "m1"),
    )
    people = ("P01", "P02")
    given = session(people, released=("P02",) if released else ())
    result = session_result(
        2, purpose="group_view", session_file=given, line=Timeline(0.0, 2400.0, phases)
    )
    roles = {"leader": "therapist", "co_leader": "patient"}
    curves, table = (
        f.assign(role=f["role"].replace(roles)) for f in (result.curves, result.phases)
    )
    return replace(
        result,
        source=replace(result.source, protocol=protocol),
        curves=curves,
        phases=table,
        group=group_curves(curves, protocol),
    )


def _curve_rows(people, line: Timeline, gap=None, seed=1):
    rng = np.random.default_rng(seed)
    times = np.arange(30.0, line.end - 30, STEP)
    frames = []
    for k, person in enumerate(people):
        for phase in line.phases:
            at = times[(times >= phase.onset) & (times < phase.end)]
            height = HEIGHTS[phase.phase] + (k - (len(people) - 1) / 2) * SPREAD
            if person == "P03" and phase.phase == "presentation":
                height += 1.0
            if phase.phase == "baseline":
                height = 0.0
            noise = np.convolve(rng.normal(size=at.size + 20), np.ones(21) / 21, "valid")
            for measure, unit in UNITS.items():
                sign = -1 if measure == "ln_rmssd" else 1
                z = height + noise
                if gap is not None and person in gap[2]:
                    z = np.where((at >= gap[0]) & (at < gap[1]), np.nan, z)
                frames.append(
                    pd.DataFrame(
                        {
                            "person": person,
                            "role": role_of(person, phase.block),
                            "block": phase.block,
                            "phase": phase.phase,
                            "time": at,
                            "phase_time": at - phase.onset,
                            "progress": (at - phase.onset) / (phase.end - phase.onset),
                            "measure": measure,
                            "value": sign * z * unit,
                            "change": sign * z * unit,
                            "z": z,
                        }
                    )
                )
    return pd.concat(frames, ignore_index=True)


def _phase_rows(curves, baseline):
    keys = ["person", "role", "block", "phase", "measure"]
    own = curves.groupby(keys, sort=False)["change"].agg(["mean", "std", "count", "size"])
    own = own.reset_index()
    own["coverage"] = own["count"] / own["size"]
    valid = own["coverage"] >= 0.5
    own["value"] = own["mean"].where(valid)
    own["low"], own["high"] = own["value"] - own["std"], own["value"] + own["std"]
    own["reason"] = np.where(valid, "", "fewer than half of the windows are valid")
    own["n"] = own["count"]
    members = own[own["role"] == "member"]
    group = members.groupby(["block", "phase", "measure"], sort=False)
    both = group.agg(
        value=("value", "median"),
        low=("value", lambda v: v.quantile(0.25)),
        high=("value", lambda v: v.quantile(0.75)),
        n=("value", "count"),
        coverage=("coverage", "mean"),
    ).reset_index()
    both = both.assign(person="members", role="member", reason="")
    table = pd.concat([own, both], ignore_index=True)
    units = {m.id: m.unit for m in MEASURES} | {INDEX_ID: "z"}
    return table.assign(unit=table["measure"].map(units), baseline=baseline)


def _quality_rows(people):
    rows = []
    for k, person in enumerate(people):
        for kind, rate in (("ecg", 130.0), ("eda", 4.0)):
            weak = k == 4 and kind == "eda"
            rows.append(
                {
                    "person": person,
                    "kind": kind,
                    "source": f"{kind}-{person}",
                    "rate": rate,
                    "declared_rate": rate,
                    "seconds": 5700.0,
                    "usable_fraction": 0.41 if weak else 0.97,
                    "gaps": 3 if weak else 0,
                    "gap_seconds": 200.0 if weak else 0.0,
                    "longest_gap": 120.0 if weak else 0.0,
                    "corrected_fraction": np.nan if kind == "eda" else 0.012,
                    "used": True,
                    "reasons": "no-contact;gap" if weak else "",
                    "reason_windows": "no-contact=0.3;gap=0.05" if weak else "",
                    "advice": "Press the finger sensor on." if weak else "",
                }
            )
    return pd.DataFrame(rows)


def _typed(table, frame):
    return table.frame({name: frame[name].to_numpy() for name in table.names})


@cache
def _tables(people, line: Timeline, gap) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Curves, the group's curves and phases; kept, because most tests ask for the same."""
    rows = _curve_rows(people, line, gap)
    curves = _typed(CURVES, rows)
    group = group_curves(curves, load_protocol("balint-90"))
    return curves, group, _typed(PHASES, _phase_rows(rows, "baseline"))


def session_result(
    n_people=10, *, purpose="research", session_file="default", gap=None, line=None, source=None
) -> SessionResult:
    """Tables of a session: P01 and P02 lead, P03 presents, the rest are members."""
    people = tuple(f"P{k + 1:02d}" for k in range(n_people))
    line = timeline() if line is None else line
    chosen = session(people) if session_file == "default" else session_file
    times = np.arange(0.0, 5700.0, 1.0)
    recording = Recording(
        tuple(
            Person(
                p, (Signal(Kind.HR, np.full(times.size, 70.0), times, 1.0, source or f"hr-{p}"),)
            )
            for p in people
        ),
        (Event(0.0, "Baseline", id="m0"),),
        id="2026-03-12",
        started=NOW - timedelta(days=8),
        sources=(Source("recording.xdf", "ab" * 32, "XDF"),),
    )
    curves, group, phases = (table.copy() for table in _tables(people, line, gap))
    note = Finding("clock-offset", "clock offsets were applied", Severity.NOTE)
    weak = Finding(
        "eda-contact", "the skin sensor had no contact", Severity.WARNING, source or "P05", "press"
    )
    given = SessionInput(recording, load_protocol("balint-90"), Settings(), chosen)
    return SessionResult(
        source=given,
        purpose=purpose,
        persons=people,
        timeline=line,
        features=FEATURES.empty(),
        curves=curves,
        group=group,
        phases=phases,
        quality=_typed(QUALITY, _quality_rows(people)),
        index_parts={p: tuple(m.id for m in MEASURES) for p in people},
        findings=(note, weak),
    )


def in_study(result: SessionResult, language: str) -> SessionResult:
    """The same session as part of a study that speaks a language."""
    study = StudyFile.model_validate({"name": "a study", "language": language})
    return replace(result, source=replace(result.source, study=study))


def without_markers() -> SessionResult:
    """The same without any mark: one stretch without a name, no phase table."""
    full = session_result()
    end = full.timeline.end
    line = Timeline(
        0.0, end, (PhaseInterval("", 0, 0.0, end, certain=True),), default_role="member"
    )
    curves = full.curves.assign(phase="", block=0, phase_time=full.curves["time"])
    curves["progress"] = curves["time"] / end
    curves["role"] = [role_of(p, 0) for p in curves["person"]]
    return replace(
        full,
        timeline=line,
        curves=_typed(CURVES, curves),
        group=group_curves(_typed(CURVES, curves), load_protocol("balint-90")),
        phases=PHASES.empty(),
    )
