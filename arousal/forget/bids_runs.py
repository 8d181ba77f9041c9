"""A meeting kept as BIDS files: one person's folder goes, and their name in everybody's marks."""

from __future__ import annotations

from pathlib import Path

from arousal.atomic import write_text
from arousal.forget.leaver import Leaver
from arousal.ingest.bids_events import LABELS

__all__ = ["forget_in_events"]


def forget_in_events(recording: Path, who: Leaver) -> list[str]:
    """Take a person out of the marks (``*_events.tsv``) that every person's folder repeats.

    Parameters
    ----------
    recording : Path
        What ``session.toml`` names as the recording.
    who : Leaver
        Whom, and how texts change: answers go, other marks lose the name.

    Returns
    -------
    list of str
        What was done.
    """
    if not recording.is_dir():
        return []
    changed = 0
    for path in sorted(recording.rglob("*_events.tsv")):
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        kept = _kept(lines, who)
        if kept != lines:
            write_text(path, "".join(f"{line}\n" for line in kept))
            changed += 1
    return [f"a name in the marks of {changed} files"] if changed else []


def _kept(lines: list[str], who: Leaver) -> list[str]:
    names = lines[0].split("\t") if lines else []
    place = next((names.index(name) for name in LABELS if name in names), None)
    kept = lines[:1]
    for line in lines[1:]:
        cells = line.split("\t")
        if place is not None and place < len(cells):
            told = who.change(cells[place])
            if told is None:
                continue
            cells[place] = told
        kept.append("\t".join(who.hidden.without(cell) for cell in cells))
    return kept
