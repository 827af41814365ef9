"""The helper for scripts: what has expired is renewed at once and once, and nothing is asked without need."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pystac
import pytest

from stac_bridge.assets import Signer
from stac_bridge.client.signing import NotRenewed, Renewer

KEY = b"0123456789abcdef"
WEEK = 7 * 86400
NOW = 1_800_000_000.0
PICTURE = "https://landsatlook.usgs.gov/browse/thumbnail.jpg"


def signed(name: str = "B4.TIF", *, ago: float = 100 * WEEK, base: str = "http://here/stac/", now: float = NOW) -> str:
    return Signer([KEY], WEEK, lambda: now - ago).href_maker(base, "c", "i", "x")("red", name)


class Server:
    """A server that renews as the real one does; ``asked`` are the hrefs of each question."""

    def __init__(self, now: float = NOW) -> None:
        self.asked: list[tuple[str, list[str]]] = []
        self._signer = Signer([KEY], WEEK, lambda: now)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        hrefs = orjson.loads(request.content)["hrefs"]
        assert len(hrefs) <= 1000
        base = str(request.url).removesuffix("sign")
        self.asked.append((base, hrefs))
        time.sleep(0.01)
        return httpx.Response(200, json={"hrefs": [self._signer.renew(href, base)[0] for href in hrefs]})


def renewer(server: Any, now: float = NOW, margin: float = 3000) -> Renewer:
    return Renewer(margin, transport=httpx.MockTransport(server), clock=lambda: now)


def item(*hrefs: str) -> dict[str, Any]:
    assets = {f"a{place}": {"href": href} for place, href in enumerate(hrefs)}
    properties = {"datetime": "2024-01-01T00:00:00Z", "m2m:href_expires": "2020-01-01T00:00:00Z"}
    said = {"type": "Feature", "stac_version": "1.1.0", "id": "i", "properties": properties, "links": []}
    return {**said, "geometry": None, "assets": assets}


def hrefs_of(said: Any) -> list[str]:
    assets = said["assets"] if isinstance(said, dict) else {key: one.to_dict() for key, one in said.assets.items()}
    return [asset["href"] for asset in assets.values()]


def test_an_expired_href_is_renewed_once_by_the_server_that_signed_it() -> None:
    server = Server()
    mine = renewer(server)
    assert [mine.patch_url(signed()) for _ in range(3)] == [signed(ago=0)] * 3
    assert server.asked == [("http://here/stac/", [signed()])]


@pytest.mark.parametrize("href", [signed(ago=0), PICTURE, "s3://bucket/key", "/vsimem/file", "", signed() + "#x"])
def test_what_is_good_or_not_ours_is_left_as_it_is_and_nobody_is_asked(href: str) -> None:
    server = Server()
    assert renewer(server).patch_url(href) == href
    assert server.asked == []


def test_an_href_that_expires_within_the_margin_is_renewed() -> None:
    server = Server()
    old = signed(ago=WEEK)  # good for up to a quarter of a lifetime more
    assert renewer(server, margin=0).patch_url(old) == old
    assert renewer(server, margin=WEEK / 2).patch_url(old) == signed(ago=0)


def test_a_margin_that_no_href_reaches_asks_once_in_a_while_and_not_every_time() -> None:
    server = Server()
    mine = renewer(server, margin=10 * WEEK)
    assert {mine.patch_url(signed()) for _ in range(5)} == {signed(ago=0)}
    assert len(server.asked) == 1


FORMS: list[Any] = [
    lambda first, second: {"type": "FeatureCollection", "features": [first, second]},
    lambda first, second: [first, second],
    lambda first, second: pystac.ItemCollection([pystac.Item.from_dict(first), pystac.Item.from_dict(second)]),
    lambda first, second: [pystac.Item.from_dict(first), pystac.Item.from_dict(second)],
]


@pytest.mark.parametrize("form", FORMS)
def test_all_items_are_renewed_in_place_by_one_question(form: Any) -> None:
    server = Server()
    found = form(item(signed("1"), PICTURE, signed("2", ago=0)), item(signed("3"), signed("4")))
    assert renewer(server).modifier(found) is None
    members = found["features"] if isinstance(found, dict) else list(found)
    assert hrefs_of(members[0]) == [signed("1", ago=0), PICTURE, signed("2", ago=0)]
    assert hrefs_of(members[1]) == [signed("3", ago=0), signed("4", ago=0)]
    assert server.asked == [("http://here/stac/", [signed("1"), signed("3"), signed("4")])]


@pytest.mark.parametrize("form", [dict, pystac.Item.from_dict])
def test_one_item_is_renewed_in_place_and_says_when_its_hrefs_expire(form: Any) -> None:
    found = form(item(signed()))
    renewer(Server()).modifier(found)
    properties = found["properties"] if isinstance(found, dict) else found.properties
    assert hrefs_of(found) == [signed(ago=0)]
    assert datetime.fromisoformat(properties["m2m:href_expires"]) > datetime.fromtimestamp(NOW + WEEK, UTC)


@pytest.mark.parametrize(
    "found", [{}, {"assets": None}, {"features": []}, {"assets": {"a": {}}}, [], None, "x", object()]
)
def test_what_has_no_hrefs_is_left_as_it_is(found: Any) -> None:
    server = Server()
    renewer(server).modifier(found)
    assert server.asked == []


def test_a_collection_has_nothing_to_renew() -> None:
    extent = pystac.Extent(pystac.SpatialExtent([[0, 0, 1, 1]]), pystac.TemporalExtent([[None, None]]))
    renewer(Server()).modifier(pystac.Collection("c", "a collection", extent))


def test_thousands_are_asked_for_in_parts_and_come_back_in_order() -> None:
    server = Server()
    found = item(*(signed(f"{number}") for number in range(2500)))
    renewer(server).modifier(found)
    assert [len(hrefs) for _base, hrefs in server.asked] == [1000, 1000, 500]
    assert hrefs_of(found) == [signed(f"{number}", ago=0) for number in range(2500)]


def test_each_server_is_asked_for_its_own() -> None:
    server = Server()
    renewer(server).modifier(item(signed("1"), signed("2", base="https://other.example/")))
    assert dict(server.asked) == {
        "http://here/stac/": [signed("1")],
        "https://other.example/": [signed("2", base="https://other.example/")],
    }


def test_threads_that_meet_one_expired_href_ask_for_it_once() -> None:
    server = Server()
    mine = renewer(server)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda number: mine.patch_url(signed(f"{number % 4}")), range(200)))
    assert found == [signed(f"{number % 4}", ago=0) for number in range(200)]
    assert sorted(href for _base, hrefs in server.asked for href in hrefs) == sorted(signed(f"{n}") for n in range(4))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (httpx.Response(403, json={"detail": "hrefs[0]: The signature does not fit."}), r"hrefs\[0\]: The signature"),
        (httpx.Response(502, text="<html>"), "try again later"),
        (httpx.Response(500, json=[]), "HTTP 500"),
        (httpx.ConnectError("refused"), "ConnectError"),
    ],
)
def test_what_cannot_be_renewed_is_told_with_the_servers_reason(answer: Any, told: str) -> None:
    def says(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, content=answer.content)

    with pytest.raises(NotRenewed, match=told):
        renewer(says).patch_url(signed())


def test_a_script_that_imports_it_imports_nothing_of_the_server() -> None:
    code = "import sys, stac_bridge.client.signing; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"fastapi", "starlette", "pydantic", "orjson", "pystac", "shapely", "yaml"} & set(ran.stdout.split())
