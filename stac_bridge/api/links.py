"""The API's base URL, and the links of its documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from stac_bridge.api.respond import GEOJSON, JSON
from stac_bridge.translate import QUERYABLES, SCHEMA, SORTABLES

OPENAPI = "application/vnd.oai.openapi+json;version=3.1"

Link = dict[str, Any]


def base_of(request: Request, public_url: str | None) -> str:
    """The API's base URL with a trailing slash: the configured one, else that of the request.

    The latter respects the headers of trusted proxies (middleware/client_address.py).
    """
    return (public_url or str(request.base_url)).rstrip("/") + "/"


def landing_links(base: str) -> list[Link]:
    """The links of the landing page."""
    return [
        _link("self", base, JSON, "This page"),
        _link("root", base, JSON, "This page"),
        _link("conformance", f"{base}conformance", JSON, "What this API conforms to"),
        _link("data", f"{base}collections", JSON, "Collections"),
        {**_link("search", f"{base}search", GEOJSON, "Search"), "method": "GET"},
        {**_link("search", f"{base}search", GEOJSON, "Search"), "method": "POST"},
        _link(QUERYABLES, f"{base}queryables", SCHEMA, "Properties that filters may use"),
        _link(SORTABLES, f"{base}sortables", SCHEMA, "Properties that items may be sorted by"),
        # GET /sign is a 400 without its href parameter, so a link to it would lead crawlers into an error.
        {**_link("sign", f"{base}sign", JSON, "Renews the hrefs of assets"), "method": "POST"},
        _link("service-desc", f"{base}api", OPENAPI, "OpenAPI description"),
        _link("service-doc", f"{base}api.html", "text/html", "API documentation"),
    ]


def collection_search_links(base: str) -> list[Link]:
    """The links from a list of Collections to the parameters of collection search."""
    return [
        _link(QUERYABLES, f"{base}collections-queryables", SCHEMA, "Properties that collection filters may use"),
        _link(SORTABLES, f"{base}collections-sortables", SCHEMA, "Properties that collections may be sorted by"),
    ]


def page_links(base: str, path: str, query: Mapping[str, str], token: str | None, media_type: str) -> list[Link]:
    """The links of the response to a GET of ``path`` (relative to the base) with these query parameters."""
    links = [
        _link("root", base, JSON, None),
        _link("self", _url(base, path, query), media_type, None),
    ]
    if token:
        next_link = _link("next", _url(base, path, {**query, "token": token}), media_type, None)
        links.append({**next_link, "method": "GET"})
    return links


def posted_links(base: str, path: str, body: Mapping[str, Any], token: str | None) -> list[Link]:
    """The links of the response to a POST; ``next`` has the whole body to post."""
    links = [_link("root", base, JSON, None)]
    if token:
        next_link = _link("next", f"{base}{path}", GEOJSON, None)
        links.append({**next_link, "method": "POST", "body": {**body, "token": token}})
    return links


def _url(base: str, path: str, query: Mapping[str, str]) -> str:
    return f"{base}{path}?{urlencode(query)}" if query else f"{base}{path}"


def _link(rel: str, href: str, media_type: str, title: str | None) -> Link:
    link = {"rel": rel, "type": media_type, "href": href}
    return {**link, "title": title} if title else link
