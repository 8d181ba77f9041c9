"""A folder of recordings in, tidy tables out: every session whose files changed, in parallel.

>>> from arousal.study.process import process_study
>>> process_study(Path("study"), datetime.now(UTC), jobs=4).counted     # doctest: +SKIP
'198 computed, 0 as before, 2 failed'
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from arousal.errors import DataError, NothingUsableError, UsageError
from arousal.study.dataset import load_duckdb
from arousal.study.dictionary import write_dictionary
from arousal.study.plan import Plan, left_overs, plan_study
from arousal.study.record import Record, forget_record
from arousal.study.registered_copy import note_look, registered_copy
from arousal.study.removal import remove_session
from arousal.study.workers import Died, run_on_workers, usable_cores

__all__ = ["Failure", "ProcessReport", "Step", "process_study"]


@dataclass(frozen=True, slots=True)
class Step:
    """How far a run is.

    Parameters
    ----------
    done, total : int
        Sessions of this run that are done, and all of them; those that stood are in neither.
    failed : int
        Of those done.
    seconds : float
        Since the first was started.
    """

    done: int
    total: int
    failed: int
    seconds: float

    def __str__(self) -> str:
        """Return one line: k of n, rate, time left."""
        text = f"{self.done} of {self.total} sessions"
        if self.done and self.seconds > 0:
            rate = self.done / self.seconds
            left = round((self.total - self.done) / rate)
            hours, minutes = divmod(left // 60, 60)
            clock = f"{hours}:{minutes:02}:{left % 60:02}" if hours else f"{minutes}:{left % 60:02}"
            per = f"{rate:.1f}/s" if rate >= 0.1 else f"{rate * 60:.1f}/min"
            text += f", {per}, {clock} left"
        return f"{text}, {self.failed} failed" if self.failed else text


@dataclass(frozen=True, slots=True)
class Failure:
    """A session without tables, and why: its name, the reason, the error's exit code."""

    session: str
    reason: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class ProcessReport:
    """What a run did.

    Parameters
    ----------
    sessions : int
        All that were asked for.
    computed, kept : int
        Computed now; as before.
    failures : tuple of Failure
        Without tables, by name.
    removed : tuple of str
        Whose tables went because their folder is gone.
    remarks : mapping
        Session -> number of warnings and problems, where there are any.
    seconds, cpu_seconds : float
        From begin to end; processor time of all sessions that were computed.
    peak_bytes : int
        Most memory that any worker held; 0 if none was needed.
    """

    sessions: int
    computed: int
    kept: int
    failures: tuple[Failure, ...]
    removed: tuple[str, ...]
    remarks: dict[str, int]
    seconds: float
    cpu_seconds: float
    peak_bytes: int

    @property
    def counted(self) -> str:
        """The numbers in words."""
        return f"{self.computed} computed, {self.kept} as before, {len(self.failures)} failed"

    def check(self) -> None:
        """Refuse to call it a success.

        Raises
        ------
        DataError
            If some sessions have no tables.
        NothingUsableError
            If none has.
        """
        told = f"{len(self.failures)} of {self.sessions} sessions have no tables"
        if self.failures and not self.computed + self.kept:
            raise NothingUsableError(told)
        if self.failures:
            raise DataError(told, hint="the reasons stand above")

    def as_json(self) -> dict[str, Any]:
        """Return all of it, ready for JSON."""
        return asdict(self)


