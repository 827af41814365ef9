"""Parts of Items, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import Here

LANDSAT = "landsat_ot_c2_l2"


async def whole_and_part(here: Here, path: str, **asked: Any) -> tuple[list[Any], list[Any]]:
    whole = (await here.get(path, **{name: value for name, value in asked.items() if name != "fields"})).json()
    part = (await here.get(path, **asked)).json()
    assert [item["id"] for item in part["features"]] == [item["id"] for item in whole["features"]]
    return whole["features"], part["features"]


async def test_fields_hold_wherever_items_are_given(here: Here) -> None:
    for path, asked in (("/search", {"collections": LANDSAT}), (f"/collections/{LANDSAT}/items", {})):
        whole, part = await whole_and_part(here, path, fields="properties.platform,assets.red.href", limit=3, **asked)
        for one, other in zip(whole, part, strict=True):
            assert other == {
                **{name: one[name] for name in ("type", "stac_version", "id", "collection")},
                "properties": {"platform": one["properties"]["platform"]},
                "assets": {"red": {"href": one["assets"]["red"]["href"]}},
            }


async def test_a_post_says_fields_as_lists(here: Here) -> None:
    body = {"collections": [LANDSAT], "limit": 2, "fields": {"exclude": ["assets", "links"]}}
    page = (await here.post("/search", body)).json()
    for item in page["features"]:
        assert "geometry" in item
        assert not {"assets", "links"} & set(item)
    further = next(link for link in page["links"] if link["rel"] == "next")
    assert further["body"]["fields"] == body["fields"]


async def test_fields_that_are_null_select_the_default_as_empty_ones_do(here: Here) -> None:
    pages = [await here.post("/search", {"collections": [LANDSAT], "limit": 2, "fields": said}) for said in (None, {})]
    pages.append(await here.get("/search", collections=LANDSAT, limit=2, fields=""))
    first, *others = [page.json()["features"] for page in pages]
    assert set(first[0]["properties"]) == {"datetime", "start_datetime", "end_datetime"}
    assert others == [first, first]


async def test_exclusion_by_get_is_that_beside_an_empty_include_by_post(here: Here) -> None:
    body = {"collections": [LANDSAT], "limit": 1}
    (default,) = (await here.post("/search", {**body, "fields": {}})).json()["features"]
    (got,) = (await here.get("/search", collections=LANDSAT, limit=1, fields="-geometry")).json()["features"]
    assert got == {name: value for name, value in default.items() if name != "geometry"}
    for empty in ([], None):
        fields = {"include": empty, "exclude": ["geometry"]}
        assert (await here.post("/search", {**body, "fields": fields})).json()["features"] == [got]


@pytest.mark.parametrize("collection", [LANDSAT, "naip", "corona2", "srtm_v3"])
async def test_the_properties_of_an_item_are_the_same_without_its_assets(here: Here, collection: str) -> None:
    for fields in ("properties", "properties,stac_extensions", "stac_extensions"):
        whole, part = await whole_and_part(here, "/search", fields=fields, collections=collection, limit=5)
        for one, other in zip(whole, part, strict=True):
            assert other == {name: one[name] for name in other}
            assert "properties" in other or fields == "stac_extensions"


async def test_a_filter_sees_what_fields_leave_out(here: Here) -> None:
    asked = {
        "collections": LANDSAT,
        "bbox": "6.2,46.3,6.6,46.55",
        "datetime": "2024-06-01T00:00:00Z/2024-08-31T23:59:59Z",
        "query": '{"eo:cloud_cover": {"lt": 30}}',
    }
    whole, part = await whole_and_part(here, "/search", fields="-geometry,-properties", **asked)
    assert whole
    assert all("properties" not in item for item in part)


async def test_a_walk_keeps_its_fields_from_page_to_page(here: Here) -> None:
    items = await here.items("/search", collections="naip", fields="id", bbox="-93.9,41.5,-93.7,41.7", limit=2)
    assert len(items) > 2
    assert all(set(item) == {"type", "stac_version", "id", "collection"} for item in items)
