"""What would be added, in words for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from arousal.errors import one_line
from arousal.study.addition import Planned

__all__ = ["planned_lines"]

LISTED = 6
"""Streams or people that are named, at most."""


def planned_lines(planned: Planned) -> str:
    """Describe one planned session: where from and to, who, what is unclear."""
    return "\n".join(one_line(text) if not n else "  " + one_line(text)
                     for n, text in enumerate(_lines(planned)))  # fmt: skip


def _lines(p: Planned) -> Iterator[str]:
    largest = p.largest()
    yield f"{p.id}  <-  {p.candidate.title}"
    count = len(p.layout.copies)
    size = f"{count} file{'s' * (count > 1)}, {p.layout.size / 1e6:.1f} MB"
    yield f"{', '.join(p.formats)}, {size}, sha256 {largest.sha256[:12]}"
    began = f", began {p.session.started:%Y-%m-%d %H:%M %Z}" if p.session.started else ""
    group = f" of group {p.session.group}" if p.session.group else ""
    meeting = f", meeting {p.session.meeting}{group}" if p.session.meeting else group
    yield f"{p.minutes:.1f} min{began}, {p.session.protocol}{meeting}, {p.marks} marks"
    for person, signals in p.signals.items():
        entry = p.session.people.get(person)
        yield f"{person} ({entry.role if entry else 'not in session.toml'}): {signals}"
    if p.unasked:
        yield f"no consent to research is known of {_some(p.unasked)}: outputs leave them out"
    for text in p.unused[:LISTED]:
        yield f"not used: {text}"
    if len(p.unused) > LISTED:
        yield f"not used: {len(p.unused) - LISTED} more (arousal inspect)"
    for finding in p.findings:
        yield f"{finding.severity}: {finding}"


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
