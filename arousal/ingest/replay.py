"""Publish a recording as if it happened now: virtual wearables, with faults on request.

It is how the product is tried without hardware, and how it is tested.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.errors import DataError, NothingUsableError, UsageError
from arousal.ingest.devices import Catalogue, load_catalogue
from arousal.ingest.lsl import announce, local_clock
from arousal.ingest.raw import RawStream
from arousal.ingest.units import find_unit, to_kind
from arousal.ingest.virtual_devices import Stamping, VirtualStream, dress
from arousal.ingest.virtual_faults import Fault, FaultPlan
from arousal.places import data_files
from arousal.session import load_session

__all__ = ["Replay", "virtual_streams"]

FloatArray = NDArray[np.float64]
STEP = 0.01
"""Seconds between two looks at what is due."""
TWIN_SHIFT = 7.0
"""Seconds by which a twin's values are shifted, so that the two can be told apart."""
TRAIL = 0.3
"""Seconds for which streams stay after their last sample."""
LEAD = 2.0
"""Seconds for which streams are on the network before their first sample, so that a recorder that
runs already gets them whole."""


def virtual_streams(path: Path, devices: Sequence[str] = ()) -> tuple[VirtualStream, ...]:
    """Read what can be replayed.

    Parameters
    ----------
    path : Path
        Session folder or XDF file.
    devices : sequence of str
        Devices to dress the signals in, dealt in turn over the streams of each kind; as recorded
        if none.

    Returns
    -------
    tuple of VirtualStream
        Times in s since the first sample of the recording.

    Raises
    ------
    DataError, SettingsError, UsageError
        If the file cannot be read, or a device is unknown.
    NothingUsableError
        If it holds no samples.
    """
    from arousal.ingest.xdf_continued import read_continued

    files: tuple[Path, ...] = (path,)
    if (path / "session.toml").is_file():
        session = load_session(path / "session.toml")
        files = data_files(path, session) or (path / session.recording,)
        path = files[0]
    if path.is_dir():
        raise DataError("holds no session.toml", where=path, hint="name the .xdf file itself")
    raw = [stream for stream in read_continued(files).streams if stream.times.size]
    if not raw:
        raise NothingUsableError("no stream has samples to replay", where=path)
    start = min(float(stream.times[0]) for stream in raw)
    catalogue = load_catalogue()
    dealt: dict[str, int] = {}
    found = []
    for stream in raw:
        virtual = VirtualStream(stream.info, stream.values, stream.times - start, stream.info.name)
        found.append(_dressed(virtual, stream, catalogue, devices, dealt))
    return tuple(found)


def _dressed(
    virtual: VirtualStream,
    stream: RawStream,
    catalogue: Catalogue,
    devices: Sequence[str],
    dealt: dict[str, int],
) -> VirtualStream:
    if not devices or stream.info.is_text or len(stream.info.channels) != 1:
        return virtual
    (match,) = catalogue.match(stream)
    if match.kind is None:
        return virtual
    declared = stream.info.units[0] if match.trust_unit else ""
    unit = find_unit(match.kind, declared) or find_unit(match.kind, match.unit)
    if unit is None:
        return virtual
    turn = dealt[match.kind] = dealt.get(match.kind, -1) + 1
    values = to_kind(match.kind, unit, np.asarray(stream.values[:, 0], dtype=np.float64))
    return dress(virtual, match.kind, values, devices[turn % len(devices)])


@dataclass(slots=True)
class _Sender:
    """One virtual stream on its way."""

    stream: VirtualStream
    plan: FaultPlan
    times: FloatArray
    outlet: Any = None
    next: int = 0
    sent: int = 0
    last: NDArray[Any] = field(default_factory=lambda: np.empty(0))


