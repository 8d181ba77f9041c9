"""New people get a row in ``participants.tsv``, to be filled in; what stands is not touched."""

from __future__ import annotations

from collections.abc import Iterable

from arousal.atomic import write_text
from arousal.session import participants_of
from arousal.study.folder import StudyFolder, participants_header

__all__ = ["add_participants"]


def add_participants(study: StudyFolder, people: Iterable[str]) -> tuple[str, ...]:
    """Add a row of ``n/a`` for everybody who has none.

    Parameters
    ----------
    study : StudyFolder
        The study.
    people : iterable of str
        Pseudonyms.

    Returns
    -------
    tuple of str
        Who was new.

    Raises
    ------
    SettingsError
        If ``participants.tsv`` breaks a rule.
    UsageError
        If it cannot be written.
    """
    path = study.root / "participants.tsv"
    known = participants_of(study.root)
    new = tuple(p for p in people if p not in known)
    if not new:
        return ()
    text = path.read_bytes().decode("utf-8-sig") if path.exists() else participants_header()
    ending = "\r\n" if "\r\n" in text else "\n"
    header = text.splitlines()[0].split("\t")
    rows = ["\t".join([person, *["n/a"] * (len(header) - 1)]) for person in new]
    if not text.endswith("\n"):
        text += ending
    write_text(path, text + ending.join([*rows, ""]))
    return new
