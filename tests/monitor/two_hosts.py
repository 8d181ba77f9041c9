"""Two computers on one: network namespaces joined by a cable, each with clocks of its own.

Needs Linux, the right to make namespaces (root) and iproute2 and util-linux (`ip`, `unshare`).
Nothing leaves the namespaces: they have one cable, and it ends in the other.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.live_rig import REPOSITORY
from tests.missing import missing

CLONE_NEWNET = 0x40000000
ADDRESSES = "192.0.2.1", "192.0.2.2"
CONFIGURATION = """\
[lab]
KnownPeers = {{{peer}}}
SessionID = {session}
[ports]
IPv6 = disable
[multicast]
ResolveScope = machine
AddressesOverride = {{127.0.0.1}}
[log]
level = -2
"""
"""As docs/operators.md tells it: the other computer by its address, no multicast."""


@dataclass(frozen=True)
class Host:
    """One of the two computers.

    Parameters
    ----------
    name : str
        Of its network namespace.
    config : Path
        Its LSL configuration, which names the other.
    """

    name: str
    config: Path

    def run(self, work: Callable[[], Any]) -> Any:
        """Do something as if on this computer; what it starts stays there."""
        done: list[Any] = []

        def inside() -> None:
            try:
                with Path(f"/run/netns/{self.name}").open("rb") as place:
                    libc = ctypes.CDLL(None, use_errno=True)
                    if libc.setns(place.fileno(), CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), "setns")
                done.append((work(), None))
            except Exception as error:  # noqa: BLE001 - raised where it was asked for
                done.append((None, error))

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        result, error = done[0]
        if error is not None:
            raise error
        return result

    def cable(self, *, plugged: bool) -> None:
        """Plug the cable in, or pull it out."""
        command = ["ip", "-n", self.name, "link", "set", "cable", "up" if plugged else "down"]
        subprocess.run(command, check=True)


class Booted:
    """A program on a host whose clock counts from another moment and that has its own name.

    Parameters
    ----------
    host : Host
        Where.
    clock : int
        Seconds by which its monotonic clock, which LSL stamps with, is ahead of ours.
    arguments : str
        Of Python.
    """

    def __init__(self, host: Host, clock: int, *arguments: str) -> None:
        shifted = ["unshare", "--uts", "--time", "--monotonic", str(clock)]
        shifted += ["--boottime", str(clock), "--fork", "--kill-child"]
        run = 'hostname "$0"; exec "$@"'
        self.process = host.run(
            lambda: subprocess.Popen(
                [*shifted, "sh", "-c", run, host.name, sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={
                    **os.environ,
                    "LSLAPICFG": str(host.config),
                    "PYTHONPATH": str(REPOSITORY),
                },
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(10)


@contextmanager
def two_hosts(folder: Path) -> Iterator[tuple[Host, Host]]:
    """Make the laptop and a far computer; skipped, with the reason, where that is not allowed."""
    for tool in ("ip", "unshare"):
        if shutil.which(tool) is None:
            missing(f"no two hosts: there is no `{tool}` here (iproute2, util-linux)")
    names = [f"arousal-{word}-{os.getpid()}" for word in ("laptop", "far")]
    hosts = tuple(_host(name, folder, peer) for name, peer in zip(names, (1, 0), strict=True))
    try:
        for host in hosts:
            _ip("netns", "add", host.name)
        first, second = names
        _ip("-n", first, "link", "add", "cable", "type", "veth", "peer", "cable", "netns", second)
        for host, address in zip(hosts, ADDRESSES, strict=True):
            _ip("-n", host.name, "addr", "add", f"{address}/24", "dev", "cable")
            for link in ("lo", "cable"):
                _ip("-n", host.name, "link", "set", link, "up")
        yield hosts[0], hosts[1]
    finally:
        for host in hosts:
            subprocess.run(["ip", "netns", "del", host.name], check=False, capture_output=True)


def _host(name: str, folder: Path, peer: int) -> Host:
    config = folder / f"{name}.cfg"
    session = f"two-{os.getpid()}"
    config.write_text(CONFIGURATION.format(peer=ADDRESSES[peer], session=session))
    return Host(name, config)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        missing(f"no two hosts, run as root: ip {' '.join(arguments)}: {done.stderr.strip()}")
