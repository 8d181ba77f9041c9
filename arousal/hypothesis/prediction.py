"""One prediction: weights over phases, fixed before anybody looks at the data.

A contrast is one number per case block: weights over phases, or over thirds of a phase, for the
presenter, for the members, or for the one minus the others. Everybody is their own control: the
weights sum to zero within each person, so that neither a baseline nor anybody's constitution
enters.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from arousal.tables import MEASURE_IDS

__all__ = ["BENT", "PARTS", "POLARITIES", "RATERS", "Contrast", "Term"]

POLARITIES = (
    "automatic_controlled",
    "self_other",
    "external_internal",
    "affective_cognitive",
)
"""Rated poles of mentalizing: -1 the first, +1 the second, 0 balanced (science, section 1)."""
PARTS = {"whole": 0, "first": -1, "middle": 0, "last": 1}
"""Part of a phase -> its place, in thirds from the middle."""
BENT = "a bent drift common to everyone"
"""What a shape within one phase (1, -2, 1) leaves in: a straight drift makes no such shape, one
that levels off does. Under it such a contrast errs in up to half of the studies
(docs/calibration.md), so that the shape alone is no control."""
RATERS = "a drift common to all ratings"
"""What a difference between ratings leaves in: raters tire, come back to the middle of their scale,
and know which course is expected. How large that is, nobody has measured."""
ROUNDING = 1e-9

_Id = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,31}$")]
_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Size = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Term(_Model):
    """One phase, or a third of what is left of it without its edge, with its weight."""

    phase: str
    part: Literal["whole", "first", "middle", "last"] = "whole"
    weight: _Finite

    @property
    def name(self) -> str:
        """As people write it: ``"discussion"`` or ``"discussion/first"``."""
        return self.phase if self.part == "whole" else f"{self.phase}/{self.part}"


class Contrast(_Model):
    """One prediction: a number per case block and measure, and the direction it should have.

    Values are signed so that up = more arousal (lnRMSSD is turned round).
    """

    id: _Id
    claim: str
    """Which claim of the source it stands for."""
    label: str
    """Name that a person reads."""
    status: Literal["primary", "secondary", "exploratory"]
    measures: Annotated[tuple[str, ...], Field(min_length=1)]
    who: Literal["presenter", "members", "presenter-members", "group"]
    """``group`` only for ratings that were given to the group as a whole."""
    terms: Annotated[tuple[Term, ...], Field(min_length=1)]
    direction: Literal["greater", "less", "two-sided", "equivalence"]
    margin: dict[str, _Size] = {}
    """Equivalence: measure -> half-width of "as good as zero", in the measure's unit."""
    smallest: dict[str, _Size] = {}
    """Measure -> smallest effect that would matter, in its unit; else `Hypothesis.smallest_dz`."""
    speech: Literal["ignored", "quiet", "adjusted", "matched"] = "ignored"
    """``quiet``: only windows with little own speech; ``adjusted``: by the person's own slope;
    ``matched``: windows with as much own speech in both phases, the rest adjusted."""
    level: bool = False
    """Ratings only: the level itself is held against 0, so that weights need not sum to zero."""
    family: str = ""
    """Contrasts of one family are corrected together by Holm's method."""
    note: str = ""

    @property
    def rated(self) -> bool:
        """Whether it is about ratings and not about bodies."""
        return self.measures[0] in POLARITIES

    @property
    def drift_control(self) -> str:
        """How a drift that is common to everyone is kept out; empty if it is not."""
        return "presenter minus members" if self.who == "presenter-members" else ""

    @property
    def drift_left(self) -> str:
        """Which drift of everyone would look like the effect; empty if none would."""
        if self.drift_control:
            return ""
        if self.rated:
            return RATERS
        phases = {t.phase for t in self.terms}
        slope = sum(t.weight * PARTS[t.part] for t in self.terms)
        parts = {t.part for t in self.terms}
        straight_out = len(phases) == 1 and "whole" not in parts and abs(slope) < ROUNDING
        return BENT if straight_out else "a drift common to everyone"

    @model_validator(mode="after")
    def _consistent(self) -> Contrast:
        for rule in (_check_measures, _check_terms, _check_direction, _check_speech):
            rule(self)
        return self


def _check_measures(c: Contrast) -> None:
    known = (*MEASURE_IDS, *POLARITIES)
    for name in c.measures:
        if name not in known:
            raise ValueError(f"{c.id}: no measure {name!r}; known: {', '.join(known)}")
        if (name in POLARITIES) is not c.rated:
            raise ValueError(f"{c.id}: ratings and bodies do not mix in one contrast")
    if len(set(c.measures)) < len(c.measures):
        raise ValueError(f"{c.id}: a measure is named twice")
    if c.who == "group" and not c.rated:
        raise ValueError(f"{c.id}: who = 'group' is for ratings only; 'members' is their mean")
    for key in ("margin", "smallest"):
        if other := sorted(set(getattr(c, key)) - set(c.measures)):
            raise ValueError(f"{c.id}: {key} names {other[0]!r}, which is not among its measures")


def _check_terms(c: Contrast) -> None:
    names = [t.name for t in c.terms]
    if len(set(names)) < len(names):
        raise ValueError(f"{c.id}: {next(n for n in names if names.count(n) > 1)} stands twice")
    if any(t.weight == 0 for t in c.terms):
        raise ValueError(f"{c.id}: a weight is 0; leave that term out")
    if c.level and not c.rated:
        raise ValueError(f"{c.id}: level = true is for ratings only; bodies have no absolute zero")
    total = math.fsum(t.weight for t in c.terms)
    if not c.level and abs(total) > ROUNDING:
        raise ValueError(
            f"{c.id}: the weights sum to {total:g}, must be 0 (each person is their own control)"
        )


def _check_direction(c: Contrast) -> None:
    if c.direction == "equivalence":
        if missing := [m for m in c.measures if m not in c.margin]:
            raise ValueError(f"{c.id}: equivalence without a margin for {', '.join(missing)}")
        if c.smallest:
            raise ValueError(f"{c.id}: an equivalence has a margin and no smallest effect")
    elif c.margin:
        raise ValueError(f"{c.id}: a margin, but direction is {c.direction!r}, not 'equivalence'")


def _check_speech(c: Contrast) -> None:
    if c.rated and c.speech != "ignored":
        raise ValueError(f"{c.id}: speech = {c.speech!r} makes no sense for ratings")
    if c.speech == "matched":
        whole = all(t.part == "whole" for t in c.terms)
        if len(c.terms) != 2 or not whole:
            raise ValueError(f"{c.id}: speech = 'matched' compares exactly two whole phases")
