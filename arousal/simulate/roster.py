"""Who sits in the room, in which role, and who turns out to present."""

from __future__ import annotations

from dataclasses import dataclass

from arousal.errors import UsageError
from arousal.protocol import Protocol
from arousal.simulate.seeds import Seeds

__all__ = ["Seat", "choose_presenters", "seat_people"]

GROUP = (6, 12)
"""People in a Balint or MBT group, leaders included."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A person's place for the whole meeting.

    Parameters
    ----------
    index : int
        Place in the roster from 0; randomness belongs to it.
    person : str
        Pseudonym.
    role : str
        Role id of the protocol.
    leads : bool
        Whether the role is one of the protocol's leader roles.
    """

    index: int
    person: str
    role: str
    leads: bool


def seat_people(protocol: Protocol, people: int, leaders: int) -> tuple[Seat, ...]:
    """Seat the leaders first, then everybody else over the protocol's other roles.

    A fishbowl's outer circle gets every third of the others.

    Raises
    ------
    UsageError
        If the number of people does not fit the protocol: 2 for a therapist with one patient,
        6-12 for a group, 1-12 for a protocol of one's own without leaders.
    """
    low, high = _allowed(protocol)
    if not low <= people <= high:
        allowed = f"{low}" if low == high else f"{low} to {high}"
        raise UsageError(f"people is {people}, allowed {allowed} for {protocol.id}")
    others = [role for role in protocol.roles if role not in protocol.leader_roles]
    roles = list(protocol.leader_roles[: min(leaders, people - 1)])
    while len(roles) < people:
        third = len(roles) % 3 == 2
        roles.append(others[-1] if third else others[0])
    return tuple(
        Seat(i, f"P{i + 1:02d}", role, role in protocol.leader_roles)
        for i, role in enumerate(roles)
    )


def _allowed(protocol: Protocol) -> tuple[int, int]:
    if not protocol.leader_roles:
        return 1, GROUP[1]
    others = set(protocol.roles) - set(protocol.leader_roles)
    return (2, 2) if others == {"patient"} else GROUP


def choose_presenters(protocol: Protocol, seats: tuple[Seat, ...], seeds: Seeds) -> dict[int, str]:
    """Choose one presenter per case block among the members, each block another.

    Everyone draws a lot of their own, and the lowest present: a further person in the room
    changes the presenter only by drawing lower.

    Returns
    -------
    dict
        Block from 1 -> pseudonym; empty for a protocol without case blocks.

    Raises
    ------
    UsageError
        If there are more case blocks than members.
    """
    inner = [s for s in seats if not s.leads and s.role != "observer"]
    if protocol.case_blocks > len(inner):
        raise UsageError(
            f"{protocol.id} needs {protocol.case_blocks} presenters, there are {len(inner)} members"
        )
    lots = sorted((seeds.of("roster", s.index).random(), s.person) for s in inner)
    return {block: lots[block - 1][1] for block in range(1, protocol.case_blocks + 1)}
