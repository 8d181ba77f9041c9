"""A study -> a BIDS dataset: sessions one after the other, whole or not at all.

>>> from arousal.study.bids_export import export_bids
>>> export_bids(Path("study"), Path("dataset"), now).sessions      # doctest: +SKIP
(('2026-03-12', '01'),)
"""

from __future__ import annotations

import glob
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from arousal.atomic import make_folder
from arousal.consent import looks_like_a_name
from arousal.errors import NothingUsableError, SettingsError, UsageError
from arousal.ingest.bids_names import label_of, subject_label
from arousal.ingest.bids_sidecar import read_object
from arousal.ingest.bids_writer import json_text, write_text_file
from arousal.ingest.xdf_cut import stored_streams
from arousal.protocol import Protocol
from arousal.recording import Recording
from arousal.session import Participant, SessionFile
from arousal.session_input import open_session
from arousal.study.bids_kept import KEPT, write_kept
from arousal.study.bids_session import LeftOut, SessionExport, write_session_folders
from arousal.study.bids_tables import write_participants, write_phenotype, write_sessions
from arousal.study.bids_texts import CHANGES, dataset_description, events_sidecar, readme
from arousal.study.folder import StudyFolder, open_study
from arousal.study.phenotype import phenotype_tables
from arousal.study.stripping import MovedDates, Stripping, identifiers
from arousal.study_files import study_toml

__all__ = ["Exported", "LeftOut", "export_bids"]

Progress = Callable[[str], None]
XDF = (".xdf", ".xdfz", ".xdf.gz")
IDLE = 3600.0
"""Seconds after which an unfinished export is what a killed run left behind."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds.

    Parameters
    ----------
    place : Path
        The dataset.
    sessions : tuple of (str, str)
        Id in the study and ``ses-`` label; the dataset itself does not tell them together if
        dates are relative.
    persons : tuple of str
        Pseudonyms.
    left_out : tuple of LeftOut
        Who of these sessions is not in it, and why.
    """

    place: Path
    sessions: tuple[tuple[str, str], ...]
    persons: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def export_bids(
    study: Path,
    out: Path,
    now: datetime,
    *,
    dates: Literal["relative", "absolute"] = "relative",
    sessions: Sequence[str] = (),
    held_elsewhere: bool = False,
    any_pseudonym: bool = False,
    progress: Progress = lambda _: None,
) -> Exported:
    """Write the sessions of a study as one BIDS dataset.

    Parameters
    ----------
    study : Path
        Folder with ``study.toml``.
    out : Path
        The dataset to be made; it must not exist, nor lie in the study.
    now : datetime
        Timezone-aware; a release whose delay is not over yet stays here.
    dates : {"relative", "absolute"}
        Relative: the first session begins on 1 January 1900, sessions are numbered, and years in
        texts are taken out.
    sessions : sequence of str
        Ids; default: all.
    held_elsewhere : bool
        Share also data whose consents another institution keeps; whoever says so answers for it.
    any_pseudonym : bool
        Whether pseudonyms that look like names are meant so.
    progress : callable
        Called with a short line as the work goes on.

    Returns
    -------
    Exported
        Only persons who agreed to ``share_raw`` are in it.

    Raises
    ------
    UsageError
        If ``out`` exists, lies in the study or cannot be written, a session is unknown, somebody is
        called by what looks like a name, or two pseudonyms or ids would get one BIDS label. Nothing
        is left behind.
    SettingsError, DataError
        If a session cannot be read; nothing is left behind.
    NothingUsableError
        If nobody agreed to share.

    Notes
    -----
    One session is in memory at a time.
    """
    opened = open_study(study)
    _check_place(study, out)
    files = _chosen(opened, sessions)
    moved = MovedDates(_first_moment(files, opened.participants), dates == "absolute")
    labels = _session_labels(files, moved)
    work = _Work(opened, moved, labels, now, held_elsewhere, any_pseudonym)
    with _whole_folder(out) as place:
        for count, folder in enumerate(files, start=1):
            progress(f"{folder.name} ({count} of {len(files)})")
            work.add(place, folder)
        work.finish(place)
    return Exported(out, tuple(work.done), tuple(work.people), tuple(work.left_out))


