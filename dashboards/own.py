"""What a person's own page says: their own course against their own quiet start, never graded.

One person in one session is no group: there is no certainty to speak of, so the page names the
highest and the lowest phase, says that this need not mean anything, and leaves out the expected
pattern, which invites holding oneself against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from arousal.consent import GroupView
from dashboards.bands import Band, distinct
from dashboards.estimates import Cell, own_cell
from dashboards.story import Story, is_too_short

__all__ = ["OwnStory"]


@dataclass(frozen=True)
class OwnStory(Story):
    """What a page says in words to one person about their own session."""

    START: ClassVar[str] = "own_start"

    def cell(self, band: Band, measure: str) -> Cell:
        """Return the person's own number: mean over windows, low and high its spread."""
        return own_cell(self.access, band, measure)

    def words(self, band: Band, cell: Cell) -> str:
        """Say where most of a phase's windows lie against the own quiet start."""
        say = self.say
        if own := self.reference(band):
            return own
        if is_too_short(cell):
            return say("phases.too_short")
        if not cell.value.shown:
            return say("phases.own_no_number")
        above, below = cell.value.low > 0, cell.value.high < 0
        where = "above" if above else "below" if below else "within"
        return say(f"phases.own_{where}", start=self.start)

    def stood_out(self) -> tuple[str, str]:
        """Name the highest and the lowest phase."""
        shown = [(b, c) for b, c in self.index_cells if c.value.shown and not b.quiet]
        if not self.bands:
            return self.say("summary.no_phases"), ""
        if len(shown) < 2:
            return self.say("summary.own_nothing"), ""
        ordered = sorted(shown, key=lambda pair: pair[1].value.mid)
        (low, low_cell), (high, high_cell) = ordered[0], ordered[-1]
        numbers = self.say(
            "summary.numbers",
            high=high.name,
            low=low.name,
            high_value=self.with_spread(high_cell),
            low_value=self.with_spread(low_cell),
            since=self.since,
        )
        return self.say("summary.own_stood_out", high=high.name, low=low.name), numbers

    def with_spread(self, cell: Cell, digits: int = 1) -> str:
        """Write a number with the spread over its windows: ``+0.8 [+0.5 to +1.1]``."""
        say, value = self.say, cell.value
        if not np.isfinite(value.low):
            return say.number(value.mid, digits)
        low, high = say.number(value.low, digits), say.number(value.high, digits)
        return say.number(value.mid, digits) + say("cell.spread", low=low, high=high)

    def how_sure(self) -> str:
        """Say that one person in one session proves nothing."""
        return self.say("summary.own_alone")

    def refusal(self, view: GroupView) -> str:  # noqa: ARG002
        """Say why a number is missing."""
        return self.say("phases.own_no_number")

    def missing(self) -> str:
        """Say what the person would look for and does not find."""
        say = self.say
        gone = [(b, c) for b, c in self.index_cells if b.certain and not c.value.shown]
        unsure = [b.label for b in distinct(self.bands) if not b.certain]
        short = [b.label for b, c in gone if is_too_short(c)]
        empty = [b.label for b, c in gone if not is_too_short(c)]
        absent = self.unmarked()
        sentences = []
        if unsure:
            names = say.listing(unsure)
            sentences.append(say.count("summary.uncertain", len(unsure), names=names))
        if absent:
            sentences.append(say("summary.unmarked", names=say.listing(absent)))
        if short:
            sentences.append(say("summary.too_short", names=say.listing(short)))
        if empty:
            sentences.append(f"{say.listing(empty)}: {say('phases.own_no_number')}.")
        if "baseline" not in self.baseline_kinds:
            sentences.append(say("summary.no_baseline"))
        return " ".join(sentences) or say("summary.nothing_missing")

    def people_behind(self) -> str:
        """Return nothing: there is one person behind the line."""
        return ""

    @property
    def indexed(self) -> frozenset[str]:
        """Whose index the page shows."""
        return frozenset({self.access.own_person})

    @property
    def alt_key(self) -> str:
        """Which sentence describes the curve."""
        return "curve.own_alt"
