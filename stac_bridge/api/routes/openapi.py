"""The OpenAPI document at /api."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from stac_bridge.api.links import OPENAPI
from stac_bridge.api.respond import JSON
from stac_bridge.http_headers import read_weights


def serve_openapi(app: FastAPI) -> None:
    """Replaces the framework's route, whose media type names a version other than that of the document.

    Clients that accept JSON and do not name the OpenAPI type, such as GDAL's OAPIF driver, get it as JSON.
    """
    app.router.routes = [route for route in app.router.routes if getattr(route, "path", "") != app.openapi_url]

    async def openapi(request: Request) -> Response:
        weights = read_weights(request.headers.get("accept"))
        media_type = JSON if weights.get(JSON, 0) > weights.get(OPENAPI, 0) else OPENAPI
        document = _without_422(app.openapi())
        return Response(orjson.dumps(document), headers={"Vary": "Accept"}, media_type=media_type)

    app.add_route("/api", openapi, include_in_schema=False)


def _without_422(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI documents a 422 for every parameter, but this API answers unreadable requests with 400."""
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    return document
