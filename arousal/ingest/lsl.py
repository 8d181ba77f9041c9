"""The lowest floor of LSL: find streams, open them, take what has arrived.

Everything here steers around traps of liblsl (streams measured with pylsl 1.18.6):

- an inlet never recovers by itself (``recover=False``): liblsl would re-attach to *any* stream of
  the same name, type, channels and source id, which may be another wearer's;
- the full description is fetched right after opening, because pulling from a source that has died
  hangs for ever otherwise;
- clock offsets are read without waiting, with the moment they were measured.
"""

from __future__ import annotations

import ctypes
import functools
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pylsl
from numpy.typing import NDArray
from pylsl.lib import lib as _liblsl

from arousal.errors import DeviceError
from arousal.ingest.info_xml import read_info
from arousal.ingest.raw import StreamInfo

__all__ = ["Arrival", "Finder", "Inlet", "Offset", "Sighting", "announce", "local_clock"]

BUFFER_SECONDS = 120
"""How long liblsl keeps what nobody has pulled (the recorder pulls every 80 ms)."""
PULL_NUMBERS = 1024
PULL_TEXTS = 64
"""Samples per call; texts fewer, because liblsl clears the whole buffer at each call."""
IDLE_PULLS = 4
"""Pulls of text in a row that are spared because nothing is there."""


def local_clock() -> float:
    """Seconds on this computer's LSL clock: steady, from an arbitrary zero."""
    return float(pylsl.local_clock())


@dataclass(frozen=True, slots=True)
class Sighting:
    """A stream seen on the network, not opened yet.

    Parameters
    ----------
    info : StreamInfo
        As announced: without channel labels, units and maker, which only an open stream tells.
    handle : object
        liblsl's own description, to open it with.
    """

    info: StreamInfo
    handle: Any

    @property
    def uid(self) -> str:
        """Unique for each start of each outlet."""
        return self.info.uid


class Finder:
    """Look for streams all the time.

    Parameters
    ----------
    forget_after : float
        Seconds without an answer after which a stream is no longer listed.
    """

    def __init__(self, forget_after: float = 5.0) -> None:
        self._resolver = pylsl.ContinuousResolver(forget_after=forget_after)
        self._known: dict[str, Sighting] = {}

    def sightings(self) -> list[Sighting]:
        """Streams that answer at present; does not wait."""
        found: dict[str, Sighting] = {}
        for handle in self._resolver.results() if self._resolver else ():
            uid = handle.uid()
            # Read each description once: this is asked several times a second.
            found[uid] = self._known.get(uid) or Sighting(read_info(handle.as_xml()), handle)
        self._known = found
        return list(found.values())

    def close(self) -> None:
        """Stop looking."""
        self._known = {}
        self._resolver = None


class Arrival(NamedTuple):
    """Samples pulled in one go."""

    values: NDArray[Any]
    """Shape (n, channels); for text an object array of UTF-8 bytes."""
    stamps: NDArray[np.float64]
    """Shape (n,), s on the sender's clock, exactly as liblsl hands them over."""


class Offset(NamedTuple):
    """A measured clock offset."""

    measured: float
    """When, in s on the sender's clock."""
    value: float
    """Seconds to add to a sender's stamp for this computer's clock."""
    uncertainty: float
    """Half the round trip, in s."""


