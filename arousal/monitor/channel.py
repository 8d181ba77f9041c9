"""How a page talks to the recorder's process: one line of JSON there, one back, on this computer.

The address, with a secret, stands in ``.desk.json`` of the session folder, readable by its owner
only. So any page server that may read the folder can attach, and a new one after a crash too.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arousal.atomic import write_text
from arousal.errors import ArousalError, DeviceError, UsageError

__all__ = ["ADDRESS_FILE", "Channel", "ChannelClient"]

ADDRESS_FILE = ".desk.json"
LONGEST_LINE = 1 << 20
Answerer = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.connection.settimeout(30)
        line = self.rfile.readline(LONGEST_LINE)
        try:
            request = json.loads(line)
            secret = str(request.pop("secret"))
            what = str(request.pop("do"))
        except (ValueError, KeyError, TypeError, AttributeError):
            return
        if not hmac.compare_digest(secret.encode(), self.server.secret.encode()):
            return
        try:
            answer: dict[str, Any] = {"ok": True, **self.server.answer(what, request)}
        except ArousalError as error:
            answer = {"ok": False, "error": error.message, "hint": error.hint}
        except Exception as error:  # noqa: BLE001 - a fault of ours must not end the recorder
            answer = {"ok": False, "error": f"a fault of ours: {error!r}", "hint": ""}
        self.wfile.write(json.dumps(answer, allow_nan=False).encode() + b"\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, answer: Answerer) -> None:
        self.answer, self.secret = answer, secrets.token_urlsafe(24)
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is no news."""


class Channel:
    """The listening end.

    Parameters
    ----------
    folder : Path
        Session folder, in which the address is written.
    answer : callable
        ``answer(what, fields)`` returns what JSON can hold, from any thread; errors of this
        package are told to the client.
    """

    def __init__(self, folder: Path, answer: Answerer) -> None:
        self._server = _Server(answer)
        self._path = folder / ADDRESS_FILE
        port = self._server.server_address[1]
        address = {"port": port, "secret": self._server.secret, "pid": os.getpid()}
        write_text(self._path, json.dumps(address))
        run = self._server.serve_forever
        threading.Thread(target=run, args=(0.2,), daemon=True).start()

    def close(self) -> None:
        """Stop listening and take the address away."""
        self._path.unlink(missing_ok=True)
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True, slots=True)
class ChannelClient:
    """The asking end: reads the address anew each time, so that it finds a new desk too.

    Parameters
    ----------
    folder : Path
        Session folder.
    """

    folder: Path

    def ask(self, what: str, *, timeout: float = 10.0, **fields: Any) -> dict[str, Any]:
        """Ask and return the answer.

        Raises
        ------
        DeviceError
            If nobody listens.
        UsageError
            If the answer is a refusal; the message is the other side's.
        """
        answer = self._exchange(what, fields, timeout)
        if not answer.pop("ok"):
            raise UsageError(str(answer["error"]), hint=str(answer["hint"]))
        return answer

    def _exchange(self, what: str, fields: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        try:
            address = json.loads((self.folder / ADDRESS_FILE).read_text(encoding="utf-8"))
            port, secret = int(address["port"]), str(address["secret"])
            line = json.dumps({"secret": secret, "do": what, **fields}).encode() + b"\n"
            with socket.create_connection(("127.0.0.1", port), timeout) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.sendall(line)
                with connection.makefile("rb") as file:
                    reply = file.readline(16 * LONGEST_LINE)
            answer: dict[str, Any] = json.loads(reply)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DeviceError(
                f"the recorder does not answer: {error}",
                where=self.folder.name,
                hint="start `arousal live` again: it attaches to it, or starts a new one",
            ) from None
        return answer

    def is_alive(self) -> bool:
        """Ask whether somebody listens."""
        if not (self.folder / ADDRESS_FILE).exists():
            return False
        try:
            self.ask("ping", timeout=3.0)
        except ArousalError:
            return False
        return True
