"""After the session: what the journal says was kept, corrections of the marks, the report.

Everything is read from the session folder, so it works with the desk, without it, and a year later.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arousal.errors import ArousalError, DataError
from arousal.forget import finish_withdrawals
from arousal.ingest import load
from arousal.monitor.channel import ADDRESS_FILE
from arousal.monitor.earlier import kept_state
from arousal.monitor.parts import parts_of
from arousal.monitor.state import finding_state, session_state
from arousal.phase_align import Timeline, append_correction, build_timeline, read_corrections
from arousal.phase_align.standing import standing_marks
from arousal.places import data_files
from arousal.protocol import Protocol, load_protocol
from arousal.recording import Recording
from arousal.session import SessionFile, load_session

__all__ = ["Aftermath"]

REPORT_NAME = "report_researcher.html"


class Aftermath:
    """A session folder whose recording is over.

    Parameters
    ----------
    folder : Path
        Session folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._recording: Recording | None = None
        self._read_of: tuple[tuple[float, int], ...] | None = None
        self._job: subprocess.Popen[str] | None = None
        self._made: str = ""
        self._trouble = ""
        self._removed: tuple[str, ...] = ()
        self._kept_back = ""
        self._silent: tuple[float, float] | None = None

    @property
    def report_file(self) -> Path:
        """Where the researcher's report lies."""
        return self._folder / "derivatives" / REPORT_NAME

    # ------------------------------------------------------------------ without a desk

    def state(self) -> dict[str, Any]:
        """Return what to show while no desk answers."""
        try:
            session = load_session(self._folder / "session.toml")
            protocol = load_protocol(session.protocol, folder=self._folder)
        except ArousalError as error:
            return {"stage": "gone", "error": str(error)}
        state: dict[str, Any] = {"session": session_state(session, protocol, self._folder)}
        kept = kept_state(self._folder, session)
        if kept is None:
            return state | {"stage": "gone", "error": "the recorder's process is not there"}
        if kept["open"] and (self._folder / ADDRESS_FILE).exists():
            return state | {"stage": "broken", "file": kept["file"], "quiet": self._quiet(session)}
        return state | {"stage": "after", "summary": kept}

    def _quiet(self, session: SessionFile) -> int:
        """Seconds since the recorder's last sign of life.

        By the calendar, or as long as this server has seen that sign be the last: a calendar that
        was set back must not keep anybody from going on.
        """
        ended, now = parts_of(self._folder, session)[-1].ended, time.monotonic()
        if self._silent is None or self._silent[0] != ended:
            self._silent = ended, now
        return round(max(time.time() - ended, now - self._silent[1]))

    def give_up(self) -> dict[str, Any]:
        """Take a session whose recorder was killed as over: corrections and report may follow."""
        (self._folder / ADDRESS_FILE).unlink(missing_ok=True)
        return {}

    def remove_who_withdrew(self) -> dict[str, Any]:
        """Take out of the closed file who withdrew during the recording; say what was done.

        Raises
        ------
        DataError, UsageError
            As `arousal.forget.finish_withdrawals`. Nothing of theirs is shown in any case.
        """
        today = datetime.now(UTC).date()
        try:
            done = finish_withdrawals(self._folder, today=today)
        except ArousalError as error:
            self._kept_back = str(error)
            raise
        if not done:
            return {}
        self._removed, self._kept_back = tuple(line for one in done for line in one.lines), ""
        return {"removed": list(self._removed)}

    # ------------------------------------------------------------------ corrections

    def timeline(self) -> dict[str, Any]:
        """Return the session as its marks and corrections tell it, for the page to draw.

        Raises
        ------
        DataError
            If the recording or ``timeline.tsv`` cannot be read.
        """
        session, protocol, recording = self._read()
        corrections = read_corrections(self._folder / "timeline.tsv")
        timeline = self._timeline(session, protocol, recording)
        standing = standing_marks(recording.events, session.markers.codes, corrections)
        return {
            "start": timeline.onset,
            "end": timeline.end,
            "phases": _phases(timeline),
            "marks": [
                {"id": m.id, "onset": m.time, "text": "/".join((m.mark.verb, *m.mark.args))}
                for m in standing.marks
            ],
            "raw": len(recording.events),
            "corrections": [
                {
                    "row": c.row,
                    "mark": c.mark,
                    "action": c.action,
                    "onset": c.onset,
                    "label": c.label,
                }
                for c in corrections
            ],
            "presenters": {str(b.index): b.presenter for b in timeline.blocks},
            "findings": [finding_state(f) for f in timeline.findings if f.severity != "note"],
            "report": self._report_state(),
            "withdrawal": self._withdrawal_state(session),
        }

    def _withdrawal_state(self, session: SessionFile) -> dict[str, Any]:
        """How many withdrew and are not yet removed, what was removed, what stood in its way."""
        return {
            "open": len(session.withdrawn),
            "removed": list(self._removed),
            "error": self._kept_back,
        }

    def _timeline(self, session: SessionFile, protocol: Protocol, recording: Recording) -> Timeline:
        times = [s for p in recording for s in p.signals if len(s)]
        start = min((s.onset for s in times), default=recording.onset)
        end = max((s.end for s in times), default=recording.end)
        corrections = read_corrections(self._folder / "timeline.tsv")
        return build_timeline(
            recording.events, protocol, session, start=start, end=end, corrections=corrections
        )

    def correct(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Append one row to ``timeline.tsv``; the raw marks stay.

        Parameters
        ----------
        fields : mapping
            ``action`` (move, relabel, delete, add), ``mark`` (id; made here for ``add``),
            ``onset`` in s of the recording, ``label``.

        Raises
        ------
        DataError, UsageError
            If the row breaks a rule.
        """
        session, protocol, recording = self._read()
        action, mark = str(fields.get("action", "")), str(fields.get("mark", ""))
        label, onset = str(fields.get("label", "")), fields.get("onset")
        if label:
            from arousal.marks import parse_mark
            from arousal.monitor.mark_book import check_mark

            check_mark(parse_mark(label), protocol, session)
        path = self._folder / "timeline.tsv"
        with self._lock:
            if action == "add":
                taken = {c.mark for c in read_corrections(path)} | {e.id for e in recording.events}
                mark = next(f"c{n}" for n in range(1, 10_000) if f"c{n}" not in taken)
            append_correction(
                path,
                mark,
                action,
                onset=None if onset is None else round(float(onset), 3),
                label=label,
                made_at=datetime.now(UTC),
                protocol=protocol,
                known_marks={event.id for event in recording.events},
            )
        return self.timeline()

    def _read(self) -> tuple[SessionFile, Protocol, Recording]:
        session = load_session(self._folder / "session.toml")
        protocol = load_protocol(session.protocol, folder=self._folder)
        files = data_files(self._folder, session)
        if not files:
            raise DataError("there is no recording yet", where=self._folder / session.recording)
        facts = tuple((f.stat().st_mtime, f.stat().st_size) for f in files)
        with self._lock:
            if self._recording is None or self._read_of != facts:
                self._recording = load(self._folder, session=session)
                self._read_of = facts
            return session, protocol, self._recording

    # ------------------------------------------------------------------ the report

    def make_report(self) -> dict[str, Any]:
        """Begin to make the researcher's report in a process of its own, or say how far it is."""
        with self._lock:
            if self._job is None:
                command = [sys.executable, "-m", "dashboards.live.report_job", str(self._folder)]
                self._made, self._trouble = "", ""
                self._job = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                )
        return self._report_state()

    def _report_state(self) -> dict[str, Any]:
        with self._lock:
            job = self._job
            if job is not None and job.poll() is not None:
                said = (job.stderr.read() if job.stderr else "").strip().splitlines()
                if job.stderr:
                    job.stderr.close()
                self._trouble = "" if job.returncode == 0 else (said or ["it ended"])[-1]
                self._job = job = None
            if job is not None:
                return {"report": "making"}
            if self._trouble:
                return {"report": "failed", "error": self._trouble}
            return {"report": "there" if self.report_file.is_file() else "none"}

    def close(self) -> None:
        """Stop a report that is being made: the server ends."""
        with self._lock:
            if self._job is not None:
                self._job.kill()
                self._job.communicate()
                self._job = None


def _phases(timeline: Timeline) -> list[dict[str, Any]]:
    return [
        {
            "phase": p.phase,
            "block": p.block,
            "onset": p.onset,
            "end": p.end,
            "mark": p.mark,
            "certain": p.certain,
            "note": p.note,
        }
        for p in timeline.phases
    ]
