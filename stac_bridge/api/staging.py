"""A file that USGS prepares first: told as each reader understands it.

Programs that read pixels come back on a 503 with Retry-After, and take any 2xx for the file itself. Whoever names
JSON or HTML can be told what happens instead, with a 202.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from stac_bridge.api.errors import of_bridge
from stac_bridge.api.links import base_of
from stac_bridge.errors import Staging

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

__all__ = ["preferred", "staging_answer"]

JSON, HTML = "application/json", "text/html"

WAIT = 30
"""Seconds to come back after, where nothing better is known."""

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
<p>This page looks again every {wait} seconds, and the download begins by itself when the file is ready.
You can also <a href="{href}">look again now</a>, or keep the address and come back later: it stays the same.</p>
</main>
</body>
</html>
"""


def staging_answer(public_url: str | None) -> Callable[[Request, Exception], Awaitable[Response]]:
    """A handler of Staging. Its answers differ by Accept, and are not to be kept."""

    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, Staging)  # noqa: S101 -- what it is registered for
        wait = error.retry_after or WAIT
        said = {
            "status": "staging",
            "order:status": "ordered",
            "detail": str(error),
            "retry_after": wait,
            "href": _address(request, public_url),
        }
        kind = preferred(request.headers.get("accept", ""))
        if kind is None:
            refused = of_bridge(Staging(str(error), retry_after=wait))
            refused.headers["Vary"] = "Accept"
            return refused
        headers = {"Retry-After": str(wait), "Cache-Control": "no-store", "Vary": "Accept"}
        if kind == JSON:
            return Response(orjson.dumps(said), 202, headers, media_type=JSON)
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        return Response(_page(said, request.path_params.get("filename", "")), 202, headers, media_type=HTML)

    return answer


def preferred(accept: str) -> str | None:
    """Which of JSON and HTML an Accept header names and wants most; None where it names neither.

    A wildcard names nothing: every program sends one.

    >>> preferred("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
    'text/html'
    >>> preferred("application/json, text/html;q=0.9"), preferred("text/html;q=0.5, application/json;q=0.6")
    ('application/json', 'application/json')
    >>> preferred("*/*"), preferred("image/tiff, application/*"), preferred("application/json;q=0"), preferred("")
    (None, None, None, None)
    """
    wanted = [(kind, weight) for kind, weight in map(_weighed, accept.split(",")) if kind in (JSON, HTML) and weight]
    return max(wanted, key=lambda one: one[1])[0] if wanted else None


def _weighed(word: str) -> tuple[str, float]:
    """A media type and its weight (RFC 9110 §12.4.2); one that cannot be read counts as not wanted."""
    kind, *parameters = (part.strip().lower() for part in word.split(";"))
    weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        return kind, min(1.0, max(0.0, float(weight)))
    except ValueError:
        return kind, 0.0


def _address(request: Request, public_url: str | None) -> str:
    """The href that was asked, below the address that readers know."""
    path = request.scope["raw_path"].decode("latin-1")
    return f"{base_of(request, public_url).rstrip('/')}{path}?{request.url.query}"


def _page(said: dict[str, Any], name: str) -> str:
    words = {"wait": said["retry_after"], "name": name, "detail": said["detail"], "href": said["href"]}
    return _PAGE.format_map({word: escape(str(value)) for word, value in words.items()})
