"""STAC objects → answers: dumped once, by orjson, with headers that are true."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["GEOJSON", "JSON", "respond"]

JSON = "application/json"
GEOJSON = "application/geo+json"


def respond(said: Any, request: Request, *, media_type: str = JSON, max_age: int = 0) -> Response:
    """The answer to ``request``; 304 where the reader has it already. ``max_age`` in seconds."""
    body = orjson.dumps(said)
    if request.method == "POST":
        return Response(body, headers={"Cache-Control": "no-store"}, media_type=media_type)
    headers = {
        # weak, because the same answer travels in several encodings
        "ETag": f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"',
        "Cache-Control": f"public, max-age={max_age}" if max_age else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if _has(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def _has(asked: str, etag: str) -> bool:
    """Weak comparison (RFC 9110 §13.1.2)."""
    known = {word.strip().removeprefix("W/") for word in asked.split(",")}
    return "*" in known or etag.removeprefix("W/") in known
