"""The response to a request for a file that USGS is still preparing, by what the client accepts.

Programs that read pixels retry on a 503 with Retry-After, and would take any 2xx for the file itself. Clients that
explicitly accept JSON or HTML get a 202 that describes the state instead.
"""

from __future__ import annotations

from html import escape
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from stac_bridge.api.errors import bridge_error_response
from stac_bridge.api.links import base_of
from stac_bridge.api.respond import JSON
from stac_bridge.errors import Staging
from stac_bridge.http_headers import read_weights

HTML = "text/html"

DEFAULT_RETRY_AFTER = 30
"""Seconds to wait if USGS gives no better estimate."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{wait}">
<title>USGS is preparing {name}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.125rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 15vh auto; padding: 0 1.5rem; }}
h1 {{ font-size: 1.5rem; line-height: 1.3; }}
h1 span {{ display: block; font: 600 1rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }}
</style>
</head>
<body>
<main>
<h1>USGS is preparing this file <span>{name}</span></h1>
<p role="status">{detail}</p>
<p>This page reloads every {wait} seconds, and the download starts when the file is ready.
You can also <a href="{href}">try now</a>, or save the address for later: it stays the same.</p>
</main>
</body>
</html>
"""


async def handle_staging(request: Request, error: Exception) -> Response:
    """The exception handler for Staging. Its responses vary by Accept, and are not cached."""
    assert isinstance(error, Staging)  # noqa: S101 -- the type it is registered for
    wait = error.retry_after or DEFAULT_RETRY_AFTER
    media_type = preferred(request.headers.get("accept", ""))
    if media_type is None:
        response = bridge_error_response(Staging(str(error), retry_after=wait))
        response.headers["Vary"] = "Accept"
        return response
    document = {
        "status": "staging",
        "order:status": "ordered",
        "detail": str(error),
        "retry_after": wait,
        "href": _href(request),
    }
    headers = {"Retry-After": str(wait), "Cache-Control": "no-store", "Vary": "Accept"}
    if media_type == JSON:
        return Response(orjson.dumps(document), 202, headers, media_type=JSON)
    return Response(_page(document, request.path_params.get("filename", "")), 202, headers, media_type=HTML)


def preferred(accept: str) -> str | None:
    """Which of JSON and HTML an Accept header names with the higher weight; None if it names neither.

    Wildcards are ignored, because every program sends one.

    >>> preferred("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
    'text/html'
    >>> preferred("application/json, text/html;q=0.9"), preferred("text/html;q=0.5, application/json;q=0.6")
    ('application/json', 'application/json')
    >>> preferred("*/*"), preferred("image/tiff, application/*"), preferred("application/json;q=0"), preferred("")
    (None, None, None, None)
    """
    candidates = [
        (media_type, weight)
        for media_type, weight in ((name.partition(";")[0], weight) for name, weight in read_weights(accept).items())
        if media_type in (JSON, HTML) and weight
    ]
    return max(candidates, key=lambda candidate: candidate[1])[0] if candidates else None


def _href(request: Request) -> str:
    """The requested href, under the API's public address."""
    path = request.scope["raw_path"].decode("latin-1")
    return f"{base_of(request).rstrip('/')}{path}?{request.url.query}"


def _page(document: dict[str, Any], name: str) -> str:
    values = {"wait": document["retry_after"], "name": name, "detail": document["detail"], "href": document["href"]}
    return _PAGE.format_map({key: escape(str(value)) for key, value in values.items()})
