"""A timeline as it may be shown: persons who are withheld have no role, word or answer in it."""

from __future__ import annotations

from dataclasses import replace

from arousal.phase_align.timeline import PointEvent, Timeline
from arousal.withheld import Withheld

__all__ = ["withhold"]


def withhold(timeline: Timeline, hidden: Withheld) -> Timeline:
    """Return a timeline without what it says about some persons.

    Phases and case blocks keep their times, because they are the group's. Interventions stay
    without the name; probes, speech and incidents of a withheld person are left out.

    Parameters
    ----------
    timeline : Timeline
        What happened.
    hidden : Withheld
        Who must not be shown.
    """
    points = (_point(p, hidden) for p in timeline.points)
    return replace(
        timeline,
        blocks=tuple(
            replace(b, presenter=None) if b.presenter in hidden.names else b
            for b in timeline.blocks
        ),
        roles=tuple(r for r in timeline.roles if r.person not in hidden.names),
        points=tuple(p for p in points if p is not None),
        applied=tuple(
            replace(
                a, mark=hidden.without(a.mark), by=hidden.without(a.by), note=hidden.without(a.note)
            )
            for a in timeline.applied
        ),
        findings=hidden.from_findings(timeline.findings),
    )


def _point(point: PointEvent, hidden: Withheld) -> PointEvent | None:
    acts = point.actor in hidden.names
    if acts and point.kind in {"probe", "speech", "incident"}:
        return None
    target = "" if point.target in hidden.names else point.target
    return replace(point, actor="" if acts else point.actor, target=target)
