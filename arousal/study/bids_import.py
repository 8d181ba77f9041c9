"""A BIDS dataset -> sessions of a study: all that was asked for, or nothing.

First everything is planned: each session is read, and nothing is written. Then each is copied
beside the others, compared byte for byte and read back (`arousal.study.adding_copy`); if one cannot
be written, those of this run are taken away again. The dataset itself is only ever read.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from arousal.consent import Consents
from arousal.errors import DataError, SettingsError, UsageError
from arousal.findings import Severity
from arousal.ingest.bids import FORMAT, read_runs
from arousal.ingest.bids_sidecar import DESCRIPTION
from arousal.ingest.formats import Request
from arousal.ingest.mapping import Mapping, load_mapping
from arousal.ingest.session_writer import session_toml
from arousal.protocol import Protocol, load_protocol
from arousal.recording import Recording
from arousal.session import SessionFile, StudyFile
from arousal.settings import explain_validation
from arousal.study.adding_copy import adopt
from arousal.study.adding_layout import Copy, Layout, mapping_copies
from arousal.study.adding_people import check_names, default_role
from arousal.study.addition import Candidate, Planned, shape_of
from arousal.study.bids_dataset import BidsDataset, BidsSession, open_dataset
from arousal.study.bids_people import add_people, add_scores, people_of
from arousal.study.folder import StudyFolder, new_study, open_study
from arousal.study.sources import KnownFiles
from arousal.study_files import check_free, session_protocol

__all__ = ["BidsPlan", "Imported", "carry_out", "plan_import"]

Progress = Callable[[str], None]
DATA = "recording"
DAMAGE = frozenset({"gzip-truncated", "person-unread", "lines-broken", "line-cut"})
"""Findings with which a recording can be read, but a dataset must not be taken over."""
HEADER = (
    "# From a BIDS dataset. Who sat there in which role: correct it by hand where it is wrong.\n"
)


@dataclass(frozen=True, slots=True)
class BidsPlan:
    """What importing a dataset would do.

    Parameters
    ----------
    dataset : BidsDataset
        From where.
    study : StudyFolder
        Whereto.
    new : bool
        Whether the study is to be made.
    sessions : tuple of Planned
        What would be added.
    """

    dataset: BidsDataset
    study: StudyFolder
    new: bool
    sessions: tuple[Planned, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What was imported.

    Parameters
    ----------
    sessions : tuple of Path
        Their folders.
    people : tuple of str
        Who is new in ``participants.tsv``.
    scores : tuple of str
        Tables that are new in ``phenotype/``.
    left_out : tuple of (str, str)
        Tables and columns that were not taken over, and why.
    """

    sessions: tuple[Path, ...]
    people: tuple[str, ...]
    scores: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class _Wishes:
    protocol: str | None
    mapping: Path | None
    any_pseudonym: bool


def plan_import(
    root: Path,
    study: Path,
    *,
    protocol: str | None = None,
    mapping: Path | None = None,
    sessions: Iterable[str] = (),
    any_pseudonym: bool = False,
    progress: Progress = lambda _: None,
) -> BidsPlan:
    """Find out what importing a dataset would do; nothing is written.

    Parameters
    ----------
    root : Path
        The dataset.
    study : Path
        A study, or a folder that becomes one.
    protocol : str, optional
        Bundled name; default: what the dataset says (ours), else the study's.
    mapping : Path, optional
        Says what columns are, for datasets that are not ours.
    sessions : iterable of str
        Ids; default: all.
    any_pseudonym : bool
        Whether pseudonyms that look like names are meant so.
    progress : callable
        Called with a short line as the work goes on.

    Raises
    ------
    DataError, FormatError
        If it is no dataset, or any of its files is missing, damaged or not what its JSON says.
    SettingsError
        If a file of the study, or what our export kept, breaks a rule.
    UsageError
        If the study asks each person for consent and the dataset tells of none, a session or its
        data are there already, or people are called by what looks like names.
    """
    dataset = open_dataset(root)
    opened, new = _study_for(dataset, study)
    wanted = set(sessions)
    chosen = [s for s in dataset.sessions if not wanted or s.id in wanted]
    if missing := sorted(wanted - {s.id for s in chosen}):
        raise UsageError(f"no session {missing[0]!r}", where=root)
    _check_once(chosen, opened, root)
    known = KnownFiles() if new else KnownFiles.of(opened.sessions)
    wishes = _Wishes(protocol, mapping, any_pseudonym)
    planned = []
    for count, session in enumerate(chosen, start=1):
        progress(f"{session.id} ({count} of {len(chosen)})")
        planned.append(_plan(dataset, session, opened, wishes))
        _check_known(planned[-1], known, root)
    return BidsPlan(dataset, opened, new, tuple(planned))


