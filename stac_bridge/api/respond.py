"""JSON responses with caching headers."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stac_bridge.http_conditions import is_not_modified

JSON = "application/json"
GEOJSON = "application/geo+json"


def respond(document: Any, request: Request, *, media_type: str = JSON, max_age: int = 0) -> Response:
    """The response to ``request``; a 304 if the client has this version already. ``max_age`` in seconds."""
    body = orjson.dumps(document)
    if request.method == "POST":
        return Response(body, headers={"Cache-Control": "no-store"}, media_type=media_type)
    headers = {
        # weak, because the same response is sent in several encodings
        "ETag": f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"',
        "Cache-Control": f"public, max-age={max_age}" if max_age else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if is_not_modified(request.headers, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
