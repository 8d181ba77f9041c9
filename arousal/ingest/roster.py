"""Who wears what: the session file's claims held against the streams on the network.

A claim is one ``kind = "LSL name or source_id"`` of a person. It is met by a stream of that name
or source id whose announcement can be of that kind. Claims met by several streams at once are
ambiguous (two straps under one name and id), and that is said instead of guessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from arousal.consent import Consents
from arousal.errors import UsageError
from arousal.findings import Finding, Severity
from arousal.ingest.devices import Catalogue
from arousal.ingest.people import Claim, claims_of
from arousal.ingest.raw import RawStream, StreamInfo
from arousal.recording import Kind
from arousal.session import SessionFile, load_session, load_study, participants_of
from arousal.withheld import Withheld

__all__ = ["Roster", "announced_kinds", "load_roster"]


def load_roster(folder: Path | None, catalogue: Catalogue) -> Roster:
    """Read a session folder's ``session.toml``, and the consents of the study it lies in.

    Parameters
    ----------
    folder : Path or None
        Session folder; ``None`` for a recording without a roster.
    catalogue : Catalogue
        Device rules.

    Raises
    ------
    SettingsError
        If a file is missing or breaks a rule.
    """
    if folder is None:
        return Roster(None, catalogue)
    session = load_session(folder / "session.toml")
    claims_of(session)  # a wrong claim is told before the recording, not during it
    root = folder.resolve().parent.parent
    if not (root / "study.toml").is_file():
        return Roster(session, catalogue, Consents(session))
    consents = Consents(session, load_study(root / "study.toml"), participants_of(root))
    return Roster(session, catalogue, consents)


def announced_kinds(info: StreamInfo, catalogue: Catalogue) -> tuple[Kind, ...]:
    """Kinds that a stream's announcement alone lets one expect; empty for text and unknown ones."""
    if info.is_text:
        return ()
    empty = RawStream(info, np.empty((0, len(info.channels))), np.empty(0), np.empty(0))
    kinds = (match.kind for match in catalogue.match(empty))
    return tuple(dict.fromkeys(kind for kind in kinds if kind is not None))


