"""Who a study's sessions hold and what they agreed to, as its files say at this moment.

Tables stay where they are when somebody changes their mind, so whatever shows a study asks here
first, each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from arousal.consent import Consents
from arousal.errors import ArousalError
from arousal.places import sessions_of
from arousal.protocol import Protocol
from arousal.session import SessionFile, StudyFile, load_session, load_study, participants_of
from arousal.session_input import protocol_of

__all__ = ["RollEntry", "StudyRoll", "study_roll"]

PURPOSE = "research"
"""What everybody on a study's page agreed to."""


@dataclass(frozen=True, slots=True)
class RollEntry:
    """One session folder of a study.

    Parameters
    ----------
    id : str
        The folder's name.
    folder : Path
        Where it is.
    session : SessionFile or None
        ``None`` if it cannot be read.
    protocol : Protocol or None
        Likewise.
    consents : Consents
        That hold for it.
    trouble : str
        Why it cannot be read; empty otherwise. Nobody agreed to anything then.
    """

    id: str
    folder: Path
    session: SessionFile | None
    protocol: Protocol | None
    consents: Consents
    trouble: str = ""

    def agrees(self, person: str) -> bool:
        """Whether this person's data may be used for research."""
        return not self.trouble and self.consents.allows(person, PURPOSE)

    @property
    def agreed(self) -> tuple[str, ...]:
        """Everybody on the roster who agreed."""
        people = self.session.people if self.session is not None else {}
        return tuple(p for p in people if self.agrees(p))

    @property
    def group(self) -> str:
        """Pseudonym of the group; empty if not told."""
        return (self.session.group or "") if self.session is not None else ""

    @property
    def meeting(self) -> int | None:
        """Which meeting of the course it was, if told."""
        return self.session.meeting if self.session is not None else None


@dataclass(frozen=True, slots=True)
class StudyRoll:
    """A study and its sessions, by folder name."""

    folder: Path
    study: StudyFile
    sessions: Mapping[str, RollEntry]

    def unwilling(self, people: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
        """Return whose data may not be used (any more).

        Parameters
        ----------
        people : mapping of str to iterable of str
            Session id -> pseudonyms in a result.

        Returns
        -------
        dict
            Session id -> those who do not agree now; a session that is gone takes everybody along.
        """
        found = {}
        for name, who in people.items():
            entry = self.sessions.get(name)
            no = tuple(p for p in who if entry is None or not entry.agrees(p))
            if no:
                found[name] = no
        return found


def study_roll(folder: Path) -> StudyRoll:
    """Read a study's own files and every ``session.toml``.

    Parameters
    ----------
    folder : Path
        With ``study.toml``.

    Raises
    ------
    SettingsError
        If ``study.toml`` or ``participants.tsv`` breaks a rule. A session that does is told in its
        entry and stops nothing.
    """
    study = load_study(folder / "study.toml")
    participants = participants_of(folder)
    protocols: dict[tuple[str, Path], Protocol] = {}
    entries = {}
    for here in sessions_of(folder):
        try:
            session = load_session(here / "session.toml")
            protocol = _protocol(session, study, here, folder, protocols)
        except ArousalError as error:
            nobody = Consents(None, study, participants)
            entries[here.name] = RollEntry(here.name, here, None, None, nobody, error.message)
            continue
        consents = Consents(session, study, participants)
        entries[here.name] = RollEntry(here.name, here, session, protocol, consents)
    return StudyRoll(folder, study, entries)


def _protocol(
    session: SessionFile,
    study: StudyFile,
    here: Path,
    root: Path,
    known: dict[tuple[str, Path], Protocol],
) -> Protocol:
    name = session.protocol if "protocol" in session.model_fields_set else study.protocol
    key = (name, here if name.endswith(".toml") else root)
    if key not in known:
        known[key] = protocol_of(None, session, study, here, root)[0]
    return known[key]
