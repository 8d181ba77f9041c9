"""The channel answers who knows its secret, tells errors in words, and survives nonsense."""

from __future__ import annotations

import json
import socket
import stat

import pytest

from arousal.errors import DataError, DeviceError, UsageError
from arousal.monitor.channel import ADDRESS_FILE, Channel, ChannelClient


@pytest.fixture
def channel(tmp_path):
    def answer(what, fields):
        if what == "wrong":
            raise DataError("no such phase", hint="there are nine")
        if what == "broken":
            raise ZeroDivisionError
        return {"what": what, **fields}

    opened = Channel(tmp_path, answer)
    yield opened
    opened.close()


def test_a_question_is_answered_and_a_refusal_carries_its_words(channel, tmp_path):
    client = ChannelClient(tmp_path)
    assert client.ask("mark", text="é") == {"what": "mark", "text": "é"}
    with pytest.raises(UsageError, match="there are nine"):
        client.ask("wrong")
    with pytest.raises(UsageError, match="fault of ours"):
        client.ask("broken")
    assert client.is_alive()


def test_only_the_owner_may_read_the_address_and_it_goes_with_the_channel(channel, tmp_path):
    assert stat.S_IMODE((tmp_path / ADDRESS_FILE).stat().st_mode) == 0o600
    channel.close()
    assert not (tmp_path / ADDRESS_FILE).exists()
    assert not ChannelClient(tmp_path).is_alive()
    with pytest.raises(DeviceError, match="does not answer"):
        ChannelClient(tmp_path).ask("ping")


@pytest.mark.parametrize(
    "line",
    [b"GET / HTTP/1.1\r\n", b"[]\n", b'{"secret": "guess", "do": "stop"}\n', b"\xff\xfe\n", b""],
)
def test_who_does_not_know_the_secret_gets_silence(channel, tmp_path, line):
    port = json.loads((tmp_path / ADDRESS_FILE).read_text())["port"]
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert ChannelClient(tmp_path).is_alive()
