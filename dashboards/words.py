"""Numbers to plain sentences with graded certainty: clear, likely, not clear, cannot say.

A page for a busy reader needs a sentence where a paper has an interval. The rule is one function,
`grade`, and it is deliberately shy:

- fewer than five people: *cannot say*;
- the spread shown beside the number (middle half of the people) holds 0: *not clear*, and no
  sentence then names a direction;
- else, by how many people went the same way: if so many or more, to either side, would do so by
  the toss of a coin in at most 1 of 20 groups, *clear*; in at most 1 of 5, *likely*; else
  *not clear* (the sign test, Arbuthnot 1710; doi:10.1080/01621459.1946.10501898).

How we depart from it: the people of one group are not independent (treating eight members as such
finds effects that are not there in every fourth or fifth session), so the words describe how alike
this group's members were. They are no test, no p value is ever shown, and where the sentence is
about phases that were picked by looking (highest, lowest) *clear* is lowered to *likely*.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dashboards.messages import Messages

__all__ = [
    "Certainty",
    "Estimate",
    "against_start",
    "between",
    "estimate",
    "expectation",
    "grade",
    "one_person",
    "share",
]

FEWEST = 5


class Certainty(StrEnum):
    """How sure a sentence may sound."""

    CLEAR = "clear"
    LIKELY = "likely"
    NOT_CLEAR = "not_clear"
    CANNOT_SAY = "cannot_say"

    @property
    def has_direction(self) -> bool:
        """Whether a sentence may say higher or lower."""
        return self in {Certainty.CLEAR, Certainty.LIKELY}


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number over people, with what is needed to say how sure it is.

    Parameters
    ----------
    mid : float
        Median over the people (mean where fewer than five); NaN if nobody.
    low, high : float
        Lower and upper quartile over the people; NaN where fewer than five.
    n : int
        People.
    agree : int
        How many of them lie on ``mid``'s side of 0.
    """

    mid: float
    low: float
    high: float
    n: int
    agree: int

    @property
    def shown(self) -> bool:
        """Whether there is a number at all."""
        return math.isfinite(self.mid)


def estimate(values: Sequence[float]) -> Estimate:
    """Summarise one value per person.

    Parameters
    ----------
    values : sequence of float
        One per person, NaN where a person has none.

    Returns
    -------
    Estimate
        Median and quartiles from five people on, else the mean without a spread.
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    n = int(known.size)
    if not n:
        return Estimate(math.nan, math.nan, math.nan, 0, 0)
    if n < FEWEST:
        mid, low, high = float(known.mean()), math.nan, math.nan
    else:
        low, mid, high = (float(q) for q in np.quantile(known, (0.25, 0.5, 0.75)))
    return Estimate(mid, low, high, n, int((np.sign(known) == np.sign(mid)).sum()) if mid else 0)


def grade(value: Estimate, *, picked: bool = False) -> Certainty:
    """Say how sure a sentence about the sign of an estimate may sound.

    Parameters
    ----------
    value : Estimate
        What the sentence is about.
    picked : bool
        Whether it was chosen because it looked large; then it is never *clear*.
    """
    if value.n < FEWEST or not all(map(math.isfinite, (value.mid, value.low, value.high))):
        return Certainty.CANNOT_SAY
    if value.low <= 0 <= value.high:
        return Certainty.NOT_CLEAR
    odds = _by_chance(value.agree, value.n)
    if odds <= 0.05 and not picked:
        return Certainty.CLEAR
    return Certainty.LIKELY if odds <= 0.20 else Certainty.NOT_CLEAR


def _by_chance(agree: int, n: int) -> float:
    """Share of coin-toss groups in which ``agree`` or more of ``n`` fall to one side."""
    ways = sum(math.comb(n, k) for k in range(agree, n + 1))
    return min(1.0, 2.0 * ways / float(2**n))


def against_start(value: Estimate, start: str, say: Messages) -> str:
    """Say where people stood against what changes are counted from, in a few words.

    Parameters
    ----------
    value : Estimate
        Over people, as change.
    start : str
        What changes are counted from, as it stands behind "above" (`Story.start`).
    say : Messages
        The catalogue.
    """
    sure = grade(value)
    if not sure.has_direction:
        return say(f"words.start.{sure}")
    way = "above" if value.mid > 0 else "below"
    return say(f"words.start.{sure}_{way}", start=start, agree=value.agree, n=value.n)


def between(difference: Estimate, higher: str, lower: str, say: Messages) -> str:
    """Say in a sentence whether one phase stood above another that looked lowest.

    Parameters
    ----------
    difference : Estimate
        Over people, first phase minus second.
    higher, lower : str
        Names of the phases, in the order in which they were subtracted.
    say : Messages
        The catalogue.
    """
    sure = grade(difference, picked=True)
    if not sure.has_direction:
        return say(f"words.between.{sure}", n=difference.n)
    if difference.mid < 0:
        higher, lower = lower, higher
    return say(
        f"words.between.{sure}",
        higher=higher,
        lower=lower,
        agree=difference.agree,
        n=difference.n,
    )


def expectation(change: Estimate, expected_up: bool, say: Messages) -> str:
    """Say whether an expected rise or fall was seen, never more than the grade allows."""
    sure = grade(change)
    if not sure.has_direction:
        return say(f"words.expected.{sure}", n=change.n)
    fits = (change.mid > 0) is expected_up
    verdict = "as_expected" if fits else "against"
    return say(f"words.expected.{sure}_{verdict}", agree=change.agree, n=change.n)


def one_person(change: float, members: Estimate, expected_up: bool, say: Messages) -> str:
    """Say how one person changed beside the members, who drift as everybody does; never graded.

    Parameters
    ----------
    change : float
        The person's change between two moments, display units; NaN if there is none.
    members : Estimate
        The members' change between the same moments.
    expected_up : bool
        Whether a rise was expected.
    say : Messages
        The catalogue.
    """
    if not math.isfinite(change):
        return say("words.expected.no_data")
    value = say.number(change, 1)
    if not members.shown:
        return say("words.expected.one_person_alone", value=value)
    sign = 1 if expected_up else -1
    # What is written decides: 0.0 against 0.0 went no way, whatever the hidden digits say.
    own, others = round(change, 1), round(members.mid, 1)
    fits = sign * own > 0 and sign * (own - others) > 0
    verdict = "as_expected" if fits else "against"
    beside = say.number(members.mid, 1)
    return say(f"words.expected.one_person_{verdict}", value=value, members=beside, n=members.n)


def share(fraction: float, say: Messages) -> str:
    """Say a share of the data in words a person uses, with the percentage.

    Parameters
    ----------
    fraction : float
        0-1, or NaN for not known.
    say : Messages
        The catalogue.
    """
    if not math.isfinite(fraction):
        return say("words.share.unknown")
    steps = (
        (0.995, "all"),
        (0.93, "nearly_all"),
        (0.85, "nine_tenths"),
        (0.70, "three_quarters"),
        (0.58, "two_thirds"),
        (0.42, "half"),
        (0.28, "third"),
        (0.15, "quarter"),
        (0.005, "little"),
    )
    word = next((name for bound, name in steps if fraction >= bound), "none")
    return say(f"words.share.{word}", percent=f"{100 * fraction:.0f}")
