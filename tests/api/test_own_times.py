"""A search by any time within an Item's own interval finds that Item, in every dataset of the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
import shapely.geometry

from m2m_sandbox.archive.datasets import datasets
from tests.support import LONG, Here, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

NO_ITEMS = {"event1058", "landsat_ard_tile_files_c2", "landsat_band_files_c2_l1", "landsat_band_files_c2_l2"}
DATASETS = sorted({one["datasetAlias"] for one in datasets()} - NO_ITEMS)
SHARES = (0, 1e-6, 0.25, 0.5, 0.83, 1)
"""How far into an Item's interval the times lie at which it is searched for: both edges, and between them."""

Item = dict[str, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Here]:
    async with running(tmp_path_factory.mktemp("own_times"), catalogs=("EE", "HDDS")) as server:
        yield server


def text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


def instants(start: str, end: str) -> Iterator[datetime]:
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    yield from dict.fromkeys(first + (last - first) * share for share in SHARES)


def prop(name: str) -> dict[str, str]:
    return {"property": name}


def searches(item: Item) -> Iterator[dict[str, Any]]:
    """POST bodies that the Item matches, by each way in which a search can give a time."""
    said = item["properties"]
    span = {"interval": [prop("start_datetime"), prop("end_datetime")]}
    for at in instants(said["start_datetime"], said["end_datetime"]):
        now = {"timestamp": text(at)}
        if said["datetime"] is None:
            yield {"datetime": text(at)}
            yield {"datetime": f"{text(at)}/{text(at + timedelta(hours=1))}"}
            yield {"datetime": f"{text(at - timedelta(hours=1))}/{text(at)}"}
            yield {"datetime": f"{at:%Y-%m-%d}T00:00:00Z/{at:%Y-%m-%d}T23:59:59Z"}
        yield cql2("t_intersects", span, {"interval": [text(at), text(at)]})
        yield cql2("t_intersects", {"interval": [text(at), ".."]}, span)
        yield cql2("and", op("<=", prop("start_datetime"), now), op(">=", prop("end_datetime"), now))
        yield {"query": {"start_datetime": {"lte": text(at)}, "end_datetime": {"gte": text(at)}}}
    for name in ("datetime", "start_datetime", "end_datetime"):
        if said[name]:
            yield cql2("=", prop(name), {"timestamp": said[name]})
            yield cql2("t_equals", prop(name), {"timestamp": said[name]})
            yield {"query": {name: {"eq": said[name]}}}
    if said["datetime"]:
        yield {"datetime": said["datetime"]}


def op(name: str, *args: Any) -> dict[str, Any]:
    return {"op": name, "args": list(args)}


def cql2(name: str, *args: Any) -> dict[str, Any]:
    return {"filter": op(name, *args), "filter-lang": "cql2-json"}


def place(item: Item) -> dict[str, Any]:
    """The middle of the Item's bounds, which keeps the answers short; nothing for an Item without a place."""
    if "bbox" not in item or item["bbox"][0] > item["bbox"][2]:
        return {}
    west, south, east, north = item["bbox"]
    x, y = (west + east) / 2, (south + north) / 2
    return {"bbox": [x, y, x, y]} if _covers(item, x, y) else {"bbox": item["bbox"]}


def _covers(item: Item, x: float, y: float) -> bool:
    return bool(shapely.geometry.shape(item["geometry"]).covers(shapely.geometry.Point(x, y)))


async def ids_of(here: Here, body: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    while body:
        page = (await here.post("/search", {"limit": 1000, **body})).raise_for_status().json()
        found |= {one["id"] for one in page["features"]}
        body = next((link["body"] for link in page["links"] if link["rel"] == "next"), {})
    return found


async def some_items(here: Here, collection: str) -> list[Item]:
    answer = await here.get("/search", collections=collection, limit=12 if LONG else 3)
    found: list[Item] = answer.raise_for_status().json()["features"]
    assert found
    return found


@pytest.mark.long
@pytest.mark.parametrize("collection", DATASETS)
async def test_an_item_matches_a_search_by_any_time_within_its_own_interval(here: Here, collection: str) -> None:
    for item in await some_items(here, collection):
        for body in searches(item):
            where = {"collections": [collection], **place(item)}
            assert item["id"] in await ids_of(here, {**where, **body}), body


@pytest.mark.parametrize("collection", DATASETS)
async def test_a_search_that_names_no_collection_looks_in_every_dataset_with_an_item_then(
    here: Here, collection: str
) -> None:
    for item in (await some_items(here, collection))[:1]:
        said = item["properties"]
        times = instants(said["start_datetime"], said["end_datetime"])
        for at in [said["datetime"]] if said["datetime"] else [text(one) for one in times]:
            for body in ({"datetime": at}, {"datetime": at, **place(item)}):
                plan = (await here.post("/explain", body)).raise_for_status().json()
                assert collection in {step["collection"] for step in plan["steps"] if step["asked"]}, body


@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_a_sort_by_time_has_the_items_of_a_dataset_that_m2m_cannot_cut_into_days(
    here: Here, direction: str
) -> None:
    body = {
        "collections": ["srtm_v3", "landsat_etm_c2_l2"],
        "bbox": [6.2, 46.2, 6.8, 46.8],
        "datetime": "2000-02-12T00:00:00Z/2000-02-20T23:59:59Z",
        "sortby": [{"field": "start_datetime", "direction": direction}],
    }
    page = (await here.post("/search", body)).raise_for_status().json()
    starts = [item["properties"]["start_datetime"] for item in page["features"]]
    assert "SRTM1N46E006V3" in {item["id"] for item in page["features"]}
    assert starts == sorted(starts, reverse=direction == "desc")


async def test_a_search_outside_the_flight_of_srtm_spends_no_call_on_it(here: Here) -> None:
    await here.get("/collections/srtm_v3")
    answer = await here.get("/search", collections="srtm_v3", datetime="2020-01-01T00:00:00Z/2020-12-31T23:59:59Z")
    assert (answer.json()["numberMatched"], answer.headers["x-m2m-calls"]) == (0, "0")
