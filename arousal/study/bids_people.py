"""People and scores of a BIDS dataset -> ``participants.tsv`` and ``phenotype/`` of a study.

What stands in the study is not touched: known people keep their row, tables of scores that are
there stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from arousal.atomic import write_text
from arousal.session import names_people, participants_of
from arousal.study.folder import StudyFolder, participants_header
from arousal.tab_table import read_tab_table

__all__ = ["DatasetPeople", "add_people", "add_scores", "people_of"]

MISSING = "n/a"
KEYS = ("participant_id", "wave")
_SEX = {"f": "F", "female": "F", "m": "M", "male": "M", "o": "O", "other": "O"}
_OURS = ("age_band", "profession")


@dataclass(frozen=True, slots=True)
class DatasetPeople:
    """What ``participants.tsv`` of a dataset tells.

    Parameters
    ----------
    rows : dict
        Pseudonym -> cells by column of a study's ``participants.tsv``.
    labels : dict
        ``sub-<label>`` -> pseudonym.
    dropped : tuple of str
        Columns that are left out, because they would identify people.
    """

    rows: Mapping[str, Mapping[str, str]]
    labels: Mapping[str, str]
    dropped: tuple[str, ...] = ()


def people_of(root: Path) -> DatasetPeople:
    """Read ``participants.tsv`` of a dataset; without one, nobody is described.

    Parameters
    ----------
    root : Path
        The dataset. Exact ages become ten-year bands; a column ``pseudonym`` (ours) names people,
        else they are called by their ``sub-`` label.

    Raises
    ------
    SettingsError
        If the file is no such table.
    """
    path = root / "participants.tsv"
    if not path.exists():
        return DatasetPeople({}, {})
    table = read_tab_table(path, "participant_id")
    rows: dict[str, dict[str, str]] = {}
    labels: dict[str, str] = {}
    for _, cells in table.rows:
        label = cells.pop("participant_id", "")
        person = cells.pop("pseudonym", label)
        labels[label] = person
        rows[person] = _row(cells)
    dropped = tuple(c for c in table.columns[1:] if names_people(c) and c != "age")
    return DatasetPeople(rows, labels, dropped)


def _row(cells: Mapping[str, str]) -> dict[str, str]:
    row = {name: text for name, text in cells.items() if not names_people(name)}
    if "sex" in row and row["sex"] not in set(_SEX.values()):
        word = _SEX.get(row.pop("sex").lower())
        row |= {"sex": word} if word else {}
    band = row.get("age_band") or _band(cells.get("age", ""))
    row |= {"age_band": band} if band else {}
    return row


def _band(age: str) -> str:
    """Ten-year band of an age in years; BIDS writes 89+ for all above.

    Examples
    --------
    >>> _band("34"), _band("34.5"), _band("89+"), _band("P3Y")
    ('30-39', '30-39', '80-89', '')
    """
    found = re.fullmatch(r"(\d{1,3})(?:\.\d+)?\+?", age.strip())
    if not found:
        return ""
    decade = int(found[1]) // 10 * 10
    return f"{decade}-{decade + 9}"


def add_people(study: StudyFolder, people: Iterable[str], told: DatasetPeople) -> tuple[str, ...]:
    """Give everybody who has none a row in ``participants.tsv``.

    Parameters
    ----------
    study : StudyFolder
        The study.
    people : iterable of str
        Pseudonyms of its new sessions.
    told : DatasetPeople
        What is known of them.

    Returns
    -------
    tuple of str
        Who was new.

    Raises
    ------
    SettingsError
        If ``participants.tsv`` of the study breaks a rule.
    UsageError
        If it cannot be written.
    """
    path = study.root / "participants.tsv"
    known = participants_of(study.root)
    new = tuple(p for p in dict.fromkeys(people) if p not in known)
    if not new:
        return ()
    text = path.read_bytes().decode("utf-8-sig") if path.exists() else participants_header()
    lines = text.splitlines()
    header = lines[0].split("\t")
    rows = {person: told.rows.get(person, {}) for person in new}
    further = [c for c in dict.fromkeys(c for row in rows.values() for c in row)
               if c not in header]  # fmt: skip
    filled = [line + f"\t{MISSING}" * len(further) for line in lines[1:]]
    columns = [*header[1:], *further]
    filled += ["\t".join([p, *(row.get(c, MISSING) for c in columns)]) for p, row in rows.items()]
    write_text(path, "\n".join(["\t".join([*header, *further]), *filled]) + "\n")
    return new


def add_scores(
    study: StudyFolder, root: Path, people: Iterable[str], told: DatasetPeople
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Bring the tables of ``phenotype/`` that a study can hold.

    Parameters
    ----------
    study : StudyFolder
        The study.
    root : Path
        The dataset.
    people : iterable of str
        Pseudonyms that are in the study now.
    told : DatasetPeople
        Which label is whose.

    Returns
    -------
    added : tuple of str
        File names.
    left : tuple of (str, str)
        File name and why it was left out.

    Raises
    ------
    SettingsError
        If a table is none.
    UsageError
        If it cannot be written.
    """
    known, added, left = set(people), [], []
    for path in sorted((root / "phenotype").glob("*.tsv")):
        target = study.root / "phenotype" / path.name
        table = read_tab_table(path, KEYS[0])
        why = _unfit(path, target, table.columns)
        if why:
            left.append((path.name, why))
            continue
        lines = ["\t".join(table.columns)]
        for _, cells in table.rows:
            label = cells.get(KEYS[0], "")
            person = told.labels.get(label, label)
            if person in known:
                lines.append(
                    "\t".join([person, *(cells.get(c, MISSING) for c in table.columns[1:])])
                )
        if len(lines) > 1:
            write_text(target, "\n".join(lines) + "\n")
            sidecar = path.with_suffix(".json").read_text(encoding="utf-8-sig")
            write_text(target.with_suffix(".json"), sidecar)
            added.append(path.name)
    return tuple(added), tuple(left)


def _unfit(path: Path, target: Path, columns: tuple[str, ...]) -> str:
    if target.exists():
        return "the study has a table of that name"
    if columns[:2] != KEYS:
        return "its first columns are not participant_id and wave"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", path.stem):
        return "its name is not in small letters, digits and _"
    return "" if path.with_suffix(".json").is_file() else "no JSON describes its columns"
