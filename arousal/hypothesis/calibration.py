"""How often the tests err when nothing is there: error rates over families, conditions and blocks.

Every repetition is a study of up to 20 simulated evenings without any phase effect, taken through
the functions that real sessions go through (`person_values`, `block_values`, `student_t`,
`sign_flip`, `equivalence`). Noise is drawn once and shared by the conditions, and the first n of 20
evenings make the smaller studies, so cells of one family are not independent of each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.errors import UsageError
from arousal.hypothesis.hypothesis_file import Hypothesis, load_hypothesis
from arousal.hypothesis.inference import equivalence, sign_flip, student_t
from arousal.hypothesis.layout import term_parts
from arousal.hypothesis.naive import (
    NAIVE,
    anova_over_windows,
    members_apart,
    template_over_windows,
)
from arousal.hypothesis.prediction import Contrast
from arousal.hypothesis.simulated_blocks import (
    Conditions,
    Drawn,
    Evening,
    contrast_of,
    draw_noise,
    make_evening,
    persons_of,
    vary,
)
from arousal.protocol import load_protocol
from arousal.simulate.noise import NOISE_FAMILIES

__all__ = ["CONDITIONS", "CONTRASTS", "Cell", "Plan", "calibrate"]

FloatArray = NDArray[np.float64]
Progress = Callable[[str], None]

CONDITIONS: dict[str, dict[str, float]] = {
    "plain": {},
    "drift": {"drift": 1.0},
    "speech": {"speech": 0.7, "presenter_slope": 1.5},
    "room": {"room": 0.7},
    "bent drift": {"settling": -1.0},
}
"""Condition -> what is true beside noise; see `Conditions`."""
CONTRASTS = (
    "C2",
    "C1-members",
    "C6-difference",
    "C6",
    "C2-plain",
    "C1-baseline",
    "C1-return",
    "C7",
)
"""Contrasts of the bundled hypothesis: three that may be confirmatory, five that may not."""
EQUIVALENCE = "C5"
MARGIN = 1.0
"""Margin of the equivalence, in SD; its error is counted where the truth lies on it."""
CHUNK = 500
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated.

    Parameters
    ----------
    reps : int
        Repetitions, 100 and more.
    seed : int
        Same seed, same table.
    families : tuple of str
        Of ``arousal.simulate.NOISE_FAMILIES``.
    conditions : tuple of str
        Of `CONDITIONS`.
    blocks : tuple of int
        Sizes of study.
    contrasts : tuple of str
        Of the bundled hypothesis.
    members : int
        Beside the presenter.
    naive : bool
        Whether naive methods stand beside.

    Raises
    ------
    UsageError
        If something is unknown or out of range.
    """

    reps: int = 10_000
    seed: int = 1
    families: tuple[str, ...] = tuple(NOISE_FAMILIES)
    conditions: tuple[str, ...] = tuple(CONDITIONS)
    blocks: tuple[int, ...] = (6, 8, 12, 20)
    contrasts: tuple[str, ...] = (*CONTRASTS, EQUIVALENCE)
    members: int = 8
    naive: bool = True

    def __post_init__(self) -> None:
        if self.reps < 100:
            raise UsageError(f"reps is {self.reps}, allowed 100 and above")
        if not self.blocks or min(self.blocks) < 2:
            raise UsageError(f"blocks is {self.blocks}, allowed 2 and above")
        for name, known in (("families", NOISE_FAMILIES), ("conditions", CONDITIONS)):
            if other := [x for x in getattr(self, name) if x not in known]:
                raise UsageError(f"{name} names {other[0]!r}, known: {', '.join(known)}")


