"""The XML in an XDF file: file header, stream headers, footers, also where they are damaged."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

import numpy as np

from arousal.errors import DataError
from arousal.ingest.info_xml import info_xml, read_info
from arousal.ingest.raw import StreamInfo
from arousal.ingest.xdf_chunks import NUMBER_TYPES
from arousal.ingest.xdf_walk import Bytes

__all__ = [
    "Footer",
    "parse_plain",
    "read_footer",
    "read_stream_header",
    "rescue_stream_header",
    "text_at",
]

_INFO_TAGS = ("name", "type", "channel_count", "nominal_srate", "channel_format", "source_id",
              "uid", "hostname")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Footer:
    """What a recorder wrote when it closed a stream; ``None`` where it says nothing.

    Parameters
    ----------
    first, last : float or None
        First and last stamp in seconds.
    count : int or None
        Samples written.
    """

    first: float | None = None
    last: float | None = None
    count: int | None = None


def text_at(view: Bytes, span: tuple[int, int]) -> str:
    """Text between two byte offsets; what is no UTF-8 becomes ``U+FFFD``."""
    return bytes(view[span[0] : span[1]]).decode("utf-8", "replace")


def parse_plain(xml: str) -> ET.Element:
    """Parse a document that declares nothing.

    Raises
    ------
    DataError
        If it is no XML, or declares entities (which could expand without end).
    """
    if "<!" in xml.replace("<!--", ""):
        raise DataError("declarations are not allowed in an XDF header")
    try:
        return ET.fromstring(xml)  # noqa: S314 - nothing is declared, so nothing can expand
    except (ET.ParseError, ValueError) as error:
        raise DataError(f"not XML: {error}") from None


def read_stream_header(xml: str) -> StreamInfo:
    """Read a stream header whose samples can be decoded.

    Raises
    ------
    DataError
        If it is no XML, or lacks a channel count, rate or format of XDF.
    """
    if "<!" in xml.replace("<!--", ""):
        raise DataError("declarations are not allowed in a stream's description")
    info = read_info(xml)
    if info.format != "string" and info.format not in NUMBER_TYPES:
        raise DataError(f"channel format is {info.format!r}, no format of XDF")
    return info


def rescue_stream_header(xml: str) -> str:
    """Make a new header of the few lines of a damaged one without which nothing can be decoded.

    Raises
    ------
    DataError
        If they cannot be read either.
    """
    text = {}
    for tag in _INFO_TAGS:
        found = re.search(f"<{tag}>([^<>]*)</{tag}>", xml)
        if found:
            text[tag] = found[1]
    try:
        count = int(text["channel_count"])
        rate = float(text["nominal_srate"])
        kind = text["channel_format"]
    except (KeyError, ValueError):
        raise DataError("neither XML nor its parts can be read") from None
    if not 1 <= count <= 10_000:
        raise DataError(f"channel_count is {count}")
    blank = ("",) * count
    return info_xml(
        StreamInfo(
            text.get("name", ""), text.get("type", ""), text.get("source_id", ""),
            text.get("uid", ""), text.get("hostname", ""), "", blank, blank, rate, kind,
        )
    )  # fmt: skip


def read_footer(view: Bytes, span: tuple[int, int] | None) -> Footer | None:
    """Read a footer; an empty one if it is damaged, ``None`` if there is none."""
    if span is None:
        return None
    try:
        root = parse_plain(text_at(view, span))
    except DataError:
        return Footer()
    count = _number(root, "sample_count")
    return Footer(
        _number(root, "first_timestamp"),
        _number(root, "last_timestamp"),
        None if count is None else int(count),
    )


def _number(root: ET.Element, tag: str) -> float | None:
    try:
        number = float(root.findtext(tag) or "")
    except ValueError:
        return None
    return number if np.isfinite(number) else None