class Replay:
    """Send virtual streams.

    Parameters
    ----------
    streams : sequence of VirtualStream
        What to send.
    speed : float
        Seconds of the session per second; declared rates are multiplied with it.
    loop : bool
        Whether to begin again at the end.
    faults : sequence of Fault
        What goes wrong; in the first round of a loop only.

    Raises
    ------
    UsageError
        If the speed is not over 0 and at most 100.
    """

    def __init__(
        self,
        streams: Sequence[VirtualStream],
        *,
        speed: float = 1.0,
        loop: bool = False,
        faults: Sequence[Fault] = (),
    ) -> None:
        if not 0 < speed <= 100:
            raise UsageError(f"speed is {speed:g}, allowed over 0 to 100")
        self._speed, self._loop = speed, loop
        self._freezes = [fault for fault in faults if fault.kind == "freeze"]
        self._senders = [
            sender for stream in streams for sender in _senders(_sped(stream, speed), faults)
        ]
        self.duration = max(float(s.times[-1]) for s in self._senders)
        """Seconds of the session."""
        self.streams = len(self._senders)
        """How many are sent, twins included."""
        self._round = 0
        self._frozen = False

    @property
    def sent(self) -> dict[str, int]:
        """Samples sent so far, by announced name (twins together)."""
        counts: dict[str, int] = {}
        for sender in self._senders:
            name = sender.stream.info.name
            counts[name] = counts.get(name, 0) + sender.sent
        return counts

    def run(self, stop: threading.Event) -> None:
        """Send until the end, or until ``stop`` is set."""
        self._begun, self._unix = local_clock() + LEAD, time.time() + LEAD
        self._appear(0.0)
        due = time.monotonic()
        while not stop.is_set():
            now = (local_clock() - self._begun) * self._speed
            if not self._step(now):
                break
            due = max(due + STEP, time.monotonic())
            stop.wait(due - time.monotonic())
        # liblsl drops what is on its way when a stream ends.
        time.sleep(TRAIL)
        for sender in self._senders:
            sender.outlet = None

    def _step(self, now: float) -> bool:
        """Send what is due at a time of the session; return whether there is more."""
        if now < 0:
            return True
        time_in_round = now - self._round * self.duration
        if any(fault.covers(now) for fault in self._freezes):
            self._frozen = True
            return True
        self._appear(now)
        for sender in self._senders:
            self._send(sender, time_in_round, now)
        self._frozen = False
        if any(sender.next < len(sender.times) for sender in self._senders):
            return True
        if self._loop:
            self._round += 1
            for sender in self._senders:
                sender.next = 0
        return self._loop

    def _appear(self, now: float) -> None:
        for sender in self._senders:
            if sender.plan.present(now):
                sender.outlet = sender.outlet or announce(sender.stream.info)
            else:
                sender.outlet = None

    def _send(self, sender: _Sender, time_in_round: float, now: float) -> None:
        end = int(np.searchsorted(sender.times, time_in_round, side="right"))
        ready = end - sender.next
        if end < len(sender.times):
            ready -= ready % sender.stream.burst
        part = slice(sender.next, sender.next + ready)
        if part.start == part.stop:
            return
        sender.next = part.stop
        if sender.outlet is None or not sender.plan.sends(now):
            return
        times = sender.times[part] + self._round * self.duration
        values = sender.stream.values[part]
        if not sender.stream.info.is_text:
            values = sender.plan.spoil(values, times, sender.last)
            sender.last = values[-1]
        self._push(sender, values, times)
        sender.sent += len(times)

    def _push(self, sender: _Sender, values: NDArray[Any], times: FloatArray) -> None:
        stamping = sender.stream.stamping
        if stamping is Stamping.NONE:
            sender.outlet.push_chunk(np.ascontiguousarray(values))
            return
        base = self._unix if stamping is Stamping.UNIX else self._begun
        stamps = base + times / self._speed + sender.plan.step(times)
        if self._frozen:  # the computer stamps when it gets to it
            stamps = np.full(len(times), base + local_clock() - self._begun)
        elif stamping is Stamping.PACKET:
            stamps = np.full(len(times), stamps[-1])
        rows = values.tolist() if sender.stream.info.is_text else np.ascontiguousarray(values)
        sender.outlet.push_chunk(rows, stamps.tolist())


def _sped(stream: VirtualStream, speed: float) -> VirtualStream:
    return replace(stream, info=replace(stream.info, rate=stream.info.rate * speed))


def _senders(stream: VirtualStream, faults: Sequence[Fault]) -> list[_Sender]:
    plan = FaultPlan(faults, stream.recorded_as)
    times = stream.times / plan.rate
    shift = int(np.searchsorted(times, times[0] + TWIN_SHIFT))
    twin = replace(stream, values=np.roll(stream.values, shift, axis=0))
    twins = [_Sender(twin, FaultPlan((), ""), times) for _ in range(plan.twins)]
    return [_Sender(stream, plan, times), *twins]
