"""The desk's own process: ``python -m arousal.monitor.desk_process SESSION_FOLDER [...]``.

It belongs to nobody: no terminal, no page, no server can take it down. It ends when it is told to
(`leave`, SIGTERM: a recording is then closed properly first), or when it does not record and
nobody has asked for anything for a while. If it is killed, its keeper (`desk_keeper`) starts it
again, and it records on before anything is loaded that a recorder does not need. With ``--resume``
somebody at the page has asked for that; with ``--restarted`` it was the keeper, so the computer and
its LSL clock are known to have run on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from arousal.atomic import PRIVATE_FILE
from arousal.errors import ArousalError, DeviceError
from arousal.monitor import desk_keeper
from arousal.monitor.channel import Channel, ChannelClient

__all__ = ["LOG_FILE", "attach", "main"]

LOG_FILE = "desk.log"
LONELY = 30.0
"""Seconds without a question after which a desk that does not record ends."""
START_SECONDS = 60.0
SWITCH = 0.001
"""Seconds after which a thread that computes lets others on (Python's own: 0.005). A mark passes
several threads on its way to the disk and back. In a stand-in (the channel, an fsync, a thread that
computes; not real marks) at a load of 25 the slowest hundredth of the answers took 225 instead of
322 ms, the middle one 36 instead of 55."""
_WINDOWS_FLAGS = ("CREATE_NEW_PROCESS_GROUP", "DETACHED_PROCESS")
_STARTED: list[subprocess.Popen[bytes]] = []
"""Kept, so that a desk that ends before this process does is taken note of."""


def attach(folder: Path, *, resume: bool = False) -> ChannelClient:
    """Return a client of the session's desk; start the desk if none is there.

    Parameters
    ----------
    folder : Path
        Session folder with ``session.toml``.
    resume : bool
        Whether a desk that is started goes on recording where one before was killed.

    Raises
    ------
    DeviceError
        If a new desk does not come up.
    """
    client = ChannelClient(folder)
    if client.is_alive():
        return client
    log = folder / LOG_FILE
    command = [sys.executable, "-P", desk_keeper.__file__, str(folder)]
    command += ["--resume"] if resume else []
    # Out of this process's terminal and group, so that neither takes the desk down with it.
    flags = sum(getattr(subprocess, name, 0) for name in _WINDOWS_FLAGS)
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE), "ab") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            creationflags=flags,
            start_new_session=True,
        )
    _STARTED.append(process)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if client.is_alive():
            return client
        if process.poll() is not None:
            break
        time.sleep(0.05)
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    reason = lines[-1] if lines else "no reason given"
    raise DeviceError(f"the recorder does not start: {reason}", where=folder, hint=f"see {log}")


def main(arguments: list[str]) -> int:
    """Serve one session until it is over."""
    from arousal.ingest.lsl_config import settle
    from arousal.ingest.stop_signals import stop_signals
    from arousal.monitor.desk import Desk

    folder = Path(arguments[0])
    resume, restarted = "--resume" in arguments[1:], "--restarted" in arguments[1:]
    config = settle()
    sys.setswitchinterval(SWITCH)
    try:
        with stop_signals() as stop:
            desk = Desk(folder, config, resume=resume or restarted, same_clock=restarted)
            channel = Channel(folder, desk.answer)
            try:
                while not stop.wait(0.2) and not desk.closing.is_set():
                    if not desk.recording and time.monotonic() - desk.asked > LONELY:
                        break
            finally:
                channel.close()
                desk.finish()
    except ArousalError as error:
        print(f"arousal: {error}", file=sys.stderr, flush=True)  # noqa: T201
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
