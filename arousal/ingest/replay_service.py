"""Run a replay until it ends or somebody stops it."""

from __future__ import annotations

from collections.abc import Callable

from arousal.ingest.lsl_config import settle
from arousal.ingest.replay import Replay
from arousal.ingest.stop_signals import stop_signals

__all__ = ["replay_until_stopped"]


def replay_until_stopped(player: Replay, say: Callable[[str], None]) -> dict[str, int]:
    """Send until the end of the recording, SIGINT or SIGTERM; return samples sent per stream."""
    found = settle()
    with stop_signals() as stop:
        for finding in found:
            say(f"{finding.severity}: {finding}")
        say(f"{player.streams} streams, {player.duration / 60:.1f} min; Ctrl-C ends")
        player.run(stop)
    return player.sent
