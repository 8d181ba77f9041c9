"""The session's desk: looks out before, records and takes marks during, knows what was lost after.

It runs in a process of its own (`desk_process`). Page servers come and go; the desk stays. It can
be asked (`Desk.answer`):

============  ====================================================================================
``ping``      is somebody there
``wait``      the state, when it is newer than ``after``, or after 2 s at the latest
``setup``     change who wears what, roles, protocol, consents (before the recording)
``accept``    begin without these people's data
``start``     begin to record
``mark``      set a mark (``text``, ``key``)
``shift``     the marked thing began ``seconds`` later (``of``, ``key``)
``withdraw``  close the streams of a ``person`` who withdraws, at once and for good
``curves``    the last ten minutes of everybody's numbers
``stop``      mark the end, close the file, read it back
``leave``     end the process if nothing is being recorded
============  ====================================================================================
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arousal.errors import UsageError
from arousal.findings import Finding
from arousal.ingest.devices import load_catalogue
from arousal.ingest.lsl import local_clock
from arousal.ingest.marker_outlet import MARKER_NAME
from arousal.ingest.recorder import Recorder
from arousal.ingest.recording_summary import RecordingSummary
from arousal.ingest.roster import load_roster
from arousal.monitor.earlier import Earlier, Restart, interrupted, kept_state
from arousal.monitor.lookout import Lookout
from arousal.monitor.mark_book import MarkBook
from arousal.monitor.monitor import Monitor
from arousal.monitor.numbers import Numbers
from arousal.monitor.seats import Strips, seats
from arousal.monitor.state import (
    clock_state,
    curve_state,
    disk_state,
    finding_state,
    phase_state,
    session_state,
    stream_state,
    summary_state,
)
from arousal.monitor.study_folder import write_setup
from arousal.monitor.telling import Telling
from arousal.protocol import load_protocol
from arousal.settings import load_settings
from arousal.withdrawing import note_withdrawal

__all__ = ["Desk"]

EXTRA = 30 * 60.0
"""Seconds beyond the protocol's length for which the disk must last."""


