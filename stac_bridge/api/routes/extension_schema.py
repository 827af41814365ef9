"""The JSON Schema of the bridge's own STAC extension, at the URL that its Items and Collections declare."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stac_bridge.translate.extensions import M2M_SCHEMA

SCHEMA = Path(__file__).resolve().parents[2] / M2M_SCHEMA


def schema_route() -> Route:
    """The route; the file is read once, at startup."""
    content = SCHEMA.read_bytes()

    async def schema(_request: Request) -> Response:
        headers = {"Cache-Control": "public, max-age=86400"}
        return Response(content, media_type="application/schema+json", headers=headers)

    return Route(f"/{M2M_SCHEMA}", schema, methods=["GET", "HEAD"])
