"""Serve the page on this computer until Ctrl-C; the recording does not mind."""

from __future__ import annotations

import os
import secrets
import socket
import ssl
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from arousal.errors import UsageError
from dashboards.live.app import make_app
from dashboards.live.security import Door

__all__ = ["check_access", "serve"]

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
PORT = 8765
"""The first port that is tried when none is named."""
TRIES = 20


def serve(
    folder: Path,
    say: Callable[[str], None],
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    token: bool = False,
    tls: tuple[Path, Path] | None = None,
    open_browser: bool = True,
    **view: Any,
) -> None:
    """Serve one session's page.

    Parameters
    ----------
    folder : Path
        Session folder.
    say : callable
        Prints the address, once.
    host : str
        Address to listen on.
    port : int, optional
        0 for any; default: the first free one from 8765 on.
    token : bool
        Whether a token is needed; it must be for any host but this computer's own.
    tls : tuple of Path, optional
        Certificate (chain) and private key, PEM; the page is then served over HTTPS.
    open_browser : bool
        Whether to open the page here.
    **view
        What the page shows, as `make_app` takes it: ``researcher``, ``language``.

    Raises
    ------
    UsageError
        If the host is not this computer's own and no token is asked for, the port is taken, or the
        certificate and key cannot be used.
    """
    import uvicorn

    check_access(host, token=token, tls=tls)
    listening = _listen(host, port)
    number = int(listening.getsockname()[1])
    secret = secrets.token_urlsafe(16) if token else ""
    names = {host, "127.0.0.1", "localhost"}
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - asked for by name, and only with a token
        names |= {socket.gethostname(), *_own_addresses()}
    door = Door.of(names, number, secret, tls=tls is not None)
    shown = "127.0.0.1" if host in {"0.0.0.0", "::", *LOOPBACK} else host  # noqa: S104
    scheme = "http" if tls is None else "https"
    address = f"{scheme}://{shown}:{number}/" + (f"?token={secret}" if secret else "")
    say(address)
    if open_browser:
        threading.Timer(0.5, webbrowser.open, (address,)).start()
    config = uvicorn.Config(
        make_app(folder, door, **view),
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=1,
        ws="none",
        ssl_certfile=None if tls is None else tls[0],
        ssl_keyfile=None if tls is None else tls[1],
    )
    with listening:
        uvicorn.Server(config).run(sockets=[listening])


def check_access(host: str, *, token: bool, tls: tuple[Path, Path] | None) -> None:
    """Refuse what `serve` would refuse, before anything is made or started for it.

    Raises
    ------
    UsageError
        If the host is not this computer's own and no token is asked for, or the certificate and
        key cannot be used.
    """
    if host not in LOOPBACK and not token:
        raise UsageError(
            f"--host {host} lets other computers in, so it needs --token",
            where="--host",
            hint="a token is then made and printed once",
        )
    if tls is not None:
        _check_certificate(*tls)


def _check_certificate(certificate: Path, key: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UsageError(
            f"certificate and key cannot be used: {reason}",
            where=certificate,
            hint="both in PEM, the key without a password and belonging to the certificate",
        ) from None


def _listen(host: str, port: int | None) -> socket.socket:
    ports = range(PORT, PORT + TRIES) if port is None else [port]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in ports:
        listening = socket.socket(family, socket.SOCK_STREAM)
        if os.name == "posix":  # else a page cannot come back to its port for a minute
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, number))
            listening.listen(64)
        except OSError as error:
            listening.close()
            if number == ports[-1]:
                raise UsageError(
                    f"port {number} on {host} cannot be used: {error.strerror}",
                    where="--port",
                    hint="name another one",
                ) from None
            continue
        return listening
    raise AssertionError  # there is always a last port


def _own_addresses() -> set[str]:
    try:
        found = socket.getaddrinfo(socket.gethostname(), None)
    except OSError:
        return set()
    return {str(entry[4][0]) for entry in found}
