"""A stream as it arrived, before anyone says what it measures.

Both doors use it: the XDF reader and the live inlets yield `RawStream` s, and
`arousal.ingest.devices` turns them into signals of persons, events, or lists them as unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.findings import Finding

__all__ = ["RawStream", "StreamInfo"]


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """How a stream announced itself (LSL stream info, XDF header).

    Parameters
    ----------
    name, type, source_id, uid, hostname, manufacturer : str
        As announced; empty where absent.
    channels : tuple of str
        Channel labels; ``""`` for a channel without one. Its length is the channel count.
    units : tuple of str
        Channel units as announced, same length.
    rate : float
        Declared samples per second; 0 = irregular.
    format : str
        LSL channel format (``"float32"``, ``"string"``, ...).
    """

    name: str
    type: str = ""
    source_id: str = ""
    uid: str = ""
    hostname: str = ""
    manufacturer: str = ""
    channels: tuple[str, ...] = ("",)
    units: tuple[str, ...] = ("",)
    rate: float = 0.0
    format: str = "float32"

    @property
    def is_text(self) -> bool:
        """Whether samples are strings."""
        return self.format == "string"


@dataclass(frozen=True, slots=True, eq=False)
class RawStream:
    """All samples of one stream on the receiver's clock.

    Parameters
    ----------
    info : StreamInfo
        The announcement.
    values : ndarray, shape (n, channels)
        Samples in the stream's own number type; an object array of str for text streams.
    times : ndarray, shape (n,), float64
        Stamps in seconds on the receiver's (recorder's) clock: offsets applied, jitter removed
        inside gap-free stretches, gaps kept. Non-decreasing.
    stamps : ndarray, shape (n,), float64
        Stamps exactly as sent or stored.
    findings : tuple of Finding
        What was noticed about this stream.
    """

    info: StreamInfo
    values: NDArray[Any]
    times: NDArray[np.float64]
    stamps: NDArray[np.float64]
    findings: tuple[Finding, ...] = ()
