"""What people say of their arousal beside what their skin shows. Researchers only.

Descriptive and exploratory (C13, C16): no test, and never a label on a person. A difference between
report and skin has many plain reasons: the scale, dry skin, a cool room, a moved sensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from arousal.errors import UsageError
from arousal.hypothesis.session_windows import SessionFrames

__all__ = [
    "BAND",
    "BandTime",
    "ProbePair",
    "block_dissociation",
    "dissociation",
    "probe_pairs",
    "time_in_band",
]

BEFORE = 60.0
"""Seconds before a probe from which the skin's level is taken."""
LEAST_PROBES = 5
BAND = (-1.0, 1.0)
"""Display units around the own quiet start; ours, the texts give no numbers."""


@dataclass(frozen=True, slots=True)
class ProbePair:
    """One self-report and the skin before it.

    Parameters
    ----------
    session, person : str
    block : int
        Case block; 0 outside.
    phase : str
    onset : float
        When the person was asked, s.
    report : float
        Arousal as they said, 1-9.
    skin : float
        ln SCL in the minute before, as change from the own quiet start (ln µS); NaN with a reason.
    reason : str
        Why there is no skin value.
    """

    session: str
    person: str
    block: int
    phase: str
    onset: float
    report: float
    skin: float
    reason: str = ""
    audience: Literal["researcher"] = field(default="researcher", init=False)


@dataclass(frozen=True, slots=True)
class BandTime:
    """Share of a phase that one person spent within a band. For display only, never tested.

    Parameters
    ----------
    person, phase : str
    block : int
    low, high : float
        The band, display units around the own quiet start.
    below, inside, above : float
        Shares of the windows with a value; they sum to 1.
    n : int
        Windows with a value.
    """

    person: str
    block: int
    phase: str
    low: float
    high: float
    below: float
    inside: float
    above: float
    n: int
    audience: Literal["researcher"] = field(default="researcher", init=False)


def probe_pairs(session: SessionFrames, curves: pd.DataFrame) -> tuple[ProbePair, ...]:
    """Put each self-report beside the skin of the minute before.

    Parameters
    ----------
    session : SessionFrames
        Whose timeline has the probes.
    curves : DataFrame
        `arousal.tables.CURVES` of the same session; its 60-s windows of ``ln_scl``.

    Returns
    -------
    tuple of ProbePair
        Every probe, by time. The window is the last that ends at or before the question.
    """
    line = session.timeline
    rows = curves[curves["measure"] == "ln_scl"]
    found = []
    for probe in line.probes:
        own = rows[rows["person"] == probe.actor]
        ends = own["time"] + BEFORE / 2
        near = own[(ends <= probe.onset + 1e-6) & (ends > probe.onset - BEFORE)]
        skin = float(near["change"].iloc[-1]) if len(near) else np.nan
        place = int(line.index_at([probe.onset])[0])
        phase = line.phases[place] if place >= 0 else None
        reason = "" if np.isfinite(skin) else "no usable skin conductance in the minute before"
        found.append(
            ProbePair(
                session.id,
                probe.actor,
                phase.block if phase else 0,
                phase.phase if phase else "",
                probe.onset,
                probe.value,
                skin,
                reason,
            )
        )
    return tuple(found)


def dissociation(
    pairs: Sequence[ProbePair], within: Literal["everyone", "person"] = "everyone"
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """z(skin) - z(report) of every probe: above 0 = more in the skin than in the words.

    Parameters
    ----------
    pairs : sequence of ProbePair
        Of one session or of a study; what is given is what z is relative to.
    within : {"everyone", "person"}
        ``everyone``: z over all probes given; then people differ in their means. ``person``: z over
        each person's own probes; then everybody's mean is 0 and only times and phases differ.

    Returns
    -------
    ndarray, shape (probes,)
        NaN where the skin is missing, fewer than five probes stand behind a z, or either does not
        vary.

    Raises
    ------
    UsageError
        If ``within`` is something else.
    """
    if within not in {"everyone", "person"}:
        raise UsageError(f"within is {within!r}, allowed everyone, person")
    skin = np.array([p.skin for p in pairs], dtype=np.float64)
    report = np.array([p.report for p in pairs], dtype=np.float64)
    who = np.array([p.person if within == "person" else "" for p in pairs])
    found = np.full(len(pairs), np.nan)
    for name in np.unique(who):
        here = (who == name) & np.isfinite(skin) & np.isfinite(report)
        if here.sum() >= LEAST_PROBES and np.ptp(skin[here]) > 0 and np.ptp(report[here]) > 0:
            found[here] = _z(skin[here]) - _z(report[here])
    return found


def _z(
    values: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray((values - values.mean()) / values.std(ddof=1))


def block_dissociation(
    pairs: Sequence[ProbePair], within: Literal["everyone", "person"] = "everyone"
) -> pd.DataFrame:
    """Mean difference per session, block and phase.

    Returns
    -------
    DataFrame
        ``session``, ``block``, ``phase``, ``mean`` (z), ``n`` (probes with a value); no persons.
    """
    table = pd.DataFrame(
        {
            "session": [p.session for p in pairs],
            "block": [p.block for p in pairs],
            "phase": [p.phase for p in pairs],
            "difference": dissociation(pairs, within),
        }
    )
    by = table.groupby(["session", "block", "phase"], sort=False)["difference"]
    return by.agg(mean="mean", n="count").reset_index()


def time_in_band(
    curves: pd.DataFrame, measure: str = "arousal_index", band: tuple[float, float] = BAND
) -> tuple[BandTime, ...]:
    """How much of each phase everybody spent within a band around their own quiet start.

    Parameters
    ----------
    curves : DataFrame
        `arousal.tables.CURVES`.
    measure : str
        Whose ``z`` is looked at.
    band : tuple of float
        Lower and upper bound in display units.

    Returns
    -------
    tuple of BandTime
        Windows without a value do not count; phases without any are left out.

    Raises
    ------
    UsageError
        If the band is empty.
    """
    low, high = band
    if not low < high:
        raise UsageError(f"band is {low:g} to {high:g}, the first must be lower")
    rows = curves[(curves["measure"] == measure) & curves["z"].notna() & (curves["phase"] != "")]
    found = []
    for _, own in rows.groupby(["person", "block", "phase"], sort=False):
        person, block, phase = own.iloc[0][["person", "block", "phase"]]
        z = own["z"].to_numpy(dtype=np.float64)
        below, above = float((z < low).mean()), float((z > high).mean())
        inside = float(((z >= low) & (z <= high)).mean())
        found.append(
            BandTime(str(person), int(block), str(phase), low, high, below, inside, above, len(own))
        )
    return tuple(found)
