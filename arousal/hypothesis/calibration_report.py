"""The calibration as a page of Markdown, and what it must not show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from arousal.hypothesis.calibration import CONDITIONS, EQUIVALENCE, Cell, Plan
from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.hypothesis.naive import NAIVE
from arousal.hypothesis.prediction import Contrast

__all__ = ["HIGHEST", "LOWEST", "calibration_page", "misses"]

HIGHEST = 0.06
"""Error rate above which a test is not offered as confirmatory."""
LOWEST = 0.04
"""Error rate below which an unadjusted test in a plain cell would be wasteful."""
PLAIN_TESTS = ("C2", "C6-difference")
"""Offered contrasts in which nothing is adjusted."""
MEANING = {
    "plain": "nothing beside noise",
    "drift": "everyone falls in a straight line, 1 SD over the evening, every evening",
    "speech": "everyone rises .7 SD while talking, the presenter 1.5 times as much",
    "room": "a fluctuation of .7 SD shared by everyone in the room, another one each evening",
    "bent drift": "everyone rises quickly and then levels off, 1 SD, every evening",
}


def misses(cells: Iterable[Cell], slack: float = 0.0) -> tuple[Cell, ...]:
    """Cells that break what was promised.

    Promised: at most `HIGHEST` in every cell of a contrast that may be confirmatory, and at least
    `LOWEST` in plain cells where nothing is adjusted (t everywhere, sign-flip from 8 blocks).

    Parameters
    ----------
    cells : iterable of Cell
        From `calibrate`.
    slack : float
        Monte-Carlo standard errors that a rate may lie beyond its bound.
    """
    return tuple(c for c in cells if c.offered and (_too_high(c, slack) or _too_low(c, slack)))


def _too_high(c: Cell, slack: float) -> bool:
    return c.rate - slack * _error(HIGHEST, c.reps) > HIGHEST


def _too_low(c: Cell, slack: float) -> bool:
    usual = c.condition == "plain" and c.contrast in PLAIN_TESTS
    coarse = c.test == "sign-flip" and c.blocks < 8
    return usual and not coarse and c.rate + slack * _error(LOWEST, c.reps) < LOWEST


def _error(rate: float, reps: int) -> float:
    """Standard error where the truth is the bound: a rate of 0 has none of its own."""
    return float((rate * (1 - rate) / reps) ** 0.5)


def calibration_page(
    cells: Sequence[Cell], plan: Plan, seconds: float, processor: float, day: date
) -> str:
    """Write the page.

    Parameters
    ----------
    cells : sequence of Cell
        From `calibrate`.
    plan : Plan
        What was simulated.
    seconds, processor : float
        How long it took by the clock, and of one core's time.
    day : datetime.date
        When it was run.
    """
    hypothesis = load_hypothesis("farkas2024").hypothesis
    broken = misses(cells)
    error = (0.05 * 0.95 / plan.reps) ** 0.5
    lines = [
        "# Calibration",
        "",
        "How often the tests say that something is there when nothing is. Each number is the share",
        f"of {plan.reps:,} simulated studies with p < .05 (one-sided); its own standard error is",
        f"about {error:.4f} at .05. Every study runs through the functions that real sessions go",
        "through. In bold: above .06.",
        "",
        f"Made by `arousal calibrate --reps {plan.reps} --seed {plan.seed}`",
        f"on {day.isoformat()}, in {seconds / 60:.0f} min ({processor / 60:.0f} min of one core).",
        "",
        "A study is up to 20 evenings of `balint-90`, each with its own timetable and course of",
        f"talk, a presenter and {plan.members} members. Families of noise: half white and half",
        "1/f, and autoregressive with .80, .92 and .98 between neighbours 30 s apart.",
        "",
        "| condition | what is true beside noise |",
        "| --- | --- |",
        *(f"| {name} | {MEANING[name]} |" for name in CONDITIONS if name in plan.conditions),
        "",
        "## Verdict",
        "",
        _verdict(broken),
        "",
        *_summary(cells, plan),
    ]
    for name in plan.contrasts:
        contrast = hypothesis.contrast(name)
        lines += [f"## {name}: {contrast.label}", "", _offered(contrast), ""]
        lines += _table([c for c in cells if c.contrast == name], plan)
    if plan.naive:
        lines += _naive_table(cells, plan)
    return "\n".join(lines) + "\n"


def _verdict(broken: Sequence[Cell]) -> str:
    if not broken:
        return (
            "Every contrast that may be called confirmatory errs in at most .06 of the studies, in "
            "every family, condition and size, and in at least .04 where nothing is adjusted."
        )
    told = ", ".join(
        f"{c.contrast} ({c.family}, {c.condition}, {c.blocks} blocks, {c.test}: {c.rate:.4f})"
        for c in broken
    )
    return f"**Out of bounds:** {told}."


def _summary(cells: Sequence[Cell], plan: Plan) -> list[str]:
    """Lowest and highest rate of each offered contrast, over families, sizes and tests."""
    names = [n for n in plan.contrasts if any(c.contrast == n and c.offered for c in cells)]
    lines = [
        "Lowest and highest rate over noise, size and test, of what may be confirmatory:",
        "",
        "| contrast | " + " | ".join(plan.conditions) + " |",
        "| --- |" + " ---: |" * len(plan.conditions),
    ]
    for name in names:
        row = []
        for condition in plan.conditions:
            rates = [c.rate for c in cells if (c.contrast, c.condition) == (name, condition)]
            row.append(f"{_number(min(rates))} to {_number(max(rates))}")
        lines.append(f"| {name} | " + " | ".join(row) + " |")
    return [*lines, ""]


def _offered(contrast: Contrast) -> str:
    if contrast.id == EQUIVALENCE:
        return (
            "An equivalence (TOST) whose truth lies on its margin; descriptive, because a drift "
            "moves it, but it may be supported."
        )
    if contrast.drift_control:
        return f"May be confirmatory: {contrast.drift_control}."
    return f'Never confirmatory and never "supported": {contrast.drift_left} looks the same.'


def _table(cells: Sequence[Cell], plan: Plan) -> list[str]:
    tests = list(dict.fromkeys(c.test for c in cells))
    known = {(c.family, c.condition, c.test, c.blocks): c for c in cells}
    head = [f"{b} blocks" for b in plan.blocks]
    lines = [
        "| condition | noise | test | " + " | ".join(head) + " | blocks lost |",
        "| --- | --- | --- |" + " ---: |" * (len(head) + 1),
    ]
    for condition in plan.conditions:
        for family in plan.families:
            for test in tests:
                row = [known[family, condition, test, b] for b in plan.blocks]
                numbers = " | ".join(_number(c.rate) for c in row)
                lost = f"{row[-1].missing:.0%}"
                lines.append(f"| {condition} | {family} | {test} | {numbers} | {lost} |")
    return [*lines, ""]


def _number(rate: float) -> str:
    text = f"{rate:.4f}"[1:] if rate < 1 else "1.0000"
    return f"**{text}**" if rate > HIGHEST else text


def _naive_table(cells: Sequence[Cell], plan: Plan) -> list[str]:
    known = {(c.contrast, c.family, c.condition): c for c in cells if c.test == "naive"}
    blocks = {name: known[name, plan.families[0], plan.conditions[0]].blocks for name in NAIVE}
    lines = [
        "## What people do instead",
        "",
        "The same evenings, analysed as is often done. None of this is offered.",
        "",
        "| method | blocks | condition | " + " | ".join(plan.families) + " |",
        "| --- | ---: | --- |" + " ---: |" * len(plan.families),
    ]
    for name, what in NAIVE.items():
        for condition in plan.conditions:
            row = [known[name, family, condition] for family in plan.families]
            numbers = " | ".join(_number(c.rate) for c in row)
            lines.append(f"| {what} | {blocks[name]} | {condition} | {numbers} |")
    return lines
