"""What was noticed on the way and did not stop the work.

A finding is for a reader who wants to know what happened to the data: a truncated file of which
the readable part was kept, a marker that no protocol knows, a strap that fell silent. Findings
travel with the nouns (`Recording.findings`, `Timeline.findings`, ...) and end on the page; they
are never only logged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from arousal.errors import one_line

__all__ = ["Finding", "Severity"]


class Severity(StrEnum):
    """How much a finding matters."""

    NOTE = "note"
    """Done as it should be, worth knowing (a clock offset was applied)."""
    WARNING = "warning"
    """Something was left out or repaired; results stand without it."""
    PROBLEM = "problem"
    """A person, a signal or a phase could not be used at all."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that was noticed.

    Parameters
    ----------
    code : str
        Stable short name in kebab-case (``"xdf-truncated"``), for tests and for filtering.
    message : str
        One plain sentence: what was found, with numbers.
    severity : Severity
        How much it matters.
    where : str
        File, stream, person or phase that it is about.
    hint : str
        What to do about it, if anything.
    onset, end : float, optional
        The stretch of recording time it concerns, in seconds; ``None`` if it concerns all of it.
    """

    code: str
    message: str
    severity: Severity = Severity.WARNING
    where: str = ""
    hint: str = ""
    onset: float | None = None
    end: float | None = None

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        step = f" ({self.hint})" if self.hint else ""
        return one_line(f"{place}{self.message}{step}")
