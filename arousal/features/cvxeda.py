"""Tonic and phasic skin conductance by convex optimisation (``phasic = "cvxeda"``).

The model of Greco et al. (2016), doi:10.1109/TBME.2015.2474131: conductance is the sum of sparse,
never negative nerve activity passed through the Bateman response (time constants 2 and 0.7 s), a
cubic spline with a knot every 10 s, a straight line, and noise. The most probable activity, spline
and line solve one sparse quadratic programme. This is our own implementation of the published
equations; the solver is PIQP (BSD-2; Schwan et al. 2023, doi:10.1109/CDC49753.2023.10383915), an
extra of the package: ``pip install "arousal[cvx]"``.

It agrees with NeuroKit2's ``eda_phasic(method="cvxeda")`` within 1e-3 uS (a test). A whole session
is solved at once; the level near its ends depends on what comes after, so it is for work on
recordings, never live.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arousal.errors import DataError, SettingsError

if TYPE_CHECKING:
    from scipy.sparse import csc_array

__all__ = ["Split", "split_conductance"]

FloatArray = NDArray[np.float64]

SLOW, FAST = 2.0, 0.7
"""Time constants of the response in s."""
KNOT_SECONDS = 10.0
SPARSE, SMOOTH = 8e-4, 1e-2
"""Penalties on activity (alpha) and on the spline's weights (gamma), for conductance in uS."""


class Split(NamedTuple):
    """Tonic and phasic part in uS, shape (n,) each."""

    tonic: FloatArray
    phasic: FloatArray


def split_conductance(values: FloatArray, rate: float) -> Split:
    """Split contiguous skin conductance.

    Parameters
    ----------
    values : ndarray, shape (n,)
        uS, none missing; n >= 8.
    rate : float
        Samples per second; 4 is plenty.

    Raises
    ------
    SettingsError
        If the solver is not installed.
    DataError
        If the solver finds no solution.
    """
    from scipy import sparse

    solver = _solver()
    size = values.size
    moving, auto = _response(size, 1.0 / rate)
    slow = sparse.hstack((_splines(size, round(KNOT_SECONDS * rate)), _line(size)), format="csc")
    both = sparse.hstack((moving, slow), format="csc")
    weights = np.zeros(both.shape[1])
    weights[size:-2] = SMOOTH
    quadratic = (both.T @ both + sparse.diags_array(weights)).tocsc()
    linear = -(both.T @ values)
    linear[:size] += SPARSE * auto.sum(axis=0)
    positive = sparse.hstack((auto[2:], sparse.csc_array((size - 2, slow.shape[1]))), format="csc")
    found = _solve(solver, quadratic, linear, positive)
    return Split(slow @ found[size:], moving @ found[:size])


def _solver() -> ModuleType:
    try:
        import piqp
    except ImportError:
        raise SettingsError(
            'phasic = "cvxeda" needs the solver PIQP, which is not installed',
            hint='pip install "arousal[cvx]", or set phasic = "highpass" in [eda]',
        ) from None
    module: ModuleType = piqp
    return module


def _solve(
    solver: ModuleType, quadratic: csc_array, linear: FloatArray, positive: csc_array
) -> FloatArray:
    """Minimise ``x'Px/2 + c'x`` subject to ``Gx >= 0``."""
    work = solver.SparseSolver()
    work.settings.eps_abs, work.settings.eps_rel = 1e-9, 1e-10
    # PIQP takes scipy's older matrices, with 32-bit positions.
    work.setup(
        _matrix(quadratic),
        linear,
        G=_matrix(positive),
        h_l=np.zeros(positive.shape[0]),
        h_u=np.full(positive.shape[0], np.inf),
    )
    status = work.solve()
    if status != solver.PIQP_SOLVED:
        raise DataError(
            f"cvxEDA found no solution for {linear.size} unknowns ({status})",
            hint='set phasic = "highpass" in [eda]',
        )
    found: FloatArray = np.asarray(work.result.x, dtype=np.float64)
    return found


def _matrix(array: csc_array):  # type: ignore[no-untyped-def]
    from scipy.sparse import csc_matrix

    return csc_matrix(array)


def _response(size: int, step: float) -> tuple[csc_array, csc_array]:
    """Bateman response as moving average and autoregression (bilinear transform of its ODE).

    With activity ``p = A q`` the phasic part is ``M q``; the first two rows are empty.
    """
    from scipy import sparse

    fast, slow = 1.0 / FAST, 1.0 / SLOW
    scale = (fast - slow) * step**2
    auto = (
        (fast * step + 2.0) * (slow * step + 2.0) / scale,
        (2.0 * fast * slow * step**2 - 8.0) / scale,
        (fast * step - 2.0) * (slow * step - 2.0) / scale,
    )
    rows = np.arange(2, size)

    def banded(weights: tuple[float, float, float]) -> csc_array:
        entries = np.repeat(weights, rows.size)
        columns = np.concatenate((rows, rows - 1, rows - 2))
        return sparse.csc_array((entries, (np.tile(rows, 3), columns)), shape=(size, size))

    return banded((1.0, 2.0, 1.0)), banded(auto)


def _splines(size: int, knot: int) -> csc_array:
    """Cubic B-splines of height 1, one at every knot: a triangle convolved with itself."""
    from scipy import sparse

    triangle = 1.0 - np.abs(np.arange(1 - knot, knot)) / knot
    bell = np.convolve(triangle, triangle)
    bell /= bell.max()
    centres = np.arange(0, size, knot)
    rows = centres[:, None] + np.arange(bell.size) - bell.size // 2
    inside = (rows >= 0) & (rows < size)
    columns = np.broadcast_to(np.arange(centres.size)[:, None], rows.shape)
    entries = np.broadcast_to(bell, rows.shape)
    return sparse.csc_array(
        (entries[inside], (rows[inside], columns[inside])), shape=(size, centres.size)
    )


def _line(size: int) -> csc_array:
    from scipy import sparse

    return sparse.csc_array(np.column_stack((np.ones(size), np.arange(1, size + 1) / size)))
