"""Wearables as their bridges really announce them, to dress a replayed signal in.

Each shape is one row of what was found in the bridges' own sources: names, types, declared rates,
units, bursts, shared ids and clocks, with their mistakes. The signal itself is not touched beyond
its unit: nothing is resampled or filled in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from arousal.errors import UsageError
from arousal.ingest.raw import StreamInfo
from arousal.recording import Kind

__all__ = ["DEVICES", "Shape", "Stamping", "VirtualStream", "dress"]


class Stamping(StrEnum):
    """How a bridge stamps its samples."""

    SAMPLE = "sample"
    """Each sample, on the LSL clock."""
    NONE = "none"
    """Not at all: liblsl stamps a burst when it is sent and deduces the rest."""
    UNIX = "unix"
    """Each sample, in seconds since 1970."""
    PACKET = "packet"
    """One stamp for all samples of a packet."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How one device's bridge sends one kind of signal.

    Parameters
    ----------
    name, type, source_id : str
        As announced; ``{wearer}`` stands for the recorded stream's name.
    label, unit : str
        Of the channel, as declared.
    rate : float or None
        Declared rate; ``None`` = the signal's own.
    scale : float
        Sent value = value in the kind's unit * scale ...
    reciprocal : bool
        ... or scale / value (a resistance for a conductance).
    burst : int
        Samples sent at once.
    stamping : Stamping
        How they are stamped.
    format : str
        LSL channel format.
    """

    name: str
    type: str
    source_id: str
    label: str = ""
    unit: str = ""
    rate: float | None = None
    scale: float = 1.0
    reciprocal: bool = False
    burst: int = 1
    stamping: Stamping = Stamping.SAMPLE
    format: str = "float32"


DEVICES: dict[str, dict[Kind, Shape]] = {
    "polar-h10": {
        Kind.ECG: Shape(
            "{wearer}", "ECG", "myuid2424", "ECG", "microvolts", 130.0, burst=73,
            stamping=Stamping.NONE,
        ),
        Kind.RR: Shape("{wearer} PolarHRV", "HRV", "polar-hrv", "RR", "s", 1.0, 1e-3),
        Kind.HR: Shape("PolarH10_HR", "HR", "polar-hr", "HR", "", 1.0),
    },
    "excite-o-meter": {
        Kind.HR: Shape("HeartRate", "Markers", "eom", "HR", "bpm", 0.0),
        Kind.RR: Shape("RRinterval", "ExciteOMeter", "eom", "RR", "s", 0.0, 1e-3),
        Kind.ECG: Shape("RawECG", "ExciteOMeter", "eom", "ECG", "uV", 0.0),
    },
    "smartwatch-stream": {
        Kind.RR: Shape("{wearer}", "heart_ibi", "{wearer}", "ibi", "s", 0.0, 1e-3),
    },
    "e4": {
        Kind.EDA: Shape("gsr", "GSR", "gsrid", "", "", 4.0, stamping=Stamping.UNIX),
        Kind.PPG: Shape("bvp", "BVP", "bvpid", "", "", 64.0, stamping=Stamping.UNIX),
        Kind.TEMPERATURE: Shape("tmp", "Temp", "tmpid", "", "", 4.0, stamping=Stamping.UNIX),
    },
    "e4-suite": {
        Kind.EDA: Shape("EmpaticaA1EDA", "EDA", "EmpaticaA1", "EDA", "microsiemens", 4.0),
        Kind.PPG: Shape("EmpaticaA1PPG", "PPG", "EmpaticaA1", "PPG", "", 64.0),
        Kind.RR: Shape("EmpaticaA1IBI", "IBI", "EmpaticaA1", "IBI", "s", 1.0, 1e-3),
        Kind.HR: Shape("EmpaticaA1HR", "HR", "EmpaticaA1", "HR", "bpm", 1.0),
    },
    "shimmer": {
        Kind.EDA: Shape(
            "Shimmer_gsr", "GSR", "shimmer", "GSR", "kOhm", scale=1e3, reciprocal=True
        ),
    },
    "opensignals": {
        Kind.ECG: Shape(
            "OpenSignals", "00:07:80:4B:2F:8A", "os", "ECG0", "mV", scale=1e-3, burst=5
        ),
        Kind.EDA: Shape("OpenSignals", "00:07:80:4B:2F:8B", "os", "EDA0", "uS"),
        Kind.RESPIRATION: Shape("OpenSignals", "00:07:80:4B:2F:8C", "os", "RESP0", ""),
    },
    "emotibit": {
        Kind.EDA: Shape("EDA", "EDA", "MD-V5-0000045", burst=5, stamping=Stamping.PACKET),
        Kind.HR: Shape("HR", "HeartRate", "MD-V5-0000045", rate=0.0),
        Kind.PPG: Shape("PPG_RED", "PPGRed", "MD-V5-0000045", burst=6, stamping=Stamping.PACKET),
        Kind.TEMPERATURE: Shape(
            "TEMP1", "Temperature", "MD-V5-0000045", burst=2, stamping=Stamping.PACKET
        ),
    },
    "muse": {
        Kind.PPG: Shape("Muse", "PPG", "MuseF00E", "PPG2", burst=6, stamping=Stamping.UNIX),
    },
    "nervous": {
        Kind.ECG: Shape("{wearer} ECG", "ECG", "{wearer}-ecg", "ECG", "uV"),
        Kind.EDA: Shape("{wearer} EDA", "EDA", "{wearer}-eda", "EDA", "uS"),
    },
}  # fmt: skip
"""Device -> what it sends of each kind."""


@dataclass(frozen=True, slots=True, eq=False)
class VirtualStream:
    """A stream to be sent.

    Parameters
    ----------
    info : StreamInfo
        As it will be announced.
    values : ndarray, shape (n, channels)
        As they will be sent.
    times : ndarray, shape (n,)
        When, in s since the start of the session.
    recorded_as : str
        Name in the recording: what faults are addressed to.
    burst : int
        Samples sent at once.
    stamping : Stamping
        How they are stamped.
    """

    info: StreamInfo
    values: NDArray[np.generic]
    times: NDArray[np.float64]
    recorded_as: str
    burst: int = 1
    stamping: Stamping = Stamping.SAMPLE


def dress(
    stream: VirtualStream, kind: Kind, values: NDArray[np.float64], device: str
) -> VirtualStream:
    """Return a stream as another device's bridge would send it.

    Parameters
    ----------
    stream : VirtualStream
        As recorded, one channel.
    kind : Kind
        What it measures.
    values : ndarray, shape (n,)
        Its values in ``kind.unit``.
    device : str
        A key of `DEVICES`.

    Returns
    -------
    VirtualStream
        The stream itself if the device does not measure this kind.

    Raises
    ------
    UsageError
        If there is no such device.
    """
    if device not in DEVICES:
        raise UsageError(f"no virtual device {device!r}", hint=f"known: {', '.join(DEVICES)}")
    shape = DEVICES[device].get(kind)
    if shape is None:
        return stream
    with np.errstate(divide="ignore"):
        sent = shape.scale / values if shape.reciprocal else values * shape.scale
    info = StreamInfo(
        shape.name.format(wearer=stream.info.name),
        shape.type,
        shape.source_id.format(wearer=stream.info.name),
        channels=(shape.label,),
        units=(shape.unit,),
        rate=stream.info.rate if shape.rate is None else shape.rate,
        format=shape.format,
    )
    return replace(
        stream,
        info=info,
        values=sent.astype(np.float32).reshape(-1, 1),
        burst=shape.burst,
        stamping=shape.stamping,
    )
