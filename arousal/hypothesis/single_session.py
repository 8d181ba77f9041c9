"""One session against an expected course: exploratory, whatever comes out.

The curve of the whole session is held against its surrogates (`arousal.hypothesis.surrogates`), so
that there is time outside the phases in question. Where these phases fill nearly the whole circle,
an own slow drift looks like a falling course: over 91 % of the session, false positives reached
.07 under circular shifts and .13 under random phases (AR .98); over 74 %, .05. The result says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from arousal.errors import ArousalError, NothingUsableError
from arousal.hypothesis.hypothesis_file import Hypothesis, Template
from arousal.hypothesis.layout import term_parts
from arousal.hypothesis.own_speech import LAG, own_slope
from arousal.hypothesis.panel import LEAST_MEMBERS, Panel, members_at, session_panel
from arousal.hypothesis.part_means import valid_windows
from arousal.hypothesis.prediction import Contrast
from arousal.hypothesis.session_windows import SessionFrames
from arousal.hypothesis.surrogates import (
    ContrastPattern,
    Direction,
    Pattern,
    SurrogateTest,
    TemplatePattern,
    effective_windows,
    surrogate_p,
)
from arousal.settings import AlignSettings

__all__ = ["MOST_COVERED", "SingleSession", "curve_of", "single_session"]

FloatArray = NDArray[np.float64]

MOST_COVERED = 0.85
"""Share of the session's windows beyond which the result warns of slow drifts."""
DRAWS = 999


@dataclass(frozen=True, slots=True)
class SingleSession:
    """What one case block says about one expectation; never confirmatory.

    Parameters
    ----------
    expectation : str
        Id of the contrast, or ``"template"``.
    block : int
        Case block.
    measure, unit : str
        What, and the unit of a contrast's value (a template's is a correlation, without unit).
    who : str
        Whose curve it is.
    control : str
        ``"members' median"`` where it was subtracted, else empty: then a drift of everyone enters.
    value : float
        Contrast or correlation, signed so that up = more arousal; NaN with a reason.
    tests : tuple of SurrogateTest
        All circular shifts, and phase randomisation.
    n : int
        Windows with a value in the phases concerned.
    n_effective : float
        Independent windows that they are worth.
    missing : float
        Share of these phases' windows without a value.
    notes : tuple of str
        What weakens the answer.
    reason : str
        Why there is no value.
    exploratory : bool
        Always true.
    audience : str
        Always ``"researcher"``.
    """

    expectation: str
    block: int
    measure: str
    unit: str
    who: str
    control: str
    value: float = np.nan
    tests: tuple[SurrogateTest, ...] = ()
    n: int = 0
    n_effective: float = np.nan
    missing: float = np.nan
    notes: tuple[str, ...] = ()
    reason: str = ""
    exploratory: Literal[True] = field(default=True, init=False)
    audience: Literal["researcher"] = field(default="researcher", init=False)


