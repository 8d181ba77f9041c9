"""One session as a study reads it: contrasts, curves, and what its methods paragraph needs.

`read_session` is pure and its answer can be pickled, so that sessions may be read in other
processes and kept from one run to the next.

>>> from arousal.study.reading import read_session              # doctest: +SKIP
>>> reading = read_session(Path("study/sessions/s01"), load_hypothesis("farkas2024"))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from arousal.errors import ArousalError
from arousal.findings import Finding, Severity
from arousal.hypothesis.block_curves import BlockCurve, block_curves, shape_phase
from arousal.hypothesis.contrasts import SessionFrames, left_out, session_contrasts
from arousal.hypothesis.hypothesis_file import Hypothesis, HypothesisFile
from arousal.hypothesis.polarity_arousal import BlockLink
from arousal.hypothesis.units import Repeats
from arousal.pipeline import Measured, SessionResult, measure, open_session
from arousal.study.case_course import session_course
from arousal.study.explored import SessionExplored, explore
from arousal.study.rated import SessionRatings, read_session_ratings, session_links
from arousal.study.summary import SessionTally, tally

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ContrastCurve", "SessionReading", "read_session", "reading_of"]


@dataclass(frozen=True, slots=True, eq=False)
class ContrastCurve:
    """One block's course of one contrast and measure."""

    contrast: str
    measure: str
    curve: BlockCurve


@dataclass(frozen=True, slots=True, eq=False)
class SessionReading:
    """What a study keeps of one session.

    Parameters
    ----------
    session : str
        Its id: the folder's name.
    contrasts : DataFrame
        `arousal.tables.CONTRASTS`; a session that does not enter has its reason there.
    curves : tuple of ContrastCurve
        Of contrasts that lie within one phase.
    tally : SessionTally or None
        What it was made of; ``None`` if it could not be read.
    findings : tuple of Finding
        Why it could not be read, or what of it was left out.
    ratings : DataFrame or None
        What raters said, per rater and phase; ``None`` without ratings.
    links : tuple of BlockLink
        Ratings beside arousal (C16, C17).
    explored : SessionExplored
        Events, recovery, self-reports, synchrony; empty for a session that does not enter.
    course : DataFrame or None
        Course over the case on phase-normalised time, per block.
    presenters : mapping
        Block -> presenter, where one was marked.
    group : str
        Pseudonym of the group; empty if not told.
    """

    session: str
    contrasts: pd.DataFrame
    curves: tuple[ContrastCurve, ...] = ()
    tally: SessionTally | None = None
    findings: tuple[Finding, ...] = ()
    ratings: pd.DataFrame | None = None
    links: tuple[BlockLink, ...] = ()
    explored: SessionExplored = field(default_factory=SessionExplored)
    course: pd.DataFrame | None = None
    presenters: Mapping[int, str] = field(default_factory=dict)
    group: str = ""


def repeats_of(readings: Iterable[SessionReading], hypothesis: Hypothesis) -> Repeats:
    """Return who repeats over the case blocks of a study.

    Parameters
    ----------
    readings : iterable of SessionReading
        Of all sessions.
    hypothesis : Hypothesis
        Says what makes blocks one unit.
    """
    presenters: dict[tuple[str, int], str] = {}
    groups: dict[str, str] = {}
    for one in readings:
        presenters |= {(one.session, block): who for block, who in one.presenters.items()}
        groups[one.session] = one.group
    return Repeats(hypothesis.cluster, presenters, groups)


def read_session(folder: Path, file: HypothesisFile) -> SessionReading:
    """Read one session for a hypothesis.

    Parameters
    ----------
    folder : Path
        ``sessions/<id>`` of a study.
    file : HypothesisFile
        The hypothesis.

    Returns
    -------
    SessionReading
        A session that cannot be read is told as a finding and in its contrasts, never raised.
    """
    try:
        measured = measure(open_session(folder))
        result = measured.result("research")
    except ArousalError as error:
        return SessionReading(
            folder.name,
            left_out(folder.name, error.message, file.hypothesis),
            findings=(Finding("session-unread", error.message, Severity.PROBLEM, folder.name),),
        )
    return reading_of(folder, measured, result, file)


def reading_of(
    folder: Path, measured: Measured, result: SessionResult, file: HypothesisFile
) -> SessionReading:
    """Return what a study keeps of a session that is measured already; see `read_session`.

    Parameters
    ----------
    folder : Path
        The session's; its name is the session's id, and ratings are looked for in it.
    measured : Measured
        The session.
    result : SessionResult
        The same, with those who agreed to research.
    file : HypothesisFile
        The hypothesis.
    """
    rated, noticed = read_session_ratings(folder, result)
    frames = frames_of(folder.name, measured, result, rated.windows if rated else None)
    read = SessionReading(
        folder.name,
        session_contrasts(frames, file),
        tuple(_curves(frames, file.hypothesis)),
        tally(measured, result),
        findings=noticed,
        presenters={b.index: b.presenter for b in frames.timeline.blocks if b.presenter},
        group=frames.group,
    )
    return _explored(read, frames, measured, result, rated, file)


def _explored(
    read: SessionReading,
    frames: SessionFrames,
    measured: Measured,
    result: SessionResult,
    rated: SessionRatings | None,
    file: HypothesisFile,
) -> SessionReading:
    """Add what is exploratory, unless the file leaves the whole session out."""
    rules = file.hypothesis.exclusions
    if frames.id in rules.sessions or frames.protocol.id not in file.protocol_ids:
        return read
    gone = rules.persons.keys()
    return replace(
        read,
        ratings=rated.phases if rated else None,
        links=session_links(frames, rated, gone) if rated else (),
        explored=explore(frames, measured, result, gone),
        course=session_course(result, rated.windows if rated else None, gone),
    )


def frames_of(
    name: str, measured: Measured, result: SessionResult, ratings: pd.DataFrame | None = None
) -> SessionFrames:
    """What a hypothesis sees of a session, with those who agreed and nobody else."""
    short = measured.short[measured.short["person"].isin(result.persons)]
    session = result.session
    return SessionFrames(
        name,
        result.features,
        short.reset_index(drop=True),
        result.timeline,
        result.protocol,
        result.settings,
        group=(session.group or "") if session else "",
        ratings=ratings,
    )


def _curves(frames: SessionFrames, hypothesis: Hypothesis) -> Iterator[ContrastCurve]:
    for contrast in hypothesis.contrasts:
        if shape_phase(contrast) and contrast.speech in {"quiet", "ignored"}:
            for name in contrast.measures:
                for curve in block_curves(frames, hypothesis, contrast, name):
                    yield ContrastCurve(contrast.id, name, curve)
