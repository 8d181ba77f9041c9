"""Running LSL streams: see what is there, and pull it into a `Recording`.

For a look at the sensors and for short pulls; whole sessions are recorded by
`arousal.ingest.recorder`, which loses nothing when a process dies.

>>> from arousal.ingest.streams import discover, pull
>>> [info.name for info in discover()]                  # doctest: +SKIP
['Polar-04', 'Polar-09', 'ArousalMarkers']
>>> pull(seconds=10.0).persons                          # doctest: +SKIP
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from arousal.errors import DeviceError, UsageError
from arousal.findings import Finding, Severity
from arousal.ingest.assemble import Known, assemble
from arousal.ingest.mapping import Mapping
from arousal.ingest.raw import StreamInfo
from arousal.recording import Recording
from arousal.session import SessionFile

if TYPE_CHECKING:
    from arousal.ingest.lsl import Finder, Inlet, Sighting
    from arousal.ingest.xdf_assembly import StoredStream

__all__ = ["discover", "pull"]

DRAIN_EVERY = 0.05
"""Seconds between two drains of an inlet: what is buffered is lost when its sender dies."""
LOOK_EVERY = 0.25
"""Seconds between two looks for new streams and new clock offsets."""
OFFSET_WAIT = 2.0
"""Longest wait at the end for a stream's first clock offset (liblsl needs 0.6 s)."""
OPENERS = 16


def discover(timeout: float = 2.0) -> tuple[StreamInfo, ...]:
    """See which streams run on the network.

    Parameters
    ----------
    timeout : float
        Seconds to look; all of them are used, because answers come over half a second and more.

    Returns
    -------
    tuple of StreamInfo
        By name and uid. Channel labels and units are known only once a stream is opened.

    Raises
    ------
    UsageError
        If the timeout is not positive.
    """
    _check_positive("timeout", timeout)
    from arousal.ingest.lsl import Finder

    finder = Finder()
    end = time.monotonic() + timeout
    seen: dict[str, StreamInfo] = {}
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(LOOK_EVERY, left))
        seen = {s.uid: s.info for s in finder.sightings()}
    return tuple(sorted(seen.values(), key=lambda info: (info.name, info.uid)))


def pull(
    seconds: float | None = None,
    *,
    until: Callable[[], bool] | None = None,
    streams: Sequence[str] | None = None,
    timeout: float = 5.0,
    session: SessionFile | None = None,
    mapping: Mapping | None = None,
) -> Recording:
    """Pull running streams into a recording.

    Streams that appear while pulling are joined in; a stream is its uid, so another strap of the
    same name is never taken for one that died.

    Parameters
    ----------
    seconds : float, optional
        How long to pull, counted from when the streams are open.
    until : callable, optional
        Asked all the time; pulling ends when it returns true. At least one of the two is needed.
    streams : sequence of str, optional
        Names, source_ids or uids to pull; default: all.
    timeout : float
        Seconds to wait for the (named) streams to be found and opened.
    session : SessionFile, optional
        Who wore what.
    mapping : Mapping, optional
        What streams are.

    Returns
    -------
    Recording
        Clock ``"lsl"``; clock offsets applied. Streams lost on the way are findings
        (``stream-lost``), and what they sent is kept.

    Raises
    ------
    UsageError
        If neither ``seconds`` nor ``until`` is given, or a time is not positive.
    DeviceError
        If no stream, or not every named one, is found in time.
    """
    if seconds is None and until is None:
        raise UsageError("pull needs seconds, until, or both")
    _check_positive("timeout", timeout)
    if seconds is not None:
        _check_positive("seconds", seconds)
    from arousal.ingest.lsl import Finder, local_clock
    from arousal.ingest.xdf import on_one_clock
    from arousal.ingest.xdf_raw import RawXdf

    with ThreadPoolExecutor(OPENERS, thread_name_prefix="arousal-lsl") as pool:
        puller = _Puller(Finder(), pool, None if streams is None else frozenset(streams))
        puller.find(timeout)
        started, started_at = datetime.now(UTC), local_clock()
        puller.run(seconds, until)
        tapes = puller.finish()
    raw = RawXdf(tuple(tape.stored(n) for n, tape in enumerate(tapes)))
    placed = on_one_clock(raw)
    known = Known(
        "live",
        mapping or Mapping(),
        session,
        "lsl",
        started,
        started_at,
        findings=(*placed.findings, *puller.findings),
    )
    return assemble(placed.streams, known)


def _check_positive(name: str, value: float) -> None:
    if not value > 0:
        raise UsageError(f"{name} is {value}, allowed > 0")


@dataclass(eq=False)
class _Tape:
    """What one inlet has brought so far."""

    inlet: Inlet
    values: list[Any] = field(default_factory=list)
    stamps: list[Any] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    offsets: dict[float, tuple[float, int]] = field(default_factory=dict)
    said_lost: bool = False

    def drain(self, place: int) -> None:
        arrived = self.inlet.pull()
        if arrived is not None:
            self.values.append(arrived.values)
            self.stamps.append(arrived.stamps)
            self.places.append(place)

    def measure(self, place: int) -> None:
        offset = None if self.inlet.lost else self.inlet.offset()
        if offset is not None:
            self.offsets.setdefault(offset.measured, (offset.value, place))

    def stored(self, number: int) -> StoredStream:
        from arousal.ingest.xdf_assembly import StoredStream

        info = self.inlet.info
        count = len(info.channels)
        stamps = np.concatenate([np.empty(0), *self.stamps])
        measured = sorted(self.offsets)
        return StoredStream(
            number,
            info,
            _joined(self.values, count, is_text=info.is_text),
            stamps,
            np.array(measured, dtype=np.float64),
            np.array([self.offsets[m][0] for m in measured], dtype=np.float64),
            np.array([self.offsets[m][1] for m in measured], dtype=np.int64),
            np.cumsum([len(s) for s in self.stamps], dtype=np.int64),
            np.array(self.places, dtype=np.int64),
        )


