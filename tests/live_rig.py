"""A live session to try: virtual wearables over LSL, a study, the page's server, to be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, Self

from arousal.errors import ArousalError
from arousal.ingest.session_writer import write_session
from arousal.monitor.channel import ADDRESS_FILE, ChannelClient
from arousal.recording import Kind, Person, Recording
from arousal.simulate import Level, SimulationSettings, simulate
from tests.lsl_isolation import LslIsolation

REPOSITORY = Path(__file__).parents[1]
KINDS = (Kind.ECG, Kind.EDA, Kind.RR)
VICTIM = "strap-P04-ecg"
"""The strap that dies."""


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> float:
    """Wait for something to become true; return how long it took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"not within {seconds} s")
        time.sleep(0.02)
    return time.monotonic() - began


def wearables(folder: Path, people: int = 12, seconds: float = 600.0) -> tuple[Path, Path]:
    """Make two recordings to be replayed: everything but P04's ECG strap, and that strap alone.

    ECG 130 Hz, EDA 4 Hz and RR of everybody; the strap is apart so that it can be switched off.
    """
    settings = SimulationSettings(
        signals=KINDS, artefacts=Level.NONE, dropouts=Level.NONE, minutes=10, slips=False
    )
    made = simulate("balint-60", people, 5, settings)
    folders = folder / "group", folder / "strap"
    for place, alone in zip(folders, (False, True), strict=True):
        persons = []
        for person in made.recording:
            own = [s for s in person.signals if (s.source == VICTIM) is alone]
            if own:
                persons.append(Person(person.id, tuple(s.crop(0.0, seconds) for s in own)))
        write_session(place, Recording(tuple(persons), id="wearables"), made.session)
    return folders[0] / "recording.xdf", folders[1] / "recording.xdf"


class Study:
    """A study with a prepared session: everybody's streams claimed by name, everything agreed."""

    def __init__(self, folder: Path, people: int = 12, protocol: str = "balint-60") -> None:
        self.root, self.session = folder, folder / "sessions" / "s1"
        self.people = [f"P{n:02d}" for n in range(1, people + 1)]
        self.session.mkdir(parents=True)
        (folder / "study.toml").write_text(f'schema = 1\nname = "trial"\nprotocol = "{protocol}"\n')
        lines = ["schema = 1", 'id = "s1"', f'protocol = "{protocol}"']
        for number, person in enumerate(self.people):
            role = "leader" if number == 0 else "co_leader" if number == 1 else "member"
            streams = ", ".join(f'{kind} = "{stream_name(person, kind)}"' for kind in KINDS)
            lines += [f"[people.{person}]", f'role = "{role}"', 'eda_site = "finger"']
            lines += [f"streams = {{ {streams} }}", f"[consent.{person}]"]
            lines += [f"{p} = {date(2026, 3, 1)}" for p in ("record", "research", "group_view")]
        (self.session / "session.toml").write_text("\n".join(lines) + "\n")

    @property
    def desk(self) -> ChannelClient:
        return ChannelClient(self.session)

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.desk.ask("wait")["state"]
        return state

    def end_desk(self) -> None:
        """End this session's desk, whatever it does: by the process id in its own file."""
        try:
            number = int(json.loads((self.session / ADDRESS_FILE).read_text())["pid"])
        except (OSError, ValueError):
            return
        with suppress(ArousalError):
            self.desk.ask("stop", timeout=20)
        with suppress(ArousalError):
            self.desk.ask("leave")
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGTERM)


def stream_name(person: str, kind: Kind) -> str:
    return f"skin-{person}-eda" if kind is Kind.EDA else f"strap-{person}-{kind}"


class Process:
    """A child process whose stdout's first line matters."""

    def __init__(self, isolation: LslIsolation, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**isolation.environment(), "PYTHONPATH": str(REPOSITORY)},
        )

    def first_line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def replay(isolation: LslIsolation, session: Path, *faults: str, loop: bool = False) -> Process:
    """Send a session as virtual wearables, in a process of its own; ``loop``: for ever."""
    options = [word for fault in faults for word in ("--fault", fault)]
    options += ["--loop"] if loop else []
    return Process(isolation, "-m", "arousal.cli", "replay", str(session), *options)


def live(isolation: LslIsolation, study: Path, *options: str) -> Process:
    """Run `arousal live` without a browser; `first_line` is its address."""
    run = "from arousal.cli_live import live; live()"
    return Process(isolation, "-c", run, str(study), "--no-browser", *options)
