"""One session's tables, condensed to what a study's page needs of it.

Only persons who agree at this moment enter, so everything is summed anew from single persons'
rows: the session's own group table may hold somebody who has withdrawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from arousal.errors import DataError
from arousal.phase_align.align import group_of
from arousal.protocol import Protocol
from arousal.study.roll import RollEntry
from arousal.study.stored import read_table
from arousal.tables import CURVES, MEASURES, PHASES, QUALITY

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BINS", "Condensed", "MeasureQuality", "condense"]

BINS = 12
"""Equal shares of a phase that a curve is averaged over."""
ENOUGH = 0.5
"""Share of a person's windows from which their data count as usable."""
CARDIAC = frozenset({"ecg", "ppg", "rr"})
SKIN = frozenset({"eda"})
_COLUMNS = ("person", "role", "block", "phase", "progress", "measure", "change")


@dataclass(frozen=True, slots=True)
class MeasureQuality:
    """How much of one measure is usable in one session.

    Parameters
    ----------
    measure : str
        Measure id.
    share : float
        Median over people of the share of their windows with a value; who sent nothing counts 0.
    usable, people : int
        People with at least half of their windows, of those who agreed.
    sensors : mapping of str to tuple of str
        Quality code of the sensor -> whose.
    refused, phases : int
        Phase means without a value, of all (one per person and phase).
    mostly : str
        Their most frequent reason; empty if none was refused.
    """

    measure: str
    share: float
    usable: int
    people: int
    sensors: Mapping[str, tuple[str, ...]]
    refused: int
    phases: int
    mostly: str


@dataclass(frozen=True, slots=True, eq=False)
class Condensed:
    """One session for the page.

    Parameters
    ----------
    curves : DataFrame
        ``block``, ``phase``, ``bin``, ``measure``, ``group`` (members, presenter, leaders),
        ``change`` (mean over persons of their means in the bin) and ``people``.
    phases : DataFrame
        ``block``, ``phase``, ``measure``, ``group``, ``value`` (mean over persons) and ``people``.
    quality : tuple of MeasureQuality
        One per measure.
    blocks : tuple of int
        Case blocks with data.
    people : tuple of str
        Who agrees and is in the tables.
    dropped : int
        People in the tables who do not agree (any more).
    references : mapping of str to int
        What changes are counted from (baseline, recovery, opening, session, none) -> how many
        persons' measures.
    """

    curves: pd.DataFrame
    phases: pd.DataFrame
    quality: tuple[MeasureQuality, ...]
    blocks: tuple[int, ...]
    people: tuple[str, ...]
    dropped: int
    references: Mapping[str, int]


def condense(entry: RollEntry) -> Condensed:
    """Read a processed session.

    Raises
    ------
    DataError
        If a table is missing or damaged.
    """
    folder = entry.folder / "derivatives"
    if entry.protocol is None:
        raise DataError(entry.trouble, where=entry.folder)
    curves = read_table(folder / "curves.tsv", CURVES, _COLUMNS)
    there = tuple(str(p) for p in curves["person"].cat.categories)
    people = tuple(p for p in there if entry.agrees(p))
    curves = curves[curves["person"].isin(people) & (curves["phase"] != "")]
    phases = read_table(folder / "phases.tsv", PHASES)
    phases = phases[phases["person"].isin(people) & (phases["phase"] != "")]
    quality = read_table(folder / "quality.tsv", QUALITY)
    quality = quality[quality["person"].isin(people)]
    expected = tuple(dict.fromkeys((*people, *entry.agreed)))
    return Condensed(
        _binned(curves, entry.protocol),
        _phase_means(phases, entry.protocol),
        tuple(_quality(curves, phases, quality, expected)),
        tuple(sorted({int(b) for b in curves["block"].unique()} - {0})),
        people,
        len(there) - len(people),
        _references(phases),
    )


def _references(phases: pd.DataFrame) -> dict[str, int]:
    own = phases[phases["measure"].isin([m.id for m in MEASURES])]
    each = own.groupby(["person", "measure"], sort=False)["baseline"].first()
    return {str(name): int(count) for name, count in each.value_counts().items()}


def is_processed(folder: Path) -> bool:
    """Whether a session has been analysed."""
    return (folder / "derivatives" / "curves.tsv").is_file()


def _groups(roles: pd.Series[str], protocol: Protocol) -> pd.Series[str]:
    names = {str(role): group_of(str(role), protocol) for role in roles.unique()}
    return roles.astype(object).map(names).astype(object)


def _binned(curves: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    rows = curves[curves["progress"].notna() & curves["change"].notna()]
    share = np.minimum((rows["progress"].to_numpy() * BINS).astype(np.int64), BINS - 1)
    rows = rows.assign(bin=share, group=_groups(rows["role"], protocol))
    rows = rows[rows["group"] != ""]
    key = ["block", "phase", "bin", "measure", "group"]
    own = rows.groupby([*key, "person"], observed=True, sort=False)["change"].mean()
    means = own.groupby(key, observed=True, sort=True).agg(["mean", "size"]).reset_index()
    means = means.rename(columns={"mean": "change", "size": "people"})
    return means.astype({"phase": object, "measure": object})


def _phase_means(phases: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    rows = phases.assign(group=_groups(phases["role"], protocol))
    rows = rows[(rows["group"] != "") & rows["value"].notna()]
    key = ["block", "phase", "measure", "group"]
    means = rows.groupby(key, sort=True)["value"].agg(["mean", "size"]).reset_index()
    return means.rename(columns={"mean": "value", "size": "people"})


def _quality(
    curves: pd.DataFrame, phases: pd.DataFrame, quality: pd.DataFrame, expected: tuple[str, ...]
) -> list[MeasureQuality]:
    valid = curves.assign(valid=curves["change"].notna())
    shares = valid.groupby(["measure", "person"], observed=True)["valid"].mean()
    found = []
    for measure in MEASURES:
        per_person = [float(shares.get((measure.id, person), 0.0)) for person in expected]
        kinds = SKIN if measure.branch == "sympathetic" else CARDIAC
        own = phases[phases["measure"] == measure.id]
        refused = own[own["value"].isna()]
        reasons = Counter(str(r) for r in refused["reason"] if r)
        found.append(
            MeasureQuality(
                measure.id,
                float(np.median(per_person)) if per_person else 0.0,
                sum(share >= ENOUGH for share in per_person),
                len(expected),
                _sensors(quality[quality["kind"].isin(kinds)], expected),
                len(refused),
                len(own),
                reasons.most_common(1)[0][0] if reasons else "",
            )
        )
    return found


def _sensors(quality: pd.DataFrame, expected: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Quality code -> whose; who sent nothing of the kind stands under ``no-signal``."""
    whose: dict[str, dict[str, None]] = {}
    for person, codes in zip(quality["person"], quality["reasons"], strict=True):
        for code in str(codes).split(";"):
            if code:
                whose.setdefault(code, {})[str(person)] = None
    silent = [p for p in expected if p not in set(quality["person"])]
    if silent:
        whose["no-signal"] = dict.fromkeys(silent)
    return {code: tuple(people) for code, people in whose.items()}