def single_session(
    session: SessionFrames,
    hypothesis: Hypothesis,
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> tuple[SingleSession, ...]:
    """Hold every case block of one session against every contrast and template of a hypothesis.

    Parameters
    ----------
    session : SessionFrames
        An analysed session.
    hypothesis : Hypothesis
        Ratings and equivalence are left out: surrogates say nothing about them. Where a contrast
        matches windows by speech, the own slope is taken out instead: matched windows are no curve
        that could be turned.
    rng : numpy.random.Generator
        For random phases.
    draws : int
        Phase-randomised curves.

    Returns
    -------
    tuple of SingleSession
        What cannot be computed is there with its reason.
    """
    edges = hypothesis.edges
    align = session.settings.align.model_copy(
        update={
            "edge": edges.usual,
            "edge_short": edges.short,
            "edge_discussion": edges.discussion,
        }
    )
    found: list[SingleSession] = []
    wanted = [c for c in hypothesis.contrasts if not c.rated and c.direction != "equivalence"]
    measures = tuple(dict.fromkeys(m for c in wanted for m in c.measures))
    for panel in _panels(session, measures):
        for block in (b.index for b in session.timeline.blocks):
            tell = _Teller(session, panel, block, align, hypothesis, rng, draws)
            found += [tell.contrast(c) for c in wanted if panel.measure in c.measures]
            found += [tell.template(t) for t in hypothesis.templates]
    return tuple(found)


def _panels(session: SessionFrames, measures: Iterable[str]) -> Iterator[Panel]:
    for measure in measures:
        try:
            yield session_panel(session, measure)
        except NothingUsableError:
            continue


def curve_of(
    panel: Panel, session: SessionFrames, who: str, block: int
) -> tuple[FloatArray, str, str]:
    """The curve of somebody in a case block: values, control that was subtracted, reason if none.

    Parameters
    ----------
    panel : Panel
    session : SessionFrames
    who : {"presenter", "members", "presenter-members"}
    block : int

    Returns
    -------
    tuple
        Deviations from own median in the measure's unit, shape (n,); control; reason.
    """
    nothing = np.full(panel.values.shape[1], np.nan)
    members = members_at(panel, session)
    presenter = session.timeline.presenter(block)
    row = panel.row(presenter) if presenter else None
    if row is not None:
        members[row] = False
    median = panel.median_of(members)
    if who == "members":
        enough = np.isfinite(median).any()
        return median, "", "" if enough else f"fewer than {LEAST_MEMBERS} members have values"
    if not presenter:
        return nothing, "", "no presenter was marked"
    if row is None or not np.isfinite(panel.values[row]).any():
        return nothing, "", "the presenter has no value of this measure"
    if who == "presenter":
        return panel.deviation[row], "", ""
    if not np.isfinite(median).any():
        return nothing, "", f"fewer than {LEAST_MEMBERS} members have values"
    return panel.deviation[row] - median, "members' median", ""


@dataclass(frozen=True, slots=True, eq=False)
class _Teller:
    session: SessionFrames
    panel: Panel
    block: int
    align: AlignSettings
    hypothesis: Hypothesis
    rng: np.random.Generator
    draws: int

    def contrast(self, contrast: Contrast) -> SingleSession:
        panel = self._spoken(contrast.speech)
        curve, control, reason = curve_of(panel, self.session, contrast.who, self.block)
        blank = SingleSession(
            contrast.id, self.block, panel.measure, panel.unit, contrast.who, control
        )
        layout, places = panel.layout(self.session.timeline, self.align)
        line = self.session.timeline
        parts = term_parts(layout, contrast.terms, line, self.block, self.align)
        reason = reason or next((p.reason for p in parts if p.reason), "")
        if reason:
            return replace(blank, reason=reason)
        cells = np.zeros((len(parts), curve.size), dtype=bool)
        for i, part in enumerate(parts):
            cells[i, places[part.member]] = True
        factors = np.array([t.weight for t in contrast.terms])
        pattern = ContrastPattern(cells, factors, self.hypothesis.exclusions.min_valid)
        direction: Direction = "two-sided"
        if contrast.direction in {"greater", "less"}:
            direction = "greater" if contrast.direction == "greater" else "less"
        return self._tested(blank, pattern, curve * panel.sign, direction)

    def template(self, template: Template) -> SingleSession:
        panel = self.panel
        who = "members" if template.who == "members" else "presenter-members"
        curve, control, reason = curve_of(panel, self.session, who, self.block)
        if reason and who == "presenter-members":
            curve, control, reason = curve_of(panel, self.session, "presenter", self.block)
        blank = SingleSession("template", self.block, panel.measure, "", template.who, control)
        if reason:
            return replace(blank, reason=reason)
        layout, places = panel.layout(self.session.timeline, self.align)
        heights = np.full(curve.size, np.nan)
        for place, stretch in zip(places, layout.stretch, strict=True):
            phase = self.session.timeline.phases[stretch]
            if phase.block in {0, self.block} and phase.phase in template.heights:
                heights[place] = template.heights[phase.phase]
        try:
            pattern = TemplatePattern(heights, self.hypothesis.exclusions.min_valid)
        except ArousalError as error:
            return replace(blank, reason=error.message)
        return self._tested(blank, pattern, curve * panel.sign, "greater")

    def _spoken(self, rule: str) -> Panel:
        """The panel as the contrast's speech rule wants it."""
        panel, speech = self.panel, self.hypothesis.speech
        if rule == "ignored":
            return panel
        values = panel.values.copy()
        if rule == "quiet":
            keep = speech.unknown == "keep"
            fit = valid_windows(values, panel.speech, rule, speech.quiet_max, keep)
            values[~fit] = np.nan
        else:
            layout, places = panel.layout(self.session.timeline, self.align)
            before = _earlier(panel)
            slope = own_slope(values[:, places], panel.speech[:, places], layout, before[:, places])
            values = values - slope[:, None] * panel.speech
        return replace(panel, values=values)

    def _tested(
        self, blank: SingleSession, pattern: Pattern, curve: FloatArray, direction: Direction
    ) -> SingleSession:
        concerned = np.isfinite(pattern.weights)
        known = concerned & np.isfinite(curve)
        missing = 1.0 - float(known.sum() / concerned.sum())
        value = float(pattern.evaluate(curve[None])[0])
        tests = (
            surrogate_p(pattern, curve, direction),
            surrogate_p(pattern, curve, direction, draws=self.draws, rng=self.rng),
        )
        return replace(
            blank,
            value=value,
            tests=tests,
            n=int(known.sum()),
            n_effective=effective_windows(curve, pattern.weights),
            missing=missing,
            notes=_notes(blank, float(concerned.mean())),
            reason="" if np.isfinite(value) else tests[0].reason,
        )


def _earlier(panel: Panel) -> FloatArray:
    """Own speech in the windows that began `LAG` s (whole steps) earlier; NaN at the start."""
    steps = max(1, round(LAG / panel.step))
    before = np.full(panel.speech.shape, np.nan)
    before[:, steps:] = panel.speech[:, :-steps]
    return before


def _notes(blank: SingleSession, covered: float) -> tuple[str, ...]:
    notes = []
    if not blank.control:
        notes.append("no control: a drift of everyone looks like an effect")
    if covered > MOST_COVERED:
        notes.append(f"the phases fill {covered:.0%} of the session: an own slow drift may pass")
    return tuple(notes)
