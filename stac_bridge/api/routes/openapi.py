"""The OpenAPI document at /api, and the page that shows it at /api.html."""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from stac_bridge.api.links import OPENAPI, base_of
from stac_bridge.api.page_policy import origin_of, script_hash
from stac_bridge.api.respond import JSON
from stac_bridge.http_headers import read_weights

VERSION = "3.0.3"
"""OGC API Features' class ``oas30``, and clients such as GDAL, know version 3.0; FastAPI writes 3.1."""

_SWAGGER = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5.35.0/"
_SCRIPT_DIGEST = "sha384-gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9"
_STYLE_DIGEST = "sha384-WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I"
"""Digests of two files of the npm package: a browser refuses others."""

_START = """
SwaggerUIBundle({{
  url: {url},
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
}});
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="{swagger}swagger-ui.css" integrity="{style_digest}" crossorigin="anonymous">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{swagger}swagger-ui-bundle.js" integrity="{script_digest}" crossorigin="anonymous"></script>
<script>{start}</script>
</body>
</html>
"""


def serve_openapi(app: FastAPI) -> None:
    """Replaces the framework's routes, whose document and page ignore the API's public address.

    Clients that accept JSON and do not name the OpenAPI type get the document as JSON.
    """
    app.router.routes = [route for route in app.router.routes if getattr(route, "path", "") != app.openapi_url]

    @cache
    def document() -> dict[str, Any]:
        return _without_422(as_version_30(app.openapi()))

    async def openapi(request: Request) -> Response:
        weights = read_weights(request.headers.get("accept"))
        media_type = JSON if weights.get(JSON, 0) > weights.get(OPENAPI, 0) else OPENAPI
        # The server's URL ends without a slash, because all paths begin with one.
        content = orjson.dumps({**document(), "servers": [{"url": base_of(request).rstrip("/")}]})
        return Response(content, headers={"Vary": "Accept"}, media_type=media_type)

    async def page(request: Request) -> Response:
        base = base_of(request)
        start = _START.format(url=orjson.dumps(f"{base}api").decode().replace("<", "\\u003c"))
        content = _PAGE.format(
            title=escape(f"{app.title}: API documentation"),
            swagger=_SWAGGER,
            style_digest=_STYLE_DIGEST,
            script_digest=_SCRIPT_DIGEST,
            start=start,
        )
        return HTMLResponse(content, headers={"Content-Security-Policy": _policy(base, start)})

    app.add_route("/api", openapi, include_in_schema=False)
    app.add_route("/api.html", page, include_in_schema=False)


def _policy(base: str, script: str) -> str:
    """The page may load Swagger UI, and send requests to this API."""
    api = origin_of(base)
    return (
        f"default-src 'none'; script-src {_SWAGGER} {script_hash(script)}; style-src {_SWAGGER} 'unsafe-inline'; "
        f"img-src 'self' data:; connect-src 'self' {api}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def as_version_30(document: dict[str, Any]) -> dict[str, Any]:
    """A document of OpenAPI 3.1 in the terms of 3.0, as far as this API's document uses others."""
    return {**_convert(document), "openapi": VERSION}


def _convert(value: Any) -> Any:
    """In 3.0, ``null`` is no type, tuples and ``const`` do not exist, and a schema has a single example.

    >>> _convert({"anyOf": [{"type": "string"}, {"type": "null"}], "examples": ["a"]})
    {'type': 'string', 'nullable': True, 'example': 'a'}
    >>> _convert({"const": 1}), _convert({"examples": {"one": {"value": 1}}})
    ({'enum': [1]}, {'examples': {'one': {'value': 1}}})
    """
    if isinstance(value, list):
        return [_convert(element) for element in value]
    if not isinstance(value, dict):
        return value
    result = {name: _convert(part) for name, part in value.items()}
    alternatives = result.get("anyOf")
    if isinstance(alternatives, list) and {"type": "null"} in alternatives:
        others = [schema for schema in alternatives if schema != {"type": "null"}]
        del result["anyOf"]
        result = {**(others[0] if len(others) == 1 else {"anyOf": others}), "nullable": True, **result}
    if isinstance(result.get("exclusiveMinimum"), int | float):
        result = {**result, "minimum": result["exclusiveMinimum"], "exclusiveMinimum": True}
    if "prefixItems" in result:  # 3.0 has one schema for all elements of a list
        result["items"] = {"anyOf": result.pop("prefixItems")}
    if "const" in result:
        result["enum"] = [result.pop("const")]
    if isinstance(result.get("examples"), list):  # an object of named examples is the same in both versions
        result["example"] = result.pop("examples")[0]
    return result


def _without_422(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI documents a 422 for every parameter, but this API answers unreadable requests with 400."""
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    return document
