"""Compression of everything but assets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stac_bridge.api.routes.assets import is_asset_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send


class CompressPages:
    """Applies the middleware ``compressor``, with ``options``, to all requests except those for assets.

    Compressing an asset would break byte ranges, and most files are compressed already.
    """

    def __init__(self, app: ASGIApp, /, compressor: Callable[..., ASGIApp], **options: Any) -> None:
        self._app = app
        self._compressor = compressor(app, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        app = self._app if scope["type"] == "http" and is_asset_request(scope) else self._compressor
        await app(scope, receive, send)