def _check_place(study: Path, out: Path) -> None:
    if out.exists() or out.is_symlink():
        raise UsageError("exists already, and nothing is overwritten", where=out,
                         hint="name a new folder")  # fmt: skip
    if study.resolve() in out.resolve().parents:
        raise UsageError(
            "lies in the study itself, where a withdrawal would not find it",
            where=out,
            hint="name a folder outside of it",
        )


def _chosen(study: StudyFolder, wanted: Sequence[str]) -> dict[Path, SessionFile]:
    """Sessions by folder, in order of time."""
    entries = [e for e in study.entries() if not wanted or e.folder.name in wanted]
    if missing := sorted(set(wanted) - {e.folder.name for e in entries}):
        raise UsageError(f"no session {missing[0]!r}", where=study.sessions)
    if not entries:
        raise NothingUsableError("no session", where=study.sessions)
    files: dict[Path, SessionFile] = {}
    for entry in entries:
        if entry.file is None or entry.error:
            raise SettingsError(
                entry.error,
                where=entry.folder,
                hint="mend it, or name the others with --session",
            )
        files[entry.folder] = entry.file
    unknown = datetime.max.replace(tzinfo=UTC)
    order = sorted(files, key=lambda f: (files[f].started or unknown, f.name))
    return {folder: files[folder] for folder in order}


def _first_moment(
    files: Mapping[Path, SessionFile], people: Mapping[str, Participant]
) -> datetime | None:
    """When the first session began, else the day of the first signature."""
    starts = [f.started for f in files.values() if f.started is not None]
    if starts:
        return min(starts)
    rows = [p.consent for p in people.values()]
    rows += [c for f in files.values() if isinstance(f.consent, dict) for c in f.consent.values()]
    days = [day for row in rows for day in row.model_dump(exclude_none=True).values()]
    return datetime.combine(min(days), datetime.min.time(), UTC) if days else None


def _session_labels(files: Mapping[Path, SessionFile], dates: MovedDates) -> dict[Path, str]:
    """Return ``ses-`` labels: numbers where dates are relative, because ids often are dates."""
    if not dates.absolute:
        width = max(2, len(str(len(files))))
        return {folder: f"{n:0{width}d}" for n, folder in enumerate(files, start=1)}
    labels = {folder: label_of(folder.name) for folder in files}
    _check_labels({folder.name: label for folder, label in labels.items()}, "sessions")
    return labels


def _check_labels(labels: Mapping[str, str], what: str) -> None:
    owners: dict[str, str] = {}
    for name, label in labels.items():
        if (other := owners.setdefault(label, name)) != name or not label:
            raise UsageError(
                f"BIDS labels are letters and digits: {what} {other!r} and {name!r} would both "
                f"be {label!r}",
                hint="rename one of them",
            )


@contextmanager
def _whole_folder(out: Path) -> Iterator[Path]:
    """Give a hidden folder beside ``out``; it takes that name if the body succeeds."""
    place: Path | None = None
    try:
        make_folder(out.absolute().parent)
        _clear(out)
        place = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".tmp", dir=out.parent))
        yield place
        if out.exists():
            raise UsageError("was made by somebody else meanwhile", where=out)
        place.replace(out)
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror or error}",
            where=out,
            hint="choose another place, or free some space; nothing was left behind",
        ) from None
    finally:
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)


