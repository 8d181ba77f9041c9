"""One session's windows as arrays: persons x windows, for one case block and one measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from arousal.hypothesis.hypothesis_file import Hypothesis
from arousal.hypothesis.layout import Layout
from arousal.hypothesis.own_speech import LAG, OwnSpeech
from arousal.phase_align.align import align_windows, group_of
from arousal.phase_align.counting import measure_windows, phase_windows
from arousal.phase_align.timeline import Timeline
from arousal.protocol import Protocol
from arousal.settings import AlignSettings, Settings

__all__ = ["Block", "BlockWindows", "SessionFrames", "SessionWindows"]

GROUP = "group"
"""Name under which ratings of the whole group stand in the column ``person``."""
NON_RESPONDER = "non-responder"
SKIN = frozenset({"scr_rate", "ln_scl"})
_KEY = ["person", "time", "duration"]


@dataclass(frozen=True, slots=True, eq=False)
class SessionFrames:
    """What a hypothesis needs of an analysed session.

    Parameters
    ----------
    id : str
        Session id.
    features, short : DataFrame
        `arousal.tables.FEATURES` of the ordinary and of the 30-s windows, of those who agreed.
    timeline : Timeline
        Its course.
    protocol : Protocol
        What kind of session it was.
    settings : Settings
        How it was analysed; edges are taken from the hypothesis.
    group : str
        Pseudonym of the group.
    ratings : DataFrame, optional
        Ratings window by window: ``person`` (or ``group``), ``onset``, ``duration`` in s,
        ``measure``, ``value``.
    """

    id: str
    features: pd.DataFrame
    short: pd.DataFrame
    timeline: Timeline
    protocol: Protocol
    settings: Settings
    group: str = ""
    ratings: pd.DataFrame | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A case block: its number, who presents (empty if nobody was marked), who is a member."""

    index: int
    presenter: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class BlockWindows:
    """The windows of one block and measure, with those of the meeting around it.

    Parameters
    ----------
    persons : tuple of str
        Who stands in each row.
    layout : Layout
        Where the windows lie.
    values : ndarray, shape (persons, windows)
        The measure in its own unit; NaN = refused.
    speech : OwnSpeech
        Arrays of the same shape.
    absent : mapping
        Pseudonym -> why none of their windows may enter.
    """

    persons: tuple[str, ...]
    layout: Layout
    values: NDArray[np.float64]
    speech: OwnSpeech
    absent: Mapping[str, str]

    def rows_of(self, people: tuple[str, ...]) -> list[int]:
        """Rows of these people; those without any window have none."""
        return [self.persons.index(p) for p in people if p in self.persons]


@dataclass(frozen=True, eq=False)
class SessionWindows:
    """All windows of a session that a hypothesis may look at.

    Parameters
    ----------
    session : SessionFrames
        The session.
    hypothesis : Hypothesis
        Its edges and exclusions hold.
    """

    session: SessionFrames
    hypothesis: Hypothesis

    @cached_property
    def settings(self) -> Settings:
        """The session's settings with the hypothesis' edges."""
        edges = self.hypothesis.edges
        update = {
            "edge": edges.usual,
            "edge_short": edges.short,
            "edge_discussion": edges.discussion,
        }
        align: AlignSettings = self.session.settings.align.model_copy(update=update)
        return self.session.settings.model_copy(update={"align": align})

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The case blocks, each with the people in it."""
        line, protocol = self.session.timeline, self.session.protocol
        people = [str(p) for p in self.session.features["person"].unique()]
        found = []
        for block in line.blocks:
            middle = (block.onset + block.end) / 2
            groups = {p: group_of(line.role_of(p, middle), protocol) for p in people}
            members = tuple(p for p, g in groups.items() if g == "members" and p != block.presenter)
            found.append(Block(block.index, block.presenter or "", members))
        return tuple(found)

    @cached_property
    def _absent(self) -> dict[str, str]:
        named = self.hypothesis.exclusions.persons
        return {p: f"{p} is left out by the file: {why}" for p, why in named.items()}

    @cached_property
    def _silent_skin(self) -> dict[str, str]:
        """Who had no skin response all session."""
        if not self.hypothesis.exclusions.non_responders:
            return {}
        rows = self.session.features
        flagged = rows["eda_reasons"].str.split(";").map(lambda codes: NON_RESPONDER in codes)
        people = rows.loc[flagged, "person"].unique()
        return {str(p): f"{p} showed no skin response all session" for p in people}

    @cached_property
    def _windows(self) -> pd.DataFrame:
        """Usable windows of all measures, with own speech."""
        s = self.session
        usable = phase_windows(
            measure_windows(s.features, s.timeline, s.protocol, self.settings),
            s.short,
            s.timeline,
            s.protocol,
            self.settings,
        )
        return pd.concat([self._with_speech(usable), self._rated()], ignore_index=True)

    def _with_speech(self, windows: pd.DataFrame) -> pd.DataFrame:
        """Add own speech, now and in the window that began `LAG` s (whole steps) earlier."""
        both = pd.concat([self.session.features, self.session.short], ignore_index=True)
        middle = both["onset"] + both["duration"] / 2
        # Rounded, because a time minus a lag is not the same float as the earlier time.
        both = both.assign(time=middle.round(3)).drop_duplicates(_KEY)
        known = both.set_index(_KEY)["speech_fraction"]
        step = self.settings.windows.step
        lag = step * max(1, round(LAG / step))
        columns = {}
        for name, shift in (("speech_fraction", 0.0), ("speech_before", lag)):
            at = windows.assign(time=(windows["time"] - shift).round(3))
            columns[name] = known.reindex(pd.MultiIndex.from_frame(at[_KEY])).to_numpy()
        return windows.assign(**columns)

    def _rated(self) -> pd.DataFrame:
        s = self.session
        if s.ratings is None:
            return pd.DataFrame()
        place = align_windows(s.ratings, s.timeline, s.protocol, self.settings.align)
        rated = s.ratings[["person", "duration", "measure", "value"]].join(place)
        return rated[rated["inside"] & rated["certain"]].assign(
            speech_fraction=np.nan, speech_before=np.nan
        )

    def of(self, block: Block, measure: str) -> BlockWindows:
        """Lay the windows of one block and measure out as arrays."""
        rows = self._windows
        rows = rows[(rows["measure"] == measure) & rows["block"].isin([0, block.index])]
        rows = rows[rows["phase"] != ""]
        grid = rows[["time", "duration", "interval"]].drop_duplicates().sort_values("time")
        layout = Layout(
            (grid["time"] - grid["duration"] / 2).to_numpy(dtype=np.float64),
            grid["duration"].to_numpy(dtype=np.float64),
            grid["interval"].to_numpy(dtype=np.int64),
        )
        persons = tuple(str(p) for p in rows["person"].unique())
        row = rows["person"].map({p: i for i, p in enumerate(persons)}).to_numpy(dtype=np.int64)
        places = pd.MultiIndex.from_frame(grid[["time", "duration"]])
        column = places.get_indexer(pd.MultiIndex.from_frame(rows[["time", "duration"]]))
        arrays = []
        for name in ("value", "speech_fraction", "speech_before"):
            array = np.full((len(persons), len(grid)), np.nan)
            array[row, column] = rows[name]
            arrays.append(array)
        values, now, before = arrays
        absent = dict(self._absent)
        if measure in SKIN:
            absent = {**self._silent_skin, **absent}
        for person in absent.keys() & set(persons):
            values[persons.index(person)] = np.nan
        return BlockWindows(persons, layout, values, OwnSpeech(now, before), absent)
