"""When was sample 12345.6 taken? A line through the stamps of what arrived lately.

Bridges stamp bursts with jitter, so a single stamp is good to some 10 ms; a line through minutes
of them is good to a fraction of one. Beats are kept as sample positions and turned into seconds
with the newest line when they are read, so all intervals of a window rest on one rate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["SampleClock"]

FloatArray = NDArray[np.float64]

KNOTS = 600
"""Arrivals that the line goes through (5 min at two a second)."""
FEWEST = 20
"""Knots below which the declared rate is trusted more than the line's own slope ..."""
TOLERANCE = 0.02
"""... and the share by which the line's slope may differ from it."""


class SampleClock:
    """Positions <-> seconds for one contiguous stretch of one stream.

    Parameters
    ----------
    rate : float
        Declared samples per second.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        # A ring: the order of the knots does not matter to a line through them.
        self._knots = np.empty((2, KNOTS))
        self._count = 0
        self._line: tuple[float, float, float] | None = None

    def add(self, position: int, stamp: float) -> None:
        """Learn that sample ``position`` was stamped ``stamp`` (s on this computer's clock)."""
        self._knots[:, self._count % KNOTS] = position, stamp
        self._count += 1
        self._line = None

    def times(self, positions: FloatArray) -> FloatArray:
        """Seconds of (fractional) positions, shape as given."""
        if self._line is None:
            self._line = self._fit()
        middle, at, period = self._line
        return at + (positions - middle) * period

    def _fit(self) -> tuple[float, float, float]:
        position, stamp = self._knots[:, : min(self._count, KNOTS)]
        period = 1.0 / self._rate
        middle, at = float(position.mean()), float(stamp.mean())
        if position.size >= FEWEST:
            x, y = position - middle, stamp - at
            slope = float((x @ y) / (x @ x))
            if abs(slope / period - 1.0) <= TOLERANCE:
                period = slope
        return middle, at, period
