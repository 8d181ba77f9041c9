"""The chunks of an XDF 1.0 file as bytes: pure functions, no file in sight.

Every chunk is ``[size of length: 1][length][tag: u16][content]``, all little-endian; the length
counts tag and content (https://github.com/sccn/xdf/wiki/Specifications). The functions here write
what LabRecorder writes, except that no stamp is ever left out unless asked for.
"""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.errors import DataError

__all__ = [
    "BOUNDARY",
    "MAGIC",
    "NUMBER_TYPES",
    "OMIT_WITHIN",
    "boundary",
    "clock_offset",
    "file_header",
    "footer_xml",
    "samples",
    "stream_footer",
    "stream_header",
]

MAGIC = b"XDF:"
BOUNDARY = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")
"""Content of every boundary chunk: what a reader looks for behind damage."""
NUMBER_TYPES: dict[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "double64": np.dtype("<f8"),
    "int8": np.dtype("i1"),
    "int16": np.dtype("<i2"),
    "int32": np.dtype("<i4"),
    "int64": np.dtype("<i8"),
}
"""Channel format -> how a number is stored; ``"string"`` is the only other format."""
OMIT_WITHIN = 1e-6
"""A stamp may be left out (on request) where the previous one plus one period is this close, s."""

_FILE_HEADER, _STREAM_HEADER, _SAMPLES, _OFFSET, _BOUNDARY, _FOOTER = range(1, 7)


def _length(n: int) -> bytes:
    """A count with the number of its bytes in front: 1, 4 or 8."""
    if n < 1 << 8:
        return struct.pack("<BB", 1, n)
    if n < 1 << 32:
        return struct.pack("<BI", 4, n)
    return struct.pack("<BQ", 8, n)


def _chunk(tag: int, *content: bytes) -> bytes:
    size = 2 + sum(map(len, content))
    return b"".join((_length(size), struct.pack("<H", tag), *content))


def file_header(started: datetime | None = None) -> bytes:
    """Magic bytes and file header.

    Parameters
    ----------
    started : datetime, optional
        When the recording began, with a time zone; now if left out.

    Raises
    ------
    DataError
        If ``started`` has no time zone.
    """
    moment = started or datetime.now(UTC)
    if moment.tzinfo is None:
        raise DataError(f"started is {moment.isoformat()} without a time zone", where="XDF header")
    info = ET.Element("info")
    ET.SubElement(info, "version").text = "1.0"
    # LabRecorder's form of ISO 8601 (no colon in the offset), which others' parsers expect.
    ET.SubElement(info, "datetime").text = moment.strftime("%Y-%m-%dT%H:%M:%S%z")
    return MAGIC + _chunk(_FILE_HEADER, _xml(info))


def stream_header(stream_id: int, xml: str) -> bytes:
    """Header of one stream; ``xml`` is its ``<info>`` document."""
    return _chunk(_STREAM_HEADER, struct.pack("<I", stream_id), xml.encode())


def stream_footer(stream_id: int, xml: str) -> bytes:
    """Footer of one stream; ``xml`` as `footer_xml` makes it."""
    return _chunk(_FOOTER, struct.pack("<I", stream_id), xml.encode())


def clock_offset(stream_id: int, time: float, offset: float) -> bytes:
    """One measured clock offset.

    Parameters
    ----------
    stream_id : int
        The stream whose sender it is about.
    time : float
        When it was measured, in seconds **on the sender's clock** (receiver's time - offset), which
        is the time base that readers regress over.
    offset : float
        Seconds to add to a sender's stamp to get the receiver's time.
    """
    return _chunk(_OFFSET, struct.pack("<Idd", stream_id, time, offset))


def boundary() -> bytes:
    """Return a landmark that a reader can find again behind damaged bytes."""
    return _chunk(_BOUNDARY, BOUNDARY)


