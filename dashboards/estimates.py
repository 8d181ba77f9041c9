"""Numbers per phase, ready to be said: over the members, and for the presenter."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from arousal.consent import GroupView
from arousal.hypothesis.course import OWN_START, Expectation, Moment
from arousal.tables import INDEX_ID
from dashboards.access import Access
from dashboards.bands import Band
from dashboards.words import Estimate

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Cell",
    "members_change",
    "members_difference",
    "members_in_phase",
    "own_cell",
    "person_cells",
    "person_change",
]

NOTHING = Estimate(np.nan, np.nan, np.nan, 0, 0)
LEAST_SHARE = 0.5
"""A third of a phase counts for a person if this share of its windows is valid."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a per-phase table.

    Parameters
    ----------
    value : Estimate
        Over members; for a single person ``low`` and ``high`` are the spread over windows and
        ``n`` the number of windows.
    coverage : float
        Valid share of the phase's windows (mean over the members).
    reason : str
        Why a single person, or everyone alike, has no value; empty otherwise.
    view : GroupView or None
        What may be shown of the members behind it.
    """

    value: Estimate
    coverage: float
    reason: str = ""
    view: GroupView | None = None


def _rows(access: Access, band: Band, measure: str) -> pd.DataFrame:
    table = access.result.phases
    here = (table["block"] == band.block) & (table["phase"] == band.phase)
    return table[here & (table["measure"] == measure) & (table["person"] != "members")]


def members_in_phase(access: Access, band: Band, measure: str) -> Cell:
    """Return the members' change from their own start in one phase.

    Parameters
    ----------
    access : Access
        The reader.
    band : Band
        The phase.
    measure : str
        Measure id.
    """
    rows = _rows(access, band, measure)
    rows = rows[access.is_member(rows)]
    value, view = access.over_members(rows.set_index("person")["value"])
    if value.shown:
        return Cell(value, float(rows["coverage"].mean()), view=view)
    return Cell(value, np.nan, _common_reason(rows), view)


def _common_reason(rows: pd.DataFrame) -> str:
    """Return the reason that everybody's row gives, which then is the phase's and nobody's own."""
    reasons = rows["reason"].unique()
    return str(reasons[0]) if len(reasons) == 1 else ""


def members_difference(access: Access, one: Band, other: Band) -> Estimate:
    """Return the members' own differences between two phases (display index), summarised."""
    values = []
    for band in (one, other):
        rows = _rows(access, band, INDEX_ID)
        values.append(rows[access.is_member(rows)].set_index("person")["value"])
    return access.over_members(values[0] - values[1])[0]


def members_change(access: Access, item: Expectation, block: int) -> Estimate:
    """Return the members' change between two moments of one case block (display index)."""
    after = _moment(access, item.after, block)
    if item.before.phase == OWN_START:
        return access.over_members(after)[0]
    return access.over_members(after - _moment(access, item.before, block))[0]


def person_change(access: Access, person: str, item: Expectation, block: int) -> float:
    """Return one visible person's change between two moments; NaN where it has no value."""
    values = [_moment(access, item.after, block, person)]
    if item.before.phase != OWN_START:
        values.append(-_moment(access, item.before, block, person))
    return float(sum(v.get(person, np.nan) for v in values))


def _moment(
    access: Access, moment: Moment, block: int, person: str | None = None
) -> pd.Series[float]:
    """Mean index per member (or of one person) in part of a phase; NaN under half valid."""
    curves = access.result.curves
    low, high = moment.bounds
    rows = curves[
        (curves["measure"] == INDEX_ID)
        & (curves["phase"] == moment.phase)
        & (curves["block"] == block)
        & (curves["progress"] >= low)
        & (curves["progress"] <= high)
    ]
    rows = rows[access.is_member(rows) if person is None else rows["person"] == person]
    own = rows.groupby("person")["change"].agg(["mean", "count"])
    windows = rows["time"].nunique()
    return own["mean"].where(own["count"] >= LEAST_SHARE * windows)


def person_cells(
    access: Access, band: Band, measures: list[str]
) -> list[tuple[str, str, list[Cell]]]:
    """Return each person's own numbers in a phase: pseudonym, role, a cell for each measure.

    Raises
    ------
    UsageError
        If this reader may not see single persons.
    """
    access.check_everything()
    table = access.result.phases
    here = table[(table["block"] == band.block) & (table["phase"] == band.phase)]
    here = here[here["person"] != "members"]
    people = here.drop_duplicates("person")
    by_key = {(r["person"], r["measure"]): r for r in here.to_dict(orient="records")}
    return [
        (str(p), str(role), [_own_cell(by_key.get((p, m))) for m in measures])
        for p, role in people[["person", "role"]].itertuples(index=False)
    ]


def own_cell(access: Access, band: Band, measure: str) -> Cell:
    """Return the one person's own number in a phase, of a page for that person alone.

    Raises
    ------
    UsageError
        If this is no person's own page.
    """
    rows = _rows(access, band, measure)
    rows = rows[rows["person"] == access.own_person]
    return _own_cell(rows.to_dict(orient="records")[0] if len(rows) else None)


def _own_cell(row: dict[Hashable, Any] | None) -> Cell:
    if row is None:
        return Cell(NOTHING, np.nan, "no data")
    value = Estimate(float(row["value"]), float(row["low"]), float(row["high"]), int(row["n"]), 0)
    return Cell(value, float(row["coverage"]), str(row["reason"]))
