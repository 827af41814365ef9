"""Searches that name no collection, that name ids alone, and what a search would ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from m2m_sandbox import create_sandbox
from tests.support import ORIGIN, Here, running

LANDSAT = "landsat_ot_c2_l2"


async def test_without_collections_one_call_prunes_and_landsat_comes_first(here: Here) -> None:
    await here.get("/collections")
    before = len(here.sandbox.calls)
    page = (await here.get("/search", bbox="6,46,7,47", datetime="2024-07-01T00:00:00Z/2024-07-31T23:59:59Z")).json()
    asked = here.sandbox.calls[before:]
    assert asked.count("dataset-search") == 1
    assert {item["collection"] for item in page["features"]} <= {f"landsat_{one}" for one in ("ot_c2_l1", "ot_c2_l2")}
    assert len(page["features"]) == 10


async def test_files_of_bands_are_never_found(here: Here) -> None:
    answer = await here.get("/explain", bbox="6,46,7,47")
    collections = [step["collection"] for step in answer.raise_for_status().json()["steps"]]
    assert LANDSAT in collections
    assert not any("_files" in one for one in collections)


async def collections_of(here: Here, **asked: Any) -> set[str]:
    """The collections that a search goes through. ``/explain`` knows what the search has requested before."""
    (await here.get("/search", limit=1, **asked)).raise_for_status()
    plan = (await here.get("/explain", **asked)).raise_for_status().json()
    return {step["collection"] for step in plan["steps"]}


async def test_datasets_without_a_scene_there_and_then_are_not_asked(here: Here) -> None:
    """Landsat 5 flew over Europe in 1990, Landsat 8 and 9 in 2024; NAIP never did."""
    early = await collections_of(here, bbox="6,46,7,47", datetime="1990-06-01T00:00:00Z/1990-06-30T23:59:59Z")
    late = await collections_of(here, bbox="6,46,7,47", datetime="2024-07-01T00:00:00Z/2024-07-31T23:59:59Z")
    assert "landsat_tm_c2_l2" in early - late
    assert LANDSAT in late - early
    assert "naip" not in early | late
    assert "naip" in await collections_of(here, bbox="-180,-90,180,90")


@pytest.mark.parametrize("more", [{}, {"filter": "platform = 'landsat-8'"}, {"sortby": "eo:cloud_cover"}])
async def test_where_no_dataset_has_anything_the_page_is_empty(here: Here, more: dict[str, str]) -> None:
    page = (await here.get("/search", datetime="1937-01-01T12:00:27Z", **more)).raise_for_status().json()
    assert (page["features"], page["numberReturned"]) == ([], 0)


async def test_pruning_loses_no_dataset_that_has_a_scene(here: Here) -> None:
    for collection in ("declassiii", "corona2", "srtm_v3", "eo1_hyp_pub", "naip", "landsat_ard_tile_c2"):
        item = (await here.get("/search", collections=collection, limit=1)).json()["features"][0]
        west, south, *_middle, north = item["bbox"]
        place = f"{west},{south},{item['bbox'][2]},{north}"
        when = item["properties"]["datetime"] or item["properties"]["start_datetime"]
        assert collection in await collections_of(here, bbox=place, datetime=when), collection


async def test_ids_alone_are_looked_for_where_their_form_fits(here: Here) -> None:
    item = (await here.get("/search", collections=LANDSAT, limit=1)).json()["features"][0]
    before = len(here.sandbox.calls)
    page = (await here.get("/search", ids=item["id"])).json()
    assert [one["id"] for one in page["features"]] == [item["id"]]
    assert here.sandbox.calls[before:].count("scene-search") == 1


async def test_ids_whose_form_tells_no_collection_ask_for_one(here: Here) -> None:
    answer = await here.get("/search", ids="nothing_like_this")
    assert answer.status_code == 400
    assert "name collections" in answer.json()["detail"]


@pytest.mark.parametrize("collection", [LANDSAT, "corona2", "naip"])
async def test_a_dozen_ids_of_a_collection_cost_at_most_four_calls(here: Here, collection: str) -> None:
    ids = [item["id"] for item in (await here.get("/search", collections=collection, limit=12)).json()["features"]]
    answer = await here.get("/search", collections=collection, ids=",".join([*ids, "unknown"]), limit=50)
    assert {item["id"] for item in answer.json()["features"]} == set(ids)
    assert int(answer.headers["x-m2m-calls"]) <= 4


async def test_an_order_over_collections_that_were_not_named_is_refused_in_words(here: Here) -> None:
    answer = await here.get("/search", sortby="-datetime", bbox="6,46,7,47")
    assert answer.status_code == 400
    assert "name collections" in answer.json()["detail"]


async def test_a_plan_shows_what_m2m_would_be_asked_and_asks_it_for_no_scene(here: Here) -> None:
    asked = {"collections": LANDSAT, "filter": '"eo:cloud_cover" < 10 AND "view:sun_elevation" > 30', "limit": 5}
    await here.get(f"/collections/{LANDSAT}")
    got, posted = await here.get("/explain", **asked), await here.post("/explain", {**asked, "collections": [LANDSAT]})
    assert "scene-search" not in here.sandbox.calls
    assert got.json() == posted.json()
    (step,) = got.json()["steps"]
    assert step["scene_search"]["sceneFilter"] == {"cloudCoverFilter": {"min": 0, "max": 11, "includeUnknown": False}}
    assert (step["exact"], step["asked"]) == (False, True)


class Flat(httpx.AsyncBaseTransport):
    """M2M that takes no place past 180 degrees; ``refused`` counts."""

    def __init__(self) -> None:
        self.refused = 0
        self._within = httpx.ASGITransport(create_sandbox(base_url=ORIGIN))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/scene-search") and _past(json.loads(await request.aread())):
            self.refused += 1
            return httpx.Response(400, json={"errorCode": "INPUT_INVALID", "errorMessage": "Bad place", "data": None})
        return await self._within.handle_async_request(request)


def _past(said: Any) -> bool:
    if isinstance(said, dict):
        return any(_past(one) for key, one in said.items() if key != "metadataFilter")
    if isinstance(said, list) and said and isinstance(said[0], int | float):
        return abs(said[0]) > 180
    return isinstance(said, list) and any(_past(one) for one in said)


async def test_where_m2m_refuses_places_past_180_they_are_clipped_from_then_on(tmp_path: Path) -> None:
    upstream, asked = Flat(), {"collections": LANDSAT, "bbox": "178,-20,-178,-15", "limit": 1000}
    async with running(tmp_path, upstream) as here:
        page = await here.get("/search", datetime="2024-07-01T00:00:00Z/2024-07-31T23:59:59Z", **asked)
        assert len(page.raise_for_status().json()["features"]) > 5
        assert upstream.refused == 1
        await here.get("/search", datetime="2024-08-01T00:00:00Z/2024-08-31T23:59:59Z", **asked)
        assert upstream.refused == 1


@pytest.mark.parametrize("bbox", ["-180,80,180,90", "-180,-90,180,-75", "0,60,0,60", "179.9,-90,-179.9,90"])
async def test_poles_points_and_seams_are_places(here: Here, bbox: str) -> None:
    when = "2024-06-01T00:00:00Z/2024-06-03T23:59:59Z"
    answer = await here.get("/search", collections=LANDSAT, bbox=bbox, datetime=when, limit=1000)
    assert answer.status_code == 200


async def test_a_collection_of_geometries_and_a_hole_are_heeded(here: Here) -> None:
    when = "2024-06-01T00:00:00Z/2024-06-16T23:59:59Z"
    ring = [[0, 40], [20, 40], [20, 60], [0, 60], [0, 40]]
    hole = [[4, 44], [4, 56], [16, 56], [16, 44], [4, 44]]
    for geometry in (
        {"type": "Polygon", "coordinates": [ring, hole]},
        {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [6, 46]}]},
    ):
        body = {"collections": [LANDSAT], "intersects": geometry, "datetime": when, "limit": 1000}
        found = (await here.post("/search", body)).raise_for_status().json()["features"]
        assert found
        import shapely.geometry

        wanted = shapely.geometry.shape(geometry)
        assert all(shapely.geometry.shape(item["geometry"]).intersects(wanted) for item in found)


PATH_195 = {
    "filter": "\"landsat:wrs_path\"='195'",
    "datetime": "2024-06-01T00:00:00Z/2024-06-07T23:59:59Z",
    "limit": 10,
}


def next_of(page: dict[str, Any]) -> str:
    return next((str(link["href"]) for link in page["links"] if link["rel"] == "next"), "")


async def rest(here: Here, href: str) -> list[str]:
    """The ids of the pages from ``href`` on."""
    ids: list[str] = []
    while href:
        page = (await here.client.get(href)).raise_for_status().json()
        ids += [item["id"] for item in page["features"]]
        href = next_of(page)
    return ids


async def test_a_next_link_does_not_depend_on_what_a_server_has_learnt(tmp_path: Path) -> None:
    """Page 1 on a cold server; the others on the same one, on another cold one, a half-warm one, and a warm one."""
    sandbox = httpx.ASGITransport(create_sandbox(base_url=ORIGIN))
    async with (
        running(tmp_path / "first", sandbox, sandbox) as first,
        running(tmp_path / "cold", sandbox, sandbox) as cold,
        running(tmp_path / "half", sandbox, sandbox) as half,
        running(tmp_path / "warm", sandbox, sandbox) as warm,
    ):
        await half.get("/collections/landsat_etm_c2_l1/queryables")
        await half.get("/collections/naip/queryables")
        for collection in (await warm.get("/collections")).json()["collections"]:
            await warm.get(f"/collections/{collection['id']}/queryables")
        page = (await first.get("/search", **PATH_195)).raise_for_status().json()
        assert len(page["features"]) == 10
        followed = [await rest(server, next_of(page)) for server in (first, cold, half, warm)]
        assert all(ids == followed[0] for ids in followed)
        whole = [item["id"] for item in page["features"]] + followed[0]
        assert len(whole) == len(set(whole)) > 20
        for server in (cold, warm):
            assert [item["id"] for item in await server.items("/search", **PATH_195)] == whole


async def test_the_order_of_collections_in_a_plan_is_the_same_cold_and_warm(tmp_path: Path) -> None:
    for more in (PATH_195, {"bbox": "6,46,7,47"}, {"filter": '"eo:cloud_cover" < 10', "bbox": "6,46,7,47"}):
        async with running(tmp_path / str(sorted(more))) as here:
            plans = [(await here.get("/explain", **more)).json()["steps"] for _time in range(2)]
            assert [one["collection"] for one in plans[0]] == [one["collection"] for one in plans[1]]


async def test_naming_all_collections_means_naming_none(tmp_path: Path) -> None:
    """QGIS 3.40 names every collection in its first search, however many there are."""
    async with running(tmp_path, max_collections=3) as here:
        every = [one["id"] for one in (await here.get("/collections")).json()["collections"]]
        where = {"bbox": "6,46,7,47", "datetime": "2024-07-01T00:00:00Z/2024-07-31T23:59:59Z", "limit": 5}
        unnamed = await here.items("/search", **where)
        assert await here.items("/search", collections=",".join(every), **where) == unnamed
        body = {**where, "bbox": [6, 46, 7, 47], "collections": every}
        page = (await here.post("/search", body)).raise_for_status().json()
        assert page["features"] == unnamed[:5]
        link = next(one for one in page["links"] if one["rel"] == "next")
        more = (await here.post("/search", link["body"])).raise_for_status().json()
        assert more["features"] == unnamed[5:10]
        datasets = [one for one in every if one not in ("landsat-c2-l1", "landsat-c2-l2")]
        assert (await here.items("/search", collections=",".join(datasets), **where)) == unnamed


async def test_naming_more_collections_than_the_limit_is_refused_unless_they_are_all(tmp_path: Path) -> None:
    async with running(tmp_path, max_collections=3) as here:
        every = [one["id"] for one in (await here.get("/collections")).json()["collections"]]
        for path in ("/search", "/explain"):
            some = await here.get(path, collections=",".join(every[:4]))
            assert some.status_code == 400
            assert "3 are the maximum" in some.json()["detail"]
            assert "leave collections out to search all" in some.json()["detail"]
            assert (await here.get(path, collections=",".join([*every, "nothing"]))).status_code == 400
