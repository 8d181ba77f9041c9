"""Who may talk to the live page's server: this computer's own page, and nobody else's.

- the ``Host`` header must be one that the server was started for (no DNS rebinding);
- what changes anything must come from the page itself: ``Origin`` is checked, the body is JSON and
  carries a header that no foreign form or link can send (no CSRF);
- beyond this computer a token is needed: once in the address, then in a cookie;
- every answer forbids its page to load, send or be framed by anything else (CSP).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CSP", "Door", "Guard"]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
COOKIE = "arousal_token"
OWN_HEADER = "x-arousal"


@dataclass(frozen=True, slots=True)
class Door:
    """Under which names the server answers, and what it asks for.

    Parameters
    ----------
    hosts : frozenset of str
        ``host:port`` as browsers send it.
    token : str
        What must be known to come in; empty for this computer only.
    tls : bool
        Whether the way is encrypted; cookies then never travel another one.
    """

    hosts: frozenset[str]
    token: str = ""
    tls: bool = False

    @classmethod
    def of(cls, names: Iterable[str], port: int, token: str = "", *, tls: bool = False) -> Door:
        """Make a door for host names at a port."""
        found = set()
        for name in names:
            bare = f"[{name}]" if ":" in name else name
            found |= {f"{bare}:{port}"} | ({bare} if port == (443 if tls else 80) else set())
        return cls(frozenset(found), token, tls)


class Guard:
    """ASGI middleware that keeps the door.

    Parameters
    ----------
    app : ASGI application
    door : Door
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app, self._door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it with the reason why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refusal(Request(scope))

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", CSP)
            await send(message)

        await (refused or self._app)(scope, receive, dressed)

    def _refusal(self, request: Request) -> Response | None:
        headers = request.headers
        if headers.get("host", "") not in self._door.hosts:
            return PlainTextResponse("this server does not answer to that name", 421)
        if self._door.token:
            answer = self._by_token(request)
            if answer is not None:
                return answer
        if request.method not in {"GET", "HEAD"} and not self._from_the_page(headers):
            return PlainTextResponse("only the page itself may do this", 403)
        return None

    def _by_token(self, request: Request) -> Response | None:
        token = self._door.token.encode()
        given = request.query_params.get("token", "")
        if given and hmac.compare_digest(given.encode(), token):
            # Out of the address bar and the history at once.
            answer = RedirectResponse(request.url.path, 303)
            answer.set_cookie(
                COOKIE, given, httponly=True, samesite="strict", path="/", secure=self._door.tls
            )
            return answer
        held = request.cookies.get(COOKIE, "")
        if hmac.compare_digest(held.encode(), token):
            return None
        return PlainTextResponse("open the address that `arousal live` printed", 401)

    def _from_the_page(self, headers: Headers) -> bool:
        origin = urlsplit(headers.get("origin", ""))
        site = headers.get("sec-fetch-site", "same-origin")
        return (
            origin.scheme in ({"https"} if self._door.tls else {"http", "https"})
            and origin.netloc == headers.get("host")
            and site == "same-origin"
            and headers.get(OWN_HEADER) == "1"
            and headers.get("content-type", "").split(";")[0].strip() == "application/json"
        )
