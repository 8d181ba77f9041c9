"""The outside world -> `Recording`: files of any maker, and running LSL streams.

Each name is loaded when it is first asked for: who reads files needs no liblsl, and a recorder that
was killed must record again before anything is loaded that reads fourteen formats of files.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arousal.ingest.loading import load
    from arousal.ingest.mapping import Mapping, load_mapping
    from arousal.ingest.raw import RawStream, StreamInfo
    from arousal.ingest.recorder import Recorder
    from arousal.ingest.streams import discover, pull

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

_HOME = {
    "Mapping": "mapping",
    "RawStream": "raw",
    "Recorder": "recorder",
    "StreamInfo": "raw",
    "discover": "streams",
    "load": "loading",
    "load_mapping": "mapping",
    "pull": "streams",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'arousal.ingest' has no attribute {name!r}")
    return getattr(import_module(f"arousal.ingest.{_HOME[name]}"), name)