@dataclass(frozen=True)
class Roster:
    """The session's claims.

    Parameters
    ----------
    session : SessionFile or None
        ``None``: nobody is expected, everything is recorded.
    catalogue : Catalogue
        Device rules.
    consents : Consents
        Who agreed to be recorded.
    """

    session: SessionFile | None
    catalogue: Catalogue
    consents: Consents = field(default_factory=Consents)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """Every claim, in the file's order.

        Raises
        ------
        SettingsError
            If a kind is unknown or two persons claim the same stream for the same kind.
        """
        return claims_of(self.session)

    def met_by(self, info: StreamInfo) -> tuple[Claim, ...]:
        """Claims that a stream meets, by its name, uid or source id and its announced kinds."""
        kinds = announced_kinds(info, self.catalogue)
        return tuple(
            claim
            for claim in self.claims
            if _rank(claim, info) is not None and (not kinds or claim.kind in kinds)
        )

    def person(self, info: StreamInfo) -> str | None:
        """Return the one person who claims a stream; ``None`` for nobody or several."""
        people = {claim.person for claim in self.met_by(info)}
        return people.pop() if len(people) == 1 else None

    def refusal(self, info: StreamInfo) -> str:
        """Return why a stream must not be recorded; empty if it may."""
        for claim in self.met_by(info):
            if not self.consents.allows(claim.person, "record"):
                return f"{claim.person} has not agreed to be recorded"
        return ""

    @property
    def gone(self) -> frozenset[str]:
        """Who withdrew."""
        return frozenset(() if self.session is None else self.session.withdrawn)

    def without(self, person: str) -> Roster:
        """Return the roster after somebody withdrew."""
        if self.session is None:
            raise UsageError("nobody can withdraw: there is no session file", where="roster")
        listed = (*self.session.withdrawn, person)
        session = self.session.model_copy(update={"withdrawn": tuple(dict.fromkeys(listed))})
        return Roster(session, self.catalogue, replace(self.consents, session=session))

    def withdrew(self, info: StreamInfo) -> bool:
        """Whether a stream is that of somebody who withdrew: claimed by them or named after them.

        Such a stream is neither opened nor named in any file.
        """
        claimed = {claim.person for claim in self.met_by(info)}
        texts = (info.name, info.source_id, *info.channels)
        return bool(claimed & self.gone) or Withheld(self.gone).named_in(*texts)

    def check(self, streams: Iterable[StreamInfo]) -> tuple[Finding, ...]:
        """Hold the claims against the streams that are there.

        Parameters
        ----------
        streams : iterable of StreamInfo
            All that are alive at this moment.

        Returns
        -------
        tuple of Finding
            Who is missing, which ids are ambiguous, who has not agreed, which streams nobody
            claims; empty if all is well.
        """
        present = [info for info in streams if not self.withdrew(info)]
        return (
            *self._missing(present),
            *self._ambiguous(present),
            *self._refused(present),
            *self._unclaimed(present),
        )

    def _refused(self, present: list[StreamInfo]) -> list[Finding]:
        return [
            Finding(
                "no-consent",
                f"{reason}: this stream is not written",
                Severity.PROBLEM,
                where=_title(info),
                hint="date [consent.<person>].record in session.toml once it is signed",
            )
            for info in present
            if (reason := self.refusal(info))
        ]

    def _missing(self, present: list[StreamInfo]) -> list[Finding]:
        there = {claim for info in present for claim in self.met_by(info)}
        return [
            Finding(
                "stream-missing",
                f"no stream named {claim.stream!r}",
                Severity.PROBLEM,
                where=f"{claim.person} {claim.kind}",
                hint="is the sensor worn and switched on, its bridge running, on this network?",
            )
            for claim in self.claims
            if claim not in there and claim.person not in self.gone
        ]

    def _ambiguous(self, present: list[StreamInfo]) -> list[Finding]:
        alike: dict[tuple[str, str, str], list[StreamInfo]] = defaultdict(list)
        for info in present:
            if not info.is_text:
                alike[info.name, info.type, info.source_id].append(info)
        found = [
            Finding(
                "id-ambiguous",
                f"{len(same)} streams share name, type and source id {same[0].source_id!r}; each "
                "is recorded by itself, but nothing tells whose it is",
                Severity.PROBLEM,
                where=_title(same[0]),
                hint="give each strap a name of its own in its bridge",
            )
            for same in alike.values()
            if len(same) > 1
        ]
        return found + [
            Finding(
                "claim-ambiguous",
                f"{claim.stream!r} fits several streams: {', '.join(names)}",
                Severity.PROBLEM,
                where=f"{claim.person} {claim.kind}",
                hint="write the stream's name instead of its source id",
            )
            for claim in self.claims
            if len(names := self._best(claim, present)) > 1
        ]

    def _best(self, claim: Claim, present: list[StreamInfo]) -> list[str]:
        """Names of the streams that fit a claim equally well: name before uid before source id."""
        ranks = [
            (rank, info.name)
            for info in present
            if claim in self.met_by(info) and (rank := _rank(claim, info)) is not None
        ]
        return sorted({name for rank, name in ranks if rank == min(ranks)[0]})

    def _unclaimed(self, present: list[StreamInfo]) -> list[Finding]:
        if not self.claims:
            return []
        nobodys = [info for info in present if not info.is_text and not self.met_by(info)]
        return [
            Finding(
                "stream-unclaimed",
                "nobody in the session file claims it; it is recorded",
                Severity.WARNING,
                where=_title(info),
                hint=self._how_to_claim(info),
            )
            for info in {_title(info): info for info in nobodys}.values()
        ]

    def _how_to_claim(self, info: StreamInfo) -> str:
        kind = next(iter(announced_kinds(info, self.catalogue)), "KIND")
        return f'streams = {{ {kind} = "{info.name}" }} under its wearer in session.toml'


def _rank(claim: Claim, info: StreamInfo) -> int | None:
    """How well a claim's text fits a stream (0 = by name); ``None`` if it does not."""
    # "OpenSignals:ECG_2" names one channel of a stream.
    texts = {claim.stream, claim.stream.rpartition(":")[0]} - {""}
    places = (info.name, info.uid, info.source_id)
    return next((rank for rank, text in enumerate(places) if text in texts), None)


def _title(info: StreamInfo) -> str:
    return f"{info.name} ({info.type or 'no type'}) on {info.hostname or 'unknown host'}"
