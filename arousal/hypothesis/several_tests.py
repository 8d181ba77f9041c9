"""Corrections for several tests: Holm for primaries and named families, Benjamini-Hochberg else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Family", "adjust", "families"]

Family = tuple[str, str]
"""Name of a family of tests, and the method for it as statsmodels calls it."""
METHODS = {"holm": "Holm", "fdr_bh": "Benjamini-Hochberg"}


def families(status: str, family: str) -> Family:
    """Which tests a contrast is corrected together with, and how.

    Parameters
    ----------
    status : {"primary", "secondary", "exploratory"}
        As registered.
    family : str
        As registered; empty for none.
    """
    if status == "primary":
        return "primary", "holm"
    return (family, "holm") if family else ("rest", "fdr_bh")


def adjust(p: ArrayLike, keys: Sequence[Family]) -> tuple[NDArray[np.float64], list[str]]:
    """Correct p values within their families.

    Parameters
    ----------
    p : array_like, shape (tests,)
        NaN where there is no test; it does not count.
    keys : sequence of Family
        One for each test.

    Returns
    -------
    tuple
        Corrected p, shape (tests,), and how: ``"Holm over 3"``.
    """
    from statsmodels.stats.multitest import multipletests

    raw = np.asarray(p, dtype=np.float64)
    adjusted = np.full(raw.shape, np.nan)
    told = [""] * raw.size
    for key in dict.fromkeys(keys):
        here = [i for i, k in enumerate(keys) if k == key and np.isfinite(raw[i])]
        if not here:
            continue
        adjusted[here] = multipletests(raw[here], method=key[1])[1]
        for i in here:
            told[i] = f"{METHODS[key[1]]} over {len(here)}"
    return adjusted, told
