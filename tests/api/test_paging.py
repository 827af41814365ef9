"""Walks over an archive that changes meanwhile, that is deep, or that lies about its size."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from m2m_sandbox import create_sandbox
from stac_bridge.search import Cursor, parse, seal_cursor
from tests.support import LONG, ORIGIN, Here, running, sampled

LANDSAT = "landsat_ot_c2_l2"
KEY = b"0123456789abcdef0123"
ASKED = {"collections": LANDSAT, "bbox": "5,45,8,47", "datetime": "2024-06-01T00:00:00Z/2024-08-31T23:59:59Z"}


class Hiding(httpx.AsyncBaseTransport):
    """M2M without its ``hidden`` newest scenes, which may arrive, or be withdrawn, while somebody pages."""

    def __init__(self, hidden: int) -> None:
        self.hidden = hidden
        self._within = httpx.ASGITransport(create_sandbox(base_url=ORIGIN))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/scene-search") or not self.hidden:
            return await self._within.handle_async_request(request)
        said = json.loads(await request.aread())
        said["startingNumber"] = said.get("startingNumber", 1) + self.hidden
        moved = httpx.Request("POST", request.url, json=said, headers={"x-auth-token": request.headers["x-auth-token"]})
        answer = await self._within.handle_async_request(moved)
        told = json.loads(await answer.aread())
        for key in ("totalHits", "startingNumber", "nextRecord"):
            told["data"][key] = max(0, told["data"][key] - self.hidden)
        return httpx.Response(200, json=told)


def ids(page: dict[str, Any]) -> list[str]:
    return [item["id"] for item in page["features"]]


def following(page: dict[str, Any]) -> str | None:
    return next((link["href"] for link in page["links"] if link["rel"] == "next"), None)


async def walked(here: Here, first: dict[str, Any]) -> list[str]:
    found, page = ids(first), first
    while href := following(page):
        page = (await here.client.get(href)).raise_for_status().json()
        found += ids(page)
    return found


@pytest.mark.parametrize("limit", [5, 30])
@pytest.mark.parametrize("number", sampled([1, 4, 12, 90, 600], 2))
async def test_scenes_that_arrive_in_the_middle_of_a_walk_neither_repeat_nor_hide_others(
    tmp_path: Path, number: int, limit: int
) -> None:
    asked = {**ASKED, "datetime": "2019-01-01T00:00:00Z/2024-08-31T23:59:59Z", "limit": limit}
    upstream = Hiding(number)
    async with running(tmp_path, upstream, cache_ttl=0) as here:
        first = (await here.get("/search", **{**asked, "limit": 100})).raise_for_status().json()
        wanted = ids(first)
        first = (await here.get("/search", **asked)).raise_for_status().json()
        second = (await here.client.get(following(first) or "")).json()
        upstream.hidden = 0
        third = (await here.client.get(following(second) or "")).json()
        found = [*ids(first), *ids(second), *ids(third)]
        assert found == wanted[: len(found)]
        assert len(found) > 2 * limit


@pytest.mark.parametrize("number", sampled([1, 2, 3, 12, 19, 20], 2))
async def test_scenes_that_are_withdrawn_in_the_middle_of_a_walk_hide_no_others(tmp_path: Path, number: int) -> None:
    upstream = Hiding(0)
    async with running(tmp_path, upstream, cache_ttl=0) as here:
        wanted = await walked(here, (await here.get("/search", limit=100, **ASKED)).json())
        first = (await here.get("/search", limit=20, **ASKED)).json()
        upstream.hidden = number
        assert await walked(here, first) == wanted


@pytest.mark.parametrize("number", [100, 700])
async def test_a_walk_without_a_filter_goes_on_when_its_place_had_to_be_sought(tmp_path: Path, number: int) -> None:
    upstream = Hiding(number)
    async with running(tmp_path, upstream, cache_ttl=0) as here:
        first = (await here.get("/search", collections=LANDSAT, limit=600, fields="id")).json()
        upstream.hidden = 0
        page = (await here.client.get(following(first) or "")).raise_for_status().json()
        assert not set(ids(first)) & set(ids(page))
        assert following(page)


@pytest.mark.parametrize("place", [10_000, 60_000, 3_000_000])
async def test_paging_goes_on_far_past_what_one_fetch_can_hold(here: Here, place: int) -> None:
    search = parse({"collections": LANDSAT})
    token = seal_cursor(Cursor(0, place), [f"{LANDSAT}/{LANDSAT}"], search.digest, KEY, time.time())
    page = (await here.get("/search", collections=LANDSAT, limit=50, token=token)).raise_for_status().json()
    more = (await here.client.get(following(page) or "")).raise_for_status().json()
    assert len({*ids(page), *ids(more)}) == 100


async def test_a_total_that_lies_without_a_filter_ends_no_walk_and_is_not_told(tmp_path: Path) -> None:
    async with running(tmp_path) as here:
        here.sandbox.faults.add({"kind": "lying-total", "by": -10_000_000, "on": ["scene-search"]})
        page = (await here.get("/search", collections=LANDSAT, limit=10)).json()
        assert "numberMatched" not in page
        assert len(ids(page)) == 10
        assert following(page)


async def test_a_search_that_meets_no_match_leads_on_to_the_first(here: Here) -> None:
    """The one that matches is the last of 18,267 scenes, found by what M2M cannot be asked for."""
    tiles = "srtm_v3"
    everything = parse({"collections": tiles}).digest
    token = seal_cursor(Cursor(0, 18_267), [f"{tiles}/{tiles}"], everything, KEY, time.time())
    (last,) = ids((await here.get("/search", collections=tiles, token=token)).raise_for_status().json())
    said = f"id LIKE '%{last[2:]}'"
    answer, steps = await here.get("/search", collections=tiles, filter=said), 0
    while answer.status_code == 504 and steps < 5:
        problem = answer.json()
        assert problem["type"] == "http://here/problems/search-too-wide"
        assert "narrow" in problem["detail"]
        assert (await here.client.get(problem["type"])).status_code == 200
        (link,) = [one for one in problem["links"] if one["rel"] == "next"]
        answer, steps = await here.client.get(link["href"]), steps + 1
    assert steps > 0
    assert ids(answer.raise_for_status().json()) == [last]


@pytest.mark.skipif(not LONG, reason="the long mode alone walks so far by POST, too: STAC_BRIDGE_TESTS_LONG=1")
async def test_a_posts_search_that_meets_no_match_leads_on_with_its_whole_body(here: Here) -> None:
    body = {"collections": [LANDSAT], "filter": '"view:sun_elevation" > 89.99', "filter-lang": "cql2-text", "limit": 3}
    answer = await here.post("/search", body)
    assert answer.status_code == 504
    (link,) = [one for one in answer.json()["links"] if one["rel"] == "next"]
    assert link["method"] == "POST"
    assert {**body, "token": link["body"]["token"]} == link["body"]
    again = await here.post("/search", link["body"])
    assert again.status_code in (200, 504)
    if again.status_code == 504:
        assert again.json()["links"] != answer.json()["links"]


@pytest.mark.skipif(not LONG, reason="the long mode alone walks over 120,000 scenes: STAC_BRIDGE_TESTS_LONG=1")
@pytest.mark.timeout(1800)
async def test_a_walk_over_120_000_scenes_meets_each_once(here: Here) -> None:
    href: str | None = f"/search?collections={LANDSAT}&limit=1000&fields=id"
    found: list[str] = []
    while href and len(found) < 120_000:
        page = (await here.client.get(href)).raise_for_status().json()
        found += ids(page)
        href = following(page)
    assert len(set(found)) == len(found) == 120_000
