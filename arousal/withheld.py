"""Persons who must not appear in an output: their names, wherever a text carries them.

A pseudonym is found as a word of its own (``P04`` in ``speech/P04/start`` or ``ecg-P04``, not in
``P041``), whatever surrounds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from arousal.findings import Finding, Severity

__all__ = ["Withheld"]

SOMEBODY = "somebody"


@dataclass(frozen=True)
class Withheld:
    """Names that must not be shown.

    Parameters
    ----------
    names : frozenset of str
        Pseudonyms and names of their streams.

    Examples
    --------
    >>> hidden = Withheld(frozenset({"P04"}))
    >>> hidden.named_in("speech/P04/start"), hidden.named_in("P041")
    (True, False)
    >>> hidden.without("intervention/empathy/P01/P04")
    'intervention/empathy/P01/somebody'
    """

    names: frozenset[str]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        listed = "|".join(re.escape(n) for n in sorted(self.names, key=len, reverse=True) if n)
        return re.compile(rf"(?<![^\W_])(?:{listed or '(?!)'})(?![^\W_])")

    def named_in(self, *texts: str) -> bool:
        """Whether any of the texts names one of them."""
        return any(self._pattern.search(text) for text in texts)

    def without(self, text: str, instead: str = SOMEBODY) -> str:
        """Return a text with another word in their names' place."""
        return self._pattern.sub(instead, text)

    def from_findings(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return the findings that name none of them, and a note of how many did."""
        every = tuple(findings)
        kept = tuple(f for f in every if not self.named_in(f.where, f.message, f.hint))
        hidden = len(every) - len(kept)
        if not hidden:
            return kept
        message = f"{hidden} remarks about persons without consent are not shown"
        return (*kept, Finding("remarks-withheld", message, Severity.NOTE))
