"""What a study says about its registered hypothesis, and how that is written to files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from arousal.atomic import write_text
from arousal.derivatives import write_table
from arousal.findings import Finding
from arousal.hypothesis.checklist import Item
from arousal.study.exploration import Exploration, write_exploration
from arousal.tables import CONTRASTS, RESULTS, SCHEMA_VERSION

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StudyCurve", "StudyTest", "write_study_test"]


@dataclass(frozen=True, slots=True)
class StudyCurve:
    """The course of one contrast and measure over its phase, across independent units.

    Parameters
    ----------
    contrast, measure, phase : str
        What it is.
    mean, low, high : tuple of float
        Mean over units and its simultaneous 95 % band, bin by bin; NaN without enough units.
    n : tuple of int
        Independent units behind each bin: blocks, or means of blocks in which people repeat.
    p : float
        Smallest p of any stretch above (or below) zero, corrected over the whole curve.
    stretches : tuple of (first bin, last bin, p)
        Where.
    blocks : int
        Case blocks behind the units.
    """

    contrast: str
    measure: str
    phase: str
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    n: tuple[int, ...]
    p: float
    stretches: tuple[tuple[int, int, float], ...]
    blocks: int


@dataclass(frozen=True, slots=True, eq=False)
class StudyTest:
    """What a study says about its registered hypothesis.

    Parameters
    ----------
    name, version, sha256 : str
        The hypothesis.
    contrasts, results : DataFrame
        `arousal.tables.CONTRASTS` and `arousal.tables.RESULTS`.
    curves : tuple of StudyCurve
        Of contrasts that lie within one phase, from six independent units on.
    methods : str
        A paragraph for a paper.
    checklist : tuple of Item
        What a report must tell.
    findings : tuple of Finding
        What was noticed on the way.
    counted : str
        How many sessions and blocks, in words.
    people : mapping of str to tuple of str
        Session id -> pseudonyms whose data are in it, so that whoever shows the result later can
        ask for their consent again.
    exploration : Exploration or None
        What the study shows beside it, for researchers.
    """

    name: str
    version: str
    sha256: str
    contrasts: pd.DataFrame
    results: pd.DataFrame
    curves: tuple[StudyCurve, ...]
    methods: str
    checklist: tuple[Item, ...]
    findings: tuple[Finding, ...]
    counted: str
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exploration: Exploration | None = None

    def as_json(self) -> dict[str, Any]:
        """Everything but the block contrasts as one JSON-ready object; a missing number is null."""
        return {
            "schema_version": SCHEMA_VERSION,
            "hypothesis": {"name": self.name, "version": self.version, "sha256": self.sha256},
            "counted": self.counted,
            "people": {session: list(who) for session, who in self.people.items()},
            "columns": RESULTS.sidecar(),
            "rows": _rows(self.results),
            "curves": [_plain(asdict(c)) for c in self.curves],
            "methods": self.methods,
            "checklist": [asdict(item) for item in self.checklist],
            "findings": [_plain(asdict(f)) for f in self.findings],
            "exploration": _explored(self.exploration) if self.exploration else None,
        }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows = table.to_dict(orient="records")
    return [{str(k): _plain(v) for k, v in row.items()} for row in rows]


def _explored(found: Exploration) -> dict[str, Any]:
    """Each exploratory table with its columns and rows, and where the expected course is from."""
    tables = {
        table.name: {"meaning": table.meaning, "columns": table.sidecar(), "rows": _rows(frame)}
        for table, frame in found.tables().items()
    }
    return {"status": "exploratory", "expected_course": found.provenance, "tables": tables}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


def write_study_test(result: StudyTest, folder: Path) -> None:
    """Write ``contrasts.tsv`` (with sidecar), ``results.tsv``, ``results.json`` and what is beside.

    Each exploratory table that has rows stands in a file of its own, with its sidecar.

    The columns of ``results.tsv`` are described inside ``results.json``, where a sidecar of that
    name would stand.
    """
    write_table(result.contrasts, CONTRASTS, folder / "contrasts.tsv")
    if result.exploration is not None:
        write_exploration(result.exploration, folder)
    RESULTS.check(result.results)
    text = result.results.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n")
    write_text(folder / "results.tsv", text)
    content = json.dumps(result.as_json(), indent=2, ensure_ascii=False)
    write_text(folder / "results.json", content + "\n")
