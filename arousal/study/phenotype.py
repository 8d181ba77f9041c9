"""Questionnaire scores of a study, wave by wave: ``phenotype/<tool>.tsv`` with its sidecar.

As in BIDS, one table per tool (``rfq``, ``olbi``, ``brs``), one row per person and wave::

    participant_id  wave  certainty  uncertainty
    P01             1     1.83       0.50
    P01             2     2.00       n/a

beside ``<tool>.json``, which describes each column and gives its range::

    {"MeasurementToolMetadata": {"Description": "Reflective Functioning Questionnaire"},
     "certainty": {"Description": "mean of six items", "Minimum": 0, "Maximum": 3}}

Waves are counted 1, 2, 3 in order of time. Only scores stand here, never answers to single items
nor free text.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from arousal.errors import SettingsError
from arousal.session import load_participants
from arousal.settings import explain_validation
from arousal.tab_table import TabTable, read_tab_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PHENOTYPE_COLUMNS", "ScoreColumn", "load_phenotype", "measure_id", "phenotype_tables"]

PHENOTYPE_COLUMNS = ("participant_id", "wave", "measure", "score")
KEYS = ("participant_id", "wave")
TOOL = "MeasurementToolMetadata"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_WAVE = re.compile(r"[1-9]\d{0,3}")


class ScoreColumn(BaseModel):
    """What a sidecar says about one column; BIDS' further keys are allowed and kept nowhere."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    description: Annotated[str, Field(alias="Description", min_length=1)]
    """What the number is and how it is made from the items."""
    low: Annotated[float | None, Field(alias="Minimum")] = None
    """Smallest possible score."""
    high: Annotated[float | None, Field(alias="Maximum")] = None
    """Largest possible score."""

    @model_validator(mode="after")
    def _ordered(self) -> ScoreColumn:
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"Minimum {self.low:g} is not below Maximum {self.high:g}")
        return self


@dataclass(frozen=True, slots=True)
class _Row:
    person: str
    wave: int
    scores: dict[str, float]


def phenotype_tables(study: Path) -> tuple[Path, ...]:
    """Return the score tables of a study, by name; empty if it has none."""
    return tuple(sorted((study / "phenotype").glob("*.tsv")))


def measure_id(tool: str, column: str) -> str:
    """Return the name of a score among all scores of a study.

    Examples
    --------
    >>> measure_id("rfq", "certainty"), measure_id("rfq", "rfq_c"), measure_id("brs", "brs")
    ('rfq_certainty', 'rfq_c', 'brs')
    """
    return column if column == tool or column.startswith(f"{tool}_") else f"{tool}_{column}"


def load_phenotype(study: Path) -> pd.DataFrame:
    """Read and check every score of a study.

    Parameters
    ----------
    study : Path
        Folder with ``participants.tsv`` and ``phenotype/``.

    Returns
    -------
    DataFrame
        One row per person, wave and score that is there, in the order of the files:
        ``participant_id`` (str), ``wave`` (int64, from 1), ``measure`` (str, as `measure_id`
        names it), ``score`` (float64). Empty, with these columns, if the study has no scores.

    Raises
    ------
    SettingsError
        With the line: a person who is not in ``participants.tsv``, a wave that is no number from 1
        on or that a person has twice, a cell that is no number or out of the sidecar's range; a
        sidecar that is missing or leaves a column undescribed; two columns of one name.
    """
    import pandas as pd

    tables = phenotype_tables(study)
    people = set(load_participants(study / "participants.tsv")) if tables else set()
    rows: list[tuple[str, int, str, float]] = []
    owners: dict[str, str] = {}
    for path in tables:
        for row in _read(path, people, owners):
            rows += [(row.person, row.wave, name, score) for name, score in row.scores.items()]
    frame = pd.DataFrame(rows, columns=list(PHENOTYPE_COLUMNS))
    return frame.astype({"wave": "int64", "score": "float64"})


def _read(path: Path, people: set[str], owners: dict[str, str]) -> list[_Row]:
    """Read one table; `owners` remembers which file has which measure."""
    if not _NAME.fullmatch(path.stem):
        raise SettingsError(
            "a score table is named by its tool in small letters, digits and _",
            where=path,
            hint="like rfq.tsv",
        )
    table = read_tab_table(path, KEYS[0])
    if table.columns[:2] != KEYS:
        raise SettingsError(
            f"second column is {list(table.columns[1:2])}, must be wave", where=path
        )
    columns = _described(path, table)
    for name in columns:
        measure = measure_id(path.stem, name)
        if (other := owners.setdefault(measure, path.name)) != path.name:
            raise SettingsError(f"{measure} stands in {other} too", where=path)
    return _rows(path, table, columns, people)


def _described(path: Path, table: TabTable) -> dict[str, ScoreColumn]:
    """Return what the sidecar says of each score column."""
    sidecar = path.with_suffix(".json")
    described = _sidecar(sidecar)
    columns: dict[str, ScoreColumn] = {}
    for name in table.columns[2:]:
        if name not in described:
            hint = f'add "{name}": {{"Description": "...", "Minimum": 0, "Maximum": 3}}'
            raise SettingsError(f"column {name!r} is not described", where=sidecar, hint=hint)
        try:
            columns[name] = ScoreColumn.model_validate(described[name])
        except ValidationError as error:
            raise explain_validation(error, f"{sidecar}, {name}") from None
    return columns


def _sidecar(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        hint = "it says what each column is, and its range; templates: phenotype/templates"
        raise SettingsError("the description is missing", where=path, hint=hint) from None
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", where=path) from None
    except ValueError as error:  # not UTF-8, not JSON
        raise SettingsError(f"not valid JSON: {error}", where=path) from None
    if not isinstance(content, dict):
        raise SettingsError("must be one JSON object, a key per column", where=path)
    return {key: value for key, value in content.items() if key != TOOL}


def _rows(
    path: Path, table: TabTable, columns: dict[str, ScoreColumn], people: set[str]
) -> list[_Row]:
    rows: list[_Row] = []
    seen: dict[tuple[str, int], int] = {}
    for line, cells in table.rows:
        where = f"{path}, line {line}"
        person, wave = _key(cells, people, where)
        if (before := seen.setdefault((person, wave), line)) != line:
            raise SettingsError(f"{person} has wave {wave} in line {before} already", where=where)
        scores = {
            measure_id(path.stem, name): _score(name, cells[name], column, where)
            for name, column in columns.items()
            if name in cells
        }
        rows.append(_Row(person, wave, scores))
    return rows


def _key(cells: dict[str, str], people: set[str], where: str) -> tuple[str, int]:
    person, wave = (cells.get(name, "") for name in KEYS)
    if person not in people:
        raise SettingsError(f"{person!r} is not in participants.tsv", where=where)
    if not _WAVE.fullmatch(wave):
        raise SettingsError(f"wave is {wave!r}, must be 1, 2, 3, ... in order of time", where=where)
    return person, int(wave)


def _score(name: str, cell: str, column: ScoreColumn, where: str) -> float:
    try:
        score = float(cell)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise SettingsError(
            f"{name} is {cell!r}, must be a number with a decimal point, or n/a", where=where
        )
    low = -math.inf if column.low is None else column.low
    high = math.inf if column.high is None else column.high
    if not low <= score <= high:
        raise SettingsError(f"{name} is {score:g}, allowed {low:g} to {high:g}", where=where)
    return score
