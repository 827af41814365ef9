"""What every request leaves behind: its name in a header, a line in the log, its counts. Plain ASGI, outermost."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders

from stac_bridge.api.routes.assets import ASSET_PATH
from stac_bridge.http_headers import read_count
from stac_bridge.request_context import REQUEST_ID_HEADER, choose_request_id, request_id

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from stac_bridge.api.metrics import Metrics

__all__ = ["Observed"]

_log = logging.getLogger("stac_bridge.access")

_NO_ROUTE = "(none)"


@dataclass(slots=True)
class _Answer:
    """What was seen of an answer; 499 is said of callers who left before any began."""

    status: int = 499
    calls: int = 0
    bytes: int = 0
    begun: float = field(default_factory=time.perf_counter)

    def saw(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.calls = read_count(Headers(raw=message["headers"]).get("x-m2m-calls")) or 0
        else:
            self.bytes += len(message.get("body", b""))


class Observed:
    """Names each request, and tells the log and the metrics how it went."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._templates: dict[Any, str] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method, path, answer = scope["method"], scope["path"], _Answer()
        name = choose_request_id(Headers(scope=scope).get(REQUEST_ID_HEADER))
        token = request_id.set(name)

        async def watching(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = name
            answer.saw(message)
            await send(message)

        self._metrics.began()
        try:
            await self._app(scope, receive, watching)
        except Exception:
            answer.status = 500
            raise
        finally:
            self._tell(scope, method, path, answer)
            request_id.reset(token)

    def _tell(self, scope: Scope, method: str, path: str, answer: _Answer) -> None:
        seconds, route = time.perf_counter() - answer.begun, self._template(scope)
        self._metrics.ended(method, route, answer.status, seconds)
        if route == ASSET_PATH:
            self._metrics.streamed(answer.bytes)
        caller = (scope.get("client") or ("-",))[0]
        said = {
            "caller": caller,
            "method": method,
            "path": path,
            "route": route,
            "status": answer.status,
            "duration_ms": round(1000 * seconds, 1),
            "m2m_calls": answer.calls,
            "bytes": answer.bytes,
        }
        line = '%s "%s %s" %d, %.0f ms, %d M2M calls'
        shown = caller, method, quote(path), answer.status, 1000 * seconds, answer.calls
        _log.info(line, *shown, extra={"fields": said})

    def _template(self, scope: Scope) -> str:
        """The route's path with its parameters' names, so that ids make no series of their own."""
        if (route := scope.get("route")) is not None:
            return str(route.path)
        if self._templates is None:
            found = ((getattr(one, "endpoint", None) or getattr(one, "app", None), one) for one in scope["app"].routes)
            self._templates = {place: one.path for place, one in found if place and hasattr(one, "path")}
        return self._templates.get(scope.get("endpoint"), _NO_ROUTE)
