"""Everything that belongs to one session, gathered from its folder, its study and the call.

`open_session` reads the data, the roster, the protocol, the consents and the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from arousal import phase_align as _align
from arousal.consent import Consents, name_findings
from arousal.findings import Finding, Severity
from arousal.ingest.formats import source_of
from arousal.ingest.loading import load
from arousal.ingest.mapping import MAPPING_FILE
from arousal.places import session_folder, study_folder
from arousal.protocol import Protocol, load_protocol
from arousal.recording import Recording, Source
from arousal.session import (
    Participant,
    SessionFile,
    StudyFile,
    load_session,
    load_study,
    participants_of,
)
from arousal.settings import Settings, load_settings
from arousal.withheld import Withheld

__all__ = [
    "DEFAULT_PROTOCOL",
    "SessionInput",
    "consents_of",
    "open_session",
    "protocol_of",
    "withheld_from",
]

DEFAULT_PROTOCOL = "balint-90"


@dataclass(frozen=True, slots=True)
class SessionInput:
    """Everything that belongs to one session, read and checked.

    Parameters
    ----------
    recording : Recording
        The data.
    protocol : Protocol
        Its phases and roles.
    settings : Settings
        How to analyse it.
    session : SessionFile or None
        Its ``session.toml``; ``None`` for a single file.
    study : StudyFile or None
        The study it lies in.
    participants : mapping
        Rows of the study's ``participants.tsv``.
    corrections : tuple
        Rows of ``timeline.tsv``.
    folder : Path or None
        The session folder; ``None`` for a single file.
    files : tuple of Source
        What else shaped the result: ``session.toml``, ``timeline.tsv``, the study's files, settings
        and mapping.
    findings : tuple of Finding
        What was assumed while gathering.
    """

    recording: Recording
    protocol: Protocol
    settings: Settings
    session: SessionFile | None = None
    study: StudyFile | None = None
    participants: Mapping[str, Participant] | None = None
    corrections: tuple[_align.Correction, ...] = ()
    folder: Path | None = None
    findings: tuple[Finding, ...] = ()
    files: tuple[Source, ...] = ()

    @property
    def consents(self) -> Consents:
        """The consents that hold for it."""
        return Consents(self.session, self.study, self.participants)

    def withheld(self, purpose: str, timeline: _align.Timeline | None = None) -> Withheld:
        """Return who did not agree to a purpose, with the names of their streams.

        Parameters
        ----------
        purpose : str
            One of ``arousal.session.PURPOSES``.
        timeline : Timeline, optional
            Names persons whom no signal and no roster names.
        """
        return withheld_from(self.recording, self.consents, purpose, timeline)


def withheld_from(
    recording: Recording,
    consents: Consents,
    purpose: str,
    timeline: _align.Timeline | None = None,
) -> Withheld:
    """Return who in a recording did not agree to a purpose; see `SessionInput.withheld`."""
    known = {p.id for p in recording.persons} | set(consents.participants or {})
    known |= set(consents.session.people) if consents.session is not None else set()
    if timeline is not None:
        known |= {r.person for r in timeline.roles}
        known |= {name for p in timeline.points for name in (p.actor, p.target) if name}
    hidden = {name for name in known if not consents.allows(name, purpose)}
    streams = {s.source for p in recording.persons if p.id in hidden for s in p.signals}
    shared = {s.source for p in recording.persons if p.id not in hidden for s in p.signals}
    return Withheld(frozenset(hidden | (streams - shared)))


def open_session(
    path: str | Path,
    *,
    protocol: str | Path | None = None,
    mapping: Path | None = None,
    settings: Path | None = None,
) -> SessionInput:
    """Read a session folder or a single file with all that belongs to it.

    Parameters
    ----------
    path : str or Path
        A session folder (or its ``session.toml``, or the recording that it names), a data file, or
        a vendor's export folder.
    protocol : str or Path, optional
        Bundled name or path; default: the session's, else the study's, else ``balint-90`` (said).
    mapping : Path, optional
        Says what columns or streams are, where the file does not (see `arousal.ingest`).
    settings : Path, optional
        Default: ``arousal.toml`` in the session folder, else in the study, else the defaults.

    Raises
    ------
    DataError, SettingsError
        If a file is missing, damaged or breaks a rule.

    Notes
    -----
    A file anywhere below a ``study.toml`` obeys the consents of that study, and a session's
    recording those of its session, however it is pointed at.
    """
    path = Path(path)
    folder = session_folder(path)
    consents = consents_of(path, folder)
    session, study, root = consents.session, consents.study, study_folder(path)
    chosen, assumed = protocol_of(protocol, session, study, folder, root)
    if session is not None and folder is not None:
        chosen.check_people(session.people, folder / "session.toml")
    rules = settings or _settings_file(folder, root)
    recording = load(folder or path, mapping=mapping, session=session)
    table = folder / "timeline.tsv" if folder else None
    return SessionInput(
        recording,
        chosen,
        load_settings(rules),
        session,
        study,
        consents.participants,
        tuple(_align.read_corrections(table)) if table else (),
        folder,
        (
            *assumed,
            *_redirected(path, folder),
            *_unfinished(session),
            *(name_findings(session.people) if session is not None else ()),
        ),
        _files(folder, root, rules, mapping),
    )


def consents_of(path: Path, folder: Path | None) -> Consents:
    """Return the consents that hold for a path.

    Parameters
    ----------
    path : Path
        What is to be read.
    folder : Path or None
        Its session folder, from `arousal.places.session_folder`.

    Raises
    ------
    SettingsError
        If the session's or the study's own files break a rule.
    """
    session = load_session(folder / "session.toml") if folder else None
    root = study_folder(path)
    if root is None:
        return Consents(session)
    return Consents(session, load_study(root / "study.toml"), participants_of(root))


def _unfinished(session: SessionFile | None) -> tuple[Finding, ...]:
    """Remind of withdrawals that were noted and not carried out, without saying whose."""
    if session is None or not session.withdrawn:
        return ()
    text = f"{len(session.withdrawn)} people withdrew and are still in the files; nothing is shown"
    hint = "end the recording; then `arousal forget` with who stands under withdrawn"
    return (Finding("withdrawal-unfinished", text, Severity.WARNING, "session.toml", hint),)


def _redirected(path: Path, folder: Path | None) -> tuple[Finding, ...]:
    if folder is None or path.is_dir() or path.name == "session.toml":
        return ()
    text = "it is the recording of a session; the session's roster, protocol and consents were used"
    return (Finding("session-found", text, Severity.NOTE, path.name),)


def _settings_file(folder: Path | None, root: Path | None) -> Path | None:
    places = [place / "arousal.toml" for place in (folder, root) if place is not None]
    return next((place for place in places if place.exists()), None)


def _files(
    folder: Path | None, root: Path | None, settings: Path | None, mapping: Path | None
) -> tuple[Source, ...]:
    names = ("session.toml", "timeline.tsv", *((MAPPING_FILE,) if mapping is None else ()))
    own = [folder / n for n in names] if folder else []
    shared = [root / n for n in ("study.toml", "participants.tsv")] if root else []
    given = [f for f in (settings, mapping) if f is not None]
    there = [f for f in (*own, *shared, *given) if f.is_file()]
    return tuple(s for f in there for s in source_of([f], f.name))


def protocol_of(
    given: str | Path | None,
    session: SessionFile | None = None,
    study: StudyFile | None = None,
    folder: Path | None = None,
    root: Path | None = None,
) -> tuple[Protocol, tuple[Finding, ...]]:
    """Return the protocol that holds, and a finding if it had to be assumed.

    Parameters
    ----------
    given : str or Path or None
        What the caller asked for; it wins.
    session, study : SessionFile, StudyFile or None
        What they name, in this order.
    folder, root : Path or None
        Where they lie; their relative paths start there.

    Raises
    ------
    SettingsError
        If there is no such protocol, or it breaks a rule.
    """
    if given is not None:
        return load_protocol(given), ()
    if session is not None and (study is None or "protocol" in session.model_fields_set):
        return load_protocol(session.protocol, folder=folder), ()
    if study is not None:
        return load_protocol(study.protocol, folder=root), ()
    note = Finding(
        "protocol-assumed",
        f"no protocol was named; {DEFAULT_PROTOCOL} was assumed",
        Severity.NOTE,
        hint="name one with --protocol",
    )
    return load_protocol(DEFAULT_PROTOCOL), (note,)
