"""The tables of an exported dataset: participants, a person's sessions, questionnaire scores."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from arousal.errors import FormatError
from arousal.ingest.bids_writer import json_text, write_text_file
from arousal.session import Participant
from arousal.study.bids_texts import PARTICIPANT_COLUMNS, SESSION_COLUMNS
from arousal.study.stripping import Stripping
from arousal.tab_table import read_tab_table

__all__ = ["write_participants", "write_phenotype", "write_sessions"]

MISSING = "n/a"
Label = Callable[[str], str]


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    lines = ["\t".join(columns)]
    lines += [
        "\t".join(" ".join(row.get(c, "").split()) or MISSING for c in columns) for row in rows
    ]
    return "\n".join(lines) + "\n"


def write_participants(
    place: Path,
    people: Mapping[str, Participant],
    described: Mapping[str, Any],
    label: Label,
    strip: Stripping,
) -> None:
    """Write ``participants.tsv`` and its JSON.

    Parameters
    ----------
    place : Path
        The dataset.
    people : mapping
        Pseudonym -> row; everybody in the dataset and nobody else.
    described : mapping
        The study's own ``participants.json``.
    label : callable
        Pseudonym -> BIDS label.
    strip : Stripping
        Goes through what people wrote.
    """
    rows = [_participant(person, label, strip) for person in people.values()]
    present = {column for row in rows for column in row}
    further = sorted(present - set(PARTICIPANT_COLUMNS) - {"participant_id"})
    known = [c for c in PARTICIPANT_COLUMNS if c in present]
    columns = ["participant_id", *known, *further]
    write_text_file(place / "participants.tsv", _table(columns, rows))
    own = {c: strip.tree(described[c]) for c in further if isinstance(described.get(c), dict)}
    sidecar = {c: PARTICIPANT_COLUMNS.get(c) or own.get(c) or _undescribed(c) for c in columns[1:]}
    write_text_file(place / "participants.json", json_text(sidecar))


def _undescribed(column: str) -> dict[str, str]:
    return {"Description": f"{column}, as the study wrote it"}


def _participant(person: Participant, label: Label, strip: Stripping) -> dict[str, str]:
    row = {
        "participant_id": f"sub-{label(person.participant_id)}",
        "pseudonym": person.participant_id,
    }
    told = {"age_band": person.age_band, "sex": person.sex}
    row |= {name: text for name, text in told.items() if text}
    if person.profession:
        row["profession"] = strip.text(person.profession)
    row |= {name: strip.text(text) for name, text in person.covariates.items()}
    for purpose, day in person.consent.model_dump(exclude_none=True).items():
        moved = strip.dates.day(day)
        row[f"consent_{purpose}"] = moved.isoformat() if moved is not None else MISSING
    return row


def write_sessions(
    place: Path, rows: Mapping[str, Sequence[Mapping[str, str]]], label: Label
) -> None:
    """Write ``sub-<label>/sub-<label>_sessions.tsv`` and its JSON for each person.

    Parameters
    ----------
    place : Path
        The dataset.
    rows : mapping
        Pseudonym -> one row per session, with the columns of
        `arousal.study.bids_texts.SESSION_COLUMNS`.
    label : callable
        Pseudonym -> BIDS label.
    """
    for person, sessions in rows.items():
        stem = place / f"sub-{label(person)}" / f"sub-{label(person)}_sessions"
        write_text_file(stem.with_suffix(".tsv"), _table(list(SESSION_COLUMNS), sessions))
        write_text_file(stem.with_suffix(".json"), json_text(SESSION_COLUMNS))


def write_phenotype(
    place: Path, tables: Iterable[Path], people: Iterable[str], label: Label, strip: Stripping
) -> None:
    """Write ``phenotype/<tool>.tsv`` with the rows of the people in the dataset, and its JSON.

    Parameters
    ----------
    place : Path
        The dataset.
    tables : iterable of Path
        The study's tables; their JSON stands beside them.
    people : iterable of str
        Pseudonyms in the dataset.
    label : callable
        Pseudonym -> BIDS label.
    strip : Stripping
        Goes through every cell.

    Raises
    ------
    SettingsError
        If a table is none.
    FormatError
        If a sidecar is no JSON object.
    """
    known = set(people)
    for path in tables:
        table = read_tab_table(path, "participant_id")
        rows = []
        for _, cells in table.rows:
            person = cells.get("participant_id", "").removeprefix("sub-")
            if person in known:
                told = {c: strip.text(t) for c, t in cells.items() if c != "participant_id"}
                rows.append({"participant_id": f"sub-{label(person)}", **told})
        if not rows:
            continue
        sidecar = strip.tree(_described(path.with_suffix(".json")))
        sidecar |= {c: _undescribed(c) for c in table.columns[1:] if c not in sidecar}
        target = place / "phenotype" / path.name
        write_text_file(target, _table(table.columns, rows))
        write_text_file(target.with_suffix(".json"), json_text(sidecar))


def _described(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise FormatError(f"is no JSON ({error})", where=path) from None
    if not isinstance(content, dict):
        raise FormatError("is no JSON object", where=path)
    return content
