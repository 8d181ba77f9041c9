"""The running session: a desk that records and takes marks in a process of its own, and numbers.

Each name is loaded when it is first asked for: the desk records before it loads its numbers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arousal.monitor.body import Body, LiveFeatures
    from arousal.monitor.channel import Channel, ChannelClient
    from arousal.monitor.mark_book import MarkBook
    from arousal.monitor.monitor import Monitor, Point

__all__ = ["Body", "Channel", "ChannelClient", "LiveFeatures", "MarkBook", "Monitor", "Point"]

_HOME = {
    "Body": "body",
    "Channel": "channel",
    "ChannelClient": "channel",
    "LiveFeatures": "body",
    "MarkBook": "mark_book",
    "Monitor": "monitor",
    "Point": "monitor",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'arousal.monitor' has no attribute {name!r}")
    return getattr(import_module(f"arousal.monitor.{_HOME[name]}"), name)
