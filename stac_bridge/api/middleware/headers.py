"""What holds for every answer: CORS, cost and age in headers, HEAD, and no error without a shape. Plain ASGI."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

from stac_bridge.api.errors import of_any
from stac_bridge.api.middleware.client_address import caller_of
from stac_bridge.request_context import CallPriority, request_deadline

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ButAssets", "Cors", "Cost", "HeadAsGet", "LastResort"]

EXPOSED = (
    "Accept-Ranges, Age, Content-Disposition, Content-Length, Content-Range, ETag, Link, Location, Retry-After, "
    "Server-Timing, Warning, X-M2M-Calls, X-Request-ID, X-USGS-EULA"
)
_METHODS = "GET, HEAD, POST, OPTIONS"
_ROUTING = ("route", "endpoint")
"""Where routing notes which route it was."""


class ButAssets:
    """Whatever a middleware does, done to pages and not to the bytes of files."""

    def __init__(self, app: ASGIApp, /, through: Callable[..., ASGIApp], **options: Any) -> None:
        self._app = app
        self._through = through(app, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        app = self._app if scope["type"] == "http" and _is_asset(scope) else self._through
        await app(scope, receive, send)


class Cors:
    """Every page may read everything: answers are public and carry no cookies.

    The headers stand on every answer, asked for by a page or not, because caches between would otherwise hand
    a page an answer without them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await _preflight(headers)(scope, receive, send)
            return

        async def with_cors(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer["Access-Control-Allow-Origin"] = "*"
                answer["Access-Control-Expose-Headers"] = EXPOSED
            await send(message)

        await self._app(scope, receive, with_cors)


def _preflight(headers: Headers) -> Response:
    wanted = headers.get("access-control-request-headers", "")
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": wanted or "Authorization, Content-Type, Range",
            "Access-Control-Max-Age": "600",
            "Vary": "Access-Control-Request-Headers",
        },
    )


STALE = '110 - "Response is Stale"'
"""RFC 7234 §5.5.1; RFC 9111 has no Warning any more, and nothing in its place."""


class Cost:
    """Gives each request a budget of ``seconds`` and says what of it was spent, and how old the answer is if stale."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        with request_deadline(self._seconds, caller_of(scope), _errand(scope)) as budget:

            async def with_cost(message: Message) -> None:
                if message["type"] == "http.response.start":
                    answer = MutableHeaders(scope=message)
                    answer["X-M2M-Calls"] = str(budget.calls)
                    answer["Server-Timing"] = (
                        f"queue;dur={1000 * budget.queued:.1f}, m2m;dur={1000 * budget.upstream:.1f}, "
                        f"total;dur={1000 * (time.perf_counter() - begun):.1f}"
                    )
                    if budget.stale_age is not None and message["status"] < 400:
                        _tell_stale(answer, budget.stale_age)
                await send(message)

            await self._app(scope, receive, with_cost)


def _tell_stale(answer: MutableHeaders, age: float) -> None:
    """What is past its time is told, and kept by nobody for longer than M2M is away."""
    answer["Age"] = str(int(age))
    answer["Warning"] = STALE
    if answer.get("cache-control") != "no-store":
        answer["Cache-Control"] = "no-cache"


def _errand(scope: Scope) -> CallPriority:
    return CallPriority.asset if _is_asset(scope) else CallPriority.page


def _is_asset(scope: Scope) -> bool:
    """Whether the bytes of a file are asked for."""
    return "/assets/" in scope["path"]


class LastResort:
    """An error that nothing else told is told here, where CORS and cost still reach it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        begun = False

        async def watching(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watching)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            await of_any(error)(scope, receive, send)


class HeadAsGet:
    """Answers HEAD as GET without the body, but where a route says itself what it does with HEAD."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or _is_asset(scope):
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)}
            await send(message)

        asked = {**scope, "method": "GET"}
        try:
            await self._app(asked, receive, without_body)
        finally:
            scope.update({name: asked[name] for name in _ROUTING if name in asked})
