"""One cell of a calibration table: how often a method claims what is not there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["CalibrationRow", "rate_row", "rates_table"]


class CalibrationRow(NamedTuple):
    """A rate of false positives at a nominal .05.

    Parameters
    ----------
    method : str
        What was tested, and how.
    scenario : str
        What the simulated world was like.
    family : str
        Noise family.
    blocks : int
        Case blocks or sessions per study; 1 = a single session.
    rate, se : float
        Share of simulated studies with p <= .05, and its Monte-Carlo standard error.
    repetitions : int
        Simulated studies.
    """

    method: str
    scenario: str
    family: str
    blocks: int
    rate: float
    se: float
    repetitions: int


def rate_row(
    method: str, scenario: str, family: str, blocks: int, p: ArrayLike, alpha: float = 0.05
) -> CalibrationRow:
    """Count p values; a NaN (nothing could be tested) is no claim.

    Parameters
    ----------
    p : array_like
        One p per simulated study.
    alpha : float
        Nominal rate.
    """
    values = np.asarray(p, dtype=np.float64).ravel()
    rate = float(np.mean(values <= alpha))
    se = float(np.sqrt(rate * (1 - rate) / values.size))
    return CalibrationRow(method, scenario, family, blocks, rate, se, int(values.size))


def rates_table(rows: Iterable[CalibrationRow]) -> str:
    """Write rates as a Markdown table: one line per scenario, method and number of blocks.

    Parameters
    ----------
    rows : iterable of CalibrationRow
        From `calibrate_events` and the like; families become columns.
    """
    cells: dict[tuple[str, str, int], dict[str, CalibrationRow]] = {}
    for row in rows:
        cells.setdefault((row.scenario, row.method, row.blocks), {})[row.family] = row
    families = list(dict.fromkeys(f for found in cells.values() for f in found))
    lines = [
        "| scenario | method | blocks | " + " | ".join(families) + " | studies |",
        "| --- | --- | --- |" + " --- |" * (len(families) + 1),
    ]
    for (scenario, method, blocks), found in cells.items():
        rates = [f"{found[f].rate:.3f}".lstrip("0") if f in found else "" for f in families]
        studies = max(r.repetitions for r in found.values())
        lines.append(
            f"| {scenario} | {method} | {blocks} | " + " | ".join(rates) + f" | {studies:,} |"
        )
    return "\n".join(lines) + "\n"
