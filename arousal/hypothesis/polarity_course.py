"""The course of the polarities that theory lets one expect, to draw beside raters' means.

Our transcription of a text, with its provenance, and no data. Nothing is tested against its
heights; the tests of the course are contrasts of the hypothesis file (C18).
"""

from __future__ import annotations

import datetime as dt
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from arousal.errors import UsageError
from arousal.hypothesis.prediction import POLARITIES
from arousal.settings import explain_validation, read_toml

__all__ = ["PolarityCourse", "PolarityStretch", "load_polarity_course"]

BUNDLED = "_farkas2024_polarities.toml"
"""The underscore keeps it out of the list of hypotheses."""

_Height = Annotated[float, Field(ge=-1, le=1)]
_Heights = Annotated[tuple[_Height, ...], Field(min_length=2)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PolarityStretch(_Model):
    """Expected heights of the polarities in one phase; what is left out is not predicted."""

    phase: str
    automatic_controlled: _Heights | None = None
    self_other: _Heights | None = None
    external_internal: _Heights | None = None
    affective_cognitive: _Heights | None = None

    def heights(self, polarity: str) -> tuple[float, ...] | None:
        """Return the heights of a polarity, or ``None`` where nothing is expected.

        Raises
        ------
        UsageError
            If there is no such polarity.
        """
        if polarity not in POLARITIES:
            raise UsageError(f"no polarity {polarity!r}; known: {', '.join(POLARITIES)}")
        found: tuple[float, ...] | None = getattr(self, polarity)
        return found


class PolarityCourse(_Model):
    """An expected course of the polarities with its provenance.

    Raises
    ------
    SettingsError
        (from `load_polarity_course`) If a key is missing, unknown or out of range.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)] = 1
    name: str
    version: str
    date: dt.date
    author: str
    source: str
    provenance: str
    statement: str
    stretches: Annotated[tuple[PolarityStretch, ...], Field(alias="stretch", min_length=1)]

    @model_validator(mode="after")
    def _once(self) -> PolarityCourse:
        phases = [s.phase for s in self.stretches]
        if len(set(phases)) < len(phases):
            raise ValueError(f"{max(phases, key=phases.count)} stands twice")
        return self

    def at(self, phase: str, polarity: str, progress: ArrayLike) -> NDArray[np.float64]:
        """Return the expected height at shares of a phase's length.

        Parameters
        ----------
        phase : str
            Phase id.
        polarity : str
            One of `arousal.hypothesis.prediction.POLARITIES`.
        progress : array_like
            0 = the phase begins, 1 = it ends; any shape.

        Returns
        -------
        ndarray
            Same shape, -1 to 1; NaN where nothing is expected.
        """
        where = np.asarray(progress, dtype=np.float64)
        for stretch in self.stretches:
            heights = stretch.heights(polarity)
            if stretch.phase == phase and heights is not None:
                return np.asarray(np.interp(where, np.linspace(0, 1, len(heights)), heights))
        return np.full(where.shape, np.nan)


def load_polarity_course(path: Path | None = None) -> PolarityCourse:
    """Load the bundled course of the polarities, or one's own by path.

    Raises
    ------
    SettingsError
        If the file is missing, not TOML, or breaks a rule.
    """
    if path is not None:
        raw, where = read_toml(path), str(path)
    else:
        where = BUNDLED
        raw = tomllib.loads(files("arousal.hypothesis").joinpath(where).read_text("utf-8"))
    try:
        return PolarityCourse.model_validate(raw)
    except ValidationError as error:
        raise explain_validation(error, where) from None
