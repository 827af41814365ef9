"""Where things are: the API's own address, and the links of its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from stac_bridge.api.respond import GEOJSON, JSON
from stac_bridge.translate import QUERYABLES, SCHEMA, SORTABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

__all__ = ["OPENAPI", "base_of", "collection_search_links", "landing_links", "page_links", "posted_links"]

OPENAPI = "application/vnd.oai.openapi+json;version=3.1"

Link = dict[str, Any]


def base_of(request: Request, public_url: str | None) -> str:
    """The API's address with its last slash: the configured one, else the one that was asked.

    What a proxy tells of that address counts where the settings trust it (api/callers.py).
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
        _link(QUERYABLES, f"{base}queryables", SCHEMA, "What a filter may name"),
        _link(SORTABLES, f"{base}sortables", SCHEMA, "What items may be sorted by"),
        # GET takes an href and cannot be followed without: a link for each would lead crawlers to a 400
        {**_link("sign", f"{base}sign", JSON, "Renews the hrefs of assets"), "method": "POST"},
        _link("service-desc", f"{base}api", OPENAPI, "OpenAPI description"),
        _link("service-doc", f"{base}api.html", "text/html", "API documentation"),
    ]


def collection_search_links(base: str) -> list[Link]:
    """Where a page of Collections says what can be asked of Collections."""
    return [
        _link(QUERYABLES, f"{base}collections-queryables", SCHEMA, "What a filter on collections may name"),
        _link(SORTABLES, f"{base}collections-sortables", SCHEMA, "What collections may be sorted by"),
    ]


def page_links(base: str, path: str, asked: Mapping[str, str], token: str | None, media_type: str) -> list[Link]:
    """The links of a page that a GET of ``path`` (below the base) with these parameters gave."""
    links = [
        _link("root", base, JSON, None),
        _link("self", _address(base, path, asked), media_type, None),
    ]
    if token:
        further = _link("next", _address(base, path, {**asked, "token": token}), media_type, None)
        links.append({**further, "method": "GET"})
    return links


def posted_links(base: str, path: str, body: Mapping[str, Any], token: str | None) -> list[Link]:
    """The links of a page that a POST gave; ``next`` carries the whole body to post."""
    links = [_link("root", base, JSON, None)]
    if token:
        further = _link("next", f"{base}{path}", GEOJSON, None)
        links.append({**further, "method": "POST", "body": {**body, "token": token}})
    return links


def _address(base: str, path: str, asked: Mapping[str, str]) -> str:
    return f"{base}{path}?{urlencode(asked)}" if asked else f"{base}{path}"


def _link(rel: str, href: str, media_type: str, title: str | None) -> Link:
    link = {"rel": rel, "type": media_type, "href": href}
    return {**link, "title": title} if title else link
