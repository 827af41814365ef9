"""The links of a page are accepted whenever the request was to which it is the response."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request

from stac_bridge.api.links import MAX_TOKEN, encode_query, page_links, split_token
from stac_bridge.api.middleware.rate_limit import RateLimit
from stac_bridge.request_context import request_deadline

MAX_URL = 1024

polygon = st.integers(1, 60).map(lambda n: '{"type":"Polygon","coordinates":[[' + "[6.5,46.25]," * n + "[6.5,46.25]]]}")
ids = st.integers(1, 60).map(lambda n: ",".join(["LC09_L2SP_190031"] * n))
condition = st.integers(1, 40).map(lambda n: " OR ".join(["\"eo:cloud_cover\" < 10.5 AND platform = 'Ä%'"] * n))
anything = st.text(max_size=400)


def as_sent(pairs: list[tuple[str, str]], encoding: str) -> bytes:
    """A query string as clients send it: all encoded, only what has to be, or nothing but what would end a value."""
    if encoding == "all":
        return urlencode(pairs).encode()
    if encoding == "some":
        return httpx.Request("GET", "http://here/", params=pairs).url.query
    escaped = {"%": "%25", "&": "%26", "+": "%2B", "#": "%23", " ": "%20"}
    text = "&".join(f"{name}={''.join(escaped.get(char, char) for char in value)}" for name, value in pairs)
    return text.encode()


async def is_accepted(path: str, query: bytes) -> bool:
    statuses = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query}
    with request_deadline(1):
        await RateLimit(app, 0, MAX_URL)(scope, None, send)  # type: ignore[arg-type]
    return statuses == [200]


def targets(href: str) -> list[tuple[str, bytes]]:
    """The path and query that clients request when they follow a link: as it is, by requests, and by httpx."""
    prepared = requests.Request("GET", href).prepare().path_url
    url = httpx.URL(href)
    parts = urlsplit(href)
    path, _, query = prepared.partition("?")
    return [(parts.path, parts.query.encode()), (path, query.encode()), (url.path, url.query)]


@example([("intersects", '{"type":"Polygon","coordinates":[[' + "[6.5,46.25]," * 50 + "[6.5,46.25]]]}")], "some", "")
@example([("filter", "platform = 'landsat-8' OR " * 30 + "platform = 'landsat-9'")], "none", "t" * 200)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("intersects"), polygon),
            st.tuples(st.sampled_from(["ids", "collections"]), ids),
            st.tuples(st.just("filter"), condition),
            st.tuples(st.just("token"), st.just("a-token")),
            st.tuples(st.sampled_from(["query", "fields", "sortby"]), anything),
        ),
        max_size=4,
    ),
    st.sampled_from(["all", "some", "none"]),
    st.text("abcXYZ-_", max_size=MAX_TOKEN - 6),
)
async def test_self_and_next_of_an_accepted_url_are_accepted(
    pairs: list[tuple[str, str]], encoding: str, token: str
) -> None:
    query = as_sent(pairs, encoding)
    if not await is_accepted("/search", query):
        return
    scope = {"type": "http", "path": "/search", "query_string": query, "headers": [(b"host", b"here")], "server": None}
    links = {link["rel"]: link["href"] for link in page_links(Request(scope), "search", token, "application/json")}
    meant = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    without_token = [pair for pair in meant if pair[0] != "token"]
    for rel, expected in (("self", meant), ("next", without_token + ([("token", token)] if token else []))):
        for path, followed in targets(links[rel]) if rel in links else []:
            assert await is_accepted(path, followed), rel
            followed_pairs = parse_qsl(followed.decode(), keep_blank_values=True, encoding="latin-1")
            assert [pair for pair in followed_pairs if pair[1]] == [pair for pair in expected if pair[1]]


@given(st.binary(max_size=60))
def test_an_encoded_query_is_a_query_and_stays_as_it_is(raw: bytes) -> None:
    query = encode_query(raw)
    assert query.isascii()
    assert encode_query(query.encode()) == query


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("", ("", "")),
        ("token=a&limit=1&token=b", ("limit=1", "token=a&token=b")),
        ("%74oken=a&limit=1", ("limit=1", "%74oken=a")),
        ("tokens=a&filter=token=1", ("tokens=a&filter=token=1", "")),
    ],
)
def test_a_token_is_known_by_its_decoded_name(query: str, parts: tuple[str, str]) -> None:
    assert split_token(query) == parts


async def test_the_token_has_a_maximum_of_its_own() -> None:
    longest = f"token={'t' * (MAX_TOKEN - len('token='))}"
    assert await is_accepted("/search", longest.encode())
    assert not await is_accepted("/search", f"{longest}t".encode())


async def test_a_url_as_long_as_the_maximum_is_accepted_and_a_longer_one_is_not() -> None:
    rest = MAX_URL - len("/search") - len("ids=")
    assert await is_accepted("/search", f"ids={'i' * rest}".encode())
    assert not await is_accepted("/search", f"ids={'i' * (rest + 1)}".encode())
