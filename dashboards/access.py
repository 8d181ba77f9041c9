"""What one reader may see of a session: the only door between the tables and a page.

Figures, sentences and tables are built from what this module lets through, never from the
session's tables themselves. For a leader that is the group as `arousal.consent.group_view` allows
it (five and more: median and spread; three or four who all agreed: mean in 2-minute steps; fewer:
nothing and the reason), and the presenter only where they released their own curve and the delay
is over. For one person it is their own rows, and nothing of anybody else or of the group.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from arousal.consent import FULL_GROUP, SMALL_GROUP, Audience, GroupView, group_view
from arousal.errors import UsageError
from arousal.phase_align.align import group_of
from arousal.phase_align.curves import normalised_curves
from arousal.tables import INDEX_ID
from dashboards.lines import Line, binned_mean, group_line, own_line, phase_time_line
from dashboards.words import Estimate, estimate

if TYPE_CHECKING:
    import pandas as pd

    from arousal.pipeline import SessionResult

__all__ = ["Access", "Presenter", "only_person"]

PURPOSES = {Audience.LEADER: "group_view", Audience.PERSON: "own_view"}
"""What everyone in the tables must have agreed to; a researcher's tables may be for anything."""


def only_person(result: SessionResult, person: str) -> SessionResult:
    """Return a result that holds one person's rows and nobody else's.

    Raises
    ------
    UsageError
        If the person is not in it: unknown, without data, or without consent.
    """
    if person not in result.persons:
        raise UsageError(
            f"there is no own page for {person!r}",
            hint="they are unknown, have no usable data, or did not agree to 'own_view'",
        )
    line = result.timeline
    return replace(
        result,
        persons=(person,),
        timeline=replace(
            line,
            roles=tuple(r for r in line.roles if r.person == person),
            points=(),
            applied=(),
            findings=(),
        ),
        group=result.group.iloc[:0],
        index_parts={p: parts for p, parts in result.index_parts.items() if p == person},
        findings=(),
        features=_rows_of(result.features, person),
        curves=_rows_of(result.curves, person),
        phases=_rows_of(result.phases, person),
        quality=_rows_of(result.quality, person),
    )


def _rows_of(table: pd.DataFrame, person: str) -> pd.DataFrame:
    return table[table["person"] == person].reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class Presenter:
    """Whose own curve stands beside the group's, and this reader may see it.

    Parameters
    ----------
    person : str
        Pseudonym.
    block : int
        The case that this person presented; 0 for the one patient of a session without cases.
    role : str
        Role id of the protocol.
    """

    person: str
    block: int
    role: str


