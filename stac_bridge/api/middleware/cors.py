"""CORS: any web page may read any response."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

EXPOSED = (
    "Accept-Ranges, Age, Content-Disposition, Content-Length, Content-Range, ETag, Link, Location, Retry-After, "
    "Server-Timing, Warning, X-M2M-Calls, X-Request-ID, X-USGS-EULA"
)
"""Response headers that scripts may read."""

_METHODS = "GET, HEAD, POST, OPTIONS"


class Cors:
    """Allows every origin, because responses are public and set no cookies.

    The headers are sent even if the request has no Origin, because a shared cache could otherwise serve a page a
    response without them. (Starlette's CORSMiddleware sends them only to requests with an Origin.)
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

        async def send_with_cors(message: Message) -> None:
            if message["type"] == "http.response.start":
                response = MutableHeaders(scope=message)
                response["Access-Control-Allow-Origin"] = "*"
                response["Access-Control-Expose-Headers"] = EXPOSED
            await send(message)

        await self._app(scope, receive, send_with_cors)


def _preflight(headers: Headers) -> Response:
    requested = headers.get("access-control-request-headers", "")
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": requested or "Authorization, Content-Type, Range",
            "Access-Control-Max-Age": "600",
            "Vary": "Access-Control-Request-Headers",
        },
    )