def _clear(out: Path) -> None:
    """Remove what exports to the same place left behind when they were killed."""
    for folder in out.absolute().parent.glob(f".{glob.escape(out.name)}.*.tmp"):
        touched = max(p.stat().st_mtime for p in (folder, *folder.rglob("*")))
        if time.time() - touched > IDLE:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class _Work:
    """What is known so far of an export on its way; of each session only words are kept."""

    study: StudyFolder
    dates: MovedDates
    labels: Mapping[Path, str]
    now: datetime
    held_elsewhere: bool
    any_pseudonym: bool
    done: list[tuple[str, str]] = field(default_factory=list)
    people: dict[str, Participant] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    protocols: dict[str, Protocol] = field(default_factory=dict)
    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    raters: dict[str, str] = field(default_factory=dict)

    def add(self, place: Path, folder: Path) -> None:
        """Write one session."""
        source = open_session(folder)
        people = {*self.study.participants, *(p.id for p in source.recording)}
        streams, devices = _stream_names(source.recording), _device_names(folder)
        self.known |= identifiers(streams, devices, people)
        label = self.labels[folder]
        export = SessionExport(
            source,
            label,
            folder.name if self.dates.absolute else label,
            Stripping(self.dates, frozenset(self.known)),
            self.now,
            self.held_elsewhere,
        )
        self.left_out += export.left_out
        if not export.persons:
            return
        for person in export.persons:
            row = self.study.participants.get(person.id)
            self.people[person.id] = row or Participant(participant_id=person.id)
        self._check_people()
        self._note(export)
        teller = write_session_folders(place, export, subject_label)
        write_kept(place, export, teller, self.raters)
        self.done.append((folder.name, label))

    def _check_people(self) -> None:
        names = sum(map(looks_like_a_name, self.people))
        if names and not self.any_pseudonym:
            raise UsageError(
                f"{names} people are called by what looks like a name",
                where=self.study.root,
                hint="give them pseudonyms like P04; if they are pseudonyms: --yes-pseudonyms",
            )
        _check_labels({p: subject_label(p) for p in self.people}, "people")

    def _note(self, export: SessionExport) -> None:
        session, protocol = export.session, export.source.protocol
        known = self.protocols.setdefault(export.task, protocol)
        if known != protocol:
            raise UsageError(
                f"two different protocols would both be the task {export.task!r}",
                where=export.session.id,
                hint="give them different ids, or export these sessions apart",
            )
        began = self.dates.moment(session.started or export.source.recording.started)
        common = {
            "session_id": f"ses-{export.label}",
            "acq_time": began.strftime("%Y-%m-%dT%H:%M:%S") if began else "",
            "protocol": protocol.id,
            "group": export.strip.text(session.group or ""),
            "meeting": str(session.meeting or ""),
            "setting": session.setting,
        }
        for person in export.persons:
            entry = session.people.get(person.id)
            role = {"role": entry.role} if entry is not None else {}
            self.rows.setdefault(person.id, []).append({**common, **role})

    def finish(self, place: Path) -> None:
        """Write what tells of the whole dataset."""
        if not self.people:
            why = sorted({left.reason for left in self.left_out}) or ["nobody was measured"]
            raise NothingUsableError(
                f"nobody's data may be shared: {'; '.join(why)}",
                where=self.study.root,
                hint="a date under share_raw in participants.tsv or session.toml is a consent",
            )
        strip = Stripping(self.dates, frozenset(self.known))
        settings = self.study.settings
        name = strip.text(settings.name)
        gone = {x.person for x in self.left_out} - set(self.people)
        texts = {
            "dataset_description.json": json_text(dataset_description(name)),
            "README.md": readme(
                name,
                len(self.people),
                len(self.done),
                len(gone),
                sum(x.person not in gone for x in self.left_out),
                absolute=self.dates.absolute,
                held_elsewhere=self.held_elsewhere,
            ),
            "CHANGES": CHANGES,
            f"{KEPT}/study.toml": study_toml(_told(settings, name)),
        }
        for task, protocol in self.protocols.items():
            sidecar = strip.tree(events_sidecar(protocol))
            texts[f"task-{task}_events.json"] = json_text(sidecar)
        for path, text in texts.items():
            write_text_file(place / path, text)
        write_participants(place, self.people, self._described(), subject_label, strip)
        write_sessions(place, self.rows, subject_label)
        tables = phenotype_tables(self.study.root)
        write_phenotype(place, tables, self.people, subject_label, strip)

    def _described(self) -> Mapping[str, Any]:
        path = self.study.root / "participants.json"
        return read_object(path) if path.exists() else {}


def _told(settings: Any, name: str) -> Any:
    """Return the study's settings for the export: its own protocol lies with each session."""
    own = settings.protocol.endswith(".toml")
    kept = {"name": name, **({"protocol": "balint-90"} if own else {})}
    return settings.model_copy(update=kept)


def _stream_names(recording: Recording) -> Iterator[str]:
    yield from (s.source for p in recording for s in p.signals)
    yield from (unknown.name for unknown in recording.unknown)
    yield from (event.source for event in recording.events)
    yield from (Path(source.path).name for source in recording.sources)


def _device_names(folder: Path) -> Iterator[str]:
    """Names of this computer, and of those and the devices that a session's recordings name."""
    yield platform.node()
    for path in (p for p in folder.iterdir() if p.name.endswith(XDF)):
        for info in stored_streams(path).values():
            yield from (info.source_id, info.uid, info.hostname)
