"""What is in a study: sessions, people and scores, and what is wrong or missing; no analysis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from arousal.consent import Consents
from arousal.errors import ArousalError, one_line
from arousal.places import data_files
from arousal.session import SessionFile
from arousal.study.adding_copy import left_behind
from arousal.study.folder import SessionEntry, StudyFolder, open_study
from arousal.study.phenotype import load_phenotype
from arousal.study.sources import SOURCES, changed_files, read_sources

__all__ = ["Inventory", "SessionRow", "take_inventory"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session.

    Parameters
    ----------
    id : str
        Its folder's name.
    meeting : int or None
        Which meeting it was.
    group, protocol : str
        As ``session.toml`` says; empty if it does not.
    began : str
        Day; empty if not known.
    people, agreed : int
        On the roster, and how many of them agreed to research.
    megabytes : float
        Of its recording.
    added : str
        Day; empty if it was recorded in place.
    """

    id: str
    meeting: int | None = None
    group: str = ""
    protocol: str = ""
    began: str = ""
    people: int = 0
    agreed: int = 0
    megabytes: float = 0.0
    added: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """A study's contents.

    Parameters
    ----------
    name, protocol, consent : str
        From ``study.toml``.
    sessions : tuple of SessionRow
        By id.
    people : int
        Rows of ``participants.tsv``.
    scores : tuple of (measure, waves, people)
        What ``phenotype/`` holds.
    problems : tuple of str
        What must be put right.
    """

    name: str
    protocol: str
    consent: str
    sessions: tuple[SessionRow, ...]
    people: int
    scores: tuple[tuple[str, int, int], ...]
    problems: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return one JSON-ready object."""
        return {"schema_version": SCHEMA_VERSION, **asdict(self)}

    def as_text(self) -> str:
        """Return the same for a terminal."""
        groups = len({s.group for s in self.sessions if s.group})
        head = (
            f"{self.name}: {_count(len(self.sessions), 'session')}, {self.people} people, "
            f"{_count(groups, 'group')}; "
            f"{self.protocol}; consent {self.consent}"
        )
        lines = [one_line(head)]
        if self.sessions:
            lines += ["", *_table(self.sessions)]
        if self.scores:
            lines += ["", "scores (waves, people):"]
            lines += [f"  {m}: {waves}, {people}" for m, waves, people in self.scores]
        if self.problems:
            lines += ["", "to be put right:", *(f"  {one_line(p)}" for p in self.problems)]
        return "\n".join(lines)


def take_inventory(folder: Path, *, verify: bool = False) -> Inventory:
    """Look through a study.

    Parameters
    ----------
    folder : Path
        The study.
    verify : bool
        Whether to hash every added file again, to see whether one was changed since.

    Raises
    ------
    UsageError, SettingsError
        If it is no study, or ``study.toml`` or ``participants.tsv`` breaks a rule.
    """
    study = open_study(folder)
    entries = tuple(study.entries())
    scores, wrong = _scores(folder)
    problems = [*wrong, *_problems(study, entries, verify=verify)]
    return Inventory(
        study.settings.name,
        study.settings.protocol,
        study.settings.consent,
        tuple(_row(study, entry) for entry in entries),
        len(study.participants),
        scores,
        tuple(problems),
    )


def _scores(folder: Path) -> tuple[tuple[tuple[str, int, int], ...], tuple[str, ...]]:
    try:
        frame = load_phenotype(folder)
    except ArousalError as error:
        return (), (str(error),)
    found = frame.groupby("measure", sort=False).agg(
        {"wave": "nunique", "participant_id": "nunique"}
    )
    return tuple((str(m), int(w), int(p)) for m, w, p in found.itertuples()), ()


def _row(study: StudyFolder, entry: SessionEntry) -> SessionRow:
    session = entry.file
    if session is None:
        return SessionRow(entry.folder.name)
    consents = Consents(session, study.settings, study.participants)
    try:
        added = max((s.added.isoformat() for s in read_sources(entry.folder)), default="")
    except ArousalError:
        added = "?"  # told among the problems
    return SessionRow(
        entry.folder.name,
        session.meeting,
        session.group or "",
        session.protocol,
        f"{session.started:%Y-%m-%d}" if session.started else "",
        len(session.people),
        sum(consents.allows(p, "research") for p in session.people),
        round(_bytes(entry.folder, session) / 1e6, 1),
        added,
    )


def _bytes(folder: Path, session: SessionFile) -> int:
    data = folder / session.recording
    files = data.rglob("*") if data.is_dir() else data_files(folder, session)
    return sum(p.stat().st_size for p in files if p.is_file())


def _problems(
    study: StudyFolder, entries: tuple[SessionEntry, ...], *, verify: bool
) -> Iterator[str]:
    for entry in entries:
        yield from (
            f"sessions/{entry.folder.name}: {text}" for text in _wrong(study, entry, verify)
        )
    ids = Counter(e.file.id for e in entries if e.file is not None)
    for name, count in ids.items():
        if count > 1:
            yield f"{count} sessions have the id {name}; each needs its own"
    if study.sessions.is_dir():
        known = {e.folder for e in entries}
        for folder in sorted(study.sessions.iterdir()):
            if folder.is_dir() and folder not in known and not folder.name.startswith("."):
                yield f"sessions/{folder.name}: holds no session.toml"
    for left in left_behind(study.root):
        yield f"{left.name}: left by a run that was killed; the next `arousal study add` removes it"


def _wrong(study: StudyFolder, entry: SessionEntry, verify: bool) -> Iterator[str]:
    if entry.error:
        yield entry.error
    try:
        if verify and (changed := changed_files(entry.folder)):
            text = "changed or gone since it was added"
            yield f"{text}: {', '.join(changed)}"
        elif not verify:
            read_sources(entry.folder)
    except ArousalError as error:
        yield error.message
    if entry.file is None:
        return
    if not (entry.folder / entry.file.recording).exists() and _was_recorded(entry.folder):
        yield f"there is no {entry.file.recording}, which session.toml names as the recording"
    missing = [p for p in entry.file.people if p not in study.participants]
    if missing and study.settings.consent == "per person":
        yield f"not in participants.tsv: {', '.join(missing)}"
    consents = Consents(entry.file, study.settings, study.participants)
    if idle := consents.without_record(entry.file.people):
        yield (
            f"{', '.join(idle)} agreed, but not to be recorded: without a date for 'record' no "
            "other consent counts"
        )


def _was_recorded(folder: Path) -> bool:
    """Whether there ever was a recording; a session may be prepared days before."""
    traces = (folder / SOURCES, folder / "derivatives", *folder.glob("*.jsonl"))
    return any(trace.exists() for trace in traces)


def _table(rows: tuple[SessionRow, ...]) -> list[str]:
    head = ("session", "meeting", "group", "protocol", "began", "people", "agreed", "MB", "added")
    cells = [head, *(tuple(_cell(v) for v in asdict(row).values()) for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _cell(value: object) -> str:
    return "-" if value is None or value == "" else one_line(str(value))
