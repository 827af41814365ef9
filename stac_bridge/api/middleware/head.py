"""HEAD for routes that only know GET."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stac_bridge.api.routes.assets import is_asset_request

_ROUTING = ("route", "endpoint")
"""Scope keys in which the router records the matched route; the access log reads them."""


class HeadAsGet:
    """Answers HEAD as GET without the body. The asset route has its own HEAD, which reads no file."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or is_asset_request(scope):
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)}
            await send(message)

        get_scope = {**scope, "method": "GET"}
        try:
            await self._app(get_scope, receive, send_without_body)
        finally:
            scope.update({name: get_scope[name] for name in _ROUTING if name in get_scope})
