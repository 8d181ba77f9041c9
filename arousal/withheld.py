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

__all__ = ["Withheld", "without_device"]

SOMEBODY = "somebody"


_ADDRESS = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}"  # a MAC address
    r"|[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12})(?![0-9A-Za-z])"  # a UUID
)
_WORD = re.compile(r"[0-9A-Za-z]+")


def without_device(name: str, *kept: str) -> str:
    """Return a stream's or file's name without what tells one device from all others.

    Serial numbers and Bluetooth addresses stand in the names that bridges and vendors give; tables
    and their provenance travel further than the recording, and a device may be registered to
    somebody. Taken out are addresses, words of hexadecimal digits (``1A2B``), and long numbers.

    Parameters
    ----------
    name : str
        As the device announced itself.
    *kept : str
        Words that stay: pseudonyms.

    Examples
    --------
    >>> without_device("Polar H10 9A3B1C22"), without_device("strap-P04-ecg")
    ('Polar H10', 'strap-P04-ecg')
    >>> without_device("2026-03-12_A01FB1.csv"), without_device("00:07:80:58:9B:3F")
    ('2026-03-12.csv', 'device')
    """

    def word(found: re.Match[str]) -> str:
        return "" if found[0] not in kept and _is_serial(found[0]) else found[0]

    left = _WORD.sub(word, _ADDRESS.sub("", name))
    left = re.sub(r"[\s_:#-]+(?=[\s_:#-]|\.|$)|^[\s_:#-]+", "", left.replace("()", ""))
    nothing_left = bool(name) and not any(c.isalnum() for c in left.partition(".")[0])
    return f"device{left}" if nothing_left else left


def _is_serial(word: str) -> bool:
    digits = sum(c.isdigit() for c in word)
    if digits == len(word):
        return digits >= 6
    hexadecimal = all(c in "0123456789abcdefABCDEF" for c in word)
    if hexadecimal and len(word) >= 4 and digits >= 2:
        return True
    return len(word) >= 6 and digits >= 3


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
