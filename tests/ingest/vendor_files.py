"""What the tests of vendors' exports share."""

from __future__ import annotations

from pathlib import Path

from arousal.recording import Kind, Recording, Signal


def signal(recording: Recording, kind: Kind, person: str = "P01") -> Signal:
    """The one to use of a kind."""
    found = recording.person(person).signal(kind)
    assert found is not None
    return found


def codes(recording: Recording) -> set[str]:
    """Codes of all findings."""
    return {finding.code for finding in recording.findings}


def reasons(recording: Recording) -> dict[str, str]:
    """Channel -> why it is no signal."""
    return {unknown.name: unknown.reason for unknown in recording.unknown}


def words(folder: Path, text: str) -> Path:
    """A mapping file."""
    path = folder / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return path


def all_text(recording: Recording) -> str:
    """Everything that a reader of the recording's tables and page could see, but input paths."""
    parts = [recording.id, *(p.id for p in recording), *map(str, recording.findings)]
    parts += [f"{s.source} {s.site}" for p in recording for s in p.signals]
    parts += [f"{e.label} {e.id} {e.source}" for e in recording.events]
    parts += [f"{u.name} {u.reason}" for u in recording.unknown]
    return " ".join(parts)
