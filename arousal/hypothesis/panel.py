"""One measure of everybody in a session on one even grid of windows; gaps stay NaN."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import DataError, NothingUsableError
from arousal.hypothesis.layout import Layout
from arousal.hypothesis.session_windows import SessionFrames
from arousal.phase_align.align import ROUNDING, edge_of, group_of
from arousal.phase_align.counting import window_length
from arousal.phase_align.timeline import Timeline
from arousal.settings import AlignSettings
from arousal.tables import measure as declared

__all__ = ["LEAST_MEMBERS", "Panel", "members_at", "session_panel"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

LEAST_MEMBERS = 3
"""Members with a value that a window of their median needs."""


@dataclass(frozen=True, eq=False)
class Panel:
    """Persons x windows; the windows are equally far apart and cover the whole session.

    Parameters
    ----------
    persons : tuple of str
        Who stands in each row.
    measure : str
        Of `arousal.tables.MEASURES`.
    values : ndarray, shape (persons, n)
        In the measure's own unit; NaN where the window was refused.
    speech : ndarray, shape (persons, n)
        Share of the window that the person spoke, 0-1; NaN where it is not known.
    start, step, window : float
        Beginning of the first window, distance between windows, their length; s.
    """

    persons: tuple[str, ...]
    measure: str
    values: FloatArray
    speech: FloatArray
    start: float
    step: float
    window: float

    @property
    def unit(self) -> str:
        """Unit of the values."""
        return declared(self.measure).unit

    @property
    def sign(self) -> int:
        """+1 where more means more arousal, else -1."""
        return declared(self.measure).sign

    @cached_property
    def onset(self) -> FloatArray:
        """Beginning of each window, s, shape (n,)."""
        return np.asarray(self.start + self.step * np.arange(self.values.shape[1]))

    @property
    def end(self) -> FloatArray:
        """End of each window, s, shape (n,)."""
        return self.onset + self.window

    @property
    def middle(self) -> FloatArray:
        """Middle of each window, s, shape (n,)."""
        return self.onset + self.window / 2

    def row(self, person: str) -> int | None:
        """Row of a person, ``None`` if there is none."""
        return self.persons.index(person) if person in self.persons else None

    @cached_property
    def deviation(self) -> FloatArray:
        """Distance from each person's own median, shape (persons, n); NaN without any value."""
        known = np.isfinite(self.values)
        filled = np.where(known.any(axis=1, keepdims=True), self.values, 0.0)
        return self.values - np.nanmedian(filled, axis=1, keepdims=True)

    def median_of(self, rows: ArrayLike, least: int = LEAST_MEMBERS) -> FloatArray:
        """Median deviation over the persons of a mask, window by window.

        Parameters
        ----------
        rows : array_like of bool, shape (persons, n)
            Who counts when.
        least : int
            Persons with a value that a window needs.

        Returns
        -------
        ndarray, shape (n,)
            In the measure's unit; NaN with fewer persons. People who join or leave do not make it
            jump by their own level, because each counts from their own median.
        """
        shown = np.where(np.asarray(rows, dtype=bool), self.deviation, np.nan)
        enough = np.isfinite(shown).sum(axis=0) >= least
        shown[:, ~enough] = 0.0
        return np.where(enough, np.nanmedian(shown, axis=0), np.nan)

    def layout(
        self, timeline: Timeline, align: AlignSettings | None = None
    ) -> tuple[Layout, NDArray[np.int64]]:
        """Windows wholly inside a certain phase without its edge, and their places in the panel."""
        rules = align or AlignSettings()
        at = timeline.index_at(self.middle)
        usable = at >= 0
        for i, phase in enumerate(timeline.phases):
            here = at == i
            inside = self.onset >= phase.onset + edge_of(phase, rules) - ROUNDING
            inside &= self.end <= phase.end + ROUNDING
            usable[here] = inside[here] & phase.certain & bool(phase.phase)
        places = np.flatnonzero(usable).astype(np.int64)
        duration = np.full(places.size, self.window)
        return Layout(self.onset[places], duration, at[places]), places


def session_panel(session: SessionFrames, measure: str, *, short: bool = False) -> Panel:
    """Lay the windows of one measure out as one array.

    Parameters
    ----------
    session : SessionFrames
        An analysed session.
    measure : str
        Of `arousal.tables.MEASURES`.
    short : bool
        Take it from the 30-s windows instead of those that the measure usually has.

    Raises
    ------
    DataError
        If the measure is unknown or the windows are not evenly spaced.
    NothingUsableError
        If no window of this length holds a value.
    """
    column = declared(measure).column
    usual = window_length(measure, session.settings)
    length = session.settings.windows.short if short else usual
    table = session.short if short else session.features
    rows = table[table["duration"] == length]
    if length is None or rows.empty or rows[column].isna().all():
        raise NothingUsableError(f"no window yields {measure}", where=session.id or None)
    onset = rows["onset"].to_numpy(dtype=np.float64)
    known = np.unique(onset)
    step = float(np.diff(known).min()) if known.size > 1 else session.settings.windows.step
    place = np.round((onset - known[0]) / step).astype(np.int64)
    if np.abs(known[0] + step * place - onset).max() > ROUNDING * 1e3:
        raise DataError("the windows are not evenly spaced", where=session.id or None)
    persons = tuple(str(p) for p in rows["person"].unique())
    row = rows["person"].map({p: i for i, p in enumerate(persons)}).to_numpy(dtype=np.int64)
    values = np.full((len(persons), int(place.max()) + 1), np.nan)
    speech = values.copy()
    values[row, place] = rows[column]
    speech[row, place] = rows["speech_fraction"]
    return Panel(persons, measure, values, speech, float(known[0]), step, length)


def members_at(panel: Panel, session: SessionFrames) -> BoolArray:
    """Who is a member at which window's middle, shape (persons, n); never the presenter."""
    line, protocol = session.timeline, session.protocol
    found = np.zeros(panel.values.shape, dtype=bool)
    for i, person in enumerate(panel.persons):
        roles = line.roles_at(person, panel.middle)
        groups = {r: group_of(r, protocol) == "members" for r in set(roles.tolist())}
        found[i] = [groups[r] for r in roles]
    return found
