"""Rolling quantiles of a series that comes again and again with few of its values changed."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["RollingQuantiles"]

FloatArray = NDArray[np.float64]


class RollingQuantiles:
    """Centred rolling quantiles; at the ends over what is there.

    Equal to ``pandas.Series.rolling(span, center=True, min_periods=1).quantile`` (linear
    interpolation between two ranks). A series that is as long as the one before it is compared
    with it, and only windows in which a value changed are sorted again.

    Parameters
    ----------
    span : int
        Values in a window, odd.
    quantiles : tuple of float
        Between 0 and 1.
    """

    def __init__(self, span: int, quantiles: tuple[float, ...]) -> None:
        self._span, self._quantiles = span, quantiles
        self._series: FloatArray = np.empty(0)
        self._found: FloatArray = np.empty((len(quantiles), 0))

    def of(self, series: FloatArray) -> FloatArray:
        """Return the quantiles around each value, shape (quantiles, n), for values shape (n,)."""
        same_size = series.size == self._series.size
        found = self._found.copy() if same_size else np.empty((len(self._quantiles), series.size))
        stale = self._stale(series) if same_size else np.arange(series.size)
        found[:, stale] = self._sorted_out(series, stale)
        self._series, self._found = series.copy(), found
        return found.copy()

    def _stale(self, series: FloatArray) -> NDArray[np.intp]:
        """Positions in whose window a value has changed."""
        changes = np.concatenate(([0], np.cumsum(series != self._series)))
        at, half = np.arange(series.size), self._span // 2
        last, first = np.minimum(at + half + 1, series.size), np.maximum(at - half, 0)
        return np.flatnonzero(changes[last] > changes[first])

    def _sorted_out(self, series: FloatArray, at: NDArray[np.intp]) -> list[FloatArray]:
        half = self._span // 2
        padded = np.pad(series, half, constant_values=np.inf)
        ordered = np.sort(sliding_window_view(padded, self._span)[at], axis=1)
        count = np.minimum(at, half) + np.minimum(series.size - 1 - at, half) + 1
        row, found = np.arange(at.size), []
        for quantile in self._quantiles:
            place = quantile * (count - 1)
            low = place.astype(np.intp)
            value, above = ordered[row, low], ordered[row, np.minimum(low + 1, count - 1)]
            found.append(value + (above - value) * (place - low))
        return found
