"""Values that no Item can have, and values in the spelling of other services."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from stac_bridge.client.api import read_warnings
from tests.support import Here, running

LANDSAT = "landsat_ot_c2_l2"
WHEN = "2024-07-01T00:00:00Z/2024-07-01T03:00:00Z"

IMPOSSIBLE = [
    ("platform = 'LANDSAT_88'", "did you mean 'landsat-8'?"),
    ("platform IN ('landsat-88', 'x')", "did you mean 'landsat-8'?"),
    ("CASEI(platform) = CASEI('LANDSAT-88')", "did you mean 'landsat-8'?"),
    ("CASEI(platform) LIKE CASEI('Sentinel%')", "its values are landsat-8, landsat-9."),
    ("platform LIKE 'sentinel%'", "its values are landsat-8, landsat-9."),
    ("\"landsat:collection_category\" = 'Tier 9'", "did you mean"),
    ("A_CONTAINS(instruments, ('olli'))", "did you mean 'oli'?"),
    ("\"landsat:wrs_path\" = 'abc'", "its values have the form 000."),
    ("\"landsat:wrs_path\" LIKE 'a%'", "its values have the form 000."),
    ("\"landsat:correction\" = 'abc'", "its values have the form L2S?."),
    ("\"proj:code\" = 'abc'", "its values are EPSG:3031, EPSG:26901"),
    ('"eo:cloud_cover" = 500', "its values are from 0 to 100."),
    ('"eo:cloud_cover" < 0', "its values are from 0 to 100."),
    ('"view:sun_elevation" > 91', "its values are from -90 to 90."),
    ('"m2m:month" = 13', "its values are from 1 to 12."),
    ("gsd = 31", "its values are 30."),
]


@pytest.mark.parametrize("where", [f"/collections/{LANDSAT}/items", "/search"])
async def test_a_value_that_no_item_can_have_is_an_empty_page_without_a_call(here: Here, where: str) -> None:
    named = {} if "items" in where else {"collections": LANDSAT}
    await here.get(f"/collections/{LANDSAT}/queryables")
    for filter_, advice in IMPOSSIBLE:
        answer = await here.get(where, filter=filter_, **named)
        assert (answer.status_code, answer.json()["features"]) == (200, []), filter_
        assert answer.headers["x-m2m-calls"] == "0", filter_
        warnings = read_warnings(answer.headers.get("warning"))
        assert warnings, filter_
        assert warnings[0].startswith("No Item has "), warnings
        assert advice in warnings[0], warnings
        explained = (await here.get("/explain", filter=filter_, collections=LANDSAT)).json()
        assert explained["warnings"] == warnings
        assert not any(step["asked"] for step in explained["steps"]), filter_


async def test_the_mapping_alone_shows_that_no_item_has_a_value(here: Here) -> None:
    for _ in range(200):
        if "dataset-search" in here.sandbox.calls:
            break
        await asyncio.sleep(0.02)
    await here.get("/collections")
    before = list(here.sandbox.calls)
    for filter_ in ("platform = 'LANDSAT_10'", "\"landsat:wrs_path\" = 'abc'", '"eo:cloud_cover" = 500'):
        answer = await here.get("/search", collections=LANDSAT, filter=filter_)
        assert answer.headers["x-m2m-calls"] == "0"
    unnamed = await here.get("/search", filter="platform = 'LANDSAT_10'")
    assert (unnamed.json()["features"], unnamed.headers["x-m2m-calls"]) == ([], "0")
    assert read_warnings(unnamed.headers["warning"])
    cloudy = await here.get("/search", filter='"eo:cloud_cover" > 100')  # which most datasets do not have
    assert read_warnings(cloudy.headers["warning"])[0].endswith("its values are from 0 to 100.")
    assert here.sandbox.calls == before


@pytest.mark.parametrize(
    "filter_",
    [
        "platform = 'landsat-8'",
        "platform <> 'landsat-8'",
        '"eo:cloud_cover" < 500',
        "title = 'x'",
        "CASEI(title) = CASEI('x')",
        "CASEI(platform) = CASEI('LANDSAT-8')",
    ],
)
async def test_a_condition_that_an_item_can_meet_is_no_reason_to_warn(here: Here, filter_: str) -> None:
    explained = (await here.get("/explain", collections=LANDSAT, datetime=WHEN, filter=filter_)).json()
    assert explained["warnings"] == []
    assert explained["steps"][0]["asked"]


async def test_one_wrong_value_among_others_is_named_beside_the_matches(here: Here) -> None:
    answer = await here.get(
        "/search", collections=LANDSAT, datetime=WHEN, filter="platform IN ('landsat-8', 'landsat-8000')"
    )
    assert answer.json()["features"]
    assert read_warnings(answer.headers["warning"]) == [
        "No Item has platform = 'landsat-8000'; did you mean 'landsat-8'?"
    ]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"query": {"platform": {"in": ["LANDSAT_8"]}}}, "platform = 'landsat-8'"),
        ({"query": {"instruments": {"in": ["OLI_TIRS"]}, "platform": {"eq": "LANDSAT_9"}}}, "platform = 'landsat-9'"),
        ({"query": {"landsat:collection_category": {"eq": "Tier 2"}}}, "\"landsat:collection_category\" = 'T2'"),
    ],
)
async def test_the_spellings_of_landsatlook_find_what_our_own_find(here: Here, theirs: Any, ours: str) -> None:
    common = {"collections": [LANDSAT], "datetime": WHEN, "limit": 5, "fields": {"include": ["id"]}}
    first = await here.post("/search", {**common, **theirs})
    second = await here.post("/search", {**common, "filter": ours, "filter-lang": "cql2-text"})
    assert "warning" not in first.headers
    assert first.json()["features"] == second.json()["features"] != []


async def test_warnings_about_values_stand_beside_others(tmp_path: Path) -> None:
    async with running(tmp_path) as here:
        answer = await here.get("/search", collections=LANDSAT, filter="platform = '\u03a9\"\\'")
        assert read_warnings(answer.headers["warning"]) == [
            "No Item has platform = '\\u03a9\"\\\\'; its values are landsat-8, landsat-9."
        ]
