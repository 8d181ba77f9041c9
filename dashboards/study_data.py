"""What the study page's own script draws from: numbers packed as small integers.

Curves are whole numbers of a measure's step (0.1 bpm, 0.05/min ...), which is far below what can
be read off a figure and packs to a fifth of the text. A step grows where a value would not fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from arousal.hypothesis.hypothesis_file import LEAST_BLOCKS
from arousal.protocol import Protocol
from arousal.study.condensed import BINS
from arousal.tables import INDEX_ID, MEASURES
from dashboards.messages import Messages
from dashboards.theme import LIGHT, phase_colour, tint

if TYPE_CHECKING:
    import pandas as pd

    from arousal.study.overview import StudyOverview

__all__ = ["DIGITS", "GROUPS", "phase_columns", "study_data"]

GROUPS = ("members", "presenter", "leaders")
STEPS = {"heart_rate": 0.1, "scr_rate": 0.05, "ln_scl": 0.005, "ln_rmssd": 0.005, INDEX_ID: 0.02}
DIGITS = {"heart_rate": 1, "scr_rate": 1, "ln_scl": 2, "ln_rmssd": 2, INDEX_ID: 1}
KEY = ("measure", "group", "session", "block", "phase")
Packed = dict[str, dict[str, list[Any]]]
LARGEST = 30_000
"""Steps that a number may have."""
FINER = 10
"""Phase means stand in tables and are kept in tenths of a step."""


def phase_columns(protocols: Sequence[Protocol], say: Messages) -> list[dict[str, Any]]:
    """Return the phases of all protocols, each once, in an order that every protocol agrees to.

    A phase that a later protocol brings along stands behind the one that comes before it there.
    """
    order: list[str] = []
    known: dict[str, dict[str, Any]] = {}
    for protocol in protocols:
        active = [p.id for p in protocol.phases if not p.quiet]
        at = 0
        for phase in protocol.phases:
            if phase.id in order:
                at = order.index(phase.id) + 1
                continue
            order.insert(at, phase.id)
            at += 1
            colour = phase_colour(0 if phase.quiet else active.index(phase.id), phase.quiet)
            known[phase.id] = {
                "id": phase.id,
                "name": say.term("phase", phase.name),
                "case": phase.part == "case",
                "fill": tint(colour, 0.13),
                "edge": tint(colour, 0.85),
            }
    return [known[name] for name in order]


def study_data(
    overview: StudyOverview, columns: Sequence[Mapping[str, Any]], say: Messages
) -> dict[str, Any]:
    """Return everything that the filters choose from, JSON-ready.

    Parameters
    ----------
    overview : StudyOverview
        The study.
    columns : sequence of mapping
        From `phase_columns`.
    say : Messages
        The catalogue.
    """
    sessions = [s for s in overview.sessions if s.state != "unreadable"]
    place = {s.id: at for at, s in enumerate(sessions)}
    units = [(s.id, b) for s in sessions if s.state == "processed" for b in (0, *s.blocks)]
    measures = _measures(overview, say)
    step = {m["id"]: m["step"] for m in measures}
    phases = {str(c["id"]): at for at, c in enumerate(columns)}
    contrasts, values = _contrasts(overview, place)
    return {
        "colours": asdict(LIGHT),
        "least": LEAST_BLOCKS,
        "bins": BINS,
        "finer": FINER,
        "t": _quantiles(len(units)),
        "phases": list(columns),
        "protocols": {p.id: [phases[f.id] for f in p.phases] for p in overview.protocols},
        "measures": measures,
        "sessions": [
            {"id": s.id, "protocol": s.protocol, "group": s.group, "meeting": s.meeting}
            for s in sessions
        ],
        "units": [[place[name], block] for name, block in units],
        "curves": _curves(overview.curves, units, phases, step),
        "means": _means(overview.phases, units, phases, step),
        "contrasts": contrasts,
        "values": values,
    }


def _quantiles(units: int) -> list[float]:
    """The t at .975 for 1, 2, ... degrees of freedom, as many as there can be."""
    from scipy import stats

    found: list[float] = np.asarray(stats.t.ppf(0.975, np.arange(1, max(units, 2)))).tolist()
    return [round(t, 5) for t in found]


def _measures(overview: StudyOverview, say: Messages) -> list[dict[str, Any]]:
    """Those with any curve; heart rate and its like first, the display index last."""
    frame = overview.curves
    there = set(frame["measure"]) if "measure" in frame else set()
    own = (m for m in MEASURES if m.id in there)
    found = [_measure(frame, m.id, m.label, m.unit, m.sign) for m in own]
    if INDEX_ID in there:
        label = f"{say('measure.arousal_index')} (display only)"
        found.append(_measure(frame, INDEX_ID, label, "z", 1))
    return found


def _measure(frame: pd.DataFrame, name: str, label: str, unit: str, sign: int) -> dict[str, Any]:
    largest = float(frame.loc[frame["measure"] == name, "change"].abs().max())
    step = max(STEPS[name], largest / LARGEST)
    entry = {"id": name, "label": label, "unit": unit.replace("uS", "µS"), "sign": sign}
    return {**entry, "step": step, "digits": DIGITS[name]}


def _curves(
    frame: pd.DataFrame,
    units: Sequence[tuple[str, int]],
    phases: Mapping[str, int],
    step: Mapping[str, float],
) -> Packed:
    """By measure and group one entry per unit: None, or per phase None or its bins."""
    packed = _Packed(units, phases, step)
    for *where, at, change in _cells(frame, (*KEY, "bin", "change"), units):
        own = packed.row(*where)
        if own is None:
            continue
        phase = phases[where[-1]]
        if own[phase] is None:
            own[phase] = [None] * BINS
        own[phase][at] = round(change / step[where[0]])
    return packed.content


def _means(
    frame: pd.DataFrame,
    units: Sequence[tuple[str, int]],
    phases: Mapping[str, int],
    step: Mapping[str, float],
) -> Packed:
    """By measure and group one entry per unit: None, or per phase None or [mean, people]."""
    packed = _Packed(units, phases, step)
    for *where, value, people in _cells(frame, (*KEY, "value", "people"), units):
        own = packed.row(*where)
        if own is not None:
            own[phases[where[-1]]] = [round(FINER * value / step[where[0]]), people]
    return packed.content


class _Packed:
    """Lists that are made where the first number needs them."""

    def __init__(
        self,
        units: Sequence[tuple[str, int]],
        phases: Mapping[str, int],
        step: Mapping[str, float],
    ) -> None:
        self.content: Packed = {m: {g: [None] * len(units) for g in GROUPS} for m in step}
        self._at = {unit: k for k, unit in enumerate(units)}
        self._phases = phases

    def row(
        self, measure: str, group: str, session: str, block: int, phase: str
    ) -> list[Any] | None:
        """The entry of one unit; None where the page has no place for it."""
        unit = self._at.get((session, block))
        if unit is None or measure not in self.content or phase not in self._phases:
            return None
        own = self.content[measure][group]
        if own[unit] is None:
            own[unit] = [None] * len(self._phases)
        return own[unit]  # type: ignore[no-any-return]


def _cells(
    frame: pd.DataFrame, names: Sequence[str], units: Sequence[tuple[str, int]]
) -> Iterator[tuple[Any, ...]]:
    return zip(*(frame[n].tolist() for n in names), strict=True) if units else iter(())


def _contrasts(
    overview: StudyOverview, place: Mapping[str, int]
) -> tuple[list[dict[str, Any]], list[list[Any]]]:
    """The tested contrasts, and their values as [contrast, session, block, value]."""
    if overview.tested is None:
        return [], []
    rows = overview.tested.contrasts
    rows = rows[~rows["excluded"] & rows["session"].isin(list(place))]
    labels = {m.id: m.label for m in MEASURES}
    told = {(r["contrast"], r["measure"]): r for r in overview.tested.rows}
    contrasts, values = [], []
    for at, ((contrast, measure), part) in enumerate(
        rows.groupby(["contrast", "measure"], sort=False)
    ):
        row = told[(str(contrast), str(measure))]
        contrasts.append(
            {
                "id": contrast,
                "measure": measure,
                "label": f"{contrast}, {labels.get(str(measure), str(measure).replace('_', ' '))}",
                "words": row["label"],
                "unit": str(row["unit"]).replace("uS", "µS"),
            }
        )
        columns = (part["session"], part["block"], part["value"])
        for session, block, value in zip(*(c.tolist() for c in columns), strict=True):
            values.append([at, place[session], block, float(f"{value:.4g}")])
    return contrasts, values
