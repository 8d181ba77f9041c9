"""Run a recorder until somebody stops it: a service without a terminal, or a person at one."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable

from arousal.errors import ArousalError, DeviceError
from arousal.findings import Finding, Severity
from arousal.ingest.lsl import Finder
from arousal.ingest.lsl_config import settle
from arousal.ingest.recorder import Recorder
from arousal.ingest.recording_summary import RecordingSummary
from arousal.ingest.roster import Roster
from arousal.ingest.stop_signals import stop_signals
from arousal.ingest.stream_health import State

__all__ = ["Speaker", "check_roster", "record_until_stopped"]

STATUS_SECONDS = 60.0
LOOK_SECONDS = 2.0
"""How long a roster check looks for streams (discovery takes 0.5 to 1 s)."""
_SIGNS = {Severity.NOTE: "note", Severity.WARNING: "warning", Severity.PROBLEM: "PROBLEM"}


class Speaker:
    """Say lines to whoever listens, and never fail because nobody does.

    A terminal that was closed, or a full log, must not end a recording.

    Parameters
    ----------
    say : callable
        Prints one line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._began = time.monotonic()

    def __call__(self, text: str) -> None:
        """Say a line, with the time since the start in front."""
        seconds = int(time.monotonic() - self._began)
        clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        with contextlib.suppress(OSError, ValueError):
            self._say(f"{clock}  {text}")

    def finding(self, finding: Finding, on: bool) -> None:
        """Say that something began, or ceased, to be wrong."""
        self(f"{_SIGNS[finding.severity]}: {finding}" if on else f"over: {finding}")


def check_roster(roster: Roster, seconds: float = LOOK_SECONDS) -> tuple[Finding, ...]:
    """Look for streams and hold them against the roster, before a recording.

    Parameters
    ----------
    roster : Roster
        Who should be there.
    seconds : float
        How long to look.

    Returns
    -------
    tuple of Finding
        What liblsl does not take of its configuration, who is missing, which ids are ambiguous,
        which streams nobody claims.
    """
    found = settle()
    finder = Finder()
    time.sleep(seconds)
    return found + roster.check(sighting.info for sighting in finder.sightings())


def record_until_stopped(
    recorder: Recorder, say: Speaker, seconds: float | None = None
) -> RecordingSummary:
    """Record until SIGINT, SIGTERM or the end of ``seconds``; then close, read back and report.

    A hang-up of the terminal (SIGHUP) does not stop it: the data matters more than the window. At
    a terminal, each line typed is a mark and ``undo`` takes the last one back.

    Parameters
    ----------
    recorder : Recorder
        Not started yet.
    say : Speaker
        Where to report.
    seconds : float, optional
        When to stop by itself.

    Raises
    ------
    DeviceError
        If not everything that arrived is on the disk, or the disk was full at the end.
    """
    _open_standard_files()
    found = settle()
    with stop_signals() as stop:
        recorder.start(found)
        say(f"recording to {recorder.path}")
        _listen_at_terminal(recorder, say)
        deadline = None if seconds is None else time.monotonic() + seconds
        status = time.monotonic() + 3.0
        while not stop.wait(0.5):
            now = time.monotonic()
            if deadline is not None and now >= deadline:
                break
            if now >= status:
                status = now + STATUS_SECONDS
                say(_status(recorder))
        summary = recorder.stop()
    _report(summary, say)
    return summary


def _status(recorder: Recorder) -> str:
    readings = [r for r in recorder.health() if r.state is not State.REPLACED]
    good = sum(not r.findings for r in readings)
    problems = sum(f.severity is Severity.PROBLEM for f in recorder.alarms.standing)
    return f"{len(readings)} streams, {good} good, {problems} problems"


def _report(summary: RecordingSummary, say: Speaker) -> None:
    for stream in summary.streams:
        say(str(stream))
    for finding in summary.findings:
        say(f"{_SIGNS[finding.severity]}: {finding}")
    problems = [f for f in summary.findings if f.severity is Severity.PROBLEM]
    if summary.complete:
        say(f"all samples of {len(summary.streams)} streams are on disk: {summary.path}")
        if not problems:
            return
        raise DeviceError(f"complete, but at the end {problems[0].message}", where=summary.path)
    missing = sum(s.received - s.on_disk for s in summary.streams)
    raise DeviceError(
        f"{missing} samples and {summary.damaged_blocks} damaged blocks are not on the disk",
        where=summary.path,
        hint=f"the marks are in {summary.journal.name}" if summary.journal.exists() else "",
    )


def _open_standard_files() -> None:
    """Fill file numbers 0 to 2 if a service manager closed them, before the data file gets one."""
    number = os.open(os.devnull, os.O_RDWR)
    while number <= 2:
        number = os.open(os.devnull, os.O_RDWR)
    os.close(number)


def _listen_at_terminal(recorder: Recorder, say: Speaker) -> None:
    try:
        at_terminal = sys.stdin is not None and sys.stdin.isatty()
    except ValueError:  # closed
        at_terminal = False
    if at_terminal:
        say("type a mark and Enter; undo takes the last one back; Ctrl-C ends the recording")
        threading.Thread(target=_take_marks, args=(recorder, say), daemon=True).start()


def _take_marks(recorder: Recorder, say: Speaker) -> None:
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            placed = recorder.mark(line.strip())
        except ArousalError as error:
            say(f"not marked: {error}")
        else:
            place = "on disk" if placed.on_disk else "in memory only"
            say(f"marked {str(placed.mark)!r}, {place}")
