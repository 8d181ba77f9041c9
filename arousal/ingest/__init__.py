"""The outside world -> `Recording`: files of any maker, and running LSL streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arousal.ingest.load import load
from arousal.ingest.mapping import Mapping, load_mapping
from arousal.ingest.raw import RawStream, StreamInfo
from arousal.ingest.streams import discover, pull

if TYPE_CHECKING:
    from arousal.ingest.recorder import Recorder

__all__ = [
    "Mapping",
    "RawStream",
    "Recorder",
    "StreamInfo",
    "discover",
    "load",
    "load_mapping",
    "pull",
]


def __getattr__(name: str) -> object:
    # Loaded when it is asked for: it starts liblsl, which a reader of files does not need.
    if name == "Recorder":
        from arousal.ingest.recorder import Recorder

        return Recorder
    raise AttributeError(f"module 'arousal.ingest' has no attribute {name!r}")
