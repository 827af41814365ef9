"""Searches, as STAC API has them, against what the sandbox's archive holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson
import pytest
import shapely

from m2m_sandbox.archive.landsat.archive import landsat
from tests.support import Here, running

LANDSAT = "landsat_ot_c2_l2"
ALPS = "6.2,46.3,6.6,46.55"
SUMMER = "2024-06-01T00:00:00Z/2024-08-31T23:59:59Z"
TARGET = "LC08_L2SP_196028_20240728_20240807_02_T1"


def ids(page: Any) -> list[str]:
    return [item["id"] for item in page["features"]]


def by_brute_force(box: shapely.Geometry, start: datetime, end: datetime) -> set[str]:
    """Every scene of the archive, looked at one by one."""
    archive, first = landsat(), datetime(2013, 1, 1, tzinfo=UTC)
    days = range((start - first).days - 1, (end - first).days + 2)
    numbers = np.arange(archive.first_of(days[-1]), archive.first_of(days[0]))
    found = set()
    for number in numbers:
        facts = archive.facts(int(number))
        middle = facts.start + (facts.stop - facts.start) / 2
        if start <= middle <= end and shapely.Polygon(facts.grid.footprint).intersects(box):
            found.add(facts.display_id)
    return found


async def test_paging_gives_every_item_once(here: Here) -> None:
    items = await here.items("/search", collections=LANDSAT, bbox="5,45,9,48", datetime=SUMMER, limit=40)
    whole = await here.get("/search", collections=LANDSAT, bbox="5,45,9,48", datetime=SUMMER, limit=1000)
    found = [item["id"] for item in items]
    assert len(found) == len(set(found)) > 100
    assert found == ids(whole.json())


async def test_box_and_time_find_what_looking_at_every_scene_finds(here: Here) -> None:
    start, end = datetime(2020, 12, 1, 12, tzinfo=UTC), datetime(2020, 12, 4, 19, 2, 30, tzinfo=UTC)
    items = await here.items(
        "/search", collections=LANDSAT, bbox="-126,45,-118,50", datetime=f"{start:%FT%TZ}/{end:%FT%TZ}", limit=3
    )
    assert {item["id"] for item in items} == by_brute_force(shapely.box(-126, 45, -118, 50), start, end)
    assert len(items) > 3


async def test_get_and_post_give_the_same(here: Here) -> None:
    got = await here.get("/search", collections=LANDSAT, bbox=ALPS, datetime=SUMMER, limit=5)
    body = {"collections": [LANDSAT], "bbox": [6.2, 46.3, 6.6, 46.55], "datetime": SUMMER, "limit": 5}
    posted = await here.post("/search", body)
    assert got.json()["features"] == posted.json()["features"]


async def test_a_posts_next_link_is_a_post_with_the_whole_body(here: Here) -> None:
    body = {"collections": [LANDSAT], "bbox": [6.2, 46.3, 6.6, 46.55], "datetime": SUMMER, "limit": 7}
    found: list[str] = []
    while True:
        page = (await here.post("/search", body)).json()
        found += ids(page)
        further = [link for link in page["links"] if link["rel"] == "next"]
        if not further:
            break
        assert further[0]["method"] == "POST"
        assert further[0]["body"] == {**body, "token": further[0]["body"]["token"]}
        body = further[0]["body"]
    whole = await here.post("/search", {**body, "limit": 500, "token": None})
    assert found == ids(whole.json())
    assert len(found) > 14


async def test_items_of_a_collection_are_its_search(here: Here) -> None:
    items = await here.get(f"/collections/{LANDSAT}/items", bbox=ALPS, datetime=SUMMER, limit=5)
    search = await here.get("/search", collections=LANDSAT, bbox=ALPS, datetime=SUMMER, limit=5)
    assert items.json()["features"] == search.json()["features"]
    further = next(link["href"] for link in items.json()["links"] if link["rel"] == "next")
    assert f"/collections/{LANDSAT}/items?" in further
    assert ids((await here.client.get(further)).json())


async def test_an_instant_is_exact_to_the_second(here: Here) -> None:
    item = (await here.get(f"/collections/{LANDSAT}/items/{TARGET}")).json()
    middle = datetime.fromisoformat(item["properties"]["datetime"])

    async def found(start: datetime, end: datetime) -> bool:
        when = f"{start:%FT%T.%fZ}/{end:%FT%T.%fZ}"
        return TARGET in ids((await here.get("/search", collections=LANDSAT, ids=TARGET, datetime=when)).json())

    second = timedelta(seconds=1)
    assert await found(middle - second, middle + second)
    assert await found(middle, middle)
    assert not await found(middle - 2 * second, middle - second)
    assert not await found(middle + second, middle + 2 * second)


async def test_ids_find_their_items_and_unknown_ones_are_absent(here: Here) -> None:
    page = (
        await here.get("/search", collections=LANDSAT, ids=f"{TARGET},LC08_L2SP_000000_20200101_20200102_02_T1")
    ).json()
    assert ids(page) == [TARGET]


@pytest.mark.parametrize(
    ("named", "status"),
    [({"ids": [""], "collections": [LANDSAT]}, 200), ({"ids": [" "]}, 400), ({"collections": [""]}, 404)],
)
async def test_an_empty_name_in_a_list_names_nothing(here: Here, named: Any, status: int) -> None:
    answer = await here.post("/search", named)
    assert answer.status_code == status
    assert not answer.json().get("features")


async def test_ids_of_a_dataset_without_an_id_filter_are_looked_up(here: Here) -> None:
    wanted = "DS1117-2086DA007,DS1117-2086DF100,nothing"
    page = (await here.get("/search", collections="corona2", ids=wanted)).json()
    assert ids(page) == ["DS1117-2086DA007", "DS1117-2086DF100"]
    assert "scene-list-remove" in here.sandbox.calls


async def test_ids_do_not_override_other_parameters(here: Here) -> None:
    page = (await here.get("/search", collections=LANDSAT, ids=TARGET, bbox="10,50,11,51")).json()
    assert ids(page) == []


async def test_several_collections_follow_one_another(here: Here) -> None:
    items = await here.items("/search", collections="corona2,naip", bbox="-93.9,41.5,-93.7,41.7", limit=7)
    assert {item["collection"] for item in items} == {"naip"}
    both = await here.items(
        "/search", collections="naip,corona2", datetime="1972-01-01T00:00:00Z/2018-12-31T23:59:59Z", limit=300
    )
    assert [item["collection"] for item in both] == sorted((item["collection"] for item in both), reverse=True)
    assert len({item["id"] for item in both}) == len(both) == 800 + 500


async def test_a_box_across_the_antimeridian_finds_both_sides(here: Here) -> None:
    items = await here.items(
        "/search", collections=LANDSAT, bbox="178,-19,-178,-15", datetime="2024-06-01T00:00:00Z/2024-06-16T00:00:00Z"
    )
    longitudes = [
        point for item in items for point in shapely.get_coordinates(shapely.geometry.shape(item["geometry"]))[:, 0]
    ]
    assert min(longitudes) < -178 < 178 < max(longitudes)
    assert all(-180 <= longitude <= 180 for longitude in longitudes)


async def test_an_intersects_geometry_is_tried_on_footprints(here: Here) -> None:
    point = {"type": "Point", "coordinates": [6.4, 46.4]}
    page = (
        await here.post("/search", {"collections": [LANDSAT], "intersects": point, "datetime": SUMMER, "limit": 50})
    ).json()
    assert page["features"]
    for item in page["features"]:
        assert shapely.geometry.shape(item["geometry"]).intersects(shapely.Point(6.4, 46.4))


@pytest.mark.parametrize(("limit", "given"), [("3", 3), ("5000", 20), (None, 10)])
async def test_limit_is_the_pages_size_up_to_the_maximum(tmp_path: Any, limit: str | None, given: int) -> None:
    async with running(tmp_path, max_items=20) as here:
        asked = {} if limit is None else {"limit": limit}
        page = (await here.get("/search", collections=LANDSAT, **asked)).json()
        assert page["numberReturned"] == len(page["features"]) == given


async def test_the_number_matched_is_told_only_when_it_is_exact(here: Here) -> None:
    day = "2024-06-01T00:00:00Z/2024-06-01T23:59:59Z"
    exact = (await here.get("/search", collections=LANDSAT, datetime=day, limit=2)).json()
    assert exact["numberMatched"] == len(await here.items("/search", collections=LANDSAT, datetime=day, limit=1000))
    coarse = (await here.get("/search", collections=LANDSAT, datetime=SUMMER, bbox=ALPS, limit=2)).json()
    assert "numberMatched" not in coarse
    cached = (await here.get("/search", collections=LANDSAT, limit=2)).json()
    assert "numberMatched" not in cached
    whole = (await here.get("/search", collections=LANDSAT, datetime=day, bbox=ALPS, limit=100)).json()
    assert whole["numberMatched"] == whole["numberReturned"]


async def test_a_search_that_finds_nothing_is_an_empty_page_without_next(here: Here) -> None:
    page = (await here.get("/search", collections=LANDSAT, datetime="1990-01-01T00:00:00Z")).json()
    assert page["features"] == []
    assert [link["rel"] for link in page["links"] if link["rel"] == "next"] == []
    assert page["numberMatched"] == 0


async def test_a_warm_page_costs_one_call_and_the_same_again_none(here: Here) -> None:
    async def calls(path: str, **params: Any) -> int:
        return int((await here.get(path, **params)).raise_for_status().headers["x-m2m-calls"])

    await calls("/search", collections=LANDSAT, limit=1)
    asked = {"collections": LANDSAT, "bbox": ALPS, "datetime": SUMMER, "limit": 10}
    assert await calls("/search", **asked) == 1
    assert await calls("/search", **asked) == 0
    assert await calls(f"/collections/{LANDSAT}/items/{TARGET}") == 1
    assert await calls(f"/collections/{LANDSAT}/items/{TARGET}") == 0


async def test_equal_searches_give_equal_bytes(tmp_path: Any) -> None:
    bodies = []
    for run in ("one", "two"):
        async with running(tmp_path / run) as here:
            answer = await here.get("/search", collections=LANDSAT, bbox=ALPS, datetime=SUMMER, limit=3)
            bodies.append(orjson.loads(answer.content)["features"])
    assert bodies[0] == bodies[1]


async def test_requests_of_one_account_never_overlap(here: Here) -> None:
    import asyncio

    days = [f"2024-06-{day:02}T00:00:00Z/2024-06-{day:02}T23:59:59Z" for day in range(1, 9)]
    answers = await asyncio.gather(*(here.get("/search", collections=LANDSAT, datetime=day) for day in days))
    assert {answer.status_code for answer in answers} == {200}
    assert here.sandbox.in_flight_max == 1


async def test_collections_are_paged_to_the_end(here: Here) -> None:
    whole = (await here.get("/collections")).json()
    found, href = [], "/collections?limit=1"
    while href:
        page = (await here.client.get(href)).json()
        found += page["collections"]
        href = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert found == whole["collections"]
    assert {one["id"] for one in found} >= {LANDSAT, "naip", "corona2"}


async def test_the_hazards_catalog_shows_its_events(tmp_path: Any) -> None:
    async with running(tmp_path, catalogs="HDDS") as here:
        listed = [one["id"] for one in (await here.get("/collections")).json()["collections"]]
        assert listed == ["event1058", "event2919", "event2947", "event2951"]
        found = await here.items("/search", collections="event2919", limit=40)
        assert len({item["id"] for item in found}) == 96


async def test_an_item_is_found_by_a_point_or_a_box_at_each_of_its_corners(here: Here) -> None:
    items = (await here.get("/search", collections=LANDSAT, bbox=ALPS, datetime=SUMMER, limit=3)).json()["features"]
    for item in items:
        common = {"collections": LANDSAT, "datetime": item["properties"]["datetime"]}
        for x, y in item["geometry"]["coordinates"][0][:4]:
            point = orjson.dumps({"type": "Point", "coordinates": [x, y]}).decode()
            for place in ({"intersects": point}, {"bbox": f"{x},{y},{x},{y}"}):
                assert ids((await here.get("/search", **common, **place)).json()) == [item["id"]]


async def test_parts_of_a_place_may_overlap(here: Here) -> None:
    squares = [shapely.box(6.2, 46.3, 6.5, 46.55), shapely.box(6.4, 46.3, 6.6, 46.55)]
    for parts in (shapely.MultiPolygon(squares), shapely.GeometryCollection(squares)):
        body = {"collections": [LANDSAT], "datetime": SUMMER, "intersects": orjson.loads(shapely.to_geojson(parts))}
        box = {"collections": [LANDSAT], "datetime": SUMMER, "bbox": [6.2, 46.3, 6.6, 46.55]}
        page = (await here.post("/search", body)).json()
        assert ids(page) == ids((await here.post("/search", box)).json())
        assert page["features"]


async def test_the_intervals_of_a_repeated_datetime_intersect_on_every_page(here: Here) -> None:
    start, end = SUMMER.split("/")
    query = f"/collections/{LANDSAT}/items?bbox={ALPS}&datetime={start}/..&datetime=../{end}&limit=2"
    once = await here.items("/search", collections=LANDSAT, bbox=ALPS, datetime=SUMMER, limit=100)
    page = (await here.client.get(query)).json()
    seen = ids(page)
    while links := [link["href"] for link in page["links"] if link["rel"] == "next"]:
        page = (await here.client.get(links[0])).json()
        seen += ids(page)
    assert seen == [item["id"] for item in once]
    apart = await here.client.get(f"/search?collections={LANDSAT}&datetime={end}/..&datetime=../{start}")
    assert (apart.status_code, ids(apart.json())) == (200, [])
