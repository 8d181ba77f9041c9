"""Sessions -> one number per case block, contrast and measure, or the reason why there is none.

This is all that a hypothesis ever sees of a session: no p value is computed over windows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from arousal.hypothesis.block_value import PersonValues, block_values, need_of, person_values
from arousal.hypothesis.hypothesis_file import Hypothesis, HypothesisFile
from arousal.hypothesis.layout import Part, term_parts
from arousal.hypothesis.part_means import Need
from arousal.hypothesis.prediction import Contrast
from arousal.hypothesis.session_windows import (
    GROUP,
    Block,
    BlockWindows,
    SessionFrames,
    SessionWindows,
)
from arousal.tables import CONTRASTS, MEASURES

__all__ = ["SessionFrames", "contrast_table", "left_out", "session_contrasts"]

UNITS = {m.id: m.unit for m in MEASURES}
SIGNS = {m.id: m.sign for m in MEASURES}


def contrast_table(sessions: Iterable[SessionFrames], file: HypothesisFile) -> pd.DataFrame:
    """Compute every contrast of a hypothesis in every case block.

    Parameters
    ----------
    sessions : iterable of SessionFrames
        Sessions as they were analysed.
    file : HypothesisFile
        The hypothesis.

    Returns
    -------
    DataFrame
        `arousal.tables.CONTRASTS`; blocks that do not count are there with their reason.
    """
    parts = [session_contrasts(session, file) for session in sessions]
    return pd.concat(parts, ignore_index=True) if parts else CONTRASTS.empty()


def session_contrasts(session: SessionFrames, file: HypothesisFile) -> pd.DataFrame:
    """Compute every contrast of a hypothesis in one session; see `contrast_table`."""
    hypothesis = file.hypothesis
    if session.id in hypothesis.exclusions.sessions:
        reason = hypothesis.exclusions.sessions[session.id]
        return left_out(session.id, f"left out by the file: {reason}", hypothesis, session.group)
    if session.protocol.id not in file.protocol_ids:
        reason = f"its protocol is {session.protocol.id}, not {' or '.join(file.protocol_ids)}"
        return left_out(session.id, reason, hypothesis, session.group)
    if not session.timeline.blocks:
        return left_out(session.id, "no case was marked", hypothesis, session.group)
    rows = []
    windows = SessionWindows(session, hypothesis)
    measures = dict.fromkeys(m for c in hypothesis.contrasts for m in c.measures)
    for block in windows.blocks:
        arrays = {m: windows.of(block, m) for m in measures}
        for c in hypothesis.contrasts:
            rows += [_row(windows, block, c, m, arrays[m]) for m in c.measures]
    return _frame(rows)


def left_out(session: str, reason: str, hypothesis: Hypothesis, group: str = "") -> pd.DataFrame:
    """Rows of a session that does not enter at all: block 0, one per contrast and measure."""
    return _frame(
        [
            _Row(session, group, 0, "", c.id, m, np.nan, 0, 0, reason)
            for c in hypothesis.contrasts
            for m in c.measures
        ]
    )


@dataclass(frozen=True, slots=True)
class _Row:
    session: str
    group: str
    block: int
    presenter: str
    contrast: str
    measure: str
    value: float
    n_windows: int
    n_members: int
    reason: str


def _frame(rows: Sequence[_Row]) -> pd.DataFrame:
    columns = {
        name: [getattr(row, name) for row in rows]
        for name in CONTRASTS.names
        if name not in {"unit", "excluded"}
    }
    columns["unit"] = [UNITS.get(row.measure, "") for row in rows]
    columns["excluded"] = [bool(row.reason) for row in rows]
    return CONTRASTS.frame(columns)


def _row(
    windows: SessionWindows, block: Block, contrast: Contrast, measure: str, data: BlockWindows
) -> _Row:
    """One contrast of one block, with the reason where it has no value."""
    session, rules = windows.session, windows.hypothesis.exclusions
    align = windows.settings.align
    parts = term_parts(data.layout, contrast.terms, session.timeline, block.index, align)
    need = need_of(measure, rules)
    found = person_values(
        data.values, data.speech, data.layout, parts, contrast, need, windows.hypothesis.speech
    )
    people = (GROUP,) if contrast.who == "group" else block.members
    members = data.rows_of(people)
    presenter = data.rows_of((block.presenter,))
    total = block_values(
        found.value,
        contrast.who,
        presenter[0] if presenter else None,
        members,
        rules.min_members,
    )
    told = _Reasons(data, found, parts, need, contrast)
    value, count = float(total.value), int(total.members)
    reason = ""
    if np.isnan(value):
        reason = told.block(block, people, rules.min_members)
    used = [i for i in told.entered(presenter, members) if np.isfinite(found.value[i])]
    return _Row(
        session.id,
        session.group,
        block.index,
        block.presenter,
        contrast.id,
        measure,
        value * SIGNS.get(measure, 1),
        int(found.n[used].sum()),
        count,
        reason,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Reasons:
    """Say in words why somebody, or a whole block, has no value."""

    data: BlockWindows
    found: PersonValues
    parts: Sequence[Part]
    need: Need
    contrast: Contrast

    def entered(self, presenter: list[int], members: list[int]) -> list[int]:
        """Rows that the contrast looks at."""
        return {
            "presenter": presenter,
            "presenter-members": [*presenter, *members],
        }.get(self.contrast.who, members)

    def block(self, block: Block, people: tuple[str, ...], least: int) -> str:
        """Why the block has no value: the presenter first, then the others."""
        if self.contrast.who.startswith("presenter"):
            if not block.presenter:
                return "no presenter was marked"
            if reason := self.person(block.presenter):
                return f"presenter: {reason}"
        reasons = [self.person(p) for p in people]
        there, usual = reasons.count(""), Counter(r for r in reasons if r).most_common(1)
        if self.contrast.who == "group":
            return reasons[0]
        why = f" (most often: {usual[0][0]})" if usual else ""
        return f"{there} of {len(people)} members have a value, {least} are needed{why}"

    def person(self, person: str) -> str:
        """Why this person has no value; empty if they have one."""
        if person in self.data.absent:
            return self.data.absent[person]
        if person not in self.data.persons:
            return "no ratings" if self.contrast.rated else "no usable window of this measure"
        i = self.data.persons.index(person)
        if np.isfinite(self.found.value[i]):
            return ""
        for k, part in enumerate(self.parts):
            if reason := part.reason or self._part(i, k):
                return reason
        return self._speech(i)

    def _part(self, i: int, k: int) -> str:
        means, name = self.found.means, self.parts[k].name
        n, share, seconds = (float(a[i, k]) for a in (means.n, means.share, means.seconds))
        if n == 0:
            return self._no_window(i, k)
        if self.contrast.speech == "matched":
            return ""
        if share < self.need.share:
            quiet = "quiet " if self.contrast.speech == "quiet" else ""
            return (
                f"{share:.0%} of the {quiet}windows of {name} are valid, "
                f"{self.need.share:.0%} are needed"
            )
        if seconds < self.need.seconds:
            return (
                f"{seconds:.0f} s of {name} are covered by valid windows, "
                f"{self.need.seconds:.0f} s are needed"
            )
        return ""

    def _no_window(self, i: int, k: int) -> str:
        at, name = self.parts[k].member, self.parts[k].name
        if not np.isfinite(self.data.values[i, at]).any():
            return f"no valid window in {name}"
        if not np.isfinite(self.data.speech.now[i, at]).any():
            return f"nobody recorded who spoke in {name}"
        return f"no quiet window in {name}"

    def _speech(self, i: int) -> str:
        if self.found.slope is not None and np.isnan(self.found.slope[i]):
            return "own speech varies too little within phases to tell its effect"
        return "too few windows with as much own speech in both phases"
