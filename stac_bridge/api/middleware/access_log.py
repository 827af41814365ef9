"""A request id, a log line and metrics for every request."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stac_bridge.api.metrics import Metrics
from stac_bridge.api.routes.assets import ASSET_PATH
from stac_bridge.http_headers import read_count
from stac_bridge.request_context import REQUEST_ID_HEADER, choose_request_id, request_id

_log = logging.getLogger("stac_bridge.access")

_NO_ROUTE = "(none)"

_CLIENT_CLOSED_REQUEST = 499
"""nginx's status for clients that disconnected before a response started."""


@dataclass(slots=True)
class _ResponseInfo:
    """What the sent messages say about the response."""

    status: int = _CLIENT_CLOSED_REQUEST
    calls: int = 0
    bytes: int = 0
    started: float = field(default_factory=time.perf_counter)

    def update(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.calls = read_count(Headers(raw=message["headers"]).get("x-m2m-calls")) or 0
        else:
            self.bytes += len(message.get("body", b""))


class AccessLog:
    """Sets the request id, and reports each request to the log and the metrics."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._templates: dict[Any, str] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Copied now: HeadAsGet and mounts may change the scope below.
        method, path, response = scope["method"], scope["path"], _ResponseInfo()
        name = choose_request_id(Headers(scope=scope).get(REQUEST_ID_HEADER))
        token = request_id.set(name)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = name
            response.update(message)
            await send(message)

        self._metrics.request_started()
        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            response.status = 500
            raise
        finally:
            self._report(scope, method, path, response)
            request_id.reset(token)

    def _report(self, scope: Scope, method: str, path: str, response: _ResponseInfo) -> None:
        seconds, route = time.perf_counter() - response.started, self._template(scope)
        self._metrics.request_finished(method, route, response.status, seconds)
        if route == ASSET_PATH:
            self._metrics.record_asset_bytes(response.bytes)
        caller = (scope.get("client") or ("-",))[0]
        fields = {
            "caller": caller,
            "method": method,
            "path": path,
            "route": route,
            "status": response.status,
            "duration_ms": round(1000 * seconds, 1),
            "m2m_calls": response.calls,
            "bytes": response.bytes,
        }
        line = '%s "%s %s" %d, %.0f ms, %d M2M calls'
        values = caller, method, quote(path), response.status, 1000 * seconds, response.calls
        _log.info(line, *values, extra={"fields": fields})

    def _template(self, scope: Scope) -> str:
        """The route's path with parameter names instead of ids, so that the number of metric series is bounded."""
        if (route := scope.get("route")) is not None:
            return str(route.path)
        # Plain Starlette routes do not record themselves in the scope, only their endpoint.
        if self._templates is None:
            routes = ((getattr(r, "endpoint", None) or getattr(r, "app", None), r) for r in scope["app"].routes)
            self._templates = {key: route.path for key, route in routes if key and hasattr(route, "path")}
        return self._templates.get(scope.get("endpoint"), _NO_ROUTE)
