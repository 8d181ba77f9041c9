"""Add recordings to a study: look, say what would be done, and do it, one session at a time.

Nothing is ever moved or changed where it came from. A session is made beside ``sessions/`` and
takes its place there in one step, so that a full disk, Ctrl-C or a pulled plug leaves either the
whole session or none. One that cannot be added never stops the others.

>>> from pathlib import Path
>>> from arousal.study.adding import Adding, candidates
>>> adding = Adding.to(Path("study"))                                   # doctest: +SKIP
>>> [adding.plan(c).id for c in candidates([Path("evening.xdf")], {})]  # doctest: +SKIP
['evening']
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from arousal.errors import UsageError
from arousal.ingest import delimited
from arousal.ingest.loading import FORMATS
from arousal.study.adding_copy import adopt
from arousal.study.adding_participants import add_participants
from arousal.study.adding_plan import plan
from arousal.study.addition import Candidate, Planned, Wishes
from arousal.study.folder import StudyFolder, open_study
from arousal.study.sources import KnownFiles

__all__ = ["Adding", "Candidate", "Planned", "Wishes", "candidates"]

DEPTH = 4
"""Folders below a given one that are looked into for recordings."""
TABLES = frozenset({".csv", ".tsv"})


@dataclass(slots=True)
class Adding:
    """A study that is being added to; it remembers what was planned and done.

    Parameters
    ----------
    study : StudyFolder
        The study.
    known : KnownFiles
        Data that it holds already.
    ids : dict
        Small letters of each taken id -> where it is taken.
    """

    study: StudyFolder
    known: KnownFiles
    ids: dict[str, str] = field(default_factory=dict)

    @classmethod
    def to(cls, folder: Path) -> Adding:
        """Open a study to add to.

        Raises
        ------
        UsageError, SettingsError
            As `arousal.study.folder.open_study`, or a ``sources.tsv`` breaks a rule.
        """
        study = open_study(folder)
        taken = {e.folder.name.lower(): f"sessions/{e.folder.name}" for e in study.entries()}
        for entry in study.entries():
            if entry.file is not None:
                taken.setdefault(entry.file.id.lower(), f"sessions/{entry.folder.name}")
        return cls(study, KnownFiles.of(study.sessions), taken)

    def plan(self, candidate: Candidate, wishes: Wishes = Wishes()) -> Planned:  # noqa: B008
        """Find out what adding a candidate would do, and keep its id for it.

        Raises
        ------
        UsageError
            If the study holds the same data or a session of that id already, or it lies in the
            study itself.
        ArousalError
            As `arousal.study.adding_plan.plan`.
        """
        for path in candidate.places.values():
            if self.study.root.resolve() in path.resolve().parents:
                raise UsageError("lies in this study already", where=path)
        planned = plan(self.study, candidate, wishes)
        largest = planned.largest()
        if (session := self.known.session_of(largest.sha256, largest.size)) is not None:
            raise UsageError(
                f"the same data are in the study already, as session {session} (sha256 "
                f"{largest.sha256[:12]})",
                where=candidate.place,
            )
        folder = self.study.sessions / planned.id
        taken = self.ids.get(planned.id.lower()) or (folder.exists() and f"sessions/{planned.id}")
        if taken:
            raise UsageError(
                f"its id {planned.id} is taken ({taken})",
                where=candidate.place,
                hint="give another one: --session ID",
            )
        self.ids[planned.id.lower()] = candidate.title
        self.known.by_sha256[largest.sha256] = planned.id
        return planned

    def carry_out(self, planned: Planned, today: date) -> tuple[str, ...]:
        """Add what was planned.

        Parameters
        ----------
        planned : Planned
            From `plan`.
        today : date
            For ``sources.tsv``.

        Returns
        -------
        tuple of str
            Pseudonyms that got a row in ``participants.tsv``.

        Raises
        ------
        DataError
            If a copy is not what was read, or the session does not read back like it.
        UsageError
            If it cannot be written (no space, read-only).
        """
        adopt(self.study.root, planned, today)
        return add_participants(self.study, planned.session.people)


def candidates(
    paths: Iterable[Path], people: Mapping[str, Path], *, tables: bool = False
) -> tuple[list[Candidate], list[Path]]:
    """Sort out what shall become sessions.

    Parameters
    ----------
    paths : iterable of Path
        Recordings, session folders, or folders that hold such, some levels deep.
    people : mapping of str to Path
        Several people's own recordings, which are one session.
    tables : bool
        Whether any CSV or TSV in a folder of recordings is one (a mapping says what it holds).

    Returns
    -------
    candidates : list of Candidate
        In the order given; inside a folder by name.
    passed : list of Path
        What lies in such a folder and is no recording.

    Raises
    ------
    UsageError
        If there is nothing, or both kinds are given.
    """
    given = list(paths)
    if people and given:
        raise UsageError(
            "give FILEs, or --person P01=FILE for each person of one session, not both"
        )
    if people:
        return [Candidate(dict(people))], []
    if not given:
        raise UsageError("nothing to add", hint="name a file, an export folder or a folder of them")
    found: list[Path] = []
    passed: list[Path] = []
    for path in given:
        if (path / "study.toml").exists():
            hint = f"name its sessions: {path / 'sessions'}"
            raise UsageError("this is a study", where=path, hint=hint)
        whole = not path.is_dir() or _is_recording(path, tables=False)
        inside, other = ([], []) if whole else _inside(path, tables)
        found += inside or [path]
        passed += other if inside else []
    return [Candidate({"": path}) for path in found], passed


def _inside(folder: Path, tables: bool, depth: int = DEPTH) -> tuple[list[Path], list[Path]]:
    """Recordings in a folder that is none itself, folders in it included, and what else is there.

    Of a folder without any the folder is told, not each of its files; so is another study.
    """
    found: list[Path] = []
    passed: list[Path] = []
    for part in sorted(p for p in folder.iterdir() if not p.name.startswith(".")):
        if _is_recording(part, tables):
            found.append(part)
            continue
        deeper: list[Path] = []
        other = [part]
        if depth and part.is_dir() and not (part / "study.toml").exists():
            deeper, other = _inside(part, tables, depth - 1)
        found += deeper
        passed += other if deeper else [part]
    return found, passed


def _is_recording(path: Path, tables: bool) -> bool:
    if (path / "session.toml").is_file():
        return True
    if path.is_file() and path.suffix.lower() in TABLES and tables:
        return True
    return any(f.recognises(path) for f in FORMATS if f is not delimited.FORMAT)
