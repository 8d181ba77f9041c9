"""Sessions that are being recorded while somebody withdraws: streams are closed, nothing is cut."""

from __future__ import annotations

import time
from pathlib import Path

from arousal.ingest.journal import read_journal
from arousal.ingest.journal_cut import streams_of_person
from arousal.session import load_session
from arousal.withdrawing import note_withdrawal
from arousal.withheld import Withheld

__all__ = ["close_streams", "is_listed", "is_recorded"]

FRESH = 60.0
"""Seconds after which a journal without an end is no recording under way."""
ANSWER_SECONDS = 5.0
"""How long a recorder, which looks twice a second, may take to close the streams."""


def is_recorded(folder: Path) -> bool:
    """Whether a recorder writes to this session: a journal without an end, and fresh."""
    for journal in folder.glob("*journal.jsonl"):
        entries, _ = read_journal(journal)
        if entries and entries[-1].type != "stop" and time.time() - entries[-1].utc < FRESH:
            return True
    return False


def is_listed(folder: Path, person: str) -> bool:
    """Whether somebody has a place in a session, without looking into its recording."""
    bare = Withheld(frozenset({person}))
    listed = person in load_session(folder / "session.toml").people
    return listed or any(streams_of_person(j, bare.named_in) for j in folder.glob("*journal.jsonl"))


def close_streams(folder: Path, person: str, seconds: float = ANSWER_SECONDS) -> bool:
    """Let the recorder close a person's streams; return whether its journal confirms it.

    Parameters
    ----------
    folder : Path
        Folder of a session that is being recorded.
    person : str
        Pseudonym.
    seconds : float
        How long to wait for the confirmation.
    """
    before = 0 if not note_withdrawal(folder, person) else _closings(folder)
    until = time.monotonic() + seconds
    while _closings(folder) <= before:
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def _closings(folder: Path) -> int:
    journals = folder.glob("*journal.jsonl")
    return sum(e.type == "withdrawn" and "closed" in e.fields for j in journals
               for e in read_journal(j)[0])  # fmt: skip
