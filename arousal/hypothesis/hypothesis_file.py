"""What a hypothesis file says: head, contrasts, rules; read, checked and hashed.

A file that contradicts itself is refused with one line that names the place.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from arousal.atomic import write_bytes
from arousal.errors import SettingsError, UsageError
from arousal.hypothesis.course import Course
from arousal.hypothesis.prediction import Contrast
from arousal.protocol import load_protocol
from arousal.session import Pseudonym
from arousal.settings import explain_validation

__all__ = [
    "LEAST_BLOCKS",
    "MOST_PRIMARIES",
    "Cluster",
    "Edges",
    "Exclusions",
    "Hypothesis",
    "HypothesisFile",
    "SpeechRule",
    "Template",
    "bundled_hypotheses",
    "load_hypothesis",
    "new_hypothesis",
]

LEAST_BLOCKS = 6
"""Independent case blocks below which nothing is tested, only described."""
MOST_PRIMARIES = 3
"""Primary tests (contrast x measure) that one file may have."""

Cluster = Literal["none", "presenter", "session", "group"]
_Fraction = Annotated[float, Field(ge=0, le=1)]
_Seconds = Annotated[float, Field(ge=0, le=600)]
_Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Exclusions(_Model):
    """What a number needs to count, and who is left out from the start."""

    min_valid: _Fraction = 0.5
    """Share of valid windows that each part of a contrast needs."""
    min_seconds: Annotated[float, Field(ge=0)] = 120.0
    """... and seconds that they cover,"""
    min_seconds_fast: Annotated[float, Field(ge=0)] = 60.0
    """... for heart rate and skin conductance responses."""
    min_members: Annotated[int, Field(ge=1)] = 3
    """Members with a value that a block needs where members enter."""
    non_responders: bool = True
    """Whether people without any skin response are left out of skin measures."""
    persons: dict[Pseudonym, str] = {}
    """Pseudonym -> why this person is left out."""
    sessions: dict[str, str] = {}
    """Session id -> why it is left out."""


class Edges(_Model):
    """Seconds dropped where a phase begins; see `arousal.settings.AlignSettings`."""

    usual: _Seconds = 60.0
    short: _Seconds = 30.0
    """In phases under four minutes."""
    discussion: _Seconds = 120.0


class SpeechRule(_Model):
    """When a window counts as quiet, and what happens where nobody knows who spoke."""

    quiet_max: _Fraction = 0.2
    unknown: Literal["refuse", "keep"] = "refuse"
    """``keep``: with ``quiet``, windows of people whose speech is not known count all the same."""


class Template(_Model):
    """Expected heights over phases, to lay over one session (never confirmatory)."""

    who: Literal["presenter", "members"]
    provenance: Annotated[str, Field(min_length=1)]
    heights: Annotated[dict[str, _Finite], Field(min_length=2)]
    """Phase -> height, any unit."""

    @model_validator(mode="after")
    def _varies(self) -> Template:
        if len(set(self.heights.values())) < 2:
            raise ValueError("all heights are equal: a template without variance fits nothing")
        return self


class Hypothesis(_Model):
    """A hypothesis file.

    Raises
    ------
    SettingsError
        (from `load_hypothesis`) If it contradicts itself; the line names contrast and rule.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.-]{0,15}$")]
    date: dt.date
    author: str
    source: str
    provenance: str
    """Who turned which text into these contrasts, and what is not from the text."""
    statement: str
    protocols: Annotated[tuple[str, ...], Field(min_length=1)]
    """Bundled names or paths; sessions of another protocol are left out."""
    alpha: Annotated[float, Field(gt=0, le=0.2)] = 0.05
    test: Literal["t", "sign-flip"] = "t"
    """Which p decides; the other is reported beside it."""
    cluster: Cluster = "presenter"
    """Blocks that share it count as one independent unit; ``presenter`` means the session where
    only members enter."""
    mixed: bool = False
    """Whether a mixed model on block contrasts is fitted beside the test where blocks cluster."""
    smallest_dz: Annotated[float, Field(gt=0, le=3)] = 0.5
    """Smallest effect that would matter, in SD of block contrasts, where no unit is given."""
    edges: Edges = Edges()
    speech: SpeechRule = SpeechRule()
    exclusions: Exclusions = Exclusions()
    contrasts: Annotated[tuple[Contrast, ...], Field(alias="contrast", min_length=1)]
    templates: Annotated[tuple[Template, ...], Field(alias="template")] = ()
    display: dict[str, Any] | None = None
    """The drawing beside a curve; checked by `arousal.hypothesis.course`."""

    @model_validator(mode="after")
    def _consistent(self) -> Hypothesis:
        ids = [c.id for c in self.contrasts]
        if len(set(ids)) < len(ids):
            raise ValueError(f"two contrasts are called {max(ids, key=ids.count)}")
        primaries = sum(len(c.measures) for c in self.contrasts if c.status == "primary")
        if primaries > MOST_PRIMARIES:
            raise ValueError(
                f"{primaries} primary tests (contrast x measure), at most {MOST_PRIMARIES}"
            )
        for c in self.contrasts:
            if c.family and c.status == "primary":
                raise ValueError(f"{c.id}: primaries are one family already; leave family out")
        return self

    def contrast(self, contrast_id: str) -> Contrast:
        """Return the contrast with this id.

        Raises
        ------
        UsageError
            If there is none.
        """
        for contrast in self.contrasts:
            if contrast.id == contrast_id:
                return contrast
        known = ", ".join(c.id for c in self.contrasts)
        raise UsageError(f"no contrast {contrast_id!r} in {self.name}; known: {known}")


