"""What a study shows beside its registered hypothesis, over all its sessions. All exploratory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from arousal.derivatives import write_table
from arousal.hypothesis.agreement import Agreement, agreement
from arousal.hypothesis.dissociation import BAND, BandTime, block_dissociation
from arousal.hypothesis.event_tests import EventTest, over_sessions
from arousal.hypothesis.group_synchrony import synchrony_tests
from arousal.hypothesis.hypothesis_file import Hypothesis
from arousal.hypothesis.polarity_arousal import link_tests
from arousal.hypothesis.polarity_course import load_polarity_course
from arousal.hypothesis.recovery_tests import recovery_tests
from arousal.study.case_course import case_course
from arousal.study.reading import SessionReading, repeats_of
from arousal.tables import Table
from arousal.tables.exploration import (
    AGREEMENT,
    BANDS,
    CASE_COURSE,
    DISSOCIATION,
    EVENTS,
    LINKS,
    RECOVERY,
    SYNCHRONY,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Exploration", "explore_study", "write_exploration"]

SEED = 20_260_101
"""Of the shuffles of synchrony: the same study has the same numbers in every run."""
DRAWS = 99
"""Shuffles per block; their mean is what a study is tested against."""


@dataclass(frozen=True, slots=True, eq=False)
class Exploration:
    """A study's exploratory tables; each may be empty. Researchers only.

    Parameters
    ----------
    events, synchrony, recovery, links, agreement, dissociation, bands, case_course : DataFrame
        Tables of `arousal.tables.exploration`, by their names.
    provenance : str
        Where the expected course of the polarities comes from; it is no data.
    """

    events: pd.DataFrame
    synchrony: pd.DataFrame
    recovery: pd.DataFrame
    links: pd.DataFrame
    agreement: pd.DataFrame
    dissociation: pd.DataFrame
    bands: pd.DataFrame
    case_course: pd.DataFrame
    provenance: str

    def tables(self) -> dict[Table, pd.DataFrame]:
        """Return each declared table with its frame, in the order of the page."""
        declared = (
            *(EVENTS, SYNCHRONY, RECOVERY, LINKS),
            *(AGREEMENT, DISSOCIATION, BANDS, CASE_COURSE),
        )
        return {table: getattr(self, table.name) for table in declared}


def explore_study(readings: Sequence[SessionReading], hypothesis: Hypothesis) -> Exploration:
    """Test and describe what is not registered, over the sessions of a study.

    Parameters
    ----------
    readings : sequence of SessionReading
        Of all sessions.
    hypothesis : Hypothesis
        Says what makes blocks one unit.
    """
    explored = [r.explored for r in readings]
    repeats = repeats_of(readings, hypothesis)
    same = _repeating_sessions(readings, hypothesis)
    events = over_sessions([e for x in explored for e in x.events], same)
    synchrony = synchrony_tests(
        [g for x in explored for g in x.groups],
        rng=np.random.default_rng(SEED),
        draws=DRAWS,
        repeats=repeats,
    )
    recovery = recovery_tests([b for x in explored for b in x.recoveries], repeats)
    links = link_tests([link for r in readings for link in r.links], repeats)
    rated = [r.ratings for r in readings if r.ratings is not None]
    return Exploration(
        events=_frame(EVENTS, events, _event),
        synchrony=_frame(SYNCHRONY, synchrony),
        recovery=_frame(RECOVERY, recovery),
        links=_frame(LINKS, links),
        agreement=_frame(AGREEMENT, agreement(rated) if rated else (), _agreement),
        dissociation=_dissociation(readings),
        bands=_bands([b for x in explored for b in x.bands]),
        case_course=case_course(r.course for r in readings if r.course is not None),
        provenance=load_polarity_course().provenance,
    )


def _repeating_sessions(
    readings: Sequence[SessionReading], hypothesis: Hypothesis
) -> dict[str, str]:
    """Session -> what it shares with others: the group, or the one presenter of its cases."""
    if hypothesis.cluster == "group":
        return _groups(readings)
    if hypothesis.cluster != "presenter":
        return {}
    presenters = {r.session: set(r.presenters.values()) for r in readings}
    return {s: people.pop() for s, people in presenters.items() if len(people) == 1}


def _groups(readings: Sequence[SessionReading]) -> dict[str, str]:
    return {r.session: r.group for r in readings if r.group}


def _frame(
    table: Table, rows: Iterable[Any], told: Callable[[Any], Mapping[str, Any]] = asdict
) -> pd.DataFrame:
    plain = [told(row) for row in rows]
    return table.frame({name: [row[name] for row in plain] for name in table.names})


def _event(test: EventTest) -> dict[str, Any]:
    agrees = {True: "yes", False: "no", None: "not known"}[test.agrees]
    return {**asdict(test), "agrees": agrees}


def _agreement(found: Agreement) -> dict[str, Any]:
    icc = found.icc
    numbers = dict.fromkeys(AGREEMENT.names, np.nan) | {"raters": 0, "targets": 0}
    told = asdict(icc) if icc is not None else {}
    return numbers | told | {"measure": found.measure, "reason": found.reason}


def _dissociation(readings: Sequence[SessionReading]) -> pd.DataFrame:
    import pandas as pd

    # z is relative to the probes of one session: scales and sensors differ between evenings.
    parts = [block_dissociation(r.explored.probes) for r in readings if r.explored.probes]
    parts = [p[p["n"] > 0] for p in parts]
    if not any(len(p) for p in parts):
        return DISSOCIATION.empty()
    rows = pd.concat([p for p in parts if len(p)], ignore_index=True)
    return DISSOCIATION.frame({name: rows[name].to_numpy() for name in DISSOCIATION.names})


def _bands(found: Sequence[BandTime]) -> pd.DataFrame:
    phases = dict.fromkeys(b.phase for b in found)
    rows = []
    for phase in phases:
        own = [b for b in found if b.phase == phase]
        shares = {
            f: float(np.mean([getattr(b, f) for b in own])) for f in ("below", "inside", "above")
        }
        rows.append(
            {"phase": phase, "band_low": BAND[0], "band_high": BAND[1], "n": len(own), **shares}
        )
    return _frame(BANDS, rows, dict)


def write_exploration(found: Exploration, folder: Path) -> None:
    """Write each table that has rows as TSV with its sidecar; an old one that has none goes."""
    for table, frame in found.tables().items():
        path = folder / f"{table.name}.tsv"
        if len(frame):
            write_table(frame, table, path)
            continue
        for old in (path, path.with_suffix(".json")):
            old.unlink(missing_ok=True)
