"""The outside world -> `Recording`: files of any maker, and running LSL streams."""

from __future__ import annotations

from arousal.ingest.load import load
from arousal.ingest.mapping import Mapping, load_mapping
from arousal.ingest.raw import RawStream, StreamInfo
from arousal.ingest.streams import discover, pull

__all__ = ["Mapping", "RawStream", "StreamInfo", "discover", "load", "load_mapping", "pull"]
