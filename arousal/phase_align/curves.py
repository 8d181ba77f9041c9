"""Curves: everybody's change from their own quiet start, groups, and normalised phase time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from arousal.errors import UsageError
from arousal.findings import Finding, Severity
from arousal.phase_align.align import group_of
from arousal.phase_align.baseline import own_baselines
from arousal.phase_align.counting import count_phases, measure_windows, phase_windows
from arousal.phase_align.index import display_index
from arousal.phase_align.timeline import Timeline
from arousal.protocol import Protocol
from arousal.settings import Settings
from arousal.tables import CURVES, GROUP, MEASURES

__all__ = ["Curves", "group_curves", "normalised_curves", "person_curves"]

SIGNS = {m.id: m.sign for m in MEASURES}


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Everybody's curves.

    Parameters
    ----------
    table : DataFrame
        `arousal.tables.CURVES`; keeps every window, NaN where it is refused.
    baselines : DataFrame
        Columns ``person``, ``measure``, ``baseline`` (which phase, ``session`` or ``none``),
        ``value``, ``n`` (windows behind it).
    index_parts : dict
        Pseudonym -> measures in that person's display index; empty if there is none.
    findings : tuple of Finding
        Whose reference is not the first choice, who has no index or one without some part.
    """

    table: pd.DataFrame
    baselines: pd.DataFrame
    index_parts: dict[str, tuple[str, ...]]
    findings: tuple[Finding, ...] = ()


def person_curves(
    features: pd.DataFrame,
    timeline: Timeline,
    protocol: Protocol,
    settings: Settings,
    features_short: pd.DataFrame | None = None,
) -> Curves:
    """Change from the person's own baseline, window by window, with the display index.

    Parameters
    ----------
    features : DataFrame
        `arousal.tables.FEATURES`. Values that their quality or the person's own speech forbids are
        NaN there already and stay so.
    timeline : Timeline
        The session's course.
    protocol : Protocol
        ``baseline_phases`` says what serves as reference.
    settings : Settings
        Window lengths, edges, counting rules.
    features_short : DataFrame, optional
        The same for 30-s windows, for references under five minutes; without it they are taken
        from ordinary windows, and may differ a little from those of `phase_table`.

    Returns
    -------
    Curves
        A window belongs to the phase that holds its middle. ``z`` is the change divided by the
        session's MAD x 1.4826, upwards = more arousal; for the response rate both are taken of its
        square root, so that the index is exactly the mean of its parts' ``z``.
    """
    windows = measure_windows(features, timeline, protocol, settings)
    usable = phase_windows(windows, features_short, timeline, protocol, settings)
    baselines = own_baselines(windows, count_phases(usable, settings), protocol)
    own = baselines.reindex(pd.MultiIndex.from_frame(windows[["person", "measure"]]))
    scaled = windows["scaled"].to_numpy() - own["scaled"].to_numpy()
    windows["z"] = scaled / own["spread"].to_numpy() * windows["measure"].map(SIGNS).to_numpy()
    windows["change"] = windows["value"].to_numpy() - own["value"].to_numpy()
    index, parts = display_index(windows, settings)
    rows = pd.concat([windows, index.assign(change=index["value"])], ignore_index=True)
    return Curves(
        CURVES.frame({name: rows[name] for name in CURVES.names}),
        baselines.reset_index()[["person", "measure", "baseline", "value", "n"]],
        parts,
        (*_reference_findings(baselines, protocol), *_index_findings(parts, baselines)),
    )


def _reference_findings(baselines: pd.DataFrame, protocol: Protocol) -> tuple[Finding, ...]:
    """Whose change is counted from something else than the first choice."""
    first = next(iter(protocol.baseline_phases), "session")
    flat = baselines.reset_index()
    other = flat[~flat["baseline"].isin([first, "none"])]
    labels = {m.id: m.label for m in MEASURES}
    findings = []
    for person, rows in other.groupby("person", sort=False):
        told = [
            f"{labels[name]} from {'its median over the session' if used == 'session' else used}"
            for name, used in zip(rows["measure"], rows["baseline"], strict=True)
        ]
        message = f"{first} does not count, so the change is counted for {', '.join(told)}"
        findings.append(Finding("baseline-replaced", message, Severity.NOTE, str(person)))
    return tuple(findings)


