"""From numbers to one of three words, and why: supported, not supported, cannot tell.

"Not supported" is said only where an effect that would matter is excluded; a p above alpha by
itself says that nobody can tell. Without control for a drift that is common to everyone a
difference is never "supported": 57-98 % of such contrasts "confirm" a phase effect that is none
(science, section 4). An equivalence may be: two levels are close whatever made them so. So may a
difference between ratings, for which no such figures exist; its reason says what is not controlled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from arousal.hypothesis.hypothesis_file import LEAST_BLOCKS

__all__ = ["Evidence", "Verdict", "Word", "decide"]

Word = Literal["supported", "not supported", "cannot tell"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict rests on; ``None`` where there is no test.

    Parameters
    ----------
    units : int
        Independent units.
    unit : str
        Unit of the numbers.
    mean : float
        Mean over units.
    low, high : float
        Bounds of the two-sided 1 - 2·alpha interval: each is the one-sided bound at alpha.
    p : float
        Corrected p that decides.
    alpha : float
        Error rate.
    direction : {"greater", "less", "two-sided", "equivalence"}
        As registered.
    reference : float
        Smallest effect that would matter, or the margin of equivalence; above 0.
    drift_left : str
        Which drift of everyone would look like the effect; empty if none would.
    drift_forbids : bool
        Whether that drift is known to be there (bodies), so that nothing is "supported" beside it;
        if not (ratings), it is said.
    """

    units: int
    unit: str
    mean: float
    low: float
    high: float
    p: float
    alpha: float
    direction: Literal["greater", "less", "two-sided", "equivalence"]
    reference: float
    drift_left: str
    drift_forbids: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of three words, and why."""

    word: Word
    why: str


def too_few(units: int, blocks: int) -> Verdict:
    """Say that there are too few independent units for a test."""
    if not blocks:
        return Verdict("cannot tell", "no case block has a value")
    told = "1 case block has a value" if blocks == 1 else f"{blocks} case blocks have a value"
    if units < blocks:
        told += f" and make {units} independent units, because people repeat"
    return Verdict("cannot tell", f"{told}; {LEAST_BLOCKS} are needed: described, not tested")


def decide(e: Evidence) -> Verdict:
    """Decide.

    Parameters
    ----------
    e : Evidence
        The test of at least `LEAST_BLOCKS` units.
    """
    if e.direction == "equivalence":
        return _equivalence(e)
    told = f"{_p(e.p)}, mean {_number(e.mean, e.unit)} over {e.units}"
    if e.p < e.alpha and not e.drift_left:
        return Verdict("supported", told)
    if e.p < e.alpha and e.drift_forbids:
        return Verdict("cannot tell", f"as expected ({told}), but {e.drift_left} looks the same")
    if e.p < e.alpha:
        return Verdict("supported", f"{told}; {e.drift_left} may be in it")
    if excluded(e):
        return Verdict(
            "not supported",
            f"{told}; an effect of {_number(e.reference, e.unit)} or more is excluded",
        )
    return Verdict(
        "cannot tell",
        f"{told}; an effect of {_number(e.reference, e.unit)} is neither shown nor excluded",
    )


def excluded(e: Evidence) -> bool:
    """Whether an effect of the reference's size in the expected direction is excluded."""
    if e.direction == "greater":
        return e.high < e.reference
    if e.direction == "less":
        return e.low > -e.reference
    return -e.reference < e.low and e.high < e.reference


def _equivalence(e: Evidence) -> Verdict:
    margin = f"±{_number(e.reference, e.unit)}"
    told = f"{_p(e.p)}, mean {_number(e.mean, e.unit)} over {e.units}"
    if e.p < e.alpha:
        return Verdict("supported", f"within {margin} ({told})")
    if e.low > e.reference or e.high < -e.reference:
        return Verdict("not supported", f"outside {margin} ({told})")
    return Verdict("cannot tell", f"neither within nor outside {margin} ({told})")


def _p(p: float) -> str:
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".")


def _number(value: float, unit: str) -> str:
    return f"{value:.2g} {unit}".rstrip() if abs(value) < 1 else f"{value:.1f} {unit}".rstrip()
