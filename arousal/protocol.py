"""What a session is: its phases in order, their usual lengths, its roles. Data, not code.

A meeting is an opening, one or more case blocks, and a closing. A `Protocol` lists the phases of
the meeting in order; those with ``part = "case"`` repeat once per case block, each block with its
own presenter. Protocols are TOML files; six are bundled, and a user's own works by path:

>>> from arousal.protocol import load_protocol
>>> [p.id for p in load_protocol("balint-60").phases][:4]
['baseline', 'opening', 'invitation', 'presentation']
"""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from arousal.errors import SettingsError
from arousal.session import PersonInSession
from arousal.settings import explain_validation, read_toml

__all__ = [
    "INCIDENTS",
    "INTERVENTIONS",
    "Phase",
    "PlannedPhase",
    "Protocol",
    "bundled_protocols",
    "load_protocol",
]

INTERVENTIONS = {
    "empathy": "Empathy, support (MBT level 1)",
    "exploration": "Exploration, clarification, challenge (MBT level 2)",
    "affect": "Affect focus (MBT level 3)",
    "relationship": "Mentalizing the relationship (MBT level 4)",
    "misunderstanding": "Acknowledges a misunderstanding",
    "structure": "Structure or time",
    "protects": "Protects the presenter",
    "reflexive": "Turns the group to itself",
}
"""Types of intervention (science: MBT levels 1-4 and the Balint leader's own)."""
INCIDENTS = ("break", "leaves", "joins", "movement", "technical")
"""Types of incident."""

_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Phase(_Model):
    """One phase of a protocol."""

    id: _Id
    name: str
    part: Literal["meeting", "case"] = "meeting"
    minutes: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(ge=0)]]
    """Usual length, from-to, in minutes."""
    optional: bool = False
    """Whether a session without it is complete; a missing phase that is not optional makes the
    end of the one before it uncertain."""
    quiet: bool = False
    """Seated, quiet: usable as a person's own reference."""
    implicit: bool = False
    """Whether it begins with the recording when no marker begins it (imports without a mark)."""
    description: str = ""
    aliases: tuple[str, ...] = ()
    """Other words for it that markers may use, any language or case; numbers as text."""

    @model_validator(mode="after")
    def _ordered(self) -> Phase:
        if self.minutes[0] > self.minutes[1]:
            raise ValueError(f"minutes {self.minutes} must be [shortest, longest]")
        return self


@dataclass(frozen=True, slots=True)
class PlannedPhase:
    """A phase at its place in the plan: which block, from when to when (seconds)."""

    phase: str
    block: int
    onset: float
    end: float