def samples(
    stream_id: int,
    channel_format: str,
    values: NDArray[Any],
    stamps: NDArray[np.float64],
    *,
    omit_period: float | None = None,
) -> bytes:
    """Samples of one stream.

    Parameters
    ----------
    stream_id : int
        The stream they belong to.
    channel_format : str
        ``"string"`` or a key of `NUMBER_TYPES`.
    values : ndarray, shape (n, channels)
        Numbers, or an object array of str or of bytes (UTF-8) for ``"string"``.
    stamps : ndarray, shape (n,)
        Seconds, stored verbatim.
    omit_period : float, optional
        Sampling period in seconds: all stamps but the first are left out if each lies within
        `OMIT_WITHIN` of what a reader deduces (the one before plus a period).

    Returns
    -------
    bytes
        One chunk; empty for no samples.

    Raises
    ------
    DataError
        If shapes disagree, the format is unknown, or a number does not fit the format.
    """
    values, stamps = np.asarray(values), np.asarray(stamps, dtype="<f8")
    where = f"stream {stream_id}"
    if values.ndim != 2 or values.shape[:1] != stamps.shape:
        raise DataError(f"{values.shape} values do not match {stamps.shape} stamps", where=where)
    if not stamps.size:
        return b""
    omitted = omit_period is not None and _deducible(stamps, omit_period)
    if channel_format == "string":
        body = _texts(values, stamps, omitted)
    elif channel_format in NUMBER_TYPES:
        body = _numbers(_stored(values, channel_format, where), stamps, omitted)
    else:
        raise DataError(f"no channel format {channel_format!r} in XDF", where=where)
    return _chunk(_SAMPLES, struct.pack("<I", stream_id), _length(stamps.size), body)


def _deducible(stamps: NDArray[np.float64], period: float) -> bool:
    steps = np.full(stamps.size, period)
    steps[0] = stamps[0]
    # A running sum, because that is what readers compute: rounding and all.
    return bool(np.abs(np.cumsum(steps) - stamps).max() <= OMIT_WITHIN)


def _stored(values: NDArray[Any], channel_format: str, where: str) -> NDArray[Any]:
    kind = NUMBER_TYPES[channel_format]
    if values.dtype == kind or kind.kind == "f":
        return values.astype(kind, copy=False)
    if values.dtype.kind not in "iuf" or not np.array_equal(np.rint(values), values):
        raise DataError(f"some values are no {channel_format}", where=where)
    limits = np.iinfo(kind)
    if values.min() < limits.min or values.max() > limits.max:
        raise DataError(
            f"values reach {values.min()} .. {values.max()}, {channel_format} holds "
            f"{limits.min} .. {limits.max}",
            where=where,
        )
    return values.astype(kind)


def _numbers(values: NDArray[Any], stamps: NDArray[np.float64], omitted: bool) -> bytes:
    full, bare = _layouts(values.dtype, values.shape[1])
    head = 1 if omitted else stamps.size
    first = np.empty(head, full)
    first["stamped"], first["stamp"], first["value"] = 8, stamps[:head], values[:head]
    if head == stamps.size:
        return first.tobytes()
    rest = np.zeros(stamps.size - head, bare)
    rest["value"] = values[head:]
    return first.tobytes() + rest.tobytes()


@cache
def _layouts(kind: np.dtype[Any], channels: int) -> tuple[np.dtype[Any], np.dtype[Any]]:
    """How a sample lies in the file, with and without its stamp."""
    values = ("value", kind, (channels,))
    full = np.dtype([("stamped", "u1"), ("stamp", "<f8"), values])
    return full, np.dtype([("stamped", "u1"), values])


def _texts(values: NDArray[Any], stamps: NDArray[np.float64], omitted: bool) -> bytes:
    parts: list[bytes] = []
    for number, (row, stamp) in enumerate(zip(values, stamps.tolist(), strict=True)):
        parts.append(b"\0" if omitted and number else struct.pack("<Bd", 8, stamp))
        for cell in row:
            text = cell if isinstance(cell, bytes) else str(cell).encode()
            parts += (_length(len(text)), text)
    return b"".join(parts)


def footer_xml(
    first: float | None, last: float | None, count: int, offsets: Sequence[tuple[float, float]]
) -> str:
    """Footer of a stream: how much it holds, and its clock offsets once more.

    Parameters
    ----------
    first, last : float or None
        First and last stamp, in seconds; ``None`` for a stream without samples.
    count : int
        Samples written.
    offsets : sequence of (time, offset)
        As given to `clock_offset`.
    """
    root = ET.Element("info")
    if first is not None and last is not None:
        ET.SubElement(root, "first_timestamp").text = repr(first)
        ET.SubElement(root, "last_timestamp").text = repr(last)
    ET.SubElement(root, "sample_count").text = str(count)
    listed = ET.SubElement(root, "clock_offsets")
    for time, value in offsets:
        offset = ET.SubElement(listed, "offset")
        ET.SubElement(offset, "time").text = repr(time)
        ET.SubElement(offset, "value").text = repr(value)
    return _xml(root).decode()


def _xml(root: ET.Element) -> bytes:
    return b'<?xml version="1.0"?>' + ET.tostring(root)
