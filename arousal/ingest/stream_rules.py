"""Is a stream all right? A frozen reading of it, and the rules that judge the reading.

liblsl's own idea of "connected" is not used: a strap that is out of range, a bridge that hangs and
a sender whose computer froze all look connected. `arousal.ingest.stream_health` takes the readings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from arousal.findings import Finding, Severity
from arousal.ingest.raw import StreamInfo
from arousal.recording import Kind

__all__ = ["SELDOM", "WINDOW", "State", "StreamHealth", "judge"]

WINDOW = 10.0
"""Seconds over which rate, NaN and range are measured."""
RATE_TOLERANCE = 0.10
"""A measured rate may differ from the declared one by this share."""
AHEAD_SECONDS = 0.5
"""Seconds that a stamp may lie ahead of its arrival: far more than an offset is ever wrong by."""
STALE_OFFSET = 15.0
"""Seconds after which a clock offset is old (liblsl measures about every 2 s)."""
FLAT_SECONDS = {
    Kind.ECG: 3.0,
    Kind.PPG: 3.0,
    Kind.RESPIRATION: 10.0,
    Kind.RR: 20.0,
    Kind.EDA: 30.0,
    Kind.TEMPERATURE: 600.0,
    Kind.ACCELERATION: 60.0,
}
"""Seconds of one unchanging value that no living, worn sensor gives (EDA: settings.flat_seconds;
RR: a strap's bridge repeats the last interval when the strap is gone)."""
SELDOM = {Kind.BATTERY, Kind.SPEECH}
"""Kinds that are sent now and then."""
_MAY_REST = {Kind.HR, *SELDOM}
"""Kinds whose value may stay the same for long."""


class State(StrEnum):
    """Whether a stream lives."""

    WAITING = "waiting"
    """Open, and nothing has arrived yet."""
    LIVE = "live"
    SILENT = "silent"
    """Its sender answers, but no samples come."""
    LOST = "lost"
    """Its sender is gone, and nothing has taken its place."""
    REPLACED = "replaced"
    """Its sender is gone, and a later stream continues it."""


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """One stream at one moment.

    Parameters
    ----------
    number : int
        Its id in the XDF file.
    info : StreamInfo
        Its announcement.
    person : str or None
        Who wears it, by the session file.
    kinds : tuple of Kind
        What its channels measure, as far as recognised.
    state : State
        Whether it lives.
    samples : int
        Received so far.
    rate : float or None
        Samples per second over the last 10 s, by arrival; ``None`` while unknown.
    age : float
        Seconds since the last sample (or since it was opened).
    offset, offset_age : float or None
        Clock offset to its sender, and how long ago it was measured, in s.
    flat : float
        Seconds since any value changed.
    invalid, outside : float
        Share of the last 10 s that is NaN, or not plausible for its kind.
    backward, repeated : int
        Stamps so far that lay before, or exactly on, the one before.
    pause : float
        Longest time between two arrivals in the last 10 s, in s: how bursty it is.
    ahead : float
        How far the newest stamp lies ahead of its arrival, in s on this computer's clock; a stamp
        is made before it is sent, so a clock has jumped. 0 while the offset is unknown.
    unix_stamps : bool
        Whether stamps are seconds since 1970 instead of the LSL clock.
    """

    number: int
    info: StreamInfo
    person: str | None = None
    kinds: tuple[Kind, ...] = ()
    state: State = State.WAITING
    samples: int = 0
    rate: float | None = None
    age: float = 0.0
    offset: float | None = None
    offset_age: float | None = None
    flat: float = 0.0
    invalid: float = 0.0
    outside: float = 0.0
    backward: int = 0
    repeated: int = 0
    pause: float = 0.0
    ahead: float = 0.0
    unix_stamps: bool = False
    findings: tuple[Finding, ...] = field(default=())
    """What is wrong, by `judge`; empty if all is well."""

    @property
    def title(self) -> str:
        """Person and name, for a line a person reads."""
        return " ".join(part for part in (self.person, self.info.name) if part)


def judge(health: StreamHealth) -> tuple[Finding, ...]:
    """Say what is wrong with a stream.

    Parameters
    ----------
    health : StreamHealth
        A reading.

    Returns
    -------
    tuple of Finding
        The gravest first; empty if all is well. Problems are alarms.
    """
    if health.state is State.REPLACED:
        return ()
    if health.state is State.LOST:
        text, hint = "its sender is gone", "is the bridge running, its computer awake, in range?"
        severity = Severity.WARNING if health.info.is_text else Severity.PROBLEM
        return (_finding("stream-lost", text, health, hint, severity),)
    if health.info.is_text:
        return ()
    if health.state is State.SILENT:
        text = f"no data for {health.age:.0f} s"
        hint = "check battery and distance; is the sensor still worn?"
        return (_finding("stream-silent", text, health, hint),)
    return (*_about_values(health), *_about_time(health))


def _about_values(health: StreamHealth) -> list[Finding]:
    found = []
    limit = min((FLAT_SECONDS[k] for k in health.kinds if k in FLAT_SECONDS), default=60.0)
    if health.flat >= limit and health.kinds and not set(health.kinds) <= _MAY_REST:
        text = f"the same value for {health.flat:.0f} s"
        hint = "press the electrodes, or wear the sensor again"
        found.append(_finding("flat-line", text, health, hint))
    if health.invalid > 0.1:
        text = f"{health.invalid:.0%} of the last {WINDOW:.0f} s is not a number"
        found.append(_finding("values-invalid", text, health, "check the sensor's contact"))
    if health.outside > 0.1:
        text = f"{health.outside:.0%} of the last {WINDOW:.0f} s is not plausible"
        hint = "check contact and the unit that the bridge declares"
        found.append(_finding("values-outside", text, health, hint, Severity.WARNING))
    return found


def _about_time(health: StreamHealth) -> list[Finding]:
    found = []
    declared, rate = health.info.rate, health.rate
    beats = bool(health.kinds) and set(health.kinds) <= {Kind.RR, Kind.HR}
    if beats and declared:
        text = f"declared {declared:.3g} samples/s, but beats come when they come"
        found.append(_finding("rate-of-beats", text, health, "", Severity.NOTE))
    elif declared and rate is not None and abs(rate / declared - 1) > RATE_TOLERANCE:
        text = f"{rate:.3g} samples/s arrive, declared {declared:.3g}"
        hint = "samples are lost on the way, or the bridge declares a wrong rate"
        found.append(_finding("rate-off", text, health, hint, Severity.WARNING))
    if health.offset_age is not None and health.offset_age > STALE_OFFSET:
        text = f"its clock was last measured {health.offset_age:.0f} s ago"
        hint = "its computer does not answer: is UDP blocked, or is it frozen?"
        found.append(_finding("clock-stale", text, health, hint, Severity.WARNING))
    if health.unix_stamps:
        text = "stamps are seconds since 1970, not the LSL clock; they are repaired on reading"
        found.append(_finding("stamps-unix", text, health, "", Severity.NOTE))
    elif health.ahead > AHEAD_SECONDS:
        text = f"stamps are {health.ahead:.1f} s ahead of the clock"
        hint = "its clock jumped, or its bridge stamps wrongly: restart the bridge in a pause"
        found.append(_finding("stamps-ahead", text, health, hint))
    if health.backward:
        text = f"{health.backward} stamps ran backward"
        found.append(_finding("stamps-backward", text, health, "", Severity.WARNING))
    if health.repeated > 0.5 * health.samples > 5:
        text = f"{health.repeated} of {health.samples} stamps repeat the one before (packets)"
        found.append(_finding("stamps-repeat", text, health, "", Severity.NOTE))
    return found


def _finding(
    code: str,
    text: str,
    health: StreamHealth,
    hint: str,
    severity: Severity = Severity.PROBLEM,
) -> Finding:
    return Finding(code, text, severity, health.title, hint)
