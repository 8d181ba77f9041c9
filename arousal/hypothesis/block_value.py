"""From windows to one number per case block: persons first, then the block.

The same function serves one session and ten thousand simulated ones: leading axes are repetitions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.hypothesis.hypothesis_file import Exclusions, SpeechRule
from arousal.hypothesis.layout import Layout, Part
from arousal.hypothesis.own_speech import OwnSpeech, matched_difference, own_slope
from arousal.hypothesis.part_means import (
    Need,
    PartMeans,
    part_means,
    quiet_windows,
    valid_windows,
)
from arousal.hypothesis.prediction import Contrast
from arousal.phase_align.counting import FAST

__all__ = ["BlockValues", "PersonValues", "block_values", "need_of", "person_values"]

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class PersonValues:
    """The contrast within each person.

    Parameters
    ----------
    value : ndarray, shape (..., persons)
        In the measure's unit; NaN where a part does not count.
    n : ndarray, shape (..., persons)
        Valid windows behind it.
    means : PartMeans
        What it was made from.
    slope : ndarray or None, shape (..., persons)
        Own slope on speech where the contrast asks for one.
    """

    value: Floats
    n: Floats
    means: PartMeans
    slope: Floats | None


@dataclass(frozen=True, slots=True, eq=False)
class BlockValues:
    """One number per block and repetition.

    Parameters
    ----------
    value : ndarray, shape (...)
        In the measure's unit; NaN where the presenter or too many members are missing.
    members : ndarray of int, shape (...)
        Members with a value.
    """

    value: Floats
    members: NDArray[np.int64]


def need_of(measure: str, rules: Exclusions) -> Need:
    """Return what a part of this measure needs to count."""
    seconds = rules.min_seconds_fast if measure in FAST else rules.min_seconds
    return Need(rules.min_valid, seconds)


def person_values(
    values: Floats,
    own: OwnSpeech,
    layout: Layout,
    parts: Sequence[Part],
    contrast: Contrast,
    need: Need,
    rule: SpeechRule,
) -> PersonValues:
    """Compute a contrast within each person.

    Parameters
    ----------
    values : ndarray, shape (..., persons, windows)
        The measure; NaN = refused.
    own : OwnSpeech
        Who spoke; arrays of the same shape.
    layout : Layout
        Where the windows lie.
    parts : sequence of Part
        One for each of the contrast's terms.
    contrast : Contrast
        Weights and speech rule.
    need : Need
        What a part needs to count. With ``speech = "matched"`` the share does not matter, because
        matching chooses windows on purpose; the seconds do.
    rule : SpeechRule
        What is quiet.
    """
    speech = own.now
    valid = valid_windows(values, speech, contrast.speech, rule.quiet_max, rule.unknown == "keep")
    among = quiet_windows(speech, contrast.speech, rule.quiet_max)
    means = part_means(values, speech, valid, layout, parts, among)
    weights = np.array([t.weight for t in contrast.terms])
    if contrast.speech not in {"adjusted", "matched"}:
        good = means.enough(need).all(axis=-1)
        value = np.where(good, means.mean @ weights, np.nan)
        return PersonValues(value, means.n.sum(axis=-1), means, None)
    slope = own_slope(values, speech, layout, own.before)
    if contrast.speech == "matched":
        found = matched_difference(values, speech, slope, layout, parts)
        good = (found.seconds >= need.seconds).all(axis=-1)
        value = np.where(good, weights[0] * found.difference, np.nan)
        return PersonValues(value, found.n.sum(axis=-1), means, slope)
    good = means.enough(need).all(axis=-1)
    raw = means.mean @ weights - slope * (means.speech @ weights)
    return PersonValues(np.where(good, raw, np.nan), means.n.sum(axis=-1), means, slope)


def block_values(
    persons: Floats, who: str, presenter: int | None, members: Sequence[int], least: int
) -> BlockValues:
    """Bring the persons of a block together.

    Parameters
    ----------
    persons : ndarray, shape (..., persons)
        From `person_values`; NaN = missing.
    who : {"presenter", "members", "presenter-members", "group"}
        As in a contrast; ``group`` is the mean over the rows given as members.
    presenter : int or None
        Row of the presenter.
    members : sequence of int
        Rows of the members.
    least : int
        Members with a value that are needed where they enter.

    Returns
    -------
    BlockValues
        The members' mean is the mean of the contrasts within them, so that nobody enters one phase
        and not the other.
    """
    shape = persons.shape[:-1]
    own = np.full(shape, np.nan) if presenter is None else persons[..., presenter]
    if who == "presenter":
        return BlockValues(own, np.zeros(shape, dtype=np.int64))
    others = persons[..., list(members)]
    there = np.isfinite(others)
    count = there.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, others, 0).sum(axis=-1) / count
    needed = 1 if who == "group" else least
    mean = np.where(count >= needed, mean, np.nan)
    return BlockValues(own - mean if who == "presenter-members" else mean, count)
