"""Whom to forget in one session: every name of theirs, which streams, and how texts change."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from arousal.errors import DataError, UsageError
from arousal.ingest.bids_names import subject_label
from arousal.ingest.bids_sidecar import DESCRIPTION
from arousal.ingest.journal_cut import journals_of, streams_of_person
from arousal.ingest.people_folder import is_people_folder
from arousal.ingest.raw import StreamInfo
from arousal.ingest.xdf_cut import stored_streams
from arousal.marks import parse_mark
from arousal.session import SessionFile, load_session
from arousal.withheld import Withheld

__all__ = ["TOMBSTONE", "Leaver", "check_can_rewrite", "find_leaver", "own_recording"]

TOMBSTONE = "anonymous"
"""Stands where a name stood in a mark."""
XDF_ENDINGS = (".xdf", ".xdfz", ".xdf.gz")


@dataclass(frozen=True)
class Leaver:
    """Whom to forget, in one session: every name, and how texts change."""

    hidden: Withheld
    streams: dict[Path, frozenset[int]] = field(default_factory=dict)

    def named(self, *texts: str) -> bool:
        """Whether any of the texts names the person."""
        return self.hidden.named_in(*texts)

    def change(self, text: str) -> str | None:
        """Return a mark without the name; ``None`` for the person's own answers."""
        if not self.hidden.named_in(text):
            return text
        try:
            is_answer = parse_mark(text).verb == "probe"
        except DataError:
            is_answer = text.startswith("probe/")
        return None if is_answer else self.hidden.without(text, TOMBSTONE)


def find_leaver(folder: Path, person: str) -> Leaver:
    """Gather every name that the person's streams have in this session."""
    session = load_session(folder / "session.toml")
    bare = Withheld(frozenset({person}))
    entry = session.people.get(person)
    claimed = set(entry.streams.values()) if entry is not None else set()
    whole = {claim for claim in claimed if ":" not in claim}
    streams: dict[Path, frozenset[int]] = {}
    own: set[str] = set(claimed)
    others: set[str] = {s for p, e in session.people.items() if p != person
                        for s in e.streams.values()}  # fmt: skip
    for path in (p for p in _data_files(folder, session) if p.name.endswith(XDF_ENDINGS)):
        infos = stored_streams(path)
        noted = [streams_of_person(j, bare.named_in) for j in journals_of(path)]
        mine = {n for n, info in infos.items() if _is_theirs(info, whole, bare)}
        mine |= {n for numbers in noted for n in numbers if n in infos}
        streams[path] = frozenset(mine) | frozenset(n for numbers in noted for n in numbers)
        own |= {text for n in mine for text in _ids(infos[n])}
        others |= {text for n, info in infos.items() if n not in mine for text in _ids(info)}
    return Leaver(Withheld(frozenset({person} | (own - others - {""}))), streams)


def _data_files(folder: Path, session: SessionFile) -> list[Path]:
    named = folder / session.recording
    found = {p for p in folder.iterdir() if p.name.endswith(XDF_ENDINGS)}
    return sorted(found | ({named} if named.exists() else set()))


def _ids(info: StreamInfo) -> tuple[str, ...]:
    return info.name, info.source_id, info.uid


def _is_theirs(info: StreamInfo, claimed: set[str], bare: Withheld) -> bool:
    return bool(claimed.intersection(_ids(info))) or bare.named_in(*_ids(info), *info.channels)


def check_can_rewrite(folder: Path, who: Leaver, person: str) -> None:
    """Refuse, before anything changes, data out of which one person cannot be cut.

    Raises
    ------
    UsageError
        If a recording is no XDF file, or a stream carries several persons' channels.
    """
    session = load_session(folder / "session.toml")
    for path in _data_files(folder, session):
        if own_recording(folder, session, person) is not None:
            continue
        if not path.name.endswith(XDF_ENDINGS):
            raise UsageError(
                f"{path.name} is no XDF file, so one person cannot be taken out of it",
                where=folder,
                hint="delete that file or folder by hand, then run this again",
            )
        for number in who.streams.get(path, frozenset()):
            _check_alone(path, number, session, person)


def own_recording(folder: Path, session: SessionFile, person: str) -> Path | None:
    """Return what in a session is this one person's recording alone, and no XDF file.

    Returns
    -------
    Path or None
        Their folder among several people's (`arousal.ingest.people_folder`, or BIDS subjects), or
        the whole recording where nobody else is on the roster; ``None`` if there is no such thing.
    """
    named = folder / session.recording
    if is_people_folder(named, session):
        return named / person
    if len(session.people) > 1 and (named / DESCRIPTION).is_file():
        return named / f"sub-{subject_label(person)}"
    alone = set(session.people) == {person} and not named.name.endswith(XDF_ENDINGS)
    return named if alone else None


def _check_alone(path: Path, number: int, session: SessionFile, person: str) -> None:
    """Refuse where a stream carries several persons' channels: none can be cut out of it."""
    info = stored_streams(path).get(number)
    if info is None:
        return
    sharing = [
        other
        for other, entry in session.people.items()
        if other != person
        for claim in entry.streams.values()
        if claim in _ids(info) or claim.rsplit(":", 1)[0] in _ids(info)
    ]
    sharing += [p for p in session.people if p != person
                and Withheld(frozenset({p})).named_in(*info.channels)]  # fmt: skip
    if sharing:
        raise UsageError(
            f"one stream of {path.name} carries several persons' channels; they cannot be parted",
            where=path.parent,
            hint="nothing was changed; the whole recording would have to be deleted",
        )
