"""Withdrawal: a person's data, words and name leave a study, and everything made from them.

A session outside of a study is treated as each session of a study is; its tombstone stands in its
own folder.

Each file is replaced whole or not at all, the session's own ``session.toml`` last, because it says
which streams are the person's. A run that was stopped midway is finished by running it again.

>>> from arousal.forget import forget
>>> forget(Path("study"), "P04").sessions                 # doctest: +SKIP
('2026-03-12',)
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from arousal.errors import UsageError
from arousal.forget.files import (
    drop_folder,
    forget_in,
    forget_study_tables,
    lay_tombstone,
    rows_of,
    still_naming,
)
from arousal.forget.leaver import Leaver, check_can_rewrite, find_leaver
from arousal.forget.running import close_streams, is_listed, is_recorded
from arousal.hypothesis.withdrawn import forget_in_hypotheses
from arousal.locked import check_unlocked
from arousal.places import session_folder, study_folder
from arousal.session import load_session
from arousal.withheld import Withheld

__all__ = ["Forgotten", "finish_withdrawals", "forget"]

Reissue = Callable[[Path], bool]
DropTables = Callable[[Path, str, Collection[str]], list[str]]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a withdrawal did.

    Parameters
    ----------
    sessions : tuple of str
        Ids of the sessions that were changed.
    removed : tuple of str
        What was removed, one line each; names no person.
    reissued : tuple of str
        Sessions whose leader's page was made again.
    leftovers : tuple of Path
        Files of the study that still name the person and that this program does not know.
    pending : tuple of str
        Sessions that are being recorded: the person's streams are closed there and nothing of
        theirs is shown any more, but the file can be rewritten only when the recording has ended
        (`finish_withdrawals`).
    unconfirmed : tuple of str
        Those of them whose recorder did not confirm within 5 s that it closed the streams.
    """

    sessions: tuple[str, ...]
    removed: tuple[str, ...]
    reissued: tuple[str, ...] = ()
    leftovers: tuple[Path, ...] = ()
    pending: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """What was done, for a person to read; names nobody."""
        closed = [name for name in self.pending if name not in self.unconfirmed]
        return (
            *(f"removed: {line}" for line in self.removed),
            *(f"made again: the leader's page of {name}" for name in self.reissued),
            *(
                f"{name} is being recorded: the streams are closed, the rest goes when it ends"
                for name in closed
            ),
        )


