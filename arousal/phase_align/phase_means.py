"""The phase table: one number per person, phase and measure, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from arousal.phase_align.align import align_windows, group_of
from arousal.phase_align.baseline import own_baselines
from arousal.phase_align.counting import count_phases, measure_windows, phase_windows
from arousal.phase_align.curves import Curves, person_curves
from arousal.phase_align.device_rate import DEVICE, device_means
from arousal.phase_align.index import reach_of
from arousal.phase_align.phase_order import PhaseOrder
from arousal.phase_align.timeline import Timeline
from arousal.protocol import Protocol
from arousal.recording import Signal
from arousal.settings import Settings
from arousal.tables import INDEX_ID, MEASURE_IDS, MEASURES, PHASES

__all__ = ["MEMBERS", "phase_table"]

MEMBERS = "members"
"""Name of the members' common rows in the column ``person``."""
KEY = ["person", "measure", "block", "phase"]
COUNTED = ["windows", "n", "coverage", "mean", "sd", "reason"]
UNITS = {**{m.id: m.unit for m in MEASURES}, INDEX_ID: "z", DEVICE: "bpm"}


@dataclass(frozen=True, slots=True)
class _Place:
    """A phase of a block that has rows: its middle (s), and why it has no numbers."""

    phase: str
    block: int
    middle: float
    reason: str


def phase_table(
    features: pd.DataFrame,
    features_short: pd.DataFrame,
    timeline: Timeline,
    protocol: Protocol,
    settings: Settings,
    *,
    device_hr: Mapping[str, Signal] | None = None,
) -> pd.DataFrame:
    """Mean change from own baseline per person, phase and measure, and the members' median.

    Windows lie wholly inside a phase without its edge; heart rate and responses in phases under
    five minutes come from 30-s windows; a phase counts by `AlignSettings.min_valid` and
    ``min_seconds``. What does not count is NaN with its reason, never guessed: phases whose bounds
    are not certain, too short ones, too few valid windows, no reference.

    Parameters
    ----------
    features : DataFrame
        `arousal.tables.FEATURES`, ordinary windows.
    features_short : DataFrame
        The same for windows of ``settings.windows.short``.
    timeline : Timeline
        The session's course.
    protocol : Protocol
        Phases, roles, what may serve as reference.
    settings : Settings
        Windows and counting rules.
    device_hr : mapping, optional
        Pseudonym -> the device's own heart rate; its plain mean between the phase's bounds is
        reported as ``device_heart_rate``, descriptive and without a reference.

    Returns
    -------
    DataFrame
        `arousal.tables.PHASES`. Required phases without a mark have rows, too. The members' rows
        (``person == "members"``) take everybody who has the role in that phase.
    """
    windows = measure_windows(features, timeline, protocol, settings)
    usable = phase_windows(windows, features_short, timeline, protocol, settings)
    counted = count_phases(usable, settings)
    baselines = own_baselines(windows, counted, protocol)
    curves = person_curves(features, timeline, protocol, settings, features_short)
    index = _index_means(curves, timeline, protocol, settings)
    rows = _skeleton(features, timeline, protocol, device_hr or {})
    device = device_means(device_hr or {}, timeline, settings)
    numbers = [t[COUNTED] for t in (counted, index, device) if len(t)]
    rows = rows.join(pd.concat(numbers) if numbers else counted[COUNTED], on=KEY)
    rows = rows.join(baselines.drop(columns=["n", "scaled", "spread"]), on=["person", "measure"])
    rows["baseline"] = rows["baseline"].fillna("none")
    rows.loc[rows["measure"] == INDEX_ID, "baseline"] = rows["person"].map(_index_baselines(curves))
    rows = _valued(rows)
    table = pd.concat([rows, _members(rows, protocol)], ignore_index=True)
    return PHASES.frame({name: table[name] for name in PHASES.names})


def _places(timeline: Timeline, protocol: Protocol) -> list[_Place]:
    """Every phase of every block that was marked or should have been, in order of time."""
    places: dict[tuple[int, str], _Place] = {}
    for at in timeline.phases:
        key = (at.block, at.phase)
        known = places.get(key)
        if known is None or (known.reason and at.certain):
            reason = "" if at.certain else at.note
            places[key] = _Place(at.phase, at.block, (at.onset + at.end) / 2, reason)
    found = list(places.values())
    if any(p.phase for p in timeline.phases):
        _insert_missing(found, timeline, protocol)
    return found


def _insert_missing(places: list[_Place], timeline: Timeline, protocol: Protocol) -> None:
    """Put required phases without a mark behind the last phase that should come before them."""
    order = PhaseOrder(protocol)
    known = {(p.block, p.phase) for p in places}
    for phase in (p for p in protocol.phases if not p.optional):
        case = phase.part == "case"
        blocks = ([b.index for b in timeline.blocks] or [1]) if case else [0]
        for block in (b for b in blocks if (b, phase.id) not in known):
            rank = order.rank(phase.id, block)
            before = [i for i, p in enumerate(places) if order.rank(p.phase, p.block) < rank]
            missing = _Place(phase.id, block, np.nan, f"{phase.id} has no mark")
            places.insert(max(before, default=-1) + 1, missing)


