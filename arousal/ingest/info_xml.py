"""A stream's ``<info>`` document: LSL sends it, XDF stores it, `StreamInfo` is what we use."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from arousal.errors import DataError
from arousal.ingest.raw import StreamInfo

__all__ = ["info_xml", "parseable_xml", "read_info"]

MAX_CHANNELS = 10_000
"""More channels than any amplifier has: a damaged header, not a stream."""


def read_info(xml: str) -> StreamInfo:
    """Read an ``<info>`` document.

    Parameters
    ----------
    xml : str
        As LSL or an XDF stream header carries it.

    Raises
    ------
    DataError
        If it is no XML, or channel count or rate are no numbers.

    Examples
    --------
    >>> read_info(info_xml(StreamInfo("gsr-04", "EDA", units=("uS",), rate=4.0))).units
    ('uS',)
    """
    try:
        root = ET.fromstring(parseable_xml(xml))  # noqa: S314 - expat forbids external entities
    except ET.ParseError as error:
        raise DataError(f"a stream's description is not XML: {error}") from None
    text = {child.tag: (child.text or "").strip() for child in root}
    where = text.get("name", "stream header")
    count = _number(text.get("channel_count", ""), "channel_count", where)
    rate = _number(text.get("nominal_srate", ""), "nominal_srate", where)
    if not (1 <= count <= MAX_CHANNELS and count == int(count)):
        raise DataError(f"channel_count is {count:g}, allowed 1 to {MAX_CHANNELS}", where=where)
    described = root.findall("desc/channels/channel")
    return StreamInfo(
        name=text.get("name", ""),
        type=text.get("type", ""),
        source_id=text.get("source_id", ""),
        uid=text.get("uid", ""),
        hostname=text.get("hostname", ""),
        manufacturer=_manufacturer(root),
        channels=_labels(described, "label", int(count)),
        units=_labels(described, "unit", int(count)),
        rate=max(rate, 0.0),
        format=text.get("channel_format", ""),
    )


def _number(text: str, key: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not -float("inf") < number < float("inf"):
        raise DataError(f"{key} is {text!r}, not a number", where=where)
    return number


def _manufacturer(root: ET.Element) -> str:
    for place in ("desc/manufacturer", "desc/acquisition/manufacturer"):
        if found := (root.findtext(place) or "").strip():
            return found
    return ""


def _labels(channels: list[ET.Element], key: str, count: int) -> tuple[str, ...]:
    texts = [(channel.findtext(key) or "").strip() for channel in channels[:count]]
    return tuple(texts + [""] * (count - len(texts)))


def info_xml(info: StreamInfo, *, created_at: float = 0.0, session_id: str = "default") -> str:
    """``<info>`` document of a stream that did not come from LSL (a simulated one)."""
    root = ET.Element("info")
    head = {
        "name": info.name,
        "type": info.type,
        "channel_count": str(len(info.channels)),
        "channel_format": info.format,
        "source_id": info.source_id,
        "nominal_srate": repr(float(info.rate)),
        "version": "1.1",
        "created_at": repr(float(created_at)),
        "uid": info.uid,
        "session_id": session_id,
        "hostname": info.hostname,
    }
    for key, text in head.items():
        ET.SubElement(root, key).text = _clean(text)
    desc = ET.SubElement(root, "desc")
    if info.manufacturer:
        ET.SubElement(desc, "manufacturer").text = _clean(info.manufacturer)
    channels = ET.SubElement(desc, "channels")
    for label, unit in zip(info.channels, info.units, strict=True):
        channel = ET.SubElement(channels, "channel")
        for key, text in (("label", label), ("unit", unit), ("type", info.type)):
            ET.SubElement(channel, key).text = _clean(text)
    return '<?xml version="1.0"?>' + ET.tostring(root, encoding="unicode")


def parseable_xml(xml: str) -> str:
    """Return the document itself, or, if no XML parser takes it, one without forbidden characters.

    A device that puts a control character into its name would otherwise make the whole file
    unreadable for everybody.

    Raises
    ------
    DataError
        If it cannot be parsed even then.
    """
    for candidate in (xml, _clean(xml)):
        try:
            ET.fromstring(candidate)  # noqa: S314 - parsed to judge it, the tree is dropped
        except (ET.ParseError, UnicodeEncodeError):
            continue
        return candidate
    raise DataError("a stream's description is not XML", where="XDF stream header")


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 forbids (lone surrogates, most control characters)."""
    return "".join(
        c for c in text if c in "\t\n\r" or ("\ud7ff" >= c >= " ") or c >= "\ue000"
    ).translate({0xFFFE: None, 0xFFFF: None})
