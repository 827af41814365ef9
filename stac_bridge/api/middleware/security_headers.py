"""Headers that limit what a browser does with a response."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stac_bridge.api.page_policy import PAGE_POLICY
from stac_bridge.api.routes.assets import is_asset_request

_CAN_RUN_SCRIPTS = re.compile(r"text/html|(text|application)/xml|[a-z]+/[a-z0-9.+-]+\+xml")


class SecurityHeaders:
    """Adds ``nosniff`` to every response, and ``PAGE_POLICY`` to those without a policy.

    Files of USGS get the policy only if a browser could run scripts in them (HTML, SVG), which would have this server's
    origin. On all files, it would stop a browser from showing a PDF.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_file = is_asset_request(scope)

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
                if not is_file or _CAN_RUN_SCRIPTS.fullmatch(media_type):
                    headers.setdefault("Content-Security-Policy", PAGE_POLICY)
            await send(message)

        await self._app(scope, receive, send_with_policy)
