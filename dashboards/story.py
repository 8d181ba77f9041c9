"""The sentences at the top of a page: what stood out, how sure, how much data, what is missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from arousal.consent import FULL_GROUP, SMALL_GROUP, GroupView
from arousal.tables import INDEX_ID, MEASURES
from dashboards.access import Access
from dashboards.bands import Band, distinct, phase_bands
from dashboards.estimates import Cell, members_difference, members_in_phase
from dashboards.messages import Messages
from dashboards.words import against_start, between, grade, share

__all__ = ["Story", "is_too_short"]

CARDIAC = ("ecg", "ppg", "rr", "hr")


def is_too_short(cell: Cell) -> bool:
    """Whether a phase has no number because no window fits into it: nobody's data are at fault."""
    return not cell.value.shown and cell.reason.startswith("too short")


@dataclass(frozen=True)
class Story:
    """What a page says in words about one session.

    Parameters
    ----------
    access : Access
        What its reader may see.
    say : Messages
        The catalogue.
    """

    access: Access
    say: Messages

    START: ClassVar[str] = "start"
    """Under which key the catalogue has the words for what changes are counted from."""

    @cached_property
    def bands(self) -> tuple[Band, ...]:
        """The marked phases."""
        return phase_bands(self.access.result, self.say)

    @cached_property
    def index_cells(self) -> tuple[tuple[Band, Cell], ...]:
        """The members' index in each phase."""
        return tuple((band, self.cell(band, INDEX_ID)) for band in distinct(self.bands))

    def cell(self, band: Band, measure: str) -> Cell:
        """Return the number that this page shows for a phase and measure."""
        return members_in_phase(self.access, band, measure)

    def words(self, band: Band, cell: Cell) -> str:
        """Say a phase's number against the quiet start."""
        if own := self.reference(band):
            return own
        if is_too_short(cell):
            return self.say("phases.too_short")
        if cell.view is not None and not cell.value.shown:
            return self.say("phases.no_number", reason=self.refusal(cell.view))
        return against_start(cell.value, self.start, self.say)

    def summary(self) -> list[dict[str, str]]:
        """Return the four lines of "In one minute": label, text, and numbers in small print."""
        lines = (
            ("stood_out", *self.stood_out()),
            ("how_sure", self.how_sure(), ""),
            ("usable", " ".join(self.usable()), ""),
            ("missing", self.missing(), ""),
        )
        return [
            {"label": self.say(f"summary.{key}"), "text": text, "numbers": numbers}
            for key, text, numbers in lines
        ]

    def stood_out(self) -> tuple[str, str]:
        """Say which phase was highest and which lowest, as far as the grades allow."""
        if not self.bands:
            return self.say("summary.no_phases"), ""
        shown = [(b, c) for b, c in self.index_cells if c.value.shown and not b.quiet]
        if len(shown) < 2:
            return self.say("words.between.cannot_say"), ""
        ordered = sorted(shown, key=lambda pair: pair[1].value.mid)
        (low, low_cell), (high, high_cell) = ordered[0], ordered[-1]
        difference = members_difference(self.access, high, low)
        text = between(difference, high.name, low.name, self.say)
        told = grade(difference, picked=True).has_direction
        numbers = self.say(
            "summary.numbers" if told else "summary.numbers_unclear",
            high=high.name,
            low=low.name,
            high_value=self.with_spread(high_cell),
            low_value=self.with_spread(low_cell),
            **({"since": self.since} if told else {}),
        )
        return text, numbers

    def with_spread(self, cell: Cell, digits: int = 1) -> str:
        """Write a number with its middle half and n: ``+0.8 (+0.5 to +1.1; n = 7)``."""
        value = cell.value
        if not value.shown:
            return "–"
        spread = ""
        if np.isfinite(value.low):
            low, high = self.say.number(value.low, digits), self.say.number(value.high, digits)
            spread = self.say("cell.spread", low=low, high=high)
        return self.say(
            "cell.value", value=self.say.number(value.mid, digits), spread=spread, n=value.n
        )

    def how_sure(self) -> str:
        """Say what the group's size allows."""
        view = self.access.group
        if view.level == "none":
            return self.say("summary.sure_none", reason=self.refusal(view))
        n = len(view.persons)
        few = view.level == "small" or n < FULL_GROUP
        if few:
            return self.say.count("summary.sure_small", n)
        return self.say("summary.sure_group", n=n)

    def refusal(self, view: GroupView) -> str:
        """Say why there is no number or curve of a group."""
        n = len(view.persons)
        if n == 0:
            return self.say("refusal.nobody")
        if n < SMALL_GROUP:
            return self.say.count("refusal.few", n)
        return self.say("refusal.tick", n=n)

    def usable(self) -> list[str]:
        """Say how much of the heart and the skin data was usable."""
        quality = self.access.result.quality
        used = quality[quality["used"]]
        sentences = []
        for key, kinds in (("hearts", CARDIAC), ("skin", ("eda",))):
            rows = used[used["kind"].isin(kinds)]
            if len(rows):
                fraction = float(rows.groupby("person")["usable_fraction"].max().mean())
                sentences.append(self.say(f"trust.{key}", share=share(fraction, self.say)))
        return sentences or [self.say("words.share.none")]

    def missing(self) -> str:
        """Say what a reader would look for and does not find."""
        sentences = []
        unsure = [b for b in distinct(self.bands) if not b.certain]
        if unsure:
            names = self.say.listing(b.label for b in unsure)
            sentences.append(self.say.count("summary.uncertain", len(unsure), names=names))
        absent = self.unmarked()
        if absent:
            sentences.append(self.say("summary.unmarked", names=self.say.listing(absent)))
        gone = [(b, c) for b, c in self.index_cells if b.certain and not c.value.shown]
        short = [b.label for b, c in gone if is_too_short(c)]
        if short:
            sentences.append(self.say("summary.too_short", names=self.say.listing(short)))
        empty = [b.label for b, c in gone if not is_too_short(c)]
        if empty and self.access.group.level != "none":
            sentences.append(self.say("summary.no_numbers", names=self.say.listing(empty)))
        if "baseline" not in self.baseline_kinds:
            sentences.append(self.say("summary.no_baseline"))
        if not self.access.everything:
            own = len({p.person for p in self.access.presenters})
            shown = self.say.count("summary.own_shown", own) if own else ""
            sentences.append(shown or self.say("summary.own_hidden"))
        return " ".join(sentences) or self.say("summary.nothing_missing")

    def unmarked(self) -> list[str]:
        """Return the names of phases that the protocol expects and nobody marked."""
        marked = {band.phase for band in self.bands}
        phases = self.access.result.protocol.phases
        return [
            self.say.term("phase", p.name)
            for p in phases
            if marked and not p.optional and p.id not in marked
        ]

    @cached_property
    def baseline_kinds(self) -> Counter[str]:
        """What the persons' changes are counted from, with how many persons each."""
        table = self.access.result.phases
        rows = table[(table["person"] != "members") & (table["measure"] != "device_heart_rate")]
        first = rows.groupby("person")["baseline"].agg(lambda kinds: kinds.mode().iloc[0])
        return Counter(first.tolist())

    def reference(self, band: Band) -> str:
        """Say that everybody's changes are counted from this very phase; empty if they are not."""
        if set(self.baseline_kinds) != {band.phase}:
            return ""
        return self.say("phases.reference" if self.from_quiet_start else "phases.reference_other")

    @property
    def from_quiet_start(self) -> bool:
        """Whether everybody's changes are counted from the quiet start."""
        return set(self.baseline_kinds) == {"baseline"}

    @property
    def start(self) -> str:
        """What changes are counted from, as it stands behind "above": ``the quiet start``."""
        return self.say(f"{self.START}.{self._counted_from}")

    @property
    def since(self) -> str:
        """What changes are counted from, as it stands behind "change": ``from the quiet start``."""
        return self.say(f"{self.START}_from.{self._counted_from}")

    @property
    def _counted_from(self) -> str:
        kinds = [kind for kind in self.baseline_kinds if kind != "none"]
        return kinds[0] if len(kinds) == 1 else "mixed"

    def baseline(self) -> str:
        """Say what changes are counted from."""
        kinds = self.baseline_kinds or Counter({"session": 1})
        if len(kinds) == 1:
            return self.say(f"baseline.{next(iter(kinds))}")
        parts = [self.say.count(f"baseline.part.{k}", n) for k, n in kinds.most_common()]
        return self.say("baseline.mixed", parts=self.say.listing(parts))

    def people_behind(self) -> str:
        """Say how many people stand behind the members' line of the index."""
        line = self.access.members_line(INDEX_ID)
        if line is None:
            return ""
        shown = line.people[np.isfinite(line.mid)]
        low, high = int(shown.min()), int(shown.max())
        if low == high:
            return self.say("curve.people_same", n=low)
        return self.say("curve.people_range", low=low, high=high)

    def parts(self) -> str:
        """Say what the display index is made of, and for how many people it has fewer parts."""
        say, shown = self.say, self.indexed
        by_parts = Counter(
            parts for person, parts in self.access.result.index_parts.items() if person in shown
        )
        if not by_parts:
            return ""
        order = [m.id for m in MEASURES]
        every = sorted({p for parts in by_parts for p in parts}, key=order.index)
        text = say("curve.parts_full", parts=say.listing(say(f"part.{p}") for p in every))
        fewer = [(p, n) for p, n in by_parts.most_common() if set(p) != set(every)]
        if fewer:
            entries = [
                say.count(
                    "curve.parts_entry",
                    n,
                    parts=say.listing(say(f"part.{p}") for p in parts) or say("cell.no_part"),
                )
                for parts, n in fewer
            ]
            text += " " + say("curve.parts_fewer", list="; ".join(entries))
        return text

    @property
    def indexed(self) -> frozenset[str]:
        """Whose index the page shows together."""
        return self.access.members

    @property
    def alt_key(self) -> str:
        """Which sentence describes the curve."""
        return "curve.alt"

    def curve_alt(self) -> str:
        """Return the curve's course in words, for those who do not see it."""
        say = self.say
        length = max((b.end for b in self.bands), default=self.minutes)
        if not self.bands:
            phases = say("curve.alt_plain")
        else:
            shown = [(b, c) for b, c in self.index_cells if c.value.shown]
            phases = "; ".join(
                say("curve.alt_phase", label=b.label, value=self.with_spread(c)) for b, c in shown
            )
        return say(self.alt_key, minutes=f"{length:.0f}", phases=phases or say("curve.alt_nothing"))

    @property
    def minutes(self) -> float:
        """Length of the recording in minutes."""
        recording = self.access.result.recording
        return (recording.end - recording.onset) / 60
