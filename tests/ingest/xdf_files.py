"""XDF files for tests, written byte by byte and independently of the product's own writer."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

UUID = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")
TYPES = {
    "float32": "<f4",
    "double64": "<f8",
    "int8": "i1",
    "int16": "<i2",
    "int32": "<i4",
    "int64": "<i8",
}


def varlen(n: int, size: int | None = None) -> bytes:
    """A count with the number of its bytes in front (the smallest that fits, unless told)."""
    size = size or (1 if n < 256 else 4 if n < 1 << 32 else 8)
    return bytes([size]) + n.to_bytes(size, "little")


def chunk(tag: int, content: bytes, size: int | None = None) -> bytes:
    return varlen(len(content) + 2, size) + struct.pack("<H", tag) + content


def header_xml(
    name: str = "ecg",
    kind: str = "ECG",
    fmt: str = "float32",
    channels: int = 1,
    rate: float = 130.0,
    **more: str,
) -> str:
    extra = "".join(f"<{key}>{text}</{key}>" for key, text in more.items())
    return (
        f'<?xml version="1.0"?><info><name>{name}</name><type>{kind}</type>'
        f"<channel_count>{channels}</channel_count><nominal_srate>{rate!r}</nominal_srate>"
        f"<channel_format>{fmt}</channel_format>{extra}<desc /></info>"
    )


def sample_bytes(fmt: str, row: Any, stamp: float | None) -> bytes:
    """One sample; a stamp of None or NaN is left out."""
    left_out = stamp is None or np.isnan(stamp)
    head = b"\0" if left_out else struct.pack("<Bd", 8, stamp)
    if fmt == "string":
        texts = [text.encode() for text in row]
        return head + b"".join(varlen(len(text)) + text for text in texts)
    return head + np.asarray(row).astype(TYPES[fmt]).tobytes()


@dataclass
class XdfBytes:
    """A file in the making; every method appends one chunk."""

    parts: list[bytes] = field(default_factory=lambda: [b"XDF:"])
    formats: dict[int, str] = field(default_factory=dict)

    def begin(self, datetime: str = "2026-03-12T18:00:00+0100") -> XdfBytes:
        xml = f"<info><version>1.0</version><datetime>{datetime}</datetime></info>"
        self.parts.append(chunk(1, xml.encode()))
        return self

    def stream(self, sid: int, fmt: str = "float32", **header: Any) -> XdfBytes:
        self.formats[sid] = fmt
        return self.raw_header(sid, header_xml(fmt=fmt, **header).encode())

    def raw_header(self, sid: int, xml: bytes) -> XdfBytes:
        self.parts.append(chunk(2, struct.pack("<I", sid) + xml))
        return self

    def samples(
        self,
        sid: int,
        values: Any,
        stamps: Iterable[float | None],
        *,
        sizes: tuple[int | None, int | None] = (None, None),
    ) -> XdfBytes:
        """One samples chunk; ``sizes``: length bytes of the chunk and of the sample count."""
        fmt = self.formats[sid]
        rows = list(values)
        body = b"".join(
            sample_bytes(fmt, row, stamp) for row, stamp in zip(rows, stamps, strict=True)
        )
        head = struct.pack("<I", sid) + varlen(len(rows), sizes[1])
        self.parts.append(chunk(3, head + body, sizes[0]))
        return self

    def regular(
        self, sid: int, values: Any, stamps: Any, every: int, *, boundary: int = 0
    ) -> XdfBytes:
        """Stamped samples, ``every`` a chunk, a boundary after each ``boundary`` chunks."""
        for k, at in enumerate(range(0, len(stamps), every)):
            self.samples(sid, values[at : at + every], stamps[at : at + every])
            if boundary and k % boundary == boundary - 1:
                self.boundary()
        return self

    def offset(self, sid: int, time: float, value: float) -> XdfBytes:
        self.parts.append(chunk(4, struct.pack("<Idd", sid, time, value)))
        return self

    def boundary(self) -> XdfBytes:
        self.parts.append(chunk(5, UUID))
        return self

    def footer(self, sid: int, first: float = 0, last: float = 0, count: int = 0) -> XdfBytes:
        xml = (
            f"<info><first_timestamp>{first!r}</first_timestamp><last_timestamp>{last!r}"
            f"</last_timestamp><sample_count>{count}</sample_count></info>"
        )
        self.parts.append(chunk(6, struct.pack("<I", sid) + xml.encode()))
        return self

    @property
    def content(self) -> bytes:
        return b"".join(self.parts)

    @property
    def places(self) -> list[int]:
        """Where each part begins; the last entry is the length of the file."""
        return [0, *np.cumsum([len(part) for part in self.parts]).tolist()]

    def write(self, path: Path) -> Path:
        path.write_bytes(self.content)
        return path


def journal_lines(content: bytes, places: Sequence[int]) -> str:
    """Block records of the bytes between places."""
    records = [
        {
            "type": "block",
            "offset": a,
            "length": b - a,
            "crc32": zlib.crc32(content[a:b]),
        }
        for a, b in pairwise(places)
    ]
    return "".join(json.dumps(record) + "\n" for record in records)
