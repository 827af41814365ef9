"""GET and HEAD of an asset href: verify the signature, resolve the file, then redirect to it or stream it.

A plain Starlette route: GDAL requests the href again for every range it reads, so a warm request must be cheap.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from stac_bridge.api.routes.browser import BROWSER
from stac_bridge.api.staging import preferred
from stac_bridge.assets import AssetResponse, Signer, Source, Streamer
from stac_bridge.assets.href import AssetRef
from stac_bridge.bridge import Bridge
from stac_bridge.errors import BridgeError, PreconditionFailed, UpstreamTimeout
from stac_bridge.http_conditions import is_not_modified, is_precondition_failed
from stac_bridge.http_headers import read_preferred_wait
from stac_bridge.request_context import time_left
from stac_bridge.settings import Delivery

ASSET_PATH = "/collections/{collection}/items/{item}/assets/{key}/{filename}"

_GRACE = 0.05
"""Seconds past the budget, so that the part that ran out of it can raise its own, more precise error first."""


def is_asset_request(scope: Scope) -> bool:
    """Whether a request is for the bytes of a file."""
    return "/assets/" in scope["path"]


def asset_route(
    bridge: Bridge, signer: Signer, streamer: Streamer, delivery: Delivery, on_resolved: Callable[[str], None]
) -> Route:
    """The route of all asset hrefs. Its handler raises Refused, NotFound, PreconditionFailed,
    Staging, AssetUnavailable, UpstreamError.

    ``on_resolved`` is called with the outcome of each resolution: ``ok``, or the name of the error.
    """
    vary = {"Vary": "Origin, Sec-Fetch-Mode"} if delivery is Delivery.auto else {}

    async def asset(request: Request) -> Response:
        try:
            async with asyncio.timeout(time_left() + _GRACE):
                return await _respond(request)
        except TimeoutError:
            raise UpstreamTimeout("USGS did not deliver this file in time; retry later.", retry_after=30) from None

    async def _respond(request: Request) -> Response:
        scope = request.scope
        ref = signer.verify(scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1"))
        if address := bridge.public_address(ref):
            return Response(status_code=302, headers={"Location": address, "Cache-Control": "no-store"})
        wait = _staging_wait(request)
        source = await _resolve(bridge, ref, wait, on_resolved)
        headers = {**vary, **_license_header(source)}
        redirects = request.method == "GET" and not source.part and _redirects(delivery, request)
        # A redirect ignores conditions (RFC 9110 §13.2.1): they are for the host that it leads to.
        if not redirects and _is_known(request, source):
            return Response(status_code=304, headers={**_version(source), **headers, **_cache_control(source)})
        renew = partial(bridge.renew, ref, wait=wait)
        if request.method == "HEAD":
            return _HeadResponse(headers={**await streamer.head(source, renew), **headers, **_cache_control(source)})
        if redirects:
            source = await streamer.liveness.ensure_live(source, renew)
            if source.ranges:
                # Never 301 and never cached: the USGS URL expires before the href does.
                location = {"Location": source.url, "Cache-Control": "no-store"}
                return Response(status_code=302, headers={**location, **headers})
        byte_range, if_range = request.headers.get("range"), request.headers.get("if-range")
        delivered = await streamer.open(source, byte_range, if_range, renew)
        # A cache might return a stored 416 to readers of other ranges.
        caching = {"Cache-Control": "no-store"} if delivered.status == 416 else _cache_control(source)
        return _AssetStream(delivered, {**delivered.headers, **headers, **caching})

    return Route(ASSET_PATH, asset, methods=["GET", "HEAD"], include_in_schema=False)


async def _resolve(bridge: Bridge, ref: AssetRef, wait: float, on_resolved: Callable[[str], None]) -> Source:
    try:
        source = await bridge.source(ref, wait)
    except BridgeError as error:
        on_resolved(type(error).__name__)
        raise
    on_resolved("ok")
    return source


def _staging_wait(request: Request) -> float:
    """Seconds that the client is ready to wait for a file in preparation; the setting limits them.

    A client that accepts JSON or HTML gets the state of the file at once; one with a Prefer header waits at most as
    long as that allows.
    """
    if preferred(request.headers.get("accept", "")):
        return 0
    wait = read_preferred_wait(",".join(request.headers.getlist("prefer")))
    return math.inf if wait is None else wait


class _HeadResponse(Response):
    """A response without a body. Starlette would add Content-Length: 0, which is wrong if the size is unknown."""

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Sets only the given headers."""
        self.raw_headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()
        ]


class _AssetStream(StreamingResponse):
    """Streams a file. Closes the upstream connection also if the client disconnects before the first chunk."""

    def __init__(self, delivered: AssetResponse, headers: dict[str, str]) -> None:
        super().__init__(delivered.chunks, delivered.status, headers)
        self._delivered = delivered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._delivered.aclose()


def _redirects(delivery: Delivery, request: Request) -> bool:
    """Whether to redirect to USGS. Not for scripts in web pages: USGS's hosts do not allow CORS."""
    if delivery is Delivery.auto:
        return "origin" not in request.headers and not _is_from_browser_page(request)
    return delivery is Delivery.redirect


def _is_from_browser_page(request: Request) -> bool:
    """Whether a script of this server's own STAC Browser sent the request.

    Same-origin requests have no Origin. Browsers send Sec-Fetch-Mode only over https and to localhost; otherwise the
    Referer has to do.
    """
    mode = request.headers.get("sec-fetch-mode")
    return mode == "cors" if mode else f"/{BROWSER}/" in request.headers.get("referer", "")


def _cache_control(source: Source) -> dict[str, str]:
    """A file with an entity tag does not change under its href."""
    return {"Cache-Control": "public, max-age=3600" if source.etag else "no-cache"}


def _is_known(request: Request, source: Source) -> bool:
    """Whether the client has this version of the file. Raises PreconditionFailed if it wants only another one."""
    version = source.etag, source.last_modified
    if is_precondition_failed(request.headers, *version):
        raise PreconditionFailed("The file is another version than the If-Match or If-Unmodified-Since names.")
    return is_not_modified(request.headers, *version)


def _version(source: Source) -> dict[str, str]:
    """The headers that identify a version of a file."""
    values = {"ETag": source.etag, "Last-Modified": source.last_modified}
    return {name: value for name, value in values.items() if value}


def _license_header(source: Source) -> dict[str, str]:
    """The code of the license (EULA) that USGS attaches to a file, if it has one that fits in a header."""
    return {"X-USGS-EULA": source.eula} if source.eula and source.eula.isascii() and source.eula.isprintable() else {}