def _study_for(dataset: BidsDataset, folder: Path) -> tuple[StudyFolder, bool]:
    """Open the study, or say what it will be: consents of a dataset are held elsewhere."""
    kept = dataset.study
    if (folder / "study.toml").exists():
        opened = open_study(folder)
        asks = opened.settings.consent == "per person"
        if asks and (kept is None or kept.consent == "held elsewhere"):
            raise UsageError(
                "this study asks each person for consent, and the dataset tells of none",
                where=folder,
                hint='import it into a study of its own, or say consent = "held elsewhere" in '
                "study.toml",
            )
        return opened, False
    check_free(folder)
    settings = kept or StudyFile(name=dataset.name, consent="held elsewhere")
    return StudyFolder(folder, settings), True


def _check_once(chosen: Iterable[BidsSession], study: StudyFolder, root: Path) -> None:
    taken = {e.folder.name.lower() for e in study.entries()}
    for session in chosen:
        if session.id.lower() in taken:
            raise UsageError(
                f"the study has a session {session.id!r} already",
                where=root,
                hint="name the others with --session; nothing was changed",
            )
        taken.add(session.id.lower())


def _check_known(planned: Planned, known: KnownFiles, root: Path) -> None:
    largest = planned.largest()
    held = known.session_of(largest.sha256, largest.size)
    if held is not None:
        raise UsageError(
            f"the data of {planned.id!r} are in the study already, as session {held!r}", where=root
        )
    known.by_sha256[largest.sha256] = planned.id


def _plan(
    dataset: BidsDataset, session: BidsSession, study: StudyFolder, wishes: _Wishes
) -> Planned:
    own = wishes.protocol or (session.file.protocol if session.file is not None else None)
    where = session.kept if wishes.protocol is None else None
    protocol = load_protocol(own, folder=where) if own else _study_protocol(study)
    file = _session_file(session, study, wishes, default_role(protocol))
    protocol.check_people(file.people, session.kept or dataset.root)
    if not wishes.any_pseudonym:
        check_names(file.people, (file.group or "",), dataset.root)
    words = load_mapping(wishes.mapping) if wishes.mapping is not None else Mapping()
    recording = read_runs(Request(dataset.root, words, file, file.id), session.runs)
    for finding in recording.findings:
        if finding.code in DAMAGE:
            raise DataError(str(finding), where=dataset.root, hint="get a whole copy of it")
    return _planned(dataset, session, file, recording, study, wishes.mapping)


def _study_protocol(study: StudyFolder) -> Protocol:
    return load_protocol(study.settings.protocol, folder=study.root)


def _session_file(
    session: BidsSession, study: StudyFolder, wishes: _Wishes, role: str
) -> SessionFile:
    given = {"protocol": wishes.protocol} if wishes.protocol is not None else {}
    if session.file is not None:
        return session.file.model_copy(update={"recording": DATA, **given})
    fields = {
        "id": session.id,
        "protocol": session_protocol(study.settings),
        **given,
        "recording": DATA,
        "people": {session.person: {"role": role}},
    }
    try:
        return SessionFile.model_validate(fields)
    except ValidationError as error:
        raise explain_validation(error, session.runs[0][0]) from None


