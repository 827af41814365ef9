"""Searches for many ids: in parts, with turns for others in between, and a page for what there was time for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from m2m_sandbox import create_sandbox
from stac_bridge.m2m.session import Backoff
from stac_bridge.search.plan import MAX_IDS
from tests.support import ORIGIN, Here, running

LANDSAT = "landsat_ot_c2_l2"
NUMBER = 2 * MAX_IDS + 50
"""Ids of a search: three parts."""

SUMMER = {"datetime": "2023-01-01T00:00:00Z/2024-08-31T23:59:59Z", "bbox": "5,44,9,48"}


class Recording(httpx.AsyncBaseTransport):
    """The sandbox; ``parts`` has the number of ids of each request that names more than one. All after the first get
    the ``failure``, if there is one; ``meanwhile`` is called during the first."""

    def __init__(self) -> None:
        self.parts: list[int] = []
        self.requests: list[str] = []
        self.failure: Exception | None = None
        self.meanwhile: Any = None
        self._within = httpx.ASGITransport(create_sandbox(base_url=ORIGIN))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        endpoint, payload = request.url.path.rpartition("/")[2], orjson.loads(await request.aread() or b"{}")
        ids = payload.get("entityIds") if endpoint == "scene-list-add" else _values(payload.get("sceneFilter"))
        self.requests.append(f"{endpoint} {payload.get('datasetName')}")
        if ids and len(ids) > 1:
            if self.failure and self.parts:
                raise self.failure
            self.parts.append(len(ids))
            if self.meanwhile and len(self.parts) == 1:
                await self.meanwhile()
        return await self._within.handle_async_request(request)


def _values(part: Any) -> list[Any]:
    if isinstance(part, dict) and "childFilters" in part:
        return [value for child in part["childFilters"] for value in _values(child)]
    if isinstance(part, dict):
        return [part["value"]] if "value" in part else _values(part.get("metadataFilter"))
    return []


async def ids_of(here: Here, collection: str, number: int) -> list[str]:
    where = SUMMER if collection == LANDSAT else {}
    page = (await here.get("/search", collections=collection, limit=number, fields="id", **where)).raise_for_status()
    ids = [item["id"] for item in page.json()["features"]]
    assert len(ids) == number
    return ids


async def pages_of(here: Here, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The pages of a posted search, each with the calls that it cost."""
    pages, following = [], body
    while following:
        answer = (await here.post("/search", following)).raise_for_status()
        pages.append({**answer.json(), "calls": int(answer.headers["x-m2m-calls"])})
        following = next((link["body"] for link in pages[-1]["links"] if link["rel"] == "next"), {})
        assert pages[-1]["features"] or not following
    return pages


def ids_on(pages: list[dict[str, Any]]) -> list[str]:
    return [item["id"] for page in pages for item in page["features"]]


@pytest.mark.parametrize(("collection", "calls"), [(LANDSAT, 2), ("naip", 6)])
async def test_many_ids_are_searched_in_parts_of_two_hundred(tmp_path: Path, collection: str, calls: int) -> None:
    """By a filter, or by a list of scenes, which takes three calls: put on it, read, and removed."""
    upstream = Recording()
    async with running(tmp_path, upstream) as here:
        ids = await ids_of(here, collection, NUMBER)
        body = {"collections": [collection], "ids": ids, "limit": 1000, "fields": {"include": ["id"]}}
        pages = await pages_of(here, body)
        assert sorted(ids_on(pages)) == sorted(ids)
        assert upstream.parts == [MAX_IDS, MAX_IDS, 50]
        assert max(page["calls"] for page in pages) <= calls
        again = await here.post("/search", body)
        assert (again.json()["features"], again.headers["x-m2m-calls"]) == (pages[0]["features"], "0")


async def test_a_page_of_many_ids_costs_one_call(tmp_path: Path) -> None:
    async with running(tmp_path, Recording()) as here:
        ids = await ids_of(here, LANDSAT, NUMBER)
        body = {"collections": [LANDSAT], "ids": ids, "limit": 90, "fields": {"include": ["id"]}}
        pages = await pages_of(here, body)
        assert ids_on(pages) == list(dict.fromkeys(ids_on(pages)))
        assert sorted(ids_on(pages)) == sorted(ids)
        assert sum(page["calls"] for page in pages) <= len(pages) + 2


async def test_others_get_their_turn_between_the_parts_of_many_ids(tmp_path: Path) -> None:
    upstream = Recording()
    async with running(tmp_path, upstream) as here:
        ids = await ids_of(here, LANDSAT, NUMBER)
        await here.get("/collections/naip/queryables")
        others: list[asyncio.Task[httpx.Response]] = []

        async def meanwhile() -> None:
            transport = httpx.ASGITransport(here.app, client=("10.0.0.9", 1))
            client = httpx.AsyncClient(transport=transport, base_url="http://here")
            others.append(asyncio.create_task(client.get("/search", params={"collections": "naip", "limit": 1})))
            for _ in range(100):
                await asyncio.sleep(0)

        upstream.meanwhile = meanwhile
        upstream.requests.clear()
        await here.post("/search", {"collections": [LANDSAT], "ids": ids, "limit": 1000})
        (await others[0]).raise_for_status()
        assert upstream.requests == [f"scene-search {LANDSAT}", "scene-search naip", f"scene-search {LANDSAT}"]


@pytest.mark.parametrize(
    ("failure", "status"), [(httpx.ConnectError("down"), 503), (httpx.ReadTimeout("too late"), 504)], ids=str
)
async def test_a_failure_between_the_parts_leaves_a_page_whose_next_one_has_the_rest(
    tmp_path: Path, failure: Exception, status: int
) -> None:
    upstream = Recording()
    async with running(tmp_path, upstream, backoff=Backoff(attempts=1)) as here:
        ids = await ids_of(here, LANDSAT, NUMBER)
        body = {"collections": [LANDSAT], "ids": ids, "limit": 1000, "fields": {"include": ["id"]}}
        upstream.failure = failure
        first = (await here.post("/search", body)).raise_for_status().json()
        assert len(first["features"]) == MAX_IDS
        (link,) = [link for link in first["links"] if link["rel"] == "next"]
        refused = await here.post("/search", link["body"])
        assert refused.status_code == status
        upstream.failure = None
        rest = await pages_of(here, link["body"])
        assert sorted(ids_on([first, *rest])) == sorted(ids)


async def test_an_item_that_ids_of_two_parts_mean_is_found_once(tmp_path: Path) -> None:
    async with running(tmp_path, Recording()) as here:
        page = (await here.get("/search", collections=LANDSAT, limit=5, **SUMMER)).raise_for_status().json()
        display_ids = [item["id"] for item in page["features"]]
        scene_ids = [item["properties"]["landsat:scene_id"] for item in page["features"]]
        files = [f"{identifier}_SR_B4.TIF" for identifier in display_ids]
        filler = [f"LC08_L2SP_{number:06}_20240728_20240807_02_T1" for number in range(1001, 1001 + MAX_IDS)]
        for forms in ((scene_ids, display_ids), (display_ids, scene_ids), (files, display_ids), (scene_ids, files)):
            ids = [*forms[0], *filler, *forms[1]]
            for more in ({}, {"sortby": [{"field": "datetime", "direction": "desc"}]}):
                body = {"collections": [LANDSAT], "ids": ids, "limit": 100, **more}
                assert sorted(ids_on(await pages_of(here, body))) == sorted(display_ids)
