"""The order that a protocol gives its phases, with case phases repeated once per case."""

from __future__ import annotations

from arousal.protocol import Protocol

__all__ = ["BEGINNING", "ENDING", "PhaseOrder", "Rank"]

Rank = tuple[int, int, int]
"""Part of the meeting (before, case, after), case block, position among the phases."""
BEGINNING: Rank = (-1, 0, 0)
"""Before every phase."""
ENDING: Rank = (9, 0, 0)
"""After every phase."""


class PhaseOrder:
    """Where the phases of a protocol stand in its order.

    Parameters
    ----------
    protocol : Protocol
        Phases of the meeting around phases of a case, which repeat once per case block.
    """

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.case = [p.id for p in protocol.phases if p.part == "case"]
        ids = [p.id for p in protocol.phases]
        self.first_case = ids.index(self.case[0]) if self.case else len(ids)
        self.position = {phase: i for i, phase in enumerate(ids)}
        needed = next((i for i, p in enumerate(self.case) if self.required(p)), 0)
        self.starts = frozenset(self.case[: needed + 1])

    def required(self, phase: str) -> bool:
        """Whether a session without this phase is incomplete."""
        return not self.protocol.phase(phase).optional

    def rank(self, phase: str, block: int) -> Rank:
        """Place of a phase of a block: part of the meeting, block, position; sorts in order."""
        place = self.position[phase]
        if phase in self.case:
            return (1, block, place)
        return (0, 0, place) if place < self.first_case else (2, 0, place)

    def between(self, low: Rank, high: Rank) -> list[tuple[str, int]]:
        """Phases, with their block, that should come after one place and before another."""
        last = max(1, low[1], high[1])
        places = [
            (p, b) for p in self.position for b in (range(1, last + 1) if p in self.case else (0,))
        ]
        ranked = sorted((self.rank(p, b), p, b) for p, b in places)
        return [(p, b) for r, p, b in ranked if low < r < high]
