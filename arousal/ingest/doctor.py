"""Look at this computer before the session: what would keep LSL or the recorder from working."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from arousal import __version__
from arousal.findings import Severity
from arousal.ingest.disk_guard import RESERVE_BYTES
from arousal.ingest.lsl import Finder, announce, local_clock
from arousal.ingest.lsl_config import config_findings, lsl_settings, settle
from arousal.ingest.raw import StreamInfo

__all__ = ["Check", "examine"]

GROUP, PORT = "224.0.0.183", 16571
"""LSL's link-local multicast group and port."""
FIRST_PORT = 16572
"""First TCP and UDP port of outlets."""
DEFAULT_RANGE = 32


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    name : str
        What.
    severity : Severity or None
        ``None`` = well.
    text : str
        What was found.
    hint : str
        What to do about it.
    """

    name: str
    severity: Severity | None
    text: str
    hint: str = ""


def examine(folder: Path, minutes: float = 120.0) -> Iterator[Check]:
    """Look at everything, one after the other.

    Parameters
    ----------
    folder : Path
        Where a recording would be written.
    minutes : float
        How long it would be.

    Yields
    ------
    Check
        As soon as each is done; all together take about 4 s.
    """
    settle()
    for look in (_versions, _configuration, _session, _ports, _multicast, _discovery, _files):
        yield look()
    yield _disk(folder, minutes)
    yield _clock()


def _versions() -> Check:
    import pylsl

    library = pylsl.library_version()
    text = (
        f"arousal {__version__}, Python {platform.python_version()}, pylsl {version('pylsl')}, "
        f"liblsl {library // 100}.{library % 100}, {platform.system()} {platform.release()}"
    )
    if library < 116:
        hint = "update pylsl; if PYLSL_LIB is set, it names an old library"
        return Check("versions", Severity.PROBLEM, text, hint)
    return Check("versions", None, text)


def _configuration() -> Check:
    found = config_findings()
    if found:
        text = "; ".join(f"{finding.where}: {finding.message}" for finding in found)
        return Check("configuration", Severity.PROBLEM, text, found[0].hint)
    path, _ = lsl_settings()
    return Check("configuration", None, str(path or "no lsl_api.cfg: liblsl's defaults"))


def _session() -> Check:
    """Compare the session that liblsl is in with the file's: was the file taken at all."""
    taken = str(_probe()[1].get_info().session_id())
    wanted = lsl_settings()[1].get("lab", "SessionID", "default")
    if taken != wanted:
        text = f"the file says session {wanted!r}, liblsl is in {taken!r}"
        hint = "liblsl has dropped the file: look for an invalid value in it"
        return Check("session", Severity.PROBLEM, text, hint)
    return Check("session", None, f"{taken!r}: only streams of this session are seen")


def _probe() -> tuple[StreamInfo, Any]:
    info = StreamInfo(f"arousal-doctor-{uuid.uuid4().hex[:8]}", "Probe", "doctor", format="string")
    return info, announce(info)


def _ports() -> Check:
    set_to = lsl_settings()[1].get("ports", "PortRange", "")
    span = int(set_to) if set_to.isdigit() else DEFAULT_RANGE
    free = sum(_is_free(port) for port in range(FIRST_PORT, FIRST_PORT + span))
    text = f"{free} of {span} LSL ports are free here"
    if free < 2:
        hint = "close programs that send LSL, or set [ports] PortRange = 128 in lsl_api.cfg"
        return Check("ports", Severity.PROBLEM, text, hint)
    if span <= DEFAULT_RANGE:
        hint = (
            "only 33 streams of one computer are ever found with 32 ports; "
            "for more set [ports] PortRange = 128 in lsl_api.cfg on every computer"
        )
        return Check("ports", Severity.NOTE, text, hint)
    return Check("ports", None, text)


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
        try:
            tcp.bind(("", port))
        except OSError:
            return False
    return True


