"""Marks that are no phases: interventions, silences, speech turns, self-reports, incidents."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from difflib import get_close_matches

from arousal.findings import Finding, Severity
from arousal.phase_align.standing import StandingMark
from arousal.phase_align.timeline import PointEvent, clock
from arousal.protocol import INCIDENTS, INTERVENTIONS

__all__ = ["POINT_VERBS", "read_points"]

POINT_VERBS = frozenset({"intervention", "silence", "speech", "probe", "incident"})
"""Verbs of marks that become a `PointEvent`."""
UNKNOWN = math.nan


def read_points(
    marks: Sequence[StandingMark], roster: Collection[str]
) -> tuple[tuple[PointEvent, ...], list[Finding]]:
    """Turn marks with one of `POINT_VERBS` into events.

    Parameters
    ----------
    marks : sequence of StandingMark
        By time.
    roster : collection of str
        Pseudonyms of this session; empty where no roster is known.

    Returns
    -------
    points : tuple of PointEvent
        By onset. A silence without an end has a duration of NaN; a speech turn without an end is
        left out, because how much of a window was speech is then not known.
    findings : list of Finding
        Unknown types and people, starts without an end and ends without a start.
    """
    findings: list[Finding] = []
    points: list[PointEvent] = []
    running: dict[tuple[str, str], StandingMark] = {}
    for mark in marks:
        if mark.mark.verb in {"silence", "speech"}:
            points += _stretch(mark, running, findings)
        else:
            points += _point(mark, findings)
    for (verb, who), mark in running.items():
        points += _unclosed(verb, who, mark, findings)
    _check_people(points, roster, findings)
    return tuple(sorted(points, key=lambda p: p.onset)), findings


def _point(mark: StandingMark, findings: list[Finding]) -> list[PointEvent]:
    verb, args = mark.mark.verb, mark.mark.args
    if verb == "probe":
        who, answer = args
        return [PointEvent("probe", mark.time, actor=who, value=float(answer), mark=mark.id)]
    kind, actor, target = (*args, "", "")[:3]
    known = tuple(INTERVENTIONS) if verb == "intervention" else INCIDENTS
    if kind not in known:
        near = get_close_matches(kind, known, n=1, cutoff=0.5)
        findings.append(
            Finding(
                f"{verb}-unknown",
                f"the {verb} at {clock(mark.time)} has an unknown type; it was not used",
                Severity.WARNING,
                f"mark {mark.label!r} ({mark.id})",
                f"closest: {near[0]}" if near else f"known: {', '.join(known)}",
                mark.time,
            )
        )
        return []
    if verb == "intervention":
        return [
            PointEvent("intervention", mark.time, mark.duration, actor, target, kind, mark=mark.id)
        ]
    return [PointEvent("incident", mark.time, mark.duration, actor, type=kind, mark=mark.id)]


def _stretch(
    mark: StandingMark, running: dict[tuple[str, str], StandingMark], findings: list[Finding]
) -> list[PointEvent]:
    """Begin or end a silence or a speech turn."""
    verb = mark.mark.verb
    who = mark.mark.args[0] if verb == "speech" else ""
    begun = running.get((verb, who))
    if mark.mark.args[-1] == "start":
        if mark.duration > 0:
            return [_stretch_of(verb, who, mark, mark.duration)]
        if begun is None:
            running[verb, who] = mark
        else:
            _pairing("turn-repeated", f"{verb} had begun already; the first counts", mark, findings)
        return []
    if begun is None:
        _pairing("turn-unopened", f"{verb} ends and had not begun; not used", mark, findings)
        return []
    del running[verb, who]
    return [_stretch_of(verb, who, begun, mark.time - begun.time)]


def _stretch_of(verb: str, who: str, mark: StandingMark, duration: float) -> PointEvent:
    kind = "speech" if verb == "speech" else "silence"
    return PointEvent(
        "speech" if kind == "speech" else "silence", mark.time, duration, who, mark=mark.id
    )


def _unclosed(verb: str, who: str, mark: StandingMark, findings: list[Finding]) -> list[PointEvent]:
    if verb == "speech":
        _pairing("speech-unclosed", "the speech turn has no end; not used", mark, findings)
        return []
    _pairing("silence-unclosed", "the silence has no end; its length is unknown", mark, findings)
    return [_stretch_of(verb, who, mark, UNKNOWN)]


def _pairing(code: str, message: str, mark: StandingMark, findings: list[Finding]) -> None:
    findings.append(
        Finding(
            code,
            f"at {clock(mark.time)} {message}",
            Severity.WARNING,
            f"mark {mark.label!r} ({mark.id})",
            "add the missing mark in timeline.tsv",
            mark.time,
        )
    )


def _check_people(
    points: Sequence[PointEvent], roster: Collection[str], findings: list[Finding]
) -> None:
    if not roster:
        return
    named = {who for p in points for who in (p.actor, p.target) if who}
    for stranger in sorted(named - set(roster)):
        near = get_close_matches(stranger, roster, n=1, cutoff=0.5)
        count = sum(stranger in {p.actor, p.target} for p in points)
        findings.append(
            Finding(
                "person-unknown",
                f"{stranger} is named by {count} mark(s) and is not in the roster; kept as marked",
                Severity.WARNING,
                stranger,
                f"closest: {near[0]}" if near else "",
            )
        )