def _joined(parts: list[Any], channels: int, *, is_text: bool) -> Any:
    if not parts:
        return np.empty((0, channels), dtype=object if is_text else np.float64)
    values = np.concatenate(parts).reshape(-1, channels)
    if not is_text:
        return values
    words = [
        cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
        for cell in values.ravel()
    ]
    return np.array(words, dtype=object).reshape(values.shape)


class _Puller:
    """Find, open and drain streams. Not for use from several threads."""

    def __init__(
        self, finder: Finder, pool: ThreadPoolExecutor, wanted: frozenset[str] | None
    ) -> None:
        self.finder, self.pool, self.wanted = finder, pool, wanted
        self.opening: dict[str, Future[Inlet]] = {}
        self.tapes: dict[str, _Tape] = {}
        self.findings: list[Finding] = []
        self.steps = 0

    def find(self, timeout: float) -> None:
        """Wait until the named streams, or any, are open; half of the time goes to looking."""
        end = time.monotonic() + timeout
        settled = time.monotonic() + timeout / 2
        while time.monotonic() < end:
            self.look()
            self.drain()
            if not self.opening and self.tapes and not self.missing():
                enough = self.wanted is not None or time.monotonic() >= settled
                if enough:
                    return
            time.sleep(DRAIN_EVERY)
        if missing := self.missing():
            raise DeviceError(
                f"not found in {timeout:g} s: {', '.join(missing)}",
                hint="is the sender running, in the same network, with LSL switched on?",
            )
        if not self.tapes:
            raise DeviceError(
                f"no LSL stream was found in {timeout:g} s",
                hint="is a sender running in the same network?",
            )

    def missing(self) -> list[str]:
        names = {n for tape in self.tapes.values() for n in _names(tape.inlet.info)}
        return sorted((self.wanted or frozenset()) - names)

    def look(self) -> None:
        """Open what is new, in the pool; take over what has opened."""
        for sighting in self.finder.sightings():
            uid = sighting.uid
            if uid not in self.tapes and uid not in self.opening and self._is_wanted(sighting.info):
                self.opening[uid] = self.pool.submit(_open, sighting)
        for uid, future in list(self.opening.items()):
            if future.done():
                del self.opening[uid]
                self._take(uid, future)

    def _take(self, uid: str, future: Future[Inlet]) -> None:
        try:
            self.tapes[uid] = _Tape(future.result())
        except DeviceError as error:
            # Seen and gone before it opened: said once for each stream, tried again if seen again.
            finding = Finding("stream-not-opened", error.message, Severity.PROBLEM, error.where)
            if finding not in self.findings:
                self.findings.append(finding)

    def _is_wanted(self, info: StreamInfo) -> bool:
        return self.wanted is None or bool(self.wanted & _names(info))

    def drain(self) -> None:
        self.steps += 1
        for tape in self.tapes.values():
            if tape.said_lost:
                continue
            tape.drain(self.steps)
            if tape.inlet.lost:
                tape.said_lost = True
                text = "the sender went while it was pulled; what it had sent is kept"
                self.findings.append(
                    Finding("stream-lost", text, Severity.WARNING, tape.inlet.info.name)
                )

    def measure(self) -> None:
        for tape in self.tapes.values():
            tape.measure(self.steps)

    def run(self, seconds: float | None, until: Callable[[], bool] | None) -> None:
        end = None if seconds is None else time.monotonic() + seconds
        next_look = 0.0
        while not (until is not None and until()):
            self.drain()
            now = time.monotonic()
            if now >= next_look:
                self.look()
                self.measure()
                next_look = now + LOOK_EVERY
            if end is not None and now >= end:
                return
            left = DRAIN_EVERY if end is None else min(DRAIN_EVERY, max(end - now, 0.0))
            time.sleep(left)

    def finish(self) -> list[_Tape]:
        """Drain once more, wait for first clock offsets, hang up."""
        self.drain()
        for future in self.opening.values():
            future.cancel()
        end = time.monotonic() + OFFSET_WAIT
        while self._without_offset() and time.monotonic() < end:
            self.measure()
            time.sleep(DRAIN_EVERY)
        tapes = list(self.tapes.values())
        list(self.pool.map(_close, tapes))
        return tapes

    def _without_offset(self) -> Iterable[_Tape]:
        return [t for t in self.tapes.values() if not t.offsets and not t.inlet.lost]


def _names(info: StreamInfo) -> frozenset[str]:
    return frozenset({info.name, info.source_id, info.uid} - {""})


def _open(sighting: Sighting) -> Inlet:
    from arousal.ingest.lsl import Inlet

    return Inlet(sighting)


def _close(tape: _Tape) -> None:
    tape.inlet.close()
