"""The API's base URL, and the links of its documents. Every URL that leaves the server begins with ``base_of``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote_plus

from starlette.requests import Request

from stac_bridge.api.respond import GEOJSON, JSON
from stac_bridge.translate import QUERYABLES, SCHEMA, SORTABLES

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"

MAX_TOKEN = 4096
"""Maximum length of the ``token`` parameter, which does not count toward the maximum length of a URL: a ``next``
link is then accepted whenever the URL that it continues was."""

_NOT_IN_QUERY = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9._~!$&()*+,;=:@/?%-]")
"""Characters that RFC 3986 does not allow in a query, and the apostrophe, which browsers encode, too."""

Link = dict[str, Any]


def base_of(request: Request) -> str:
    """The API's base URL with a trailing slash: the configured one, else that of the request.

    ``middleware/public_address.py`` puts the former into the request; the latter respects the headers of trusted
    proxies (``middleware/client_address.py``).
    """
    return str(request.base_url)


def encode_query(query: bytes) -> str:
    """The query string of a request as it appears in links: its own bytes, those that a URL may not have encoded.

    Clients that follow a link encode it in the same way, so its length is that of what they will send.

    >>> encode_query(b"bbox=1,2,3,4&filter=%22a%22='b'"), encode_query(b"filter=a LIKE '1%'")
    ('bbox=1,2,3,4&filter=%22a%22=%27b%27', 'filter=a%20LIKE%20%271%25%27')
    """
    return _NOT_IN_QUERY.sub(lambda match: quote(match[0], safe="", encoding="latin-1"), query.decode("latin-1"))


def split_token(query: str) -> tuple[str, str]:
    """Split a query string into its other parameters and its ``token`` parameters.

    >>> split_token("limit=1&token=abc&bbox=1,2,3,4"), split_token("limit=1"), split_token("token=abc")
    (('limit=1&bbox=1,2,3,4', 'token=abc'), ('limit=1', ''), ('', 'token=abc'))
    """
    others: list[str] = []
    tokens: list[str] = []
    for pair in query.split("&"):
        is_token = unquote_plus(pair.partition("=")[0]) == "token"
        (tokens if is_token else others).append(pair)
    return "&".join(others), "&".join(tokens)


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


def page_links(request: Request, path: str, token: str | None, media_type: str) -> list[Link]:
    """The links of the response to a GET of ``path``, which is relative to the base.

    They repeat the query as it was sent: decoded and encoded again, it could exceed the maximum length of a URL.
    """
    base, query = base_of(request), encode_query(request.scope["query_string"])
    links = [
        _link("root", base, JSON, None),
        _link("self", _url(base, path, query), media_type, None),
    ]
    if token:
        others, _token = split_token(query)
        following = f"{others}&token={token}" if others else f"token={token}"
        links.append({**_link("next", _url(base, path, following), media_type, None), "method": "GET"})
    return links


def posted_links(base: str, path: str, body: Mapping[str, Any], token: str | None) -> list[Link]:
    """The links of the response to a POST; ``next`` has the whole body to post."""
    links = [_link("root", base, JSON, None)]
    if token:
        next_link = _link("next", f"{base}{path}", GEOJSON, None)
        links.append({**next_link, "method": "POST", "body": {**body, "token": token}})
    return links


def _url(base: str, path: str, query: str) -> str:
    return f"{base}{path}?{query}" if query else f"{base}{path}"


def _link(rel: str, href: str, media_type: str, title: str | None) -> Link:
    link = {"rel": rel, "type": media_type, "href": href}
    return {**link, "title": title} if title else link