@dataclass(frozen=True, slots=True)
class HypothesisFile:
    """A hypothesis with the bytes that it was read from.

    Parameters
    ----------
    hypothesis : Hypothesis
        What it says.
    content : bytes
        The file.
    origin : str
        Bundled name or path.
    protocol_ids : tuple of str
        Ids of its protocols.
    """

    hypothesis: Hypothesis
    content: bytes
    origin: str
    protocol_ids: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Of the file's bytes: any change, be it a comment, is another file."""
        return hashlib.sha256(self.content).hexdigest()


def bundled_hypotheses() -> tuple[str, ...]:
    """Names of the hypotheses that come with the package."""
    folder = files("arousal.hypothesis")
    names = (f.name for f in folder.iterdir() if f.name.endswith(".toml"))
    return tuple(sorted(n[:-5] for n in names if not n.startswith("_")))


def load_hypothesis(name: str | Path) -> HypothesisFile:
    """Load a bundled hypothesis by name, or one's own by path.

    Parameters
    ----------
    name : str or Path
        ``"farkas2024"`` or a path ending in ``.toml``.

    Raises
    ------
    SettingsError
        If the name is unknown, the file is missing, not TOML, or contradicts itself.

    Examples
    --------
    >>> load_hypothesis("farkas2024").hypothesis.contrast("C2").status
    'primary'
    """
    text = str(name)
    if text.endswith(".toml"):
        return _parse(_read(Path(text)), text, Path(text).parent)
    if text not in bundled_hypotheses():
        raise SettingsError(
            f"no hypothesis {text!r}; bundled: {', '.join(bundled_hypotheses())}",
            hint="or give the path of your own .toml file",
        )
    return _parse(files("arousal.hypothesis").joinpath(f"{text}.toml").read_bytes(), text, Path())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise SettingsError("the file does not exist", where=path) from None
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", where=path) from None


def _parse(content: bytes, where: str, folder: Path) -> HypothesisFile:
    try:
        raw = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"not valid TOML: {error}", where=where) from None
    try:
        hypothesis = Hypothesis.model_validate(raw)
        if hypothesis.display is not None:
            Course.model_validate(raw)
    except ValidationError as error:
        raise explain_validation(error, where) from None
    return HypothesisFile(hypothesis, content, where, _check_phases(hypothesis, where, folder))


def _check_phases(hypothesis: Hypothesis, where: str, folder: Path) -> tuple[str, ...]:
    """Every phase that is named must exist in every protocol that is named; return their ids."""
    named = [(c.id, t.phase) for c in hypothesis.contrasts for t in c.terms]
    named += [("template", phase) for t in hypothesis.templates for phase in t.heights]
    ids = []
    for name in hypothesis.protocols:
        protocol = load_protocol(name, folder=folder)
        ids.append(protocol.id)
        known = [p.id for p in protocol.phases]
        for place, phase in named:
            if phase not in known:
                raise SettingsError(
                    f"{place}: no phase {phase!r} in {protocol.id}; known: {', '.join(known)}",
                    where=where,
                )
        if not protocol.case_blocks and any("presenter" in c.who for c in hypothesis.contrasts):
            raise SettingsError(f"{protocol.id} has no case, and so no presenter", where=where)
    return tuple(ids)


def new_hypothesis(path: Path) -> Path:
    """Write a commented hypothesis file to start from.

    Raises
    ------
    UsageError
        If something stands there already, or the name does not end in ``.toml``.
    """
    if path.suffix != ".toml":
        raise UsageError(f"a hypothesis file ends in .toml, not {path.suffix!r}", where=path)
    if path.exists():
        raise UsageError("exists already and is not overwritten", where=path)
    write_bytes(path, files("arousal.hypothesis").joinpath("_template.toml").read_bytes())
    return path
