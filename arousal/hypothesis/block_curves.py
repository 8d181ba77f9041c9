"""The course of a contrast over its phase: one curve per case block on phase-normalised time.

A curve shows where in a phase something happens. It is centred on each person's own mean over the
phase, so that it has a shape and no level, as the contrast of thirds has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.hypothesis import inference
from arousal.hypothesis.block_value import block_values
from arousal.hypothesis.hypothesis_file import Hypothesis
from arousal.hypothesis.layout import term_parts
from arousal.hypothesis.part_means import valid_windows
from arousal.hypothesis.prediction import Contrast, Term
from arousal.hypothesis.session_windows import Block, BlockWindows, SessionFrames, SessionWindows
from arousal.hypothesis.units import Repeats
from arousal.phase_align.align import edge_of
from arousal.tables import MEASURES

__all__ = ["BINS", "BlockCurve", "block_curves", "shape_phase", "unit_curves"]

FloatArray = NDArray[np.float64]
BINS = 12
"""Equal shares of what is left of a phase without its edge."""
SIGNS = {m.id: m.sign for m in MEASURES}


@dataclass(frozen=True, slots=True, eq=False)
class BlockCurve:
    """One block's curve.

    Parameters
    ----------
    session, presenter : str
        Where it comes from.
    block : int
        Case block.
    values : ndarray, shape (bins,)
        In the measure's unit, up = more arousal; NaN without enough people.
    """

    session: str
    block: int
    presenter: str
    values: FloatArray


def shape_phase(contrast: Contrast) -> str:
    """Return the one phase whose course a contrast is about; empty if it compares phases."""
    phases = {t.phase for t in contrast.terms}
    return phases.pop() if len(phases) == 1 and not contrast.rated else ""


def block_curves(
    session: SessionFrames, hypothesis: Hypothesis, contrast: Contrast, measure: str
) -> tuple[BlockCurve, ...]:
    """Compute a contrast's curve in every block of a session.

    Returns
    -------
    tuple of BlockCurve
        Blocks in which nobody who is needed has a value are left out.
    """
    windows = SessionWindows(session, hypothesis)
    found = []
    for block in windows.blocks:
        values = _curve(windows, block, contrast, windows.of(block, measure))
        if np.isfinite(values).any():
            signed = values * SIGNS[measure]
            found.append(BlockCurve(session.id, block.index, block.presenter, signed))
    return tuple(found)


def unit_curves(curves: Sequence[BlockCurve], contrast: Contrast, repeats: Repeats) -> FloatArray:
    """Average the curves of blocks that are one independent unit.

    Parameters
    ----------
    curves : sequence of BlockCurve
        Of one contrast and measure, of any number of sessions.
    contrast : Contrast
        Says whether the presenter enters.
    repeats : Repeats
        Which blocks count as one.

    Returns
    -------
    ndarray, shape (units, bins)
        NaN where no block of a unit has a value.
    """
    enters = "presenter" in contrast.who
    names = [repeats.unit(c.session, c.block, presenter=enters) for c in curves]
    values = np.array([c.values for c in curves]).reshape(len(curves), BINS)
    return inference.cluster_means(values.T, names).T


def _curve(
    windows: SessionWindows, block: Block, contrast: Contrast, data: BlockWindows
) -> FloatArray:
    people, rules = _persons(windows, block, contrast, data), windows.hypothesis.exclusions
    presenter = data.rows_of((block.presenter,))
    total = block_values(
        people,
        contrast.who,
        presenter[0] if presenter else None,
        data.rows_of(block.members),
        rules.min_members,
    )
    return np.asarray(total.value, dtype=np.float64)


def _persons(
    windows: SessionWindows, block: Block, contrast: Contrast, data: BlockWindows
) -> FloatArray:
    """Each person's mean per bin less their mean over bins, shape (bins, persons)."""
    empty = np.full((BINS, len(data.persons)), np.nan)
    whole = Term(phase=shape_phase(contrast), weight=1.0)
    line, align = windows.session.timeline, windows.settings.align
    part = term_parts(data.layout, (whole,), line, block.index, align)[0]
    certain = [p for p in line.intervals(whole.phase, block.index) if p.certain]
    if part.reason or len(certain) != 1:
        return empty
    onset = certain[0].onset + edge_of(certain[0], align)
    share = (data.layout.time - onset) / (certain[0].end - onset)
    rule = windows.hypothesis.speech
    valid = valid_windows(
        data.values,
        data.speech.now,
        contrast.speech if contrast.speech == "quiet" else "ignored",
        rule.quiet_max,
        rule.unknown == "keep",
    )
    means = _bin_means(data.values, valid, share, part.member)
    # A person enters with at least half of the bins, as a part needs half of its windows.
    enough = np.isfinite(means).mean(axis=0) >= windows.hypothesis.exclusions.min_valid
    centred = means - _mean_over_bins(means)
    return np.where(enough, centred, empty)


def _bin_means(
    values: FloatArray, valid: NDArray[np.bool_], share: FloatArray, member: NDArray[np.bool_]
) -> FloatArray:
    at = np.clip((share * BINS).astype(np.int64), 0, BINS - 1)
    rows: Sequence[FloatArray] = [_mean(values, valid & member & (at == b)) for b in range(BINS)]
    return np.array(rows)


def _mean(values: FloatArray, use: NDArray[np.bool_]) -> FloatArray:
    count = use.sum(axis=1)
    total = np.where(use, values, 0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _mean_over_bins(means: FloatArray) -> FloatArray:
    there = np.isfinite(means)
    count = np.maximum(there.sum(axis=0), 1)
    return np.asarray(np.where(there, means, 0).sum(axis=0) / count)
