"""Run a calibration and write its page: what `arousal calibrate` does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from arousal.errors import UsageError
from arousal.hypothesis import calibration_pages as pages
from arousal.hypothesis.calibration import Plan, calibrate
from arousal.hypothesis.calibration_events import calibrate_events
from arousal.hypothesis.calibration_recount import recount
from arousal.hypothesis.calibration_recovery import calibrate_recovery
from arousal.hypothesis.calibration_report import calibration_page, misses
from arousal.hypothesis.calibration_row import CalibrationRow
from arousal.hypothesis.calibration_synchrony import calibrate_synchrony
from arousal.simulate import NOISE_FAMILIES

__all__ = ["RATES", "REPS", "Calibrated", "run_calibration"]

Progress = Callable[[str], None]
_Write = Callable[[Sequence[CalibrationRow], pages.Run], str]
REPS = {"trajectory": 10_000, "events": 10_000, "synchrony": 1_000, "recovery": 10_000}
"""What is calibrated -> simulated studies per cell, if nothing else is asked for."""
RATES: dict[str, tuple[Callable[..., Iterable[CalibrationRow]], _Write]] = {
    "events": (calibrate_events, pages.events_page),
    "synchrony": (calibrate_synchrony, pages.synchrony_page),
    "recovery": (calibrate_recovery, pages.recovery_page),
}
"""What has a table of rates -> how it is made and written."""
RECOUNT_SEED = 20
"""Added to the seed where cells of synchrony are counted again."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A page, how many cells stand on it, and how many of them break what was promised."""

    page: str
    cells: int
    broken: int


class _Clock(NamedTuple):
    """When a run began, by the clock and in processor time, s."""

    started: float
    worked: float

    def taken(self) -> tuple[float, float]:
        """Seconds since, by the clock and of one core."""
        return time.monotonic() - self.started, time.process_time() - self.worked


def run_calibration(
    what: str,
    reps: int | None = None,
    seed: int = 1,
    families: tuple[str, ...] = (),
    progress: Progress = lambda _: None,
) -> Calibrated:
    """Simulate studies in which nothing is there, and count claims.

    Parameters
    ----------
    what : {"trajectory", "events", "synchrony", "recovery"}
        Which tests.
    reps : int, optional
        Studies per cell; default: `REPS`.
    seed : int
        Same seed, same table.
    families : tuple of str
        Noise families; empty: all.
    progress : callable
        Called with a short line as the work goes on.

    Raises
    ------
    UsageError
        If ``what`` is unknown, or there are fewer than 100 studies.
    """
    if what not in REPS:
        raise UsageError(f"what is {what!r}, allowed {', '.join(REPS)}")
    count = REPS[what] if reps is None else reps
    if count < 100:
        raise UsageError(f"reps is {count}, allowed 100 and above")
    chosen = families or tuple(NOISE_FAMILIES)
    clock = _Clock(time.monotonic(), time.process_time())
    today = datetime.now(UTC).date()
    if what == "trajectory":
        plan = Plan(reps=count, seed=seed, families=chosen)
        cells = calibrate(plan, progress)
        page = calibration_page(cells, plan, *clock.taken(), today)
        return Calibrated(page, len(cells), len(misses(cells)))
    simulate, write = RATES[what]
    rows = _told(simulate(count, seed, families=chosen), progress)
    again: list[CalibrationRow] = []
    if what == "synchrony":
        again = _told(recount(pages.misses(rows), seed + RECOUNT_SEED), progress)
    run = pages.Run(what, count, seed, *clock.taken(), today, tuple(again))
    return Calibrated(write(rows, run), len(rows), len(pages.misses(rows)))


def _told(rows: Iterable[CalibrationRow], progress: Progress) -> list[CalibrationRow]:
    found = []
    for row in rows:
        progress(f"{row.scenario}, {row.family}, {row.blocks}: {row.method}")
        found.append(row)
    return found
