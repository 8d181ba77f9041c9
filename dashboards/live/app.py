"""The live page's server: a thin window on the desk; it holds nothing that could be lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from arousal.errors import ArousalError, DeviceError, UsageError
from arousal.monitor.channel import ChannelClient
from arousal.monitor.desk_process import attach
from dashboards.live.after import Aftermath
from dashboards.live.feed import Feed
from dashboards.live.security import Door, Guard
from dashboards.live.words import choose_language, words_script

__all__ = ["make_app"]

TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
TO_DESK = {"setup", "accept", "start", "mark", "shift", "withdraw", "stop"}
LARGEST = 256 * 1024
"""Bytes of a request."""
MARK_SECONDS = {"stop": 60.0}


def make_app(
    folder: Path, door: Door, *, researcher: bool = False, language: str | None = None
) -> Starlette:
    """Make the server of one session's page.

    Parameters
    ----------
    folder : Path
        Session folder.
    door : Door
        Who may come in.
    researcher : bool
        Whether this page may show live curves: only on a screen that nobody in the room sees.
    language : str, optional
        Of the page; default: the browser's.
    """
    client = ChannelClient(folder)
    aftermath = Aftermath(folder)
    feed = Feed(client, aftermath.state, {"researcher": researcher})
    pages = _Pages(language)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(feed.run())
        # What a server that was killed left undone; refused while a recording runs.
        asyncio.get_running_loop().run_in_executor(None, _finish_quietly, aftermath)
        yield
        task.cancel()
        aftermath.close()

    async def events(_: Request) -> Response:
        return StreamingResponse(feed.events(), media_type="text/event-stream")

    async def act(request: Request) -> Response:
        what = request.path_params["what"]
        fields = await _json(request)
        return await _answer(partial(_act, what, fields, client, aftermath, folder))

    async def curves(_: Request) -> Response:
        if not researcher:
            return PlainTextResponse("live curves are hidden: start with --researcher", 403)
        return await _answer(partial(client.ask, "curves"))

    async def timeline(_: Request) -> Response:
        return await _answer(aftermath.timeline)

    async def report(_: Request) -> Response:
        if not aftermath.report_file.is_file():
            return PlainTextResponse("there is no report yet", 404)
        # The page carries its own, stricter policy for the scripts inside it.
        return Response(
            aftermath.report_file.read_bytes(),
            media_type="text/html",
            headers={"Content-Security-Policy": "frame-ancestors 'none'"},
        )

    routes = [
        Route("/", pages.index),
        Route("/static/{name}", pages.file),
        Route("/events", events),
        Route("/api/curves", curves),
        Route("/api/timeline", timeline),
        Route("/api/{what}", act, methods=["POST"]),
        Route("/report", report),
    ]
    return Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(Guard, door=door)])


class _Pages:
    """The page's own files, read once."""

    def __init__(self, language: str | None) -> None:
        self._language = language
        folder = files("dashboards").joinpath("web", "live")
        self._files = {
            file.name: file.read_bytes()
            for file in folder.iterdir()
            if Path(file.name).suffix in TYPES
        }

    async def index(self, _: Request) -> Response:
        return Response(self._files["index.html"], media_type=TYPES[".html"])

    async def file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name == "words.js":
            language = self._language or choose_language(request.headers.get("accept-language", ""))
            return Response(words_script(language), media_type=TYPES[".js"])
        if name not in self._files:
            return PlainTextResponse("no such file", 404)
        return Response(self._files[name], media_type=TYPES[Path(name).suffix])


def _finish_quietly(aftermath: Aftermath) -> None:
    with contextlib.suppress(ArousalError):  # every reading reminds of it until it is done
        aftermath.remove_who_withdrew()


async def _json(request: Request) -> dict[str, Any]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            return {}
    try:
        fields = json.loads(body or b"{}")
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


async def _answer(work: Callable[[], Mapping[str, Any]]) -> Response:
    try:
        return JSONResponse(dict(await asyncio.to_thread(work)))
    except ArousalError as error:
        status = 503 if isinstance(error, DeviceError) else 409
        return JSONResponse({"error": error.message, "hint": error.hint}, status)


def _act(
    what: str,
    fields: dict[str, Any],
    client: ChannelClient,
    aftermath: Aftermath,
    folder: Path,
) -> Mapping[str, Any]:
    if what in TO_DESK:
        answer = client.ask(what, timeout=MARK_SECONDS.get(what, 10.0), **fields)
        return answer | aftermath.remove_who_withdrew() if what == "stop" else answer
    if what == "attach":
        attach(folder, resume=bool(fields.get("resume")))
        return {}
    if what == "over":
        return aftermath.give_up()
    if what == "correct":
        return aftermath.correct(fields)
    if what == "report":
        return aftermath.make_report()
    raise UsageError(f"the page asked for {what!r}, which is nothing")