def _multicast() -> Check:
    """Send a packet to LSL's group and wait for it to come back."""
    word = uuid.uuid4().bytes
    try:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
        ):
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            ear.bind(("", PORT))
            member = struct.pack("4s4s", socket.inet_aton(GROUP), bytes(4))  # any interface
            ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            ear.settimeout(0.2)
            mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
            mouth.sendto(word, (GROUP, PORT))
            came_back = _hears(ear, word)
    except OSError as error:
        came_back, reason = False, f" ({error.strerror or error})"
    else:
        reason = ""
    if came_back:
        return Check("multicast", None, f"{GROUP} answers on this computer")
    hint = (
        "allow UDP 16571 in the firewall; if the network blocks multicast, name the other "
        "computers in lsl_api.cfg: [lab] KnownPeers = {192.168.1.20}"
    )
    return Check("multicast", Severity.WARNING, f"{GROUP} does not come back{reason}", hint)


def _hears(ear: socket.socket, word: bytes) -> bool:
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        try:
            if ear.recv(64) == word:
                return True
        except TimeoutError:
            continue
    return False


def _discovery() -> Check:
    info, outlet = _probe()
    finder = Finder()
    begun = time.monotonic()
    others: set[str] = set()
    found = False
    while time.monotonic() < begun + (1.0 if found else 2.0):
        names = {s.info.name: s.info.hostname for s in finder.sightings()}
        found = found or info.name in names
        others = {f"{name} on {host}" for name, host in names.items() if name != info.name}
        time.sleep(0.1)
    del outlet
    if not found:
        hint = "LSL does not find a stream of this very computer: see configuration and multicast"
        return Check("discovery", Severity.PROBLEM, "an own stream was not found in 2 s", hint)
    return Check("discovery", None, f"an own stream was found, and {len(others)} others")


def _files() -> Check:
    if sys.platform == "win32":
        return Check("open files", None, "no limit that matters on Windows")
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    text = f"{soft} files may be open at once"
    if soft < 512:
        hint = f"each stream needs about 6: ulimit -n {min(hard, 4096)}"
        return Check("open files", Severity.WARNING, text, hint)
    return Check("open files", None, text)


def _disk(folder: Path, minutes: float) -> Check:
    place = next((p for p in (folder, *folder.resolve().parents) if p.exists()), Path())
    free = shutil.disk_usage(place).free
    # 12 people with ECG 130 Hz, EDA and RR write about 30 kB/s.
    needed = int(30_000 * 60 * minutes) + RESERVE_BYTES
    text = f"{free / 1e9:.1f} GB free at {place}, {minutes:.0f} min of 12 people take "
    text += f"{needed / 1e9:.2f} GB"
    if not os.access(place, os.W_OK):
        return Check(
            "disk", Severity.PROBLEM, f"{place} cannot be written", "choose another folder"
        )
    if free < 2 * needed:
        severity = Severity.PROBLEM if free < needed else Severity.WARNING
        return Check("disk", severity, text, "free some space")
    return Check("disk", None, text)


def _clock() -> Check:
    """Compare the two clocks over half a second, and ask whether somebody sets the calendar."""
    steady, calendar = local_clock(), time.time()
    time.sleep(0.5)
    apart = (local_clock() - steady) - (time.time() - calendar)
    if abs(apart) > 0.01:
        text = f"the calendar clock moved by {1000 * apart:.0f} ms against the LSL clock in 0.5 s"
        hint = "something is setting this computer's time: let it finish before recording"
        return Check("clock", Severity.WARNING, text, hint)
    synchronised = _synchronised()
    if synchronised is False:
        text = "steady, but not synchronised with a time server"
        hint = "dates and times in the report may be off; LSL itself does not mind"
        return Check("clock", Severity.NOTE, text, hint)
    known = "synchronised" if synchronised else "whether it is synchronised is not known here"
    return Check("clock", None, f"steady; {known}")


def _synchronised() -> bool | None:
    if shutil.which("timedatectl") is None:
        return None
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run
    answer = run(command, capture_output=True, text=True, check=False, timeout=5)
    return {"yes": True, "no": False}.get(answer.stdout.strip())
