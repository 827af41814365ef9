"""JSON responses with caching headers."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from stac_bridge.http_conditions import is_not_modified

JSON = "application/json"
GEOJSON = "application/geo+json"

PART_BYTES = 256 * 1024
"""Bytes of a response that are compressed and sent before other requests get a turn: some milliseconds."""


class _Body(Response):
    """A response that is sent in parts, because compressing 30 MB at once would stop all other requests."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if len(self.body) <= PART_BYTES:
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for start in range(0, len(self.body), PART_BYTES):
            part, more = bytes(self.body[start : start + PART_BYTES]), start + PART_BYTES < len(self.body)
            await send({"type": "http.response.body", "body": part, "more_body": more})
            await asyncio.sleep(0)


def respond(document: Any, request: Request, *, media_type: str = JSON, max_age: int = 0) -> Response:
    """The response to ``request``; a 304 if the client has this version already. ``max_age`` in seconds."""
    return respond_json(orjson.dumps(document), request, media_type=media_type, max_age=max_age)


def respond_json(body: bytes, request: Request, *, media_type: str = JSON, max_age: int = 0) -> Response:
    """The response with a document that is JSON already."""
    if request.method == "POST":
        return _Body(body, headers={"Cache-Control": "no-store"}, media_type=media_type)
    headers = {
        # weak, because the same response is sent in several encodings
        "ETag": f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"',
        "Cache-Control": f"public, max-age={max_age}" if max_age else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if is_not_modified(request.headers, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return _Body(body, headers=headers, media_type=media_type)
