"""What is too much is refused before it costs anything, with the number that is the most."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from stac_bridge.settings import Settings
from tests.support import Here, running

LANDSAT = "landsat_ot_c2_l2"
POINT = {"type": "Point", "coordinates": [1.0, 2.0]}


def check(answer: httpx.Response, status: int, most: int) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-m2m-calls"] == "0"
    assert str(most) in answer.json()["detail"]


def line(vertices: int) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [[number / 10_000, 1] for number in range(vertices)]}


def nested(levels: int) -> dict[str, Any]:
    said: dict[str, Any] = {"op": "=", "args": [{"property": "id"}, "x"]}
    for _ in range(levels):
        said = {"op": "not", "args": [said]}
    return said


def deep(levels: int) -> Any:
    said: Any = 1
    for _ in range(levels):
        said = [said]
    return said


TOO_MUCH = {
    "vertices": ({"intersects": line(101)}, 100),
    "vertices of a filter": ({"filter": {"op": "s_intersects", "args": [{"property": "geometry"}, line(101)]}}, 100),
    "vertices of several geometries": (
        {
            "filter": {
                "op": "or",
                "args": [{"op": "s_intersects", "args": [{"property": "geometry"}, line(n)]} for n in (51, 52)],
            }
        },
        100,
    ),
    "filter": ({"filter": {"op": "=", "args": [{"property": "id"}, "x" * 5000]}}, 5000),
    "query": ({"query": {"platform": {"eq": "x" * 5000}}}, 5000),
    "depth": ({"filter": nested(20)}, 10),
    "depth of a geometry": ({"intersects": {"type": "Polygon", "coordinates": deep(500)}}, 10),
    "depth of anything": ({"limit": deep(500)}, 10),
    "ids": ({"ids": ["x"] * 6}, 5),
    "collections": ({"collections": [LANDSAT, "a", "b", "c"]}, 3),
}
SMALL = {
    "max_vertices": 100,
    "max_filter": 5000,
    "max_depth": 10,
    "max_ids": 5,
    "max_collections": 3,
    "max_body": 20_000,
    "max_sign_body": 40_000,
    "max_url": 10_000,
}


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Here]:
    async with running(tmp_path, **SMALL) as server:
        yield server


def as_text(said: dict[str, Any]) -> dict[str, str]:
    """Parameters of a GET."""
    return {
        name: ",".join(value) if name in ("ids", "collections") else json.dumps(value) for name, value in said.items()
    }


async def test_a_search_that_brings_too_much_is_a_400_with_the_number(small: Here) -> None:
    for name, (said, most) in TOO_MUCH.items():
        for path in ("/search", "/explain"):
            check(await small.post(path, said), 400, most)
            if name != "depth of anything":  # which a GET does not read as more than text
                check(await small.get(path, **as_text(said)), 400, most)


async def test_vertices_of_two_parameters_count_together(small: Here) -> None:
    place = {"op": "s_intersects", "args": [{"property": "geometry"}, line(50)]}
    response = await small.post("/search", {"intersects": line(51), "filter": place})
    assert response.status_code == 400
    assert response.json()["detail"].startswith("The search has 101 vertices; 100 are the maximum")


async def test_what_the_parser_would_never_end_with_is_refused_at_once(here: Here) -> None:
    begun = time.monotonic()
    for text in ("(" * 60 + "id = 'a'", "a = " + "-" * 4000 + "1", "(" * 12 + "a = 1 and " * 700 + "a = " + ")" * 12):
        answer = await here.get("/search", collections=LANDSAT, filter=text)
        assert answer.status_code == 400
        assert "parentheses" in answer.json()["detail"]
    assert time.monotonic() - begun < 5


async def test_parentheses_that_a_person_writes_are_read(here: Here) -> None:
    text = "((((((id = 'x') or (id = 'y'))) and ((platform = 'landsat-8')))))  or (id in ('z'))"
    assert (await here.get("/explain", collections=LANDSAT, filter=text)).status_code == 200


async def test_as_much_as_is_allowed_is_taken(small: Here) -> None:
    for said in (
        {"intersects": line(100)},
        {"filter": {"op": "s_intersects", "args": [{"property": "geometry"}, line(100)]}},
        {"filter": nested(8)},
        {"ids": ["x"] * 5, "collections": [LANDSAT]},
        {"collections": [LANDSAT, "naip", "corona2"]},
    ):
        answer = await small.post("/explain", {"collections": [LANDSAT], **said})
        assert answer.status_code == 200, answer.text


async def test_filters_on_collections_have_the_same_limits(small: Here) -> None:
    check(await small.get("/collections", filter=json.dumps(nested(20))), 400, 10)
    check(await small.get("/collections", filter=f"title = '{'x' * 9000}'"), 400, 8192)


async def test_a_larger_body_is_a_413_announced_or_not(small: Here) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" " * 1000

    for path, most in (("/search", 20_000), ("/explain", 20_000), ("/sign", 40_000)):
        announced = await small.client.post(path, content=b" " * 50_000, headers={"Content-Type": "application/json"})
        check(announced, 413, most)
        check(await small.client.post(path, content=parts(), headers={"Content-Type": "application/json"}), 413, most)


async def test_a_body_is_not_read_where_its_announced_length_is_too_much(small: Here) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("was read")
        yield b""

    check(await small.client.post("/search", content=never(), headers={"Content-Length": "20001"}), 413, 20_000)


async def test_a_longer_address_is_a_414(small: Here) -> None:
    check(await small.get("/search", ids="x" * 10_001), 414, 10_000)
    check(await small.client.get("/" + "x" * 10_001), 414, 10_000)


async def test_who_asks_too_often_is_told_when_to_come_back_and_others_are_served(tmp_path: Path) -> None:
    async with running(tmp_path, rate=3, trusted_proxies="127.0.0.1") as here:
        one, other = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}
        path = f"/collections/{LANDSAT}"
        answers = [await here.client.get(path, headers=one) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        check(answers[-1], 429, 3)
        assert 15 <= int(answers[-1].headers["retry-after"]) <= 20
        assert (await here.client.get(path, headers=other)).status_code == 200
        assert (await here.client.get("/", headers=one)).status_code == 200


async def test_reading_assets_does_not_count(tmp_path: Path) -> None:
    async with running(tmp_path, rate=1) as here:
        item = (await here.get("/search", collections=LANDSAT, limit=1)).json()["features"][0]
        href = item["assets"]["red"]["href"]
        statuses = {
            (await here.client.get(href, headers={"Range": f"bytes={place}-{place + 9}"})).status_code
            for place in range(20)
        }
        assert statuses <= {206, 302}
        assert (await here.get("/search", collections=LANDSAT)).status_code == 429


async def test_nobody_is_counted_unless_the_settings_say_so(here: Here) -> None:
    assert Settings().rate == 0
    assert {(await here.get(f"/collections/{LANDSAT}")).status_code for _ in range(50)} == {200}


async def test_bodies_that_are_nothing_but_brackets_end_nobody(here: Here) -> None:
    kind = {"Content-Type": "application/json"}
    for path in ("/search", "/explain", "/sign"):
        for levels in (300, 900, 100_000):
            body = b'{"intersects": ' + b"[" * levels + b"]" * levels + b"}"
            answer = await here.client.post(path, content=body, headers=kind)
            assert answer.status_code == 400, (path, levels, answer.text)


async def test_an_item_that_is_nothing_but_brackets_ends_nobody(here: Here) -> None:
    answer = await here.client.post("/sign", content=b'{"type": "Feature", "x": ' + b"[" * 300 + b"]" * 300 + b"}")
    assert answer.status_code == 400
    assert "nested" in answer.json()["detail"]


async def test_what_is_refused_stands_in_the_openapi_document(here: Here) -> None:
    document = (await here.get("/api")).json()
    for operation in document["paths"]["/search"].values():
        assert {"413", "414", "429"} <= set(operation["responses"])


@pytest.mark.parametrize(("size", "status"), [(50_000, 200), (70_000, 431)])
def test_the_started_server_limits_headers_before_any_route(api: str, size: int, status: int) -> None:
    answer = httpx.get(api, headers={"X-Long": "a" * size})
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert str(65_535) in answer.json()["detail"]
