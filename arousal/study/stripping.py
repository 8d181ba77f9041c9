"""What an export does not tell: dates, serial numbers, addresses of devices, hosts, files.

An export is made of what it needs (samples, marks, roles), never of everything but some; serial
numbers, stream names and paths are therefore simply not written. What people or devices wrote as
text (labels of marks, covariates, names) is gone through besides, with what is known of this
study's streams and with the patterns below.

Dates are moved, not blurred: the first session begins on 1 January 1900 at 00:00 UTC, and every
date and time keeps its distance from it. BIDS asks for dates before 1925 where they were moved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

__all__ = ["FIRST_DAY", "MovedDates", "Stripping", "identifiers"]

FIRST_DAY = datetime(1900, 1, 1, tzinfo=UTC)
"""When the first session of an export with relative dates begins."""
REMOVED = "removed"
"""Stands where something was taken out of a text."""
SHORTEST = 3
_DEVICES = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}"  # a MAC address
    r"|(?=[0-9]*[A-F])(?=[A-F]*[0-9])[0-9A-F]{12}"  # the same without separators
    r"|[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"  # a UUID
    r"|(?:\d{1,3}\.){3}\d{1,3}"  # an IPv4 address
    r")(?![0-9A-Za-z])"
)
_PATHS = re.compile(
    r"(?<![\w/.])(?:/[\w.~-]+){2,}/?|\b[A-Za-z]:\\[^\s\"']*|\\\\[\w.-]+\\[^\s\"']*"
    r"|\b[\w-]+\.(?:xdf|xdfz|csv|tsv|txt|acq|edf|h5|mat|jsonl)\b",
    re.IGNORECASE,
)
_MOMENT = re.compile(
    r"(?<!\d)(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|[+-]\d{2}:?\d{2})?)?"
    r"(?!\d)"
)
_OTHER_DATES = re.compile(
    r"(?<!\d)(?:"
    r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:T?\d{4,6})?"  # 20260312, ...T1800
    r"|(?:19|20)\d{2}[./_](?:0?[1-9]|1[0-2])[./_](?:0?[1-9]|[12]\d|3[01])\.?"
    r"|(?:0?[1-9]|[12]\d|3[01])[./](?:0?[1-9]|[12]\d|3[01])[./](?:(?:19|20)\d{2}|\d{2})"
    r"|(?:19|20)\d{2}-(?:0[1-9]|1[0-2])(?!-)"  # 2026-03
    r"|1[0-9]\d{8}(?:\d{3})?(?:\.\d+)?"  # seconds or milliseconds since 1970
    r")(?!\d)"
)
_YEAR = re.compile(r"(?<![\w.])(?:19|20)\d{2}(?![\w.]*\d|-\d{2}-)")
"""A year by itself; in front of a month and a day it is one that this export put there."""


@dataclass(frozen=True, slots=True)
class MovedDates:
    """Dates as an export tells them.

    Parameters
    ----------
    first : datetime or None
        When the study's first session began, with a time zone; ``None`` if nobody knows, and then
        no date can be told.
    absolute : bool
        Whether dates stay as they are.
    """

    first: datetime | None = None
    absolute: bool = False

    def moment(self, at: datetime | None) -> datetime | None:
        """Return a time as it is told, in UTC where it was moved; ``None`` if it cannot be."""
        if self.absolute or at is None:
            return at
        return None if self.first is None else FIRST_DAY + (at - self.first)

    def day(self, at: date | None) -> date | None:
        """Return a date as it is told; ``None`` if it cannot be.

        Examples
        --------
        >>> evening = datetime(2026, 3, 12, 18, tzinfo=UTC)
        >>> MovedDates(evening).day(date(2026, 3, 5)).isoformat()
        '1899-12-25'
        """
        if self.absolute or at is None:
            return at
        return None if self.first is None else FIRST_DAY.date() + (at - self.first.date())


def identifiers(
    streams: Iterable[str], devices: Iterable[str], people: Iterable[str]
) -> frozenset[str]:
    """Return what must not occur in a text of the names that a study's devices have.

    Parameters
    ----------
    streams : iterable of str
        Names of streams and files; those without a digit are common words (``Markers``).
    devices : iterable of str
        Serial numbers, ids and hosts.
    people : iterable of str
        Pseudonyms: what an export tells.

    Examples
    --------
    >>> sorted(identifiers(["EDA", "Polar H10 A012"], ["lab-pc", "P04"], ["P04"]))
    ['Polar H10 A012', 'lab-pc']
    """
    telling = {name for name in streams if any(c.isdigit() for c in name)} | set(devices)
    return frozenset(name for name in telling - set(people) if len(name.strip()) >= SHORTEST)


@dataclass(frozen=True)
class Stripping:
    """How texts lose what an export does not tell.

    Parameters
    ----------
    dates : MovedDates
        How dates are told.
    known : frozenset of str
        Names of streams, devices and hosts, as `identifiers` finds them.

    Examples
    --------
    >>> strip = Stripping(MovedDates(datetime(2026, 3, 12, 18, tzinfo=UTC)), frozenset({"LAB-PC7"}))
    >>> strip.text("from LAB-PC7 on 2026-03-14, A0:9E:1A:3C:55:01")
    'from removed on 1900-01-03, removed'
    """

    dates: MovedDates
    known: frozenset[str] = frozenset()

    @cached_property
    def _known(self) -> re.Pattern[str]:
        listed = "|".join(map(re.escape, sorted(self.known, key=len, reverse=True)))
        return re.compile(rf"(?<![^\W_])(?:{listed or '(?!)'})(?![^\W_])", re.IGNORECASE)

    def text(self, text: str) -> str:
        """Return a text without what an export does not tell."""
        for pattern in (self._known, _DEVICES, _PATHS):
            text = pattern.sub(REMOVED, text)
        if self.dates.absolute:
            return text
        text = _MOMENT.sub(self._moved, text)
        text = _OTHER_DATES.sub(REMOVED, text)
        return text if _is_number(text) else _YEAR.sub(REMOVED, text)

    def _moved(self, found: re.Match[str]) -> str:
        try:
            moved = self.dates.day(date.fromisoformat(found[1]))
        except (ValueError, OverflowError):
            return REMOVED
        return moved.isoformat() if moved is not None else REMOVED

    def tree(self, content: Any) -> Any:
        """Return JSON content of which every text was gone through; keys stay."""
        match content:
            case str():
                return self.text(content)
            case dict():
                return {key: self.tree(value) for key, value in content.items()}
            case list():
                return [self.tree(value) for value in content]
            case _:
                return content


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
