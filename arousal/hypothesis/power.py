"""How many case blocks a registered hypothesis needs, from simulated evenings with the effect in.

The effect is planted in windows, so that parts, coverage, own speech and members take their toll;
its size is given in SD of block contrasts (Cohen's dz), as that is what a test over blocks sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from arousal.errors import UsageError
from arousal.hypothesis.hypothesis_file import LEAST_BLOCKS, MOST_PRIMARIES, Hypothesis
from arousal.hypothesis.inference import Alternative, student_t
from arousal.hypothesis.layout import term_parts
from arousal.hypothesis.prediction import Contrast
from arousal.hypothesis.simulated_blocks import (
    PRESENTER,
    Conditions,
    Drawn,
    Evening,
    contrast_of,
    draw,
    make_evening,
)
from arousal.protocol import load_protocol

__all__ = ["PowerPlan", "PowerRow", "blocks_needed", "power_curve", "primary_of"]

FloatArray = NDArray[np.float64]
EVENINGS = 10
PILOT = 2_000
CHUNK = 500


@dataclass(frozen=True, slots=True)
class PowerPlan:
    """What is simulated.

    Parameters
    ----------
    blocks : tuple of int
        Sizes of study, each at least 6.
    members : int
        Beside the presenter, 3-9.
    effect : float
        Mean / SD of block contrasts, above 0, in the expected direction.
    reps : int
        Repetitions, 100 and more.
    seed : int
        Same seed, same numbers.
    conditions : Conditions
        Noise and what else is true.
    protocol : str
        Bundled protocol.

    Raises
    ------
    UsageError
        If something is out of range.
    """

    blocks: tuple[int, ...] = tuple(range(6, 41))
    members: int = 8
    effect: float = 0.8
    reps: int = 1_000
    seed: int = 1
    conditions: Conditions = field(default_factory=lambda: Conditions("ar92", speech=0.7))
    protocol: str = "balint-90"

    def __post_init__(self) -> None:
        if not self.blocks or min(self.blocks) < LEAST_BLOCKS:
            raise UsageError(f"blocks is {self.blocks}, allowed {LEAST_BLOCKS} and above")
        if not self.effect > 0:
            raise UsageError(f"effect is {self.effect}, allowed above 0")
        if self.reps < 100:
            raise UsageError(f"reps is {self.reps}, allowed 100 and above")


@dataclass(frozen=True, slots=True)
class PowerRow:
    """Power of one size of study.

    Parameters
    ----------
    blocks : int
        Case blocks.
    one_sided : float
        One primary test in the expected direction at alpha.
    two_sided : float
        The same, two-sided.
    holm : float
        Mean share of three primaries supported after Holm where all three effects are there.
    alone : float
        One primary after Holm where the other two effects are not there: the worst case.
    error : float
        Monte-Carlo standard error of ``one_sided``.
    """

    blocks: int
    one_sided: float
    two_sided: float
    holm: float
    alone: float
    error: float


def primary_of(hypothesis: Hypothesis) -> Contrast:
    """First contrast that power is asked for: the first primary on bodies.

    Raises
    ------
    UsageError
        If there is none, or it is an equivalence.
    """
    for contrast in hypothesis.contrasts:
        if contrast.status == "primary" and not contrast.rated:
            if contrast.direction == "equivalence":
                raise UsageError(f"{contrast.id} is an equivalence; power of it is not simulated")
            return contrast
    raise UsageError(f"{hypothesis.name} has no primary contrast on bodies")


def power_curve(
    hypothesis: Hypothesis,
    contrast: Contrast,
    plan: PowerPlan,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[PowerRow, ...]:
    """Simulate studies with an effect and count how often it is found.

    Parameters
    ----------
    hypothesis : Hypothesis
        Alpha, edges, exclusions.
    contrast : Contrast
        Which one; see `primary_of`.
    plan : PowerPlan
        What is simulated. For Holm, three independent measures are drawn.
    progress : callable
        Called with a short line as the work goes on.

    Raises
    ------
    UsageError
        If no simulated block gives the contrast a value.
    """
    protocol = load_protocol(plan.protocol)
    evenings = [
        make_evening(protocol, plan.members, hypothesis, 1000 * plan.seed + i)
        for i in range(EVENINGS)
    ]
    rng = np.random.default_rng([plan.seed, 77])
    sign = -1.0 if contrast.direction == "less" else 1.0
    shifts = [sign * _shift(e, contrast, hypothesis, plan, rng) for e in evenings]
    measures = MOST_PRIMARIES
    null = np.empty((measures, plan.reps, max(plan.blocks)))
    there = null.copy()
    for m in range(measures):
        for b in range(max(plan.blocks)):
            progress(f"measure {m + 1} of {measures}, block {b + 1} of {max(plan.blocks)}")
            k = b % EVENINGS
            pair = _both(evenings[k], shifts[k], contrast, hypothesis, plan, rng)
            null[m, :, b], there[m, :, b] = pair
    return tuple(_row(null, there, n, contrast, hypothesis) for n in plan.blocks)


def _shift(
    evening: Evening,
    contrast: Contrast,
    hypothesis: Hypothesis,
    plan: PowerPlan,
    rng: np.random.Generator,
) -> float:
    """Rise in windows of positive weight that moves the contrast by ``effect`` SD."""
    drawn = draw(evening, plan.conditions, PILOT // 2, rng)
    values = contrast_of(evening, drawn, contrast, hypothesis).value
    if np.isfinite(values).sum() < 2:
        raise UsageError(f"no simulated evening of {plan.protocol} gives {contrast.id} a value")
    total = sum(t.weight for t in contrast.terms if t.weight > 0)
    return plan.effect * float(np.nanstd(values, ddof=1)) / total


def _both(
    evening: Evening,
    shift: float,
    contrast: Contrast,
    hypothesis: Hypothesis,
    plan: PowerPlan,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """The same noise without and with the effect."""
    null, there = np.empty(plan.reps), np.empty(plan.reps)
    for start in range(0, plan.reps, CHUNK):
        at = slice(start, min(start + CHUNK, plan.reps))
        drawn = draw(evening, plan.conditions, at.stop - at.start, rng)
        null[at] = contrast_of(evening, drawn, contrast, hypothesis).value
        with_effect = _planted(evening, drawn, shift, contrast)
        there[at] = contrast_of(evening, with_effect, contrast, hypothesis).value
    return null, there


def _planted(evening: Evening, drawn: Drawn, shift: float, contrast: Contrast) -> Drawn:
    align = evening.settings.align
    parts = term_parts(evening.layout, contrast.terms, evening.timeline, 1, align)
    higher = np.zeros(evening.layout.onset.shape, dtype=bool)
    for term, part in zip(contrast.terms, parts, strict=True):
        higher |= part.member & (term.weight > 0)
    rows = slice(1, None) if contrast.who == "members" else slice(PRESENTER, PRESENTER + 1)
    values = drawn.values.copy()
    values[:, rows] += np.float32(shift) * higher
    return Drawn(values, drawn.speech)


def _row(
    null: FloatArray, there: FloatArray, n: int, contrast: Contrast, hypothesis: Hypothesis
) -> PowerRow:
    alpha = hypothesis.alpha
    way: Alternative = "less" if contrast.direction == "less" else "greater"
    x = there[:, :, :n]
    if contrast.direction == "two-sided":
        way = "two-sided"
    p = student_t(x, way)[2]
    one = float(np.mean(p[0] < alpha))
    two = float(np.mean(student_t(x[0], "two-sided")[2] < alpha))
    alone = np.stack([p[0], *(student_t(null[m, :, :n], way)[2] for m in (1, 2))])
    return PowerRow(
        n,
        one,
        two,
        float(_holm(p, alpha).mean()),
        float(_holm(alone, alpha)[0].mean()),
        float(np.sqrt(one * (1 - one) / p.shape[1])),
    )


def _holm(p: FloatArray, alpha: float) -> NDArray[np.bool_]:
    """Which of the tests on the first axis Holm supports, for every repetition at once."""
    count = len(p)
    order = np.argsort(p, axis=0)
    ranked = np.take_along_axis(p, order, axis=0)
    limits = alpha / np.arange(count, 0, -1.0)[:, None]
    passed = np.logical_and.accumulate(ranked < limits, axis=0)
    supported = np.empty_like(passed)
    np.put_along_axis(supported, order, passed, axis=0)
    return supported


def blocks_needed(rows: Sequence[PowerRow], power: float = 0.8) -> int | None:
    """Smallest study from which on one primary reaches this power; ``None`` if none does."""
    enough = [r.blocks for r in rows if r.one_sided >= power]
    return min(enough, default=None)