@dataclass(frozen=True, slots=True)
class Cell:
    """One error rate.

    Parameters
    ----------
    family, condition : str
        Noise, and what was true beside it.
    contrast : str
        Id in the bundled hypothesis, or a naive method.
    test : str
        ``t``, ``sign-flip``, ``TOST`` or ``naive``.
    blocks : int
        Case blocks of each study.
    rate : float
        Share of studies with p below .05.
    reps : int
        Studies.
    offered : bool
        Whether the word confirmatory is allowed for it.
    missing : float
        Share of blocks without a value.
    """

    family: str
    condition: str
    contrast: str
    test: str
    blocks: int
    rate: float
    reps: int
    offered: bool = False
    missing: float = 0.0

    @property
    def error(self) -> float:
        """Monte-Carlo standard error of the rate."""
        return float(np.sqrt(self.rate * (1 - self.rate) / self.reps))


@dataclass(slots=True)
class _Study:
    """Values of one condition.

    ``blocks``: contrast -> one number per repetition and block. The rest serves naive methods:
    ``apart`` the same per member, ``one`` p of one session, ``pooled`` (repetitions, blocks, third,
    n / sum / sum of squares), ``raw`` a contrast with speech ignored.
    """

    blocks: dict[str, FloatArray]
    apart: FloatArray
    one: dict[str, FloatArray]
    pooled: FloatArray
    raw: FloatArray


def calibrate(plan: Plan, progress: Progress = lambda _: None) -> tuple[Cell, ...]:
    """Count errors.

    Parameters
    ----------
    plan : Plan
        What is simulated.
    progress : callable
        Called with a short line as the work goes on.

    Returns
    -------
    tuple of Cell
        By family, condition, contrast, blocks and test.
    """
    hypothesis = load_hypothesis("farkas2024").hypothesis
    protocol = load_protocol("balint-90")
    evenings = [
        make_evening(protocol, plan.members, hypothesis, 1000 * plan.seed + i)
        for i in range(max(plan.blocks))
    ]
    cells: list[Cell] = []
    for family in plan.families:
        studies = _simulate(plan, family, evenings, hypothesis, progress)
        for condition, study in studies.items():
            progress(f"{family}, {condition}: tests")
            cells += _count(plan, family, condition, study, hypothesis)
            if plan.naive:
                cells += _count_naive(plan, family, condition, study)
    return tuple(cells)


def _simulate(
    plan: Plan,
    family: str,
    evenings: Sequence[Evening],
    hypothesis: Hypothesis,
    progress: Progress,
) -> dict[str, _Study]:
    studies = {name: _blank(plan) for name in plan.conditions}
    place = list(NOISE_FAMILIES).index(family)
    for b, evening in enumerate(evenings):
        progress(f"{family}, evening {b + 1} of {len(evenings)}")
        for chunk, at in enumerate(_chunks(plan.reps)):
            rng = np.random.default_rng([plan.seed, place, b, chunk])
            base = draw_noise(evening, family, at.stop - at.start, rng)
            for name, study in studies.items():
                conditions = Conditions(noise=family, **CONDITIONS[name])
                drawn = vary(evening, conditions, base, rng)
                _fill(study, b, at, evening, drawn, hypothesis, plan)
    return studies


def _chunks(reps: int) -> Iterator[slice]:
    for start in range(0, reps, CHUNK):
        yield slice(start, min(start + CHUNK, reps))


def _blank(plan: Plan) -> _Study:
    shape = (plan.reps, max(plan.blocks))
    return _Study(
        {name: np.empty(shape) for name in plan.contrasts},
        np.empty((*shape, plan.members)),
        {name: np.empty(plan.reps) for name in ("anova", "template")},
        np.zeros((plan.reps, max(plan.blocks), 2, 3)),
        np.empty(shape),
    )


