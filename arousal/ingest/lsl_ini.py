"""How liblsl reads an lsl_api.cfg: what makes it drop the whole file, and what it does not heed.

It has an ini reader of its own, stricter and stranger than others: a comment begins with ``;`` (a
line with ``#`` drops the file), no value may be empty, no key may come twice, names are told apart
by case, and a word where a number belongs is read as 0. The rules here were found by asking liblsl
1.18 (78 files; the test asks it again).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["LslIni", "read_ini"]

SCOPES = ("machine", "link", "site", "organization", "global")
IPV6 = ("disable", "disabled", "allow", "force")
LOUDEST, QUIETEST = 9, -3
NUMBERS = {
    "ports": {"MulticastPort", "BasePort", "PortRange"},
    "multicast": {"TTLOverride"},
    "log": {"level"},
    "tuning": {
        *{"UseProtocolVersion", "WatchdogCheckInterval", "WatchdogTimeThreshold"},
        *{"SyncSendTimeout", "MulticastMinRTT", "MulticastMaxRTT", "UnicastMinRTT"},
        *{"UnicastMaxRTT", "ContinuousResolveInterval", "TimerResolution", "MaxCachedQueries"},
        *{"TimeUpdateInterval", "TimeUpdateMinProbes", "TimeProbeCount", "TimeProbeInterval"},
        *{"TimeProbeMaxRTT", "OutletBufferReserveMs", "OutletBufferReserveSamples"},
        *{"InletBufferReserveMs", "InletBufferReserveSamples", "SendSocketBufferSize"},
        *{"ReceiveSocketBufferSize", "SmoothingHalftime"},
    },
}
KEYS = {
    "ports": NUMBERS["ports"] | {"AllowRandomPorts", "IPv6"},
    "multicast": {
        *NUMBERS["multicast"],
        *{"ResolveScope", "ListenAddress", "IPv6MulticastGroup", "Interfaces", "AddressesOverride"},
        *(f"{scope.capitalize()}Addresses" for scope in SCOPES),
    },
    "lab": {"KnownPeers", "SessionID", "ResolveOverTCP"},
    "log": NUMBERS["log"] | {"file"},
    "tuning": NUMBERS["tuning"] | {"ForceDefaultTimestamps"},
}
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?\s*([;#].*)?")


class _DroppedError(Exception):
    """Why liblsl drops the file."""


@dataclass(frozen=True, slots=True)
class LslIni:
    """A configuration as liblsl takes it.

    Parameters
    ----------
    values : mapping of (section, key) to str
        What it says; empty if it is dropped.
    dropped : str
        Why liblsl drops all of it; empty if it does not.
    unheeded : tuple of str
        What has no effect although somebody wrote it, and why.
    """

    values: Mapping[tuple[str, str], str]
    dropped: str = ""
    unheeded: tuple[str, ...] = ()

    def get(self, section: str, key: str, default: str) -> str:
        """Return a setting, or ``default`` where the file says nothing."""
        return self.values.get((section, key), default)

    def has(self, section: str, key: str) -> bool:
        """Whether the file has this setting."""
        return (section, key) in self.values


def read_ini(text: str) -> LslIni:
    r"""Read a configuration by liblsl's rules.

    Parameters
    ----------
    text : str
        The file's text.

    Examples
    --------
    >>> read_ini("[lab]\nSessionID = ours").get("lab", "SessionID", "default")
    'ours'
    >>> read_ini("# ours\n[lab]\nSessionID = ours").dropped
    "line 1 is neither [section] nor key = value: '# ours' (a comment begins with ;)"
    >>> read_ini("[ports]\nPortRange = many").unheeded
    ('PortRange = many (not a number: read as 0)',)
    """
    try:
        values = dict(_settings(text))
        _check_values(values)
    except _DroppedError as reason:
        return LslIni({}, str(reason))
    return LslIni(values, "", tuple(_unheeded(values)))


def _settings(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    section, known = "", set()
    if text.startswith("\ufeff"):
        raise _DroppedError("it begins with a byte order mark: save it as UTF-8 without one")
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if not line or line.startswith(";"):
            continue
        if line.startswith("["):
            section, bracket, _ = line[1:].partition("]")
            if not bracket:
                raise _DroppedError(f"line {number} lacks its ]: {line!r}")
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            hint = " (a comment begins with ;)" if line.startswith("#") else ""
            raise _DroppedError(
                f"line {number} is neither [section] nor key = value: {line!r}{hint}"
            )
        if not value:
            raise _DroppedError(f"line {number} has no value: {line!r}")
        if (section, key) in known:
            raise _DroppedError(f"line {number} says {key} a second time")
        known.add((section, key))
        yield (section, key), value


def _check_values(values: Mapping[tuple[str, str], str]) -> None:
    scope = values.get(("multicast", "ResolveScope"), "site")
    if scope not in SCOPES:
        raise _DroppedError(f"ResolveScope = {scope} (allowed: {', '.join(SCOPES)})")
    version = values.get(("ports", "IPv6"), "allow")
    if version not in IPV6:
        raise _DroppedError(f"IPv6 = {version} (allowed: disable, allow, force)")
    level = re.match(r"[+-]?\d+", values.get(("log", "level"), "0"))
    if level and not QUIETEST <= int(level[0]) <= LOUDEST:
        raise _DroppedError(f"level = {level[0]} (allowed: {QUIETEST} to {LOUDEST})")
    lists = ["Interfaces", "AddressesOverride"]
    if not _listed(values.get(("multicast", "AddressesOverride"), "")):
        reach = SCOPES[: SCOPES.index(scope) + 1]
        lists += [f"{name.capitalize()}Addresses" for name in reach]
    for key in lists:
        for address in _listed(values.get(("multicast", key), "")):
            _check_address(key, address)


def _listed(value: str) -> list[str]:
    """Read ``{a, b}``; anything else is an empty list to liblsl."""
    if not (value.startswith("{") and value.endswith("}")):
        return []
    return [item for part in value[1:-1].split(",") if (item := part.strip())]


def _check_address(key: str, address: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise _DroppedError(f"{key} holds {address!r}, which is no IP address") from None


def _unheeded(values: Mapping[tuple[str, str], str]) -> Iterator[str]:
    for section in dict.fromkeys(section for section, _ in values):
        if section not in KEYS:
            yield f"[{section}] (no such section; capitals count)"
    for (section, key), value in values.items():
        if section in KEYS and key not in KEYS[section]:
            yield f"{key} (no such setting in [{section}]; capitals count)"
        elif key in NUMBERS.get(section, ()) and not _NUMBER.fullmatch(value):
            yield f"{key} = {value} (not a number: read as 0)"
