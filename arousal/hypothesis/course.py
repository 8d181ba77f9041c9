"""The course that theory lets one expect, as a drawing to hold beside a measured curve.

It is our transcription of a text's claims, with its provenance, and no data: the heights are
chosen so that they obey the claims and can be told apart by eye. Nothing is tested against it.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from arousal.settings import explain_validation, read_toml

__all__ = ["BUNDLED", "Course", "Expectation", "Moment", "Stretch", "load_course"]

BUNDLED = "farkas2024"
Group = Literal["members", "presenter"]
OWN_START = "start"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stretch(_Model):
    """The drawn height of one group in one phase."""

    claim: str
    group: Group
    phase: str
    z: Annotated[tuple[float, ...], Field(min_length=2)]
    """Display units at equal steps from the phase's beginning to its end."""

    def at(self, progress: ArrayLike) -> NDArray[np.float64]:
        """Return the drawn height at shares of the phase's length.

        Parameters
        ----------
        progress : array_like
            0 = the phase begins, 1 = it ends; any shape.

        Returns
        -------
        ndarray
            Same shape, display units (robust z, 0 = own quiet start).
        """
        knots = np.linspace(0.0, 1.0, len(self.z))
        return np.asarray(np.interp(np.asarray(progress, dtype=np.float64), knots, self.z))


class Moment(_Model):
    """A third of a phase, a whole phase, or the own quiet start (``phase = "start"``)."""

    phase: str
    part: Literal["whole", "first", "middle", "last"] = "whole"

    @property
    def bounds(self) -> tuple[float, float]:
        """From which to which share of the phase's length."""
        thirds = {"first": (0.0, 1 / 3), "middle": (1 / 3, 2 / 3), "last": (2 / 3, 1.0)}
        return thirds.get(self.part, (0.0, 1.0))


class Expectation(_Model):
    """One thing a reader can look for in a curve."""

    claim: str
    group: Group
    statement: str
    before: Moment
    after: Moment
    direction: Literal["up", "down"]


class _Display(_Model):
    stretch: tuple[Stretch, ...]
    expectation: tuple[Expectation, ...] = ()


class Course(_Model):
    """An expected course with its provenance.

    Raises
    ------
    SettingsError
        (from `load_course`) If a key is missing, unknown or of the wrong type.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)  # the testable part is not ours here

    name: str
    version: str
    date: dt.date
    author: str
    source: str
    provenance: str
    statement: str
    display: _Display

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """Everything that is drawn."""
        return self.display.stretch

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """What a reader can look for."""
        return self.display.expectation

    def stretch(self, group: str, phase: str) -> Stretch | None:
        """Return what is drawn for a group in a phase, or ``None`` where nothing is expected."""
        for candidate in self.stretches:
            if (candidate.group, candidate.phase) == (group, phase):
                return candidate
        return None


def load_course(path: Path | None = None) -> Course:
    """Load the bundled course, or one's own by path.

    Parameters
    ----------
    path : Path, optional
        A hypothesis file; only its head and ``[display]`` are read. Default: ``farkas2024``.

    Raises
    ------
    SettingsError
        If the file is missing, not TOML, or its display part breaks a rule.
    """
    if path is not None:
        raw, where = read_toml(path), str(path)
    else:
        where = f"{BUNDLED}.toml"
        raw = tomllib.loads(files("arousal.hypothesis").joinpath(where).read_text("utf-8"))
    try:
        return Course.model_validate(raw)
    except ValidationError as error:
        raise explain_validation(error, where) from None
