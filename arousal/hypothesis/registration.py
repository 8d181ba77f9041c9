"""When a hypothesis was fixed, when data were first read, and what may be called confirmatory.

A study keeps a ledger, ``hypotheses.toml``, and a copy of every registered file. The ledger is
only ever appended to; it is a record among honest people, not a seal: its own history belongs into
version control or a public registry.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from arousal.atomic import write_bytes, write_text
from arousal.errors import SettingsError
from arousal.hypothesis.hypothesis_file import HypothesisFile, load_hypothesis
from arousal.hypothesis.prediction import Contrast
from arousal.settings import explain_validation

__all__ = [
    "LEDGER",
    "Ledger",
    "Look",
    "Registration",
    "Status",
    "load_ledger",
    "mark_name_removed",
    "mark_read",
    "register",
    "registered",
    "status_of",
]

LEDGER = "hypotheses.toml"
COPIES = "hypotheses"
_HEAD = """# Written by `arousal register` and `arousal test`; only ever appended to.
# [[registered]] a hypothesis was fixed;  [[look]] its contrasts were computed from data;
# [[name_removed]] somebody withdrew, and their name left a registered copy.
schema = 1
"""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Registration(_Model):
    """One hypothesis as it was fixed."""

    name: str
    version: str
    sha256: str
    registered: AwareDatetime
    file: str
    """The copy, relative to the study's folder."""


class Look(_Model):
    """One time that contrasts were computed from data."""

    time: AwareDatetime
    sha256: str
    """Of the hypothesis that was computed."""
    sessions: Annotated[int, Field(ge=0)]


class Cut(_Model):
    """One time that a person's name left a registered copy, because they withdrew."""

    date: dt.date
    before: str
    """Checksum of the copy as it was,"""
    after: str
    """... and without the name."""


class Ledger(BaseModel):
    """A study's ``hypotheses.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    registered: tuple[Registration, ...] = ()
    looks: Annotated[tuple[Look, ...], Field(alias="look")] = ()
    cuts: Annotated[tuple[Cut, ...], Field(alias="name_removed")] = ()

    @property
    def first_read(self) -> datetime | None:
        """When any contrast of this study was first computed; ``None`` if never."""
        return min((look.time for look in self.looks), default=None)

    def entry(self, name: str | None = None) -> Registration | None:
        """Last registration of this name, or the last of all; ``None`` if there is none."""
        found = [r for r in self.registered if name in {None, r.name}]
        return found[-1] if found else None

    def as_registered(self, sha256: str) -> str:
        """Return the checksum that a copy had before names of people who withdrew left it."""
        for cut in reversed(self.cuts):
            if cut.after == sha256:
                sha256 = cut.before
        return sha256

    def looks_at(self, sha256: str) -> tuple[Look, ...]:
        """Every time that this hypothesis was computed, in order."""
        asked = self.as_registered(sha256)
        return tuple(x for x in self.looks if self.as_registered(x.sha256) == asked)


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a contrast may be called confirmatory, and if not, why.

    Parameters
    ----------
    confirmatory : bool
        Whether the word may be used.
    reasons : tuple of str
        Why not; empty if it may.
    """

    confirmatory: bool
    reasons: tuple[str, ...] = ()


def load_ledger(study: Path) -> Ledger:
    """Read a study's ledger; an empty one if nothing was registered yet.

    Raises
    ------
    SettingsError
        If it is damaged.
    """
    path = study / LEDGER
    if not path.exists():
        return Ledger()
    try:
        return Ledger.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"not valid TOML: {error}", where=path) from None
    except ValidationError as error:
        raise explain_validation(error, path) from None


