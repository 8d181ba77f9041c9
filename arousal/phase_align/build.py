"""Raw marks and corrections -> `Timeline`: the one place where marks are given their meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from arousal.findings import Finding, Severity
from arousal.phase_align.corrections import Correction
from arousal.phase_align.phases import PhaseMark, case_blocks, walk_phases
from arousal.phase_align.points import POINT_VERBS, read_points
from arousal.phase_align.roles import RoleMark, assign_presenters, paint_roles
from arousal.phase_align.standing import StandingMark, standing_marks
from arousal.phase_align.timeline import PhaseInterval, Timeline, clock
from arousal.protocol import Protocol
from arousal.recording import Event
from arousal.session import SessionFile

__all__ = ["build_timeline", "default_role"]

SLACK = 60.0
"""A phase marked up to this many seconds before the recording began, begins with it."""
LISTED = 20
"""Unknown labels that are reported one by one; the rest are counted."""


def default_role(protocol: Protocol) -> str:
    """Role of people that no roster names: ``member`` if the protocol has it, else unknown ("")."""
    return "member" if "member" in protocol.roles else ""


def build_timeline(
    events: Sequence[Event],
    protocol: Protocol,
    session: SessionFile | None,
    *,
    start: float,
    end: float,
    corrections: Sequence[Correction] = (),
) -> Timeline:
    """Work out a session's course from its marks.

    Parameters
    ----------
    events : sequence of Event
        Raw marks; they are never changed.
    protocol : Protocol
        Phases, their order and their other names.
    session : SessionFile or None
        Roster, marker codes and marker stream; without it every person has the default role.
    start, end : float
        First and last second of the *signals* (marks outside are reported and not used).
    corrections : sequence of Correction
        Rows of ``timeline.tsv``.

    Returns
    -------
    Timeline
        Marks that could not be used, and everything that had to be decided, are its findings.
    """
    findings: list[Finding] = []
    used = _of_stream(events, session, findings)
    codes = session.markers.codes if session else {}
    standing = standing_marks(used, codes, corrections)
    findings += standing.findings
    kept = _inside(standing.marks, start, end, findings)
    phase_marks, doubts = _phase_marks(kept, protocol, findings)
    phases, noticed = walk_phases(phase_marks, protocol, start=start, end=end)
    phases = _doubted(phases, doubts)
    findings += noticed
    if not any(p.phase for p in phases):
        findings.append(_no_markers(len(events)))
    base = {p: entry.role for p, entry in session.people.items()} if session else {}
    named = _presenter_marks(kept, protocol, session, phases, findings)
    presenters, found = assign_presenters(named, case_blocks(phases), phases, base, protocol)
    findings += found
    blocks = case_blocks(phases, presenters)
    changes = _role_changes(kept, protocol, base, findings)
    default = default_role(protocol)
    roles = paint_roles(base, changes, blocks, protocol, start=start, end=end, default=default)
    points, found = read_points([m for m in kept if m.mark.verb in POINT_VERBS], base)
    findings += found
    return Timeline(
        start, end, phases, blocks, roles, points, default, standing.applied, tuple(findings)
    )


def _of_stream(
    events: Sequence[Event], session: SessionFile | None, findings: list[Finding]
) -> Sequence[Event]:
    stream = session.markers.stream if session else None
    if stream is None:
        return events
    chosen = [e for e in events if e.source == stream]
    if events and not chosen:
        there = ", ".join(sorted({e.source for e in events}))
        findings.append(
            Finding(
                "marker-stream-missing",
                f"no mark came from the stream {stream!r} that session.toml names",
                Severity.PROBLEM,
                "session.toml [markers] stream",
                f"there are: {there}",
            )
        )
    return chosen


def _no_markers(count: int) -> Finding:
    why = "there are no marks" if not count else f"none of the {count} marks names a phase"
    return Finding(
        "no-markers",
        f"{why}; the session is one unlabelled stretch",
        Severity.WARNING,
        "marks",
        "add phases with `add` rows in timeline.tsv, or codes in session.toml [markers]",
    )


def _inside(
    marks: Sequence[StandingMark], start: float, end: float, findings: list[Finding]
) -> list[StandingMark]:
    """Leave out marks outside of the recording; an end or a presenter may come after it."""
    kept: list[StandingMark] = []
    for mark in marks:
        late = mark.time > end and mark.mark.verb not in {"end", "presenter"}
        if late or mark.time < start - SLACK:
            findings.append(_outside(mark, start, end))
        elif mark.time < start:
            message = f"a mark {start - mark.time:.0f} s before the recording counts from its start"
            where = f"mark {mark.label!r} ({mark.id})"
            findings.append(
                Finding("mark-before-start", message, Severity.NOTE, where, "", mark.time)
            )
            kept.append(replace(mark, time=start))
        elif mark.mark.verb == "end":
            kept.append(replace(mark, time=min(mark.time, end)))
        else:
            kept.append(mark)
    return kept


def _outside(mark: StandingMark, start: float, end: float) -> Finding:
    side = (
        f"{clock(start - mark.time)} before"
        if mark.time < start
        else f"{clock(mark.time - end)} after"
    )
    return Finding(
        "mark-outside-recording",
        f"a mark lies {side} the recording; it was not used",
        Severity.WARNING,
        f"mark {mark.label!r} ({mark.id})",
        "move it in timeline.tsv if its clock was wrong",
        mark.time,
    )


def _phase_marks(
    marks: Sequence[StandingMark], protocol: Protocol, findings: list[Finding]
) -> tuple[list[PhaseMark], list[float]]:
    """Marks that name a phase, and the times at which a phase was meant that nobody knows."""
    found: list[PhaseMark] = []
    doubts: list[float] = []
    unknown: dict[str, list[StandingMark]] = {}
    for mark in marks:
        if mark.mark.verb == "end":
            found.append(PhaseMark("", mark.time, mark.id))
        elif mark.mark.verb in {"phase", "word"}:
            word = mark.mark.args[0]
            phase = protocol.find_phase(word)
            if phase is not None:
                found.append(PhaseMark(phase, mark.time, mark.id))
                continue
            unknown.setdefault(word, []).append(mark)
            if mark.mark.verb == "phase" or protocol.closest_phase(word):
                doubts.append(mark.time)
    findings += [_unknown(word, unknown[word], protocol) for word in list(unknown)[:LISTED]]
    if len(unknown) > LISTED:
        rest = sum(len(unknown[w]) for w in list(unknown)[LISTED:])
        message = f"{len(unknown) - LISTED} more labels ({rest} marks) name no phase"
        findings.append(Finding("mark-unknown", message, where="marks"))
    return found, doubts


def _doubted(phases: Sequence[PhaseInterval], doubts: Sequence[float]) -> tuple[PhaseInterval, ...]:
    """Make each interval uncertain in which an unknown phase was marked."""
    checked = []
    for phase in phases:
        if any(phase.onset < t < phase.end for t in doubts):
            note = "an unknown phase was marked in it, so where it ended is not known"
            notes = "; ".join(n for n in (phase.note, note) if n)
            checked.append(replace(phase, certain=not phase.phase, note=notes))
        else:
            checked.append(phase)
    return tuple(checked)


def _unknown(word: str, marks: Sequence[StandingMark], protocol: Protocol) -> Finding:
    # The label itself stands in `where`: somebody may have typed free text, which no page for the
    # group may repeat.
    near = protocol.closest_phase(word)
    first = marks[0]
    times = "" if len(marks) == 1 else f" {len(marks)} times"
    return Finding(
        "mark-unknown",
        f"a mark at {clock(first.time)}{times and ' and later,'}{times} names no phase of "
        f"{protocol.id}; it was not used",
        Severity.WARNING,
        f"mark {word[:60]!r} ({first.id})",
        f"closest: {near}; " * bool(near)
        + "map it in session.toml [markers] codes, or relabel it in timeline.tsv",
        first.time,
    )


def _presenter_marks(
    marks: Sequence[StandingMark],
    protocol: Protocol,
    session: SessionFile | None,
    phases: Sequence[PhaseInterval],
    findings: list[Finding],
) -> list[RoleMark]:
    """Presenter marks, or the presenter that session.toml names for the single case."""
    role = protocol.presenter_role
    named = [
        RoleMark(m.mark.args[0], role, m.time, m.id)
        for m in marks
        if m.mark.verb == "presenter" or (m.mark.verb == "role" and m.mark.args[1] == role)
    ]
    if session is None or session.presenter is None:
        return named
    blocks = case_blocks(phases)
    if len(blocks) == 1 and not named:
        return [RoleMark(session.presenter, role, blocks[0].onset, "session.toml")]
    if named or len(blocks) > 1:
        why = "the marks name one" if named else f"there are {len(blocks)} cases"
        message = f"presenter = {session.presenter!r} was not used: {why}"
        findings.append(Finding("session-presenter-unused", message, Severity.NOTE, "session.toml"))
    return named


def _role_changes(
    marks: Sequence[StandingMark],
    protocol: Protocol,
    base: dict[str, str],
    findings: list[Finding],
) -> list[RoleMark]:
    changes: list[RoleMark] = []
    for mark in marks:
        if mark.mark.verb != "role" or mark.mark.args[1] == protocol.presenter_role:
            continue
        person, role = mark.mark.args
        wrong = _wrong_role(person, role, protocol, base)
        if not wrong:
            changes.append(RoleMark(person, role, mark.time, mark.id))
            continue
        code, what, near = wrong
        findings.append(
            Finding(
                code,
                f"the role mark at {clock(mark.time)} names {what}; it was not used",
                Severity.WARNING,
                f"mark {mark.label!r} ({mark.id})",
                f"closest: {near[0]}" if near else "",
                mark.time,
            )
        )
    return changes


def _wrong_role(
    person: str, role: str, protocol: Protocol, base: dict[str, str]
) -> tuple[str, str, list[str]] | None:
    if role not in protocol.roles:
        near = get_close_matches(role, protocol.roles, n=1, cutoff=0.5)
        return "role-unknown", f"a role that {protocol.id} does not have", near
    if base and person not in base:
        near = get_close_matches(person, base, n=1, cutoff=0.5)
        return "person-unknown", f"{person}, who is not in the roster", near
    return None
