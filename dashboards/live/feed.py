"""The newest state of the desk, fetched once and handed to every page that listens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from arousal.errors import ArousalError
from arousal.monitor.channel import ChannelClient

__all__ = ["Feed"]

RETRY = 0.5
"""Seconds between two questions while no desk answers."""
PATIENCE = 5.0
"""Seconds after which a page that hears nothing new is told that we are still here."""


class Feed:
    """Server-sent events of the session's state.

    Parameters
    ----------
    client : ChannelClient
        To the desk.
    without : callable
        Returns the state to show while there is no desk (after the session, or it died).
    extra : dict
        Added to every state: what this server itself knows.
    """

    def __init__(
        self,
        client: ChannelClient,
        without: Callable[[], dict[str, Any]],
        extra: dict[str, Any],
    ) -> None:
        self._client, self._without, self._extra = client, without, extra
        self._text, self._number = "", 0
        self._news = asyncio.Condition()
        self._version = 0

    async def run(self) -> None:
        """Fetch for ever."""
        while True:
            try:
                answer = await asyncio.to_thread(self._client.ask, "wait", after=self._version)
            except ArousalError:
                self._version = 0
                await self._tell(await asyncio.to_thread(self._without))
                await asyncio.sleep(RETRY)
                continue
            if answer["version"] != self._version:
                self._version = answer["version"]
                await self._tell(answer["state"])

    async def _tell(self, state: dict[str, Any]) -> None:
        text = json.dumps(state | self._extra, separators=(",", ":"))
        if text == self._text:
            return
        async with self._news:
            self._text, self._number = text, self._number + 1
            self._news.notify_all()

    async def events(self) -> AsyncIterator[str]:
        """Yield the newest state whenever there is one; a slow page skips those in between."""
        seen = 0
        yield "retry: 500\n\n"
        while True:
            async with self._news:
                try:
                    await asyncio.wait_for(self._wait(seen), PATIENCE)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                text, seen = self._text, self._number
            yield f"data: {text}\n\n"

    async def _wait(self, seen: int) -> None:
        await self._news.wait_for(lambda: self._number > seen)
