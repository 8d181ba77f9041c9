"""What raters said of one session's mentalizing, for its researcher's page; nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from arousal.hypothesis.polarities import STEP
from arousal.hypothesis.polarity_course import load_polarity_course
from arousal.hypothesis.prediction import POLARITIES
from arousal.hypothesis.session_windows import GROUP
from arousal.study.rated import read_session_ratings
from dashboards.access import Access
from dashboards.bands import Band
from dashboards.figures.ribbon import Ribbon
from dashboards.messages import Messages

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["rated_lead", "rated_ribbon"]


def rated_lead(say: Messages) -> str:
    """Return what the ribbon shows, with where the expected course comes from."""
    return say("ribbon.lead", provenance=load_polarity_course().provenance)


def rated_ribbon(access: Access, bands: tuple[Band, ...]) -> Ribbon | None:
    """Return a session's ribbon, or ``None`` without ratings or for any other reader.

    Parameters
    ----------
    access : Access
        Who reads, and of what.
    bands : tuple of Band
        The session's phases.
    """
    folder = access.result.source.folder
    if not access.everything or folder is None:
        return None
    found, _ = read_session_ratings(folder, access.result)
    if found is None:
        return None
    rows = found.windows[found.windows["person"] == GROUP]
    if rows.empty:
        return None
    zero = access.result.recording.onset
    first = float(rows["onset"].min())
    count = round((float(rows["onset"].max()) - first) / STEP) + 1
    edges = (first - zero + STEP * np.arange(count + 1)) / 60
    return Ribbon(edges, _measured(rows, first, count), _expected(bands, edges))


def _measured(
    rows: pd.DataFrame, first: float, count: int
) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    found = {}
    for name in POLARITIES:
        own = rows[rows["measure"] == name]
        values = np.full(count, np.nan)
        values[((own["onset"] - first) / STEP).round().astype(int)] = own["value"]
        found[name] = values
    return found


def _expected(
    bands: tuple[Band, ...], edges: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    course = load_polarity_course()
    middle = (edges[:-1] + edges[1:]) / 2
    found = {}
    for name in POLARITIES:
        values = np.full(middle.size, np.nan)
        for band in (b for b in bands if b.certain and b.block):
            here = (middle >= band.onset) & (middle < band.end)
            share = (middle[here] - band.onset) / band.minutes
            values[here] = course.at(band.phase, name, share)
        found[name] = values
    return found