def _index_findings(
    parts: dict[str, tuple[str, ...]], baselines: pd.DataFrame
) -> tuple[Finding, ...]:
    findings = []
    for person, used in parts.items():
        absent = [m.label for m in MEASURES if m.id not in used]
        if not used:
            message = "no display index: no measure is valid in half of the windows of every phase"
            findings.append(Finding("index-none", message, Severity.WARNING, person))
        elif absent:
            flat = [
                m.label
                for m in MEASURES
                if np.isnan(baselines["spread"].get((person, m.id), np.nan))
                and baselines["n"].get((person, m.id), 0) > 0
            ]
            why = f" (without any spread: {', '.join(flat)})" if flat else ""
            message = f"the display index does without: {', '.join(absent)}{why}"
            findings.append(Finding("index-parts", message, Severity.NOTE, person))
    return tuple(findings)


def group_curves(
    curves: pd.DataFrame, protocol: Protocol, *, persons: Collection[str] | None = None
) -> pd.DataFrame:
    """Median and quartiles over the people of a group, window by window.

    Parameters
    ----------
    curves : DataFrame
        `arousal.tables.CURVES`.
    protocol : Protocol
        Names the roles; see `arousal.phase_align.align.group_of`.
    persons : collection of str, optional
        Only these people contribute (those who agreed); default: all.

    Returns
    -------
    DataFrame
        `arousal.tables.GROUP`, of ``change``: ``members`` (without the presenter of the case that
        is running), ``presenter``, ``leaders``. Quartiles are interpolated linearly between
        persons; ``n`` counts those with a valid window, and without any the median is NaN.
    """
    rows = curves if persons is None else curves[curves["person"].isin(list(persons))]
    group = rows["role"].map({r: group_of(r, protocol) for r in rows["role"].unique()})
    rows = rows.assign(group=group.astype(object))
    rows = rows[rows["group"] != ""]
    if rows.empty:
        return GROUP.empty()
    by = rows.groupby(["group", "measure", "time"], sort=True)
    table = by[["block", "phase", "phase_time", "progress"]].first()
    # `first` skips NaN within a group; all rows of one time share their place, so it is exact.
    for name, quantile in (("low", 0.25), ("median", 0.5), ("high", 0.75)):
        table[name] = by["change"].quantile(quantile)
    table["n"] = by["change"].count()
    flat = table.reset_index()
    return GROUP.frame({name: flat[name] for name in GROUP.names})


def normalised_curves(table: pd.DataFrame, bins: int = 20) -> pd.DataFrame:
    """Mean per phase and share of its length: curves that can be laid over other sessions'.

    Parameters
    ----------
    table : DataFrame
        `arousal.tables.CURVES` or `arousal.tables.GROUP`.
    bins : int
        Equal shares of each phase (``AlignSettings.progress_bins``).

    Returns
    -------
    DataFrame
        ``person`` (or ``group``), ``block``, ``phase``, ``bin`` (0 to bins-1), ``progress`` (middle
        of the bin), ``measure``, ``windows`` (valid ones), and the means of ``value``, ``change``
        and ``z`` (or of ``median``, ``low``, ``high``). Every bin of a phase is there, NaN without
        a valid window. Windows between phases are left out.

    Raises
    ------
    UsageError
        If ``bins`` is below 1.
    """
    if bins < 1:
        raise UsageError(f"bins is {bins}, allowed >= 1")
    who, numbers = (
        ("group", ["median", "low", "high"])
        if "group" in table.columns
        else ("person", ["value", "change", "z"])
    )
    rows = table[table["progress"].notna() & (table["phase"] != "")]
    share = np.minimum((rows["progress"] * bins).astype(np.int64), bins - 1)
    key = [who, "measure", "block", "phase"]
    by = rows.assign(bin=share).groupby([*key, "bin"])
    means = by[numbers].mean()
    means["windows"] = by[numbers[0] if who == "group" else "change"].count()
    places = means.index.droplevel("bin").unique()
    every = pd.MultiIndex.from_tuples(
        [(*place, b) for place in places for b in range(bins)], names=[*key, "bin"]
    )
    flat = means.reindex(every).reset_index()
    flat["windows"] = flat["windows"].fillna(0).astype(np.int64)
    flat["progress"] = (flat["bin"] + 0.5) / bins
    columns = [who, "block", "phase", "bin", "progress", "measure", "windows", *numbers]
    return flat[columns]
