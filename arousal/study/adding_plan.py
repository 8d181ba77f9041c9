"""What adding a recording would do: read, named, laid out and tried, with nothing written."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import tomlkit
from pydantic import ValidationError

from arousal.consent import Consents
from arousal.errors import DataError, UsageError
from arousal.findings import Finding, Severity
from arousal.ingest.loading import load, stem_of
from arousal.ingest.people_folder import join_people
from arousal.ingest.session_writer import session_toml
from arousal.places import session_folder
from arousal.protocol import load_protocol
from arousal.recording import Recording, Signal
from arousal.session import SessionFile
from arousal.settings import explain_validation
from arousal.study.adding_layout import (
    Copy,
    Layout,
    layout_of,
    layout_of_people,
    layout_of_session,
    mapping_copies,
)
from arousal.study.adding_people import check_names, default_role, renamed, roster
from arousal.study.addition import Candidate, Planned, Wishes, shape_of
from arousal.study.folder import StudyFolder
from arousal.study_files import session_protocol

__all__ = ["plan"]

GENERIC = frozenset({"recording", "data", "session", "raw"})
"""File names that say nothing, so that the folder's name is taken."""
HEADER = "# Who wore what, and in which role: correct it by hand where it is wrong.\n"


def plan(study: StudyFolder, candidate: Candidate, wishes: Wishes) -> Planned:
    """Find out what adding something would do.

    Parameters
    ----------
    study : StudyFolder
        Where it shall go.
    candidate : Candidate
        What.
    wishes : Wishes
        What the user said about it.

    Raises
    ------
    ArousalError
        If it cannot be read, nobody is in it, a pseudonym looks like a name, or the session would
        not read back as the file does.
    """
    planner = _Planner(study, candidate, wishes)
    planner.check_names((), (*(p.name for p in candidate.places.values()), wishes.group or ""))
    if "" not in candidate.places:
        return planner.people()
    folder = session_folder(candidate.place)
    return planner.file() if folder is None else planner.session(folder)


