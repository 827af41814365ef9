"""GET and HEAD of an href: believed, resolved, and redirected or streamed.

A plain Starlette route: GDAL comes back to a redirector for every range it reads, so a warm one must cost little.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from stac_bridge.api.routes.browser import BROWSER
from stac_bridge.errors import BridgeError, UpstreamTimeout
from stac_bridge.request_context import time_left
from stac_bridge.settings import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from stac_bridge.assets import AssetResponse, Signer, Source, Streamer
    from stac_bridge.assets.href import AssetRef
    from stac_bridge.bridge import Bridge

__all__ = ["ASSET_PATH", "asset_route"]

_GRACE = 0.05
"""Seconds past the budget, so that who ran out of it can tell it first and better."""

ASSET_PATH = "/collections/{collection}/items/{item}/assets/{key}/{filename}"


def asset_route(
    bridge: Bridge, signer: Signer, streamer: Streamer, delivery: Delivery, resolved: Callable[[str], None]
) -> Route:
    """The route of all asset hrefs. Its handler raises Refused, NotFound, Staging, AssetUnavailable, UpstreamError.

    ``resolved`` is told how the resolving of each went: ``ok``, or the error's name.
    """
    vary = {"Vary": "Origin, Sec-Fetch-Mode"} if delivery is Delivery.auto else {}

    async def asset(request: Request) -> Response:
        try:
            async with asyncio.timeout(time_left() + _GRACE):
                return await _answered(request)
        except TimeoutError:
            raise UpstreamTimeout("USGS did not give this file in time; try again later.", retry_after=30) from None

    async def _answered(request: Request) -> Response:
        scope = request.scope
        ref = signer.verify(scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1"))
        source = await _source(ref)
        told = {**vary, **_bound(source)}
        if request.method == "HEAD":
            return _Head(headers={**streamer.head(source), **told, **_lasting(source)})
        renew = partial(bridge.renew, ref)
        if not source.part and _redirects(delivery, request):
            source = await streamer.liveness.ensure_live(source, renew)
            if source.ranges:
                # never 301, and not to be kept: the address in it dies before the href does
                return Response(status_code=302, headers={"Location": source.url, "Cache-Control": "no-store", **told})
        asked = request.headers
        found = await streamer.open(source, asked.get("range"), asked.get("if-range"), renew)
        return _Streaming(found, {**found.headers, **told, **_lasting(source)})

    async def _source(ref: AssetRef) -> Source:
        try:
            source = await bridge.source(ref)
        except BridgeError as failed:
            resolved(type(failed).__name__)
            raise
        resolved("ok")
        return source

    return Route(ASSET_PATH, asset, methods=["GET", "HEAD"], include_in_schema=False)


class _Head(Response):
    """An answer without a body, which says nothing of a length that is not known: an empty body's would be 0."""

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """As they are given."""
        self.raw_headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()
        ]


class _Streaming(StreamingResponse):
    """Bytes as they come; the connection that they come by is freed also where the reader is gone before the first."""

    def __init__(self, found: AssetResponse, headers: dict[str, str]) -> None:
        super().__init__(found.chunks, found.status, headers)
        self._found = found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._found.aclose()


def _redirects(delivery: Delivery, request: Request) -> bool:
    """Pages in browsers name their origin, or that they fetch from ours, and meet no CORS at USGS."""
    if delivery is Delivery.auto:
        return "origin" not in request.headers and not _fetched_by_our_page(request)
    return delivery is Delivery.redirect


def _fetched_by_our_page(request: Request) -> bool:
    """A page from here names no origin; its address, where browsers hold http for too unsafe to tell the mode."""
    told = request.headers.get("sec-fetch-mode")
    return told == "cors" if told else f"/{BROWSER}/" in request.headers.get("referer", "")


def _lasting(source: Source) -> dict[str, str]:
    """Bytes under an entity tag do not change under an href."""
    return {"Cache-Control": "public, max-age=3600" if source.etag else "no-cache"}


def _bound(source: Source) -> dict[str, str]:
    """The code of the licence that USGS binds a file's use to."""
    return {"X-USGS-EULA": source.eula} if source.eula and source.eula.isascii() and source.eula.isprintable() else {}
