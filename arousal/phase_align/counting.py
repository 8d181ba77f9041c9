"""Windows of each measure, and when a phase has enough of them to count.

A phase counts with at least half of its windows valid and two minutes covered (one minute for heart
rate and skin conductance responses). Its windows lie wholly inside what is left once the edge is
dropped; in phases under five minutes, heart rate and responses are taken from 30-s windows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from arousal.phase_align.align import align_windows
from arousal.phase_align.timeline import Timeline
from arousal.protocol import Protocol
from arousal.settings import Settings
from arousal.tables import MEASURES

__all__ = ["FAST", "count_phases", "measure_windows", "phase_windows", "window_length"]

FAST = frozenset({"heart_rate", "scr_rate"})
"""Measures that short windows serve."""
KEY = ["person", "measure", "block", "phase"]
_REASONS = {"mixed": "cardiac_reasons", "vagal": "cardiac_reasons", "sympathetic": "eda_reasons"}
"""Branch of a measure -> column of the features that says why a window has no value."""


def window_length(measure: str, settings: Settings) -> float | None:
    """Length in s of the windows that a measure is taken from: the shortest that yields it.

    60 s, and 120 s for lnRMSSD, by default; ``None`` if no window of the settings is long enough.
    """
    least = settings.windows.rmssd_from if measure == "ln_rmssd" else 0.0
    return next((d for d in settings.windows.durations if d >= least), None)


def _scaled(measure: str, values: pd.Series[float]) -> pd.Series[float]:
    """On the scale on which windows are compared: counts as square roots, the rest as they are."""
    return values.pow(0.5) if measure == "scr_rate" else values


def measure_windows(
    features: pd.DataFrame,
    timeline: Timeline,
    protocol: Protocol,
    settings: Settings,
    length: float | None = None,
) -> pd.DataFrame:
    """One row per person, window and measure, aligned with the timeline.

    Parameters
    ----------
    features : DataFrame
        `arousal.tables.FEATURES`.
    timeline, protocol, settings
        As in `person_curves`.
    length : float, optional
        Take every measure from windows of this many s; default: each from its own
        (`window_length`).

    Returns
    -------
    DataFrame
        ``person``, ``duration``, ``measure``, ``value``, ``scaled`` (square root of the response
        rate, the value itself for the others), ``quality`` (codes) and the columns of
        `align_windows`.
    """
    aligned = align_windows(features, timeline, protocol, settings.align)
    parts = []
    for measure in MEASURES:
        wanted = window_length(measure.id, settings) if length is None else length
        rows = features["duration"] == wanted
        values = features.loc[rows, measure.column]
        part = aligned[rows].assign(
            person=features.loc[rows, "person"],
            duration=features.loc[rows, "duration"],
            measure=measure.id,
            value=values,
            scaled=_scaled(measure.id, values),
            quality=features.loc[rows, _REASONS[measure.branch]],
        )
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def phase_windows(
    windows: pd.DataFrame,
    features_short: pd.DataFrame | None,
    timeline: Timeline,
    protocol: Protocol,
    settings: Settings,
) -> pd.DataFrame:
    """Windows that phase means are taken from: inside the edges of certain phases.

    Parameters
    ----------
    windows : DataFrame
        From `measure_windows`.
    features_short : DataFrame or None
        `arousal.tables.FEATURES` of 30-s windows; without it short phases use ordinary ones.
    timeline, protocol, settings
        As in `person_curves`.
    """
    usable = windows[windows["inside"] & windows["certain"]]
    if features_short is None:
        return usable
    brief = measure_windows(
        features_short, timeline, protocol, settings, length=settings.windows.short
    )
    brief = brief[brief["inside"] & brief["certain"] & brief["short"] & brief["measure"].isin(FAST)]
    ordinary = usable[~(usable["short"] & usable["measure"].isin(FAST))]
    return pd.concat([ordinary, brief], ignore_index=True)


def count_phases(usable: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Mean of each person's windows in each phase, and whether there are enough of them.

    Parameters
    ----------
    usable : DataFrame
        From `phase_windows`.
    settings : Settings
        ``align.min_valid``, ``align.min_seconds``, ``align.min_seconds_fast``.

    Returns
    -------
    DataFrame
        Indexed by person, measure, block, phase: ``windows``, ``n`` (valid), ``coverage``
        (n / windows), ``seconds`` (covered by the union of valid windows), ``mean``, ``sd``
        (n - 1), ``mean_scaled``, ``reason`` (empty where it counts).
    """
    valid = usable[usable["value"].notna()].sort_values("time", kind="stable")
    step = valid.groupby(KEY, sort=False)["time"].diff()
    valid = valid.assign(new=step.fillna(np.inf).clip(upper=valid["duration"]))
    counted = valid.groupby(KEY).agg(
        n=("value", "size"),
        seconds=("new", "sum"),
        mean=("value", "mean"),
        sd=("value", "std"),
        mean_scaled=("scaled", "mean"),
    )
    total = usable.groupby(KEY).size().rename("windows").to_frame()
    phases = total.join(counted, how="left")
    phases[["n", "seconds"]] = phases[["n", "seconds"]].fillna(0)
    phases["n"] = phases["n"].astype(np.int64)
    phases["coverage"] = phases["n"] / phases["windows"]
    fast = phases.index.get_level_values("measure").isin(FAST)
    rules = settings.align
    phases["needed"] = np.where(fast, rules.min_seconds_fast, rules.min_seconds)
    phases["reason"] = [
        _why_not(int(n), float(share), float(seconds), float(needed), settings)
        for n, share, seconds, needed in zip(
            phases["n"], phases["coverage"], phases["seconds"], phases["needed"], strict=True
        )
    ]
    return _with_cause(phases, usable)


def _with_cause(phases: pd.DataFrame, usable: pd.DataFrame) -> pd.DataFrame:
    """Say what most of the invalid windows of a phase suffer from, where too few are valid."""
    if "quality" not in usable:  # the display index: its parts say why
        return phases
    invalid = usable[usable["value"].isna() & (usable["quality"] != "")]
    codes = invalid.assign(code=invalid["quality"].str.split(";")).explode("code")
    if codes.empty:
        return phases
    often = codes.groupby([*KEY, "code"], sort=True).size().sort_values(kind="stable")
    worst = often.reset_index("code")["code"].groupby(level=KEY).last().str.replace("-", " ")
    cause = worst.reindex(phases.index)
    few = (phases["coverage"] < 1) & (phases["reason"] != "") & cause.notna()
    phases.loc[few, "reason"] += ": mostly " + cause[few]
    return phases


def _why_not(n: int, share: float, seconds: float, needed: float, settings: Settings) -> str:
    """Why a phase does not count; empty if it does."""
    least = settings.align.min_valid
    if n == 0:
        return "no valid window"
    if share < least:
        return f"{share:.0%} of its windows are valid, {least:.0%} are needed"
    if seconds < needed:
        return f"{seconds:.0f} s are covered by valid windows, {needed:.0f} s are needed"
    return ""
