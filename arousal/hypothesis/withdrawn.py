"""A person who withdraws leaves the registered hypotheses too; the ledger says that a name went.

A hypothesis file may name people whom it leaves out, with the reason. Such a line is about a
person, so that it has to go with them; but the file is known by its checksum. So the ledger notes
the checksum before and after, and the file counts as the one that was registered.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

from arousal.atomic import write_text
from arousal.errors import SettingsError
from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.hypothesis.registration import load_ledger, mark_name_removed
from arousal.withheld import Withheld

__all__ = ["forget_in_hypotheses"]

NOBODY = "anonymous"


def forget_in_hypotheses(study: Path, person: str, day: dt.date) -> tuple[Path, ...]:
    """Take a person out of a study's registered hypotheses.

    Parameters
    ----------
    study : Path
        The study's folder.
    person : str
        Pseudonym.
    day : datetime.date
        Noted in the ledger; the name is not.

    Returns
    -------
    tuple of Path
        The copies that named them. ``[exclusions] persons`` loses its entry, any other mention
        its name.

    Raises
    ------
    SettingsError
        If a copy is no hypothesis any more without the name; it is left as it was then.
    """
    hidden = Withheld(frozenset({person}))
    found = []
    for path in dict.fromkeys(study / entry.file for entry in load_ledger(study).registered):
        if path.is_file() and hidden.named_in(path.read_text(encoding="utf-8")):
            _take_out(study, path, person, hidden, day)
            found.append(path)
    return tuple(found)


def _take_out(study: Path, path: Path, person: str, hidden: Withheld, day: dt.date) -> None:
    import tomlkit

    before = path.read_bytes()
    document: Any = tomlkit.parse(before.decode("utf-8"))
    persons = document.get("exclusions", {}).get("persons", {})
    if person in persons:
        del persons[person]
    # What is left may stand in comments or sentences.
    text = hidden.without(tomlkit.dumps(document), NOBODY)
    write_text(path, text)
    try:
        load_hypothesis(path)
    except SettingsError:
        write_text(path, before.decode("utf-8"))
        raise
    after = hashlib.sha256(path.read_bytes()).hexdigest()
    mark_name_removed(study, hashlib.sha256(before).hexdigest(), after, day)
