"""The tests of a hypothesis over case blocks, and what follows from them: one row per test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from arousal.errors import NothingUsableError
from arousal.hypothesis import inference
from arousal.hypothesis.hypothesis_file import LEAST_BLOCKS, Cluster, Hypothesis
from arousal.hypothesis.mixed_model import mixed_mean
from arousal.hypothesis.prediction import Contrast
from arousal.hypothesis.registration import Status
from arousal.hypothesis.several_tests import adjust, families
from arousal.hypothesis.units import cluster_for
from arousal.hypothesis.verdict import Evidence, Verdict, decide, too_few
from arousal.tables import MEASURES, RESULTS

__all__ = ["cluster_of", "results_table", "units_of"]

UNITS = {m.id: m.unit for m in MEASURES}
NONE = float("nan")


@dataclass(frozen=True, slots=True)
class _Tested:
    """The numbers of one test; NaN where it was not made."""

    n_blocks: int
    n_units: int
    mean: float = NONE
    low: float = NONE
    high: float = NONE
    g: float = NONE
    g_low: float = NONE
    g_high: float = NONE
    t: float = NONE
    df: float = NONE
    p_t: float = NONE
    p_flip: float = NONE
    p_mixed: float = NONE
    p: float = NONE
    reference: float = NONE
    bounds: tuple[float, float] = (NONE, NONE)
    trouble: str = ""


def results_table(
    contrasts: pd.DataFrame, hypothesis: Hypothesis, status: Mapping[str, Status]
) -> pd.DataFrame:
    """Test every contrast over case blocks.

    Parameters
    ----------
    contrasts : DataFrame
        `arousal.tables.CONTRASTS`.
    hypothesis : Hypothesis
        Directions, alpha, margins, which p decides.
    status : mapping
        Contrast id -> whether it may be called confirmatory.

    Returns
    -------
    DataFrame
        `arousal.tables.RESULTS`. With fewer than six independent units there is a mean and no test.
    """
    tests = [(c, m) for c in hypothesis.contrasts for m in c.measures]
    tested = [_test(_rows(contrasts, c, m), c, m, hypothesis) for c, m in tests]
    keys = [families(c.status, c.family) for c, _ in tests]
    adjusted, told = adjust([t.p for t in tested], keys)
    rows = [
        _row(c, m, t, float(p), how, hypothesis, status[c.id])
        for (c, m), t, p, how in zip(tests, tested, adjusted, told, strict=True)
    ]
    return RESULTS.frame({name: [row[name] for row in rows] for name in RESULTS.names})


def _rows(contrasts: pd.DataFrame, contrast: Contrast, measure: str) -> pd.DataFrame:
    here = (contrasts["contrast"] == contrast.id) & (contrasts["measure"] == measure)
    return contrasts[here & ~contrasts["excluded"]]


def cluster_of(contrast: Contrast, h: Hypothesis) -> Cluster:
    """Return what makes blocks one unit for this contrast."""
    return cluster_for(h.cluster, presenter="presenter" in contrast.who)


def units_of(rows: pd.DataFrame, cluster: Cluster) -> NDArray[np.float64]:
    """Values of independent units: blocks, or means of the blocks that share a cluster.

    Parameters
    ----------
    rows : DataFrame
        Rows of `arousal.tables.CONTRASTS` with a value, of one contrast and measure.
    cluster : {"none", "presenter", "session", "group"}
        What makes blocks one unit.

    Returns
    -------
    ndarray, shape (units,)
    """
    values = rows["value"].to_numpy(dtype=np.float64)
    return inference.cluster_means(values, _clusters(rows, cluster)) if len(rows) else values


def _clusters(rows: pd.DataFrame, cluster: Cluster) -> NDArray[np.object_]:
    own = (rows["session"] + "/" + rows["block"].astype(str)).to_numpy(dtype=object)
    if cluster == "none":
        return own
    names = rows[cluster].to_numpy(dtype=object)
    # Nobody is told to repeat by a name that is not there.
    return np.where(names == "", own, names)


def _test(rows: pd.DataFrame, contrast: Contrast, measure: str, h: Hypothesis) -> _Tested:
    units = units_of(rows, cluster_of(contrast, h))
    count = _Tested(len(rows), units.size)
    if units.size < LEAST_BLOCKS:
        return replace(count, mean=float(units.mean())) if units.size else count
    try:
        summary = inference.summarise(units)
    except NothingUsableError as error:
        return replace(count, mean=float(units.mean()), trouble=error.message)
    low, high = inference.mean_interval(units)
    g_low, g_high = inference.hedges_g_interval(units)
    bounds = inference.mean_interval(units, 1 - 2 * h.alpha)
    sd = float(summary.sd)
    return replace(
        _p_values(count, units, rows, contrast, measure, h),
        mean=float(summary.mean),
        low=float(low),
        high=float(high),
        g=float(inference.hedges_g(units)),
        g_low=float(g_low),
        g_high=float(g_high),
        bounds=(float(bounds[0]), float(bounds[1])),
        reference=contrast.margin.get(measure, contrast.smallest.get(measure, h.smallest_dz * sd)),
    )


def _p_values(
    count: _Tested,
    units: NDArray[np.float64],
    rows: pd.DataFrame,
    contrast: Contrast,
    measure: str,
    h: Hypothesis,
) -> _Tested:
    if contrast.direction == "equivalence":
        t, df, p = inference.equivalence(units, contrast.margin[measure])
        return replace(count, t=float(t), df=float(df), p_t=float(p), p=float(p))
    t, df, p = inference.student_t(units, contrast.direction)
    flip = float(inference.sign_flip(units, contrast.direction))
    mixed = NONE
    if h.mixed and 3 <= units.size < len(rows):
        names = _clusters(rows, cluster_of(contrast, h))
        mixed = mixed_mean(rows["value"].to_numpy(), names, contrast.direction).p
    decides = flip if h.test == "sign-flip" else float(p)
    return replace(
        count, t=float(t), df=float(df), p_t=float(p), p_flip=flip, p_mixed=mixed, p=decides
    )


def _row(
    contrast: Contrast,
    measure: str,
    tested: _Tested,
    adjusted: float,
    how: str,
    h: Hypothesis,
    status: Status,
) -> dict[str, Any]:
    verdict = _verdict(contrast, measure, tested, adjusted, h)
    names = set(RESULTS.names)
    numbers = {n: getattr(tested, n) for n in _Tested.__slots__ if n in names}
    return {
        **numbers,
        "contrast": contrast.id,
        "measure": measure,
        "claim": contrast.claim,
        "label": contrast.label,
        "status": contrast.status,
        "who": contrast.who,
        "direction": contrast.direction,
        "unit": UNITS.get(measure, ""),
        "p_adjusted": adjusted,
        "correction": how,
        "confirmatory": status.confirmatory,
        "why_not": "; ".join(status.reasons),
        "verdict": verdict.word,
        "why": verdict.why,
    }


def _verdict(
    contrast: Contrast, measure: str, tested: _Tested, adjusted: float, h: Hypothesis
) -> Verdict:
    if tested.trouble:
        return Verdict("cannot tell", tested.trouble)
    if tested.n_units < LEAST_BLOCKS:
        return too_few(tested.n_units, tested.n_blocks)
    return decide(
        Evidence(
            tested.n_units,
            UNITS.get(measure, ""),
            tested.mean,
            *tested.bounds,
            adjusted,
            h.alpha,
            contrast.direction,
            tested.reference,
            contrast.drift_left,
            drift_forbids=not contrast.rated,
        )
    )
