"""What people do, and how often it "confirms" noise; only ever computed on simulated evenings.

These stand beside our tests in the calibration and nowhere else: they are p values over windows, or
over people who share a room, and none of them is offered to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from arousal.hypothesis.inference import student_t
from arousal.hypothesis.simulated_blocks import PRESENTER, Drawn, Evening

__all__ = ["NAIVE", "anova_over_windows", "members_apart", "template_over_windows"]

Floats = NDArray[np.float64]

NAIVE = {
    "anova": "ANOVA over the presenter's windows of four phases, one session",
    "template": "Pearson p of the presenter's windows with a template, one session",
    "pooled": "t over windows, first against last third, all blocks, block means removed",
    "apart": "members' middle minus last third, every member an independent person",
    "raw": "presentation minus baseline, own speech ignored",
    "plain": "the presenter's fall over the discussion, without the others",
}
"""Method -> what it is."""
PHASES = ("presentation", "questions", "discussion", "return")


def anova_over_windows(evening: Evening, drawn: Drawn) -> Floats:
    """Compare phases by an ANOVA over windows, as if independent: p, shape (repetitions,)."""
    from scipy import stats

    phase = _phase_of(evening)
    own = drawn.values[:, PRESENTER]
    groups = [own[:, phase == name] for name in PHASES]
    return np.asarray(stats.f_oneway(*groups, axis=1).pvalue)


def template_over_windows(evening: Evening, drawn: Drawn, heights: Mapping[str, float]) -> Floats:
    """Correlate windows with a template: two-sided p, shape (repetitions,)."""
    from scipy import stats

    phase = _phase_of(evening)
    here = np.isin(phase, list(heights))
    x = np.array([heights[name] for name in phase[here]])
    y = drawn.values[:, PRESENTER][:, here]
    x, y = x - x.mean(), y - y.mean(axis=1, keepdims=True)
    r = (y @ x) / np.sqrt((x @ x) * (y**2).sum(axis=1))
    df = x.size - 2
    t = r * np.sqrt(df / (1 - r**2))
    return np.asarray(2 * stats.t.sf(np.abs(t), df))


def members_apart(values: NDArray[np.float64]) -> Floats:
    """Test members and blocks alike as independent: one-sided p of t, shape (repetitions,).

    Parameters
    ----------
    values : ndarray, shape (repetitions, blocks, members)
        Each member's contrast in each block.
    """
    return student_t(values.reshape(len(values), -1))[2]


def _phase_of(evening: Evening) -> NDArray[np.object_]:
    names = np.array([p.phase for p in evening.timeline.phases], dtype=object)
    found: NDArray[np.object_] = names[evening.layout.stretch]
    return found
