"""Addresses that nobody signed, or that lead elsewhere, reach neither a file nor M2M."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import orjson

from stac_bridge.assets import Signer
from tests.support import Here

LANDSAT = "landsat_ot_c2_l2"
SCENE = "LC08_L2SP_196028_20240728_20240807_02_T1"
NAMES = [
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e%2fB4.TIF",
    "..",
    "%00",
    "B4.TIF%00.png",
    "..%5c..%5cwindows",
    "a\\b",
    "%0d%0aX: y",
]


async def status_of(here: Here, target: str) -> int:
    """What a request line with exactly this target gets: clients would tidy it first."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "root_path": "",
        "path": path.replace("%2f", "/").replace("%5c", "\\").replace("%00", "\0").replace("%2e", "."),
        "raw_path": path.encode(), "query_string": query.encode(), "headers": [(b"host", b"here")],
        "server": ("here", 80), "client": ("there", 1),
    }  # fmt: skip
    told: list[int] = []

    waiting: list[dict[str, object]] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, object]:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop()

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            told.append(int(str(message["status"])))

    await here.app(scope, receive, send)
    return told[0]


async def test_a_path_that_leads_elsewhere_is_refused(here: Here) -> None:
    item = (await here.get(f"/collections/{LANDSAT}/items/{SCENE}")).json()
    parts = urlsplit(item["assets"]["red"]["href"])
    before = len(here.sandbox.calls)
    for place in ("collections", "items", "assets", "filename"):
        for name in NAMES:
            words = parts.path.split("/")
            words[-1 if place == "filename" else words.index(place) + 1] = name
            assert await status_of(here, f"{'/'.join(words)}?{parts.query}") in (403, 404), (place, name)
    assert len(here.sandbox.calls) == before


async def test_even_a_signature_of_ours_does_not_open_a_path_that_leads_elsewhere(here: Here) -> None:
    signer = Signer([b"0123456789abcdef0123"], 7 * 86400)
    for name in ("..\\..\\etc\\passwd", "B4.TIF\0.png", ".."):
        href = urlsplit(signer.href_maker("http://here/", LANDSAT, SCENE, "LC8")("red", name))
        assert await status_of(here, f"{href.path}?{href.query}") == 403


async def test_a_query_of_any_length_is_refused_at_once(here: Here) -> None:
    item = (await here.get(f"/collections/{LANDSAT}/items/{SCENE}")).json()
    parts = urlsplit(item["assets"]["red"]["href"])
    async with asyncio.timeout(1):
        assert await status_of(here, f"{parts.path}?{'x=' * 15_000}{parts.query}") == 403
        assert await status_of(here, f"{parts.path}?{parts.query}{'&a=b' * 7_500}") == 403
        assert await status_of(here, f"{parts.path}?{parts.query}{'&a=b' * 250_000}") == 414


async def test_an_item_is_the_same_bytes_to_everybody_until_its_hrefs_change(here: Here) -> None:
    answers = [await here.get(f"/collections/{LANDSAT}/items/{SCENE}") for _ in range(3)]
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].headers["etag"] == answers[2].headers["etag"]


async def test_an_item_tells_when_its_hrefs_expire_and_how_they_are_renewed(here: Here) -> None:
    item = (await here.get(f"/collections/{LANDSAT}/items/{SCENE}")).json()
    flow = item["properties"]["auth:schemes"]["signed_url"]["flows"]["authorizationCode"]
    red = item["assets"]["red"]
    assert flow["method"] == "GET"
    renewed = (await here.get(flow["authorizationApi"], href=red["href"])).json()
    assert renewed[flow["responseField"]] == red["href"]
    assert renewed["expires"] == item["properties"]["m2m:href_expires"]


async def test_a_collection_says_too_how_hrefs_are_renewed(here: Here) -> None:
    for collection in (LANDSAT, "corona2", "landsat-c2-l2"):
        said = (await here.get(f"/collections/{collection}")).json()
        assert set(said["auth:schemes"]) == {"signed_url"}
        assert any("/authentication/" in url for url in said["stac_extensions"])


async def test_fields_leave_out_signing_with_the_assets_that_need_it(here: Here) -> None:
    page = await here.get("/search", collections=LANDSAT, limit=1, fields="-assets")
    assert b"auth:" not in page.content
    assert b"href_expires" not in page.content
    for fields in ("properties,assets.red", "properties,assets.thumbnail"):
        page = await here.get("/search", collections=LANDSAT, limit=1, fields=fields)
        (item,) = page.json()["features"]
        assert set(item["properties"]["auth:schemes"]) == {"signed_url"}
    only = await here.get("/search", collections=LANDSAT, limit=1, fields="properties.m2m:href_expires,assets.red.href")
    (item,) = orjson.loads(only.content)["features"]
    assert set(item["properties"]) >= {"m2m:href_expires"}
    assert set(item["assets"]["red"]) == {"href"}