def _planned(
    dataset: BidsDataset,
    session: BidsSession,
    file: SessionFile,
    recording: Recording,
    study: StudyFolder,
    mapping: Path | None,
) -> Planned:
    consents = Consents(file, study.settings, study.participants)
    told = people_of(dataset.root).rows
    return Planned(
        candidate=Candidate({"": dataset.root}),
        session=file,
        text=HEADER + session_toml(file),
        layout=Layout(DATA, (*_copies(dataset, session, recording), *mapping_copies(mapping))),
        shape=shape_of(recording),
        minutes=(recording.end - recording.onset) / 60,
        marks=len(recording.events),
        formats=(FORMAT.name,),
        signals={p.id: ", ".join(s.kind for s in p.signals) for p in recording},
        unused=tuple(f"{u.name}: {u.reason}" for u in recording.unknown),
        findings=tuple(f for f in recording.findings if f.severity is not Severity.NOTE),
        unasked=tuple(
            p for p in file.people
            if not consents.allows(p, "research") and "consent_research" not in told.get(p, {})
        ),
    )  # fmt: skip


def _copies(dataset: BidsDataset, session: BidsSession, recording: Recording) -> Iterable[Copy]:
    root = dataset.root
    for source in recording.sources:
        path = Path(source.path)
        below = path.relative_to(root).as_posix()
        size = path.stat().st_size
        yield Copy(path, f"{DATA}/{below}", below, size, source.sha256, source.format)
    described = root / DESCRIPTION
    yield Copy(described, f"{DATA}/{DESCRIPTION}", DESCRIPTION, described.stat().st_size)
    kept = sorted(session.kept.iterdir()) if session.kept is not None else []
    for path in kept:
        if path.is_file() and path.name != "session.toml":
            yield Copy(path, path.name, path.name, path.stat().st_size)


def carry_out(plan: BidsPlan, today: date, progress: Progress = lambda _: None) -> Imported:
    """Do what was planned.

    Parameters
    ----------
    plan : BidsPlan
        From `plan_import`.
    today : date
        For ``sources.tsv``.
    progress : callable
        Called with a short line as the work goes on.

    Raises
    ------
    DataError
        If a file changed meanwhile or does not read back. Nothing of this run is left then.
    UsageError
        If it cannot be written. Nothing of this run is left then.
    """
    root = plan.study.root
    existed = root.exists()
    done: list[Path] = []
    try:
        if plan.new:
            _make_study(plan)
        for count, planned in enumerate(plan.sessions, start=1):
            progress(f"copying {planned.id} ({count} of {len(plan.sessions)})")
            done.append(adopt(root, planned, today))
        return _tell_people(plan, tuple(done))
    except BaseException:
        for folder in done:
            shutil.rmtree(folder, ignore_errors=True)
        if plan.new:
            shutil.rmtree(root, ignore_errors=True)
            if existed:
                root.mkdir(mode=0o700, exist_ok=True)
        raise


def _make_study(plan: BidsPlan) -> None:
    settings = plan.study.settings
    new_study(
        plan.study.root,
        name=settings.name,
        protocol=settings.protocol,
        consent=settings.consent,
        language=settings.language,
    )


def _tell_people(plan: BidsPlan, done: tuple[Path, ...]) -> Imported:
    told = people_of(plan.dataset.root)
    people = dict.fromkeys(p for planned in plan.sessions for p in planned.session.people)
    try:
        new = add_people(plan.study, people, told)
        opened = open_study(plan.study.root)
    except SettingsError as error:
        raise DataError(error.message, where=plan.dataset.root / "participants.tsv") from None
    scores, left = add_scores(opened, plan.dataset.root, opened.participants, told)
    columns = tuple((f"participants.tsv: {c}", "it identifies people") for c in told.dropped)
    return Imported(done, new, scores, (*columns, *left))
