"""What ``/explain`` says of a search holds for the search, however little the server knows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import LONG, Here

WEEK = "2024-07-22T00:00:00Z/2024-07-28T23:59:59Z"
SEARCHES: list[dict[str, Any]] = [
    {"collections": "naip", "limit": 3},
    {"collections": "landsat-c2-l2", "datetime": WEEK, "filter": "view:sun_elevation > 40"},
    {"collections": "landsat-c2-l1", "bbox": "6,46,7,47", "sortby": "-datetime"},
    {"collections": "landsat_ard_tile_c2", "sortby": "datetime", "limit": 1},
    {"collections": "corona2,declassii,declassiii", "bbox": "6,46,7,47", "filter": "\"m2m:camera_type\" = 'none'"},
    {"collections": "aerial_combin", "ids": "AR5AK0002100049,AR5AK0002100050,unknown"},
    {"ids": "LC08_L2SP_196028_20240728_20240807_02_T1,LC91950292024211LGN00"},
    {"bbox": "6,46,7,47", "datetime": WEEK},
    {"datetime": "1937-01-01T12:00:27Z"},
    {
        "bbox": "6,46,7,47",
        "filter": "platform = 'landsat-5' AND view:sun_elevation > 60",
        "datetime": "1990-06-01T00:00:00Z/1990-06-30T00:00:00Z",
    },
]
if LONG:  # each checks 16,000 scenes
    SEARCHES += [
        {"collections": "srtm_v3", "filter": "id LIKE '%W999%'"},
        {"collections": "landsat-c2-l2", "datetime": WEEK, "filter": "view:sun_elevation > 89"},
    ]


async def calls_of(here: Here, search: dict[str, Any]) -> int:
    """The calls of the first page, from the sandbox and from the response, which agree."""
    before = len(here.sandbox.calls)
    answer = await here.get("/search", **search)
    assert answer.status_code in (200, 504)
    spent = len(here.sandbox.calls) - before
    assert int(answer.headers["x-m2m-calls"]) == spent
    return spent


@pytest.mark.parametrize("learned", ["nothing", "the searches before", "everything"])
async def test_a_first_page_costs_no_more_than_its_explanation_says(here: Here, learned: str) -> None:
    names = [collection["id"] for collection in (await here.get("/collections")).json()["collections"]]
    if learned == "everything":
        await here.get("/queryables", collections=",".join(names))
    for search in SEARCHES if learned != "nothing" else reversed(SEARCHES):
        before = len(here.sandbox.calls)
        plan = (await here.get("/explain", **search)).raise_for_status().json()
        assert len(here.sandbox.calls) == before
        assert await calls_of(here, search) <= plan["calls"]["first_page_most"], search


async def test_an_explanation_knows_all_that_a_search_has_requested(here: Here) -> None:
    search = {"collections": "landsat_ot_c2_l2", "filter": "platform = 'landsat-9'", "limit": 5}
    cold = (await here.get("/explain", **search)).raise_for_status().json()
    assert "landsat_ot_c2_l2" in cold["not_known"][0]
    assert (cold["steps"][0]["preliminary"], cold["steps"][0]["exact"]) == (True, False)
    await here.get("/search", **search)
    warm = (await here.get("/explain", **search)).raise_for_status().json()
    assert warm["not_known"] == []
    assert "metadataFilter" in warm["steps"][0]["scene_search"]["sceneFilter"]
    assert warm["steps"][0]["exact"] is True


@pytest.mark.parametrize(
    ("search", "calls"),
    [
        ({"collections": "naip", "bbox": "6,46,7,47"}, 1),
        ({"collections": "landsat-c2-l2", "datetime": "1937-01-01T12:00:27Z"}, 3),
        ({"collections": "corona2,declassii", "datetime": "1850-01-01T12:00:27Z", "sortby": "datetime"}, 2),
    ],
    ids=str,
)
async def test_an_empty_dataset_costs_one_call_and_is_not_learned_about(
    here: Here, search: dict[str, Any], calls: int
) -> None:
    await here.get("/collections")
    answer = (await here.get("/search", **search)).raise_for_status()
    assert answer.json()["features"] == []
    assert "dataset-filters" not in here.sandbox.calls
    assert int(answer.headers["x-m2m-calls"]) <= calls + 1  # the first request logs in


async def test_an_item_that_is_not_there_costs_one_call(here: Here) -> None:
    await here.get("/search", collections="naip", limit=1)
    answer = await here.get("/collections/landsat_ot_c2_l2/items/LC08_L2SP_999999_20240728_20240807_02_T1")
    assert (answer.status_code, answer.headers["x-m2m-calls"]) == (404, "1")
