"""Whatever a client sends is answered or refused: never a 500, and what is refused costs no call of M2M."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from m2m_sandbox import create_sandbox
from tests import questions
from tests.in_thread import InThread, in_thread
from tests.odd_values import NAMES, TEXTS, VALUES, dumped, mutated
from tests.support import ORIGIN, examples, raw_scene

LANDSAT = "landsat_ot_c2_l2"
REFUSED = {400, 405, 406, 411, 413, 414, 415, 422, 428, 431}
JSON = {"content-type": "application/json"}

fuzz = settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)


class OneScene(httpx.AsyncBaseTransport):
    """The sandbox, in which each search has one scene: what is searched for is not what these tests are about."""

    def __init__(self) -> None:
        self._sandbox = httpx.ASGITransport(create_sandbox(base_url=ORIGIN))
        self._page = {"results": [raw_scene(LANDSAT)], "totalHits": 1, "recordsReturned": 1, "startingNumber": 1}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/scene-search"):
            return await self._sandbox.handle_async_request(request)
        body = {"requestId": 1, "version": "stable", "data": self._page, "errorCode": None, "errorMessage": None}
        return httpx.Response(200, content=orjson.dumps(body))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InThread]:
    with in_thread(tmp_path_factory.mktemp("fuzzed"), transport=OneScene(), cache_ttl=3600) as started:
        started.run(started.here.get(f"/collections/{LANDSAT}/queryables"))
        yield started


def check(server: InThread, method: str, url: str, **request: Any) -> httpx.Response:
    """Send a request, and return its answer, which is none of a bug."""
    server.bugs.clear()
    answer: httpx.Response = server.run(server.here.client.request(method, url, **request))
    assert answer.status_code not in (500, 501), (method, url, request, server.bugs)
    assert not server.bugs, (method, url, request, server.bugs)
    if answer.status_code in REFUSED:
        assert answer.headers["x-m2m-calls"] == "0", (method, url, request, answer.text)
        if method != "HEAD":
            assert answer.json()["detail"], answer.text
    return answer


BODIES = st.fixed_dictionaries(
    {"collections": st.just([LANDSAT])},
    optional={
        "ids": st.just(["LC08_L2SP_047027_20201204_20210313_02_T1"]),
        "bbox": st.sampled_from([[-123, 46, -121, 48], [170, -10, -170, 10]]),
        "datetime": questions.times,
        "filter": questions.filters,
        "query": st.just({"eo:cloud_cover": {"lt": 20}, "platform": {"in": ["landsat-8"]}}),
        "sortby": st.just([{"field": "properties.datetime", "direction": "desc"}]),
        "fields": st.just({"include": ["id", "properties.platform"], "exclude": ["geometry"]}),
        "limit": st.integers(1, 20),
        "token": st.just("next:abc"),
    },
)
PLACED = BODIES.map(lambda body: {**body, "intersects": {"type": "Point", "coordinates": [-122, 47]}}).map(
    lambda body: {name: value for name, value in body.items() if name != "bbox"}
)


@fuzz
@given(path=st.sampled_from(["/search", "/explain"]), body=mutated(BODIES | PLACED) | VALUES)
@example("/search", {"collections": [LANDSAT], "filter": {"op": "=", "args": [{"property": "id"}, {"op": "casei"}]}})
@example("/search", {"limit": float("nan")})
def test_the_body_of_a_search(server: InThread, path: str, body: Any) -> None:
    if isinstance(body, dict):
        body["collections"] = body.get("collections") or [LANDSAT]  # a search of everything is slow
    check(server, "POST", path, content=dumped(body), headers=JSON)


@pytest.fixture(scope="module")
def item(server: InThread) -> dict[str, Any]:
    page = server.run(server.here.get("/search", collections=LANDSAT, limit=1)).json()
    found: dict[str, Any] = page["features"][0]
    found["assets"] = dict(list(found["assets"].items())[:2])
    del found["geometry"]
    return found


@fuzz
@given(data=st.data())
def test_the_body_of_a_request_for_new_signatures(server: InThread, item: dict[str, Any], data: st.DataObject) -> None:
    href = next(iter(item["assets"].values()))["href"]
    documents = [item, {"type": "FeatureCollection", "features": [item]}, {"href": href}, {"hrefs": [href, href]}]
    body = data.draw(mutated(st.sampled_from(documents)) | VALUES)
    check(server, "POST", "/sign", content=dumped(body), headers=JSON)
    check(server, "GET", "/sign", params={"href": data.draw(changed(href))})


@st.composite
def changed(draw: st.DrawFn, text: str) -> str:
    """Draw a text with a part replaced."""
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 10)))
    new = text[:start] + draw(TEXTS) + text[end:]
    return new.encode("utf-8", "replace").decode()


CONTENT_TYPES = st.sampled_from(
    [
        "application/json",
        "",
        "text/plain",
        "application/json; charset=utf-16",
        "multipart/form-data",
        "\u00e9",
        "a/b;;=",
        "*",
    ]
)


@fuzz
@given(
    path=st.sampled_from(["/search", "/explain", "/sign", "/collections", "/", "/conformance"]),
    body=st.binary(max_size=40) | BODIES.map(dumped).map(lambda content: content[: len(content) // 2]),
    content_type=CONTENT_TYPES,
    encoding=st.sampled_from(["", "gzip", "br", "identity", "zstd"]),
)
def test_a_body_that_is_something_else(
    server: InThread, path: str, body: bytes, content_type: str, encoding: str
) -> None:
    headers = {
        "content-type": content_type.encode("latin-1"),
        **({"content-encoding": encoding.encode()} if encoding else {}),
    }
    check(server, "POST", path, content=body, headers=headers)


PARAMETERS = st.sampled_from(
    [
        *("collections", "ids", "bbox", "intersects", "datetime", "query", "filter", "filter-lang", "filter-crs"),
        *("sortby", "fields", "limit", "token", "q", "href", "f", "page", "conf", "\x00", "properties"),
    ]
)
GET_PATHS = ["/search", "/explain", f"/collections/{LANDSAT}/items", "/collections", "/sign", "/queryables", "/"]


@st.composite
def queries(draw: st.DrawFn) -> str:
    pairs = draw(
        st.lists(st.tuples(PARAMETERS, TEXTS | mutated(BODIES).map(lambda body: dumped(body).decode())), max_size=4)
    )
    written = [(name, quote(value, safe="", errors="surrogatepass")) for name, value in pairs]
    return "&".join(
        [*(f"{quote(name)}={value}" for name, value in written), *draw(st.sampled_from([[], ["%ff=%ff"], ["&=;"]]))]
    )


@fuzz
@given(path=st.sampled_from(GET_PATHS), query=queries())
@example("/search", "filter=%ED%A0%80")
def test_the_query_of_an_address(server: InThread, path: str, query: str) -> None:
    named = "" if re.search(r"(^|&)(collections|ids)=.", query) or path != "/search" else f"&collections={LANDSAT}"
    check(server, "GET", httpx.URL("http://here", raw_path=f"{path}?{query}{named}".encode()[:16000]))


WORDS = [
    *("AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "NULL", "TRUE", "CASEI", "ACCENTI", "DIV", "(", ")", ",", "="),
    *("<>", "<", ">=", "+", "-", "*", "/", "^", "%", "'a'", "''", "'%'", "'\\'", "1", "1e400", "-1", "'abc'"),
    *("platform", "id", '"eo:cloud_cover"', '"landsat:wrs_path"', "datetime", "geometry", "instruments", '"m2m:x"'),
    *("collection", "DATE('2020-01-01')", "TIMESTAMP('2020-01-01T00:00:00Z')", "INTERVAL('..', '2020-01-01')"),
    *("DATE('x')", "S_INTERSECTS", "T_DURING", "A_CONTAINS", "POINT(1 2)", "BBOX(1,2,3,4)", "POLYGON((0 0, 1 1))"),
    "POINT Z (1 2 3)",
]


@fuzz
@given(
    path=st.sampled_from(["/search", "/explain", "/collections"]),
    text=st.lists(st.sampled_from(WORDS) | TEXTS, min_size=1, max_size=9).map(" ".join),
)
@example("/search", "S_INTERSECTS(geometry, POINT(1e400 1))")
@example("/search", "platform LIKE '\\'")
def test_cql2_text(server: InThread, path: str, text: str) -> None:
    params = {} if path == "/collections" else {"collections": LANDSAT, "limit": "1"}
    clean = text.encode("utf-8", "replace").decode()
    check(server, "GET", path, params={**params, "filter": clean})


@fuzz
@given(
    path=st.sampled_from(["/search", "/explain"]),
    filter_=mutated(questions.filters)
    | st.recursive(
        VALUES,
        lambda inner: st.builds(
            lambda op, args: {"op": op, "args": args},
            st.sampled_from(
                [
                    *("and", "or", "not", "=", "like", "in", "between", "isNull", "casei", "+", "t_during", "s_within"),
                    "a_contains",
                ]
            ),
            st.lists(inner | NAMES.map(lambda name: {"property": name}), max_size=3),
        ),
        max_leaves=5,
    ),
)
def test_cql2_json(server: InThread, path: str, filter_: Any) -> None:
    body = {"collections": [LANDSAT], "filter": filter_, "filter-lang": "cql2-json", "limit": 1}
    check(server, "POST", path, content=dumped(body), headers=JSON)


HEADERS = st.sampled_from(
    [
        *(
            "accept",
            "accept-encoding",
            "accept-language",
            "authorization",
            "cookie",
            "host",
            "if-match",
            "if-none-match",
        ),
        *("if-modified-since", "if-range", "range", "origin", "referer", "user-agent", "x-forwarded-for", "forwarded"),
        *("x-forwarded-proto", "x-forwarded-host", "x-forwarded-prefix", "x-request-id", "traceparent", "prefer", "te"),
        *("access-control-request-method", "access-control-request-headers", "connection", "upgrade", "cache-control"),
    ]
)
HEADER_VALUES = st.sampled_from(
    [
        *("", "*", "*/*;q=x", "text/html;q=2", "gzip;q=0", "br;q=nan", "bytes=0-", "bytes=-", "bytes=5-1"),
        *("bytes=0-0,9-", "bytes=" + ",".join(["0-1"] * 500), f"bytes={'9' * 400}-", "Thu, 99 Foo 2020"),
        *("Thu, 01 Jan 1970 00:00:00 GMT", '"', 'W/"a", "', "127.0.0.1", 'for="[::1', "a" * 4000, "null"),
        *("http://x.test", "[", "x:99999", "https", ",,,"),
    ]
) | st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20)


@fuzz
@given(
    method=st.sampled_from(["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE", "X"]),
    headers=st.lists(st.tuples(HEADERS, HEADER_VALUES), max_size=4),
    data=st.data(),
)
def test_headers_and_methods(
    server: InThread, item: dict[str, Any], method: str, headers: list[tuple[str, str]], data: st.DataObject
) -> None:
    href = item["assets"]["thumbnail" if "thumbnail" in item["assets"] else next(iter(item["assets"]))]["href"]
    own = ["/", "/api", "/collections", f"/collections/{LANDSAT}", "/search?limit=1&collections=" + LANDSAT, href, "/x"]
    url = data.draw(st.sampled_from(own))
    check(server, method, url, headers=[(name.encode(), value.encode("latin-1")) for name, value in headers])


@fuzz
@given(
    parts=st.lists(
        TEXTS | st.sampled_from(["collections", "items", "assets", LANDSAT, "queryables", "pictures"]), max_size=6
    )
)
def test_paths(server: InThread, parts: list[str]) -> None:
    path = "/".join(quote(part, safe="", errors="surrogatepass") for part in parts)
    check(server, "GET", httpx.URL("http://here", raw_path=f"/{path}".encode()[:16000]))


@fuzz
@given(data=st.data())
def test_hrefs_of_assets(server: InThread, item: dict[str, Any], data: st.DataObject) -> None:
    href = next(iter(item["assets"].values()))["href"].removeprefix("http://here")
    raw = data.draw(changed(href)).encode("utf-8")
    check(server, "GET", httpx.URL("http://here", raw_path=b"/" + quote(raw, safe="/?&=%").lstrip("/").encode()))


@fuzz
@given(
    params=st.dictionaries(
        st.sampled_from(["q", "filter", "sortby", "fields", "limit", "token", "bbox", "datetime", "filter-lang"]),
        TEXTS | st.sampled_from(["title LIKE 'L%'", "-title", "license = 'x'", "extent.spatial = 1", "keywords", "-"]),
        max_size=4,
    )
)
def test_a_search_for_collections(server: InThread, params: dict[str, str]) -> None:
    clean = {name: value.encode("utf-8", "replace").decode() for name, value in params.items()}
    check(server, "GET", "/collections", params=clean)


@pytest.mark.parametrize(
    "search",
    [
        {"token": "next:abc"},
        {"token": "AAAA"},
        {"sortby": [{"field": "properties.nothing"}]},
        {"sortby": [{"field": "geometry"}]},
        {"filter": {"op": "=", "args": [{"property": "nothing"}, 1]}},
        {"query": {"eo:cloud_cover": {"lt": "x"}}},
        {"limit": 0},
        {"ids": ["x"]},
        {"fields": 7},
    ],
)
def test_a_search_of_all_collections_is_checked_before_its_first_call(server: InThread, search: dict[str, Any]) -> None:
    for path in ("/search", "/explain"):
        if path == "/search" or "token" not in search:
            body = {**search, "datetime": "2020-01-01T00:00:00Z", "bbox": [1, 2, 3, 4]}
            assert check(server, "POST", path, content=dumped(body), headers=JSON).status_code == 400


def test_the_fuzzers_send_searches_that_are_answered(server: InThread) -> None:
    body = {"collections": [LANDSAT], "limit": 1}
    answer = check(server, "POST", "/search", content=json.dumps(body).encode(), headers=JSON)
    assert (answer.status_code, len(answer.json()["features"])) == (200, 1)