def forget(
    place: Path,
    person: str,
    *,
    session: str | None = None,
    today: date,
    reissue: Reissue | None = None,
    drop_tables: DropTables | None = None,
) -> Forgotten:
    """Remove a person from a study, from one of its sessions, or from a session that stands alone.

    Parameters
    ----------
    place : Path
        A study's folder, or a session's (or what stands for it, see `arousal.places`). The folder
        of a session in a study means this session and what the study computed from it.
    person : str
        Pseudonym.
    session : str, optional
        Of a study only this session; default: all, and the study's own tables.
    today : date
        Written on the tombstone.
    reissue : callable, optional
        Makes a session's leader's page again, if what remains allows one, and says whether it
        did. Called only where there was such a page.
    drop_tables : callable, optional
        Deletes what was computed over the study, given its folder, the person and the sessions
        with something of theirs, and says what it deleted. Default: all of it.

    Returns
    -------
    Forgotten
        What was removed.

    Raises
    ------
    UsageError
        If this is neither study nor session, nobody there is called so, or their data are in a
        form that cannot be rewritten. Nothing has been changed then.
    DataError
        If a rewritten file does not hold exactly what should stay. That file is unchanged.
    """
    scope = _scope(place, session)
    running = [f for f in scope.folders if is_recorded(f) and is_listed(f, person)]
    folders = [f for f in scope.folders if f not in running]
    found = {folder: find_leaver(folder, person) for folder in folders}
    concerned = [f for f in folders if _concerns(f, found[f], person)]
    tables = rows_of(scope.root, person) if scope.whole_study else []
    if not concerned and not tables and not running:
        raise UsageError(f"nobody here is called {person}", where=place)
    for folder in concerned:
        check_can_rewrite(folder, found[folder], person)
    deaf = [folder.name for folder in running if not close_streams(folder, person)]
    removed = forget_study_tables(scope.root, tables, person)
    if scope.whole_study and forget_in_hypotheses(scope.root, person, today):
        removed.append("a name in the study's hypotheses, noted in hypotheses.toml")
    if scope.in_study:  # before the sessions: who is in none of them any more is not looked for
        drop = drop_tables if drop_tables is not None else _drop_all_tables
        removed += drop(scope.root, person, [f.name for f in (*concerned, *running)])
    reissued = []
    for folder in concerned:
        had_page = (folder / "derivatives" / "report.html").exists()
        removed += [f"{folder.name}: {line}" for line in forget_in(folder, found[folder], person)]
        if had_page and folder.exists() and reissue is not None and reissue(folder):
            reissued.append(folder.name)
    if removed and scope.root.exists():
        lay_tombstone(scope.root, today, len(concerned))
    names = Withheld(frozenset({person}.union(*(found[f].hidden.names for f in concerned))))
    searched = [scope.root] if scope.whole_study and not running else concerned
    left = tuple(sorted({p for part in searched for p in still_naming(part, names)}))
    sessions = tuple(folder.name for folder in concerned)
    pending = tuple(folder.name for folder in running)
    return Forgotten(sessions, tuple(removed), tuple(reissued), left, pending, tuple(deaf))


def finish_withdrawals(
    folder: Path, *, today: date, reissue: Reissue | None = None
) -> tuple[Forgotten, ...]:
    """Remove those who withdrew while a session was recorded, now that it has ended.

    Parameters
    ----------
    folder : Path
        Session folder, in a study or not.
    today, reissue
        As `forget`.

    Returns
    -------
    tuple of Forgotten
        One for each person; empty if nobody withdrew.

    Raises
    ------
    UsageError, DataError
        As `forget`; or if the session is still being recorded.
    """
    people = load_session(folder / "session.toml").withdrawn
    if people and is_recorded(folder):
        raise UsageError("this session is being recorded", where=folder)
    return tuple(forget(folder, person, today=today, reissue=reissue) for person in people)


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where a person is to be forgotten."""

    root: Path
    """The study, or the session that stands alone; holds the tombstone."""
    folders: tuple[Path, ...]
    """Of the sessions."""
    in_study: bool
    whole_study: bool = False


def _scope(place: Path, session: str | None) -> _Scope:
    check_unlocked(place)
    if (place / "study.toml").is_file():
        return _Scope(place, _session_folders(place, session), True, session is None)
    folder = session_folder(place)
    if folder is None:
        raise UsageError("no study.toml and no session.toml is here", where=place)
    if session is not None:
        raise UsageError("--session belongs to a study; this is one session", where=place)
    study = study_folder(folder)
    if study is not None and folder.resolve().parent == (study / "sessions").resolve():
        return _Scope(study, (folder,), True)
    return _Scope(folder, (folder,), False)


def _drop_all_tables(study: Path, _person: str, _sessions: Collection[str]) -> list[str]:
    return drop_folder(study / "derivatives", "the study's tables and reports")


def _session_folders(study: Path, session: str | None) -> tuple[Path, ...]:
    every = sorted(p.parent for p in (study / "sessions").glob("*/session.toml"))
    chosen = tuple(p for p in every if session in {None, p.name})
    if session is not None and not chosen:
        raise UsageError(f"no session {session!r}", where=study / "sessions")
    return chosen


def _concerns(folder: Path, who: Leaver, person: str) -> bool:
    if any(who.streams.values()):
        return True
    names = Withheld(frozenset({person}))
    return any(True for _ in still_naming(folder, names))
