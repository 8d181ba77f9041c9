"""The phases of a session as numbered, coloured bands on the page's time axis (minutes)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboards.messages import Messages
from dashboards.theme import phase_colour

if TYPE_CHECKING:
    from arousal.pipeline import SessionResult

__all__ = ["Band", "distinct", "phase_bands"]


@dataclass(frozen=True, slots=True)
class Band:
    """One phase as it took place.

    Parameters
    ----------
    number : int
        Counted from 1 through the session; stands on the band and in every table. A phase that was
        returned to keeps its number.
    phase : str
        Phase id.
    block : int
        Case block; 0 = outside one.
    name : str
        What a person reads; names the case where there are several.
    short : str
        The same without the case.
    onset, end : float
        Minutes since the recording began.
    colour : str
        ``#rrggbb``.
    quiet : bool
        Whether it is a quiet reference phase.
    certain : bool
        Whether both its bounds were marked.
    note : str
        What was assumed about its bounds; empty otherwise.
    """

    number: int
    phase: str
    block: int
    name: str
    short: str
    onset: float
    end: float
    colour: str
    quiet: bool
    certain: bool
    note: str

    @property
    def minutes(self) -> float:
        """Length in minutes."""
        return self.end - self.onset

    @property
    def middle(self) -> float:
        """Middle in minutes since the recording began."""
        return (self.onset + self.end) / 2

    @property
    def label(self) -> str:
        """Number and name, as headings and ticks show it."""
        return f"{self.number} {self.name}"


def phase_bands(result: SessionResult, say: Messages) -> tuple[Band, ...]:
    """Return the session's phases in order of time; empty where nothing was marked."""
    protocol, zero = result.protocol, result.recording.onset
    active = [p.id for p in protocol.phases if not p.quiet]
    marked = [p for p in result.timeline.phases if p.phase]
    several = len({p.block for p in marked if p.block}) > 1
    numbers: dict[tuple[int, str], int] = {}
    bands = []
    for interval in marked:
        phase = protocol.phase(interval.phase)
        short = name = say.term("phase", phase.name)
        if several and interval.block:
            name = say("bands.of_case", name=short, block=interval.block)
        position = 0 if phase.quiet else active.index(phase.id)
        bands.append(
            Band(
                numbers.setdefault((interval.block, phase.id), len(numbers) + 1),
                phase.id,
                interval.block,
                name,
                short,
                (interval.onset - zero) / 60,
                (interval.end - zero) / 60,
                phase_colour(position, phase.quiet),
                phase.quiet,
                interval.certain,
                interval.note,
            )
        )
    return tuple(bands)


def distinct(bands: tuple[Band, ...]) -> tuple[Band, ...]:
    """Return each phase once (its first stretch), for tables and legends."""
    return tuple({band.number: band for band in reversed(bands)}.values())[::-1]