@dataclass(frozen=True, eq=False)
class Access:
    """One session through one reader's eyes.

    Parameters
    ----------
    result : SessionResult
        Tables of the persons who agreed to the reader's purpose (leader: ``group_view``).
    audience : Audience
        The reader.
    now : datetime
        Timezone-aware; decides whether a release's delay is over.
    person : str
        Whose own page it is, for the audience ``person``; empty otherwise. The tables are then
        cut to that person before anything else sees them.

    Raises
    ------
    UsageError
        If nobody agreed to such a page, the tables are of another purpose, or a page for one
        person does not say whose, or names somebody who is not in the tables.
    """

    result: SessionResult
    audience: Audience
    now: datetime
    person: str = ""

    def __post_init__(self) -> None:
        self.result.consents.check_audience(self.audience)
        wanted = PURPOSES.get(self.audience)
        if wanted is not None and self.result.purpose != wanted:
            raise UsageError(
                f"a {self.audience}'s page is made from tables for {wanted!r}, "
                f"not {self.result.purpose!r}",
                hint=f"Measured.result({wanted!r})",
            )
        if (self.audience is Audience.PERSON) is not bool(self.person):
            raise UsageError(
                "a page for one person needs that person, and no other page takes one",
                hint="--audience person --person P04",
            )
        if self.person:
            object.__setattr__(self, "result", only_person(self.result, self.person))

    @property
    def own_person(self) -> str:
        """Whose own page this is.

        Raises
        ------
        UsageError
            If it is no person's own page.
        """
        if not self.person:
            raise UsageError(f"a {self.audience}'s page is nobody's own")
        return self.person

    @property
    def everything(self) -> bool:
        """Whether this reader may see single persons."""
        return self.audience is Audience.RESEARCHER

    def check_everything(self) -> None:
        """Refuse to go on unless this reader may see single persons.

        Raises
        ------
        UsageError
            If they may not.
        """
        if not self.everything:
            raise UsageError(f"a {self.audience} may not see single persons")

    @cached_property
    def members(self) -> frozenset[str]:
        """Persons who were, at some time, neither leader nor presenter."""
        curves = self.result.curves
        return frozenset(curves.loc[self.is_member(curves), "person"])

    def is_member(self, frame: pd.DataFrame) -> pd.Series[bool]:
        """Return which rows of a table with a role column are members' rows."""
        protocol = self.result.protocol
        groups = {r: group_of(r, protocol) for r in frame["role"].unique()}
        return frame["role"].map(groups).eq("members")

    @cached_property
    def group(self) -> GroupView:
        """What the members' figures may show."""
        curves = self.result.curves
        valid = curves[
            (curves["measure"] == INDEX_ID) & curves["change"].notna() & self.is_member(curves)
        ]
        return self._view(tuple(sorted(set(valid["person"]))))

    def members_line(self, measure: str) -> Line | None:
        """Return the members' course in one measure; ``None`` where it may not be shown."""
        if self.group.level == "none":
            return None
        curves = self.result.curves
        rows = curves[(curves["measure"] == measure) & self.is_member(curves)]
        zero = self.result.recording.onset
        if self.group.level == "small":
            rows = rows[rows["person"].isin(self.group.persons)]
            return binned_mean(rows, zero, self.group.bin_seconds, fewest=SMALL_GROUP)
        group = self.result.group
        rows = group[(group["group"] == "members") & (group["measure"] == measure)]
        return group_line(rows, zero, fewest=1 if self.everything else FULL_GROUP)

    @cached_property
    def presenters(self) -> tuple[Presenter, ...]:
        """Presenters by case block; for a leader, too, the one patient where there are no cases."""
        if self.person:
            return ()
        curves, protocol = self.result.curves, self.result.protocol
        here = curves["role"] == protocol.presenter_role
        if not protocol.case_blocks and len(self.members) == 1 and not self.everything:
            here = curves["person"].isin(self.members)
        found = curves.loc[here, ["block", "person", "role"]].drop_duplicates()
        every = [
            Presenter(str(person), int(block), str(role))
            for block, person, role in sorted(found.itertuples(index=False))
        ]
        return tuple(p for p in every if self.may_see(p.person))

    def may_see(self, person: str) -> bool:
        """Whether this reader may see this person's own curve now."""
        if self.person:
            return person == self.person
        return self.everything or self.result.consents.released(person, self.now)

    def own_line(self, person: str, measure: str) -> Line | None:
        """Return one person's own course; ``None`` where there is none.

        Raises
        ------
        UsageError
            If this reader may not see it.
        """
        if not self.may_see(person):
            raise UsageError("this reader may not see a single person's curve")
        rows = self._own_curves.get((person, measure))
        return None if rows is None else own_line(rows, self.result.recording.onset)

    @cached_property
    def _own_curves(self) -> dict[tuple[str, str], pd.DataFrame]:
        by = self.result.curves.groupby(["person", "measure"], sort=False)
        return {(str(person), str(measure)): rows for (person, measure), rows in by}

    def phase_time_lines(self, measure: str) -> dict[str, Line]:
        """Return the members' line (under ``""``) and each person's on normalised phase time.

        Raises
        ------
        UsageError
            If this reader may not see single persons.
        """
        self.check_everything()
        bins = self.result.settings.align.progress_bins
        curves, group = self.result.curves, self.result.group
        own = normalised_curves(curves[curves["measure"] == measure], bins)
        lines = {str(p): phase_time_line(rows) for p, rows in own.groupby("person", sort=False)}
        here = group[(group["measure"] == measure) & (group["group"] == "members")]
        lines[""] = phase_time_line(normalised_curves(here, bins))
        return {name: line for name, line in lines.items() if line is not None}

    def over_members(self, values: pd.Series[float]) -> tuple[Estimate, GroupView]:
        """Summarise one value per member, as far as this reader may see it.

        Parameters
        ----------
        values : Series
            Indexed by person.

        Returns
        -------
        Estimate
            Without a number where it may not be shown.
        GroupView
            What may be shown of these contributors.
        """
        known = values[values.notna()]
        view = self._view(tuple(known.index))
        return estimate([] if view.level == "none" else known[list(view.persons)].tolist()), view

    def _view(self, contributors: tuple[str, ...]) -> GroupView:
        if self.person:
            return GroupView("none", ())
        if self.everything:
            return GroupView("full" if contributors else "none", contributors)
        return group_view(contributors, self.result.consents)
