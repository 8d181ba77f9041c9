"""The running session: a desk that records and takes marks in a process of its own, and numbers."""

from arousal.monitor.body import Body, LiveFeatures
from arousal.monitor.channel import Channel, ChannelClient
from arousal.monitor.mark_book import MarkBook
from arousal.monitor.monitor import Monitor, Point

__all__ = ["Body", "Channel", "ChannelClient", "LiveFeatures", "MarkBook", "Monitor", "Point"]
