"""What raters said of a session: ``ratings.tsv`` in its folder, laid beside everybody's arousal."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from arousal.errors import DataError, FormatError, NothingUsableError
from arousal.findings import Finding, Severity
from arousal.hypothesis.polarities import phase_ratings, rating_windows, read_ratings
from arousal.hypothesis.polarity_arousal import BlockLink, block_links
from arousal.hypothesis.session_windows import GROUP, SessionFrames
from arousal.pipeline import SessionResult

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RATINGS_FILE", "SessionRatings", "read_session_ratings", "session_links"]

RATINGS_FILE = "ratings.tsv"
LINKED = ("heart_rate", "scr_rate", "ln_scl")
"""What stands for arousal beside ratings; lnRMSSD is not read while somebody talks."""


@dataclass(frozen=True, slots=True, eq=False)
class SessionRatings:
    """Ratings of those who agreed.

    Parameters
    ----------
    table : DataFrame
        `arousal.tables.RATINGS`.
    windows : DataFrame
        Window by window, mean over raters: what `SessionFrames.ratings` takes.
    phases : DataFrame
        Per rater and phase: what agreement is computed on.
    """

    table: pd.DataFrame
    windows: pd.DataFrame
    phases: pd.DataFrame


def read_session_ratings(
    folder: Path, result: SessionResult
) -> tuple[SessionRatings | None, tuple[Finding, ...]]:
    """Read a session's ratings, if it has any.

    Parameters
    ----------
    folder : Path
        The session's; ``ratings.tsv`` may lie in it.
    result : SessionResult
        The session with those who agreed. What was said of somebody else is left out before
        anything is averaged, and counted.

    Returns
    -------
    ratings : SessionRatings or None
        ``None`` without a file, or if it cannot be read.
    findings : tuple of Finding
        Why it cannot be read, or what was left out.
    """
    path = folder / RATINGS_FILE
    if not path.exists():
        return None, ()
    where = f"{folder.name}/{RATINGS_FILE}"
    try:
        table = read_ratings(path)
    except (DataError, FormatError, NothingUsableError) as error:
        place = str(error.where or "").partition(", ")[2]
        told = f"{place}: {error.message}" if place else error.message
        hint = error.hint or "correct the file and test again"
        return None, (Finding("ratings-unread", told, Severity.PROBLEM, where, hint),)
    allowed = table["person"].isin({*result.persons, GROUP})
    kept = table[allowed].reset_index(drop=True)
    findings: tuple[Finding, ...] = ()
    if gone := int((~allowed).sum()):
        told = (
            f"{gone} ratings were left out: of people who are not in the session, "
            "or without consent to 'research'"
        )
        findings = (Finding("ratings-withheld", told, Severity.WARNING, where),)
    if kept.empty:
        return None, findings
    return SessionRatings(
        kept, rating_windows(kept), phase_ratings(kept, result.timeline)
    ), findings


def session_links(
    frames: SessionFrames, ratings: SessionRatings, left_out: Collection[str] = ()
) -> tuple[BlockLink, ...]:
    """Link ratings to arousal (C16, C17), for every measure that the session has.

    Parameters
    ----------
    frames : SessionFrames
        The session.
    ratings : SessionRatings
        Of the same session.
    left_out : collection of str
        Persons whom the hypothesis file leaves out.
    """
    found: list[BlockLink] = []
    table = ratings.table[~ratings.table["person"].isin(left_out)]
    for measure in LINKED:
        try:
            found += block_links(frames, table, measure)
        except NothingUsableError:
            continue
    return tuple(found)
