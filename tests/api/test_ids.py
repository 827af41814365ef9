"""Ids as EarthExplorer, files and other services write them find the Items that they mean."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import Here

LEVEL_1, LEVEL_2 = "landsat_ot_c2_l1", "landsat_ot_c2_l2"

FILES_OF_FAMILIES = [
    ("landsat_ard_tile_c2", "{id}_SR_B4.TIF"),
    ("landsat_ard_tile_c2", "{id}_SR.tar"),
    ("aerial_combin", "{id}.tif.gz"),
    ("corona2", "{id}_a.tif"),
    ("declassii", "{id}.tif.gz"),
    ("declassiii", "{id}.tgz"),
    ("eo1_hyp_pub", "{id}.tgz"),
    ("naip", "{id}.jp2"),
]


async def first_item(here: Here, collection: str) -> dict[str, Any]:
    page = (await here.get("/search", collections=collection, limit=1)).raise_for_status().json()
    item: dict[str, Any] = page["features"][0]
    return item


async def ids_of(here: Here, calls: int, **params: Any) -> list[tuple[str, str]]:
    """Return the collection and id of each Item of a search, which may cost this many calls."""
    answer = (await here.get("/search", **params)).raise_for_status()
    assert int(answer.headers["x-m2m-calls"]) <= calls
    return [(item["collection"], item["id"]) for item in answer.json()["features"]]


async def test_a_scene_id_finds_the_level_1_and_level_2_items_of_its_scene_in_one_call_each(here: Here) -> None:
    item = await first_item(here, LEVEL_2)
    scene_id = item["properties"]["landsat:scene_id"]
    (level_1,) = await ids_of(here, 3, collections=LEVEL_1, ids=scene_id)  # its filters and products are requested once
    assert level_1[0] == LEVEL_1
    assert level_1[1].startswith(f"{item['id'][:4]}_L1")
    assert set(await ids_of(here, 2, ids=scene_id)) == {level_1, (LEVEL_2, item["id"])}


async def test_a_scene_id_finds_the_item_of_the_collection_that_is_named(here: Here) -> None:
    item = await first_item(here, LEVEL_2)
    scene_id = item["properties"]["landsat:scene_id"]
    assert await ids_of(here, 1, collections=LEVEL_2, ids=scene_id) == [(LEVEL_2, item["id"])]
    assert await ids_of(here, 1, collections="landsat-c2-l2", ids=scene_id) == [("landsat-c2-l2", item["id"])]


@pytest.mark.parametrize("ending", ["_SR_B4.TIF", "_ST_B10.TIF", "_MTL.txt", ".tar", "_SR", "_02_T1_thumb.jpeg"])
async def test_the_name_of_a_file_of_a_product_finds_its_item(here: Here, ending: str) -> None:
    item = await first_item(here, LEVEL_2)
    assert await ids_of(here, 1, ids=f"{item['id']}{ending}") == [(LEVEL_2, item["id"])]


async def test_the_entity_id_of_a_band_file_finds_the_item_of_the_product(here: Here) -> None:
    item = await first_item(here, LEVEL_2)
    assert await ids_of(here, 1, ids=f"L2SR_{item['id']}_SR_B2_TIF") == [(LEVEL_2, item["id"])]


async def test_a_collection_1_id_finds_the_collection_2_products_of_its_scene(here: Here) -> None:
    item = await first_item(here, LEVEL_2)
    satellite, _level, place, day, *_rest = item["id"].split("_")
    found = await ids_of(here, 4, ids=f"{satellite}_L1TP_{place}_{day}_20170301_01_T1")
    assert {collection for collection, _id in found} == {LEVEL_1, LEVEL_2}
    assert all(identifier.split("_")[2:4] == [place, day] for _collection, identifier in found)


@pytest.mark.parametrize("form", ["{scene}", "{id}_SR_B4.TIF", "{id}.tar", "L2SR_{id}_SR_B2_TIF"])
@pytest.mark.parametrize("collection", [LEVEL_2, "landsat-c2-l2"])
async def test_an_item_is_read_by_any_form_of_its_id_in_one_call_and_keeps_its_own(
    here: Here, collection: str, form: str
) -> None:
    item = await first_item(here, LEVEL_2)
    identifier = form.format(id=item["id"], scene=item["properties"]["landsat:scene_id"])
    answer = (await here.get(f"/collections/{collection}/items/{identifier}")).raise_for_status()
    assert (answer.json()["id"], answer.json()["collection"]) == (item["id"], collection)
    assert int(answer.headers["x-m2m-calls"]) <= 1


@pytest.mark.parametrize(("collection", "name"), FILES_OF_FAMILIES)
async def test_the_name_of_a_file_finds_the_item_in_any_family(here: Here, collection: str, name: str) -> None:
    item = await first_item(here, collection)
    assert await ids_of(here, 1, ids=name.format(id=item["id"])) == [(collection, item["id"])]
    alone = await here.get(f"/collections/{collection}/items/{name.format(id=item['id'])}")
    assert alone.json()["id"] == item["id"]


async def test_the_name_of_an_srtm_file_finds_its_tile(here: Here) -> None:
    await first_item(here, "srtm_v3")
    assert await ids_of(here, 1, ids="n46_e006_1arc_v3.tif") == [("srtm_v3", "SRTM1N46E006V3")]


async def test_an_entity_id_that_is_a_number_finds_the_item_of_the_collection_that_is_named(here: Here) -> None:
    item = await first_item(here, "naip")
    entity_id = item["properties"]["m2m:entity_id"]
    assert entity_id.isdecimal()
    assert await ids_of(here, 1, collections="naip", ids=entity_id) == [("naip", item["id"])]
    assert (await here.get(f"/collections/naip/items/{entity_id}")).json()["id"] == item["id"]
    assert (await here.get("/search", ids=entity_id)).status_code == 400


async def test_both_ids_of_a_scene_find_its_item_once(here: Here) -> None:
    first, second = (await here.get("/search", collections="naip", limit=2)).json()["features"]
    ids = f"{first['id']},{first['properties']['m2m:entity_id']},{second['properties']['m2m:entity_id']}"
    found = await ids_of(here, 4, collections="naip", ids=ids)
    assert sorted(found) == sorted([("naip", first["id"]), ("naip", second["id"])])


async def test_a_scene_id_of_another_sensor_is_not_found(here: Here) -> None:
    assert await ids_of(here, 3, collections="landsat_etm_c2_l2", ids="LC91950292024211LGN00") == []
    assert (await here.get("/collections/landsat_etm_c2_l2/items/LC91950292024211LGN00")).status_code == 404


@pytest.mark.parametrize("collection", [LEVEL_2, "naip", "srtm_v3"])
@pytest.mark.parametrize("more", [{}, {"collections": True}])
async def test_the_first_page_of_ids_has_their_count_and_costs_no_more(
    here: Here, collection: str, more: dict[str, bool]
) -> None:
    items = (await here.get("/search", collections=collection, limit=12)).json()["features"]
    names = [item["id"] for item in items]
    where = {"collections": collection} if more else {}
    for ids in (names[:1], names[:2], names):
        page = (await here.get("/search", ids=",".join([*ids, "no_such_item"]), collections=collection, limit=1)).json()
        assert page["numberMatched"] == len(ids)
        response = await here.get("/search", ids=",".join(ids), limit=1, **where)
        assert response.json()["numberMatched"] == len(ids)
        assert int(response.headers["x-m2m-calls"]) <= (1 if collection == LEVEL_2 or len(ids) == 1 else 3)
        posted = await here.post("/search", {"ids": ids, "limit": 1, "collections": [collection]})
        assert posted.json()["numberMatched"] == len(ids)


async def test_the_count_of_ids_is_that_of_the_items_that_match_the_whole_search(here: Here) -> None:
    items = (await here.get("/search", collections=LEVEL_2, limit=12)).json()["features"]
    covers = sorted(item["properties"].get("eo:cloud_cover", 101) for item in items)
    fewer = {"filter": f'"eo:cloud_cover" <= {covers[5]}', "ids": ",".join(item["id"] for item in items), "limit": 1}
    page = (await here.get("/search", collections=LEVEL_2, **fewer)).json()
    assert page["numberMatched"] == sum(cover <= covers[5] for cover in covers)


async def test_the_count_of_ids_is_known_in_a_collection_of_several_datasets(here: Here) -> None:
    for collection in (LEVEL_2, "landsat_tm_c2_l2"):
        ids = [item["id"] for item in (await here.get("/search", collections=collection, limit=3)).json()["features"]]
        page = (await here.get("/search", collections="landsat-c2-l2", ids=",".join(ids), limit=2)).json()
        assert (page["numberMatched"], page["numberReturned"]) == (3, 2)
        page = (await here.get("/search", collections="landsat-c2-l2", ids=",".join(ids), limit=3)).json()
        assert (page["numberMatched"], [link["rel"] for link in page["links"]]) == (3, ["root", "self"])