class Desk:
    """One live session.

    Parameters
    ----------
    folder : Path
        Session folder with ``session.toml``.
    config : sequence of Finding
        What liblsl does not take of this computer's configuration: stands among the alarms.
    resume : bool
        Whether to record on at once if a recorder before was killed; its marks and its start count
        on. Nothing that is slow to load or to open comes before that: every second of it is lost.
    same_clock : bool
        Whether it is known that the computer was not restarted since.

    Raises
    ------
    SettingsError
        If the session's files are wrong.
    """

    def __init__(
        self,
        folder: Path,
        config: Sequence[Finding] = (),
        *,
        resume: bool = False,
        same_clock: bool = False,
    ) -> None:
        self._folder, self._config = folder, tuple(config)
        self._catalogue = load_catalogue()
        self._stage = "before"
        self._lock = threading.RLock()  # stage, session, recorder
        self._load()
        self._lookout: Lookout | None = None
        self._recorder: Recorder | None = None
        self._book: MarkBook | None = None
        self._summary: RecordingSummary | None = None
        self._kept: dict[str, Any] = {}
        self._accepted: set[str] = set()
        self._strips = Strips()
        self._restart: Restart | None = None
        self._zero = 0.0
        self._closing = threading.Event()
        self.asked = time.monotonic()
        """When somebody asked for something last."""
        self._telling = Telling(self._build, self._lock)
        earlier = interrupted(folder, self._session, local_clock, same_clock) if resume else None
        if earlier is not None:
            self._record(earlier)
        else:
            self._lookout = Lookout(self._catalogue, MARKER_NAME)
        self._numbers = Numbers()
        if self._restart is None:
            self._numbers.let()
        self._telling.start()

    @property
    def recording(self) -> bool:
        """Whether a recording is under way."""
        return self._stage == "during"

    def _load(self) -> None:
        self._roster = load_roster(self._folder, self._catalogue)
        session = self._roster.session
        if session is None:
            raise UsageError("there is no session to record", where=self._folder)
        self._session = session
        # Asked for every stream twice a second, and slow: what an announcement lets one expect.
        self._met_by = functools.cache(self._roster.met_by)
        self._person = functools.cache(self._roster.person)
        self._protocol = load_protocol(session.protocol, folder=self._folder)
        rules = next((p / "arousal.toml" for p in self._places() if _there(p)), None)
        self._monitor = Monitor(self._catalogue, load_settings(rules), local_clock)

    def _places(self) -> tuple[Path, Path]:
        return self._folder, self._folder.parent.parent

    # ------------------------------------------------------------------ what can be asked

    def answer(self, what: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer a request; see the table above.

        Raises
        ------
        UsageError, DataError, SettingsError
            If it cannot be done now; the message is for the person at the page.
        """
        self.asked = time.monotonic()
        actions = {
            "ping": dict,
            "wait": lambda: self._telling.wait(int(fields.get("after", 0))),
            "setup": lambda: self._setup(fields["changes"]),
            "accept": lambda: self._accept(fields["people"]),
            "start": self._start,
            "mark": lambda: self._mark(str(fields["text"]), str(fields["key"])),
            "shift": lambda: self._shift(fields),
            "withdraw": lambda: self._withdraw(str(fields["person"])),
            "curves": lambda: curve_state(self._monitor, self._session),
            "stop": self._stop,
            "leave": self._leave,
        }
        if what not in actions:
            raise UsageError(f"the desk does not know {what!r}")
        try:
            return actions[what]()
        except KeyError as error:
            raise UsageError(f"{what} needs {error}") from None

    def _setup(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            self._only("before", "who wears what is set before the recording")
            write_setup(self._folder, changes, datetime.now(UTC))
            self._load()
        self._telling.now()
        return {}

    def _accept(self, people: list[str]) -> dict[str, Any]:
        with self._lock:
            self._accepted = {str(person) for person in people} & set(self._session.people)
        self._telling.now()
        return {}

    def _only(self, stage: str, why: str) -> None:
        if self._stage != stage:
            raise UsageError(why, hint=f"the session is now {self._stage!r}")

    def _start(self) -> dict[str, Any]:
        with self._lock:
            if self._stage == "during":
                return {}
            self._only("before", "this session was recorded already")
            if not self._session.people:
                raise UsageError("nobody is entered yet", hint="enter who is to be recorded first")
            missing = [s["id"] for s in self._seats(self._readings()) if not s["ready"]]
            if missing:
                raise UsageError(
                    f"no data yet from {', '.join(missing)}",
                    hint="or accept by name that they are not recorded",
                )
            recorder = self._record(None)
        self._telling.now()
        return {"file": recorder.path.name}

    def _record(self, earlier: Earlier | None) -> Recorder:
        if self._lookout is not None:
            self._lookout.close()
            self._lookout = None
        recorder = Recorder(
            self._folder / self._session.recording,
            self._folder,
            planned=60 * self._protocol.minutes + EXTRA,
            listener=self._listen,
        )
        recorder.start(self._config)
        now = local_clock()
        self._zero = now if earlier is None else earlier.zero
        marks = () if earlier is None else earlier.marks
        self._book = MarkBook(
            recorder, self._protocol, self._session, self._zero, local_clock, marks
        )
        if earlier is not None:
            self._restart = Restart(earlier, recorder.path, now)
        self._recorder = recorder
        self._strips = Strips()
        self._stage = "during"
        return recorder

    def _listen(self, samples: Any) -> None:
        self._monitor.take(samples)
        self._telling.soon()

    def _mark(self, text: str, key: str) -> dict[str, Any]:
        answer = self._marks().mark(text, key)
        self._telling.soon()
        return answer

    def _shift(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        of, key = str(fields.get("of", "")), str(fields["key"])
        answer = self._marks().shift(float(fields["seconds"]), of, key)
        self._telling.soon()
        return answer

    def _withdraw(self, person: str) -> dict[str, Any]:
        with self._lock:
            self._only("during", "nothing is being recorded: `arousal forget` removes a person")
            if person not in self._session.people or self._recorder is None:
                raise UsageError(f"nobody here is called {person}")
            closed = self._recorder.withdraw(person)
            note_withdrawal(self._folder, person)
            self._take_leave()
        self._telling.now()
        return {"streams": len(closed)}

    def _take_leave(self) -> None:
        """Let the page forget who withdrew, however the recorder came to know."""
        if self._recorder is None or self._recorder.roster.gone == self._roster.gone:
            return
        self._roster = self._recorder.roster
        gone = self._roster.gone
        session = self._roster.session or self._session
        stay = {p: entry for p, entry in session.people.items() if p not in gone}
        self._session = session.model_copy(update={"people": stay})
        self._met_by = functools.cache(self._roster.met_by)
        self._person = functools.cache(self._roster.person)
        if self._book is not None:
            self._book.narrow(self._session)
        self._monitor.forget(gone)

    def _marks(self) -> MarkBook:
        if self._stage != "during" or self._book is None:
            raise UsageError("there is no recording to mark", hint="start the recording first")
        return self._book

    def _stop(self) -> dict[str, Any]:
        with self._lock:
            if self._stage == "after":
                return {}
            self._only("during", "there is no recording to stop")
            if self._recorder is None or self._book is None:
                raise AssertionError  # during means that there are both
            if not self._book.has_end:
                self._book.mark("end", f"end-{self._zero:.6f}")
            if self._restart is not None:
                self._restart.tell(self._recorder.alarms, local_clock(), over=True)
            self._summary = self._recorder.stop()
            if self._restart is not None:
                self._kept = kept_state(self._folder, self._session) or {}
                self._kept.pop("findings", None)
            self._stage = "after"
        self._telling.now()
        return {}

    def _leave(self) -> dict[str, Any]:
        if self._stage == "during":
            raise UsageError("a recording is under way", hint="stop it first")
        self._closing.set()
        return {}

    @property
    def closing(self) -> threading.Event:
        """Set when the process shall end."""
        return self._closing

    def finish(self) -> None:
        """End in order: a recording that is under way is closed properly."""
        if self._stage == "during":
            self._stop()
        self._closing.set()
        self._telling.stop()
        if self._lookout is not None:
            self._lookout.close()

    # ------------------------------------------------------------------ the state

    def _readings(self) -> Any:
        if self._recorder is not None:
            return self._recorder.health()
        return self._lookout.readings(self._person) if self._lookout is not None else ()

    def _seats(self, readings: Any) -> list[dict[str, Any]]:
        live = self._monitor if self._stage == "during" else None
        found = seats(
            self._session,
            self._roster,
            self._met_by,
            readings,
            live,
            local_clock(),
        )
        for seat in found:
            accepted = seat["id"] in self._accepted
            seat["accepted"], seat["ready"] = accepted, seat["flowing"] or accepted
        return found

    def _findings(self, readings: Any) -> tuple[Finding, ...]:
        if self._recorder is not None:
            notes = () if self._restart is None else self._restart.notes
            return (*self._recorder.alarms.standing, *notes)
        if self._lookout is None:
            return self._config
        return (*self._config, *self._lookout.findings(self._roster, readings))

    def _settle(self) -> None:
        """After a restart: find out what it has cost; then there is time for numbers."""
        if self._restart is None or self._recorder is None or self._restart.settled:
            return
        if self._restart.tell(self._recorder.alarms, local_clock()):
            self._numbers.let()

    def _build(self) -> dict[str, Any]:
        if self._stage == "during":
            self._take_leave()
            self._settle()
            if self._numbers.ready:
                self._monitor.step(self._zero)
        readings = self._readings()
        people = self._seats(readings)
        now = local_clock() - self._zero if self._stage == "during" else 0.0
        self._strips.add(people, local_clock())
        for seat in people:
            seat["strip"] = self._strips.of(seat["id"])
        planned = 60 * self._protocol.minutes + EXTRA - now
        state: dict[str, Any] = {
            "stage": self._stage,
            "session": session_state(self._session, self._protocol, self._folder),
            "streams": [stream_state(r, self._lookout) for r in readings if r.state != "replaced"],
            "seats": people,
            "alarms": [finding_state(f) for f in self._findings(readings)],
            "disk": disk_state(self._folder, readings, planned),
            "clocks": clock_state(readings),
            "now": now,
            "wall": time.time(),
            "fault": self._telling.fault or self._numbers.trouble,
            "ready": bool(people) and all(seat["ready"] for seat in people),
        }
        if self._book is not None:
            state["log"] = self._book.log()
            state |= phase_state(self._book.timeline(now), now)
        if self._recorder is not None:
            state["file"] = self._recorder.path.name
        if self._summary is not None:
            state["summary"] = summary_state(self._summary)
            if self._restart is not None:  # not the only file
                state["summary"] |= self._kept
        return state


def _there(place: Path) -> bool:
    return (place / "arousal.toml").exists()
