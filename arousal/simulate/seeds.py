"""One seed, many independent sources of randomness: one per purpose and person.

A person's numbers do not depend on how many others sit in the room, nor on which signals were
asked for: each purpose draws from its own `numpy.random.Generator`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from arousal.errors import UsageError

__all__ = ["Seeds"]

_PURPOSES = (
    "layout",
    "roster",
    "talk",
    "drift",
    "marks",
    "faults",
    "traits",
    "noise",
    "heart",
    "ecg",
    "skin",
    "temperature",
)


@dataclass(frozen=True, slots=True)
class Seeds:
    """Independent generators under one seed.

    Parameters
    ----------
    seed : int
        Any integer >= 0.

    Raises
    ------
    UsageError
        If the seed is negative.
    """

    seed: int

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise UsageError(f"seed is {self.seed}, allowed 0 and above")

    def of(self, purpose: str, index: int = 0) -> np.random.Generator:
        """Return the generator of a purpose, for the session or for the person at an index."""
        key = (_PURPOSES.index(purpose), index)
        sequence = np.random.SeedSequence(self.seed, spawn_key=key)
        return np.random.Generator(np.random.PCG64(sequence))
