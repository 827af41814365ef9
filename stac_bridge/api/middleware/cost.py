"""The budget of each request, and response headers that report what was spent."""

from __future__ import annotations

import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stac_bridge.api.middleware.client_address import caller_of
from stac_bridge.api.routes.assets import is_asset_request
from stac_bridge.request_context import CallPriority, request_deadline

STALE = '110 - "Response is Stale"'
"""RFC 7234 §5.5.1. RFC 9111 obsoletes Warning without a replacement."""


class Cost:
    """Gives each request a budget of ``seconds``; reports M2M calls, timings, and the age of stale responses."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        errand = CallPriority.asset if is_asset_request(scope) else CallPriority.page
        with request_deadline(self._seconds, caller_of(scope), errand) as budget:

            async def send_with_cost(message: Message) -> None:
                if message["type"] == "http.response.start":
                    response = MutableHeaders(scope=message)
                    response["X-M2M-Calls"] = str(budget.calls)
                    response["Server-Timing"] = (
                        f"queue;dur={1000 * budget.queued:.1f}, m2m;dur={1000 * budget.upstream:.1f}, "
                        f"total;dur={1000 * (time.perf_counter() - started):.1f}"
                    )
                    if budget.stale_age is not None and message["status"] < 400:
                        _mark_stale(response, budget.stale_age)
                await send(message)

            await self._app(scope, receive, send_with_cost)


def _mark_stale(headers: MutableHeaders, age: float) -> None:
    """Reports the age, and makes caches revalidate, so that nothing stays stale after M2M is back."""
    headers["Age"] = str(int(age))
    headers.append("Warning", STALE)  # beside those about the search
    if headers.get("cache-control") != "no-store":
        headers["Cache-Control"] = "no-cache"
