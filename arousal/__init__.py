"""Physiological arousal across the phases of Balint groups and other sessions.

>>> import arousal
>>> recording = arousal.load("recordings/sample")        # doctest: +SKIP
>>> result = arousal.analyse(recording)                  # doctest: +SKIP

Importing the package is light: every name below is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arousal.errors import ArousalError
    from arousal.ingest.loading import load
    from arousal.pipeline import SessionResult, analyse
    from arousal.protocol import Protocol, load_protocol
    from arousal.recording import Event, Kind, Person, Recording, Signal
    from arousal.settings import Settings, load_settings
    from arousal.simulate import simulate

__version__ = "0.1.0"

__all__ = [
    "ArousalError",
    "Event",
    "Kind",
    "Person",
    "Protocol",
    "Recording",
    "SessionResult",
    "Settings",
    "Signal",
    "analyse",
    "load",
    "load_protocol",
    "load_settings",
    "simulate",
]

_HOME = {
    "ArousalError": "arousal.errors",
    "Event": "arousal.recording",
    "Kind": "arousal.recording",
    "Person": "arousal.recording",
    "Protocol": "arousal.protocol",
    "Recording": "arousal.recording",
    "SessionResult": "arousal.pipeline",
    "Settings": "arousal.settings",
    "Signal": "arousal.recording",
    "analyse": "arousal.pipeline",
    "load": "arousal.ingest.loading",
    "load_protocol": "arousal.protocol",
    "load_settings": "arousal.settings",
    "simulate": "arousal.simulate",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'arousal' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
