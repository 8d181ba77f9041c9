"""Sessions read for a hypothesis: in parallel, and from what is kept where nothing changed.

>>> from arousal.study.parallel_reading import study_reader
>>> run_study_test(study, now, reader=study_reader(study, now))               # doctest: +SKIP
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from arousal.findings import Finding, Severity
from arousal.hypothesis.contrasts import left_out
from arousal.hypothesis.hypothesis_file import HypothesisFile
from arousal.study.process import ProcessReport, Step, process_study
from arousal.study.reading import SessionReading, read_session
from arousal.study.reading_file import load_reading
from arousal.study.registered_copy import registered_copy
from arousal.study.workers import Died, run_on_workers, usable_cores

__all__ = ["study_reader"]

Reader = Callable[[Sequence[Path], HypothesisFile], Iterable[SessionReading]]


@dataclass(frozen=True, slots=True)
class _Reading:
    """A session to read."""

    folder: Path
    file: HypothesisFile


def study_reader(
    study: Path,
    now: datetime,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[Step], None] = lambda _: None,
) -> Reader:
    """Return a reader for `arousal.study.trajectory.run_study_test`.

    Parameters
    ----------
    study : Path
        The study's folder.
    now : datetime
        Timezone-aware.
    jobs, scheduler, progress
        As for `arousal.study.process.process_study`, which brings the study's tables up to date
        first: the readings that it keeps are used.

    Returns
    -------
    callable
        Where the extra ``study`` is not installed, or another hypothesis than the last registered
        is tested, sessions are read in parallel on this machine and nothing is kept.
    """

    def read(sessions: Sequence[Path], file: HypothesisFile) -> Iterable[SessionReading]:
        kept = find_spec("duckdb") is not None and registered_copy(study)[1] == file.sha256
        if not kept:
            return _read_now(sessions, file, jobs, progress)
        report = process_study(study, now, jobs=jobs, scheduler=scheduler, progress=progress)
        return _kept(study, sessions, file, report)

    return read


def _kept(
    study: Path, sessions: Sequence[Path], file: HypothesisFile, report: ProcessReport
) -> Iterable[SessionReading]:
    failed = {failure.session: failure.reason for failure in report.failures}
    for folder in sessions:
        if (reason := failed.get(folder.name)) is None:
            yield load_reading(study, folder.name)
        else:
            yield _unread(folder.name, reason, file)


def _read_now(
    sessions: Sequence[Path],
    file: HypothesisFile,
    jobs: int | None,
    progress: Callable[[Step], None],
) -> Iterable[SessionReading]:
    start = time.perf_counter()
    found: dict[Path, SessionReading] = {}
    todo = [_Reading(folder, file) for folder in sessions]
    answers: Iterable[tuple[_Reading, Any]] = run_on_workers(_read, todo, jobs or usable_cores())
    for job, answer in answers:
        died = isinstance(answer, Died)
        found[job.folder] = _unread(job.folder.name, str(answer), file) if died else answer
        progress(Step(len(found), len(todo), 0, time.perf_counter() - start))
    return [found[folder] for folder in sessions]


def _read(job: _Reading) -> SessionReading:
    return read_session(job.folder, job.file)


def _unread(session: str, reason: str, file: HypothesisFile) -> SessionReading:
    return SessionReading(
        session,
        left_out(session, reason, file.hypothesis),
        findings=(Finding("session-unread", reason, Severity.PROBLEM, session),),
    )
