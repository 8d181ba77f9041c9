"""Keep the tests' LSL streams on the loopback interface and away from any other run's.

liblsl reads its configuration once, at its first call. An invalid value makes it drop the whole
configuration in silence and multicast on the real network, so what it took is checked.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

# Found by asking every port of the one peer, so no multicast is needed.
CONFIGURATION = """\
[ports]
IPv6 = disable
PortRange = 128
[multicast]
ResolveScope = machine
ListenAddress = 127.0.0.1
Interfaces = {{127.0.0.1}}
AddressesOverride = {{127.0.0.1}}
[lab]
KnownPeers = {{127.0.0.1}}
SessionID = {session_id}
[log]
level = -2
"""


class NotIsolatedError(Exception):
    """LSL would reach beyond this test run."""


@dataclass(frozen=True)
class LslIsolation:
    """The session that this run's streams live in, and the file that tells it to children."""

    session_id: str
    config_file: Path

    def environment(self) -> dict[str, str]:
        """Environment for a child process that speaks LSL to this one."""
        return {**os.environ, "LSLAPICFG": str(self.config_file)}


def prepare() -> LslIsolation:
    """Write a configuration with a fresh session and point this process and its children to it.

    Cheap and without importing pylsl, so that it can be done before every test run.
    """
    session_id = f"arousal-test-{uuid.uuid4().hex[:12]}"
    path = Path(tempfile.mkdtemp(prefix="arousal-lsl-")) / "lsl_api.cfg"
    path.write_text(CONFIGURATION.format(session_id=session_id), encoding="utf-8")
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    os.environ["LSLAPICFG"] = str(path)
    return LslIsolation(session_id, path)


def enforce(isolation: LslIsolation) -> None:
    """Hand the configuration to liblsl and check on an outlet that it was taken.

    Raises
    ------
    NotIsolatedError
        If liblsl was already configured otherwise or dropped the configuration.
    """
    import pylsl

    pylsl.set_config_content(isolation.config_file.read_text(encoding="utf-8"))
    info = pylsl.StreamInfo("isolation-probe", "Markers", 1, 0.0, "string", "isolation-probe")
    found = pylsl.StreamOutlet(info).get_info().session_id()
    if found != isolation.session_id:
        raise NotIsolatedError(
            f"liblsl is in session {found!r}, not {isolation.session_id!r}: "
            "some module called LSL before the tests set it up"
        )