class Protocol(BaseModel):
    """A kind of session.

    Raises
    ------
    SettingsError
        (from `load_protocol`) If two phases share an id or alias, the case phases are not
        contiguous, or the number of case blocks and the case phases contradict each other.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False
    )

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    name: str
    minutes: Annotated[float, Field(gt=0)]
    """Length of the meeting as planned, without baseline and recovery."""
    case_blocks: Annotated[int, Field(ge=0, le=6)] = 1
    ordered: bool = True
    """Whether the phases follow each other as listed (MBT has no fixed order)."""
    roles: dict[_Id, str] = {
        "leader": "Leader",
        "co_leader": "Co-leader",
        "member": "Member",
    }
    """Role id -> name; a person has one of them for the whole meeting."""
    presenter_role: _Id = "presenter"
    """Role that a marker gives to one person per case block (none without case blocks)."""
    leader_roles: tuple[str, ...] = ("leader", "co_leader")
    """Roles for which no trajectory is predicted (described only)."""
    baseline_phases: tuple[str, ...] = ("baseline", "recovery", "opening")
    """Which phase serves as a person's own reference, first choice first; else the session."""
    phases: Annotated[tuple[Phase, ...], Field(alias="phase", min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Protocol:
        ids = [p.id for p in self.phases]
        if twice := {i for i in ids if ids.count(i) > 1}:
            raise ValueError(f"two phases share the id {', '.join(sorted(twice))}")
        words: dict[str, str] = {}
        for phase in self.phases:
            for word in {_plain(w) for w in (phase.id, phase.name, *phase.aliases)}:
                if not word:
                    raise ValueError(f"a name or alias of {phase.id} has no letter or digit")
                if words.setdefault(word, phase.id) != phase.id:
                    raise ValueError(f"{word!r} names both {words[word]} and {phase.id}")
        case = [i for i, p in enumerate(self.phases) if p.part == "case"]
        if bool(case) != bool(self.case_blocks):
            raise ValueError(f"case_blocks is {self.case_blocks}, case phases: {len(case)}")
        if case and case[-1] - case[0] != len(case) - 1:
            raise ValueError("phases with part = 'case' must follow each other")
        return self

    @model_validator(mode="after")
    def _names_known(self) -> Protocol:
        for name in self.baseline_phases:
            if name not in {p.id for p in self.phases}:
                raise ValueError(f"baseline_phases names {name!r}, which is no phase")
        for name in self.leader_roles:
            if name not in self.roles:
                raise ValueError(f"leader_roles names {name!r}, which is no role")
        if self.presenter_role in self.roles:
            raise ValueError(f"presenter_role {self.presenter_role!r} is also one of the roles")
        return self

    @cached_property
    def _by_word(self) -> dict[str, str]:
        return {
            _plain(word): phase.id
            for phase in self.phases
            for word in (phase.id, phase.name, *phase.aliases)
        }

    def phase(self, phase_id: str) -> Phase:
        """Return the phase with this id.

        Raises
        ------
        SettingsError
            If the protocol has none.
        """
        for phase in self.phases:
            if phase.id == phase_id:
                return phase
        known = ", ".join(p.id for p in self.phases)
        raise SettingsError(f"no phase {phase_id!r}; known: {known}", where=self.id)

    def find_phase(self, word: str) -> str | None:
        """Return the id of the phase that a marker's word names, or ``None``.

        Case, accents, spaces, ``-`` and ``_`` do not matter: ``"Push-Back"`` finds
        ``"discussion"``, ``"megbeszélés"`` too.
        """
        return self._by_word.get(_plain(word))

    def closest_phase(self, word: str) -> str | None:
        """Return the id of the phase whose name or alias looks most like a word, if any does.

        Numbers are codes and no spelling: ``"tag7"`` is not nearly ``"tag6"``.
        """
        plain = _plain(word)
        names = [n for n in self._by_word if _digits(n) in {"", _digits(plain)}]
        near = get_close_matches(plain, names, n=1, cutoff=0.6)
        return self._by_word[near[0]] if near else None

    def check_people(self, people: dict[str, PersonInSession], where: str | Path) -> None:
        """Check that a session's roles are roles of this protocol.

        Raises
        ------
        SettingsError
            On the first person whose role is unknown.
        """
        for person, entry in people.items():
            if entry.role not in self.roles:
                raise SettingsError(
                    f"people.{person}.role is {entry.role!r}; "
                    f"roles of {self.id}: {', '.join(self.roles)}",
                    where=where,
                )

    def plan(self) -> tuple[PlannedPhase, ...]:
        """Return the phases laid out in time with the middle of their usual lengths.

        The phases between baseline and recovery are stretched so that they fill ``minutes``.
        """
        entries = self._sequence()
        middle = {p.id: sum(p.minutes) / 2 for p in self.phases}
        outside = {p.id for p in self.phases if p.id in {"baseline", "recovery"}}
        inside = sum(middle[p] for p, _ in entries if p not in outside)
        scale = self.minutes / inside if inside else 1.0
        planned, now = [], 0.0
        for phase, block in entries:
            length = 60.0 * middle[phase] * (1.0 if phase in outside else scale)
            planned.append(PlannedPhase(phase, block, now, now + length))
            now += length
        return tuple(planned)

    def _sequence(self) -> list[tuple[str, int]]:
        case = [p.id for p in self.phases if p.part == "case"]
        entries: list[tuple[str, int]] = []
        for phase in self.phases:
            if phase.part == "meeting":
                entries.append((phase.id, 0))
            elif phase.id == case[0]:
                entries += [(p, b) for b in range(1, self.case_blocks + 1) for p in case]
        return entries


def _plain(word: str) -> str:
    """Lower case, no accents, no separators."""
    bare = unicodedata.normalize("NFKD", word.strip().casefold())
    return "".join(c for c in bare if c.isalnum())


def _digits(word: str) -> str:
    return "".join(c for c in word if c.isdigit())


def bundled_protocols() -> tuple[str, ...]:
    """Names of the protocols that come with the package."""
    folder = files("arousal").joinpath("protocols")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def load_protocol(name: str | Path, *, folder: Path | None = None) -> Protocol:
    """Load a bundled protocol by name, or one's own by path.

    Parameters
    ----------
    name : str or Path
        ``"balint-90"`` or a path ending in ``.toml``.
    folder : Path, optional
        Where a relative path starts (a session's folder); default: the working directory.

    Raises
    ------
    SettingsError
        If the name is unknown, the file is missing or breaks a rule.
    """
    text = str(name)
    if text.endswith(".toml"):
        path = (folder or Path()) / text
        return _parse(read_toml(path), str(path))
    if text not in bundled_protocols():
        raise SettingsError(
            f"no protocol {text!r}; bundled: {', '.join(bundled_protocols())}",
            hint="or give the path of your own .toml file",
        )
    with files("arousal").joinpath("protocols", f"{text}.toml").open("rb") as file:
        return _parse(tomllib.load(file), text)


def _parse(raw: dict[str, Any], where: str) -> Protocol:
    try:
        return Protocol.model_validate(raw)
    except ValidationError as error:
        raise explain_validation(error, where) from None
