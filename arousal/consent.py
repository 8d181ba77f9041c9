"""Who may be shown to whom: purposes, release with its delay, and the rule for group figures.

Confidentiality is a rule of the Balint group itself, so these decisions are made in one place, by
pure functions over the study's own files, and every output asks them.

- In a study a missing consent is a no. Imported studies may declare ``"held elsewhere"`` once.
- A single file, or a session folder outside a study without any ``[consent]``, opens for its
  researcher only.
- A person's own curve is shown to the group only after that person released it *after* the
  session, and only after a delay (24 h by default).
- Group figures need at least five contributors who agreed (median and spread); with three or
  four each must have agreed to the small-group view (mean only, 2-minute bins); with fewer there
  is no curve.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from arousal.errors import UsageError
from arousal.findings import Finding, Severity
from arousal.session import PURPOSES, ConsentDates, Participant, SessionFile, StudyFile

__all__ = [
    "Audience",
    "Consents",
    "GroupView",
    "group_view",
    "looks_like_a_name",
    "name_findings",
]

FULL_GROUP = 5
SMALL_GROUP = 3
SMALL_GROUP_BIN = 120.0


class Audience(StrEnum):
    """For whom a page is made."""

    RESEARCHER = "researcher"
    LEADER = "leader"
    PERSON = "person"

    @property
    def purpose(self) -> str:
        """What everybody in such a page must have agreed to."""
        return {"researcher": "research", "leader": "group_view", "person": "own_view"}[self]


@dataclass(frozen=True, slots=True)
class Consents:
    """The consents that hold for one session.

    Parameters
    ----------
    session : SessionFile or None
        The session's own file; ``None`` for a single data file.
    study : StudyFile or None
        The study it lies in, if any.
    participants : mapping of str to Participant
        Study-wide rows; a purpose that the session dates wins.
    """

    session: SessionFile | None = None
    study: StudyFile | None = None
    participants: Mapping[str, Participant] | None = None

    @property
    def held_elsewhere(self) -> bool:
        """Whether the consents are declared to be kept by another institution."""
        declared = self.session is not None and self.session.consent == "held elsewhere"
        return declared or (self.study is not None and self.study.consent == "held elsewhere")

    @property
    def researcher_only(self) -> bool:
        """Whether nothing is known about consent, so that only the researcher may look."""
        if self.held_elsewhere or self.study is not None:
            return False
        # An empty [consent] is a table in which nobody agreed, as after a withdrawal.
        return self.session is None or "consent" not in self.session.model_fields_set

    def allows(self, person: str, purpose: str) -> bool:
        """Whether this person agreed to a purpose.

        Who did not agree to be recorded agreed to nothing: marks of the session may still name
        them, and what they answered is theirs.

        Parameters
        ----------
        person : str
            Pseudonym.
        purpose : str
            One of ``arousal.session.PURPOSES``.

        Raises
        ------
        UsageError
            If there is no such purpose.
        """
        if purpose not in PURPOSES:
            raise UsageError(f"no purpose {purpose!r}; known: {', '.join(PURPOSES)}")
        if self.session is not None and person in self.session.withdrawn:
            return False
        if self.researcher_only:
            return purpose in {"record", "research"}
        if self.held_elsewhere:
            return purpose != "share_raw"
        return all(self._date(person, p) is not None for p in {"record", purpose})

    def without_record(self, people: Iterable[str]) -> tuple[str, ...]:
        """Who dated a purpose but not ``record``, so that nothing they agreed to counts.

        Parameters
        ----------
        people : iterable of str
            Pseudonyms to look at.
        """
        if self.researcher_only or self.held_elsewhere:
            return ()
        others = [p for p in PURPOSES if p != "record"]
        return tuple(
            who
            for who in people
            if self._date(who, "record") is None and any(self._date(who, p) for p in others)
        )

    def _date(self, person: str, purpose: str) -> object:
        own = ConsentDates()
        if self.session is not None and isinstance(self.session.consent, dict):
            own = self.session.consent.get(person, own)
        row = (self.participants or {}).get(person)
        return getattr(own, purpose) or (getattr(row.consent, purpose) if row else None)

    def released(self, person: str, now: datetime) -> bool:
        """Whether this person's own curve may be shown to the group now.

        True only if the person released it after the session had begun (nobody can release a curve
        that is not there), agreed to the group view, and the delay is over.

        Parameters
        ----------
        person : str
            Pseudonym.
        now : datetime
            Timezone-aware.
        """
        if self.session is None or not self.allows(person, "group_view"):
            return False
        at, begun = self.session.release.people.get(person), self.session.started
        if at is None or (begun is not None and at < begun):
            return False
        return now >= at + self.delay

    @property
    def delay(self) -> timedelta:
        """Time between a release and the first showing: the session's, else the study's."""
        if self.session is None:
            return timedelta(hours=24)
        release = self.session.release
        if "delay_hours" not in release.model_fields_set and self.study is not None:
            return timedelta(hours=self.study.release_delay_hours)
        return timedelta(hours=release.delay_hours)

    def check_audience(self, audience: Audience) -> None:
        """Refuse a page that nobody agreed to.

        Raises
        ------
        UsageError
            If only the researcher may look and another audience was asked for.
        """
        if audience is not Audience.RESEARCHER and self.researcher_only:
            raise UsageError(
                f"a page for the {audience} needs a session.toml with [consent]",
                hint="use --audience researcher, or put the file into a session folder",
            )


def looks_like_a_name(pseudonym: str) -> bool:
    """Whether a pseudonym may be somebody's name: three letters or more and no digit.

    Examples
    --------
    >>> [looks_like_a_name(p) for p in ("Jane", "jane-k", "P04", "K7")]
    [True, True, False, False]
    """
    letters = sum(c.isalpha() for c in pseudonym)
    return letters >= 3 and not any(c.isdigit() for c in pseudonym)


def name_findings(people: Iterable[str]) -> tuple[Finding, ...]:
    """Warn of pseudonyms that look like names; the warning does not repeat them."""
    count = sum(map(looks_like_a_name, people))
    if not count:
        return ()
    message = f"{count} pseudonyms look like names of people"
    hint = "write P04 or the like in session.toml, and keep the list of names elsewhere"
    return (Finding("pseudonym-like-name", message, Severity.WARNING, "session.toml", hint),)


@dataclass(frozen=True, slots=True)
class GroupView:
    """What a group figure may show.

    Parameters
    ----------
    level : {"full", "small", "none"}
        Median and spread; mean only, in bins; nothing.
    persons : tuple of str
        Contributors who agreed.
    bin_seconds : float
        Bin width of the small-group view in s; 0 for none.
    reason : str
        Why less than the full view; empty for the full view.
    """

    level: Literal["full", "small", "none"]
    persons: tuple[str, ...]
    bin_seconds: float = 0.0
    reason: str = ""


def group_view(contributors: Iterable[str], consents: Consents) -> GroupView:
    """Decide what a figure over these contributors may show to the group.

    Parameters
    ----------
    contributors : iterable of str
        Pseudonyms of the members whose data the figure would summarise.
    consents : Consents
        The session's consents.
    """
    everyone = tuple(contributors)
    agreed = tuple(p for p in everyone if consents.allows(p, "group_view"))
    if len(agreed) >= FULL_GROUP:
        return GroupView("full", agreed)
    if len(agreed) < SMALL_GROUP:
        return GroupView(
            "none",
            agreed,
            0.0,
            f"{len(agreed)} members agreed and had usable data; 3 are needed",
        )
    unwilling = [p for p in agreed if not consents.allows(p, "small_group_view")]
    if unwilling:
        return GroupView(
            "none",
            agreed,
            0.0,
            f"only {len(agreed)} members, and not everyone agreed to the small-group view",
        )
    return GroupView(
        "small",
        agreed,
        SMALL_GROUP_BIN,
        f"only {len(agreed)} members: mean in 2-minute steps",
    )