@dataclass(frozen=True, slots=True)
class _Planner:
    study: StudyFolder
    candidate: Candidate
    wishes: Wishes

    @property
    def place(self) -> Path:
        return self.candidate.place

    @property
    def protocol(self) -> str:
        """The protocol's name, or its path from here; a study's own lies in its folder."""
        own = self.study.settings.protocol
        if self.wishes.protocol is not None:
            return self.wishes.protocol
        return str(self.study.root / own) if own.endswith(".toml") else own

    def check_names(self, people: Iterable[str], texts: Iterable[str] = ()) -> None:
        if not self.wishes.any_pseudonym:
            check_names(people, texts, self.place)

    def file(self) -> Planned:
        """Plan a file or export folder."""
        recording = load(self.place, mapping=self.wishes.mapping)
        _check_anybody(recording, self.place)
        called = renamed([p.id for p in recording], self.wishes.names)
        self.check_names(called.values())
        mapped = mapping_copies(self.wishes.mapping)
        layout = layout_of(self.place, recording, [c.source for c in mapped])
        role = default_role(load_protocol(self.protocol))
        named = layout.data[0].format == "xdf" and _names_differ(recording)
        for claims in (True, False) if named else (False,):
            people = roster(recording, called, role, claims=claims)
            session = self._session_file(recording, layout.recording, people)
            again = self._read(self.place, session)
            if shape_of(again) == shape_of(recording, called):
                planned = self._planned(session, again, layout, mapped)
                return replace(planned, findings=(*self._assumed(recording), *planned.findings))
        raise self._not_the_same()

    def _assumed(self, recording: Recording) -> tuple[Finding, ...]:
        """Warn where nothing says whose the data are: every such file would be the same person."""
        if self.wishes.names:
            return ()
        hint = "--person P04 says whose they are"
        return tuple(
            finding
            if finding.severity is Severity.WARNING
            else replace(finding, severity=Severity.WARNING, hint=hint)
            for finding in recording.findings
            if finding.code == "persons-numbered"
        )

    def _not_the_same(self) -> DataError:
        hint = "say it with --map ([[signal]] stream or column, kind, person)"
        if self.wishes.names:
            text = "its people cannot be called otherwise: the file or the mapping names them"
        else:
            text = (
                "its streams cannot be told apart by their names, so a session could not say "
                "whose they are"
            )
        return DataError(text, where=self.place, hint=hint)

    def people(self) -> Planned:
        """Plan several people's own recordings as one session."""
        role = default_role(load_protocol(self.protocol))
        self.check_names(self.candidate.places)
        recordings: dict[str, Recording] = {}
        for person, place in self.candidate.places.items():
            if session_folder(place) is not None:
                raise UsageError("is a session already, not one person's recording", where=place)
            alone = SessionFile.model_validate({"id": "one", "people": {person: {"role": role}}})
            recordings[person] = self._read(place, alone)
            _check_anybody(recordings[person], place)
        joined = join_people(recordings, self._id())
        layout = layout_of_people(self.candidate.places, recordings)
        people: dict[str, dict[str, object]] = {person: {"role": role} for person in recordings}
        session = self._session_file(joined, layout.recording, people)
        return self._planned(session, joined, layout, mapping_copies(self.wishes.mapping))

    def session(self, folder: Path) -> Planned:
        """Plan a session folder: taken over as it is, but for what the user said."""
        if self.wishes.names or self.wishes.mapping:
            text = "it is a session already: who is who, and what streams are, stands in its "
            raise UsageError(text + "session.toml", where=folder)
        recording = load(folder)
        _check_anybody(recording, folder)
        document = tomlkit.parse((folder / "session.toml").read_text(encoding="utf-8-sig"))
        before = SessionFile.model_validate(document.unwrap())
        layout = layout_of_session(folder, recording, before.recording)
        more = _protocol_elsewhere(folder, before.protocol)
        if more and self.wishes.protocol is None:
            document["protocol"] = more[0].target
        document["id"] = self._id(folder)
        for key, value in self._said().items():
            document[key] = value
        session = _checked(document.unwrap(), folder)
        self.check_names(session.people, (session.group or "",))
        kept = more if self.wishes.protocol is None else ()
        return self._planned(session, recording, layout, kept, tomlkit.dumps(document))

    def _read(self, place: Path, session: SessionFile) -> Recording:
        mapping = self.wishes.mapping
        return load(place, mapping=mapping, session=session, protocol=self.protocol)

    def _id(self, folder: Path | None = None) -> str:
        if self.wishes.session is not None:
            return self.wishes.session
        place = folder or self.place
        stem = stem_of(place)
        if stem.lower() in GENERIC:
            stem = place.resolve().parent.name
        plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", plain).strip("-._")[:64]
        if not name:
            raise UsageError("its name makes no id", where=place, hint="give one: --session ID")
        return name

    def _said(self) -> dict[str, str | int]:
        """What the user said, as keys of ``session.toml``."""
        own = self.wishes.protocol
        given = {
            "protocol": Path(own).name if own is not None and own.endswith(".toml") else own,
            "meeting": self.wishes.meeting,
            "group": self.wishes.group,
        }
        return {key: value for key, value in given.items() if value is not None}

    def _session_file(
        self, recording: Recording, data: str, people: Mapping[str, object]
    ) -> SessionFile:
        name = self._id()
        fields: dict[str, object] = {"id": name, "protocol": session_protocol(self.study.settings)}
        fields |= self._said()
        if recording.started is not None and recording.started.tzinfo is not None:
            fields["started"] = recording.started
        fields |= {"recording": data, "people": people}
        return _checked(fields, self.study.sessions / name)

    def _planned(
        self,
        session: SessionFile,
        recording: Recording,
        layout: Layout,
        more: tuple[Copy, ...],
        text: str | None = None,
    ) -> Planned:
        files = (*layout.copies, *more, *_protocol_copies(self.wishes.protocol))
        if twice := [t for t, n in Counter(c.target for c in files).items() if n > 1]:
            raise UsageError(f"two files would become {twice[0]}", where=self.place)
        if any(not (c.target + c.name).isprintable() for c in files):
            raise UsageError(
                "the name of a file holds what is no letter in UTF-8",
                where=self.place,
                hint="rename it: a session's own files could not write it down",
            )
        consents = Consents(session, self.study.settings, self.study.participants)
        return Planned(
            candidate=self.candidate,
            session=session,
            text=text if text is not None else HEADER + session_toml(session),
            layout=Layout(layout.recording, files),
            shape=shape_of(recording),
            minutes=(recording.end - recording.onset) / 60,
            marks=len(recording.events),
            formats=tuple(dict.fromkeys(s.format for s in recording.sources)),
            signals={p.id: _signals_line(p.signals) for p in recording},
            unused=tuple(
                f"{u.name} ({u.type or 'no type'}): {u.reason}" for u in recording.unknown
            ),
            findings=tuple(f for f in recording.findings if f.severity is not Severity.NOTE),
            unasked=tuple(p for p in session.people if not consents.allows(p, "research")),
        )


def _signals_line(signals: Iterable[Signal]) -> str:
    told = []
    for s in signals:
        rate = f"{s.rate:g} Hz" if s.rate else f"{len(s)} values"
        gaps = s.gaps()
        lost = f", {len(gaps)} gaps" if len(gaps) else ""
        told.append(f"{s.kind} ({rate}{lost})")
    return ", ".join(told)


def _names_differ(recording: Recording) -> bool:
    """Whether no two people's streams of one kind have one name, so that names tell whose."""
    named = [pair for p in recording for pair in {(s.kind, s.source) for s in p.signals}]
    return len(named) == len(set(named))


def _check_anybody(recording: Recording, place: Path) -> None:
    if any(p.signals for p in recording):
        return
    unused = "; ".join(f"{u.name}: {u.reason}" for u in recording.unknown[:4])
    raise DataError(
        f"no signal of a person was recognised ({unused or 'there is no stream'})",
        where=place,
        hint="say what its streams are with --map",
    )


def _protocol_elsewhere(folder: Path, protocol: str) -> tuple[Copy, ...]:
    """A protocol file that a session shares with its old study comes along."""
    path = (folder / protocol).resolve()
    if not protocol.endswith(".toml") or folder.resolve() in path.parents:
        return ()
    return (Copy(path, path.name, path.name, path.stat().st_size),)


def _protocol_copies(protocol: str | None) -> tuple[Copy, ...]:
    if protocol is None or not protocol.endswith(".toml"):
        return ()
    path = Path(protocol)
    return (Copy(path, path.name, path.name, path.stat().st_size),)


def _checked(fields: Mapping[str, object], where: Path) -> SessionFile:
    try:
        return SessionFile.model_validate(fields)
    except ValidationError as error:
        raise explain_validation(error, where) from None
