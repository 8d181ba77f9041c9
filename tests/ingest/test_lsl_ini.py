"""Our reading of an lsl_api.cfg is liblsl's own: it is asked about every file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from arousal.ingest.lsl_ini import read_ini
from tests.lsl_isolation import LslIsolation

ASK = """
import sys, pylsl
pylsl.set_config_content(sys.argv[1])
info = pylsl.StreamInfo("ini-probe", "Markers", 1, 0.0, "string", "ini-probe")
print(pylsl.StreamOutlet(info).get_info().session_id())
"""
TAKEN = {
    "as it is": ("", ""),
    "a comment": ("[ports]", "; hello\n[ports]"),
    "a section twice": ("[lab]", "[ports]\nBasePort = 16600\n[lab]"),
    "no list": ("KnownPeers = {127.0.0.1}", "KnownPeers = {}"),
    "more on a section's line": ("[lab]", "[lab] ; ours"),
    "without spaces": (" = ", "="),
    "a comment behind a number": ("PortRange = 128", "PortRange = 128 ; many"),
    "lists that this scope does not use": ("[lab]", "GlobalAddresses = {x}\n[lab]"),
}
UNHEEDED = {
    "a word for a number": ("PortRange = 128", "PortRange = many", "PortRange = many"),
    "a comma in a number": ("level = -2", "level = -2\n[tuning]\nSmoothingHalftime = 0,5", "0,5"),
    "an unknown section": ("[log]", "[potrs]\nBasePort = 16572\n[log]", "[potrs]"),
    "an unknown name": ("PortRange", "BasePort = 16572\nportrange = 128\nPortRange", "portrange"),
}
DROPPED = {
    "a comment with a hash": ("[ports]", "# hello\n[ports]", "a comment begins with ;"),
    "a line that says nothing": ("[ports]", "hello\n[ports]", "line 1"),
    "a colon": ("PortRange = 128", "PortRange: 128", "PortRange: 128"),
    "an open bracket": ("[lab]", "[lab", "lacks its ]"),
    "a name twice": ("PortRange = 128", "PortRange = 128\nPortRange = 64", "second time"),
    "no value": ("PortRange = 128", "PortRange =", "no value"),
    "an unknown scope": ("= machine", "= everywhere", "ResolveScope = everywhere"),
    "a scope in capitals": ("= machine", "= Machine", "ResolveScope = Machine"),
    "no for IPv6": ("= disable", "= no", "IPv6 = no"),
    "a loudness out of range": ("level = -2", "level = 12", "level = 12"),
    "a name for an address": ("Override = {127.0.0.1}", "Override = {localhost}", "no IP address"),
    "an interface's name": ("Interfaces = {127.0.0.1}", "Interfaces = {eth0}", "no IP address"),
    "a list of its scope": (
        "AddressesOverride = {127.0.0.1}",
        "MachineAddresses = {x}",
        "no IP address",
    ),
    "a byte order mark": ("[ports]", "\ufeff[ports]", "byte order mark"),
}


def changed(lsl: LslIsolation, old: str, new: str) -> str:
    text = lsl.config_file.read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new, 1) if old else text


@pytest.fixture
def asked(lsl: LslIsolation, tmp_path: Path) -> Callable[[str], bool]:
    """Ask liblsl whether it takes a configuration: whether it is in the session that it names.

    What it drops makes it read the next file, which keeps it on the loopback interface too.
    """
    next_file = tmp_path / "lsl_api.cfg"
    next_file.write_text(changed(lsl, lsl.session_id, "elsewhere"), encoding="utf-8")

    def ask(text: str) -> bool:
        done = subprocess.run(
            [sys.executable, "-c", ASK, text],
            env={**lsl.environment(), "LSLAPICFG": str(next_file)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout.strip() in {lsl.session_id, "elsewhere"}
        return done.stdout.strip() == lsl.session_id

    return ask


@pytest.mark.lsl
@pytest.mark.parametrize("case", TAKEN)
def test_what_liblsl_takes_we_take(lsl, asked, case):
    text = changed(lsl, *TAKEN[case])
    found = read_ini(text)
    assert (found.dropped, found.unheeded) == ("", ())
    assert found.get("lab", "SessionID", "") == lsl.session_id
    assert asked(text)


@pytest.mark.lsl
@pytest.mark.parametrize("case", UNHEEDED)
def test_what_liblsl_takes_and_does_not_heed_is_named(lsl, asked, case):
    old, new, reason = UNHEEDED[case]
    text = changed(lsl, old, new)
    (found,) = read_ini(text).unheeded
    assert reason in found
    assert asked(text)


@pytest.mark.lsl
@pytest.mark.parametrize("case", DROPPED)
def test_what_liblsl_drops_is_named_with_the_reason(lsl, asked, case):
    old, new, reason = DROPPED[case]
    text = changed(lsl, old, new)
    found = read_ini(text)
    assert reason in found.dropped
    assert dict(found.values) == {}
    assert not asked(text)
