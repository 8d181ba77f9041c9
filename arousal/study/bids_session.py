"""One session -> its folders in a BIDS dataset: signals, marks, and what BIDS has no place for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from arousal.ingest.bids_events import events_text
from arousal.ingest.bids_names import label_of
from arousal.ingest.bids_writer import recording_labels, write_physio, write_text_file
from arousal.recording import Person
from arousal.session import SessionFile
from arousal.session_input import SessionInput
from arousal.study.bids_marks import MarkTeller, people_named
from arousal.study.stripping import Stripping
from arousal.withheld import Withheld

__all__ = ["LeftOut", "SessionExport", "write_session_folders"]

NO_SHARING = "no consent to share_raw"
NO_RECORDING = "no consent to record"
ELSEWHERE = "consents are held elsewhere"
NO_SIGNAL = "no signal was recognised"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Somebody, or a whole session, that is not in the export, and why."""

    session: str
    person: str
    reason: str


@dataclass(frozen=True)
class SessionExport:
    """What of one session goes into an export.

    Parameters
    ----------
    source : SessionInput
        The session.
    label : str
        Its ``ses-`` label.
    id : str
        The id that its ``session.toml`` in the export has.
    strip : Stripping
        Goes through every text.
    now : datetime
        Timezone-aware, of the export.
    held_elsewhere : bool
        Whether the caller answers for people whose consents another institution keeps.
    """

    source: SessionInput
    label: str
    id: str
    strip: Stripping
    now: datetime
    held_elsewhere: bool = False

    @property
    def session(self) -> SessionFile:
        """Its ``session.toml``; every session of a study has one."""
        assert self.source.session is not None  # noqa: S101 - opened by its folder
        return self.source.session

    def reason(self, person: str) -> str:
        """Why a person's data may not be shared; empty if they may."""
        consents = self.source.consents
        if not consents.allows(person, "record"):
            return NO_RECORDING
        if consents.held_elsewhere:
            return "" if self.held_elsewhere else ELSEWHERE
        return "" if consents.allows(person, "share_raw") else NO_SHARING

    @property
    def persons(self) -> tuple[Person, ...]:
        """Everybody whose data are shared."""
        return tuple(p for p in self.source.recording if _signals(p) and not self.reason(p.id))

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Everybody else in the room, as far as it is known."""
        shared = {p.id for p in self.persons}
        everyone = dict.fromkeys((*(p.id for p in self.source.recording), *self.session.people))
        return tuple(
            LeftOut(self.session.id, person, self.reason(person) or NO_SIGNAL)
            for person in everyone
            if person not in shared
        )

    @property
    def hidden(self) -> Withheld:
        """Everybody who did not agree, whoever names them."""
        source = self.source
        labels = [e.label for e in source.recording.events]
        labels += [c.label for c in source.corrections]
        known = {p.id for p in source.recording} | people_named(labels)
        known |= {*(source.consents.participants or {}), *self.session.people}
        return Withheld(frozenset(p for p in known if self.reason(p)))

    @property
    def task(self) -> str:
        """BIDS calls what was done a task: here the protocol."""
        return label_of(self.source.protocol.id)


def _signals(person: Person) -> tuple[Any, ...]:
    return tuple(s for s in person.signals if len(s))


def write_session_folders(
    place: Path, export: SessionExport, label: Callable[[str], str]
) -> MarkTeller:
    """Write one session into a dataset.

    Parameters
    ----------
    place : Path
        The dataset.
    export : SessionExport
        The session; somebody's data are shared.
    label : callable
        Pseudonym -> BIDS label.

    Returns
    -------
    MarkTeller
        How its marks were told.
    """
    source = export.source
    markers = export.session.markers
    events = tuple(e for e in source.recording.events if markers.stream in {None, e.source})
    teller = MarkTeller(events, source.protocol, markers.codes, export.hidden, export.strip)
    marks = events_text(teller.told())
    for person in export.persons:
        subject = f"sub-{label(person.id)}"
        folder = place / subject / f"ses-{export.label}" / "beh"
        stem = f"{subject}_ses-{export.label}_task-{export.task}"
        write_text_file(folder / f"{stem}_events.tsv", marks)
        signals = _signals(person)
        for name, signal in zip(recording_labels(signals), signals, strict=True):
            more = {"TaskName": source.protocol.id}
            write_physio(folder, f"{stem}_recording-{name}", signal, more)
    return teller