def process_study(
    study: Path,
    now: datetime,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    only: str | None = None,
    force: bool = False,
    progress: Callable[[Step], None] = lambda _: None,
) -> ProcessReport:
    """Bring the tables of a study up to date.

    Parameters
    ----------
    study : Path
        Folder with ``study.toml`` and ``sessions/<id>/session.toml``.
    now : datetime
        Timezone-aware; that contrasts are computed is noted in ``hypotheses.toml``.
    jobs : int, optional
        Sessions at the same time on this machine; default: one per core.
    scheduler : str, optional
        Address of a Dask cluster that does the work instead.
    only : str, optional
        Pattern of session names.
    force : bool
        Compute although nothing changed.
    progress : callable
        Called after each session.

    Returns
    -------
    ProcessReport
        Tables of a session that is gone, or cannot be used any more, are gone as well.

    Raises
    ------
    SettingsError, NothingUsableError, UsageError
        As `arousal.study.plan.plan_study`; or an extra is missing, or the study cannot be written
        to.
    DeviceError
        If the Dask cluster does not answer or goes away. What was computed is kept.
    """
    start = time.perf_counter()
    load_duckdb()
    copy, digest = registered_copy(study)
    plan = plan_study(study, hypothesis=digest, only=only, force=force)
    removed = _remove_left_overs(study)
    tally = _Tally(plan, study)
    if plan.pending:
        write_dictionary(study)
        if digest:
            note_look(study, digest, now)
        # closed at once, also when Ctrl-C comes between two outcomes: whoever catches it keeps
        # our frames alive, and with them the workers.
        with closing(_outcomes(study, plan.pending, copy, force, jobs, scheduler)) as outcomes:
            for outcome in outcomes:
                tally.add(outcome)
                progress(tally.step())
    return tally.report(removed, time.perf_counter() - start)


def _outcomes(
    study: Path,
    sessions: Sequence[str],
    hypothesis: str,
    force: bool,
    jobs: int | None,
    scheduler: str | None,
) -> Generator[Any, None, None]:
    """Run the jobs where they shall run; the outcome of one whose worker died is made here."""
    from arousal.study.session_job import Job, Outcome, keep_out, run_job

    place = study.resolve()
    every = [Job(str(place), name, hypothesis, force) for name in sessions]
    if scheduler is None:
        answers = run_on_workers(run_job, every, jobs or usable_cores())
    else:
        from arousal.study.cluster import run_on_cluster

        answers = run_on_cluster(run_job, every, scheduler, place)
    for job, answer in answers:
        if isinstance(answer, Died):
            yield keep_out(place, job.session, str(answer), 3)
        else:
            outcome: Outcome = answer
            yield outcome


def _remove_left_overs(study: Path) -> tuple[str, ...]:
    gone = left_overs(study)
    for name in gone:
        if left := remove_session(study, name):
            raise UsageError(f"its folder is gone, {left}", where=name)
        forget_record(study, name)
    return gone


class _Tally:
    """Outcomes counted as they come."""

    def __init__(self, plan: Plan, study: Path) -> None:
        self.plan = plan
        self.start = time.perf_counter()
        self.computed = 0
        self.done = 0
        self.broke = 0
        self.kept = 0
        self.peak = 0
        self.cpu = 0.0
        self.remarks: dict[str, int] = {}
        self.failures: dict[str, Failure] = {}
        for name, reason in plan.refused.items():
            self._refuse(study, name, reason)
        for record in plan.current.values():
            self._stands(record)

    def _refuse(self, study: Path, name: str, reason: str) -> None:
        told = "; ".join(filter(None, (reason, remove_session(study, name))))
        self.failures[name] = Failure(name, told, 3)

    def _stands(self, record: Record) -> None:
        if record.reason:
            failure = Failure(record.session, record.reason, record.exit_code)
            self.failures[record.session] = failure
        else:
            self._counted(record.session, record.remarks)
            self.kept += 1

    def _counted(self, session: str, remarks: int) -> None:
        if remarks:
            self.remarks[session] = remarks

    def add(self, outcome: Any) -> None:
        self.done += 1
        self.peak = max(self.peak, outcome.peak_bytes)
        self.cpu += outcome.cpu_seconds
        if outcome.state == "failed":
            self.broke += 1
            failure = Failure(outcome.session, outcome.reason, outcome.exit_code)
            self.failures[outcome.session] = failure
            return
        self._counted(outcome.session, outcome.remarks)
        self.computed += outcome.state == "done"
        self.kept += outcome.state == "kept"

    def step(self) -> Step:
        seconds = time.perf_counter() - self.start
        return Step(self.done, len(self.plan.pending), self.broke, seconds)

    def report(self, removed: tuple[str, ...], seconds: float) -> ProcessReport:
        return ProcessReport(
            len(self.plan.sessions),
            self.computed,
            self.kept,
            tuple(self.failures[name] for name in sorted(self.failures)),
            removed,
            dict(sorted(self.remarks.items())),
            seconds,
            self.cpu,
            self.peak,
        )
