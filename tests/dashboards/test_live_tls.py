"""The live page over HTTPS: with a certificate of one's own, and never half encrypted."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from arousal.errors import UsageError
from dashboards.live import serve
from tests.missing import missing

OPENSSL = shutil.which("openssl")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    if OPENSSL is None:
        missing("no certificate can be made: the program openssl is not installed")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=live", "-addext"]
    command += ["subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


@pytest.fixture
def server(
    pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The page's server in a thread; yields its address."""
    said: list[str] = []
    there, servers = threading.Event(), []

    class Quiet(uvicorn.Server):
        def __init__(self, config: uvicorn.Config) -> None:
            super().__init__(config)
            servers.append(self)

    monkeypatch.setattr(uvicorn, "Server", Quiet)

    def say(text: str) -> None:
        said.append(text)
        there.set()

    options = {"port": 0, "token": True, "tls": pair, "open_browser": False}
    thread = threading.Thread(target=lambda: serve(tmp_path, say, **options))  # type: ignore[arg-type]
    thread.start()
    assert there.wait(10)
    yield said[0]
    servers[0].should_exit = True
    thread.join(10)
    assert not thread.is_alive()


def test_the_page_is_served_encrypted_and_its_cookie_never_leaves_that_way(
    server: str, pair: tuple[Path, Path]
) -> None:
    assert server.startswith("https://127.0.0.1:")
    context = ssl.create_default_context(cafile=str(pair[0]))

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), Stay)
    with pytest.raises(urllib.error.HTTPError) as answer:
        opener.open(server, timeout=10)
    assert answer.value.code == 303
    cookie = answer.value.headers["set-cookie"]
    answer.value.close()
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    port = int(server.split(":")[2].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert not plain.recv(100).startswith(b"HTTP")


def test_a_key_that_is_not_the_certificates_is_refused_before_anything_listens(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="certificate and key cannot be used"):
        serve(tmp_path, print, tls=(pair[0], pair[0]), open_browser=False)
    with pytest.raises(UsageError, match="No such file"):
        serve(tmp_path, print, tls=(pair[0], tmp_path / "none.pem"), open_browser=False)