class Inlet:
    """One open stream.

    Parameters
    ----------
    sighting : Sighting
        As a `Finder` returned it.
    timeout : float
        Seconds to wait for the sender's answers.

    Raises
    ------
    DeviceError
        If the sender does not answer in time, or its description is unusable.

    Attributes
    ----------
    uid : str
        The stream's uid; an inlet never yields samples of another.
    xml : str
        The full description, word for word.
    info : StreamInfo
        The same, read.
    lost : bool
        Whether the sender has gone; never becomes false again.
    """

    def __init__(self, sighting: Sighting, timeout: float = 5.0) -> None:
        self.uid = sighting.uid
        self.lost = False
        try:
            self._inlet = pylsl.StreamInlet(
                sighting.handle, max_buflen=BUFFER_SECONDS, recover=False, as_numpy=True
            )
            self._inlet.open_stream(timeout)
            description = self._inlet.info(timeout)
        except (pylsl.util.LostError, pylsl.util.TimeoutError) as error:
            raise DeviceError(
                f"the stream was seen but does not open: {error}",
                where=sighting.info.name,
                hint="is its computer's firewall closed to LSL (TCP and UDP 16572-16604)?",
            ) from None
        self.xml: str = description.as_xml()
        self.info: StreamInfo = read_info(self.xml)
        self._idle = 0
        if not self.info.is_text:
            self._make_buffers()

    def _make_buffers(self) -> None:
        """One buffer for all pulls: `pylsl` makes two arrays and eight objects at each."""
        inlet = self._inlet
        self._values = np.empty((PULL_NUMBERS, inlet.channel_count), inlet.np_dtype)
        self._stamps = np.empty(PULL_NUMBERS)
        self._code = ctypes.c_int()
        self._pull_numbers = functools.partial(
            inlet.do_pull_chunk,
            inlet.obj,
            ctypes.c_void_p(self._values.ctypes.data),
            ctypes.c_void_p(self._stamps.ctypes.data),
            ctypes.c_size_t(self._values.size),
            ctypes.c_size_t(PULL_NUMBERS),
            ctypes.c_double(0.0),
            ctypes.byref(self._code),
        )

    def await_text(self, seconds: float) -> Arrival | None:
        """Take the next text when it comes, with what else is there; ``None`` if none comes.

        Parameters
        ----------
        seconds : float
            How long to wait.
        """
        try:
            row, stamp = self._inlet.pull_sample(seconds)
        except pylsl.util.LostError:
            self.lost = True
            return None
        if stamp is None:
            return None
        first = Arrival(np.array([row], dtype=object), np.array([stamp]))
        more = self.pull()
        if more is None:
            return first
        return Arrival(*(np.concatenate(pair) for pair in zip(first, more, strict=True)))

    def pull(self) -> Arrival | None:
        """Take all that has arrived, without waiting; ``None`` if nothing has.

        What a sender sent just before it went is returned before `lost` is noticed, as far as
        liblsl still has it.
        """
        parts: list[Arrival] = []
        try:
            while not self.lost:
                part = self._pull_texts() if self.info.is_text else self._pull_once()
                if part is None:
                    break
                parts.append(part)
                if len(part.stamps) < PULL_NUMBERS:
                    break
        except pylsl.util.LostError:
            self.lost = True
        if len(parts) < 2:
            return parts[0] if parts else None
        values, stamps = zip(*parts, strict=True)
        return Arrival(np.concatenate(values), np.concatenate(stamps))

    def _pull_once(self) -> Arrival | None:
        count = int(self._pull_numbers()) // self._values.shape[1]
        if self._code.value:
            pylsl.util.handle_error(self._code)
        if not count:
            return None
        return Arrival(self._values[:count].copy(), self._stamps[:count].copy())

    def _pull_texts(self) -> Arrival | None:
        # Asking costs a tenth of pulling text; but only pulling tells that the sender is gone.
        if not self._inlet.samples_available() and self._idle < IDLE_PULLS:
            self._idle += 1
            return None
        self._idle = 0
        parts = []
        while len((part := self._inlet.pull_chunk(0.0, PULL_TEXTS))[1]):
            parts.append(part)
            if len(part[1]) < PULL_TEXTS:
                break
        if not parts:
            return None
        values, stamps = zip(*parts, strict=True)
        return Arrival(np.concatenate(values), np.concatenate(stamps))

    def offset(self) -> Offset | None:
        """Return the newest clock offset; ``None`` until the first is there (0.6 s).

        liblsl measures anew about every 2 s and keeps its last result for ever when the sender
        no longer answers: compare ``measured`` to know how old it is.
        """
        measured, uncertainty = ctypes.c_double(), ctypes.c_double()
        code = ctypes.c_int()
        value = _liblsl.lsl_time_correction_ex(
            self._inlet.obj,
            ctypes.byref(measured),
            ctypes.byref(uncertainty),
            ctypes.c_double(0.0),
            ctypes.byref(code),
        )
        if code.value:
            return None
        return Offset(measured.value, float(value), uncertainty.value)

    def close(self) -> None:
        """Hang up; waits for liblsl's threads."""
        self.lost = True
        self._inlet = None


def announce(info: StreamInfo) -> Any:
    """Put a stream on the network.

    Parameters
    ----------
    info : StreamInfo
        What to announce; ``uid`` and ``hostname`` are liblsl's own.

    Returns
    -------
    pylsl.StreamOutlet
        On the network until it is dropped.
    """
    announced = pylsl.StreamInfo(
        info.name, info.type, len(info.channels), info.rate, info.format, info.source_id
    )
    if any(info.channels):
        announced.set_channel_labels(list(info.channels))
    if any(info.units):
        announced.set_channel_units(list(info.units))
    if info.manufacturer:
        announced.desc().append_child_value("manufacturer", info.manufacturer)
    return pylsl.StreamOutlet(announced)


_liblsl.lsl_time_correction_ex.restype = ctypes.c_double