def _fill(
    study: _Study,
    b: int,
    at: slice,
    evening: Evening,
    drawn: Drawn,
    hypothesis: Hypothesis,
    plan: Plan,
) -> None:
    for name, values in study.blocks.items():
        found = contrast_of(evening, drawn, hypothesis.contrast(name), hypothesis)
        values[at, b] = found.value
    if not plan.naive:
        return
    if b == 0:
        study.one["anova"][at] = anova_over_windows(evening, drawn)
        heights = hypothesis.templates[0].heights
        study.one["template"][at] = template_over_windows(evening, drawn, heights)
    study.apart[at, b] = persons_of(evening, drawn, hypothesis.contrast("C7"), hypothesis).value
    raw = _unadjusted(hypothesis.contrast("C1-baseline"))
    study.raw[at, b] = contrast_of(evening, drawn, raw, hypothesis).value
    study.pooled[at, b] = _third_moments(evening, drawn, hypothesis.contrast("C2-plain"))


def _unadjusted(contrast: Contrast) -> Contrast:
    return contrast.model_copy(update={"speech": "ignored"})


def _third_moments(evening: Evening, drawn: Drawn, contrast: Contrast) -> FloatArray:
    """Count, sum and sum of squares of the presenter's windows in each third, less their mean."""
    align = evening.settings.align
    parts = term_parts(evening.layout, contrast.terms, evening.timeline, 1, align)
    own = drawn.values[:, 0].astype(np.float64)
    both = np.logical_or.reduce([p.member for p in parts])
    own = own - own[:, both].mean(axis=1, keepdims=True)
    moments = [
        [np.full(len(own), p.member.sum()), own[:, p.member].sum(1), (own[:, p.member] ** 2).sum(1)]
        for p in parts
    ]
    return np.moveaxis(np.array(moments, dtype=np.float64), -1, 0)


def _count(
    plan: Plan, family: str, condition: str, study: _Study, hypothesis: Hypothesis
) -> Iterator[Cell]:
    for name, values in study.blocks.items():
        contrast = hypothesis.contrast(name)
        offered = bool(contrast.drift_control) and contrast.status != "exploratory"
        for blocks in plan.blocks:
            x = values[:, :blocks]
            lost = float(np.isnan(x).mean())
            if contrast.direction == "equivalence":
                rates = {"TOST": _rate(equivalence(x + MARGIN, MARGIN)[2])}
            else:
                rates = {"t": _rate(student_t(x)[2]), "sign-flip": _rate(sign_flip(x))}
            for test, rate in rates.items():
                yield Cell(family, condition, name, test, blocks, rate, plan.reps, offered, lost)


def _rate(p: NDArray[np.float64]) -> float:
    # The rounding of (k + 1) / (flips + 1) must not decide about a p of exactly .05.
    return float(np.mean(p <= ALPHA + 1e-12))


def _count_naive(plan: Plan, family: str, condition: str, study: _Study) -> Iterator[Cell]:
    blocks = max(b for b in plan.blocks if b <= 12) if min(plan.blocks) <= 12 else plan.blocks[0]
    rates = {name: (_rate(p), 1) for name, p in study.one.items()}
    rates["pooled"] = (_rate(_pooled_p(study.pooled[:, :blocks])), blocks)
    rates["apart"] = (_rate(members_apart(study.apart[:, :blocks])), blocks)
    rates["raw"] = (_rate(student_t(study.raw[:, :blocks])[2]), blocks)
    rates["plain"] = (_rate(student_t(study.blocks["C2-plain"][:, :blocks])[2]), blocks)
    for name in NAIVE:
        rate, n = rates[name]
        yield Cell(family, condition, name, "naive", n, rate, plan.reps)


def _pooled_p(moments: FloatArray) -> FloatArray:
    """One-sided p of a two-sample t over pooled windows, shape (repetitions,)."""
    from scipy import stats

    total = moments.sum(axis=1)
    n, sums, squares = total[..., 0], total[..., 1], total[..., 2]
    mean = sums / n
    within = (squares - n * mean**2).sum(axis=-1)
    df = n.sum(axis=-1) - 2
    se = np.sqrt(within / df * (1 / n).sum(axis=-1))
    return np.asarray(stats.t.sf((mean[:, 0] - mean[:, 1]) / se, df))
