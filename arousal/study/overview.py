"""What a study holds, read into one frozen object for its page; nothing is computed anew.

Sessions come from their ``derivatives/``, tests from what `arousal test` and `arousal longitudinal`
left. Whoever does not agree to research at this moment is in none of it.

>>> from arousal.study.overview import read_overview            # doctest: +SKIP
>>> overview = read_overview(Path("study"))
>>> overview.sessions[0].state
'processed'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from arousal.errors import ArousalError
from arousal.protocol import Protocol
from arousal.study.condensed import Condensed, MeasureQuality, condense, is_processed
from arousal.study.longitudinal import StoredCourse, load_longitudinal
from arousal.study.plan import one_id_twice
from arousal.study.record import load_record
from arousal.study.roll import RollEntry, StudyRoll, study_roll
from arousal.study.tested import Tested, load_tested

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SessionOverview", "StudyOverview", "read_overview"]

State = Literal["processed", "not processed", "failed", "no consent", "unreadable"]
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SessionOverview:
    """One session as the page lists it.

    Parameters
    ----------
    id, protocol, group : str
        Folder's name, protocol id, pseudonym of the group (empty: not told).
    meeting : int or None
        Which meeting of the course.
    state : {"processed", "not processed", "failed", "no consent", "unreadable"}
        What stands behind it; failed: `arousal process` could not analyse it.
    reason : str
        Why it is not ``"processed"``, and what to do; empty otherwise.
    people : tuple of str
        Who agrees and is in its tables.
    withheld : int
        People on its roster or in its tables who do not agree.
    blocks : tuple of int
        Case blocks.
    quality : tuple of MeasureQuality
        One per measure; empty unless processed.
    references : mapping of str to int
        What changes are counted from -> how many persons' measures.
    """

    id: str
    protocol: str
    group: str
    meeting: int | None
    state: State
    reason: str
    people: tuple[str, ...]
    withheld: int
    blocks: tuple[int, ...]
    quality: tuple[MeasureQuality, ...]
    references: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class StudyOverview:
    """A study as its page shows it.

    Parameters
    ----------
    name : str
        The study's.
    sessions : tuple of SessionOverview
        By id.
    protocols : tuple of Protocol
        Of the processed sessions, each once.
    curves, phases : DataFrame
        As in `arousal.study.condensed.Condensed`, with ``session`` before.
    tested : Tested or None
        The stored test; ``None`` with the reason in ``untested``.
    untested : str
        Why there is none.
    course : StoredCourse or None
        The stored longitudinal models; ``None`` with the reason in ``no_course``.
    no_course : str
        Why there is none.
    """

    name: str
    sessions: tuple[SessionOverview, ...]
    protocols: tuple[Protocol, ...]
    curves: pd.DataFrame
    phases: pd.DataFrame
    tested: Tested | None
    untested: str
    course: StoredCourse | None
    no_course: str


def read_overview(folder: Path, progress: Progress = lambda _: None) -> StudyOverview:
    """Read what a study holds.

    Parameters
    ----------
    folder : Path
        With ``study.toml``.
    progress : callable
        Called with a short line as the work goes on.

    Raises
    ------
    SettingsError
        If the folder is no study, or ``participants.tsv`` breaks a rule.
    """
    import pandas as pd

    roll = study_roll(folder)
    twice = one_id_twice({n: e.session.id for n, e in roll.sessions.items() if e.session})
    sessions, curves, phases = [], [], []
    protocols: dict[str, Protocol] = {}
    for count, entry in enumerate(roll.sessions.values(), start=1):
        progress(f"{entry.id} ({count} of {len(roll.sessions)})")
        seen, data = _session(folder, entry, twice.get(entry.id, ""))
        sessions.append(seen)
        if data is not None and entry.protocol is not None:
            protocols.setdefault(entry.protocol.id, entry.protocol)
            curves.append(data.curves.assign(session=entry.id))
            phases.append(data.phases.assign(session=entry.id))
    tested, untested = _tested(roll)
    course, no_course = _course(roll, tested)
    empty = pd.DataFrame(columns=["session"])
    return StudyOverview(
        roll.study.name,
        tuple(sessions),
        tuple(protocols.values()),
        pd.concat(curves, ignore_index=True) if curves else empty,
        pd.concat(phases, ignore_index=True) if phases else empty,
        tested,
        untested,
        course,
        no_course,
    )


def _session(
    study: Path, entry: RollEntry, refused: str
) -> tuple[SessionOverview, Condensed | None]:
    if entry.trouble:
        return _without(entry, "unreadable", entry.trouble), None
    if entry.session is not None and entry.session.people and not entry.agreed:
        return _without(entry, "no consent", "nobody agreed to research"), None
    if refused:
        return _without(entry, "failed", refused), None
    record = load_record(study, entry.id)
    if record is not None and record.reason:
        return _without(entry, "failed", record.reason), None
    if not is_processed(entry.folder):
        return _without(entry, "not processed", "run arousal process"), None
    try:
        data = condense(entry)
    except ArousalError as error:
        return _without(entry, "unreadable", f"{error.message}; run arousal process again"), None
    if not data.people:
        reason = "nobody in its tables agrees (any more); run arousal process again"
        return _without(entry, "no consent", reason), None
    roster = len(entry.session.people) if entry.session is not None else 0
    seen = SessionOverview(
        entry.id,
        entry.protocol.id if entry.protocol is not None else "",
        entry.group,
        entry.meeting,
        "processed",
        "",
        data.people,
        max(roster - len(entry.agreed), data.dropped),
        data.blocks,
        data.quality,
        data.references,
    )
    return seen, data


def _without(entry: RollEntry, state: State, reason: str) -> SessionOverview:
    protocol = entry.protocol.id if entry.protocol is not None else ""
    roster = len(entry.session.people) if entry.session is not None else 0
    withheld = roster - len(entry.agreed)
    return SessionOverview(
        entry.id, protocol, entry.group, entry.meeting, state, reason, (), withheld, (), (), {}
    )


def _tested(roll: StudyRoll) -> tuple[Tested | None, str]:
    try:
        return load_tested(roll), ""
    except ArousalError as error:
        return None, f"{error.message}; {error.hint}" if error.hint else error.message


def _course(roll: StudyRoll, tested: Tested | None) -> tuple[StoredCourse | None, str]:
    try:
        return load_longitudinal(roll, tested), ""
    except ArousalError as error:
        return None, f"{error.message}; {error.hint}" if error.hint else error.message