def register(study: Path, file: HypothesisFile, now: datetime) -> Registration:
    """Fix a hypothesis in a study: copy the file, note name, version, sha256 and time.

    Registering the same bytes again changes nothing.

    Parameters
    ----------
    study : Path
        Folder with ``study.toml``.
    file : HypothesisFile
        From `load_hypothesis`.
    now : datetime
        Timezone-aware.

    Raises
    ------
    SettingsError
        If the folder is no study, or this name and version are registered with other content.
    """
    if not (study / "study.toml").is_file():
        raise SettingsError("no study.toml in this folder, so it is no study", where=study)
    hypothesis = file.hypothesis
    ledger = load_ledger(study)
    for entry in ledger.registered:
        if entry.sha256 == ledger.as_registered(file.sha256):
            return entry
        if (entry.name, entry.version) == (hypothesis.name, hypothesis.version):
            raise SettingsError(
                f"{entry.name} version {entry.version} is registered with other content",
                where=study / LEDGER,
                hint="raise the version in the file",
            )
    copy = f"{COPIES}/{hypothesis.name}-{hypothesis.version}.toml"
    entry = Registration(
        name=hypothesis.name,
        version=hypothesis.version,
        sha256=file.sha256,
        registered=now.replace(microsecond=0),
        file=copy,
    )
    write_bytes(study / copy, file.content)
    load_hypothesis(study / copy)  # a protocol named by a relative path must be found from there
    _append(
        study,
        "registered",
        f'name = "{entry.name}"\nversion = "{entry.version}"\nsha256 = "{entry.sha256}"\n'
        f'registered = {entry.registered.isoformat()}\nfile = "{entry.file}"\n',
    )
    return entry


def mark_read(study: Path, file: HypothesisFile, sessions: int, now: datetime) -> None:
    """Note that this hypothesis' contrasts are about to be computed from so many sessions."""
    time = now.replace(microsecond=0).isoformat()
    _append(study, "look", f'time = {time}\nsha256 = "{file.sha256}"\nsessions = {sessions}\n')


def mark_name_removed(study: Path, before: str, after: str, day: dt.date) -> None:
    """Note that a registered copy lost a person's name and nothing else."""
    _append(
        study,
        "name_removed",
        f'date = {day.isoformat()}\nbefore = "{before}"\nafter = "{after}"\n',
    )


def _append(study: Path, table: str, body: str) -> None:
    path = study / LEDGER
    before = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    write_text(path, f"{before.rstrip()}\n\n[[{table}]]\n{body}")


def registered(study: Path, name: str | None = None) -> tuple[HypothesisFile, Registration]:
    """Open the copy of a registered hypothesis: the last one, or the last of this name.

    Raises
    ------
    SettingsError
        If none is registered, its copy is gone, or the copy was changed and nobody has read any
        data yet (then it is simply registered again).
    """
    ledger = load_ledger(study)
    entry = ledger.entry(name)
    if entry is None:
        what = f"no hypothesis {name!r} is registered" if name else "no hypothesis is registered"
        raise SettingsError(what, where=study, hint="arousal register STUDY FILE")
    copy = study / entry.file
    if not copy.is_file():
        raise SettingsError("the registered copy is gone", where=copy)
    now = hashlib.sha256(copy.read_bytes()).hexdigest()
    changed = ledger.as_registered(now) != entry.sha256
    if changed and ledger.first_read is None:
        raise SettingsError(
            "was changed after it was registered",
            where=copy,
            hint="no data were read yet: raise the version and register it again",
        )
    return load_hypothesis(copy), entry


def status_of(
    contrast: Contrast, file: HypothesisFile, entry: Registration | None, ledger: Ledger
) -> Status:
    """Say whether a contrast may be called confirmatory.

    Parameters
    ----------
    contrast : Contrast
        One of the file's.
    file : HypothesisFile
        The hypothesis as it is now.
    entry : Registration or None
        As it was registered.
    ledger : Ledger
        When data were read.

    Returns
    -------
    Status
        Refused if it was never registered, registered or changed after data were first read,
        meant as exploratory, or without control for a drift that is common to everyone, be it
        straight or bent.
    """
    reasons = []
    if entry is None:
        reasons.append("the hypothesis was not registered")
    elif entry.sha256 != ledger.as_registered(file.sha256):
        reasons.append(
            f"the file changed after data were first read (registered {entry.sha256[:12]}, "
            f"now {file.sha256[:12]})"
        )
    elif ledger.first_read is not None and ledger.first_read < entry.registered:
        reasons.append(
            f"it was registered {entry.registered:%Y-%m-%d %H:%M}, after data were first read "
            f"({ledger.first_read:%Y-%m-%d %H:%M})"
        )
    if contrast.status == "exploratory":
        reasons.append("it is exploratory by its own file")
    if contrast.drift_left:
        reasons.append(f"{contrast.drift_left} is not controlled for (presenter minus members is)")
    return Status(not reasons, tuple(reasons))
