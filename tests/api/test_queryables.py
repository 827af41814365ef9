"""The pages that say what may be asked: true of what Items have, and free once learnt."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from tests.support import Here

LANDSAT = "landsat_ot_c2_l2"
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
SORTABLES = "http://www.opengis.net/def/rel/ogc/1.0/sortables"
PAGES = [
    "/queryables",
    "/sortables",
    f"/collections/{LANDSAT}/queryables",
    f"/collections/{LANDSAT}/sortables",
    "/collections-queryables",
    "/collections-sortables",
]


def linked(said: dict[str, Any], rel: str) -> str:
    (link,) = [link for link in said["links"] if link["rel"] == rel]
    assert link["type"] == "application/schema+json"
    return str(link["href"])


OF_HREFS = {"auth:schemes", "m2m:href_expires", "order:status", "storage:schemes"}
"""What an Item says of its hrefs, not of its scene."""


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_a_json_schema_under_its_own_address(here: Here, path: str) -> None:
    answer = await here.get(path)
    said = answer.json()
    assert answer.headers["content-type"] == "application/schema+json"
    assert said["$id"] == f"http://here{path}"
    assert said["type"] == "object"
    # Metadata fields without rows of their own can be filtered by any name they have.
    assert said["additionalProperties"] is path.endswith("/queryables")
    assert all(one["title"] for one in said["properties"].values())
    assert "$ref" not in answer.text
    jsonschema.validators.validator_for(said, default=None).check_schema(said)


async def test_pages_are_linked_from_where_they_are_looked_for(here: Here) -> None:
    landing, collection = (await here.get("/")).json(), (await here.get(f"/collections/{LANDSAT}")).json()
    listed = (await here.get("/collections", limit=1)).json()
    found = [linked(page, rel) for page in (landing, collection, listed) for rel in (QUERYABLES, SORTABLES)]
    assert found == [f"http://here{path}" for path in PAGES]


@pytest.mark.parametrize("collection", [LANDSAT, "naip", "corona2"])
async def test_every_item_fits_the_queryables_of_its_collection(here: Here, collection: str) -> None:
    schema = (await here.get(f"/collections/{collection}/queryables")).json()
    validator = jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())
    shared = (await here.get("/queryables")).json()
    everywhere = jsonschema.validators.validator_for(shared)(shared)
    for item in (await here.get("/search", collections=collection, limit=50)).json()["features"]:
        asked = {
            name: value
            for name, value in {**item, **item["properties"]}.items()
            if name in schema["properties"] and value is not None
        }
        validator.validate(asked)
        everywhere.validate(asked)
        left = set(item["properties"]) - set(schema["properties"]) - {"proj:shape", "proj:transform", *OF_HREFS}
        assert not left or (schema["additionalProperties"] and all(name.startswith("m2m:") for name in left))


async def test_a_metadata_field_without_a_row_can_be_asked_about(here: Here) -> None:
    item = (await here.get("/search", collections="naip", limit=1)).json()["features"][0]
    name, value = next((name, one) for name, one in item["properties"].items() if name == "m2m:project_name")
    for asked, found in ((f"\"{name}\" = '{value}'", True), (f"\"{name}\" = 'none'", False)):
        page = await here.get("/search", collections="naip", ids=item["id"], filter=asked)
        assert bool(page.raise_for_status().json()["features"]) is found


async def test_titles_values_and_bounds_come_from_what_is_known(here: Here) -> None:
    properties = (await here.get(f"/collections/{LANDSAT}/queryables")).json()["properties"]
    assert properties["platform"]["enum"] == ["landsat-8", "landsat-9"]
    assert properties["landsat:collection_category"]["enum"] == ["T1", "T2", "RT"]
    assert properties["instruments"]["items"]["enum"] == ["oli", "tirs"]
    assert (properties["eo:cloud_cover"]["minimum"], properties["eo:cloud_cover"]["maximum"]) == (0, 100)
    assert properties["landsat:wrs_path"] == {"title": "WRS Path", "type": "string"}
    assert properties["datetime"]["format"] == "date-time"
    assert properties["geometry"]["format"] == "geometry-any"


async def test_queryables_cost_no_call_once_learnt_and_the_shared_ones_never(here: Here) -> None:
    await here.get("/collections")
    for path in ("/queryables", "/sortables", "/collections-queryables", "/collections-sortables"):
        assert (await here.get(path)).headers["x-m2m-calls"] == "0"
    await here.get(f"/collections/{LANDSAT}/queryables")
    for path in PAGES:
        assert (await here.get(path)).headers["x-m2m-calls"] == "0"


async def test_the_shared_page_may_be_asked_of_some_collections(here: Here) -> None:
    whole = (await here.get("/queryables")).json()["properties"]
    some = (await here.get("/queryables", collections="naip,corona2")).json()
    alone = (await here.get("/collections/naip/queryables")).json()["properties"]
    # Of a dataset that was learnt, its own filters join what all mappings say.
    assert set(alone) <= set(some["properties"])
    assert {name for name in some["properties"] if not name.startswith("m2m:")} < set(whole)
    assert some["$id"] == "http://here/queryables?collections=naip%2Ccorona2"
    assert (await here.get("/queryables", collections="nothing")).status_code == 404


async def test_sortables_are_the_queryables_that_have_an_order(here: Here) -> None:
    queryables = (await here.get(f"/collections/{LANDSAT}/queryables")).json()["properties"]
    sortables = (await here.get(f"/collections/{LANDSAT}/sortables")).json()["properties"]
    assert {"id", "datetime", "start_datetime", "end_datetime", "eo:cloud_cover"} <= set(sortables)
    assert set(queryables) - set(sortables) == {"geometry", "instruments"}
    assert all(sortables[name] == queryables[name] for name in sortables)


async def test_an_unknown_collection_has_no_queryables(here: Here) -> None:
    for what in ("queryables", "sortables"):
        assert (await here.get(f"/collections/nothing/{what}")).status_code == 404


CURATED = [
    "landsat_ot_c2_l2",
    "landsat_ot_c2_l1",
    "landsat_etm_c2_l2",
    "landsat_tm_c2_l1",
    "landsat_mss_c2_l1",
    "landsat_ard_tile_c2",
    "naip",
    "aerial_combin",
    "corona2",
    "declassii",
    "eo1_hyp_pub",
    "srtm_v3",
]


@pytest.mark.parametrize("collection", CURATED)
async def test_an_item_is_found_by_each_of_its_queryables(here: Here, collection: str) -> None:
    properties = (await here.get(f"/collections/{collection}/queryables")).json()["properties"]
    # A search by ids reads scene-metadata, which does not know when the first scene was published.
    item = (await here.get("/search", collections=collection, limit=2)).raise_for_status().json()["features"][1]
    said = {**item, **item["properties"]}
    for name in properties:
        value = said.get(name)
        if name == "geometry" or value is None:
            continue
        op = "a_equals" if isinstance(value, list) else "="
        asked = {"op": op, "args": [{"property": name}, value]}
        body = {"collections": [collection], "ids": [item["id"]], "filter": asked, "filter-lang": "cql2-json"}
        page = (await here.post("/search", body)).raise_for_status().json()
        assert [one["id"] for one in page["features"]] == [item["id"]], name
