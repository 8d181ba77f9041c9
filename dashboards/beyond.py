"""What a researcher's page shows beside the curves: events, expectations, synchrony and more.

Everything here but the checklist is exploratory, says so, and never reaches a page for people of
the group. The numbers are those of `arousal.study.explored` and `arousal.hypothesis`.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from arousal.hypothesis.checklist import Item, checklist
from arousal.hypothesis.group_synchrony import PhaseSynchrony, phase_synchrony
from arousal.hypothesis.hypothesis_file import HypothesisFile, load_hypothesis
from arousal.hypothesis.interventions import SessionEvents
from arousal.hypothesis.registration import registered
from arousal.hypothesis.single_session import SingleSession, single_session
from arousal.phase_align.timeline import clock
from arousal.places import study_folder
from arousal.study.explored import SessionExplored, explore
from arousal.study.reading import frames_of
from arousal.study.registered_copy import note_look, registered_copy
from arousal.study.summary import StudySummary, tally

if TYPE_CHECKING:
    from arousal.hypothesis.session_windows import SessionFrames
    from arousal.pipeline import Measured, SessionResult
    from dashboards.story import Story

__all__ = ["Beyond", "beyond_tables", "look_beyond"]

HYPOTHESIS = "farkas2024"
"""What is held against a session unless its study registered something else."""
DRAWS = 199
"""Shuffles: enough to show a value beside chance, which is all that is claimed."""


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
    expected : tuple of SingleSession or None
        This session against every contrast; ``None`` in a study that registered no hypothesis,
        where computing one would be a look at the data before it was registered.
    """

    explored: SessionExplored
    synchrony: tuple[PhaseSynchrony, ...]
    items: tuple[Item, ...]
    expected: tuple[SingleSession, ...] | None


def look_beyond(measured: Measured, result: SessionResult, now: datetime) -> Beyond:
    """Compute what a researcher's page shows beside the curves; takes some seconds.

    In a study with a registered hypothesis this is a look at the data, and noted as one.

    Parameters
    ----------
    measured : Measured
        The session.
    result : SessionResult
        The same, with those who agreed to research.
    now : datetime
        Timezone-aware; when the look is noted.
    """
    name = result.recording.id or "session"
    frames = frames_of(name, measured, result)
    found = explore(frames, measured, result, ())
    file, may_look = _hypothesis(result, now)
    # The same session has the same shuffles in every run.
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    count = StudySummary()
    count.add(tally(measured, result))
    facts = count.facts(_described(result))
    return Beyond(
        found,
        tuple(s for g in found.groups for s in phase_synchrony(g, rng=rng, draws=DRAWS)),
        checklist(facts, file.hypothesis),
        _expected(frames, file, result) if may_look else None,
    )


def _hypothesis(result: SessionResult, now: datetime) -> tuple[HypothesisFile, bool]:
    """Return what is held against this session, and whether its contrasts may be computed."""
    folder = result.source.folder
    study = study_folder(folder) if folder is not None else None
    if study is None:
        return load_hypothesis(HYPOTHESIS), True
    copy, digest = registered_copy(study)
    if not copy:
        return load_hypothesis(HYPOTHESIS), False
    note_look(study, digest, now)
    return registered(study)[0], True


def _expected(
    frames: SessionFrames, file: HypothesisFile, result: SessionResult
) -> tuple[SingleSession, ...]:
    rules, folder = file.hypothesis.exclusions, result.source.folder
    named = folder.name if folder is not None else frames.id
    if named in rules.sessions or frames.protocol.id not in file.protocol_ids:
        return ()
    kept = frames.features[~frames.features["person"].isin(rules.persons)]
    rng = np.random.default_rng(zlib.crc32(frames.id.encode()))
    seen = replace(frames, features=kept)
    return single_session(seen, file.hypothesis, rng=rng, draws=DRAWS)


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
                _events(story, beyond.explored.events),
                _single(story, beyond.expected or ()),
                _synchrony(story, beyond.synchrony),
                _recovery(story, beyond.explored),
                _probes(story, beyond.explored),
            )
            if table["rows"] or table["unanswered"]
        ],
        "notes": [story.say("beyond.unregistered")] if beyond.expected is None else [],
        "items": beyond.items,
        "filled": sum(item.state == "filled" for item in beyond.items),
        "asked": sum(item.state != "not applicable" for item in beyond.items),
    }


_WORDS = frozenset({"event", "expectation", "signal", "how", "whose", "phase"})
"""Columns of words, which begin at the left; the others hold numbers."""


def _table(
    story: Story, name: str, columns: Iterable[str], rows: list[list[str]], unanswered: int = 0
) -> dict[str, Any]:
    say, listed = story.say, tuple(columns)
    about = [say(f"beyond.{name}_about")]
    if unanswered:
        about.append(say.count("beyond.unanswered", unanswered))
    return {
        "name": name,
        "heading": say(f"beyond.{name}"),
        "about": " ".join(about),
        "columns": [say(f"beyond.{column}") for column in listed],
        "words": [column in _WORDS for column in listed],
        "rows": rows,
        "unanswered": unanswered,
    }


def _phase(story: Story, phase: str, block: int) -> str:
    bands = [b for b in story.bands if b.phase == phase and b.block in {block, 0}]
    return bands[0].label if bands else phase


def _events(story: Story, found: Iterable[SessionEvents]) -> dict[str, Any]:
    every = tuple(found)
    told = [e for e in every if math.isfinite(e.value)]
    say = story.say
    rows = [
        [
            _event(story, e.type),
            say(f"short.{e.measure}"),
            say(f"beyond.who.{e.whose}"),
            f"{say.number(e.value, 2)} {say(f'unit.{e.measure}')}",
            say.number(e.matched, 2) if e.n_matched else "–",
            str(e.n),
            str(e.followed),
            str(len(e.left)),
        ]
        for e in told
    ]
    columns = ("event", "signal", "whose", "change", "matched", "n", "followed", "left")
    return _table(story, "events", columns, rows, len(every) - len(told))


def _event(story: Story, kind: str) -> str:
    key = kind.replace(" ", "_")
    own = f"beyond.kind.{key}"
    return story.say(own if story.say.has(own) else f"term.intervention.{key}")


def _single(story: Story, found: Iterable[SingleSession]) -> dict[str, Any]:
    every = tuple(found)
    told = [s for s in every if s.tests and all(math.isfinite(t.p) for t in s.tests)]
    say = story.say
    rows = []
    for s in told:
        # The less certain of the two ways of making chance speaks.
        test = max(s.tests, key=lambda t: t.p)
        unit = say(f"unit.{s.measure}") if s.unit else "r"
        template = s.expectation == "template"
        rows.append(
            [
                say("beyond.template") if template else s.expectation,
                str(s.block),
                say(f"short.{s.measure}"),
                say("beyond.who.presenter-members" if s.control else f"beyond.who.{s.who}"),
                f"{say.number(s.value, 2)} {unit}",
                say("beyond.between", low=say.number(test.low, 2), high=say.number(test.high, 2)),
                say.number(test.p, 2, signed=False),
                say.number(s.n_effective, 0, signed=False),
            ]
        )
    columns = ("expectation", "case", "signal", "whose", "value", "range", "p", "worth")
    return _table(story, "single", columns, rows, len(every) - len(told))


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
