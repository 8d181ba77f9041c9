"""The course over a case on phase-normalised time: what people look at, never what is tested."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from arousal.hypothesis.polarity_course import load_polarity_course
from arousal.hypothesis.prediction import POLARITIES
from arousal.hypothesis.session_windows import GROUP
from arousal.phase_align.align import align_windows, group_of
from arousal.phase_align.curves import normalised_curves
from arousal.pipeline import SessionResult
from arousal.tables import INDEX_ID
from arousal.tables.exploration import CASE_COURSE

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BINS", "case_course", "session_course"]

BINS = 6
"""Equal shares of each phase."""
_PLACE = ["who", "measure", "phase", "bin"]
EXPECTED = "expected"


def session_course(
    result: SessionResult, ratings: pd.DataFrame | None, left_out: Iterable[str] = ()
) -> pd.DataFrame:
    """One session's course per case block: display index, and polarities where they were rated.

    Parameters
    ----------
    result : SessionResult
        With those who agreed to research.
    ratings : DataFrame or None
        Window by window, from `arousal.hypothesis.polarities.rating_windows`.
    left_out : iterable of str
        Persons whom the hypothesis file leaves out.

    Returns
    -------
    DataFrame
        ``block``, ``who`` (presenter, members, group), ``measure``, ``phase``, ``bin``, ``value``;
        the members' value is their mean.
    """
    import pandas as pd

    parts = [_bodies(result, set(left_out))]
    if ratings is not None:
        parts.append(_rated(result, ratings))
    rows = pd.concat(parts, ignore_index=True)
    order = dict.fromkeys(p.phase for p in result.timeline.phases)
    place = {phase: i for i, phase in enumerate(order)}
    rows = rows.assign(place=rows["phase"].map(place))
    return rows.sort_values(["place", "bin"], kind="stable", ignore_index=True).drop(
        columns="place"
    )


def _bodies(result: SessionResult, left_out: set[str]) -> pd.DataFrame:
    rows = result.curves[result.curves["measure"] == INDEX_ID]
    rows = rows[~rows["person"].isin(left_out) & (rows["block"] > 0)]
    groups = rows["role"].map({r: group_of(r, result.protocol) for r in rows["role"].unique()})
    rows = rows[groups.isin(["presenter", "members"])].assign(who=groups)
    found = []
    for who, own in rows.groupby("who"):
        bins = normalised_curves(own.drop(columns="who"), BINS)
        mean = bins.groupby(["block", "measure", "phase", "bin"])["z"].mean().reset_index()
        found.append(mean.rename(columns={"z": "value"}).assign(who=who))
    return _joined(found)


def _rated(result: SessionResult, ratings: pd.DataFrame) -> pd.DataFrame:
    rows = ratings[ratings["person"] == GROUP].reset_index(drop=True)
    place = align_windows(rows, result.timeline, result.protocol, result.settings.align)
    phases = {(p.phase, p.block): p for p in result.timeline.phases if p.certain}
    known = [(phases.get((p, b))) for p, b in zip(place["phase"], place["block"], strict=True)]
    share = np.array(
        [
            (t - k.onset) / (k.end - k.onset) if k is not None else np.nan
            for t, k in zip(place["time"], known, strict=True)
        ]
    )
    rows = rows.assign(phase=place["phase"], block=place["block"], share=share)
    rows = rows[rows["share"].between(0, 1) & (rows["block"] > 0)]
    rows = rows.assign(bin=np.minimum((rows["share"] * BINS).astype(int), BINS - 1), who=GROUP)
    mean = rows.groupby(["block", *_PLACE])["value"].mean().reset_index()
    return _joined([mean])


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    columns = ["block", *_PLACE, "value"]
    return pd.concat([p[columns] for p in parts]) if parts else pd.DataFrame(columns=columns)


def case_course(courses: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Mean course over the case blocks of a study, with the course that was expected of raters.

    Parameters
    ----------
    courses : iterable of DataFrame
        From `session_course`, one per session.

    Returns
    -------
    DataFrame
        `arousal.tables.exploration.CASE_COURSE`. Rows of ``expected`` are there only beside
        ratings; they are a transcription of a text and no data (`PolarityCourse.provenance`).
    """
    import pandas as pd

    tables = [c for c in courses if not c.empty]
    if not tables:
        return CASE_COURSE.empty()
    rows = pd.concat(tables, ignore_index=True)
    rows = rows[rows["value"].notna()]
    by = rows.groupby(_PLACE, sort=False)["value"]
    flat = by.agg(mean="mean", sd="std", n="count").reset_index()
    if flat["measure"].isin(POLARITIES).any():
        flat = pd.concat([flat, _expected(flat["phase"].unique())], ignore_index=True)
    flat = flat.assign(progress=(flat["bin"] + 0.5) / BINS)
    return CASE_COURSE.frame({name: flat[name].to_numpy() for name in CASE_COURSE.names})


def _expected(phases: Iterable[str]) -> pd.DataFrame:
    import pandas as pd

    course = load_polarity_course()
    middle = (np.arange(BINS) + 0.5) / BINS
    rows = [
        {"who": EXPECTED, "measure": name, "phase": phase, "bin": b, "mean": height}
        for phase in phases
        for name in POLARITIES
        for b, height in enumerate(course.at(phase, name, middle))
        if np.isfinite(height)
    ]
    return pd.DataFrame(rows).assign(sd=np.nan, n=0)