def _skeleton(
    features: pd.DataFrame,
    timeline: Timeline,
    protocol: Protocol,
    device_hr: Mapping[str, Signal],
) -> pd.DataFrame:
    """All rows that the table has, with role, group and the reasons that lie in the phases."""
    places = _places(timeline, protocol)
    people = [str(p) for p in features["person"].unique()]
    rows = [
        (person, role, group_of(role, protocol), at, place.block, place.phase, name, place.reason)
        for person in dict.fromkeys([*people, *device_hr])
        for at, place in enumerate(places)
        for role in [_role(timeline, person, place)]
        for name in _measures(person, people, device_hr)
    ]
    columns = ["person", "role", "group", "at", "block", "phase", "measure", "place_reason"]
    return pd.DataFrame(rows, columns=columns)


def _role(timeline: Timeline, person: str, place: _Place) -> str:
    if not np.isnan(place.middle):
        return timeline.role_of(person, place.middle)
    if place.block and timeline.presenter(place.block) == person:
        block = next(b for b in timeline.blocks if b.index == place.block)
        return timeline.role_of(person, (block.onset + block.end) / 2)
    return timeline.role_of(person, timeline.onset)


def _measures(
    person: str, measured: Sequence[str], device_hr: Mapping[str, Signal]
) -> tuple[str, ...]:
    own = (*MEASURE_IDS, INDEX_ID) if person in measured else ()
    return (*own, DEVICE) if person in device_hr else own


def _index_means(
    curves: Curves, timeline: Timeline, protocol: Protocol, settings: Settings
) -> pd.DataFrame:
    """The same counting for the display index; a value reaches as far as its longest part."""
    rows = curves.table[curves.table["measure"] == INDEX_ID]
    reach = rows["person"].map({p: reach_of(x, settings) for p, x in curves.index_parts.items()})
    reach = reach.astype(np.float64)
    windows = rows[["person", "measure", "value"]].assign(
        scaled=rows["value"], onset=rows["time"] - reach, duration=2 * reach
    )
    aligned = align_windows(windows, timeline, protocol, settings.align)
    windows = windows.join(aligned)
    return count_phases(windows[windows["inside"] & windows["certain"]], settings)


def _index_baselines(curves: Curves) -> dict[str, str]:
    """What each person's index is counted from: the references of its parts."""
    table = curves.baselines.set_index(["person", "measure"])["baseline"]
    return {
        person: ";".join(dict.fromkeys(table[person, part] for part in parts)) or "none"
        for person, parts in curves.index_parts.items()
    }


def _valued(rows: pd.DataFrame) -> pd.DataFrame:
    """Fill value, low, high, n, unit and reason of every person's row."""
    plain = rows["measure"].isin([INDEX_ID, DEVICE])
    reference = rows["value"].where(~plain, 0.0)
    reason = rows["place_reason"]
    no_window = (rows["place_reason"] == "") & rows["windows"].isna()
    reason = reason.mask(no_window, "too short: without its edge it holds no window")
    absent = no_window & rows["measure"].isin([INDEX_ID]) & (rows["baseline"] == "none")
    reason = reason.mask(absent, "no part of the index is usable in every phase")
    reason = reason.where(reason != "", rows["reason"].fillna(""))
    reason = reason.mask((reason == "") & ~plain & (rows["baseline"] == "none"), "no reference")
    counts = reason == ""
    value = (rows["mean"] - reference).where(counts)
    spread = rows["sd"].where(counts)
    return rows.assign(
        value=value,
        low=value - spread,
        high=value + spread,
        n=pd.to_numeric(rows["n"]).fillna(0).astype(np.int64),
        unit=rows["measure"].map(UNITS),
        reason=reason,
    )


def _members(rows: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """Median and quartiles over the members of each phase."""
    own = rows[rows["group"] == MEMBERS]
    if own.empty:
        return own
    by = own.groupby(["at", "block", "phase", "measure"], sort=False)
    table = by.agg(
        unit=("unit", "first"),
        n=("value", "count"),
        coverage=("coverage", "mean"),
        baseline=("baseline", lambda names: ";".join(sorted(set(names)))),
        reason=("reason", _common_reason),
    )
    for name, quantile in (("low", 0.25), ("value", 0.5), ("high", 0.75)):
        table[name] = by["value"].quantile(quantile)
    table["reason"] = table["reason"].where(table["n"] == 0, "")
    role = "member" if "member" in protocol.roles else MEMBERS
    table = table.reset_index().sort_values("at", kind="stable")
    return table.assign(person=MEMBERS, role=role)


def _common_reason(reasons: pd.Series[str]) -> str:
    """The reason that all members share, if they do."""
    different = list(dict.fromkeys(reasons))
    return different[0] if len(different) == 1 else "no member has a value"
