"""From phase marks to phase intervals and case blocks.

The walk follows the marks as they were made in the room. A protocol with an order says what each
mark should follow; where the marks contradict it nothing is guessed: both sides of the
contradiction become uncertain, and a finding says what to correct.

* The same phase again while it runs: the first mark counts.
* A later phase ended within 10 s by an earlier one: a slip of the finger; the slip is left out.
* An earlier phase that begins a case (invitation, presentation) opens the next case block as long
  as the protocol allows one more.
* Any other earlier or repeated phase: the interval is kept as marked, but it and the one before
  are uncertain.
* A phase that may not be missing has no mark: the interval before it is uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from arousal.findings import Finding, Severity
from arousal.phase_align.phase_order import BEGINNING, ENDING, PhaseOrder, Rank
from arousal.phase_align.timeline import CaseBlock, PhaseInterval, clock
from arousal.protocol import Protocol

__all__ = ["PhaseMark", "case_blocks", "walk_phases"]

SLIP = 10.0
"""Seconds within which a second key is a double press or the correction of a wrong one."""


@dataclass(frozen=True, slots=True)
class PhaseMark:
    """A phase begins (or, with an empty phase, the session ends) at a time (s)."""

    phase: str
    time: float
    id: str


@dataclass(slots=True)
class _Placed:
    """An interval while its end and its certainty are still open."""

    phase: str
    block: int
    onset: float
    mark: str
    rank: Rank
    in_order: bool
    reached_before: Rank
    end: float | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Walk:
    plan: PhaseOrder
    placed: list[_Placed] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    reached: Rank = BEGINNING
    block: int = 0

    def report(
        self,
        code: str,
        message: str,
        mark: PhaseMark,
        hint: str = "",
        severity: Severity = Severity.WARNING,
    ) -> None:
        where = f"mark {mark.id}" if mark.id else "protocol"
        self.findings.append(Finding(code, message, severity, where, hint, mark.time))

    @property
    def open(self) -> _Placed | None:
        last = self.placed[-1] if self.placed else None
        return last if last is not None and last.end is None else None

    def step(self, mark: PhaseMark) -> None:
        if not mark.phase:
            self._end(mark)
            return
        if self.open is not None and self.open.phase == mark.phase:
            self._duplicate(self.open, mark)
            return
        self._slip(mark)
        if self.open is None or self.open.phase != mark.phase:
            # (else the slip only interrupted the phase that this mark returns to)
            self._place(mark)

    def _end(self, mark: PhaseMark) -> None:
        if self.open is None:
            message = f"the end marked at {clock(mark.time)} ends no phase; it was not used"
            self.report("mark-duplicate", message, mark, severity=Severity.NOTE)
        else:
            self.open.end = mark.time

    def _duplicate(self, running: _Placed, mark: PhaseMark) -> None:
        after = mark.time - running.onset
        message = (
            f"{mark.phase} was marked at {clock(running.onset)} and again {after:.0f} s later; "
            "the first counts"
        )
        hint = "" if after <= SLIP else f"if the second is right, move mark {running.mark}"
        severity = Severity.NOTE if after <= SLIP else Severity.WARNING
        self.report("mark-duplicate", message, mark, hint, severity=severity)

    def _slip(self, mark: PhaseMark) -> None:
        wrong = self.open
        if wrong is None or not self.plan.protocol.ordered or not wrong.mark:
            return
        earlier = self.plan.rank(mark.phase, wrong.block)[::2] < wrong.rank[::2]
        if not (earlier and wrong.in_order and mark.time - wrong.onset < SLIP):
            return
        self.placed.pop()
        self.reached = wrong.reached_before
        self.block = max((p.block for p in self.placed), default=0)
        message = (
            f"{wrong.phase} was marked at {clock(wrong.onset)} and {mark.phase} "
            f"{mark.time - wrong.onset:.0f} s later; the first is taken for a slip and left out"
        )
        hint = f"if it was none, move mark {mark.id}"
        self.report("mark-slip", message, mark, hint, severity=Severity.NOTE)

    def _place(self, mark: PhaseMark) -> None:
        block, in_order = self._where(mark.phase)
        rank = self.plan.rank(mark.phase, block)
        if not in_order:
            self._out_of_order(mark, block)
        placed = _Placed(mark.phase, block, mark.time, mark.id, rank, in_order, self.reached)
        new_block = block > self.block
        self.placed.append(placed)
        if in_order or new_block:
            self.reached = rank
        self.block = max(self.block, block)

    def _where(self, phase: str) -> tuple[int, bool]:
        """Block of a phase that begins now, and whether it may begin now."""
        plan = self.plan
        if phase not in plan.case:
            return 0, not plan.protocol.ordered or plan.rank(phase, 0) > self.reached
        block = max(self.block, 1)
        more = phase in plan.starts and self.block and self.block < plan.protocol.case_blocks
        if not plan.protocol.ordered:
            seen = any(p.phase == phase and p.block == block for p in self.placed)
            return (block + 1 if more and seen else block), True
        if plan.rank(phase, block) > self.reached:
            return block, True
        if more:
            # After the closing part a new case is against the order, but it is a case.
            return block + 1, self.reached[0] < 2
        return block, False

    def _out_of_order(self, mark: PhaseMark, block: int) -> None:
        before = self.placed[-1]
        again = any(p.phase == mark.phase and p.block == block for p in self.placed)
        how = "a second time" if again else "out of order"
        message = (
            f"{mark.phase} was marked {how} at {clock(mark.time)}, after {before.phase}; both are "
            "kept as marked, and their numbers are refused"
        )
        hint = (
            f"in timeline.tsv delete or relabel mark {mark.id}, or mark {before.mark} "
            "if that one was wrong"
        )
        self.report("mark-out-of-order", message, mark, hint)
        before.notes.append(f"{mark.phase} was marked {how} at its end")


def walk_phases(
    marks: Sequence[PhaseMark], protocol: Protocol, *, start: float, end: float
) -> tuple[tuple[PhaseInterval, ...], tuple[Finding, ...]]:
    """Turn phase marks into intervals.

    Parameters
    ----------
    marks : sequence of PhaseMark
        By time, within ``start``..``end``, phases of the protocol; an empty phase ends the session.
    protocol : Protocol
        Says what order is expected.
    start, end : float
        The recording, in seconds.

    Returns
    -------
    intervals : tuple of PhaseInterval
        Non-overlapping, by time. Without any phase: one unlabelled stretch.
    findings : tuple of Finding
        What was not as it should be.
    """
    plan = PhaseOrder(protocol)
    walk = _Walk(plan)
    for mark in _with_implicit(marks, protocol, start):
        walk.step(mark)
    if not walk.placed:
        return (PhaseInterval("", 0, start, end, note="no phase was marked"),), ()
    _report_after_end(walk)
    _report_missing(walk, start)
    if walk.placed[-1].end is None:
        message = "no mark ends the session; the last phase ends with the recording"
        walk.findings.append(
            Finding("end-missing", message, Severity.NOTE, walk.placed[-1].phase, "", end)
        )
    return _intervals(walk.placed, end), tuple(walk.findings)


def _with_implicit(marks: Sequence[PhaseMark], protocol: Protocol, start: float) -> list[PhaseMark]:
    """Put the phase that needs no mark at the beginning, unless it has one."""
    marked = {m.phase for m in marks}
    implicit = [p.id for p in protocol.phases if p.implicit and p.id not in marked]
    if not implicit or (marks and marks[0].time <= start):
        return list(marks)
    return [PhaseMark(implicit[0], start, ""), *marks]


def _report_after_end(walk: _Walk) -> None:
    for before, after in zip(walk.placed, walk.placed[1:], strict=False):
        if before.end is not None:
            message = (
                f"the end was marked at {clock(before.end)}, and {after.phase} at "
                f"{clock(after.onset)}; the time between belongs to no phase"
            )
            mark = PhaseMark(after.phase, after.onset, after.mark)
            walk.report("mark-after-end", message, mark, severity=Severity.NOTE)


def _report_missing(walk: _Walk, start: float) -> None:
    """Make the interval before each missing phase uncertain, and say what was left out."""
    if not walk.plan.protocol.ordered:
        _report_missing_unordered(walk, start)
        return
    seen = {(p.phase, p.block) for p in walk.placed}
    optional: list[str] = []
    before: _Placed | None = None
    for low, high, after in _steps(walk):
        gap = [x for x in walk.plan.between(low, high) if x not in seen]
        optional += [p for p, _ in gap if not walk.plan.required(p)]
        for phase, block in ((p, b) for p, b in gap if walk.plan.required(p)):
            _missing(walk, phase, block, before)
        before = after
    _report_optional(walk, optional, start)


def _steps(walk: _Walk) -> list[tuple[Rank, Rank, _Placed | None]]:
    """Each stride of the walk that kept the order: from where, to where, arriving at what.

    An interval that broke the order is also a place "before": it is handed on with an empty stride.
    """
    steps: list[tuple[Rank, Rank, _Placed | None]] = []
    for placed in walk.placed:
        low = placed.reached_before
        high = max(low, placed.rank)
        steps.append((low, high, placed))
    steps.append((walk.reached, ENDING, None))
    return steps


def _missing(walk: _Walk, phase: str, block: int, before: _Placed | None) -> None:
    name = f"{phase} of case {block}" if walk.plan.protocol.case_blocks > 1 and block else phase
    message = f"{name} has no mark"
    time = 0.0
    if before is not None:
        message += f"; where {before.phase} ended is not known, so its numbers are refused"
        before.notes.append(f"{name} has no mark, so the end of {before.phase} is not known")
        time = before.onset
    hint = "add it at its time in timeline.tsv, or use a protocol in which it is optional"
    walk.findings.append(
        Finding("phase-missing", message, Severity.WARNING, phase, hint, time if before else None)
    )


def _report_missing_unordered(walk: _Walk, start: float) -> None:
    seen = {p.phase for p in walk.placed}
    absent = [p.id for p in walk.plan.protocol.phases if p.id not in seen]
    for phase in absent:
        if walk.plan.required(phase):
            _missing(walk, phase, 0, None)
    _report_optional(walk, [p for p in absent if not walk.plan.required(p)], start)


def _report_optional(walk: _Walk, optional: list[str], start: float) -> None:
    if optional:
        names = ", ".join(dict.fromkeys(optional))
        message = f"not marked, and optional: {names}"
        walk.findings.append(
            Finding("phase-not-marked", message, Severity.NOTE, "protocol", "", start)
        )
    protocol = walk.plan.protocol
    if 0 < walk.block < protocol.case_blocks:
        message = f"{walk.block} of {protocol.case_blocks} cases of {protocol.id} were marked"
        walk.findings.append(
            Finding("case-block-missing", message, Severity.NOTE, "protocol", "", start)
        )


def _intervals(placed: Sequence[_Placed], end: float) -> tuple[PhaseInterval, ...]:
    found = []
    for i, p in enumerate(placed):
        following = placed[i + 1].onset if i + 1 < len(placed) else end
        notes = list(dict.fromkeys(p.notes))
        if not p.in_order:
            notes.insert(0, f"{p.phase} was marked against the order of the protocol")
        found.append(
            PhaseInterval(
                p.phase,
                p.block,
                p.onset,
                following if p.end is None else p.end,
                p.mark,
                not notes,
                "; ".join(notes),
            )
        )
    return tuple(found)


def case_blocks(
    phases: Sequence[PhaseInterval], presenters: dict[int, str] | None = None
) -> tuple[CaseBlock, ...]:
    """Case blocks of a course: from the first to the last case phase of each.

    Parameters
    ----------
    phases : sequence of PhaseInterval
        By time.
    presenters : dict, optional
        Block -> pseudonym.
    """
    spans: dict[int, tuple[float, float]] = {}
    for phase in phases:
        if phase.block:
            onset, _ = spans.get(phase.block, (phase.onset, phase.end))
            spans[phase.block] = (onset, phase.end)
    who = presenters or {}
    return tuple(CaseBlock(b, *span, who.get(b)) for b, span in sorted(spans.items()))
