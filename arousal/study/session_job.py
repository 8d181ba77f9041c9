"""One session as a job: a pure function of a folder that any process on any machine may run.

>>> from arousal.study.session_job import Job, run_job
>>> run_job(Job("study", "2026-03-12")).state             # doctest: +SKIP
'done'
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from arousal.errors import ArousalError, UsageError, one_line
from arousal.findings import Severity
from arousal.session import Participant, participants_of
from arousal.study.inputs import (
    Inputs,
    consent_digest,
    input_files,
    look_at,
    named_elsewhere,
    unchanged,
)
from arousal.study.made import outputs_stand, write_outputs
from arousal.study.measured_session import measure_session
from arousal.study.record import Record, load_record, save_record
from arousal.study.removal import remove_session

__all__ = ["Job", "Outcome", "keep_out", "run_job"]

LASTING = (3, 4, 5)
"""Exit codes of errors that the same input will always give: they are remembered."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to do.

    Parameters
    ----------
    study, session : str
        Path of the study's folder, name of the session's folder in ``sessions/``.
    hypothesis : str
        Path of the registered hypothesis, relative to the study; empty if there is none.
    force : bool
        Compute although nothing changed.
    """

    study: str
    session: str
    hypothesis: str = ""
    force: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job did; small, so that a hundred thousand of them fit anywhere.

    Parameters
    ----------
    session : str
        Which.
    state : {"done", "kept", "failed"}
        Computed, nothing had changed, or there are no tables.
    reason : str
        Why there are none.
    exit_code : int
        Of the error.
    seconds, cpu_seconds : float
        How long it took, and how much of a processor (all threads of its process).
    peak_bytes : int
        Most memory that the worker has held so far; 0 where the system does not tell.
    remarks : int
        Warnings and problems that were noticed.
    """

    session: str
    state: Literal["done", "kept", "failed"]
    reason: str = ""
    exit_code: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    remarks: int = 0


def run_job(job: Job) -> Outcome:
    """Bring one session's tables up to date; whatever goes wrong is told and never raised.

    Parameters
    ----------
    job : Job
        What to do.

    Returns
    -------
    Outcome
        A session that failed has no tables in the study any more: what stands there always
        belongs to what the session's files say now.
    """
    start, used = time.perf_counter(), time.process_time()
    with _one_thread():
        outcome = _run(job)
    return replace(
        outcome,
        seconds=time.perf_counter() - start,
        cpu_seconds=time.process_time() - used,
        peak_bytes=_peak(),
    )


def _run(job: Job) -> Outcome:
    study = Path(job.study)
    before = load_record(study, job.session)
    try:
        return _brought_up_to_date(job, study, before)
    except ArousalError as error:
        return keep_out(study, job.session, _told(error, study, job.session), error.exit_code)
    except MemoryError:
        return keep_out(study, job.session, "not enough memory for this session", 3)
    except OSError as error:
        return keep_out(study, job.session, one_line(f"{error.strerror or error}"), 2)
    except Exception as error:  # noqa: BLE001 (one session must never stop the others)
        what = one_line(f"{type(error).__name__}: {error}")
        return keep_out(study, job.session, f"{what} (a fault of ours: please report it)", 1)


def _brought_up_to_date(job: Job, study: Path, before: Record | None) -> Outcome:
    folder = study / "sessions" / job.session
    more = named_elsewhere(study, folder)
    people = participants_of(study)
    files = look_at(input_files(study, folder, more), before.files if before else {})
    inputs = Inputs(files, _hypothesis_digest(study, job.hypothesis))
    if before is not None and not job.force:
        same = before.key == inputs.key(people, before.people)
        stand = outputs_stand(study, before.outputs) if same else None
        if stand is not None and (not before.reason or before.exit_code in LASTING):
            save_record(study, replace(before, more=more, files=files, outputs=stand))
            return _kept(before)
    return _made_anew(job, study, inputs, more, people)


def _kept(record: Record) -> Outcome:
    if record.reason:
        return Outcome(record.session, "failed", record.reason, record.exit_code)
    return Outcome(record.session, "kept", remarks=record.remarks)


def _made_anew(
    job: Job, study: Path, inputs: Inputs, more: tuple[str, ...], people: dict[str, Participant]
) -> Outcome:
    folder = study / "sessions" / job.session
    blank = Record(job.session, "", "", more=more, files=inputs.files)
    try:
        made = measure_session(study, folder, job.hypothesis)
    except ArousalError as error:
        if error.exit_code in LASTING:
            keep_out(study, job.session, "", 0)
            save_record(study, _failed(blank, inputs, people, error, study))
        raise
    if not unchanged(input_files(study, folder, more), inputs.files):
        raise UsageError("its files changed while they were read", hint="run this again")
    outputs = write_outputs(study, folder, made, datetime.now(UTC))
    done = replace(
        blank,
        id=made.id,
        key=inputs.key(people, made.people),
        consents=consent_digest(inputs.files, people, made.people),
        people=made.people,
        outputs=outputs,
        remarks=sum(f.severity is not Severity.NOTE for f in made.result.findings),
    )
    save_record(study, done)
    return Outcome(job.session, "done", remarks=done.remarks)


def _failed(
    blank: Record,
    inputs: Inputs,
    people: dict[str, Participant],
    error: ArousalError,
    study: Path,
) -> Record:
    """Note that this input cannot be used, so that it is not tried again before it changes."""
    everybody = tuple(sorted(people))
    return replace(
        blank,
        key=inputs.key(people, everybody),
        people=everybody,
        reason=_told(error, study, blank.session),
        exit_code=error.exit_code,
    )


def keep_out(study: Path, session: str, reason: str, exit_code: int) -> Outcome:
    """Take a session's tables out of the study, and say why they are not there.

    Parameters
    ----------
    study : Path
        The study's folder.
    session : str
        The session's folder's name.
    reason : str
        Why.
    exit_code : int
        Of the error that it was.
    """
    left = remove_session(study, session)
    told = "; ".join(filter(None, (reason, left)))
    return Outcome(session, "failed", one_line(told), exit_code)


def _hypothesis_digest(study: Path, copy: str) -> str:
    if not copy:
        return ""
    return look_at({"hypothesis": study / copy}, {})["hypothesis"].sha256


def _told(error: ArousalError, study: Path, session: str) -> str:
    """An error's line, with places told from the study's folder on; the session is told anyway."""
    return str(error).replace(f"{study}{os.sep}", "").removeprefix(f"{session}: ")


@contextmanager
def _one_thread() -> Iterator[None]:
    """Hold BLAS to one thread: sums in another order have other last digits."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(limits=1):
        yield


def _peak() -> int:
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
