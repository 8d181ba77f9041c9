"""What a researcher's page shows beside the curves: synchrony, recovery, self-reports, checklist.

Everything here but the checklist is exploratory, says so, and never reaches a page for people of
the group. The numbers are those of `arousal.study.explored` and `arousal.hypothesis`.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from arousal.hypothesis.checklist import Item, checklist
from arousal.hypothesis.group_synchrony import PhaseSynchrony, phase_synchrony
from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.phase_align.timeline import clock
from arousal.study.explored import SessionExplored, explore
from arousal.study.reading import frames_of
from arousal.study.summary import StudySummary, tally

if TYPE_CHECKING:
    from arousal.pipeline import Measured, SessionResult
    from dashboards.story import Story

__all__ = ["Beyond", "beyond_tables", "look_beyond"]

HYPOTHESIS = "farkas2024"
"""Whose items the checklist asks about; the page draws its expected course as well."""
DRAWS = 199
"""Shuffles per phase: enough to show a value beside chance, which is all that is claimed."""


@dataclass(frozen=True, slots=True, eq=False)
class Beyond:
    """One session's exploratory numbers, and what a paper about it would have to tell.

    Parameters
    ----------
    explored : SessionExplored
        Recoveries, self-reports and more.
    synchrony : tuple of PhaseSynchrony
        Per phase, signal and method.
    items : tuple of Item
        The reporting checklist.
    """

    explored: SessionExplored
    synchrony: tuple[PhaseSynchrony, ...]
    items: tuple[Item, ...]


def look_beyond(measured: Measured, result: SessionResult) -> Beyond:
    """Compute what a researcher's page shows beside the curves; takes some seconds.

    Parameters
    ----------
    measured : Measured
        The session.
    result : SessionResult
        The same, with those who agreed to research.
    """
    name = result.recording.id or "session"
    found = explore(frames_of(name, measured, result), measured, result, ())
    # The same session has the same shuffles in every run.
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    count = StudySummary()
    count.add(tally(measured, result))
    facts = count.facts(_described(result))
    return Beyond(
        found,
        tuple(s for g in found.groups for s in phase_synchrony(g, rng=rng, draws=DRAWS)),
        checklist(facts, load_hypothesis(HYPOTHESIS).hypothesis),
    )


def _described(result: SessionResult) -> frozenset[str]:
    """Return what is told of the persons of this session, as the checklist names it."""
    people = (result.source.participants or {}).values()
    found: set[str] = set()
    for row in (p for p in people if p.participant_id in result.persons):
        found |= row.covariates.keys()
        found |= {"age"} if row.age_band else set()
        found |= {"sex"} if row.sex else set()
    return frozenset(found)


def beyond_tables(story: Story, beyond: Beyond) -> dict[str, Any]:
    """Return the page's tables as plain words."""
    return {
        "tables": [
            table
            for table in (
                _synchrony(story, beyond.synchrony),
                _recovery(story, beyond.explored),
                _probes(story, beyond.explored),
            )
            if table["rows"]
        ],
        "items": beyond.items,
        "filled": sum(item.state == "filled" for item in beyond.items),
        "asked": sum(item.state != "not applicable" for item in beyond.items),
    }


def _table(
    story: Story, name: str, columns: Iterable[str], rows: list[list[str]]
) -> dict[str, Any]:
    say = story.say
    return {
        "name": name,
        "heading": say(f"beyond.{name}"),
        "about": say(f"beyond.{name}_about"),
        "columns": [say(f"beyond.{column}") for column in columns],
        "rows": rows,
    }


def _phase(story: Story, phase: str, block: int) -> str:
    bands = [b for b in story.bands if b.phase == phase and b.block in {block, 0}]
    return bands[0].label if bands else phase


def _synchrony(story: Story, found: Iterable[PhaseSynchrony]) -> dict[str, Any]:
    say = story.say
    rows = [
        [
            _phase(story, s.phase, s.block),
            say(f"short.{s.signal}"),
            say(f"beyond.method.{s.method}"),
            say.number(s.r, 2),
            say.number(s.expected, 2),
            say.number(s.p, 3, signed=False),
            str(s.persons),
            str(s.segments),
        ]
        for s in found
        if math.isfinite(s.r)
    ]
    columns = ("phase", "signal", "how", "r", "chance", "p", "people", "segments")
    return _table(story, "synchrony", columns, rows)


def _recovery(story: Story, found: SessionExplored) -> dict[str, Any]:
    say = story.say
    rows = [
        [
            r.found.person,
            str(r.found.block or "–"),
            say(f"short.{r.measure}"),
            say.number(r.found.mean, 0, signed=False),
            say.number(r.found.expected, 0, signed=False),
            str(r.found.peaks),
            str(r.found.censored),
        ]
        for r in found.recoveries
        if math.isfinite(r.found.mean)
    ]
    columns = ("person", "case", "signal", "seconds", "wandering", "peaks", "unfinished")
    return _table(story, "recovery", columns, rows)


def _probes(story: Story, found: SessionExplored) -> dict[str, Any]:
    say, zero = story.say, story.access.result.recording.onset
    rows = [
        [
            p.person,
            clock(p.onset - zero),
            _phase(story, p.phase, p.block),
            say.number(p.report, 0, signed=False),
            say.number(p.skin, 2),
        ]
        for p in found.probes
    ]
    return _table(story, "probes", ("person", "when", "phase", "report", "skin"), rows)
