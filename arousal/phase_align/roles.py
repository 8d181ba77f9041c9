"""Who had which role when: base roles of the meeting, changes by marks, one presenter a case.

The presenter is not known beforehand. Their mark may come before, during or after the invitation,
or late; it always counts for the whole case block that it belongs to:

* inside a block: that block. A second name replaces the first, unless it comes in the last phase of
  a block that has its presenter, when a next block follows: then it names the next presenter early.
* before the first block or between two: the block that follows.
* after the last block: that block, if it has no presenter yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from arousal.findings import Finding, Severity
from arousal.phase_align.timeline import CaseBlock, PhaseInterval, RoleInterval, clock
from arousal.protocol import Protocol

__all__ = ["RoleMark", "assign_presenters", "paint_roles"]


@dataclass(frozen=True, slots=True)
class RoleMark:
    """A person gets a role at a time (s)."""

    person: str
    role: str
    time: float
    id: str


def assign_presenters(
    marks: Sequence[RoleMark],
    blocks: Sequence[CaseBlock],
    phases: Sequence[PhaseInterval],
    base_roles: Mapping[str, str],
    protocol: Protocol,
) -> tuple[dict[int, str], list[Finding]]:
    """Give each case block its presenter.

    Parameters
    ----------
    marks : sequence of RoleMark
        Presenter marks by time.
    blocks, phases : sequence of CaseBlock, of PhaseInterval
        The session's course.
    base_roles : mapping
        Pseudonym -> role for the whole meeting; empty where no roster is known.
    protocol : Protocol
        Names the leaders' roles.

    Returns
    -------
    presenters : dict
        Block -> pseudonym; blocks without one are absent.
    findings : list of Finding
        Unknown people, leaders, changes, blocks without a presenter.
    """
    findings: list[Finding] = []
    if not blocks:
        if marks:
            message = "a presenter was marked, but no case was; the mark was not used"
            findings.append(Finding("presenter-without-case", message, where=f"mark {marks[0].id}"))
        return {}, findings
    known = [m for m in marks if _in_roster(m, base_roles, findings)]
    presenters: dict[int, str] = {}
    for mark in known:
        _assign(mark, presenters, blocks, phases, findings)
    for block in blocks:
        findings += _remark(block, presenters.get(block.index), base_roles, protocol)
    return presenters, findings


def _in_roster(mark: RoleMark, base_roles: Mapping[str, str], findings: list[Finding]) -> bool:
    if not base_roles or mark.person in base_roles:
        return True
    near = get_close_matches(mark.person, base_roles, n=1, cutoff=0.5)
    findings.append(
        Finding(
            "presenter-unknown",
            f"{mark.person} was marked as presenter at {clock(mark.time)} and is not in the "
            "roster; the mark was not used",
            Severity.WARNING,
            f"mark {mark.id}",
            f"relabel it in timeline.tsv{f'; closest: {near[0]}' if near else ''}",
            mark.time,
        )
    )
    return False


def _assign(
    mark: RoleMark,
    presenters: dict[int, str],
    blocks: Sequence[CaseBlock],
    phases: Sequence[PhaseInterval],
    findings: list[Finding],
) -> None:
    block = _block_of(mark, presenters, blocks, phases)
    before = presenters.get(block)
    late = mark.time >= blocks[-1].end
    if before is None or not late:
        presenters[block] = mark.person
    if before is None or before == mark.person:
        return
    findings.append(
        Finding(
            "presenter-changed",
            f"{before} and then {mark.person} were marked as presenter of case {block}; "
            f"{presenters[block]} counts",
            Severity.WARNING,
            f"mark {mark.id}",
            "delete the wrong mark in timeline.tsv",
            mark.time,
        )
    )


def _block_of(
    mark: RoleMark,
    presenters: Mapping[int, str],
    blocks: Sequence[CaseBlock],
    phases: Sequence[PhaseInterval],
) -> int:
    """Block that a presenter mark is about (see the module)."""
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if mark.time >= block.end:
            continue
        if mark.time < block.onset or following is None:
            return block.index
        last = max(p.onset for p in phases if p.block == block.index)
        named = presenters.get(block.index)
        early = named not in {None, mark.person} and mark.time >= last > block.onset
        return following.index if early else block.index
    return blocks[-1].index


def _remark(
    block: CaseBlock, person: str | None, base_roles: Mapping[str, str], protocol: Protocol
) -> list[Finding]:
    """What is odd about a block's presenter."""
    where = f"case {block.index}"
    if person is None:
        return [
            Finding(
                "presenter-missing",
                f"nobody was marked as presenter of case {block.index}; "
                "its people are all treated as members",
                Severity.WARNING,
                where,
                "add presenter/... in timeline.tsv",
                block.onset,
                block.end,
            )
        ]
    if base_roles.get(person) in protocol.leader_roles:
        return [
            Finding(
                "presenter-is-leader",
                f"{person}, presenter of case {block.index}, is {base_roles[person]} of this "
                "meeting; kept as marked",
                Severity.WARNING,
                where,
                "relabel the mark in timeline.tsv if it was a slip",
                block.onset,
                block.end,
            )
        ]
    return []


def paint_roles(
    base_roles: Mapping[str, str],
    changes: Sequence[RoleMark],
    blocks: Sequence[CaseBlock],
    protocol: Protocol,
    *,
    start: float,
    end: float,
    default: str,
) -> tuple[RoleInterval, ...]:
    """Lay base roles, changes and the presenters' blocks over each other.

    Parameters
    ----------
    base_roles : mapping
        Pseudonym -> role for the whole meeting.
    changes : sequence of RoleMark
        Roles from a time on, by time.
    blocks : sequence of CaseBlock
        With their presenters.
    protocol : Protocol
        Names the presenter's role.
    start, end : float
        The recording, in seconds.
    default : str
        Role of people that no roster names.

    Returns
    -------
    tuple of RoleInterval
        By person and time; one person's intervals touch and do not overlap.
    """
    presenters = {b.presenter for b in blocks if b.presenter is not None}
    people = sorted({*base_roles, *(c.person for c in changes), *presenters})
    painted: list[RoleInterval] = []
    for person in people:
        own = [(c.time, c.role) for c in changes if c.person == person]
        cases = [(b.onset, b.end) for b in blocks if b.presenter == person]
        cuts = sorted({start, *(t for t, _ in own), *(t for case in cases for t in case)})
        cuts = [t for t in cuts if start <= t < end] or [start]
        roles = []
        for cut in cuts:
            base = [role for t, role in own if t <= cut]
            presenting = any(a <= cut < b for a, b in cases)
            usual = base[-1] if base else base_roles.get(person, default)
            roles.append(protocol.presenter_role if presenting else usual)
        painted += _merged(person, cuts, roles, end)
    return tuple(painted)


def _merged(
    person: str, cuts: Sequence[float], roles: Sequence[str], end: float
) -> list[RoleInterval]:
    keep = [i for i in range(len(cuts)) if i == 0 or roles[i] != roles[i - 1]]
    ends = [*(cuts[i] for i in keep[1:]), end]
    return [RoleInterval(person, roles[i], cuts[i], e) for i, e in zip(keep, ends, strict=True)]
