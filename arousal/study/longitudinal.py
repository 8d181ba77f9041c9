"""Block contrasts over a course: against the meeting's number, psychoeducation and scores.

It starts from what `arousal test` left, so that no other numbers are looked at than the tested
ones, and is exploratory in every case (claims C19-C23).

>>> from arousal.study.longitudinal import run_longitudinal     # doctest: +SKIP
>>> run_longitudinal(Path("study")).rows
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arousal.atomic import write_text
from arousal.errors import NothingUsableError
from arousal.findings import Finding, Severity
from arousal.hypothesis.several_tests import adjust
from arousal.study.phenotype import load_phenotype
from arousal.study.roll import StudyRoll, study_roll
from arousal.study.slopes import fit_slope
from arousal.study.tested import Tested, load_tested, stored_json
from arousal.tables import LONGITUDINAL, SCHEMA_VERSION

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Longitudinal", "StoredCourse", "load_longitudinal", "longitudinal", "run_longitudinal"]

Floats = NDArray[np.float64]

ALPHA = 0.05
AGAIN = "run arousal longitudinal"
_NUMBERS = ("slope", "low", "high", "se", "t", "df", "p", "p_groups")
_PER = {"meeting": "per meeting", "psychoeducation": "with against without"}


@dataclass(frozen=True, slots=True, eq=False)
class Longitudinal:
    """Slopes of a study's block contrasts.

    Parameters
    ----------
    rows : DataFrame
        `arousal.tables.LONGITUDINAL`.
    people : mapping
        Session id -> pseudonyms whose data are in it.
    contrasts_sha256 : str
        Of the ``contrasts.tsv`` that it was made from.
    counted : str
        How many blocks, sessions and groups, in words.
    findings : tuple of Finding
        What was noticed.
    """

    rows: pd.DataFrame
    people: Mapping[str, tuple[str, ...]]
    contrasts_sha256: str
    counted: str
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """Everything as one JSON-ready object; a missing number is null."""
        rows = self.rows.to_dict(orient="records")
        return {
            "schema_version": SCHEMA_VERSION,
            "counted": self.counted,
            "contrasts_sha256": self.contrasts_sha256,
            "people": {name: list(who) for name, who in self.people.items()},
            "columns": LONGITUDINAL.sidecar(),
            "rows": [{str(k): _plain(v) for k, v in row.items()} for row in rows],
            "findings": [asdict(f) for f in self.findings],
        }


@dataclass(frozen=True, slots=True, eq=False)
class StoredCourse:
    """What `run_longitudinal` left: rows (a missing number is ``None``), counts, findings."""

    rows: tuple[Mapping[str, Any], ...]
    counted: str
    findings: tuple[Mapping[str, Any], ...]


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


def run_longitudinal(folder: Path) -> Longitudinal:
    """Model a study's tested contrasts over its course and write what follows to ``derivatives/``.

    Parameters
    ----------
    folder : Path
        A study with ``derivatives/contrasts.tsv`` and ``results.json``.

    Raises
    ------
    SettingsError
        If the folder is no study, or a table of scores breaks a rule.
    NothingUsableError
        If nothing was tested yet, somebody in it does not agree any more, or no session tells
        meeting, psychoeducation or scores.
    """
    roll = study_roll(folder)
    tested = load_tested(roll)
    result = longitudinal(tested, roll, load_phenotype(folder))
    place = folder / "derivatives"
    LONGITUDINAL.check(result.rows)
    text = result.rows.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n")
    write_text(place / "longitudinal.tsv", text)
    content = json.dumps(result.as_json(), indent=2, ensure_ascii=False)
    write_text(place / "longitudinal.json", content + "\n")
    return result


def load_longitudinal(roll: StudyRoll, tested: Tested | None) -> StoredCourse:
    """Read what `run_longitudinal` left, if it still belongs to the stored test.

    Raises
    ------
    NothingUsableError
        If it is not there, somebody in it does not agree any more, or the test is another now.
    DataError
        If it is damaged.
    """
    path = roll.folder / "derivatives" / "longitudinal.json"
    content = stored_json(path, roll, AGAIN)
    if tested is None or content["contrasts_sha256"] != tested.contrasts_sha256:
        raise NothingUsableError("the study was tested again since", where=path, hint=AGAIN)
    return StoredCourse(tuple(content["rows"]), content["counted"], tuple(content["findings"]))


def longitudinal(tested: Tested, roll: StudyRoll, scores: pd.DataFrame) -> Longitudinal:
    """Model every tested contrast against every covariate that is told.

    Parameters
    ----------
    tested : Tested
        Its contrasts.
    roll : StudyRoll
        Says meeting and psychoeducation of each session.
    scores : DataFrame
        As `arousal.study.phenotype.load_phenotype` returns them.

    Raises
    ------
    NothingUsableError
        If there is no case block, or no covariate is told anywhere.
    """
    blocks = tested.contrasts[tested.contrasts["block"] > 0].reset_index(drop=True)
    if blocks.empty:
        raise NothingUsableError(
            "the test has no case block to hold against anything",
            where=roll.folder,
            hint="derivatives/contrasts.tsv has the reasons",
        )
    covariates = dict(_covariates(blocks, roll, scores))
    told = {name: values for name, values in covariates.items() if np.isfinite(values).any()}
    if not told:
        raise NothingUsableError(
            "no session tells its meeting or psychoeducation, and no presenter has scores",
            where=roll.folder,
            hint="meeting = 3 in session.toml, or phenotype/<tool>.tsv",
        )
    blocks = blocks.assign(**told)
    who = {(r["contrast"], r["measure"]): (str(r["who"]), str(r["unit"])) for r in tested.rows}
    rows = [
        _row(part, str(contrast), str(measured), name, *who[(contrast, measured)])
        for (contrast, measured), part in blocks.groupby(["contrast", "measure"], sort=False)
        for name in told
    ]
    corrected, how = adjust([r["p"] for r in rows], [("longitudinal", "fdr_bh")] * len(rows))
    for row, p, told_how in zip(rows, corrected, how, strict=True):
        row.update(p_adjusted=float(p), correction=told_how, **_found(row, float(p)))
    frame = LONGITUDINAL.frame({n: [r[n] for r in rows] for n in LONGITUDINAL.names})
    findings = tuple(_findings(covariates, blocks))
    sessions = blocks["session"].nunique()
    groups = len(set(blocks["group"]) - {""})
    cases = len(blocks[["session", "block"]].drop_duplicates())
    parts = (_many(cases, "case block"), _many(sessions, "session"), _many(groups, "group"))
    counted = f"{parts[0]} of {parts[1]}, {parts[2]}"
    return Longitudinal(frame, tested.people, tested.contrasts_sha256, counted, findings)


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _covariates(
    blocks: pd.DataFrame, roll: StudyRoll, scores: pd.DataFrame
) -> Iterator[tuple[str, Floats]]:
    """Value of each covariate for every row; NaN where it is not told."""
    sessions = {name: entry.session for name, entry in roll.sessions.items()}
    for name in ("meeting", "psychoeducation"):
        known = {
            key: getattr(session, name) for key, session in sessions.items() if session is not None
        }
        yield name, np.array([_number(known.get(s)) for s in blocks["session"]])
    first = scores.sort_values("wave", kind="stable").groupby(["measure", "participant_id"])
    values = first["score"].first()
    for name in dict.fromkeys(scores["measure"]):
        own = [values.get((name, p), np.nan) if p else np.nan for p in blocks["presenter"]]
        yield f"score:{name}", np.array(own, dtype=np.float64)


def _number(value: float | bool | None) -> float:
    return np.nan if value is None else float(value)


def _findings(covariates: Mapping[str, Floats], blocks: pd.DataFrame) -> Iterator[Finding]:
    for name, values in covariates.items():
        if not np.isfinite(values).any():
            yield Finding("covariate-untold", f"{name} is told for no case block", Severity.NOTE)
    groups = len(set(blocks["group"]) - {""})
    if groups < 2:
        yield Finding(
            "one-group",
            "all meetings are of one group (or no group is told): what follows is about it",
            Severity.WARNING,
            hint='group = "G1" in session.toml',
        )


def _row(
    part: pd.DataFrame, contrast: str, measured: str, covariate: str, who: str, unit: str
) -> dict[str, Any]:
    there = part[~part["excluded"]]
    used = there[there[covariate].notna()]
    row: dict[str, Any] = dict.fromkeys(_NUMBERS, np.nan)
    row |= {
        "contrast": contrast,
        "measure": measured,
        "covariate": covariate,
        "unit": f"{unit} {_PER.get(covariate, 'per point')}".strip(),
        "model": "none",
        "adjusted": "",
        "n_blocks": len(used),
        "n_units": len(used),
        "n_clusters": 0,
        "n_groups": len(set(used["group"]) - {""}),
        "n_excluded": int(part["excluded"].sum()),
        "n_untold": len(there) - len(used),
        "why": "",
    }
    scored = covariate.startswith("score:")
    units = _per_presenter(used, covariate) if scored else used
    row |= {
        "n_units": len(units),
        "centre": float(units[covariate].mean()) if len(units) else np.nan,
        "mean": float(units["value"].mean()) if len(units) else np.nan,
    }
    if scored and "presenter" not in who:
        return {**row, "why": "no presenter enters this contrast"}
    return {**row, **_fitted(units, covariate)}


def _per_presenter(used: pd.DataFrame, covariate: str) -> pd.DataFrame:
    """One number per presenter: their score is the same in all their blocks."""
    columns = ["group", "presenter"]
    means = used.groupby(columns, sort=False)[["value", covariate]].mean()
    return means.reset_index()


def _fitted(units: pd.DataFrame, covariate: str) -> dict[str, Any]:
    extra, told = None, ""
    if covariate == "psychoeducation" and "meeting" in units and units["meeting"].notna().all():
        extra = units[["meeting"]].to_numpy(dtype=np.float64)
        told = "meeting" if np.ptp(extra) > 0 else ""
    try:
        fit = fit_slope(
            units["value"].to_numpy(dtype=np.float64),
            units[covariate].to_numpy(dtype=np.float64),
            units["group"].tolist(),
            units["presenter"].tolist(),
            extra,
        )
    except NothingUsableError as error:
        return {"why": error.message}
    numbers = {n: getattr(fit, n) for n in _NUMBERS}
    return {**numbers, "model": fit.model, "n_clusters": fit.clusters, "adjusted": told}


def _found(row: Mapping[str, Any], p: float) -> dict[str, str]:
    if row["model"] == "none":
        return {"found": "refused"}
    if p < ALPHA and row["p_groups"] >= ALPHA:
        return {"found": "cannot tell", "why": "the groups' own slopes differ too much"}
    if p < ALPHA:
        return {"found": "rises" if row["slope"] > 0 else "falls"}
    interval = f"{row['low']:+.2g} to {row['high']:+.2g} {row['unit']}"
    return {"found": "cannot tell", "why": f"compatible with {interval}"}
