"""What makes case blocks one independent unit: people who are in several of them.

The test of a contrast, the curve over its phase and everything exploratory ask the same question
here, so that one study cannot count 5 units in one place and 6 in another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from arousal.hypothesis.hypothesis_file import LEAST_BLOCKS, Cluster

__all__ = ["Repeats", "cluster_for", "too_few_units"]


@dataclass(frozen=True, slots=True)
class Repeats:
    """Who repeats over the case blocks of a study.

    Parameters
    ----------
    cluster : {"none", "presenter", "session", "group"}
        What the hypothesis file says makes blocks one unit; ``"none"``: each stands alone.
    presenters : mapping of (session, block) to str
        Pseudonyms; a block that is not there has a presenter of its own.
    groups : mapping of str to str
        Session id -> pseudonym of the group; a session that is not there is a group of its own.
    """

    cluster: Cluster = "none"
    presenters: Mapping[tuple[str, int], str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)

    def unit(self, session: str, block: int, *, presenter: bool) -> str:
        """Return the name of the unit a block belongs to.

        Parameters
        ----------
        session : str
            Id.
        block : int
            Case block.
        presenter : bool
            Whether the presenter enters the number of the block.
        """
        own = f"{session}/{block}"
        cluster = cluster_for(self.cluster, presenter=presenter)
        # Nobody is told to repeat by a name that is not there.
        if cluster == "presenter":
            return self.presenters.get((session, block)) or own
        if cluster == "group":
            return self.groups.get(session) or own
        return session if cluster == "session" else own


def cluster_for(cluster: Cluster, *, presenter: bool) -> Cluster:
    """Return what makes blocks one unit, given who enters their numbers.

    Where no presenter enters, the presenter does not tell blocks apart: the members of one evening
    are the same in all its cases, so that the session does.

    Parameters
    ----------
    cluster : {"none", "presenter", "session", "group"}
        What the hypothesis file says.
    presenter : bool
        Whether the presenter enters.
    """
    return "session" if cluster == "presenter" and not presenter else cluster


def too_few_units(units: int, blocks: int) -> str:
    """Say why a number of independent units is described and not tested; empty if it is enough."""
    if units >= LEAST_BLOCKS:
        return ""
    told = f"{blocks} blocks"
    if units < blocks:
        told += f" make {units} independent units, because people repeat"
    return f"{told}, {LEAST_BLOCKS} are needed"
