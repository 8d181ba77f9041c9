"""A person's own reference: the quiet start, and what stands in for it where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd

from arousal.protocol import Protocol

__all__ = ["own_baselines"]

MAD_TO_SD = 1.4826
"""Median absolute deviation of a normal distribution x this = its standard deviation."""


def own_baselines(windows: pd.DataFrame, counted: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """Reference and spread of each person and measure.

    The reference is the mean over the valid windows of the first of ``protocol.baseline_phases``
    that counts (baseline, then recovery, then opening), else the median of the session.

    Parameters
    ----------
    windows : DataFrame
        From `arousal.phase_align.counting.measure_windows`: the whole session.
    counted : DataFrame
        From `arousal.phase_align.counting.count_phases`.
    protocol : Protocol
        Which phases may serve, first choice first.

    Returns
    -------
    DataFrame
        Indexed by person and measure: ``baseline`` (phase id, ``session`` or ``none``), ``value``
        and ``scaled`` (the reference on both scales), ``spread`` (session MAD x 1.4826 on the
        scaled axis; NaN where the MAD is 0), ``n`` (windows behind the reference).
    """
    key = ["person", "measure"]
    grouped = windows.groupby(key)[["value", "scaled"]]
    frame = grouped.median().assign(baseline="session", n=grouped.count()["value"])
    middle = frame["scaled"].reindex(pd.MultiIndex.from_frame(windows[key])).to_numpy()
    deviation = (windows["scaled"] - middle).abs()
    mad = deviation.groupby([windows[k] for k in key]).median()
    frame["spread"] = (mad * MAD_TO_SD).where(mad > 0)
    frame.loc[frame["n"] == 0, "baseline"] = "none"
    good = counted[counted["reason"] == ""].reset_index()
    for phase in reversed(protocol.baseline_phases):
        # The first choice is written last and stands; of several blocks the first counts.
        found = good[good["phase"] == phase].sort_values("block").drop_duplicates(key)
        found = found.set_index(key)
        frame.loc[found.index, "value"] = found["mean"]
        frame.loc[found.index, "scaled"] = found["mean_scaled"]
        frame.loc[found.index, "n"] = found["n"]
        frame.loc[found.index, "baseline"] = phase
    frame["n"] = frame["n"].astype(np.int64)
    return frame[["baseline", "value", "scaled", "spread", "n"]]
